import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stamp } from '../src/catalog/id.ts';
import { parseMaxDelete, tooMany } from '../src/catalog/max-delete.ts';
import type { Policy } from '../src/catalog/policy.ts';
import { newestGood, newestVerified } from '../src/catalog/rails.ts';
import { type Candidate, plan } from '../src/catalog/retention.ts';
import { noPolicy, readCase, writeCase } from './support/retention-golden.ts';

// Written once with UPDATE_GOLDEN=1 and read line by line before they were taken as right.
const golden = join(import.meta.dirname, 'golden/retention');
const files = (await readdir(golden)).filter(file => file.endsWith('.txt')).sort();

test('there are golden files', () => {
  expect(files.length).toBeGreaterThanOrEqual(25);
});

test.each(files)('%s', async file => {
  const text = await readFile(join(golden, file), 'utf8');
  const given = readCase(text);
  const written = writeCase(given, plan(given.candidates, given.policy, given.now));
  if (process.env.UPDATE_GOLDEN) await writeFile(join(golden, file), written);
  else expect(written).toBe(text);
});

const usage = expect.objectContaining({ code: 'usage' });

test.each<[string, Partial<Policy>]>([
  ['nothing', {}],
  ['zeros', { keepLast: 0, keepDaily: 0, keepWithin: 0 }],
  ['a floor alone', { minKeep: 5 }],
  ['a time zone alone', { timeZone: 'UTC' }],
])('a policy that says %s is refused, also for an empty store', (_, policy) => {
  expect(() => plan([], { ...noPolicy, ...policy }, new Date())).toThrow(usage);
});

test.each<Partial<Policy>>([
  { keepLast: -1 },
  { keepDaily: 1.5 },
  { keepLast: 1, minKeep: Number.NaN },
  { keepWithin: -1 },
  { keepLast: 1, timeZone: 'Mars/Olympus' },
])('%j is no policy', policy => {
  expect(() => plan([], { ...noPolicy, ...policy }, new Date())).toThrow(usage);
});

const now = new Date('2026-11-22T12:00:00Z');

/** Snapshots of some 500 days, dense where it matters, and a few of the future. */
const anyCandidates = fc
  .uniqueArray(
    fc.record({
      hoursAgo: fc.oneof(fc.integer({ min: -30, max: 72 }), fc.integer({ min: 0, max: 12_000 })),
      minute: fc.integer({ min: 0, max: 59 }),
      bad: fc.integer({ min: 0, max: 3 }).map(one => one === 0),
      verified: fc.integer({ min: 0, max: 3 }).map(one => one === 0),
      pinned: fc.integer({ min: 0, max: 9 }).map(one => one === 0),
    }),
    { maxLength: 40, selector: one => one.hoursAgo * 60 - one.minute },
  )
  .map(all =>
    all.map(({ hoursAgo, minute, bad, verified, pinned }): Candidate => {
      const started = new Date(now.getTime() - (hoursAgo * 60 - minute) * 60_000);
      return { id: `${stamp(started)}-000000`, started, bad, verified: verified && !bad, pinned };
    }),
  );

const count = fc.option(fc.integer({ min: 0, max: 12 }));
const anyPolicy = fc
  .record({
    keepLast: count,
    keepHourly: count,
    keepDaily: count,
    keepWeekly: count,
    keepMonthly: count,
    keepYearly: count,
    keepWithin: fc.option(fc.integer({ min: 1, max: 2000 }).map(hours => hours * 3_600_000)),
    minKeep: count,
    timeZone: fc.constantFrom(
      null,
      'UTC',
      'Europe/Berlin',
      'Asia/Kathmandu',
      'America/St_Johns',
      'Pacific/Apia',
    ),
  })
  .filter(({ minKeep: _, timeZone: __, ...rules }) => Object.values(rules).some(Boolean));

const keptOf = (candidates: Candidate[], policy: Policy): Set<string> =>
  new Set(plan(candidates, policy, now).flatMap(one => (one.keep ? [one.id] : [])));
const isGood = (one: Candidate) => !one.bad && one.started <= now;

const property = (
  name: string,
  predicate: (candidates: Candidate[], policy: Policy, kept: Set<string>) => void,
) =>
  test(name, () => {
    fc.assert(
      fc.property(anyCandidates, anyPolicy, (candidates, policy) =>
        predicate(candidates, policy, keptOf(candidates, policy)),
      ),
      { numRuns: 400 },
    );
  });

