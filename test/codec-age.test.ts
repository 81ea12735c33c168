import { execFileSync } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { decryptAge } from '../src/codec/age-decrypt.ts';
import { encryptAge } from '../src/codec/age-encrypt.ts';
import { openPayload } from '../src/codec/age-payload.ts';
import { damageOf } from '../src/codec/damage.ts';
import { checkIdentities, someIdentityFits } from '../src/codec/identities.ts';
import { byteReader } from '../src/codec/reader.ts';
import { checkRecipients, recipientsIn } from '../src/codec/recipients.ts';
import { secret } from '../src/secret.ts';
import { needGoProgram } from './support/go-programs.ts';
import { bytesOf, sampleBytes, streamOf } from './support/streams.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const age = await needGoProgram('age');
const chunk = 64 * 1024;
const classic = await generateX25519Identity();
const another = await generateX25519Identity();
const hybrid = await generateHybridIdentity();
const keys = [
  ['X25519', classic],
  ['post-quantum', hybrid],
] as const;
// A recipient whose key would be in hardware: made of the P-256 key whose 32 bytes are all 1.
const tag = 'age1tag1qfhlqwu5jfquu8dd6s63ne5kpc9gtdq6dxs9cv5pqw4zhns4jn9pvrxye4s';

const reading = { name: 'the file', damage: damageOf('the file'), patient: false };
const encrypt = async (bytes: Buffer, recipients: string[], size?: number) =>
  bytesOf(encryptAge(recipients)(streamOf(bytes, size)));
const decrypt = (bytes: Buffer, identities: string[], size?: number) =>
  bytesOf(decryptAge(identities.map(secret), reading)(streamOf(bytes, size)));

// Around the bounds of age's chunks: the last one may be full, and is empty only in an empty file.
const sizes = [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3 * chunk + 17];

describe.each(keys)('%s', (_, key) => {
  test.each(sizes)('%i bytes come back', async size => {
    const bytes = sampleBytes(size);
    for (const pieces of [1000, chunk, 1024 * 1024]) {
      const stored = await encrypt(bytes, [await identityToRecipient(key)], pieces);
      expect((await decrypt(stored, [key], pieces)).equals(bytes)).toBe(true);
    }
  });

  test.skipIf(!age).each(sizes)('%i bytes go to the age program and come from it', async size => {
    await using folder = await temporaryFolder();
    const keyFile = join(folder.path, 'key');
    await writeFile(keyFile, `# a comment\n${key}\n`);
    const bytes = sampleBytes(size);
    const recipient = await identityToRecipient(key);
    const stored = await encrypt(bytes, [recipient]);
    expect(execFileSync(age ?? '', ['-d', '-i', keyFile], { input: stored }).equals(bytes)).toBe(true);
    const theirs = execFileSync(age ?? '', ['-r', recipient], { input: bytes });
    expect((await decrypt(theirs, [key])).equals(bytes)).toBe(true);
  });
});

test('each of several recipients can read it, with any other identity beside', async () => {
  const bytes = sampleBytes(300);
  const recipients = [await identityToRecipient(classic), await identityToRecipient(another)];
  const stored = await encrypt(bytes, recipients);
  for (const key of [classic, another])
    expect((await decrypt(stored, [hybrid, key])).equals(bytes)).toBe(true);
  await expect(decrypt(stored, [hybrid])).rejects.toMatchObject({ code: 'usage' });
});

describe('damage is an integrity error:', () => {
  const bytes = sampleBytes(3 * chunk);
  const stored = identityToRecipient(classic).then(recipient => encrypt(bytes, [recipient]));
  const payload = 3 * (chunk + 16);

  test.each([1, 2])('a cut after %i of three chunks', async chunks => {
    const whole = await stored;
    const cut = whole.subarray(0, whole.length - payload + chunks * (chunk + 16));
    await expect(decrypt(cut, [classic])).rejects.toMatchObject({ code: 'integrity' });
  });

  test('a cut in a chunk, in the nonce, in the header', async () => {
    const whole = await stored;
    for (const missing of [
      1,
      15,
      16,
      17,
      chunk,
      payload,
      payload + 1,
      payload + 16,
      payload + 17,
      payload + 60,
    ]) {
      const cut = whole.subarray(0, whole.length - missing);
      await expect(decrypt(cut, [classic]), `${missing}`).rejects.toMatchObject({ code: 'integrity' });
    }
  });

  test('bytes after the end', async () => {
    const whole = await stored;
    for (const more of [1, 16, 17, chunk + 16]) {
      const longer = Buffer.concat([whole, Buffer.alloc(more)]);
      await expect(decrypt(longer, [classic]), `${more}`).rejects.toMatchObject({ code: 'integrity' });
    }
  });

  test('two chunks that have changed places', async () => {
    const whole = Buffer.from(await stored);
    const start = whole.length - payload;
    const first = Buffer.from(whole.subarray(start, start + chunk + 16));
    whole.copyWithin(start, start + chunk + 16, start + 2 * (chunk + 16));
    first.copy(whole, start + chunk + 16);
    await expect(decrypt(whole, [classic])).rejects.toMatchObject({ code: 'integrity' });
  });

  test('an empty chunk after others', async () => {
    const key = Buffer.alloc(32, 1);
    const seal = (content: Buffer, counter: number, last: number): Buffer => {
      const nonce = Buffer.from([...Buffer.alloc(10), counter, last]);
      const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
      return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()]);
    };
    const full = sampleBytes(chunk);
    const open = (...chunks: Buffer[]) =>
      bytesOf(openPayload(byteReader(streamOf(Buffer.concat(chunks))), key, reading.damage));
    expect((await open(seal(full, 0, 1))).equals(full)).toBe(true);
    const result = open(seal(full, 0, 0), seal(Buffer.alloc(0), 1, 1));
    await expect(result).rejects.toMatchObject({
      code: 'integrity',
      reason: expect.stringContaining('empty chunk'),
    });
  });

  test.each([
    ['nothing', ''],
    ['something else', 'SQLite format 3\0\n\n'],
    ['a newer version', 'age-encryption.org/v2\n'],
    ['a header without an end', `age-encryption.org/v1\n${'-> X25519 abc\n'.repeat(50_000)}`],
    ['a line without an end', `age-encryption.org/v1\n${'x'.repeat(1_000_000)}`],
    ['a header that is not valid', 'age-encryption.org/v1\n-> X25519 !\n!\n--- !\n'],
  ])('%s', async (_, text) => {
    await expect(decrypt(Buffer.from(text), [classic])).rejects.toMatchObject({ code: 'integrity' });
  });
});

