/** That what is read again right before a removal says what the whole folder would. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timeOf } from '../src/catalog/id.ts';
import { listSnapshots } from '../src/catalog/listing.ts';
import { mustStayNow } from '../src/catalog/must-stay-now.ts';
import { mustStay } from '../src/catalog/rails.ts';
import { anyone } from '../src/catalog/trust-key.ts';
import { namedStore } from './support/named-store.ts';

const { signal } = new AbortController();
const now = new Date('2026-11-23T12:00:00Z');
const idOf = (at: number) => `202611${10 + at}T061807Z-4f2a9c`;

const state = fc.constantFrom('good', 'verified', 'bad', 'verified and bad', 'being removed', 'gone');
type State = 'good' | 'verified' | 'bad' | 'verified and bad' | 'being removed' | 'gone';

const filesOf = (id: string, is: State): string[] => {
  const verdict = (outcome: string, time: string) => `${id}.verify.20261123T${time}Z-00ff00.${outcome}.json`;
  const pass = is.startsWith('verified') ? [verdict('drill.pass', '010000')] : [];
  const fail = is.endsWith('bad') ? [verdict('object.fail', '020000')] : [];
  const marker = is === 'being removed' ? [`${id}.removed`] : [];
  return is === 'gone' ? [] : [`${id}.json`, `${id}.db.zst`, ...pass, ...fail, ...marker];
};

const knownAs = (id: string, is: State) => ({
  id,
  started: timeOf(id),
  bad: is.endsWith('bad'),
  verified: is.startsWith('verified') || null,
});

/** How each was known and how each is now, oldest first; the last ones are dated after `now`. */
const folder = fc.array(
  fc.record({ was: state, is: state, changed: fc.boolean(), ours: fc.integer({ min: 0, max: 3 }) }),
  { minLength: 1, maxLength: 18 },
);

test('it says what the whole folder says, however that has changed since it was known', async () => {
  await fc.assert(
    fc.asyncProperty(folder, fc.nat(), async (all, pick) => {
      const snapshots = all.map(({ was, is, changed, ours }, at) => ({
        id: idOf(at),
        was,
        is: changed ? is : was,
        ours: ours > 0,
      }));
      const { store } = namedStore(snapshots.flatMap(({ id, is }) => filesOf(id, is)));
      const { entries } = await listSnapshots(store, 'prod', { signal });
      const found = entries[pick % entries.length];
      if (!found) return;
      const ours = snapshots.filter(one => one.ours).map(({ id, was }) => knownAs(id, was));
      const mine = entries.filter(({ id }) => ours.some(one => one.id === id));
      const wanted = mustStay(mine, found.id, now);
      expect(await mustStayNow(store, found, { ours, now, trust: anyone, signal })).toBe(wanted);
    }),
    { numRuns: 3000 },
  );
});

test('one listing from the ones on that let it go is enough, and it is read on where they no longer do', async () => {
  const ids = [0, 1, 2, 3].map(idOf);
  const [first = '', , third = '', fourth = ''] = ids;
  const look = async (was: State[], is: State[]) => {
    const { store, asked } = namedStore(ids.flatMap((id, at) => filesOf(id, is[at] ?? 'gone')));
    const [found] = (await listSnapshots(store, 'prod', { signal, prefix: first })).entries;
    if (!found) throw new Error('it is gone');
    const ours = ids.map((id, at) => knownAs(id, was[at] ?? 'gone'));
    const why = await mustStayNow(store, found, { ours, now, trust: anyone, signal });
    return { why, after: asked.slice(1).map(({ after }) => after) };
  };
  const good: State[] = ['good', 'good', 'good', 'good'];
  const drilled: State[] = ['verified', 'good', 'verified', 'good'];
  expect(await look(good, good)).toEqual({ why: null, after: [fourth] });
  expect(await look(drilled, drilled)).toEqual({ why: null, after: [third] });
  expect(await look(good, ['good', 'good', 'good', 'bad'])).toEqual({ why: null, after: [fourth, first] });
  expect(await look(good, ['good', 'gone', 'being removed', 'bad'])).toEqual({
    why: 'the newest good snapshot',
    after: [fourth, first],
  });
  expect(await look(good, ['verified', 'good', 'good', 'good'])).toEqual({
    why: 'the newest verified snapshot',
    after: [first],
  });
});
