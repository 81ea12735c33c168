/** A bucket that others use too, or that is not there, not ours, or not to be written: nothing but ours is touched. */
import {
  CopyObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { need } from './support/programs.ts';
import { policyOf } from './support/s3-policies.ts';
import type { S3Access, S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { credentials, useCredentials } from './support/s3-store.ts';
import { connection, type Ran, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing || programs === null)(`a bucket of ${name}`, () => {
    let server: S3Server;
    let cluster: EtcdCluster;
    let folder: TemporaryFolder;
    let root: S3Client;

    beforeAll(async () => {
      folder = await temporaryFolder();
      server = await start();
      useCredentials(server);
      root = server.client();
      cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true });
    });

    afterAll(async () => {
      root?.destroy();
      await cluster?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    });

    /** Runs a command on `<bucket>/<prefix>` or `<bucket>`, as root or with other keys. */
    const run = (place: string, args: string[], keys: S3Access = server): Promise<Ran> => {
      const [command = '', ...more] = args;
      const etcd = command === 'save' ? connection(cluster.settings()) : [];
      const store = ['--store', `s3://${place}`, '--s3-endpoint', server.endpoint];
      return snapback([command, ...etcd, ...store, ...more], { cwd: folder.path, env: credentials(keys) });
    };

    const saved = async (place: string, ...args: string[]): Promise<string> => {
      const ran = await run(place, ['save', ...args, '--quiet']);
      expect(ran.stderr).toBe('');
      expect(ran.code).toBe(0);
      return ran.stdout.trim();
    };

    const put = (Bucket: string, Key: string, Body: string) =>
      root.send(new PutObjectCommand({ Bucket, Key, Body }));

    /** Every object with its content and the time when it was written. */
    const contents = async (Bucket: string): Promise<Record<string, string>> => {
      const all: Record<string, string> = {};
      // The time of a folder is of what is in it, where a server keeps folders.
      for await (const { Contents = [] } of paginateListObjectsV2({ client: root }, { Bucket }))
        for (const { Key = '', ETag, LastModified } of Contents)
          all[Key] = Key.endsWith('/') ? `${ETag}` : `${ETag} ${LastModified?.toISOString()}`;
      return all;
    };

    it('is shared by several clusters and stores whose names begin alike', async () => {
      const bucket = await server.newBucket();
      const first = await saved(`${bucket}/team`, '--cluster', 'prod');
      for (const [place, cluster] of [
        [`${bucket}/team`, 'prod-2'],
        [`${bucket}/team`, 'pro'],
        [`${bucket}/team-2`, 'prod'],
        [`${bucket}/team/etcd`, 'prod'],
        [bucket, 'team'],
      ] as const)
        await saved(place, '--cluster', cluster);
      const second = await saved(`${bucket}/team`, '--cluster', 'prod');
      const before = await contents(bucket);

      const listed = await run(`${bucket}/team`, ['list', '--all-clusters', '--json']);
      expect(listed.code).toBe(0);
      const { clusters } = JSON.parse(listed.stdout).result;
      expect(clusters.map((one: { cluster: string; total: number }) => [one.cluster, one.total])).toEqual([
        ['pro', 1],
        ['prod', 2],
        ['prod-2', 1],
      ]);
      const pruned = await run(`${bucket}/team`, [
        'prune',
        '--cluster',
        'prod',
        '--keep-last',
        '1',
        '--quiet',
      ]);
      expect(pruned.stdout.trim()).toBe(first);
      expect(pruned.code).toBe(0);
      const gone = Object.keys(before).filter(key => key.startsWith(`team/prod/${first}`));
      expect(gone).toHaveLength(2);
      for (const key of gone) delete before[key];
      expect(await contents(bucket)).toEqual(before);
      expect(Object.keys(before)).toContain(`team/prod/${second}.json`);
    });

    it('is shared by other tools, of which nothing is touched', async () => {
      const bucket = await server.newBucket();
      for (const key of [
        'etcd-snapshot-server-0-1732370400',
        'etcd-snapshot-server-0-1732370400.zip',
        '.metadata/etcd-snapshot-server-0-1732370400',
        'Logs/2026-11-22.txt',
        'elsewhere/20261122T061807Z.db',
        'rancher/cluster.json',
        'rancher/c-x7k2p/snapshot.zip',
        'prod/etcd-snapshot-on-demand-1732370400',
        'prod/20261122T061807Z-4f2a9c.tar',
        'prod/2026-11-22T06:18:07Z.db.gz',
        'prod/cluster.txt',
        'prod/deeper/20261122T061807Z-4f2a9c.json',
        'prod-backup.db',
      ])
        await put(bucket, key, '{"made":"by another tool"}');
      // What the consoles of many servers make for a folder.
      await put(bucket, 'prod/', '');
      const before = await contents(bucket);
      const nothing = await run(bucket, ['list', '--all-clusters']);
      expect(nothing.stdout).toContain('no snapshots in s3://');
      expect(nothing.code).toBe(0);

      const ids: string[] = [];
      for (let at = 0; at < 3; at += 1) ids.push(await saved(bucket, '--cluster', 'prod'));
      const prod = ['--cluster', 'prod'];
      expect((await run(bucket, ['verify', ...prod, '--level', 'object'])).code).toBe(0);
      const listed = await run(bucket, ['list', '--all-clusters', '--json']);
      expect(listed.code).toBe(0);
      expect(JSON.parse(listed.stdout).result.clusters).toMatchObject([
        {
          cluster: 'prod',
          total: 3,
          unknown: ['20261122T061807Z-4f2a9c.tar', 'cluster.txt', 'etcd-snapshot-on-demand-1732370400'],
        },
      ]);
      const removed = await run(bucket, ['remove', ids[0] ?? '', ...prod, '--reason', 'a test']);
      expect(removed.code).toBe(0);
      const pruned = await run(bucket, ['prune', ...prod, '--keep-last', '1', '--remove-orphans']);
      expect(pruned.stdout).toContain('Not touched: 20261122T061807Z-4f2a9c.tar');
      expect(pruned.stdout).toContain('Removed 1 of 2 snapshots');
      expect(pruned.code).toBe(0);
      const after = await contents(bucket);
      expect(after).toMatchObject(before);
      const ours = Object.keys(after).filter(key => !(key in before));
      expect(ours.filter(key => key.includes(ids[2] ?? ''))).toHaveLength(3);
      expect(ours).toHaveLength(5);
    });

    it('has objects that are named like ours and are not ours', async () => {
      const bucket = await server.newBucket();
      await saved(bucket, '--cluster', 'prod');
      const stranger = await saved(bucket, '--cluster', 'other');
      const newest = await saved(bucket, '--cluster', 'prod');
      const copied = [`${stranger}.json`, `${stranger}.db.zst`];
      for (const file of copied) {
        const copy = { Bucket: bucket, Key: `prod/${file}`, CopySource: `${bucket}/other/${file}` };
        await root.send(new CopyObjectCommand(copy));
      }
      for (const file of [
        '20261122T061807Z-4f2a9c.json',
        '20261122T061807Z-4f2a9c.db.zst',
        '20261121T061807Z-4f2a9c.db',
        '20261120T061807Z-4f2a9c.pin',
        '20261119T061807Z-4f2a9c.verify.20261119T061807Z-4f2a9c.drill.pass.json',
      ])
        await put(bucket, `prod/${file}`, 'made by another tool');
      const before = await contents(bucket);

      const prod = ['--cluster', 'prod'];
      const listed = await run(bucket, ['list', ...prod]);
      expect(listed.stdout).toContain('20261122T061807Z-4f2a9c: the manifest is not whole JSON');
      expect(listed.stdout).toContain(`${stranger}: the manifest`);
      expect(listed.code).toBe(0);
      const pruned = await run(bucket, ['prune', ...prod, '--keep-last', '1', '--remove-orphans']);
      expect(pruned.stdout).toContain(
        'Not touched: 20261122T061807Z-4f2a9c, whose manifest is not whole JSON',
      );
      expect(pruned.stdout).toContain(`Not touched: ${stranger}, whose manifest`);
      expect(pruned.stdout).toContain('Removed 1 of 2 snapshots');
      expect(pruned.code).toBe(0);
      for (const [snapshot, code] of [
        [stranger, 23],
        ['20261121T061807Z-4f2a9c', 22],
      ] as const) {
        const removed = await run(bucket, ['remove', snapshot, ...prod, '--reason', 'a test']);
        expect(removed.code, removed.stderr).toBe(code);
      }
      const verified = await run(bucket, ['verify', stranger, ...prod, '--level', 'object']);
      expect(verified.code, verified.stderr).toBe(23);
      const after = await contents(bucket);
      const gone = Object.keys(before).filter(key => !(key in after));
      expect(gone).toHaveLength(2);
      expect(before).toMatchObject(after);
      expect(Object.keys(after)).toContain(`prod/${newest}.json`);

      // A cluster of ours that is damaged does not hide the others.
      await put(bucket, 'other/cluster.json', 'damaged');
      const all = await run(bucket, ['list', '--all-clusters']);
      expect(all.stdout).toContain(newest);
      expect(all.stderr).toContain(`s3://${bucket}/other/cluster.json is not whole JSON`);
      expect(all.code).toBe(20);
    });

    it('has a folder of that name of another tool', async () => {
      const bucket = await server.newBucket();
      await put(bucket, 'prod/cluster.json', '{"name":"prod"}');
      const before = await contents(bucket);
      for (const args of [['save'], ['list'], ['prune', '--keep-last', '1'], ['verify']]) {
        const ran = await run(bucket, [...args, '--cluster', 'prod']);
        expect(ran.stderr).toContain(`s3://${bucket}/prod/cluster.json has no format number.`);
        expect(ran.stderr).toContain('give snapback a folder of its own by --cluster or a prefix in --store');
        expect(ran.code).toBe(20);
      }
      expect(await contents(bucket)).toEqual(before);
    });

    it('is empty', async () => {
      const bucket = await server.newBucket();
      const none = `no snapshots of prod in s3://${bucket}`;
      for (const [args, code, sentence] of [
        [['list'], 0, `${none}; take one: snapback save`],
        [['prune', '--keep-last', '1'], 0, `Nothing to remove: ${none}`],
        [['verify'], 22, 'There are no snapshots here. Are --store and --cluster the right ones?'],
        [['restore', '--data-dir', 'data'], 22, 'There are no snapshots here.'],
        [['show', 'latest'], 22, 'There are no snapshots here.'],
      ] as const) {
        const ran = await run(bucket, [...args, '--cluster', 'prod']);
        expect(ran.stdout + ran.stderr).toContain(sentence);
        expect(ran.code).toBe(code);
      }
      expect(await contents(bucket)).toEqual({});
    });

    const commands = [
      ['save'],
      ['list'],
      ['list', '--all-clusters'],
      ['verify'],
      ['restore', '--data-dir', 'data'],
      ['prune', '--keep-last', '1'],
      ['remove', 'latest', '--reason', 'a test'],
    ];

    it('is not there', async () => {
      for (const args of commands) {
        const ran = await run('snapback-no-such-bucket/backups', args);
        expect(ran.stderr).toContain('s3://snapback-no-such-bucket/backups');
        expect(ran.stderr).toContain('there is no bucket snapback-no-such-bucket (404 NoSuchBucket');
        expect(ran.stderr).toContain('or make the bucket first.');
        expect(ran.code).toBe(31);
      }
    });

    it('is of someone else', async () => {
      const [mine, theirs] = [await server.newBucket(), await server.newBucket()];
      const keys = await server.withRole(await policyOf('writer', { bucket: mine, prefix: 'backups' }));
      await saved(`${theirs}/backups`);
      const before = await contents(theirs);
      for (const args of commands) {
        const ran = await run(`${theirs}/backups`, args, keys);
        expect(ran.stderr).toContain(`s3://${theirs}/backups`);
        expect(ran.stderr).toContain('may not be used with these credentials (403 AccessDenied');
        expect(ran.stderr).toContain('s3:ListBucket there. Is it your bucket?');
        expect(ran.code).toBe(31);
      }
      expect(await contents(theirs)).toEqual(before);
    });

    it('may be read only', async () => {
      const bucket = await server.newBucket();
      const keys = await server.withRole(await policyOf('reader', { bucket, prefix: 'backups' }));
      const place = `${bucket}/backups`;
      const nothing = await run(place, ['save'], keys);
      expect(nothing.stderr).toContain('s3:PutObject');
      expect(nothing.code).toBe(31);
      expect(await contents(bucket)).toEqual({});
      await saved(place);
      await saved(place);
      const before = await contents(bucket);
      for (const [args, sentence] of [
        [['save'], /save failed to write to the store: s3:.*\n.* s3:PutObject there/],
        [['pin', 'latest'], /pin failed to write to the store: s3:.*\n.* s3:PutObject there/],
        // What may be locked is asked for before anything is written.
        [
          ['prune', '--keep-last', '1'],
          /prune failed to ask for the lock: s3:.*\n.* s3:GetObjectLegalHold there/,
        ],
        [
          ['remove', 'latest~1', '--reason', 'a test'],
          /remove failed to ask for the lock: s3:.*\n.* s3:GetObject/,
        ],
      ] as const) {
        const ran = await run(place, [...args], keys);
        expect(ran.stderr).toMatch(sentence);
        expect(ran.stderr).toContain(`s3://${place}/default/`);
        expect(ran.code).toBe(31);
      }
      expect((await run(place, ['list'], keys)).code).toBe(0);
      const verified = await run(place, ['verify', '--level', 'object'], keys);
      expect(verified.stdout).toContain('STORED AS RECORDED');
      expect(verified.stderr).toContain('--no-record verifies without it.');
      expect(verified.code).toBe(31);
      expect((await run(place, ['verify', '--level', 'object', '--no-record'], keys)).code).toBe(0);
      expect(await contents(bucket)).toEqual(before);
    });
  });
