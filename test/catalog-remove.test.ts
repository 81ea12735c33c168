import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { timeOf } from '../src/catalog/id.ts';
import { listSnapshots } from '../src/catalog/listing.ts';
import { removeOrphans } from '../src/catalog/orphans.ts';
import { pin, readPin, unpin } from '../src/catalog/pin.ts';
import { finishRemovals, removeSnapshot } from '../src/catalog/remove.ts';
import { anyone } from '../src/catalog/trust-key.ts';
import { openFileStore } from '../src/store/file.ts';
import type { Store } from '../src/store/store.ts';
import { cut, cutAfter, meanwhile } from './support/cut-store.ts';
import { putSample, sampleLineage } from './support/snapshot-sample.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const ids = [1, 2, 3].map(day => `2026112${day}T061807Z-4f2a9${day}`);
const [oldest = '', middle = '', newest = ''] = ids;
const now = new Date('2026-12-01T00:00:00Z');
/** As they were known when it was decided: good, and not verified. */
const known = (some: string[]) => some.map(id => ({ id, started: timeOf(id), bad: false, verified: null }));
const options = { reason: 'policy', ours: known(ids), now, trust: anyone, signal };
const refused = expect.objectContaining({ code: 'refused' });
const verdict = (id: string, outcome: string) => `prod/${id}.verify.20261125T000000Z-000000.${outcome}.json`;

test('a removal takes all of a snapshot but what this version does not know', async () => {
  await using opened = await threeSnapshots();
  const { store, files } = opened;
  for (const more of [verdict(oldest, 'drill.fail'), `prod/${oldest}.json.sig`, `prod/${oldest}.log.1`])
    await store.put(more, Buffer.from('x'), { signal });
  expect(await removeSnapshot(store, { cluster: 'prod', id: oldest }, options)).toBe(true);
  expect(await files(oldest)).toEqual([`${oldest}.log.1`]);
  expect(await files('')).toHaveLength(5);
  expect(await removeSnapshot(store, { cluster: 'prod', id: oldest }, options)).toBe(false);
});

test('the marker says why, and is there before anything goes', async () => {
  await using opened = await threeSnapshots();
  const { store, files } = opened;
  await expect(removeSnapshot(cutAfter(store, 1), { cluster: 'prod', id: oldest }, options)).rejects.toBe(
    cut,
  );
  expect(await files(oldest)).toEqual([`${oldest}.db.zst.age`, `${oldest}.json`, `${oldest}.removed`]);
  const chunks = await (await store.get(`prod/${oldest}.removed`, { signal })).toArray();
  expect(Buffer.concat(chunks).toString()).toBe('policy\n');
});

test('wherever a removal is cut off, nobody sees a half, and the next run finishes it', async () => {
  for (let changes = 0; changes <= 6; changes += 1) {
    await using opened = await threeSnapshots();
    const { store, files } = opened;
    await store.put(verdict(oldest, 'object.pass'), Buffer.from('x'), { signal });
    await store.put(`prod/${oldest}.strange`, Buffer.from('x'), { signal });
    const whole = await files(oldest);
    const removal = removeSnapshot(cutAfter(store, changes), { cluster: 'prod', id: oldest }, options);
    // The marker, the manifest, the object, the verdict, and the marker again.
    if (changes < 5) await expect(removal).rejects.toBe(cut);
    else await removal;

    const listing = await listSnapshots(store, 'prod', { signal });
    const listed = listing.entries.some(entry => entry.id === oldest);
    expect(listed).toBe(changes === 0);
    if (listed) expect(await files(oldest)).toEqual(whole);
    const finished = await finishRemovals(store, listing, { lineage: sampleLineage, signal });
    expect(finished).toEqual(changes >= 1 && changes <= 4 ? [oldest] : []);
    if (!listed) expect(await files(oldest)).toEqual([`${oldest}.strange`]);
    expect(await files(middle)).toHaveLength(2);
  }
});

