import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { armor, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { encode } from '../src/codec/codec.ts';
import { openForeign } from '../src/codec/foreign.ts';
import { secret } from '../src/secret.ts';
import { needGoProgram } from './support/go-programs.ts';
import { bytesOf, sampleBytes, streamOf } from './support/streams.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const age = await needGoProgram('age');
const { signal } = new AbortController();
const key = await generateX25519Identity();
const recipient = await identityToRecipient(key);

/** Begins as a database does, on the first two pages of 4 KiB; what is in it is no matter here. */
const database = sampleBytes(300_032);
for (const page of [0, 4096]) database.write('edda0ced02000000', page + 16, 'hex');

type Layer = (bytes: Uint8Array) => Promise<Uint8Array> | Uint8Array;
const zstd: Layer = bytes => execFileSync('zstd', ['-cq'], { input: bytes });
const gzip: Layer = bytes => execFileSync('gzip', ['-c'], { input: bytes });
const ageBinary: Layer = bytes => {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(bytes);
};
const ageArmor: Layer = async bytes => Buffer.from(armor.encode(await ageBinary(bytes)));

const packed = async (...layers: Layer[]): Promise<Buffer> => {
  let bytes: Uint8Array = database;
  for (const layer of layers) bytes = await layer(bytes);
  return Buffer.from(bytes);
};

const read = async (bytes: Uint8Array, identities = [secret(key)]) => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'snapshot');
  await writeFile(file, bytes);
  const foreign = openForeign(file, { identities, signal });
  return {
    content: await bytesOf(foreign.stream),
    layers: foreign.layers(),
    core: foreign.core(),
    plain: foreign.plain(),
  };
};

const shapes: [string, Layer[]][] = [
  ['', []],
  ['zstd', [zstd]],
  ['gzip', [gzip]],
  ['age', [ageBinary]],
  ['age zstd', [zstd, ageBinary]],
  ['age gzip', [gzip, ageBinary]],
  ['age armor,age', [ageArmor]],
  ['age armor,age zstd', [zstd, ageArmor]],
  ['gzip zstd gzip', [gzip, zstd, gzip]],
];

describe.each(shapes)('a file of the layers [%s]', (names, layers) => {
  test('gives the database, and tells its layers', async () => {
    const { content, layers: found, core, plain } = await read(await packed(...layers));
    expect(content.equals(database)).toBe(true);
    expect(found.join(' ')).toBe(names.replace('armor,', 'armor '));
    expect(core).toBe(null);
    expect(plain.size).toBe(database.length);
  });
});

test('a packed file whose bytes have the mark of a database where a database has it is unpacked all the same', async () => {
  const skippable = Buffer.from('502a4d180c0000000000000000000000edda0ced', 'hex');
  const { content, layers } = await read(Buffer.concat([skippable, await packed(zstd)]));
  expect(content.equals(database)).toBe(true);
  expect(layers).toEqual(['zstd']);
});

describe.each(shapes.filter(([, layers]) => layers.length > 0))(
  'a file of the layers [%s]',
  (names, layers) => {
    test('is an integrity error when it is cut or goes on', async () => {
      const bytes = await packed(...layers);
      // The line feed after armor's last line is no part of it.
      const cuts = [names.includes('armor') ? 3 : 1, 2, 8, 20, 1000, bytes.length >> 1].map(missing =>
        bytes.subarray(0, -missing),
      );
      const longer = ['\0\0', 'x', `${'\0'.repeat(500)}x`, 'more'].map(more =>
        Buffer.concat([bytes, Buffer.from(more)]),
      );
      for (const damaged of [...cuts, ...longer]) {
        await expect(read(damaged), `${damaged.length} of ${bytes.length}`).rejects.toMatchObject({
          code: 'integrity',
        });
      }
    });
  },
);

test('a database is known by its second page alone, where the first is damaged', async () => {
  const damaged = Buffer.from(database);
  damaged.fill(0, 0, 4096);
  expect((await read(damaged)).content.equals(damaged)).toBe(true);
});

test('several gzip members are one stream', async () => {
  const halves = [database.subarray(0, 100_000), database.subarray(100_000)];
  const { content } = await read(Buffer.concat(halves.map(half => gzipSync(half))));
  expect(content.equals(database)).toBe(true);
});

