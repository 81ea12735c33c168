import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secret } from '../src/secret.ts';
import type { Encryption } from '../src/store/s3-settings.ts';
import { startS3Faults } from './support/s3-faults.ts';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { openBucket, s3Store, useCredentials } from './support/s3-store.ts';

const { signal } = new AbortController();
const key = randomBytes(32).toString('base64');
const kinds: [string, Encryption][] = [
  ["the server's keys", { kind: 'AES256' }],
  ['its key service', { kind: 'aws:kms', keyId: null }],
  ["a customer's key", { kind: 'customer', key: secret(key) }],
];
const sizes: [string, number][] = [
  ['one request', 1000],
  ['parts', 9 * 1024 ** 2],
];

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing)(`encryption by ${name}`, () => {
    let server: S3Server;

    beforeAll(async () => {
      // A customer's key is taken over TLS alone.
      server = await start({ tls: true });
      useCredentials(server);
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    const cases = kinds.flatMap(([kind, encryption]) =>
      sizes.map(([how, size]) => ({ kind, encryption, how, size })),
    );

    test.each(cases)('with $kind, in $how: done or found out', async ({ encryption, size }) => {
      await using opened = await s3Store(server, { settings: { encryption } });
      const { store, bucket } = opened;
      const bytes = randomBytes(size);
      const writing = store.put('prod/x', Readable.from([bytes]), { signal });
      if (name === 'versitygw') {
        // It takes the header and stores the bytes as they are.
        await expect(writing).rejects.toMatchObject({
          code: 'store',
          reason: expect.stringContaining('did not encrypt'),
        });
        await using plain = await openBucket(server, bucket);
        await expect(plain.store.get('prod/x', { signal })).rejects.toMatchObject({ code: 'not-found' });
        expect(await plain.store.clusters({ signal })).toEqual([]);
        expect(await plain.store.removeUnfinished('prod', { before: new Date(2 ** 42), signal })).toEqual([]);
        return;
      }
      await writing;
      expect((await buffer(await store.get('prod/x', { signal, offset: 7 }))).equals(bytes.subarray(7))).toBe(
        true,
      );
      await using plain = await openBucket(server, bucket);
      const read = plain.store.get('prod/x', { signal }).then(buffer);
      if (encryption.kind === 'customer')
        await expect(read).rejects.toMatchObject({
          code: 'store',
          hint: expect.stringContaining('s3-sse-c'),
        });
      else {
        expect((await read).equals(bytes)).toBe(true);
        const client = server.client();
        const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'backups/etcd/prod/x' }));
        client.destroy();
        expect(head.ServerSideEncryption).toBe(encryption.kind);
      }
    });

    /** A put whose answer is lost, through credentials that may look at it or not. */
    const lost = async (encryption: Encryption, { mayLook }: { mayLook: boolean }) => {
      const bucket = await server.newBucket();
      await using faults = await startS3Faults(server);
      const at = { ...server, endpoint: faults.endpoint, ca: null };
      await using opened = await openBucket(at, bucket, { settings: { encryption } });
      faults.fail('PutObject', 'lost answer');
      if (!mayLook) faults.fail('HeadObject', { status: 403, code: 'AccessDenied' }, Infinity);
      const ended = await opened.store
        .put('prod/x', randomBytes(1000), { signal })
        .catch((error: unknown) => error);
      expect(faults.count('HeadObject')).toBe(1);
      return { ended, clusters: await opened.store.clusters({ signal }) };
    };

    test('a lost answer: that the object is encrypted is looked for', async () => {
      const { ended, clusters } = await lost({ kind: 'AES256' }, { mayLook: true });
      if (name === 'minio') expect(ended).toEqual({ size: 1000 });
      else expect(ended).toMatchObject({ code: 'store', reason: expect.stringContaining('did not encrypt') });
      expect(clusters).toEqual(name === 'minio' ? ['prod'] : []);
    });

    test('a lost answer, and nobody may look: that is no success', async () => {
      const { ended, clusters } = await lost({ kind: 'aws:kms', keyId: null }, { mayLook: false });
      // The ETag says nothing where the key service was asked for and did it.
      const untold = name === 'minio' ? 'this run or another one wrote it' : 'the server encrypted it';
      const reason = `is there, but whether ${untold} cannot be told`;
      expect(ended).toMatchObject({ code: 'store', reason: expect.stringContaining(reason) });
      expect(clusters).toEqual(['prod']);
    });
  });
