import { getEventListeners, once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateX25519Identity } from 'age-encryption';
import { describe, expect, test } from 'vitest';
import { decode, type Encoding, encode } from '../src/codec/codec.ts';
import { type Secret, secret } from '../src/secret.ts';
import { core, decoded, decoding, encoded, key, nothingExpected, recipient } from './support/coded.ts';
import { bytesOf, sampleBytes, stalledAfter, streamOf } from './support/streams.ts';

const MiB = 1024 * 1024;
const { signal } = new AbortController();

describe('what the consumer of encode sees', () => {
  const options: Encoding = { compression: 'zstd', recipients: [recipient], core, signal };

  test("a failure of the source, with the source's error", async () => {
    const chunks = function* () {
      yield sampleBytes(5 * MiB);
      throw new Error('the member went away');
    };
    const { stream } = encode(Readable.from(chunks(), { objectMode: false }), options);
    await expect(bytesOf(stream)).rejects.toThrow('the member went away');
  });

  test('a failure of the core, in place of the end', async () => {
    const failing = () => Promise.reject(new Error('no fingerprint'));
    const { stream } = encode(streamOf(sampleBytes(300)), { ...options, core: failing });
    await expect(bytesOf(stream)).rejects.toThrow('no fingerprint');
  });

  test('a recipient that cannot be used', async () => {
    const { stream } = encode(streamOf(sampleBytes(300)), { ...options, recipients: ['age1nobody'] });
    await expect(bytesOf(stream)).rejects.toMatchObject({ code: 'usage' });
  });

  test.each(['the source', 'the core'])('the reason of the signal while %s stalls', async what => {
    const controller = new AbortController();
    const source = what === 'the source' ? stalledAfter(sampleBytes(5 * MiB)) : streamOf(sampleBytes(300));
    const coreAsked = Promise.withResolvers<void>();
    const stalledCore = () => {
      coreAsked.resolve();
      return new Promise<never>(() => {});
    };
    const { stream } = encode(source, { ...options, core: stalledCore, signal: controller.signal });
    const result = bytesOf(stream);
    result.catch(() => {});
    if (what === 'the core') await coreAsked.promise;
    else while (source.readableLength > 0) await sleep(5);
    controller.abort(new Error('the deadline passed'));
    await expect(result).rejects.toThrow('the deadline passed');
    expect(source.destroyed).toBe(true);
  });

  test('the reason of a signal that was aborted before', async () => {
    const source = stalledAfter(sampleBytes(300));
    const { stream } = encode(source, { ...options, signal: AbortSignal.abort(new Error('too late')) });
    await expect(bytesOf(stream)).rejects.toThrow('too late');
    expect(source.destroyed).toBe(true);
  });

  test.each(['with a reason', 'without one'])('a consumer that gives up %s ends the source', async how => {
    const source = stalledAfter(sampleBytes(9 * MiB));
    const closed = new Promise(resolve => source.once('close', resolve));
    const { stream } = encode(source, options);
    const seen: unknown[] = [];
    stream.on('error', error => seen.push(error));
    await once(stream, 'readable');
    const reason = new Error('disk full');
    stream.destroy(how === 'with a reason' ? reason : undefined);
    await closed;
    expect(source.destroyed).toBe(true);
    expect(seen).toEqual(how === 'with a reason' ? [reason] : []);
  });
});

test('no listener stays on the signal', async () => {
  const controller = new AbortController();
  const options = { compression: 'zstd', core, signal: controller.signal } as const;
  await bytesOf(encode(streamOf(sampleBytes(300)), { ...options, recipients: [] }).stream);
  encode(streamOf(sampleBytes(300)), { ...options, recipients: [] }).stream.destroy();
  await sleep(0);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

describe('what the consumer of decode sees', () => {
  const kind = { compression: 'zstd', encryption: 'age' } as const;

  test('more bytes than were recorded, long before the end of a bomb', async () => {
    const { stored } = await encoded(kind, Buffer.alloc(64 * MiB));
    const plain = { size: 1000, sha256: `sha256:${'0'.repeat(64)}` };
    const { stream } = decoding(kind, stored, { expected: { object: null, plain } });
    let seen = 0;
    const reading = async () => {
      for await (const chunk of stream) seen += chunk.length;
    };
    await expect(reading()).rejects.toMatchObject({
      code: 'integrity',
      reason: expect.stringContaining('1,000 bytes recorded'),
    });
    expect(seen).toBe(0);
  });

  const others = async (): Promise<Secret[]> => [secret(await generateX25519Identity())];

  test('an identity that does not fit, also where the digests are known and right', async () => {
    const { stored, plain, object } = await encoded(kind, sampleBytes(300));
    for (const expected of [nothingExpected, { plain, object }]) {
      const result = decoded(kind, stored, { identities: await others(), expected });
      await expect(result).rejects.toMatchObject({
        code: 'usage',
        hint: expect.stringContaining('--identity'),
      });
    }
    await expect(decoded(kind, stored, { identities: [] })).rejects.toMatchObject({
      code: 'usage',
      reason: 'is encrypted with age, and no identity was given',
    });
  });

  test('the damage rather than the identity that does not fit, where both are so', async () => {
    const { stored, object } = await encoded(kind, sampleBytes(300));
    const damaged = Buffer.from(stored);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    const result = decoded(kind, damaged, { identities: await others(), expected: { object, plain: null } });
    await expect(result).rejects.toMatchObject({ code: 'integrity' });
  });

  test('the reason of the signal', async () => {
    const { stored } = await encoded(kind, sampleBytes(5 * MiB));
    const controller = new AbortController();
    const source = stalledAfter(stored.subarray(0, 1000));
    const { stream } = decode(source, {
      ...kind,
      identities: [secret(key)],
      expected: nothingExpected,
      signal: controller.signal,
    });
    const result = bytesOf(stream);
    result.catch(() => {});
    controller.abort(new Error('the deadline passed'));
    await expect(result).rejects.toThrow('the deadline passed');
    expect(source.destroyed).toBe(true);
  });
});
