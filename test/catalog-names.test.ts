import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isId, newId, stamp, timeOf, timeOfStamp } from '../src/catalog/id.ts';
import { checkClusterName, objectFile, parseName } from '../src/catalog/names.ts';

const id = '20261122T061807Z-4f2a9c';

test.each([
  ['cluster.json', { kind: 'lineage' }],
  [
    'cluster.20261122T061807Z.14841639068965178418.json',
    { kind: 'etcd-cluster', since: new Date('2026-11-22T06:18:07Z'), clusterId: '14841639068965178418' },
  ],
  [`${id}.db`, { kind: 'object', id, compression: 'none', encryption: null }],
  [`${id}.db.zst`, { kind: 'object', id, compression: 'zstd', encryption: null }],
  [`${id}.db.age`, { kind: 'object', id, compression: 'none', encryption: 'age' }],
  [`${id}.db.zst.age`, { kind: 'object', id, compression: 'zstd', encryption: 'age' }],
  [`${id}.json`, { kind: 'manifest', id }],
  [`${id}.json.sig`, { kind: 'signature', id }],
  [`${id}.files.tar.zst.age`, { kind: 'attachments', id }],
  [`${id}.pin`, { kind: 'pin', id }],
  [`${id}.removed`, { kind: 'removed', id }],
  [
    `${id}.verify.20261123T000000Z-00ff00.content.fail.json.sig`,
    { kind: 'verdict-signature', id, of: `${id}.verify.20261123T000000Z-00ff00.content.fail.json` },
  ],
])('%s is known', (file, named) => {
  expect(parseName(file)).toEqual(named);
});

test('the name of a verdict tells all that a listing needs', () => {
  const name = `${id}.verify.20261123T000000Z-00ff00.drill.pass.json`;
  const verdict = { name, time: new Date('2026-11-23T00:00:00Z'), level: 'drill', pass: true };
  expect(parseName(name)).toEqual({ kind: 'verdict', id, verdict });
});

test.each([
  [`${id}.log.000001`, id],
  [`${id}.db.lz4`, id],
  [`${id}.db.age.zst`, id],
  [`${id}.verify.20261123T000000Z-00ff00.page.pass.json`, id],
  [`${id}.verify.20261131T000000Z-00ff00.drill.pass.json`, id],
  [`${id}.verify.20261123T000000Z.drill.pass.json`, id],
  [`${id}.constructor`, id],
  [`${id}.__proto__`, id],
  [`${id}.`, id],
  [id, null],
  [`${id}-copy.json`, null],
  ['20261322T061807Z-4f2a9c.json', null],
  ['20261122T061807Z-4F2A9C.json', null],
  ['cluster.20261122T061807Z.0x1.json', null],
  ['cluster.20261199T061807Z.1.json', null],
  ['README.txt', null],
  ['', null],
])('%s is kept as something else', (file, of) => {
  expect(parseName(file)).toEqual({ kind: 'other', id: of });
});

test('an object has the suffixes of what was done to it', () => {
  for (const compression of ['zstd', 'none'] as const)
    for (const encryption of ['age', null] as const)
      expect(parseName(objectFile(id, compression, encryption))).toEqual({
        kind: 'object',
        id,
        compression,
        encryption,
      });
});

test('times in names are UTC to the second, and nothing else is one', () => {
  expect(stamp(new Date('2026-11-22T06:18:07.999Z'))).toBe('20261122T061807Z');
  expect(timeOfStamp('20261122T061807Z')).toEqual(new Date('2026-11-22T06:18:07Z'));
  for (const text of ['20260230T000000Z', '20261122T246000Z', '20261122T061807', 'x', ''])
    expect(timeOfStamp(text)).toBeNull();
  expect(timeOf(id)).toEqual(new Date('2026-11-22T06:18:07Z'));
  expect(() => timeOf('20260230T000000Z-000000')).toThrow(RangeError);
});

test('ids of one process never go backwards, whatever the clock does', () => {
  const clock = fc.array(fc.integer({ min: 1_790_000_000_000, max: 1_790_000_005_000 }), { maxLength: 200 });
  let last = '';
  fc.assert(
    fc.property(clock, times => {
      for (const time of times) {
        const id = newId(new Date(time));
        expect(isId(id)).toBe(true);
        expect(id > last).toBe(true);
        expect(timeOf(id).getTime()).toBeGreaterThanOrEqual(Math.floor(time / 1000) * 1000);
        last = id;
      }
    }),
  );
  expect(newId(new Date('2027-01-01T00:00:00.500Z'))).toMatch(/^20270101T000000Z-[0-9a-f]{6}$/);
});

test('an id is greater than what another process wrote in this very second, and in that one only', () => {
  const at = new Date('2027-02-01T00:00:00.900Z');
  expect(newId(at, '20270201T000000Z-fffffe')).toBe('20270201T000000Z-ffffff');
  expect(newId(at, '20270201T000000Z-000000') > '20270201T000000Z-ffffff').toBe(true);
  expect(newId(new Date('2027-03-01T00:00:00Z'), '20290101T000000Z-ffffff')).toMatch(/^20270301T000000Z-/);
});

test('names of clusters', () => {
  for (const name of ['prod', 'a', '0', 'eu-1.prod_b', 'a'.repeat(63)])
    expect(checkClusterName(name)).toBe(name);
  for (const name of ['', 'Prod', '.a', '-a', '_a', 'a/b', '..', 'ä', 'a b', 'a'.repeat(64), 'a\n'])
    expect(() => checkClusterName(name), name).toThrow(expect.objectContaining({ code: 'usage' }));
});
