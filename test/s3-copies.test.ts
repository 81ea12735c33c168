/** A folder and a bucket as two stores of one cluster: in one save, and copied there and back. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256Of } from '../src/catalog/document.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { needGoProgram } from './support/go-programs.ts';
import { need } from './support/programs.ts';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { useCredentials } from './support/s3-store.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';
import { startToxiproxy } from './support/toxiproxy.ts';

const programs = await need('3.6');
const toxiproxy = await needGoProgram('toxiproxy');

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing || programs === null || toxiproxy === null)(
    `a folder and a bucket of ${name}`,
    () => {
      let server: S3Server;
      let cluster: EtcdCluster;
      let folder: TemporaryFolder;

      beforeAll(async () => {
        folder = await temporaryFolder();
        server = await start();
        useCredentials(server);
        cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true });
        // Values that do not compress, so that the object needs several parts.
        await fill(cluster.settings(), { count: 400, size: 60_000 });
      });

      afterAll(async () => {
        await cluster?.[Symbol.asyncDispose]();
        await server?.[Symbol.asyncDispose]();
        await folder?.[Symbol.asyncDispose]();
      });

      const run = (endpoint: string, ...args: string[]) =>
        snapback([...args, '--cluster', 'prod', '--s3-endpoint', endpoint], { cwd: folder.path });
      const hashes = async (store: string) => {
        const at = join(folder.path, store, 'prod');
        const names = (await readdir(at)).toSorted();
        return Promise.all(names.map(async file => [file, sha256Of(await readFile(join(at, file)))]));
      };

      it('get the same in one save, and a copy there and back is the same bytes', async () => {
        const bucket = `s3://${await server.newBucket()}/backups`;
        const also = ['--store', 'a', '--also', bucket];
        expect((await run(server.endpoint, 'save', ...also, ...connection(cluster.settings()))).code).toBe(0);
        expect((await run(server.endpoint, 'copy', '--store', bucket, '--to', 'b')).code).toBe(0);
        expect(await hashes('b')).toEqual(await hashes('a'));
        expect((await run(server.endpoint, 'verify', '--store', 'b')).code).toBe(0);
        const other = `s3://${await server.newBucket()}/other`;
        expect((await run(server.endpoint, 'copy', '--store', 'b', '--to', other)).code).toBe(0);
        expect((await run(server.endpoint, 'copy', '--store', other, '--to', 'c')).code).toBe(0);
        expect(await hashes('c')).toEqual(await hashes('b'));
      });

      it('a bucket that is cut off in the middle does not spoil the folder, and keeps nothing', async () => {
        const bucket = await server.newBucket();
        const also = ['--store', 'cut', '--also', `s3://${bucket}/backups`];
        await using network = await startToxiproxy(toxiproxy ?? '', server.endpoint);
        // A part has 5 MiB, so none ever gets through; what is small does.
        const toxic = await network.add('upstream', { type: 'limit_data', attributes: { bytes: 2_000_000 } });
        const saved = await run(
          network.endpoint,
          'save',
          ...also,
          ...connection(cluster.settings()),
          '--json',
        );
        await toxic[Symbol.asyncDispose]();
        expect(saved.code).toBe(31);
        const { stores, id } = JSON.parse(saved.stdout).result;
        expect(stores).toMatchObject([{ stored: true }, { stored: false, error: { code: 'store' } }]);
        const listed = await run(server.endpoint, 'list', '--store', `s3://${bucket}/backups`, '--json');
        expect(JSON.parse(listed.stdout).result.clusters[0]).toMatchObject({ snapshots: [], orphans: [] });
        const client = server.client();
        const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
        client.destroy();
        expect(uploads.Uploads ?? []).toEqual([]);
        const copied = await run(
          server.endpoint,
          'copy',
          id,
          '--store',
          'cut',
          '--to',
          `s3://${bucket}/backups`,
          '--quiet',
        );
        expect(copied.stdout).toBe(`${id}\n`);
      });
    },
  );
