/** Puts keys of a snapshot back into a living cluster: a plan first, and then that very plan. */
import { from, isSnapbackError, SnapbackError } from '../errors.ts';
import { type EtcdClient, openClient } from '../etcd/client.ts';
import { refusalOf } from '../etcd/refusal.ts';
import type { MemberStatus } from '../etcd/status.ts';
import { count, size } from '../figures.ts';
import { keysFor } from '../kubernetes/key-name.ts';
import { shellQuoted } from '../shell-quoted.ts';
import type { Context, Outcome } from './context.ts';
import { openContent } from './open-content.ts';
import { type Compared, compare } from './put-back-compare.ts';
import {
  noKeys,
  type PutBackDone,
  type PutBackPlan,
  type PutBackResult,
  type PutBackSettings,
} from './put-back-result.ts';
import { carryOut } from './put-back-write.ts';
import { openScratch } from './scratch.ts';
import { findMembers } from './serving-member.ts';
import { entriesOf, type Selection } from './snapshot-entries.ts';
import { worst } from './worst.ts';

/**
 * Throws `usage` without a prefix or a key, `etcd` before anything is written, what `openContent` throws, and
 * `not-found` where the snapshot has none of the keys. Once something may have been written all that happens is an
 * outcome, also an abort: its result says what was written for certain. The error is `different` where the cluster ends
 * up without a key as the snapshot has it, for whatever reason, since that is what was asked for.
 */
export const putBack = async (
  settings: PutBackSettings,
  context: Context,
): Promise<Outcome<PutBackResult>> => {
  const { overwrite, includeVolatile, dryRun } = settings;
  const selection = selectionOf(settings);
  await using target = await openTarget(settings, context);
  await using content = await openContent(settings, context);
  await using scratch = await openScratch(settings.scratch, 0);
  const eachEntry = entriesOf(content, scratch.path, selection);
  const { client, status } = target;
  const { seen, missing, ...compared } = await compare(
    client,
    eachEntry,
    selection,
    { overwrite, includeVolatile },
    context,
  ).catch(error => {
    throw aboutRights(error, settings);
  });
  if (missing !== null) throw keyMissing(missing, content.name);
  if (Object.values(compared.plan).every(({ keys }) => keys === 0))
    throw nothingUnder(selection.prefixes, content.name);
  tellPlan(compared.plan, context);
  const clusterId = content.manifest?.cluster.id ?? null;
  const result: PutBackResult = {
    snapshot: content.name,
    taken: content.manifest?.taken.started ?? null,
    into: {
      endpoint: client.endpoint,
      version: status.version,
      clusterId: status.clusterId,
      revision: status.revision,
    },
    sameCluster: clusterId === null ? null : clusterId === status.clusterId,
    dryRun,
    ...compared,
    done: null,
    stopped: null,
  };
  if (dryRun) return { result, error: null };

  const done = newDone();
  try {
    if (compared.plan.create.keys + compared.plan.overwrite.keys > 0)
      await carryOut(client, eachEntry, { seen, plan: compared.plan }, done, context);
  } catch (thrown) {
    const why = context.signal.aborted ? context.signal.reason : aboutRights(thrown, settings);
    const error = from(why, 'failed', { operation: 'put-back', object: content.name });
    const stopped = [`${error.object} ${error.reason}.`, error.hint ?? []].flat().join(' ');
    return { result: { ...result, done, stopped }, error };
  }
  return { result: { ...result, done }, error: worst(shortcomings(content.name, compared, done)) };
};

const selectionOf = ({ prefixes, keys, resource, revision }: PutBackSettings): Selection => {
  if (prefixes.length === 0 && keys.length === 0 && resource === null)
    throw new SnapbackError('usage', {
      operation: 'read the options',
      object: 'put-back',
      reason: 'does not say which keys',
      hint: 'Name keys after the snapshot, or give --prefix or --resource.',
    });
  const objects =
    resource === null ? [] : keysFor(resource.resource, resource).map(text => Buffer.from(text));
  const isOne = resource !== null && resource.name !== null;
  return {
    prefixes: [...prefixes.map(text => Buffer.from(text)), ...(isOne ? [] : objects)],
    keys: [...keys.map(text => [Buffer.from(text)]), ...(isOne ? [objects] : [])],
    revision,
  };
};

const keyMissing = (key: string, snapshot: string): SnapbackError =>
  new SnapbackError('not-found', {
    operation: 'find the keys',
    object: snapshot,
    reason: `does not have the key ${key}`,
    hint: `\`snapback get ${shellQuoted(snapshot)} ${shellQuoted(key)}\` says whether it was deleted, and what is near it.`,
  });

const nothingUnder = (prefixes: Buffer[], snapshot: string): SnapbackError =>
  new SnapbackError('not-found', {
    operation: 'find the keys',
    object: snapshot,
    reason: `has no key that begins with ${prefixes.join(' or ')}`,
    hint: `\`snapback inspect ${shellQuoted(snapshot)}\` shows which there are.`,
  });

type Target = { client: EtcdClient; status: MemberStatus } & AsyncDisposable;

/** Whether it reaches its quorum, the reads of the plan tell: one of any other key this user may not be allowed. */
const openTarget = async ({ etcd }: PutBackSettings, context: Context): Promise<Target> => {
  const { order } = await findMembers(etcd, { discover: false, from: null }, context);
  const [{ endpoint, status }] = order;
  const client = await openClient(etcd, endpoint, context);
  return { client, status, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
};

const tellPlan = ({ create, overwrite, same, exists, volatile }: PutBackPlan, { notify }: Context): void => {
  const left = exists.keys + volatile.keys;
  const parts = [
    `create ${count(create.keys)}`,
    `overwrite ${count(overwrite.keys)}`,
    `${count(same.keys)} the same`,
    ...(left > 0 ? [`leave ${count(left)}`] : []),
  ];
  const bytes = create.bytes + overwrite.bytes;
  const text = `${parts.join(', ')}${bytes > 0 ? `; ${size(bytes)} to write` : ''}`;
  notify({ kind: 'step', label: 'plan', text });
};

const newDone = (): PutBackDone => ({
  created: noKeys(),
  overwritten: noKeys(),
  changed: noKeys(),
  tooLarge: noKeys(),
  inDoubt: noKeys(),
});

const shortcomings = (
  snapshot: string,
  { plan: { exists, volatile } }: Pick<Compared, 'plan'>,
  { changed, tooLarge }: PutBackDone,
): SnapbackError[] => {
  const errors: SnapbackError[] = [];
  const left = exists.keys + volatile.keys + changed.keys;
  const error = (code: 'different' | 'failed', keys: number, reason: string) =>
    new SnapbackError(code, {
      operation: 'put-back',
      object: `${count(keys)} ${keys === 1 ? 'key' : 'keys'} of ${snapshot}`,
      reason,
    });
  if (left > 0) errors.push(error('different', left, 'differ still in the cluster'));
  if (tooLarge.keys > 0)
    errors.push(error('failed', tooLarge.keys, 'did not fit into a request of this etcd'));
  return errors;
};

/** etcd's "permission denied" is of these keys, and not of a snapshot. */
const aboutRights = (error: unknown, { etcd: { user } }: PutBackSettings): unknown => {
  if (!isSnapbackError(error) || user === null || refusalOf(error) !== 'denied') return error;
  return new SnapbackError('etcd', {
    operation: error.operation,
    object: error.object,
    reason: `refused: user ${user} may not read and write all of these keys`,
    hint: 'Use --user root, or `etcdctl role grant-permission ROLE readwrite PREFIX --prefix=true` for a role of that user.',
    cause: error,
  });
};
