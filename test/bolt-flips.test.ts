/**
 * The reader alone, against damage: bits of real snapshots are turned over and their ends cut off, and no hash of the
 * file is looked at. What has to be found is found; what may pass is why the hashes are there.
 */
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Kind, kinds, mapOf, type Piece } from './support/bolt-map.ts';
import { type Finding, findings, look } from './support/content-look.ts';
import { chooseCuts, chooseFlips, type Flip } from './support/flips.ts';
import { type Life, type Stage, smallLife, startLivedIn } from './support/lived-in-etcd.ts';
import { need, testedMinors } from './support/programs.ts';
import { seeded } from './support/random.ts';
import { snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const all = process.env.TEST_ALL === '1';
const seed = Number(process.env.TEST_SEED ?? 20_261_123);
const random = seeded(seed);

/** With these the whole file may pass: nothing in it says what they were. */
const mayPass: Kind[] = [
  'record written over since the compaction',
  'record that compaction has given up',
  'key of another bucket',
  'value of another bucket',
  'free page',
  'bytes that no element covers',
  'trailer',
];

/** Each minor gives three of the small ones, and 3.6 a large one. In all 10,000 and 1,000 with TEST_ALL=1. */
const counts = { small: { flips: all ? 800 : 400, cuts: 80 }, large: { flips: 400, cuts: 40 } };
const largeLife: Life = { keys: 60_000, large: 10, largeSize: 1_500_000 };

type Sample = Stage & { counts: { flips: number; cuts: number }; pieces: Piece[] };

const samples: Sample[] = [];
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const minor of testedMinors) {
    await addSamples(minor, 'small', smallLife, ['young', 'compacting', 'old']);
    if (all && minor === '3.6') await addSamples(minor, 'large', largeLife, ['old']);
  }
}, 1_800_000);

afterAll(() => folder[Symbol.asyncDispose]());

const addSamples = async (
  minor: (typeof testedMinors)[number],
  size: keyof typeof counts,
  life: Life,
  stages: ('young' | 'compacting' | 'old')[],
): Promise<void> => {
  const programs = await need(minor);
  if (!programs) return;
  await using etcd = await startLivedIn(programs, life, seed);
  for (const stage of stages) {
    const { facts, file: original } = etcd[stage];
    const file = join(folder.path, `${minor}-${size}-${stage}.db`);
    copyFileSync(original, file);
    const pieces = mapOf(readFileSync(file), facts.revisions[0]);
    samples.push({ file, facts, pieces, counts: counts[size] });
  }
};

test('snapshots to which nothing was done pass, and every byte of them has its kind', () => {
  for (const sample of samples) {
    const { file, pieces } = sample;
    expect([file, look(sample)]).toEqual([file, 'nothing']);
    expect([pieces[0]?.start, pieces.at(-1)?.end]).toEqual([0, statSync(file).size]);
    expect(pieces.every(({ start }, index) => start === (pieces[index - 1]?.end ?? 0))).toBe(true);
  }
  if (all) expect(samples.some(({ file }) => statSync(file).size > 50_000_000)).toBe(true);
});

test('a bit that is turned over is found, wherever the reader can know', () => {
  const table = newTable(kinds);
  const missed: string[] = [];
  const before = process.memoryUsage.rss();
  let highest = 0;
  for (const sample of samples) {
    for (const flip of chooseFlips(sample.pieces, random, sample.counts.flips)) {
      const found = withFlip(sample.file, flip, () => look(sample));
      count(table, flip.kind, found);
      if ((found === 'nothing' || found === 'not comparable') && !mayPass.includes(flip.kind))
        missed.push(
          `${basename(sample.file)}: bit ${flip.bit} of byte ${flip.offset}, ${flip.kind}: ${found}`,
        );
      highest = Math.max(highest, process.memoryUsage.rss());
    }
  }
  print(`Bits turned over, and by what that was found (TEST_SEED=${seed})`, table);
  expect(missed).toEqual([]);
  expect(kinds.filter(kind => !table.has(kind))).toEqual([]);
  expect(highest - before).toBeLessThan(256 * 2 ** 20);
}, 1_800_000);

test('a file that was cut is found', () => {
  const table = newTable(['cut']);
  const missed: string[] = [];
  for (const sample of samples) {
    const file = join(folder.path, 'cut.db');
    copyFileSync(sample.file, file);
    const cuts = chooseCuts(statSync(file).size, random, sample.counts.cuts);
    // The longest first: then the file need not be made whole again.
    for (const size of cuts.toSorted((a, b) => b - a)) {
      truncateSync(file, size);
      const found = look({ ...sample, file });
      count(table, 'cut', found);
      if (found === 'nothing' || found === 'not comparable')
        missed.push(`${basename(sample.file)} at ${size}`);
    }
  }
  print(`Files cut, and by what that was found (TEST_SEED=${seed})`, table);
  expect(missed).toEqual([]);
}, 1_800_000);

test('with the hashes none of it passes', async () => {
  const sample = samples.at(-1);
  if (!sample) return;
  const verify = async (file: string) =>
    (await snapback(['verify', file, '--level', 'content', '--scratch', folder.path])).code;
  expect(await verify(sample.file)).toBe(0);
  for (const kind of new Set(sample.pieces.map(piece => piece.kind))) {
    const ofKind = sample.pieces.filter(piece => piece.kind === kind);
    for (const flip of chooseFlips(ofKind, random, 1)) {
      const file = join(folder.path, 'flipped.db');
      copyFileSync(sample.file, file);
      turn(file, flip);
      expect([kind, await verify(file)]).toEqual([kind, 20]);
    }
  }
});

/** Turns the bit over, and back when it is called again. */
const turn = (file: string, { offset, bit }: Flip): void => {
  const handle = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, offset);
  writeSync(handle, Buffer.of((byte[0] ?? 0) ^ bit), 0, 1, offset);
  closeSync(handle);
};

const withFlip = <T>(file: string, flip: Flip, run: () => T): T => {
  turn(file, flip);
  try {
    return run();
  } finally {
    turn(file, flip);
  }
};

type Table = Map<string, { [finding in Finding]?: number }>;

const newTable = (rows: readonly string[]): Table => new Map(rows.map(row => [row, {}]));

const count = (table: Table, row: string, found: Finding): void => {
  const cells = table.get(row) ?? {};
  cells[found] = (cells[found] ?? 0) + 1;
  table.set(row, cells);
};

const print = (title: string, table: Table): void => {
  const line = (name: string, cells: (string | number)[]) =>
    `${name.padEnd(42)}${cells.map(cell => String(cell).padStart(16)).join('')}`;
  const rows = [...table].map(([name, cells]) =>
    line(
      name,
      findings.map(finding => cells[finding] ?? 0),
    ),
  );
  process.stdout.write(`${[title, line('', [...findings]), ...rows].join('\n')}\n`);
};