property('every snapshot gets one decision with a reason, newest first', (candidates, policy) => {
  const decisions = plan(candidates, policy, now);
  expect(decisions.map(one => one.id)).toEqual(
    candidates
      .map(one => one.id)
      .sort()
      .reverse(),
  );
  for (const { reasons } of decisions) expect(reasons.length).toBeGreaterThan(0);
});

property(
  'the newest good, the newest verified, the pinned and the future-dated never go',
  (candidates, _, kept) => {
    for (const one of [newestGood(candidates, now), newestVerified(candidates, now)])
      if (one) expect(kept).toContain(one.id);
    for (const one of candidates) if (one.pinned || one.started > now) expect(kept).toContain(one.id);
  },
);

property('a bad one goes when a newer one is verified, and not before', (candidates, _, kept) => {
  const verified = newestVerified(candidates, now);
  for (const one of candidates)
    if (one.bad && !one.pinned && one.started <= now)
      expect(kept.has(one.id)).toBe(!(verified && verified.id > one.id));
});

property('as many good ones as are asked for remain, when there are as many', (candidates, policy, kept) => {
  const good = candidates.filter(isGood);
  const left = good.filter(one => kept.has(one.id)).length;
  const asked = Math.max(policy.keepLast ?? 0, policy.minKeep ?? 0);
  expect(left).toBeGreaterThanOrEqual(Math.min(asked, good.length));
  const newest = [...good].sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, policy.keepLast ?? 0);
  for (const one of newest) expect(kept).toContain(one.id);
});

property('planning again on what was kept removes nothing', (candidates, policy, kept) => {
  const rest = candidates.filter(one => kept.has(one.id));
  expect(keptOf(rest, policy)).toEqual(kept);
});

property('the order of the listing does not matter', (candidates, policy) => {
  const wanted = plan(candidates, policy, now);
  expect(plan([...candidates].reverse(), policy, now)).toEqual(wanted);
  expect(
    plan(
      [...candidates].sort((a, b) => (a.id < b.id ? -1 : 1)),
      policy,
      now,
    ),
  ).toEqual(wanted);
});

property('a bad one changes nothing for the good ones', (candidates, policy, kept) => {
  const good = keptOf(
    candidates.filter(one => !one.bad),
    policy,
  );
  for (const one of candidates) if (!one.bad) expect(kept.has(one.id)).toBe(good.has(one.id));
});

test('more of a rule never keeps less', () => {
  const rule = fc.constantFrom(
    'keepLast',
    'keepHourly',
    'keepDaily',
    'keepWeekly',
    'keepMonthly',
    'keepYearly',
    'keepWithin',
  );
  fc.assert(
    fc.property(
      anyCandidates,
      anyPolicy,
      rule,
      fc.integer({ min: 1, max: 9 }),
      (candidates, any, name, more) => {
        // With a floor a rule that keeps more leaves less to fill up, so it is another one that may go.
        const policy = { ...any, minKeep: null } as Policy;
        const larger = { ...policy, [name]: (policy[name as 'keepLast'] ?? 0) + more };
        expect([...keptOf(candidates, larger)]).toEqual(
          expect.arrayContaining([...keptOf(candidates, policy)]),
        );
        const floor = { ...any, minKeep: (any.minKeep ?? 0) + more } as Policy;
        expect([...keptOf(candidates, floor)]).toEqual(expect.arrayContaining([...keptOf(candidates, any)]));
      },
    ),
    { numRuns: 400 },
  );
});

const removing = (removed: number, all: number) =>
  Array.from({ length: all }, (_, at) => ({ keep: at >= removed }));

test.each([
  [9, 9, null, false],
  [5, 10, null, false],
  [6, 10, null, true],
  [1, 3, '1', false],
  [2, 3, '1', true],
  [1, 3, '0', true],
  [0, 3, '0', false],
  [1, 3, '33%', true],
  [1, 3, '34 %', false],
  [10, 10, '100%', false],
  [0, 0, '0%', false],
])('to remove %i of %i with --max-delete %s', (removed, all, limit, refused) => {
  const error = tooMany(removing(removed, all), limit === null ? null : parseMaxDelete(limit));
  expect(error?.code ?? null).toBe(refused ? 'refused' : null);
});

test.each(['', '%', '-1', '101%', '1.5', 'half', '5 0'])('%j is no --max-delete', text => {
  expect(() => parseMaxDelete(text)).toThrow(usage);
});