test('the manifest goes first, then the object, then the rest, and the marker last', async () => {
  const suffixes = ['.db.zst.age', '.json', '.json.sig', '.removed'];
  const left = [
    suffixes,
    ['.db.zst.age', '.json.sig', '.removed'],
    ['.json.sig', '.removed'],
    ['.removed'],
    [],
  ];
  for (const [removals, wanted] of left.entries()) {
    await using opened = await threeSnapshots();
    const { store, files } = opened;
    await store.put(`prod/${oldest}.json.sig`, Buffer.from('x'), { signal });
    const removal = removeSnapshot(cutAfter(store, 1 + removals), { cluster: 'prod', id: oldest }, options);
    await removal.catch(error => expect(error).toBe(cut));
    expect(await files(oldest)).toEqual(wanted.map(suffix => `${oldest}${suffix}`));
  }
});

test('a removal that is finished twice at once ends well', async () => {
  await using opened = await threeSnapshots();
  const { store, files } = opened;
  await expect(removeSnapshot(cutAfter(store, 2), { cluster: 'prod', id: oldest }, options)).rejects.toBe(
    cut,
  );
  const listing = await listSnapshots(store, 'prod', { signal });
  await Promise.all([1, 2].map(() => finishRemovals(store, listing, { lineage: sampleLineage, signal })));
  expect(await files(oldest)).toEqual([]);
});

test('the newest good, the newest verified and the pinned stay', async () => {
  await using opened = await threeSnapshots();
  const { store, files } = opened;
  await store.put(verdict(middle, 'drill.pass'), Buffer.from('x'), { signal });
  await store.put(`prod/${oldest}.pin`, Buffer.from('x'), { signal });
  const before = await files('');
  for (const id of ids)
    await expect(removeSnapshot(store, { cluster: 'prod', id }, options), id).rejects.toEqual(refused);
  await expect(
    removeSnapshot(store, { cluster: 'prod', id: oldest }, { ...options, evenNewest: true }),
  ).rejects.toEqual(refused);
  expect(await files('')).toEqual(before);
  expect(await removeSnapshot(store, { cluster: 'prod', id: newest }, { ...options, evenNewest: true })).toBe(
    true,
  );
});

test('one of another lineage or of the future is not the newest one here', async () => {
  await using opened = await threeSnapshots();
  const { store } = opened;
  const stranger = '20261130T000000Z-000000';
  const future = '20271130T000000Z-000000';
  await putSample(store, stranger, { lineage: 'f'.repeat(32) });
  await putSample(store, future);
  await expect(
    removeSnapshot(store, { cluster: 'prod', id: newest }, { ...options, ours: known([...ids, future]) }),
  ).rejects.toEqual(refused);
  expect(
    await removeSnapshot(
      store,
      { cluster: 'prod', id: future },
      { ...options, ours: known([...ids, future]) },
    ),
  ).toBe(true);
});

test('a bad one is not the newest good one', async () => {
  await using opened = await threeSnapshots();
  const { store } = opened;
  await store.put(verdict(newest, 'object.fail'), Buffer.from('x'), { signal });
  await expect(removeSnapshot(store, { cluster: 'prod', id: middle }, options)).rejects.toEqual(refused);
  expect(await removeSnapshot(store, { cluster: 'prod', id: newest }, options)).toBe(true);
});

test.each([`prod/${oldest}.pin`, verdict(newest, 'object.fail')])(
  'what another run writes after the marker still counts: %s',
  async name => {
    await using opened = await threeSnapshots();
    const { store, files } = opened;
    if (!name.includes('pin')) await removeSnapshot(store, { cluster: 'prod', id: middle }, options);
    const other = meanwhile(store, async written => {
      if (written.endsWith('.removed')) await store.put(name, Buffer.from('x'), { signal });
    });
    await expect(removeSnapshot(other, { cluster: 'prod', id: oldest }, options)).rejects.toEqual(refused);
    expect(await files(oldest)).not.toContain(`${oldest}.removed`);
    expect((await listSnapshots(store, 'prod', { signal })).entries.map(entry => entry.id)).toContain(oldest);
  },
);

