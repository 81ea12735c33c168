/** That the newest part of a folder answers as the whole would. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stamp } from '../src/catalog/id.ts';
import { type Entry, readNames } from '../src/catalog/listing.ts';
import { listFor } from '../src/catalog/newest.ts';
import type { Question } from '../src/catalog/question.ts';
import { selectSnapshot } from '../src/catalog/select.ts';
import { anyone } from '../src/catalog/trust-key.ts';
import { namedStore } from './support/named-store.ts';

const { signal } = new AbortController();
const now = new Date('2026-11-23T12:00:00Z');
const day = 86_400_000;

/** The name of a snapshot that is so many days old. */
const idOf = (days: number, random = '4f2a9c') => `${stamp(new Date(now.getTime() - days * day))}-${random}`;

const verdict = (id: string, outcome: string) => `${id}.verify.20261123T000000Z-00ff00.${outcome}.json`;
const whole = (id: string) => [`${id}.json`, `${id}.db.zst`];

/** What a command says of a listing: what it takes for each, or the error; and the newest verified one. */
const said = (entries: Entry[], { snapshots, before, skipBad, newestVerified }: Question) => {
  try {
    const chosen = snapshots.map(one => selectSnapshot(entries, one, { before, skipBad: skipBad ?? false }));
    const verified = entries.find(
      one =>
        one.verified &&
        !one.bad &&
        !(newestVerified === 'another' && chosen.some(({ entry }) => entry === one)),
    );
    return { chosen, verified: newestVerified ? verified : undefined };
  } catch (error) {
    return String(error);
  }
};

const age = fc.oneof(
  fc.integer({ min: -3 * 24, max: 70 * 24 }).map(hours => hours / 24),
  fc.constantFrom(0, 1, 2, 31, 2.00001, 31.00001, 400),
);
const snapshot = fc
  .record({
    days: age,
    random: fc.constantFrom('000000', '4f2a9c', 'ffffff'),
    files: fc.subarray(['.json', '.db.zst', '.pin', '.removed', '.log.1'], { minLength: 1 }),
    good: fc.boolean(),
    verdicts: fc.subarray(['drill.pass', 'drill.fail', 'object.fail', 'object.pass']),
  })
  .map(({ days, random, files, good, verdicts }) => {
    const id = idOf(days, random);
    const names = good ? whole(id) : files.map(suffix => `${id}${suffix}`);
    return { id, names: [...names, ...verdicts.map(one => verdict(id, one))] };
  });
const folder = fc
  .record({
    snapshots: fc.array(snapshot, { maxLength: 6 }),
    /** More names than one request lists, of that age. */
    crowd: fc.oneof(
      { weight: 20, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom(0.5, 20, 60) },
    ),
    lineage: fc.boolean(),
  })
  .map(({ snapshots, crowd, lineage }) => {
    const many = crowd === null ? [] : Array.from({ length: 1001 }, (_, at) => `${idOf(crowd)}.log.${at}`);
    const names = new Set([...snapshots.flatMap(one => one.names), ...many]);
    if (lineage) names.add('cluster.json');
    return { ids: snapshots.map(one => one.id), names: [...names] };
  });

test('every question has the answer that the whole folder gives', async () => {
  await fc.assert(
    fc.asyncProperty(
      folder,
      fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 2 }),
      fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: age }),
      fc.boolean(),
      fc.constantFrom('any', 'another', undefined),
      async ({ ids, names }, picks, before, skipBad, newestVerified) => {
        const words = ['latest', 'latest~1', 'latest-verified', '4f2a', 'latest~', ...ids];
        const question: Question = {
          snapshots: picks.map(pick => words[pick % words.length] ?? ''),
          before: before === null ? null : new Date(now.getTime() - before * day),
          skipBad,
          ...(newestVerified ? { newestVerified } : {}),
        };
        const { store } = namedStore(names);
        const { entries } = await listFor(store, 'prod', question, { now, trust: anyone, signal });
        const all = readNames(
          'prod',
          names.map(name => ({ name: `prod/${name}`, size: 1, modified: now })),
        );
        expect(said(entries, question)).toEqual(said(all.entries, question));
      },
    ),
    { numRuns: 2000 },
  );
});

const asked = async (names: string[], question: Partial<Question> & { snapshots: string[] }) => {
  const found = namedStore(names);
  await listFor(found.store, 'prod', { before: null, ...question }, { now, trust: anyone, signal });
  return found.asked.map(({ after }) => after?.slice(0, 8) || 'all');
};
const month = '20261023';
const days = '20261121';
const old = Array.from({ length: 2000 }, (_, at) => whole(idOf(40 + at / 24))).flat();

test('the newest month is enough for what is in it', async () => {
  const names = [...old, ...whole(idOf(30)), ...whole(idOf(1)), verdict(idOf(30), 'drill.pass')];
  for (const one of ['latest', 'latest~1', 'latest-verified', idOf(30)])
    expect(await asked(names, { snapshots: [one] }), one).toEqual([month]);
  expect(await asked(names, { snapshots: ['latest'], newestVerified: 'any' })).toEqual([month]);
  expect(await asked(names, { snapshots: ['latest'], newestVerified: 'another' })).toEqual([month]);
  expect(await asked(names, { snapshots: ['latest-verified'], newestVerified: 'another' })).toEqual([
    month,
    'all',
  ]);
});

test('what may be further back is looked for there', async () => {
  const names = [...old, ...whole(idOf(30)), verdict(idOf(30), 'object.fail')];
  expect(await asked(names, { snapshots: ['latest'] })).toEqual([month]);
  expect(await asked(names, { snapshots: ['latest'], skipBad: true })).toEqual([month, 'all']);
  expect(await asked(names, { snapshots: ['latest~1'] })).toEqual([month, 'all']);
  expect(await asked(old, { snapshots: ['latest'] })).toEqual([month, 'all']);
  expect(await asked(names, { snapshots: ['4f2a'] })).toEqual(['all']);
  expect(await asked(names, { snapshots: ['latest'], before: now })).toEqual(['all']);
});

test('a month with more than a request lists is not read on: two days are, or all', async () => {
  const crowd = Array.from({ length: 700 }, (_, at) => whole(idOf(3 + at / 24))).flat();
  expect(await asked([...crowd, ...whole(idOf(1))], { snapshots: ['latest'] })).toEqual([month, days]);
  expect(await asked(crowd, { snapshots: ['latest'] })).toEqual([month, days, 'all']);
});