test("this program's own object gives its core", async () => {
  const { stream } = encode(streamOf(database), {
    compression: 'zstd',
    recipients: [recipient],
    core: async () => Buffer.from('the core'),
    signal,
  });
  const { content, layers, core } = await read(await bytesOf(stream));
  expect(content.equals(database)).toBe(true);
  expect(layers).toEqual(['age', 'zstd']);
  expect(core && Buffer.from(core).toString()).toBe('the core');
});

test.skipIf(!age)(
  'armor of the age program, also with white space around and Windows line ends',
  async () => {
    const text = execFileSync(age ?? '', ['-a', '-r', recipient], { input: database, encoding: 'latin1' });
    for (const variant of [text, `\n \n${text}\n\n  \n`, text.replaceAll('\n', '\r\n')]) {
      expect((await read(Buffer.from(variant, 'latin1'))).content.equals(database)).toBe(true);
    }
  },
);

describe('damaged armor is an integrity error:', () => {
  const lines = packed(ageArmor).then(bytes => bytes.toString('latin1').split('\n'));
  test.each<[string, (lines: string[]) => string[]]>([
    ['a line is missing', lines => lines.toSpliced(5, 1)],
    ['a line is shorter', lines => lines.toSpliced(5, 1, lines[5]?.slice(4) ?? '')],
    ['a line has other characters', lines => lines.toSpliced(5, 1, `${lines[5]?.slice(0, 63)}!`)],
    ['an empty line', lines => lines.toSpliced(5, 0, '')],
    ['the end is missing', lines => lines.slice(0, -2)],
    ['text after the end', lines => [...lines, 'text']],
    ['a line without an end', lines => [...lines.slice(0, 5), 'A'.repeat(5000), ...lines.slice(5)]],
  ])('%s', async (_, change) => {
    await expect(read(Buffer.from(change(await lines).join('\n')))).rejects.toMatchObject({
      code: 'integrity',
    });
  });
});

describe('refused:', () => {
  const zip = Buffer.from('504b030414000000', 'hex');
  const tar = Buffer.alloc(1024);
  tar.write('ustar', 257);
  test.each([
    ['a zip', zip, 'usage', 'is a zip archive, which is not read'],
    ['a tar in gzip', gzipSync(tar), 'usage', 'is a tar archive below its gzip layer, which is not read'],
    ['xz', Buffer.from('fd377a585a000004', 'hex'), 'usage', 'compressed with xz'],
    ['nothing', Buffer.alloc(0), 'integrity', 'is empty'],
    ['nothing in zstd', zstdCompressSync(''), 'integrity', 'is empty below its zstd layer'],
    ['something else', Buffer.from('SQLite format 3\0'), 'integrity', 'is no etcd snapshot'],
  ])('%s', async (_, bytes, code, reason) => {
    await expect(read(bytes)).rejects.toMatchObject({ code, reason: expect.stringContaining(reason) });
  });

  test('an age file without the identity that fits', async () => {
    const bytes = await packed(zstd, ageBinary);
    const other = secret(await generateX25519Identity());
    for (const identities of [[], [other]]) {
      await expect(read(bytes, identities)).rejects.toMatchObject({
        code: 'usage',
        hint: expect.stringContaining('--identity'),
      });
    }
  });

  test('more layers than anybody packs', async () => {
    const layers = Array.from({ length: 9 }, () => (bytes: Uint8Array) => gzipSync(bytes));
    expect((await read(await packed(...layers.slice(1)))).content.equals(database)).toBe(true);
    await expect(read(await packed(...layers))).rejects.toMatchObject({ code: 'integrity' });
  });

  test('a file that is not there, a folder, a link that leads nowhere', async () => {
    await using folder = await temporaryFolder();
    const path = (name: string) => join(folder.path, name);
    await mkdir(path('folder'));
    await symlink(path('gone'), path('link'));
    const failure = (file: string) => bytesOf(openForeign(file, { identities: [], signal }).stream);
    await expect(failure(path('gone'))).rejects.toMatchObject({ code: 'not-found', object: path('gone') });
    await expect(failure(path('link'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(failure(path('folder'))).rejects.toMatchObject({ code: 'usage' });
  });
});

test('the reason of the signal is what the consumer sees', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'snapshot.db');
  await writeFile(file, sampleBytes(0));
  const aborted = AbortSignal.abort(new Error('interrupted'));
  await expect(bytesOf(openForeign(file, { identities: [], signal: aborted }).stream)).rejects.toThrow(
    'interrupted',
  );
});
