/** What changed between two snapshots, or between a snapshot and a living cluster. */
import { SnapbackError } from '../errors.ts';
import { openClient } from '../etcd/client.ts';
import type { Context, Outcome } from './context.ts';
import { type Change, changesOf } from './diff-changes.ts';
import { type DiffCounts, type DiffGroup, newGroups, noChanges } from './diff-groups.ts';
import { livingSide, type Side, type SideFacts, snapshotSide } from './diff-sides.ts';
import { type KeyFields, keyFields } from './key-fields.ts';
import { type ContentSettings, openContent } from './open-content.ts';
import { openScratch } from './scratch.ts';
import { findMembers } from './serving-member.ts';
import type { EtcdSettings } from './settings.ts';

export type DiffSettings = {
  content: Omit<ContentSettings, 'snapshot'>;
  /** From this snapshot */
  from: string;
  /** to this one, or to the living cluster. */
  to: { snapshot: string } | { etcd: EtcdSettings };
  /** Only keys that begin with it; an empty one is all. */
  prefix: string;
  /** By how many segments of the key the sums are; null by what Kubernetes calls it. */
  depth: number | null;
  /** Whether a difference makes the error `different`. */
  exitCode: boolean;
};

export type DiffResult = DiffCounts & {
  from: SideFacts;
  to: SideFacts;
  /** Whether both are of one cluster; null where that is not known. */
  sameCluster: boolean | null;
  /** Keys with the same value on both sides, those with another lease among them. */
  same: number;
  groups: DiffGroup[];
};

export type DiffEntry = KeyFields & {
  change: Change['change'];
  /** Bytes of the value, before and after; null where there is none. */
  sizes: [number | null, number | null];
  /** Of the last change, before and after. */
  revisions: [number | null, number | null];
};

/** False where no more are wanted. */
export type OnChange = (entry: DiffEntry) => Promise<boolean>;

/**
 * Gives what changed to `onChange`, one after the other in the order of the keys, and adds it up. A key has changed where
 * its value has other bytes. Throws what `openContent` throws, `etcd`, what `onChange` throws, and the signal's reason.
 */
export const diff = async (
  settings: DiffSettings,
  onChange: OnChange | null,
  context: Context,
): Promise<Outcome<DiffResult>> => {
  await using sides = new AsyncDisposableStack();
  const [from, to] = await openSides(settings, sides, context);
  const sameCluster = areOfOne(from.facts, to.facts);
  if (sameCluster === false) context.log.warn(strangers(from.facts, to.facts));
  const groups = newGroups(settings.depth);
  const counts = noChanges();
  let wanted = onChange;
  for await (const changes of changesOf(from.keys(), to.keys()))
    for (const change of changes) {
      counts[change.change] += 1;
      groups.add(change);
      if (wanted && !(await wanted(entryOf(change)))) wanted = null;
    }
  const result: DiffResult = {
    from: from.facts,
    to: to.facts,
    sameCluster,
    ...counts,
    same: from.facts.keys - counts.removed - counts.changed,
    groups: groups.all(),
  };
  const differ = counts.added + counts.removed + counts.changed > 0;
  return { result, error: differ && settings.exitCode ? different(result) : null };
};

const openSides = async (
  { content, from, to, prefix }: DiffSettings,
  sides: AsyncDisposableStack,
  context: Context,
): Promise<[Side, Side]> => {
  const scratch = sides.use(await openScratch(content.scratch, 0)).path;
  const about = { prefix: Buffer.from(prefix), scratch };
  const open = async (snapshot: string): Promise<Side> =>
    snapshotSide(sides.use(await openContent({ ...content, snapshot }, context)), about, context);
  // The cluster first: that it is away is known before anything is fetched.
  if ('etcd' in to) {
    const { order } = await findMembers(to.etcd, { discover: false, from: null }, context);
    const [{ endpoint, status }] = order;
    const client = sides.use(await openClient(to.etcd, endpoint, context));
    return [await open(from), livingSide(client, status, about, context)];
  }
  return [await open(from), await open(to.snapshot)];
};

/** A cluster that was restored is another for etcd, so that two ids of etcd can only prove that it is the same. */
const areOfOne = (a: SideFacts, b: SideFacts): boolean | null => {
  if (a.lineage !== null && b.lineage !== null) return a.lineage === b.lineage;
  return a.clusterId === null || b.clusterId === null ? null : a.clusterId === b.clusterId;
};

const strangers = (from: SideFacts, to: SideFacts): string =>
  to.endpoint === null
    ? `${from.snapshot} and ${to.snapshot} are of different clusters`
    : `${to.endpoint} is another cluster than the one that ${from.snapshot} was taken from, or was restored since`;

const entryOf = ({ change, a, b }: Change): DiffEntry => ({
  change,
  ...keyFields((a ?? b).key),
  sizes: [a?.size ?? null, b?.size ?? null],
  revisions: [a?.modRevision ?? null, b?.modRevision ?? null],
});

const different = ({ from, to }: DiffResult): SnapbackError =>
  new SnapbackError('different', {
    operation: 'diff',
    object: `${to.snapshot ?? to.endpoint}`,
    reason: `differs from ${from.snapshot}`,
    hint: '--keys lists what does.',
  });
