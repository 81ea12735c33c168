import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SnapbackError } from '../src/errors.ts';
import { prune } from '../src/job/prune.ts';
import { silentLog } from '../src/log.ts';
import { daily, type KeptStore, keptStore } from './support/kept-store.ts';
import { noPolicy } from './support/retention-golden.ts';

const four = daily(10, 13).map(id => `2025${id.slice(4)}`);
const [, second = '', , newest = ''] = four;

test('what is pinned while prune is at work stays', async () => {
  await using kept = await keptStore(four);
  const { signal } = new AbortController();
  const told: string[] = [];
  const outcome = await keepLastOne(kept, signal, label => {
    if (told.push(label) === 1) writeFileSync(join(kept.folder, `${second}.pin`), 'x');
  });
  expect(told).toEqual(['removed', 'stays', 'removed']);
  expect(outcome.error).toBeNull();
  expect(outcome.result.snapshots[2]).toMatchObject({
    id: second,
    removed: false,
    problem: 'stays: it is pinned',
  });
  expect(await kept.files('2025')).toEqual([
    `${second}.db.zst.age`,
    `${second}.json`,
    `${second}.pin`,
    `${newest}.db.zst.age`,
    `${newest}.json`,
  ]);
});

test('what is found bad while prune is at work lets no other one go', async () => {
  await using kept = await keptStore(four);
  const { signal } = new AbortController();
  const told: string[] = [];
  const fail = `${newest}.verify.20251114T000000Z-00ff00.object.fail.json`;
  const outcome = await keepLastOne(kept, signal, label => {
    if (told.push(label) === 1) writeFileSync(join(kept.folder, fail), 'x');
  });
  expect(told).toEqual(['removed', 'removed', 'stays']);
  expect(outcome.result.snapshots.map(one => one.removed)).toEqual([false, false, true, true]);
  expect(outcome.result.snapshots[1]?.problem).toBe('stays: it is the newest good snapshot');
});

test('of two prunes at once neither fails, and the newest one is left, whole', async () => {
  await using kept = await keptStore(four);
  const { signal } = new AbortController();
  const outcomes = await Promise.all([1, 2].map(() => keepLastOne(kept, signal, () => {})));
  expect(outcomes.map(({ error }) => error)).toEqual([null, null]);
  expect(await kept.files('2025')).toEqual([`${newest}.db.zst.age`, `${newest}.json`]);
});

test('a prune that is interrupted tells what is gone, and leaves the rest whole', async () => {
  await using kept = await keptStore(four);
  const controller = new AbortController();
  const reason = new SnapbackError('aborted', {
    operation: 'prune',
    object: 'the prune',
    reason: 'was interrupted',
  });
  const outcome = await keepLastOne(kept, controller.signal, () => controller.abort(reason));
  expect(outcome.error).toBe(reason);
  expect(outcome.result.snapshots.map(one => one.removed)).toEqual([false, false, false, true]);
  expect(await kept.files('2025')).toHaveLength(6);
});

const keepLastOne = (kept: KeptStore, signal: AbortSignal, onStep: (label: string) => void) => {
  const policy = { ...noPolicy, keepLast: 1 };
  const folder = {
    store: kept.store.location,
    s3: null,
    cluster: 'prod',
    clusterNamed: true,
    lineage: null,
    trustKeys: [],
  };
  const how = {
    maxDelete: null,
    yes: false,
    dryRun: false,
    removeOrphans: false,
    extendLocks: false,
    allVersions: false,
  };
  return prune(
    { ...folder, ...how, policy },
    {
      signal,
      log: silentLog,
      notify: event => {
        if (event.kind === 'step') onStep(event.label);
      },
      progress: () => {},
    },
  );
};
