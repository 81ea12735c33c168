import { randomBytes } from 'node:crypto';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { minioKmsKey } from './support/minio.ts';
import { processesWith } from './support/processes.ts';
import { testedS3Servers } from './support/s3-servers.ts';

describe.each(await testedS3Servers())('$name', ({ name, missing, start }) => {
  test.skipIf(missing).each([false, true])('keeps what it is given (TLS: %s)', async tls => {
    await using server = await start({ tls });
    expect(server.endpoint.startsWith(tls ? 'https:' : 'http:')).toBe(true);
    using client = disposable(server.client());
    const Bucket = await server.newBucket();
    await client.send(new PutObjectCommand({ Bucket, Key: 'fd/x', Body: 'some words' }));
    const got = await client.send(new GetObjectCommand({ Bucket, Key: 'fd/x', Range: 'bytes=5-' }));
    expect(await got.Body?.transformToString()).toBe('words');
    const put = { Bucket, Key: 'fd/x', Body: 'others', IfNoneMatch: '*' };
    await expect(client.send(new PutObjectCommand(put))).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
  });

  test.skipIf(missing)('has buckets with versions and with locks', async () => {
    await using server = await start();
    using client = disposable(server.client());
    const versionsOf = async (Bucket: string) =>
      (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
    expect(await versionsOf(await server.newBucket())).toBeUndefined();
    expect(await versionsOf(await server.newBucket({ versioning: true }))).toBe('Enabled');
    const Bucket = await server.newBucket({ lock: true });
    expect(await versionsOf(Bucket)).toBe('Enabled');
    const { ObjectLockConfiguration } = await client.send(new GetObjectLockConfigurationCommand({ Bucket }));
    expect(ObjectLockConfiguration).toMatchObject({ ObjectLockEnabled: 'Enabled' });
  });

  test.skipIf(missing).each([false, true])('keeps a role to its policy (TLS: %s)', async tls => {
    await using server = await start({ tls });
    using root = disposable(server.client());
    const [Bucket, other] = [await server.newBucket(), await server.newBucket()];
    for (const Key of ['fd/cluster.json', 'fd/x', 'fe/x']) {
      await root.send(new PutObjectCommand({ Bucket, Key, Body: 'words' }));
    }
    const arn = `arn:aws:s3:::${Bucket}`;
    const writer = await server.withRole({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['s3:PutObject'], Resource: [`${arn}/fd/*`] },
        { Effect: 'Allow', Action: ['s3:GetObject'], Resource: [`${arn}/fd/cluster.*`] },
        {
          Effect: 'Allow',
          Action: ['s3:ListBucket'],
          Resource: [arn],
          Condition: { StringLike: { 's3:prefix': 'fd/*' } },
        },
      ],
    });
    const reader = await server.withRole({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: [`${arn}/*`] }],
    });
    using writing = disposable(server.client(writer));
    using reading = disposable(server.client(reader));
    const refused = (sent: Promise<unknown>) =>
      expect(sent).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });

    await writing.send(new PutObjectCommand({ Bucket, Key: 'fd/y', Body: 'more' }));
    await writing.send(new GetObjectCommand({ Bucket, Key: 'fd/cluster.json' }));
    const listed = await writing.send(new ListObjectsV2Command({ Bucket, Prefix: 'fd/' }));
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual(['fd/cluster.json', 'fd/x', 'fd/y']);
    await reading.send(new GetObjectCommand({ Bucket, Key: 'fd/y' }));
    await Promise.all([
      refused(writing.send(new PutObjectCommand({ Bucket, Key: 'fe/y', Body: 'more' }))),
      refused(writing.send(new GetObjectCommand({ Bucket, Key: 'fd/x' }))),
      refused(writing.send(new ListObjectsV2Command({ Bucket, Prefix: 'fe/' }))),
      refused(writing.send(new DeleteObjectCommand({ Bucket, Key: 'fd/x' }))),
      refused(writing.send(new PutObjectCommand({ Bucket: other, Key: 'fd/x', Body: 'more' }))),
      refused(reading.send(new PutObjectCommand({ Bucket, Key: 'fd/z', Body: 'more' }))),
      refused(reading.send(new ListObjectsV2Command({ Bucket, Prefix: 'fd/' }))),
    ]);
  });

  if (name === 'versitygw')
    test.skipIf(missing)('ignores encryption in silence', async () => {
      await using server = await start({ tls: true });
      using client = disposable(server.client());
      const Bucket = await server.newBucket();
      for (const asked of [{ ServerSideEncryption: 'AES256' as const }, customerKey()]) {
        const put = await client.send(new PutObjectCommand({ Bucket, Key: 'fd/x', Body: 'words', ...asked }));
        expect(put.ServerSideEncryption ?? put.SSECustomerAlgorithm).toBeUndefined();
        await client.send(new GetObjectCommand({ Bucket, Key: 'fd/x' }));
      }
    });

  if (name === 'minio')
    test.skipIf(missing)('encrypts with its own keys and those of others', async () => {
      await using server = await start({ tls: true });
      using client = disposable(server.client());
      const Bucket = await server.newBucket();
      const own = { ServerSideEncryption: 'AES256' } as const;
      const kms = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: minioKmsKey } as const;
      for (const [Key, asked] of Object.entries({ own, kms })) {
        const put = await client.send(new PutObjectCommand({ Bucket, Key, Body: 'words', ...asked }));
        expect(put.ServerSideEncryption).toBe(asked.ServerSideEncryption);
      }
      const key = customerKey();
      const put = await client.send(new PutObjectCommand({ Bucket, Key: 'c', Body: 'words', ...key }));
      expect(put.SSECustomerAlgorithm).toBe('AES256');
      await client.send(new GetObjectCommand({ Bucket, Key: 'c', ...key }));
      for (const wrong of [{}, customerKey()]) {
        const got = client.send(new GetObjectCommand({ Bucket, Key: 'c', ...wrong }));
        await expect(got).rejects.toMatchObject({ $fault: 'client' });
      }
    });

  test.skipIf(missing)('leaves no process and no folder', async () => {
    let folder: string;
    {
      await using server = await start({ tls: true });
      folder = dirname(server.ca ?? expect.unreachable('no authority'));
      expect(await processesWith(folder)).toContain(server.process.pid);
      await server.newBucket();
    }
    expect(await processesWith(folder)).toEqual([]);
    await expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

const customerKey = () => {
  const key = randomBytes(32);
  return { SSECustomerAlgorithm: 'AES256', SSECustomerKey: key.toString('base64') };
};

const disposable = <T extends { destroy(): void }>(client: T): T & Disposable =>
  Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
