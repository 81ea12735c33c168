/**
 * HalfSipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"; its reference code, halfsiphash.c), with a
 * secret of its own in every run: whoever chooses the keys of a database cannot choose which of them meet in a table.
 */

/**
 * Hashes a key, the bytes from `start` to `end`, to three words, put into `words`: the two that the reference gives for
 * 64 bits, and one more made by going on as from the first to the second. `secret` is 8 bytes.
 */
export const keyHash = (
  secret: Buffer,
): ((bytes: Uint8Array, words: Uint32Array, start?: number, end?: number) => void) => {
  const [k0, k1] = [secret.readInt32LE(0), secret.readInt32LE(4)];
  return (bytes, words, start = 0, end = bytes.length) => {
    let [v0, v1, v2, v3] = [k0, k1 ^ 0xee, 0x6c796765 ^ k0, 0x74656462 ^ k1];
    // The last one has the length, and what bytes are left.
    const inputs = ((end - start) >> 2) + 1;
    // One loop without functions in it: this is done for every record.
    for (let step = 0; step < inputs + 3; step++) {
      const input = step < inputs;
      const word = input ? wordAt(bytes, start + 4 * step, start, end) : 0;
      if (input) v3 ^= word;
      else if (step === inputs) v2 ^= 0xee;
      else v1 ^= 0xdd;
      for (let round = input ? 2 : 0; round < 4; round++) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      if (input) v0 ^= word;
      else words[step - inputs] = v1 ^ v3;
    }
  };
};

const wordAt = (bytes: Uint8Array, at: number, start: number, end: number): number => {
  const left = end - at;
  const word = left >= 4 ? byte(bytes, at + 3) << 24 : (end - start) << 24;
  return (
    word |
    (left >= 3 ? byte(bytes, at + 2) << 16 : 0) |
    (left >= 2 ? byte(bytes, at + 1) << 8 : 0) |
    (left >= 1 ? byte(bytes, at) : 0)
  );
};

const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;
