import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startS3Faults } from './support/s3-faults.ts';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { openBucket, useCredentials } from './support/s3-store.ts';

const { signal } = new AbortController();

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing)(`reading from ${name}`, () => {
    let server: S3Server;

    beforeAll(async () => {
      server = await start();
      useCredentials(server);
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    /** An object of 3,000,000 bytes behind a proxy that does harm. */
    const object = async () => {
      const bucket = await server.newBucket();
      const faults = await startS3Faults(server);
      const { store } = await openBucket({ ...server, endpoint: faults.endpoint, ca: null }, bucket);
      const bytes = randomBytes(3_000_000);
      await store.put('prod/x', bytes, { signal });
      return {
        ...faults,
        store,
        bytes,
        bucket,
        [Symbol.asyncDispose]: async () => {
          await store[Symbol.asyncDispose]();
          await faults[Symbol.asyncDispose]();
        },
      };
    };

    test.each([0, 1_000_000])('a download from byte %i that breaks goes on where it was', async offset => {
      await using of = await object();
      of.fail('GetObject', { cutAfter: 700_000 }, 2);
      const read = await buffer(await of.store.get('prod/x', { signal, offset }));
      expect(read.equals(of.bytes.subarray(offset))).toBe(true);
      expect(of.count('GetObject')).toBe(3);
    });

    test('a download that breaks again and again without a byte is an error, never an end', async () => {
      await using of = await object();
      of.fail('GetObject', { cutAfter: 700_000 });
      of.fail('GetObject', { cutAfter: 0 }, 99);
      await expect(buffer(await of.store.get('prod/x', { signal }))).rejects.toMatchObject({
        code: 'store',
        object: `s3://${of.bucket}/backups/etcd/prod/x`,
        reason: expect.stringMatching(/ of 3000000 bytes/),
      });
    });

    test('an object that was exchanged in the middle is not read on', async () => {
      await using of = await object();
      of.fail('GetObject', { cutAfter: 700_000 });
      const body = await of.store.get('prod/x', { signal });
      const client = server.client();
      const other = { Bucket: of.bucket, Key: 'backups/etcd/prod/x', Body: randomBytes(3_000_000) };
      await client.send(new PutObjectCommand(other));
      client.destroy();
      await expect(buffer(body)).rejects.toMatchObject({
        code: 'integrity',
        reason: expect.stringContaining('exchanged'),
      });
    });

    test('an offset at the end or beyond gives nothing', async () => {
      await using of = await object();
      for (const offset of [3_000_000, 4_000_000])
        expect((await buffer(await of.store.get('prod/x', { signal, offset }))).byteLength).toBe(0);
    });

    test('a stream that is dropped ends its connection', async () => {
      await using of = await object();
      for await (const _ of await of.store.get('prod/x', { signal })) break;
      expect(of.count('GetObject')).toBe(1);
    });
  });
