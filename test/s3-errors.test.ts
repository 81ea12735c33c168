/** What a person reads when a bucket cannot be used, and how it ends. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { S3Settings } from '../src/store/s3-settings.ts';
import type { Store } from '../src/store/store.ts';
import { startS3Faults } from './support/s3-faults.ts';
import type { Policy, S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { openBucket, useCredentials } from './support/s3-store.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing)(`what ${name} refuses`, () => {
    let server: S3Server;
    let bucket: string;

    beforeAll(async () => {
      server = await start({ tls: true });
      useCredentials(server);
      bucket = await server.newBucket();
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    const inBucket = async <T>(
      act: (store: Store) => Promise<T>,
      {
        of = bucket,
        at = server,
        settings = {},
      }: { of?: string; at?: S3Server; settings?: Partial<S3Settings> } = {},
    ): Promise<T> => {
      await using opened = await openBucket(at, of, { settings });
      return await act(opened.store);
    };
    const put = (store: Store) =>
      store.put(`prod/${randomBytes(6).toString('hex')}`, randomBytes(10), { signal });
    const fails = (reason: RegExp, hint: RegExp) => ({
      code: 'store',
      object: expect.stringMatching(/^s3:/),
      reason: expect.stringMatching(reason),
      hint: expect.stringMatching(hint),
    });

    test('there is no such bucket', async () => {
      const expected = fails(/there is no bucket snapback-none .*NoSuchBucket/, /--s3-endpoint/);
      await expect(inBucket(put, { of: 'snapback-none' })).rejects.toMatchObject(expected);
      const reading = inBucket(store => store.get('prod/x', { signal }), { of: 'snapback-none' });
      await expect(reading).rejects.toMatchObject(expected);
    });

    test('a setting that stands in the location is named as it stands there', async () => {
      const expected = fails(
        /there is no bucket snapback-none/,
        /\(endpoint=\), or .* behind the \? of the location/,
      );
      const opened = await openBucket(server, 'snapback-none', { own: `endpoint=${server.endpoint}` });
      await expect(put(opened.store)).rejects.toMatchObject(expected);
      await opened[Symbol.asyncDispose]();
    });

    test('wrong and missing keys', async () => {
      try {
        useCredentials({ ...server, secretKey: 'hunter2hunter2' });
        const error = await inBucket(put).catch((error: unknown) => error);
        expect(error).toMatchObject(fails(/SignatureDoesNotMatch/, /AWS_SECRET_ACCESS_KEY/));
        expect(JSON.stringify(error)).not.toContain('hunter2');
        useCredentials({ ...server, accessKey: 'nobody' });
        await expect(inBucket(put)).rejects.toMatchObject(fails(/InvalidAccessKeyId/, /AWS_ACCESS_KEY_ID/));
        useCredentials({ ...server, sessionToken: 'gone' });
        await expect(inBucket(put)).rejects.toMatchObject(fails(/session token/, /AWS_SESSION_TOKEN/));
        useCredentials(server);
        delete process.env.AWS_ACCESS_KEY_ID;
        await expect(inBucket(put)).rejects.toMatchObject(fails(/no credentials were found/, /AWS_PROFILE/));
      } finally {
        useCredentials(server);
      }
    });

    test('a lock in a bucket that has none', async () => {
      const settings = { objectLock: { mode: 'legal-hold' } } as const;
      await expect(inBucket(put, { settings })).rejects.toMatchObject(
        fails(/no object lock/, /--s3-object-lock/),
      );
    });

    test('a right that is missing is named', async () => {
      const of = await server.newBucket();
      const arn = `arn:aws:s3:::${of}`;
      const lister: Policy = {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [arn] }],
      };
      await inBucket(store => store.put('prod/x', randomBytes(10), { signal }), { of });
      useCredentials(await server.withRole(lister));
      try {
        const rights: [string, (store: Store) => Promise<unknown>][] = [
          ['s3:PutObject', store => store.put('prod/y', randomBytes(10), { signal })],
          ['s3:GetObject', store => store.get('prod/x', { signal })],
          ['s3:DeleteObject', store => store.remove('prod/x', { signal })],
        ];
        for (const [right, act] of rights)
          await expect(inBucket(act, { of }), right).rejects.toMatchObject(
            fails(/may not be used .*AccessDenied/, new RegExp(right)),
          );
        const tagged = inBucket(put, { of, settings: { tags: { team: 'etcd' } } });
        await expect(tagged).rejects.toMatchObject(
          fails(/AccessDenied/, /the right s3:PutObject \(and s3:PutObjectTagging for its tags\) there/),
        );
      } finally {
        useCredentials(server);
      }
    });

    test('the rights of a writer are enough to write, and to take a failed upload away', async () => {
      const of = await server.newBucket();
      const arn = `arn:aws:s3:::${of}`;
      const onObjects = ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'];
      const writer: Policy = {
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Action: ['s3:ListBucket'], Resource: [arn] },
          { Effect: 'Allow', Action: onObjects, Resource: [`${arn}/backups/etcd/*`] },
        ],
      };
      useCredentials(await server.withRole(writer));
      try {
        await inBucket(put, { of });
        const large = Readable.from([randomBytes(6 * 1024 ** 2)]);
        await inBucket(store => store.put('prod/large', large, { signal }), { of });
        const body = Readable.from(
          (async function* () {
            yield randomBytes(6 * 1024 ** 2);
            throw new Error('vetoed');
          })(),
          { objectMode: false },
        );
        const vetoed = inBucket(store => store.put('prod/vetoed', body, { signal }), { of });
        await expect(vetoed).rejects.toThrow('vetoed');
      } finally {
        useCredentials(server);
      }
      const client = server.client();
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: of }));
      client.destroy();
      expect(Uploads).toEqual([]);
    });

    if (name === 'versitygw')
      test('another region', async () => {
        await expect(inBucket(put, { settings: { region: 'eu-west-9' } })).rejects.toMatchObject(
          fails(/in another region .*us-east-1/, /--s3-region \(it is eu-west-9 now\)/),
        );
      });

    test('a certificate of an unknown authority, and no TLS at all', async () => {
      await expect(inBucket(put, { settings: { ca: null } })).rejects.toMatchObject(
        fails(/certificate of an unknown authority/, /--s3-ca/),
      );
      const plain = server.endpoint.replace('https:', 'http:');
      await expect(inBucket(put, { settings: { endpoint: plain } })).rejects.toMatchObject({ code: 'store' });
    });

    test('a host name that is unknown, and a port where nothing is', async () => {
      const at = (endpoint: string) => inBucket(put, { settings: { endpoint } });
      await expect(at('https://nowhere.invalid')).rejects.toMatchObject(
        fails(/host name is unknown/, /--s3-endpoint/),
      );
      await expect(at('https://127.0.0.1:1')).rejects.toMatchObject(
        fails(/does not answer.*ECONNREFUSED/, /retry/),
      );
    });

    test('answers that are no answers of S3, and what is told by the status alone', async () => {
      await using faults = await startS3Faults(server);
      const at = { ...server, endpoint: faults.endpoint, ca: null };
      faults.fail('ListObjectsV2', { status: 503, code: 'SlowDown' }, 4);
      await expect(inBucket(put, { at })).rejects.toMatchObject(
        fails(/fewer requests.*503 SlowDown/, /later/),
      );
      expect(faults.count('ListObjectsV2')).toBe(4);
      faults.fail('PutObject', { status: 400, code: 'InvalidStorageClass' }, 1);
      await expect(inBucket(put, { at })).rejects.toMatchObject(fails(/storage class/, /--s3-storage-class/));
      faults.fail('PutObject', { status: 507, code: 'Whatever' }, 9);
      await expect(inBucket(put, { at })).rejects.toMatchObject(fails(/is full/, /--store/));
      expect(faults.count('PutObject')).toBeLessThan(7);
    });

    test('a removal that is refused, which is known for its object alone', async () => {
      await using faults = await startS3Faults(server);
      await using opened = await openBucket({ ...server, endpoint: faults.endpoint, ca: null }, bucket);
      const names = ['one/a', 'one/b', 'one/c'];
      for (const name of names) await opened.store.put(name, randomBytes(10), { signal });
      faults.fail(({ kind, key }) => kind === 'DeleteObject' && key.endsWith('one/b'), {
        status: 403,
        code: 'AccessDenied',
      });
      const removed = await Promise.allSettled(names.map(name => opened.store.remove(name, { signal })));
      expect(removed.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      const { reason } = removed[1] as PromiseRejectedResult;
      expect(reason).toMatchObject({
        ...fails(/AccessDenied/, /s3:DeleteObject/),
        object: expect.stringMatching(/one\/b$/),
      });
      const left: string[] = [];
      for await (const { name } of opened.store.list('one', { signal })) left.push(name);
      expect(left).toEqual(['one/b']);
      expect(faults.count('DeleteObjects')).toBe(0);
    });

    test('a profile with an endpoint of its own is followed', async () => {
      await using folder = await temporaryFolder();
      const config = join(folder.path, 'config');
      try {
        const { accessKey, secretKey, endpoint } = server;
        const profile = `[profile own]\naws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\nregion = us-east-1\nendpoint_url = ${endpoint}\n`;
        await writeFile(config, profile);
        useCredentials(server);
        delete process.env.AWS_ACCESS_KEY_ID;
        Object.assign(process.env, { AWS_CONFIG_FILE: config, AWS_PROFILE: 'own' });
        await expect(inBucket(put, { settings: { endpoint: null } })).resolves.toEqual({ size: 10 });
      } finally {
        useCredentials(server);
      }
    });
  });
