/** Whether a snapshot has much less in it than the good one before. */
import type { Manifest } from '../catalog/manifest.ts';
import { count, size } from '../figures.ts';
import type { Context } from './context.ts';
import type { Groups } from './expectation-counts.ts';
import type { Comparison, Found } from './expectation-found.ts';
import { type PreviousGood, whyUnread } from './previous-good.ts';

/**
 * Compares keys, where both numbers are known, and bytes: those in use where both were recorded, since the file itself
 * also shrinks by a defragmentation, else those of the file.
 */
export const shrinkage = (
  percent: number,
  { counts, manifest, plainSize }: Found,
  previous: Manifest,
): Comparison => {
  const told: string[] = [];
  let within = true;
  const compare = (what: string, before: number, now: number, figure: (number: number) => string) => {
    within &&= isWithin(percent, before, now);
    told.push(`${what} ${figure(before)} → ${figure(now)}${less(before, now)}`);
  };
  const keys = previous.fingerprint?.keys;
  if (keys !== undefined && typeof counts !== 'string') compare('keys', keys, counts.keys, count);
  const [before, now] = [previous.etcd.dbSizeInUse, manifest?.etcd.dbSizeInUse ?? null];
  if (before !== null && now !== null) compare('in use', before, now, size);
  else if (plainSize !== null) compare('size', previous.plain.size, plainSize, size);
  if (told.length === 1)
    told.push(typeof counts === 'string' ? counts : `no number of keys is recorded of ${previous.id}`);
  return { status: within ? 'pass' : 'fail', detail: `${told.join(', ')}; since ${previous.id}` };
};

/** The one before is read now: what hinders that makes it skipped. Throws the signal's reason. */
export const shrinkageByGroup = async (
  percent: number,
  groups: Groups | null,
  previous: PreviousGood,
  context: Pick<Context, 'signal'>,
): Promise<Comparison> => {
  const skipped = (detail: string): Comparison => ({ status: 'skipped', detail });
  if (groups === null || typeof groups === 'string') return skipped(groups ?? 'its keys were not counted');
  const { id } = previous.manifest;
  let before: Groups;
  try {
    before = await previous.groups();
  } catch (error) {
    return skipped(whyUnread(error, id, context));
  }
  if (typeof before === 'string') return skipped(`${id}, the one before: ${before}`);
  const fallen = [...before]
    .map(([name, keys]) => ({ name, keys, now: groups.get(name) ?? 0 }))
    .filter(({ keys, now }) => !isWithin(percent, keys, now))
    .toSorted((a, b) => b.keys - b.now - (a.keys - a.now));
  if (fallen.length === 0)
    return {
      status: 'pass',
      detail: `${count(before.size)} resources or prefixes, each at most ${percent} % fewer than in ${id}`,
    };
  const shown = fallen
    .slice(0, 5)
    .map(({ name, keys, now }) => `${name} ${count(keys)} → ${count(now)}${less(keys, now)}`);
  const others = fallen.length > 5 ? ` and ${count(fallen.length - 5)} more` : '';
  return { status: 'fail', detail: `${shown.join(', ')}${others}; since ${id}` };
};

const isWithin = (percent: number, before: number, now: number): boolean =>
  (before - now) * 100 <= before * percent;

const less = (before: number, now: number): string =>
  now < before ? ` (${(Math.floor(((before - now) / before) * 1000) / 10).toFixed(1)} % less)` : '';
