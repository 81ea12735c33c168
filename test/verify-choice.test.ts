import { expect, test } from 'vitest';
import { readNames } from '../src/catalog/listing.ts';
import { type Among, chooseToVerify } from '../src/job/verify-choice.ts';
import { rejection } from './support/rejection.ts';

const ids = ['01', '02', '03', '04', '05', '06'].map(day => `202611${day}T061807Z-4f2a9c`);
const [first = '', second = '', third = '', fourth = '', fifth = '', sixth = ''] = ids;
const now = new Date('2026-11-10T00:00:00Z');

const verdict = (id: string, day: string, what: string) =>
  `${id}.verify.202611${day}T120000Z-00ff3e.${what}.json`;
const { entries } = readNames(
  'prod',
  [
    ...ids.flatMap(id => [`${id}.json`, `${id}.db.zst`]),
    verdict(first, '02', 'drill.pass'),
    verdict(second, '08', 'drill.pass'),
    verdict(third, '03', 'drill.pass'),
    verdict(third, '09', 'object.fail'),
    verdict(fourth, '05', 'content.pass'),
  ].map(name => ({ name: `prod/${name}`, size: 1, modified: now })),
);

const none: Among = { allUnverified: false, last: null, olderThan: null, sample: null };
const day = 86_400_000;

const chosen = (
  among: Partial<Among>,
  {
    level = 'drill' as const,
    before = null,
    draw = () => 0,
  }: {
    level?: 'object' | 'content' | 'drill';
    before?: Date | null;
    draw?: (below: number) => number;
  } = {},
) =>
  chooseToVerify(
    entries,
    { snapshots: ['latest'], before, level, among: { ...none, ...among } },
    { now, draw },
  ).map(({ entry, level: deep }) => (deep === level ? entry.id : `${entry.id} ${deep}`));

test('without a choice among all it is what was named, each once', () => {
  expect(chosen({})).toEqual([sixth]);
  const twice = {
    snapshots: ['latest', sixth, 'latest~1'],
    before: null,
    level: 'object' as const,
    among: none,
  };
  expect(chooseToVerify(entries, twice, { now, draw: () => 0 }).map(({ entry }) => entry.id)).toEqual([
    sixth,
    fifth,
  ]);
});

test('a pass of a lower level is no proof, and neither is a drill that a later fail stands against', () => {
  expect(chosen({ allUnverified: true })).toEqual([sixth, fifth, fourth, third]);
});

test('the age is that of the proof, and what has none is older than anything', () => {
  expect(chosen({ olderThan: 7 * day })).toEqual([sixth, fifth, fourth, third, first]);
  expect(chosen({ olderThan: day })).toEqual([sixth, fifth, fourth, third, second, first]);
});

test('what is given together narrows the choice together', () => {
  expect(chosen({ last: 5, olderThan: 3 * day })).toEqual([sixth, fifth, fourth, third]);
  expect(chosen({ last: 2 }, { before: new Date('2026-11-03T12:00:00Z') })).toEqual([third, second]);
});

test('a sample is drawn among those without a proof, the others are checked at the level', () => {
  const object = { level: 'object' as const };
  expect(chosen({ sample: 1 }, object)).toEqual([`${sixth} drill`, fifth, fourth, third, second, first]);
  expect(chosen({ sample: 1 }, { ...object, draw: below => below - 1 })[2]).toBe(`${fourth} drill`);
  // A bad one uses up no place; when all others are proven, the oldest proof comes first.
  expect(chosen({ sample: 4 }, object)).toEqual([
    `${sixth} drill`,
    `${fifth} drill`,
    `${fourth} drill`,
    third,
    second,
    `${first} drill`,
  ]);
  expect(chosen({ sample: 2 })).toEqual([sixth, fifth]);
});

test('an empty store is no good news; a choice that nothing fits is', async () => {
  const empty = () =>
    chooseToVerify(
      [],
      { snapshots: ['latest'], before: null, level: 'drill', among: { ...none, last: 3 } },
      { now, draw: () => 0 },
    );
  expect(await rejection(Promise.resolve().then(empty))).toMatchObject({ code: 'not-found' });
  expect(
    chosen(
      { last: 1, olderThan: 100 * day, allUnverified: true },
      { before: new Date('2026-11-02T12:00:00Z') },
    ),
  ).toEqual([]);
});
