import { access } from 'node:fs/promises';
import {
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectLockConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { processesWith } from './support/processes.ts';
import { testedS3Servers } from './support/s3-servers.ts';

describe.each(await testedS3Servers())('$name', ({ missing, start }) => {
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

  test.skipIf(missing)('leaves no process and no folder', async () => {
    let folder: string;
    {
      await using server = await start({ tls: true });
      const [, found] = /(\S*\/snapback-[^/]+)\/ca\.crt/.exec(server.ca ?? '') ?? [];
      folder = found ?? expect.unreachable('no folder');
      expect(await processesWith(folder)).toContain(server.process.pid);
      await server.newBucket();
    }
    expect(await processesWith(folder)).toEqual([]);
    await expect(access(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

const disposable = <T extends { destroy(): void }>(client: T): T & Disposable =>
  Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
