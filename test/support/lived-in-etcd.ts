/**
 * A real etcd that has seen a life: keys with history, transactions, leases, compactions, users, a learner that never
 * came, a member that went, an alarm. Three snapshots are taken on the way, each with what the server said of itself
 * at that moment.
 */
import { join } from 'node:path';
import { readMetaBucket } from '../../src/bolt/meta-bucket.ts';
import { type EtcdClient, openClient } from '../../src/etcd/client.ts';
import type { EtcdSettings } from '../../src/etcd/settings.ts';
import { memberStatus } from '../../src/etcd/status.ts';
import type { Programs } from '../../src/programs/find.ts';
import { secret } from '../../src/secret.ts';
import { storageVersionWritten } from './database-file.ts';
import { type EtcdCluster, startEtcd } from './etcd.ts';
import { enableAuth } from './etcd-auth.ts';
import { type EtcdFacts, factsOf } from './etcd-facts.ts';
import { changeKeys, createKeys, putLarge, putSingly } from './key-history.ts';
import { etcdctl } from './programs.ts';
import { type Random, seeded } from './random.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A snapshot file, and what its server said meanwhile: of the newest revision and of one in the history. */
export type Stage = { file: string; facts: EtcdFacts };

export type LivedIn = {
  cluster: EtcdCluster;
  /** Reach the cluster as it is at the end: as root. It takes no writes, for its alarm. */
  settings: EtcdSettings;
  /** Has history of its keys, and nothing was ever compacted. */
  young: Stage;
  /** Has users, and a compaction is half done: it was scheduled and has not finished. */
  compacting: Stage;
  /** All that happens: see `grow`. */
  old: Stage;
  [Symbol.asyncDispose](): Promise<void>;
};

export type Life = {
  /** There are more than twice as many records as keys. */
  keys: number;
  /** How many values that need pages of their own, and their bytes. */
  large: number;
  largeSize: number;
};

/** Some seconds, 200 KB. */
export const smallLife: Life = { keys: 300, large: 3, largeSize: 9000 };
/** Some seconds, 3 MB. */
export const quickLife: Life = { keys: 2000, large: 1, largeSize: 1_500_000 };
/** Half a minute, more than 50 MB. */
export const wholeLife: Life = { keys: 100_000, large: 8, largeSize: 1_500_000 };
/** The whole one with TEST_ALL=1. */
export const testedLife: Life = process.env.TEST_ALL === '1' ? wholeLife : quickLife;

const { signal } = new AbortController();

/** Takes seconds; a test file starts one and asks all it has to ask of it. */
export const startLivedIn = async (
  programs: Programs,
  life: Life = testedLife,
  seed = 1,
): Promise<LivedIn> => {
  await using started = new AsyncDisposableStack();
  const folder = started.use(await temporaryFolder());
  const cluster = started.use(await startEtcd({ etcd: programs.etcd ?? '', args: flagsFor(programs, life) }));
  await storageVersionWritten(cluster, programs);
  const grown = await grow({ programs, cluster, life, random: seeded(seed), folder: folder.path });
  const all = started.move();
  return { cluster, ...grown, [Symbol.asyncDispose]: () => all.disposeAsync() };
};

/** A compaction in a hundred steps or so with a rest after each, so that there is a time in which it is half done. */
const flagsFor = ({ minor }: Programs, { keys }: Life): string[] => {
  const batch = `compaction-batch-limit=${Math.ceil(keys / 60)}`;
  if (minor === '3.4') return [`--experimental-${batch}`];
  return [minor === '3.5' ? `--experimental-${batch}` : `--${batch}`, '--unsafe-no-fsync'];
};

type Growing = { programs: Programs; cluster: EtcdCluster; life: Life; random: Random; folder: string };

