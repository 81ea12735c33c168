import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../src/store/store.ts';
import { startS3Faults } from './support/s3-faults.ts';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { openBucket, s3Store, useCredentials } from './support/s3-store.ts';

const { signal } = new AbortController();

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing)(`listing ${name}`, () => {
    let server: S3Server;

    beforeAll(async () => {
      server = await start();
      useCredentials(server);
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    const putKeys = async (Bucket: string, keys: string[]) => {
      const client = server.client();
      for (let at = 0; at < keys.length; at += 50)
        await Promise.all(
          keys.slice(at, at + 50).map(Key => client.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }))),
        );
      client.destroy();
    };

    test('more than a thousand objects come in as many requests as there are thousands', async () => {
      const bucket = await server.newBucket();
      const names = Array.from({ length: 1_203 }, (_, at) => `prod/${String(at).padStart(5, '0')}`);
      await putKeys(
        bucket,
        names.map(one => `backups/etcd/${one}`),
      );
      await using faults = await startS3Faults(server);
      await using opened = await openBucket({ ...server, endpoint: faults.endpoint, ca: null }, bucket);
      expect(await listed(opened.store, 'prod')).toEqual(names);
      expect(faults.requests.map(({ kind }) => kind)).toEqual(['ListObjectsV2', 'ListObjectsV2']);
    });

    test("what is a stranger's is neither listed nor a cluster", async () => {
      await using opened = await s3Store(server);
      await putKeys(opened.bucket, [
        'backups/etcd/prod/ours',
        'backups/etcd/prod/with space',
        'backups/etcd/prod/ä+&',
        'backups/etcd/prod/deeper/x',
        'backups/etcd/logs/2026/11/x',
        'backups/etcd/notes.txt',
        'backups/etcd-2/other/x',
        'photos/x.jpg',
      ]);
      expect(await listed(opened.store, 'prod')).toEqual(['prod/ours']);
      expect(await opened.store.clusters({ signal })).toEqual(['prod']);
    });
  });

const listed = async (store: Store, cluster: string): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of store.list(cluster, { signal })) names.push(name);
  return names.sort();
};
