/** The main job with its snapshots in a bucket, as the command does it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { need } from './support/programs.ts';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { useCredentials } from './support/s3-store.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing || programs === null)(`the main job in a bucket of ${name}`, () => {
    let server: S3Server;
    let cluster: EtcdCluster;
    let folder: TemporaryFolder;
    let store: string[];
    let bucket: string;

    beforeAll(async () => {
      folder = await temporaryFolder();
      server = await start({ tls: true });
      useCredentials(server);
      cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true });
      // Values that do not compress, so that the object needs several parts.
      await fill(cluster.settings(), { count: 400, size: 60_000, prefix: '/registry/' });
      bucket = await server.newBucket();
      store = ['--store', `s3://${bucket}/backups`, '--cluster', 'prod', '--s3-endpoint', server.endpoint];
      store.push('--s3-ca', server.ca ?? '');
    });

    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    });

    const run = (...args: string[]) => snapback(args, { cwd: folder.path });

    it('saves, lists, verifies, prunes and restores', async () => {
      const ids: string[] = [];
      for (let at = 0; at < 3; at += 1) {
        const saved = await run('save', ...connection(cluster.settings()), ...store, '--quiet');
        expect(saved.stderr).toBe('');
        expect(saved.code).toBe(0);
        ids.push(saved.stdout.trim());
      }
      const listed = JSON.parse((await run('list', ...store, '--json')).stdout);
      const [cluster0] = listed.result.clusters;
      expect(cluster0.snapshots.map(({ id }: { id: string }) => id)).toEqual(ids.toReversed());
      expect(cluster0.snapshots[0].size).toBeGreaterThan(16 * 1024 ** 2);

      const verified = await run('verify', ...store);
      expect(verified.stderr).toContain('✓ same as living');
      expect(verified.code).toBe(0);

      const pruned = await run('prune', ...store, '--keep-last', '1', '--quiet');
      expect(pruned.stderr).toBe('');
      expect(pruned.code).toBe(0);
      expect(pruned.stdout.trim().split('\n').toSorted()).toEqual(ids.slice(0, 2));
      expect((await run('list', ...store, '--quiet')).stdout.trim()).toBe(ids[2]);

      const restored = await run('restore', 'latest-verified', ...store, '--data-dir', 'data');
      expect(restored.code).toBe(0);
      expect(await readdir(join(folder.path, 'data'))).toContain('member');
    });

    it('leaves no upload behind when it is interrupted', async () => {
      let stop: (signal: NodeJS.Signals) => void = () => {};
      const saving = snapback(['save', ...connection(cluster.settings()), ...store], {
        cwd: folder.path,
        started: (_, kill) => {
          stop = kill;
        },
      });
      const client = server.client();
      const uploads = async () =>
        (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];
      let ended = false;
      const code = saving.then(ran => {
        ended = true;
        return ran.code;
      });
      while (!ended && (await uploads()).length === 0);
      stop('SIGTERM');
      expect(await code).toBe(143);
      expect(await uploads()).toEqual([]);
      client.destroy();
    });
  });