const grow = async (
  growing: Growing,
): Promise<Pick<LivedIn, 'settings' | 'young' | 'compacting' | 'old'>> => {
  const { programs, cluster, life, random, folder } = growing;
  const { keys } = life;
  const half = Math.ceil(life.large / 2);
  const large = Array.from({ length: life.large }, (_, index) => `/large/${index}`);

  const open = cluster.settings();
  const young = await withClient(open, async client => {
    await createKeys(client, random, keys);
    await putLarge(client, random, { keys: large, size: life.largeSize });
    await grantLeases(client);
    const past = await revisionOf(client);
    await changeKeys(client, random, { count: keys, changes: keys / 2 });
    return await snapshot(growing, open, { file: join(folder, 'young.db'), older: [past] });
  });

  await enableAuth(open, { root: password, reader: secret('reader') });
  const settings = cluster.settings({ user: 'root', password });
  return await withClient(settings, async client => {
    await compact(client, (await revisionOf(client)) - 5, true);
    await changeKeys(client, random, { count: keys, changes: keys / 2 });
    await putLarge(client, random, { keys: large.slice(0, half), size: life.largeSize - 1000 });
    await compact(client, (await revisionOf(client)) - 3, true);
    await changeKeys(client, random, { count: keys, changes: keys / 2 });
    await putSingly(client, random, 14);
    const compacting = await whileCompacting(growing, settings, client);

    await changeKeys(client, random, { count: keys, changes: keys / 10 });
    await compact(client, (await revisionOf(client)) - 4, true);
    const past = await revisionOf(client);
    await changeKeys(client, random, { count: keys, changes: keys / 10 });
    const gone = await addLearner(programs, settings, 'gone', 'http://127.0.0.1:1');
    await run(programs, settings, ['member', 'remove', gone]);
    await addLearner(programs, settings, 'to-come', 'http://127.0.0.1:2');
    await raiseAlarm(client);
    const old = await snapshot(growing, settings, { file: join(folder, 'old.db'), older: [past] });
    return { settings, young, compacting, old };
  });
};

const password = secret('root');

const withClient = async <T>(settings: EtcdSettings, run: (client: EtcdClient) => Promise<T>): Promise<T> => {
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  return await run(client);
};

const revisionOf = async (client: EtcdClient): Promise<number> =>
  (await memberStatus(client, { signal })).revision;

/** One with keys, one that has none, and one that is revoked, which deletes its key. Far longer than a test. */
const grantLeases = (client: EtcdClient): Promise<void> =>
  client.etcd3(
    async ({ leaseClient, kv }, options) => {
      for (const [ID, TTL] of [
        ['1001', 90_000],
        ['7587869412345678901', 80_000],
        ['1003', 70_000],
      ] as const)
        await leaseClient.leaseGrant({ ID, TTL }, options);
      for (const name of ['/leased/a', '/leased/b', 'k000003'])
        await kv.put(
          { key: Buffer.from(name), value: Buffer.from(name), lease: '7587869412345678901' },
          options,
        );
      await kv.put({ key: Buffer.from('/leased/c'), value: Buffer.from('c'), lease: '1003' }, options);
      await leaseClient.leaseRevoke({ ID: '1003' }, options);
    },
    { operation: 'grant leases', signal },
  );

/** With `physical` it has ended when this resolves. */
const compact = (client: EtcdClient, revision: number, physical: boolean): Promise<unknown> =>
  client.etcd3((etcd3, options) => etcd3.kv.compact({ revision, physical }, options), {
    operation: 'compact',
    signal,
  });

/** Compacts a little further each time until a snapshot has caught it on the way. */
const whileCompacting = async (
  growing: Growing,
  settings: EtcdSettings,
  client: EtcdClient,
): Promise<Stage> => {
  const newest = await revisionOf(client);
  for (let attempt = 1; attempt <= 5; attempt++) {
    const file = join(growing.folder, `compacting-${attempt}.db`);
    await compact(client, newest - 14 + 2 * attempt, false);
    const stage = await snapshot(growing, settings, { file, older: [newest - 2] });
    const said = readMetaBucket({ path: file }, { name: file });
    if ((said.scheduledCompactRevision ?? 0) > (said.finishedCompactRevision ?? 0)) return stage;
  }
  throw new Error('every compaction was over before its snapshot');
};

type Shot = { file: string; older: number[] };

const snapshot = async (growing: Growing, settings: EtcdSettings, { file, older }: Shot): Promise<Stage> => {
  await run(growing.programs, settings, ['snapshot', 'save', file]);
  return { file, facts: await factsOf(settings, older) };
};

/** Its id as etcdctl takes it. Nobody ever listens at `peer`; etcd has one learner at a time, and no id twice. */
const addLearner = async (
  programs: Programs,
  settings: EtcdSettings,
  name: string,
  peer: string,
): Promise<string> => {
  const printed = await run(programs, settings, ['member', 'add', name, '--learner', `--peer-urls=${peer}`]);
  return /[0-9a-f]{8,}/.exec(printed)?.[0] ?? '';
};

const raiseAlarm = async (client: EtcdClient): Promise<void> => {
  const { memberId } = await memberStatus(client, { signal });
  await client.etcd3(
    ({ maintenance }, options) =>
      maintenance.alarm({ action: 'Activate', memberID: memberId, alarm: 'Nospace' }, options),
    { operation: 'raise an alarm', signal },
  );
};

const run = (programs: Programs, settings: EtcdSettings, args: string[]): Promise<string> => {
  const user = settings.user ? [`--user=${settings.user}:${settings.password?.reveal()}`] : [];
  return etcdctl(programs, settings.endpoints[0] ?? '', [...user, ...args]);
};
