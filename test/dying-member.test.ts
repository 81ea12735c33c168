/** An etcd that is killed in the middle of the stream, alone and as one of three. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openClient } from '../src/etcd/client.ts';
import { memberStatus } from '../src/etcd/status.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { until } from './support/processes.ts';
import { need } from './support/programs.ts';
import { connection, type Ran, snapback } from './support/snapback.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const { signal } = new AbortController();

describe.skipIf(programs === null)('a member that is killed in the middle of the stream', () => {
  const filesIn = (store: string) => readdir(join(store, 'default')).catch(() => []);

  /** Of an object that is being written. */
  const bytesIn = async (store: string) => {
    const part = (await filesIn(store)).find(name => /\.db\.zst.*\.part$/.test(name));
    return part === undefined ? 0 : (await stat(join(store, 'default', part))).size;
  };

  /** A save from the leader, which is stopped as soon as bytes are in the store, and then killed. */
  const killed = async (cluster: EtcdCluster, store: string): Promise<Ran> => {
    // More than what the windows and buffers between the two hold, so that a stopped etcd stops the save.
    await fill(cluster.settings(), { count: 700, size: 100_000 });
    const statuses = await Promise.all(
      cluster.endpoints.map(async endpoint => {
        await using client = await openClient(cluster.settings(), endpoint, { signal });
        return await memberStatus(client, { signal });
      }),
    );
    const leader = cluster.members[statuses.findIndex(one => one.memberId === one.leader)];
    const endpoints = [leader?.endpoint ?? ''];
    const ended = snapback([
      'save',
      ...connection(cluster.settings({ endpoints })),
      '--store',
      store,
      '--json',
    ]);
    await until(async () => (await bytesIn(store)) > 0);
    await leader?.signal('SIGSTOP');
    await leader?.signal('SIGKILL');
    return ended;
  };

  it('leaves nothing in the store when it was the only one', async () => {
    await using store = await temporaryFolder();
    await using cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    const ran = await killed(cluster, store.path);
    const { error, result } = JSON.parse(ran.stdout);
    expect(result).toBeNull();
    expect(error).toMatchObject({ code: 'etcd', object: `etcd ${cluster.endpoints[0]}` });
    expect(error.cause).toMatch(/lost the connection .*, after .+ of .+B$/);
    expect(error.hint).toContain('See whether that etcd still runs');
    expect(ran.code).toBe(30);
    expect(await filesIn(store.path)).toEqual(['cluster.json']);
  });

  it('gives way to the next one, from the start, when it was one of three', async () => {
    await using store = await temporaryFolder();
    await using cluster = await startEtcd({ etcd: programs?.etcd ?? '', members: 3 });
    const ran = await killed(cluster, store.path);
    expect(ran.stderr).toMatch(/lost the connection .*, after .+ of .+B; trying the next member/);
    expect(ran.code).toBe(0);
    const { id, taken } = JSON.parse(ran.stdout).result.manifest;
    expect(ran.stderr).not.toContain(`${taken.endpoint} closed`);
    // Those that are left find a new leader at that moment, which is no lack of a quorum.
    expect(ran.stderr).not.toContain('no quorum');
    expect((await filesIn(store.path)).filter(name => !name.startsWith('cluster.'))).toEqual([
      `${id}.db.zst`,
      `${id}.json`,
    ]);
    expect((await snapback(['verify', '--store', store.path])).code).toBe(0);
  });
});
