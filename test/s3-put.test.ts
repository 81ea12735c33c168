import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Log, silentLog } from '../src/log.ts';
import { startS3Faults } from './support/s3-faults.ts';
import type { S3Request } from './support/s3-request.ts';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { openBucket, s3Store, useCredentials } from './support/s3-store.ts';

const { signal } = new AbortController();
const part = 5 * 1024 ** 2;

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing)(`writing to ${name}`, () => {
    let server: S3Server;

    beforeAll(async () => {
      server = await start();
      useCredentials(server);
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    /** A store in a new bucket, with a proxy before it that does harm. */
    const behind = async (log?: Log) => {
      const bucket = await server.newBucket();
      const faults = await startS3Faults(server);
      const options = log ? { log } : {};
      const opened = await openBucket({ ...server, endpoint: faults.endpoint, ca: null }, bucket, options);
      return {
        ...faults,
        store: opened.store,
        bucket,
        [Symbol.asyncDispose]: async () => {
          await opened[Symbol.asyncDispose]();
          await faults[Symbol.asyncDispose]();
        },
      };
    };

    const uploads = async (Bucket: string): Promise<number> => {
      const client = server.client();
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
      client.destroy();
      return Uploads.length;
    };

    test.each([part - 1, part, part + 1, 2 * part, 3 * part + 7])('%i bytes are read back', async size => {
      await using opened = await s3Store(server);
      const bytes = randomBytes(size);
      const chunks = Array.from({ length: Math.ceil(size / 65_537) }, (_, at) =>
        bytes.subarray(at * 65_537, (at + 1) * 65_537),
      );
      expect(await opened.store.put('prod/x', Readable.from(chunks), { signal })).toEqual({ size });
      const read = await buffer(await opened.store.get('prod/x', { signal }));
      expect(read.equals(bytes)).toBe(true);
      const client = server.client();
      const head = await client.send(
        new HeadObjectCommand({ Bucket: opened.bucket, Key: 'backups/etcd/prod/x' }),
      );
      client.destroy();
      // The ETag of an object of parts ends in their number.
      const parts = /-(\d+)"$/.exec(head.ETag ?? '')?.[1];
      expect(parts).toBe(size <= part ? undefined : String(Math.ceil(size / part)));
      expect(await uploads(opened.bucket)).toBe(0);
    });

    test.each([
      ['small', 1000, 'PutObject'],
      ['large', part + 1, 'CompleteMultipartUpload'],
    ] as const)('a lost answer to the writing of a %s object is no failure', async (_, size, kind) => {
      await using to = await behind();
      to.fail(kind, 'lost answer');
      const bytes = randomBytes(size);
      await to.store.put('prod/x', Readable.from([bytes]), { signal });
      expect(to.count(kind)).toBe(2);
      expect((await buffer(await to.store.get('prod/x', { signal }))).equals(bytes)).toBe(true);
      expect(await uploads(to.bucket)).toBe(0);
    });

    test('a name that another writer takes meanwhile is refused, and what is there stays', async () => {
      await using opened = await s3Store(server);
      await using other = await openBucket(server, opened.bucket);
      const body = Readable.from(
        (async function* () {
          yield randomBytes(part + 1);
          await other.store.put('prod/x', Buffer.from('first'), { signal });
          yield randomBytes(part);
        })(),
        { objectMode: false },
      );
      const writing = opened.store.put('prod/x', body, { signal });
      await expect(writing).rejects.toMatchObject({ code: 'refused' });
      expect((await buffer(await opened.store.get('prod/x', { signal }))).toString()).toBe('first');
      expect(await uploads(opened.bucket)).toBe(0);
    });

    test.each([
      [
        'of the same size cannot be told from ours',
        0,
        'store',
        /whether this run or another one wrote it cannot/,
      ],
      ['of another size is not ours', 1, 'refused', /already there/],
    ] as const)('where nobody may look, an object %s', async (_, more, code, reason) => {
      await using to = await behind();
      await using other = await openBucket(server, to.bucket);
      to.fail('HeadObject', { status: 403, code: 'AccessDenied' }, Infinity);
      const theirs = randomBytes(1000 + more);
      const body = Readable.from(
        (async function* () {
          yield randomBytes(500);
          await other.store.put('prod/x', theirs, { signal });
          yield randomBytes(500);
        })(),
        { objectMode: false },
      );
      await expect(to.store.put('prod/x', body, { signal })).rejects.toMatchObject({
        code,
        object: `s3://${to.bucket}/backups/etcd/prod/x`,
        reason: expect.stringMatching(reason),
      });
      expect(to.count('HeadObject')).toBe(1);
      expect((await buffer(await to.store.get('prod/x', { signal }))).equals(theirs)).toBe(true);
    });

    test('a part that is refused ends the upload, also while the body has nothing to give', async () => {
      await using to = await behind();
      to.fail('UploadPart', { status: 403, code: 'AccessDenied' });
      const body = new Readable({ read: () => {} });
      body.push(randomBytes(part + 1));
      await expect(to.store.put('prod/x', body, { signal })).rejects.toMatchObject({
        code: 'store',
        object: `s3://${to.bucket}/backups/etcd/prod/x`,
        hint: expect.stringContaining('s3:PutObject'),
      });
      expect(body.destroyed).toBe(true);
      expect(to.count('UploadPart')).toBe(1);
      expect(await uploads(to.bucket)).toBe(0);
    });

    test('a part that the server is too busy for, or whose answer is lost, is sent again', async () => {
      await using to = await behind();
      const second = ({ part }: S3Request) => part === 2;
      to.fail(second, { status: 503, code: 'SlowDown' });
      to.fail(second, 'lost answer');
      const bytes = randomBytes(2 * part);
      await to.store.put('prod/x', Readable.from([bytes]), { signal });
      expect(to.requests.filter(second)).toHaveLength(3);
      expect((await buffer(await to.store.get('prod/x', { signal }))).equals(bytes)).toBe(true);
    });

    test.each([500, 200])(
      'an end that fails with status %i leaves neither object nor upload',
      async status => {
        await using to = await behind();
        to.fail('CompleteMultipartUpload', { status, code: 'InternalError' }, 9);
        const writing = to.store.put('prod/x', Readable.from([randomBytes(part + 1)]), { signal });
        await expect(writing).rejects.toMatchObject({
          code: 'store',
          reason: expect.stringContaining('InternalError'),
        });
        expect(await uploads(to.bucket)).toBe(0);
        await expect(to.store.get('prod/x', { signal })).rejects.toMatchObject({ code: 'not-found' });
      },
    );

    test('credentials that may not list parts can write', async () => {
      await using to = await behind();
      to.fail('ListParts', { status: 403, code: 'AccessDenied' });
      await to.store.put('prod/x', Readable.from([randomBytes(part + 1)]), { signal });
      expect(to.count('CompleteMultipartUpload')).toBe(1);
    });

    test('a server without conditional writes is told of once, and still overwrites nothing', async () => {
      const warnings: string[] = [];
      await using to = await behind({ ...silentLog, warn: text => warnings.push(text) });
      to.fail('PutObject', { status: 501, code: 'NotImplemented' });
      await to.store.put('prod/x', Buffer.from('first'), { signal });
      await to.store.put('prod/y', Buffer.from('second'), { signal });
      const again = to.store.put('prod/x', Buffer.from('third'), { signal });
      await expect(again).rejects.toMatchObject({ code: 'refused' });
      expect((await buffer(await to.store.get('prod/x', { signal }))).toString()).toBe('first');
      expect(warnings).toEqual([expect.stringContaining('conditional writes')]);
    });

    test('an abort takes the upload away, in the middle of a part too', async () => {
      const controller = new AbortController();
      await using to = await behind();
      to.fail(({ part }) => {
        if (part === 2) controller.abort(new Error('interrupted'));
        return false;
      }, 'lost answer');
      const writing = to.store.put('prod/x', Readable.from([randomBytes(3 * part)]), {
        signal: controller.signal,
      });
      await expect(writing).rejects.toThrow('interrupted');
      expect(await uploads(to.bucket)).toBe(0);
    });

    test('an upload that was left behind goes when it is old, and one of a stranger stays', async () => {
      await using opened = await s3Store(server);
      const client = server.client();
      for (const Key of [
        'backups/etcd/prod/x',
        'backups/etcd/prod-2/x',
        'backups/etcd/prod/a/b',
        'elsewhere',
      ])
        await client.send(new CreateMultipartUploadCommand({ Bucket: opened.bucket, Key }));
      client.destroy();
      const before = (milliseconds: number) => ({ before: new Date(Date.now() + milliseconds), signal });
      expect(await opened.store.removeUnfinished('prod', before(-3_600_000))).toEqual([]);
      expect(await opened.store.removeUnfinished('prod', before(3_600_000))).toEqual(['prod/x']);
      expect(await uploads(opened.bucket)).toBe(3);
    });
  });
