/** The policies of docs/s3-policies on servers that enforce them: each role can do its work and nothing else. */
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalog } from '../src/job/open-catalog.ts';
import { removeLeftovers } from '../src/job/prune-leftovers.ts';
import { silentLog } from '../src/log.ts';
import { defaultS3Settings } from '../src/store/s3-settings.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { need } from './support/programs.ts';
import { type S3Faults, startS3Faults } from './support/s3-faults.ts';
import { policyOf, type Role } from './support/s3-policies.ts';
import type { S3Request } from './support/s3-request.ts';
import type { S3Access, S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { credentials, useCredentials } from './support/s3-store.ts';
import { opensslKey } from './support/signing-keys.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const prefix = 'backups/etcd';

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing || programs === null)(`roles on ${name}`, () => {
    let server: S3Server;
    let cluster: EtcdCluster;
    let folder: TemporaryFolder;
    let bucket: string;
    let store: string[];
    let roles: Record<Role, S3Access>;
    let root: S3Client;
    const ids: string[] = [];
    /** All that is recorded is signed, and nothing else believed: the roles must allow that too. */
    let signatures: Record<string, string>;

    const storeOf = (name: string, { endpoint }: { endpoint: string }) => [
      '--store',
      `s3://${bucket}/${prefix}`,
      '--cluster',
      name,
      '--s3-endpoint',
      endpoint,
    ];

    beforeAll(async () => {
      folder = await temporaryFolder();
      const { key, pub } = await opensslKey(folder.path, 'ops');
      signatures = { SNAPBACK_SIGN_KEY: key, SNAPBACK_TRUST_KEY: pub };
      server = await start();
      useCredentials(server);
      root = server.client();
      // Locks, since their rights are asked for as soon as a bucket has them.
      bucket = await server.newBucket({ lock: true });
      const role = async (which: Role) => server.withRole(await policyOf(which, { bucket, prefix }));
      roles = {
        writer: await role('writer'),
        verifier: await role('verifier'),
        pruner: await role('pruner'),
        reader: await role('reader'),
      };
      store = storeOf('prod', server);
      cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true });
      // Enough for several parts.
      await fill(cluster.settings(), { count: 200, size: 60_000 });
    });

    afterAll(async () => {
      root?.destroy();
      await cluster?.[Symbol.asyncDispose]();
      await server?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    });

    const as = (role: Role, ...args: string[]) =>
      snapback(args, { cwd: folder.path, env: { ...credentials(roles[role]), ...signatures } });
    const save = (role: Role) => as(role, 'save', ...connection(cluster.settings()), ...store, '--quiet');

    const files = async (): Promise<string[]> => {
      const listed = await root.send(new ListObjectsV2Command({ Bucket: bucket }));
      return (listed.Contents ?? []).map(({ Key = '' }) => Key.slice(`${prefix}/prod/`.length));
    };

    /** What the server says to a request of a role for a file of the cluster: `done` or its refusal. */
    const answers = async (
      role: Role,
      request: 'get' | 'head' | 'put' | 'delete',
      file: string,
    ): Promise<unknown> => {
      const client = server.client(roles[role]);
      const object = { Bucket: bucket, Key: `${prefix}/prod/${file}` };
      try {
        if (request === 'get') await client.send(new GetObjectCommand(object));
        if (request === 'head') await client.send(new HeadObjectCommand(object));
        if (request === 'put') await client.send(new PutObjectCommand({ ...object, Body: 'x' }));
        if (request === 'delete') await client.send(new DeleteObjectCommand(object));
        return 'done';
      } catch (error) {
        return (error as { $metadata: { httpStatusCode?: number } }).$metadata.httpStatusCode;
      } finally {
        client.destroy();
      }
    };

    const newId = () => `20200101T000000Z-${randomBytes(3).toString('hex')}`;

    /** Files of every kind that the role must not write: none of them may come to be. */
    const writesNoneOf = async (role: Role, suffixes: string[]) => {
      const id = newId();
      const before = await files();
      for (const suffix of suffixes) expect(await answers(role, 'put', `${id}${suffix}`), suffix).toBe(403);
      expect(await answers(role, 'put', 'something'), 'something').toBe(403);
      expect(await files()).toEqual(before);
    };

    const removesNothing = async (role: Role) => {
      const before = await files();
      for (const file of before) expect(await answers(role, 'delete', file), file).toBe(403);
      expect(await files()).toEqual(before);
    };

    it('writer: save works, and nothing can be read or removed', async () => {
      for (let at = 0; at < 3; at += 1) {
        const saved = await save('writer');
        expect(saved.stderr).toBe('');
        expect(saved.code).toBe(0);
        ids.push(saved.stdout.trim());
      }
      for (const file of (await files()).filter(one => !one.startsWith('cluster.'))) {
        expect(await answers('writer', 'get', file), file).toBe(403);
        expect(await answers('writer', 'head', file), file).toBe(403);
      }
      await removesNothing('writer');
      // A marker would make prune remove a snapshot, and a verdict would make people trust one.
      await writesNoneOf('writer', [
        '.removed',
        '.pin',
        '.verify.20200101T000000Z-000000.drill.pass.json',
        '.verify.20200101T000000Z-000000.drill.pass.json.sig',
      ]);
      const verified = await as('writer', 'verify', ...store, '--level', 'object');
      expect(verified.code).toBe(31);
      expect(verified.stderr).toContain('s3:GetObject');
      const listed = await as('writer', 'list', ...store);
      expect(listed.stdout).toContain('manifest NOT READ');
      expect(listed.stderr).toMatch(/list failed to read from the store: .*\n.*s3:GetObject/);
      expect(listed.code).toBe(31);
      const pruned = await as('writer', 'prune', ...store, '--keep-last', '1');
      expect(pruned.code).toBe(31);
      expect(await files()).toHaveLength(11);
    });

    it('verifier: verify works and writes verdicts, and nothing else can be written or removed', async () => {
      const before = await files();
      const verified = await as('verifier', 'verify', ...store);
      expect(verified.stderr).toContain('✓ same as living');
      expect(verified.code).toBe(0);
      const added = (await files()).filter(file => !before.includes(file));
      expect(added.toSorted()).toEqual([
        expect.stringMatching(/\.verify\..*\.drill\.pass\.json$/),
        expect.stringMatching(/\.verify\..*\.drill\.pass\.json\.sig$/),
      ]);
      await removesNothing('verifier');
      await writesNoneOf('verifier', ['.json', '.json.sig', '.db.zst', '.db', '.pin', '.removed']);
      expect(await answers('verifier', 'put', 'cluster.json')).toBe(403);
      expect((await save('verifier')).code).toBe(31);
    });

    it('reader: list, show and restore work, and nothing can be written', async () => {
      const listed = await as('reader', 'list', ...store, '--quiet');
      expect(listed.stdout.trim().split('\n').toSorted()).toEqual(ids);
      const shown = await as('reader', 'show', 'latest', ...store);
      expect(shown.stdout).toContain(ids[2]);
      expect(shown.code).toBe(0);
      const restored = await as('reader', 'restore', 'latest-verified', ...store, '--data-dir', 'data');
      expect(restored.code).toBe(0);
      expect(await readdir(join(folder.path, 'data'))).toContain('member');
      await removesNothing('reader');
      await writesNoneOf('reader', ['.json', '.db', '.pin', '.removed', '.verify.x']);
      const before = await files();
      const pinned = await as('reader', 'pin', 'latest', ...store);
      expect(pinned.code).toBe(31);
      expect(pinned.stderr).toContain('s3:PutObject');
      expect(await files()).toEqual(before);
    });

    it('pruner: prune works, and no snapshot can be read or written', async () => {
      const hold = (Status: 'ON' | 'OFF') => {
        const object = { Bucket: bucket, Key: `${prefix}/prod/${ids[0]}.json` };
        return root.send(new PutObjectLegalHoldCommand({ ...object, LegalHold: { Status } }));
      };
      await hold('ON');
      const held = await as('pruner', 'prune', ...store, '--keep-last', '1', '--dry-run');
      expect(held.stdout).toMatch(new RegExp(`${ids[0]} .* locked `));
      expect(held.code).toBe(0);
      await hold('OFF');

      const removed = await as('pruner', 'remove', ids[1] ?? '', ...store, '--reason', 'a test');
      expect(removed.code, removed.stderr).toBe(0);
      const pruned = await as('pruner', 'prune', ...store, '--keep-last', '1', '--quiet');
      expect(pruned.stderr).toBe('');
      expect(pruned.code).toBe(0);
      expect(pruned.stdout.trim()).toBe(ids[0]);
      for (const file of (await files()).filter(one => one.includes('.db'))) {
        expect(await answers('pruner', 'get', file), file).toBe(403);
        expect(await answers('pruner', 'head', file), file).toBe(403);
      }
      await writesNoneOf('pruner', ['.json', '.db', '.pin', '.verify.x']);
      for (const file of ['cluster.json', 'something'])
        expect(await answers('pruner', 'delete', file), file).toBe(403);
      expect((await as('reader', 'list', ...store, '--quiet')).stdout.trim()).toBe(ids[2]);
    });

    it('pruner: old uploads of snapshots are taken away, and those of strangers are left', async () => {
      const upload = (file: string) =>
        root.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: `${prefix}/prod/${file}` }));
      const [object, stranger] = [`${newId()}.db.zst`, 'backup-2020.tar'];
      await upload(object);
      await upload(stranger);
      useCredentials(roles.pruner);
      const { signal } = new AbortController();
      const context = { signal, log: silentLog, notify: () => {}, progress: () => {} };
      const s3 = { ...defaultS3Settings, endpoint: server.endpoint };
      const settings = {
        store: store[1] ?? '',
        cluster: 'prod',
        clusterNamed: true,
        lineage: null,
        trustKeys: [],
        s3,
      };
      await using catalog = await openCatalog(settings, 'remove', context);
      // The same store a day and an hour later.
      const now = async () => new Date(Date.now() + 25 * 3_600_000);
      const later = { ...catalog, store: { ...catalog.store, now } };
      const errors: Error[] = [];
      const left = await removeLeftovers(later, { orphans: false, errors: errors as [], context });
      useCredentials(server);
      expect(errors).toEqual([]);
      expect(left.unfinishedUploads).toEqual([`prod/${object}`]);
      const { Uploads } = await root.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      expect(Uploads?.map(({ Key }) => Key)).toEqual([`${prefix}/prod/${stranger}`]);
    });

    const saveThrough = (faults: S3Faults, name: string) =>
      as('writer', 'save', ...connection(cluster.settings()), ...storeOf(name, faults), '--quiet');

    it('writer: a server that refuses what is not there, as AWS does, does not stop the first save', async () => {
      await using faults = await startS3Faults(server);
      const lineage = ({ kind, key }: S3Request) => kind === 'GetObject' && key.endsWith('/new/cluster.json');
      faults.fail(lineage, { status: 403, code: 'AccessDenied' });
      const saved = await saveThrough(faults, 'new');
      expect(saved.stderr).toBe('');
      expect(saved.code).toBe(0);
      expect(faults.count('GetObject')).toBe(1);
    });

    it('writer: an answer that was lost is made up for, though it may not look at what it wrote', async () => {
      await using faults = await startS3Faults(server);
      const manifest = ({ kind, key }: S3Request) => kind === 'PutObject' && /Z-\w{6}\.json$/.test(key);
      faults.fail(manifest, 'lost answer');
      faults.fail('CompleteMultipartUpload', 'lost answer');
      const saved = await saveThrough(faults, 'lost');
      expect(saved.stderr).toBe('');
      expect(saved.code).toBe(0);
      const refused = faults.requests.filter(({ kind, status }) => kind === 'HeadObject' && status === 403);
      expect(refused.map(({ key }) => key)).toContain(`${prefix}/lost/${saved.stdout.trim()}.json`);
      expect(
        (await as('reader', 'verify', '--no-record', '--level', 'object', ...storeOf('lost', server))).code,
      ).toBe(0);
    });
  });