test('a pin that came after the marker takes an unfinished removal back, while that is possible', async () => {
  await using opened = await threeSnapshots();
  const { store, files } = opened;
  for (const id of [oldest, middle]) await store.put(`prod/${id}.pin`, Buffer.from('x'), { signal });
  for (const id of [oldest, middle]) await store.put(`prod/${id}.removed`, Buffer.from('x'), { signal });
  await store.remove(`prod/${middle}.json`, { signal });
  const listing = await listSnapshots(store, 'prod', { signal });
  expect(await finishRemovals(store, listing, { lineage: sampleLineage, signal })).toEqual([middle]);
  expect(await files(oldest)).toEqual([`${oldest}.db.zst.age`, `${oldest}.json`, `${oldest}.pin`]);
  expect(await files(middle)).toEqual([]);
});

test("a stranger's removal is not finished", async () => {
  await using opened = await threeSnapshots();
  const { store, files } = opened;
  await store.put(`prod/${oldest}.removed`, Buffer.from('x'), { signal });
  const listing = await listSnapshots(store, 'prod', { signal });
  expect(await finishRemovals(store, listing, { lineage: 'f'.repeat(32), signal })).toEqual([]);
  expect(await files(oldest)).toHaveLength(3);
});

test('pins', async () => {
  await using opened = await threeSnapshots();
  const { store } = opened;
  const entry = async () => {
    const { entries } = await listSnapshots(store, 'prod', { signal });
    return entries.find(one => one.id === oldest) ?? expect.fail('it is gone');
  };
  expect(await readPin(store, await entry(), { signal })).toBeNull();
  expect(await pin(store, await entry(), 'before the upgrade', { signal })).toBe(true);
  expect(await pin(store, await entry(), 'another reason', { signal })).toBe(false);
  expect((await entry()).pinned).toBe(true);
  expect(await readPin(store, await entry(), { signal })).toBe('before the upgrade');
  expect(await unpin(store, await entry(), { signal })).toBe(true);
  expect(await unpin(store, await entry(), { signal })).toBe(false);
  expect((await entry()).pinned).toBe(false);
});

test('what is being removed or is gone cannot be pinned', async () => {
  await using opened = await threeSnapshots();
  const { store, files } = opened;
  await store.put(`prod/${oldest}.removed`, Buffer.from('x'), { signal });
  await expect(pin(store, { cluster: 'prod', id: oldest }, '', { signal })).rejects.toEqual(refused);
  const gone = '20261101T000000Z-000000';
  await expect(pin(store, { cluster: 'prod', id: gone }, '', { signal })).rejects.toMatchObject({
    code: 'not-found',
  });
  expect(await files(gone)).toEqual([]);
});

test('orphans go when all of them is 24 hours old by the clock of the store', async () => {
  await using opened = await threeSnapshots();
  const { store, files, folder } = opened;
  const hour = 3_600_000;
  const clock = await store.now({ signal });
  const orphan = async (id: string, ages: Record<string, number>) => {
    for (const [suffix, hours] of Object.entries(ages)) {
      await store.put(`prod/${id}${suffix}`, Buffer.from('x'), { signal });
      const time = new Date(clock.getTime() - hours * hour);
      await utimes(join(folder, 'prod', `${id}${suffix}`), time, time);
    }
  };
  const [old, young, mixed] = ['000001', '000002', '000003'].map(random => `20261122T061807Z-${random}`) as [
    string,
    string,
    string,
  ];
  await orphan(old, { '.db.zst': 24, '.json.sig': 25, '.unknown': 99 });
  await orphan(young, { '.db.zst': 23.9 });
  await orphan(mixed, { '.db.zst': 30, '.json.sig': 1 });
  const result = await removeOrphans(store, 'prod', { signal });
  expect(result.removed.map(one => one.id)).toEqual([old]);
  expect(result.young.map(one => one.id)).toEqual([mixed, young]);
  expect(await files(old)).toEqual([`${old}.unknown`]);
  expect(await files(young)).toHaveLength(1);
  expect(await files(mixed)).toHaveLength(2);
  expect(await files(oldest)).toHaveLength(2);
});

const threeSnapshots = async (): Promise<{
  store: Store;
  folder: string;
  files(id: string): Promise<string[]>;
  [Symbol.asyncDispose](): Promise<void>;
}> => {
  const folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  for (const id of ids) await putSample(store, id);
  return {
    store,
    folder: folder.path,
    files: async id => (await readdir(join(folder.path, 'prod'))).filter(file => file.startsWith(id)).sort(),
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
};
