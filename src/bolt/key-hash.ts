/**
 * HalfSipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF"; its reference code, halfsiphash.c), with a
 * secret of its own in every run: whoever chooses the keys of a database cannot choose which of them meet in a table.
 */

/**
 * Hashes a key to three words, put into `words`: the two that the reference gives for 64 bits, and one more made by
 * going on as from the first to the second. `secret` is 8 bytes.
 */
export const keyHash = (secret: Buffer): ((key: Uint8Array, words: Uint32Array) => void) => {
  const [k0, k1] = [secret.readInt32LE(0), secret.readInt32LE(4)];
  return (key, words) => {
    let [v0, v1, v2, v3] = [k0, k1 ^ 0xee, 0x6c796765 ^ k0, 0x74656462 ^ k1];
    const rounds = (count: number) => {
      for (let round = 0; round < count; round++) {
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
    };
    const take = (word: number) => {
      v3 ^= word;
      rounds(2);
      v0 ^= word;
    };
    const { length } = key;
    const whole = length & ~3;
    for (let at = 0; at < whole; at += 4)
      take(byte(key, at) | (byte(key, at + 1) << 8) | (byte(key, at + 2) << 16) | (byte(key, at + 3) << 24));
    let last = length << 24;
    for (let at = whole; at < length; at++) last |= byte(key, at) << (8 * (at - whole));
    take(last);
    v2 ^= 0xee;
    for (let word = 0; word < 3; word++) {
      if (word > 0) v1 ^= 0xdd;
      rounds(4);
      words[word] = v1 ^ v3;
    }
  };
};

const byte = (key: Uint8Array, at: number): number => key[at] ?? 0;
