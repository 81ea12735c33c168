/** The reader on databases that bbolt wrote in etcds of every minor version while all kinds of requests came to them. */
import { execFile } from 'node:child_process';
import { copyFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../src/bolt/database.ts';
import { recordReader, records } from '../src/bolt/records.ts';
import { checkStructure, type Structure } from '../src/bolt/structure.ts';
import { type EtcdClient, openClient } from '../src/etcd/client.ts';
import { snapshotInto } from './support/database-file.ts';
import { startEtcd } from './support/etcd.ts';
import { needGoProgram } from './support/go-programs.ts';
import { etcdctl, need, testedMinors } from './support/programs.ts';
import { type Random, seeded } from './support/random.ts';
import { writeAtRandom } from './support/random-writes.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
// TEST_SEED does a run again that failed.
const seed = Number(process.env.TEST_SEED ?? Date.now() % 2 ** 31);
const bbolt = await needGoProgram('bbolt');

const stages = [
  ['few', 20],
  ['more', 200],
  ['many', 1200],
  ['defragmented', 3],
] as const;

/** All that there is to a key at a revision, in letters, so that a difference can be read. */
type State = Map<string, string>;
const stated = (value: Uint8Array, numbers: (number | bigint | string)[]): string =>
  `${numbers.join(' ')} ${Buffer.from(value).toString('base64')}`;

/** What a file says of these revisions, in their order. */
const statesIn = (file: string, revisions: number[]): State[] => {
  using database = openDatabase(file, 'it.db');
  const state: State = new Map();
  const states: State[] = [];
  for (const record of records(database)) {
    while (record.main > (revisions[states.length] ?? Number.POSITIVE_INFINITY)) states.push(new Map(state));
    const key = record.key.toString('latin1');
    const { createRevision, modRevision, version, lease } = record;
    if (record.tombstone) state.delete(key);
    else state.set(key, stated(record.value, [createRevision, modRevision, version, lease]));
  }
  while (states.length < revisions.length) states.push(new Map(state));
  return states;
};

/** What an etcd says of a revision, and how many keys it counts. */
const stateOf = async (client: EtcdClient, revision: number): Promise<{ state: State; count: number }> => {
  const state: State = new Map();
  let [from, count] = [Buffer.from([0]), 0];
  for (;;) {
    const answer = await client.etcd3(
      ({ kv }, options) => kv.range({ key: from, range_end: Buffer.from([0]), revision, limit: 5 }, options),
      { operation: 'read it all', signal },
    );
    count ||= Number(answer.count);
    for (const { key, value, create_revision, mod_revision, version, lease } of answer.kvs) {
      state.set(
        key.toString('latin1'),
        stated(value, [create_revision, mod_revision, version, BigInt.asIntN(64, BigInt(lease))]),
      );
      from = Buffer.concat([key, Buffer.from([0])]);
    }
    if (!answer.more) return { state, count };
  }
};

for (const minor of testedMinors) {
  const programs = await need(minor);

  describe.skipIf(programs === null)(`a database of etcd ${minor}, written at random (seed ${seed})`, () => {
    let folder: TemporaryFolder;
    let random: Random;
    const files: { name: string; file: string; revisions: number[]; said: State[]; counts: number[] }[] = [];

    beforeAll(async () => {
      folder = await temporaryFolder();
      random = seeded(seed);
      if (!programs) return;
      await using cluster = await startEtcd({ etcd: programs.etcd ?? '' });
      const settings = cluster.settings();
      await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
      let compacted = 0;
      for (const [name, count] of stages) {
        if (name === 'defragmented') await etcdctl(programs, settings.endpoints[0] ?? '', ['defrag']);
        compacted = await writeAtRandom(client, random, { count, compacted });
        const file = join(folder.path, `${name}.db`);
        const { revision } = await snapshotInto(file, cluster, programs);
        const oldest = Math.max(1, compacted);
        const between = Array.from({ length: 6 }, () => oldest + random(revision - oldest));
        const revisions = [...new Set([oldest, ...between, revision])].toSorted((a, b) => a - b);
        const said = [];
        for (const one of revisions) said.push(await stateOf(client, one));
        files.push({
          name,
          file,
          revisions,
          said: said.map(({ state }) => state),
          counts: said.map(({ count }) => count),
        });
      }
    });
    afterAll(() => folder[Symbol.asyncDispose]());

    test('has all keys as its etcd has them, at each revision', () => {
      expect(files).toHaveLength(4);
      for (const { name, file, revisions, said, counts } of files) {
        const states = statesIn(file, revisions);
        for (const [index, state] of states.entries()) {
          const which = `${name} at ${revisions[index]}`;
          expect(state.size, which).toBe(counts[index]);
          expect(new Map([...state].sort()), which).toEqual(new Map([...(said[index] ?? [])].sort()));
        }
      }
    });

    const check = (file: string): { structure: Structure; seen: number } => {
      using database = openDatabase(file, 'it.db');
      const read = recordReader(database);
      let seen = 0;
      const structure = checkStructure(database, {
        key: entry => {
          seen = read(entry).main;
        },
      });
      return { structure, seen };
    };

    test('is whole', () => {
      for (const { name, file, revisions } of files) {
        const { structure, seen } = check(file);
        expect(structure, name).toMatchObject({ freelistPages: null, otherMeta: null, bytesBehind: 32 });
        expect(seen, name).toBe(revisions.at(-1));
      }
      const many = files.map(({ file }) => check(file).structure)[2];
      expect(many?.overflowPages).toBeGreaterThan(0);
      expect(many?.branchPages).toBeGreaterThan(1);
      expect(many?.freePages).toBeGreaterThan(0);
    });

    test.skipIf(bbolt === null)(
      'is whole as bbolt sees it, page by page, with a list of free pages too',
      async () => {
        const run = async (...args: string[]) => (await promisify(execFile)(bbolt ?? '', args)).stdout;
        for (const { name, file } of files) {
          const bare = join(folder.path, 'bare.db');
          await copyFile(file, bare);
          await truncate(bare, (await stat(file)).size - 32);
          const { structure } = check(bare);
          expect(structure, name).toEqual({ ...check(file).structure, bytesBehind: 0 });
          expect(kindsIn(await run('pages', bare)), name).toEqual(kindsOf(structure));

          const listed = join(folder.path, `listed-${name}.db`);
          await run('surgery', 'freelist', 'rebuild', bare, '--output', listed);
          const rebuilt = check(listed).structure;
          const own = rebuilt.freelistPages ?? 0;
          expect(rebuilt, name).toMatchObject({
            ...structure,
            freePages: structure.freePages - own,
            freelistPages: 1,
          });
          const compact = join(folder.path, `compact-${name}.db`);
          await run('compact', '-o', compact, bare);
          expect(
            check(compact).structure.buckets.map(({ pages, ...facts }) => facts),
            name,
          ).toEqual(structure.buckets.map(({ pages, ...facts }) => facts));
        }
      },
    );
  });
}

/** How many pages of each kind a listing of bbolt's has: a line each with id, kind, elements, overflow. */
const kindsIn = (listing: string) => {
  const kinds = { meta: 0, branch: 0, leaf: 0, overflow: 0, free: 0 };
  for (const [, kind, overflow = '0'] of listing.matchAll(
    /^\d+ +(meta|branch|leaf|free)(?: +\d+)? *(\d+)? *$/gm,
  )) {
    kinds[kind as keyof typeof kinds]++;
    kinds.overflow += Number(overflow);
  }
  return kinds;
};

const kindsOf = (structure: Structure) => ({
  meta: 2,
  branch: structure.branchPages,
  leaf: structure.leafPages,
  overflow: structure.overflowPages,
  free: structure.freePages,
});
