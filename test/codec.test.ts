import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { suffix } from '../src/codec/codec.ts';
import { frameSize } from '../src/codec/frames.ts';
import { decoded, decoding, digestOf, encoded, key, kinds } from './support/coded.ts';
import { needGoProgram } from './support/go-programs.ts';
import { bytesOf, sampleBytes } from './support/streams.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const MiB = 1024 * 1024;
const age = await needGoProgram('age');

describe.each(kinds)('compression $compression, encryption $encryption', kind => {
  test.each([0, 1, 20_512, frameSize - 1, frameSize, frameSize + 1, 5 * frameSize + 5])(
    '%i bytes come back',
    async size => {
      const bytes = sampleBytes(size);
      const { stored, plain, object } = await encoded(kind, bytes);
      expect(plain).toEqual(digestOf(bytes));
      expect(object).toEqual(digestOf(stored));
      const back = decoding(kind, stored, { expected: { plain, object } });
      expect((await bytesOf(back.stream)).equals(bytes)).toBe(true);
      expect(back.plain()).toEqual(plain);
      expect(back.object()).toEqual(object);
      const found = back.core();
      expect(found && Buffer.from(found).toString()).toBe(
        kind.compression === 'zstd' ? `core of ${size} bytes` : null,
      );
    },
  );

  test('any bit that is flipped is an integrity error where the digests are known', async () => {
    const { stored, plain, object } = await encoded(kind, sampleBytes(300));
    for (let bit = 0; bit < stored.length * 8; bit++) {
      const damaged = Buffer.from(stored);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = decoded(kind, damaged, { expected: { plain, object } });
      await expect(result, `bit ${bit}`).rejects.toMatchObject({ code: 'integrity' });
    }
  });

  test('whatever is missing at the end, or too much, is an integrity error where the digests are known', async () => {
    const { stored, plain, object } = await encoded(kind, sampleBytes(300));
    const expected = { plain, object };
    for (let size = 0; size < stored.length; size++) {
      const result = decoded(kind, stored.subarray(0, size), { expected });
      await expect(result, `${size} bytes`).rejects.toMatchObject({ code: 'integrity' });
    }
    for (const more of ['\0', 'x', '\0'.repeat(100), stored]) {
      const longer = Buffer.concat([stored, Buffer.from(more)]);
      await expect(decoded(kind, longer, { expected })).rejects.toMatchObject({ code: 'integrity' });
    }
  });

  test('the digest of the decoded bytes is compared, with both values in the error', async () => {
    const { stored, plain } = await encoded(kind, sampleBytes(300));
    const other = { ...plain, sha256: `sha256:${'0'.repeat(64)}` };
    await expect(decoded(kind, stored, { expected: { object: null, plain: other } })).rejects.toMatchObject({
      code: 'integrity',
      reason: `has the hash ${plain.sha256}, but ${other.sha256} was recorded`,
    });
    const longer = { ...plain, size: 301 };
    await expect(decoded(kind, stored, { expected: { object: null, plain: longer } })).rejects.toMatchObject({
      code: 'integrity',
      reason: 'has 300 bytes, but 301 were recorded',
    });
  });
});

describe('without recorded digests', () => {
  test.each(kinds.filter(kind => kind.encryption))(
    'age alone finds any flipped bit and any cut ($compression)',
    async kind => {
      const bytes = sampleBytes(300);
      const { stored } = await encoded(kind, bytes);
      for (let bit = 0; bit < stored.length * 8; bit++) {
        const damaged = Buffer.from(stored);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        // A header that was changed cannot always be told from one that is for somebody else.
        await expect(decoded(kind, damaged), `bit ${bit}`).rejects.toMatchObject({
          code: /^(integrity|usage)$/,
        });
      }
      for (let size = 0; size < stored.length; size++) {
        await expect(decoded(kind, stored.subarray(0, size)), `${size} bytes`).rejects.toMatchObject({
          code: 'integrity',
        });
      }
    },
  );

  test('zstd alone never gives other bytes than were stored, and a cut anywhere is an error or lacks the core', async () => {
    const kind = { compression: 'zstd', encryption: null } as const;
    const bytes = sampleBytes(300);
    const { stored } = await encoded(kind, bytes);
    for (let bit = 0; bit < stored.length * 8; bit++) {
      const damaged = Buffer.from(stored);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const result = await decoded(kind, damaged).catch((error: unknown) => error);
      if (Buffer.isBuffer(result)) expect(result.equals(bytes), `bit ${bit}`).toBe(true);
      else expect(result, `bit ${bit}`).toMatchObject({ code: 'integrity' });
    }
    for (let size = 0; size < stored.length; size++) {
      const cut = decoding(kind, stored.subarray(0, size));
      const result = await bytesOf(cut.stream).catch((error: unknown) => error);
      if (Buffer.isBuffer(result)) expect(cut.core(), `${size} bytes`).toBe(null);
      else expect(result, `${size} bytes`).toMatchObject({ code: 'integrity' });
    }
  });
});

describe("other people's programs", () => {
  test('zstd -d reads what is stored, and finds content sizes and checksums', async () => {
    const bytes = sampleBytes(9 * MiB);
    const { stored } = await encoded({ compression: 'zstd', encryption: null }, bytes);
    expect(execFileSync('zstd', ['-dcq'], { input: stored, maxBuffer: 16 * MiB }).equals(bytes)).toBe(true);
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'x.db.zst');
    await writeFile(file, stored);
    const listing = execFileSync('zstd', ['-lv', file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(listing).toContain(`# Zstandard Frames: ${Math.ceil(bytes.length / frameSize)}`);
    expect(listing).toContain('# Skippable Frames: 1');
    expect(listing).toContain(`(${bytes.length} B)`);
    expect(listing).toContain('Check: XXH64');
  });

  test.skipIf(!age)('age -d | zstd -d reads what is stored', async () => {
    const bytes = sampleBytes(9 * MiB);
    const { stored } = await encoded({ compression: 'zstd', encryption: 'age' }, bytes);
    await using folder = await temporaryFolder();
    const keyFile = join(folder.path, 'key');
    await writeFile(keyFile, `${key}\n`);
    const opened = execFileSync(age ?? '', ['-d', '-i', keyFile], { input: stored, maxBuffer: 16 * MiB });
    expect(execFileSync('zstd', ['-dcq'], { input: opened, maxBuffer: 16 * MiB }).equals(bytes)).toBe(true);
  });
});

test('the suffix tells the layers', () => {
  expect([suffix('zstd', true), suffix('zstd', false), suffix('none', true), suffix('none', false)]).toEqual([
    '.db.zst.age',
    '.db.zst',
    '.db.age',
    '.db',
  ]);
});
