import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Level, parseName, type VerdictName } from '../src/catalog/names.ts';
import { standing } from '../src/catalog/standing.ts';
import { anyone } from '../src/catalog/trust-key.ts';
import { readVerdict, type Verdict, writeVerdict } from '../src/catalog/verdict.ts';
import { openFileStore } from '../src/store/file.ts';
import { sampleSha256 } from './support/snapshot-sample.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const id = '20261122T061807Z-4f2a9c';
const levels: Level[] = ['object', 'content', 'drill'];

/** `drill+ object-`: verdicts one second apart, oldest first. */
const history = (text: string): VerdictName[] =>
  text
    .split(' ')
    .filter(Boolean)
    .map((one, at) => verdictAt(at, one.slice(0, -1) as Level, one.endsWith('+')));

const verdictAt = (at: number, level: Level, pass: boolean): VerdictName => ({
  name: `${id}.verify.x${at}.${level}.${pass ? 'pass' : 'fail'}.json`,
  time: new Date(1_790_000_000_000 + at * 1000),
  level,
  pass,
});

test.each([
  ['', null, null],
  ['object+', null, null],
  ['content+', null, null],
  ['drill+', null, 0],
  ['drill+ object+ content+', null, 0],
  ['drill+ drill+', null, 1],
  ['object-', 0, null],
  ['object- object+', null, null],
  ['object- content+', null, null],
  ['object- drill+', null, 1],
  ['content- object+', 0, null],
  ['content- content+', null, null],
  ['drill- content+ object+', 0, null],
  ['drill- drill+', null, 1],
  ['drill+ object-', 1, null],
  ['drill+ object- object+', null, 0],
  ['drill+ content- object+', 1, null],
  ['drill+ drill-', 1, null],
  ['drill+ drill- content+', 1, null],
  ['content- object-', 1, null],
  ['content- object- object+', 0, null],
])('after "%s"', (text, failed, verified) => {
  const verdicts = history(text);
  const wanted = {
    failed: failed === null ? null : verdicts[failed],
    verified: verified === null ? null : verdicts[verified],
  };
  expect(standing(verdicts)).toEqual(wanted);
  expect(standing([...verdicts].reverse())).toEqual(wanted);
});

test('of two in the same second the fail counts as the later one', () => {
  const verdicts = [verdictAt(1, 'drill', true), { ...verdictAt(1, 'drill', false), name: 'a' }];
  expect(standing(verdicts)).toEqual({ failed: verdicts[1], verified: null });
});

const anyVerdict = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(...levels), fc.boolean())
  .map(([at, level, pass]) => verdictAt(at, level, pass));
const anyHistory = fc.array(anyVerdict, { maxLength: 12 });

test('what stands does not depend on the order of the listing', () => {
  fc.assert(
    fc.property(anyHistory, fc.func(fc.integer()), (verdicts, random) => {
      const shuffled = [...verdicts].sort((x, y) => random(x.name) - random(y.name));
      expect(standing(shuffled)).toEqual(standing(verdicts));
    }),
  );
});

test('a later drill that passes lifts every fail, and a later fail always stands', () => {
  fc.assert(
    fc.property(anyHistory, fc.constantFrom(...levels), (verdicts, level) => {
      const drill = verdictAt(20, 'drill', true);
      expect(standing([...verdicts, drill])).toEqual({ failed: null, verified: drill });
      const fail = verdictAt(20, level, false);
      expect(standing([...verdicts, fail])).toEqual({ failed: fail, verified: null });
    }),
  );
});

test('a pass never makes a snapshot worse, and nothing bad is verified', () => {
  fc.assert(
    fc.property(anyHistory, anyVerdict, (verdicts, one) => {
      const before = standing(verdicts);
      const after = standing([...verdicts, { ...one, pass: true, time: new Date(1_800_000_000_000) }]);
      if (!before.failed) expect(after.failed).toBeNull();
      expect(before.failed !== null && before.verified !== null).toBe(false);
    }),
  );
});

const sample: Verdict = {
  format: 1,
  kind: 'verdict',
  snapshot: id,
  manifest: sampleSha256,
  level: 'drill',
  pass: true,
  started: '2026-11-22T09:00:00.500Z',
  seconds: 8.6,
  recoverySeconds: 8.6,
  tool: 'etcd-snapback 0.1.0',
  programs: { etcd: '3.6.16', etcdutl: '3.6.16' },
  checks: [{ name: 'same-as-living', status: 'pass', detail: 'HashKV 1 at revision 2', seconds: 0.3 }],
  expectations: [],
};

test('a verdict is found by its name and read as it was written', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  const names = await Promise.all(
    [1, 2].map(() => writeVerdict(store, 'prod', sample, { signKey: null, signal })),
  );
  expect(new Set(names).size).toBe(2);
  for (const name of names) {
    const named = parseName(name);
    if (named.kind !== 'verdict') throw new Error(name);
    const verdict = { name, time: new Date('2026-11-22T09:00:00Z'), level: 'drill', pass: true };
    expect(named).toEqual({ kind: 'verdict', id, verdict });
    expect(await readVerdict(store, 'prod', named.verdict, { trust: anyone, signal })).toEqual({
      verdict: sample,
      signedBy: null,
    });
  }
});

test.each([
  [{ ...sample, pass: false }, 'integrity'],
  [{ ...sample, level: 'object' }, 'integrity'],
  [{ ...sample, snapshot: '20261122T061807Z-000000' }, 'integrity'],
  [{ ...sample, started: '2026-11-22T08:59:59.900Z' }, 'integrity'],
  [{ ...sample, checks: 'all good' }, 'integrity'],
  [{ ...sample, format: 2 }, 'refused'],
])('a verdict whose body is not what its name says is not believed', async (body, code) => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  const name = `${id}.verify.20261122T090000Z-000000.drill.pass.json`;
  await store.put(`prod/${name}`, Buffer.from(JSON.stringify(body)), { signal });
  const named = parseName(name);
  if (named.kind !== 'verdict') throw new Error(name);
  await expect(readVerdict(store, 'prod', named.verdict, { trust: anyone, signal })).rejects.toMatchObject({
    code,
  });
});
