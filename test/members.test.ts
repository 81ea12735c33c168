import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openClient } from '../src/etcd/client.ts';
import { memberStatus } from '../src/etcd/status.ts';
import { secret } from '../src/secret.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';

const programs = await need('3.6');
const { signal } = new AbortController();

const inFolder = async () => {
  const path = await mkdtemp(join(tmpdir(), 'snapback-members-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
};

const saved = async (ran: { stdout: string; stderr: string; code: number | null }) => {
  expect(ran.stderr).not.toContain('failed');
  expect(ran.code).toBe(0);
  return JSON.parse(ran.stdout).result.manifest;
};

describe.skipIf(programs === null)('a cluster of three members', () => {
  let cluster: EtcdCluster;
  let roles: { endpoint: string; id: string; leader: boolean }[];

  beforeAll(async () => {
    cluster = await startEtcd({ etcd: programs?.etcd ?? '', members: 3, tls: true });
    await fill(cluster.settings(), { count: 200, size: 100 });
    roles = await Promise.all(
      cluster.endpoints.map(async endpoint => {
        await using client = await openClient(cluster.settings(), endpoint, { signal });
        const { memberId, leader } = await memberStatus(client, { signal });
        return { endpoint, id: memberId, leader: leader === memberId };
      }),
    );
  });
  afterAll(async () => cluster?.[Symbol.asyncDispose]());

  it('is saved from a follower, and bound by the other one', async () => {
    await using folder = await inFolder();
    const store = ['--store', folder.path];
    const manifest = await saved(
      await snapback(['save', ...connection(cluster.settings()), ...store, '--json']),
    );
    const leader = roles.find(one => one.leader);
    expect(manifest.taken.role).toBe('follower');
    expect(manifest.taken.linearizedRevision).toBeGreaterThan(1);
    expect(manifest.cluster.members).toHaveLength(3);
    expect([manifest.taken.memberId, leader?.id]).not.toContain(manifest.fingerprint.memberId);
    expect((await snapback(['verify', ...store])).code).toBe(0);
  });

  it('is saved from the one endpoint that is named, and from whom --from names', async () => {
    await using folder = await inFolder();
    const store = ['--store', folder.path, '--json'];
    const leader = roles.find(one => one.leader)?.endpoint ?? '';
    const alone = connection(cluster.settings({ endpoints: [leader] }));
    expect((await saved(await snapback(['save', ...alone, ...store]))).taken.role).toBe('leader');
    const all = connection(cluster.settings());
    expect((await saved(await snapback(['save', ...all, ...store, '--from', 'leader']))).taken.endpoint).toBe(
      leader,
    );
    const nobody = await snapback([
      'save',
      ...all,
      '--store',
      folder.path,
      '--from',
      'https://10.255.255.1:2379',
    ]);
    expect(nobody.code).toBe(30);
    expect(nobody.stderr).toContain('--from');
  });

  it('without a quorum is saved only when that is allowed, and the manifest says so', async () => {
    await using folder = await inFolder();
    const survivor = roles.find(one => !one.leader)?.endpoint;
    const others = cluster.members.filter(member => member.endpoint !== survivor);
    for (const member of others) await member.signal('SIGKILL');
    const etcd = [...connection(cluster.settings()), '--dial-timeout', '3s'];
    const refused = await snapback(['save', ...etcd, '--store', folder.path]);
    expect(refused.code).toBe(30);
    expect(refused.stderr).toContain('reaches no quorum');
    expect(refused.stderr).toContain('--allow-no-quorum');
    const allowed = await snapback(['save', ...etcd, '--store', folder.path, '--allow-no-quorum', '--json']);
    expect(allowed.stderr).toContain('no quorum');
    const { result } = JSON.parse(allowed.stdout);
    expect(result.manifest.taken.linearizedRevision).toBeNull();
    expect(result.manifest.fingerprint).toBeNull();
    expect((await snapback(['verify', '--store', folder.path])).code).toBe(0);
  });
});

describe.skipIf(programs === null)('an etcd with authentication', () => {
  let cluster: EtcdCluster;
  const password = 'p4ss:word';

  beforeAll(async () => {
    cluster = await startEtcd({
      etcd: programs?.etcd ?? '',
      auth: { root: secret(password), bob: secret('bob') },
    });
    await fill(cluster.settings(), { count: 100, size: 100 });
  });
  afterAll(async () => cluster?.[Symbol.asyncDispose]());

  it('is saved and drilled as root, and by nobody else; the password is in no output', async () => {
    await using folder = await inFolder();
    const store = ['--store', folder.path];
    const etcd = connection(cluster.settings());
    const root = ['--user', `root:${password}`];
    const ran = await snapback(['save', ...etcd, ...store, ...root, '--log-level', 'debug']);
    expect(ran.code).toBe(0);
    const outputs = [ran.stdout, ran.stderr];
    for (const [user, reason] of [
      ['root:wrong', 'user'],
      ['bob:bob', 'root'],
    ] as const) {
      const refused = await snapback(['save', ...etcd, ...store, '--user', user]);
      expect(refused.code).toBe(30);
      expect(refused.stderr).toContain(reason);
    }
    expect((await snapback(['save', ...etcd, ...store])).code).toBe(30);

    const anonymous = await snapback(['verify', ...store]);
    expect(anonymous.code).toBe(0);
    expect(anonymous.stderr).toContain('--user root');
    expect(anonymous.stdout).toMatch(/ · not compared: same as file, usable$/m);
    expect((await snapback(['verify', ...store, '--user', 'root:wrong'])).code).toBe(2);
    const verified = await snapback(['verify', ...store], {
      env: { SNAPBACK_USER: 'root', SNAPBACK_PASSWORD: password },
    });
    expect(verified.stdout).toContain('RESTORABLE');
    expect(verified.code).toBe(0);
    outputs.push(
      verified.stdout,
      verified.stderr,
      await readFile(join(folder.path, 'default', 'cluster.json'), 'utf8'),
    );
    for (const output of outputs) expect(output).not.toContain(password);
  });
});