test('a file with a passphrase is a usage error that says so', async () => {
  // What the age program writes for a passphrase can only be made at a terminal, so the header is made by hand.
  const header = `age-encryption.org/v1\n-> scrypt ${'A'.repeat(22)} 18\n${'A'.repeat(43)}\n--- ${'A'.repeat(43)}\n`;
  await expect(decrypt(Buffer.from(header), [classic])).rejects.toMatchObject({
    code: 'usage',
    reason: expect.stringContaining('passphrase'),
  });
});

describe('recipients', () => {
  test('of every kind are taken', async () => {
    await checkRecipients([]);
    await checkRecipients([await identityToRecipient(classic), tag]);
    const stored = await encrypt(sampleBytes(300), [tag]);
    expect(stored.toString('latin1')).toContain('-> p256tag ');
    await checkRecipients([await identityToRecipient(hybrid)]);
  });

  const ssh = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJfR2XfX2bq0sV7Zf0Tq1rX4dQy5d5zXq2n2k3Xb1c2d me@host';
  test.each([
    [ssh, 'SSH key'],
    ['age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t', 'age-plugin-yubikey'],
    ['age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q', 'not a valid age recipient'],
    ['somebody@example.org', 'not an age recipient'],
    ['', 'not an age recipient'],
  ])('%s is a usage error', async (recipient, reason) => {
    await expect(checkRecipients([recipient])).rejects.toMatchObject({
      code: 'usage',
      reason: expect.stringContaining(reason),
      hint: expect.stringMatching(/\.$/),
    });
  });

  test('a secret key in their place is refused and not repeated', async () => {
    for (const key of [classic, hybrid]) {
      const error = await checkRecipients([key]).catch((error: unknown) => error);
      expect(error).toMatchObject({ code: 'usage' });
      expect(JSON.stringify(error) + String(error)).not.toContain(key.slice(20));
    }
  });

  test.skipIf(!age)('of classic and post-quantum kinds are not mixed, as with the age program', async () => {
    const mixed = [await identityToRecipient(classic), await identityToRecipient(hybrid)];
    await expect(checkRecipients(mixed)).rejects.toMatchObject({ code: 'usage' });
    const options = mixed.flatMap(recipient => ['-r', recipient]);
    expect(() => execFileSync(age ?? '', options, { stdio: ['ignore', 'pipe', 'pipe'] })).toThrow(
      "can't mix",
    );
  });

  test('are read from a file, with comments', () => {
    const text = '# ops\nage1a\r\n\n  age1b  \n#age1c';
    expect(recipientsIn({ path: 'ops.txt', text })).toEqual(['age1a', 'age1b']);
  });

  test.each(['', '\n \r\n', '# age1a\n'])('a file that names none is refused: %j', text => {
    expect(() => recipientsIn({ path: 'ops.txt', text })).toThrow('ops.txt names no recipient');
  });
});

describe('identities', () => {
  test('are read from the text of a file, with comments and several keys', async () => {
    const bytes = sampleBytes(300);
    const stored = await encrypt(bytes, [await identityToRecipient(classic)]);
    const file = `# created: 2026-11-22\n# public key: age1…\n${another}\r\n\n${hybrid}\n${classic}\n`;
    expect((await decrypt(stored, [file])).equals(bytes)).toBe(true);
  });

  test.each([
    ['a plugin', 'AGE-PLUGIN-YUBIKEY-1Q9ZUXYZ', 'plugin'],
    ['an SSH key', '-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n', 'SSH'],
    ['a recipient', 'age1qwertyuiop', 'recipient'],
    ['an encrypted file', 'age-encryption.org/v1\n-> scrypt', 'encrypted'],
    ['an empty file', '# nothing\n', 'holds no key'],
    ['a key with a mistake', `${classic.slice(0, -1)}-`, 'line 1'],
    ['anything else', 'hunter2-hunter2', 'line 1'],
  ])('%s is a usage error that does not repeat it', async (_, text, reason) => {
    const error: unknown = await checkIdentities([secret(text)]).catch((error: unknown) => error);
    expect(error).toMatchObject({
      code: 'usage',
      reason: expect.stringContaining(reason),
      hint: expect.stringContaining('--identity'),
    });
    expect(JSON.stringify(error) + String(error)).not.toContain(text.trim().slice(-12));
  });

  test('are known to fit by the recipients that were recorded', async () => {
    const recorded = [await identityToRecipient(classic), await identityToRecipient(another)];
    expect(await someIdentityFits([secret(hybrid), secret(`#\n${another}`)], recorded)).toBe(true);
    expect(await someIdentityFits([secret(hybrid)], recorded)).toBe(false);
    expect(await someIdentityFits([], recorded)).toBe(false);
  });
});
