import fc from 'fast-check';
import { expect, test } from 'vitest';
import { crc32c } from '../src/bolt/crc32c.ts';

const sum = (...pieces: Uint8Array[]): number => {
  const hash = crc32c();
  for (const piece of pieces) hash.update(Buffer.from(piece));
  return hash.value();
};

// RFC 3720, appendix B.4, and the check value of CRC-32/ISCSI in the catalogue of parametrised CRC algorithms.
test.each([
  ['nothing', Buffer.alloc(0), 0],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
  ['32 bytes of zero', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 bytes counting up', Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
  ['32 bytes counting down', Buffer.from(Array.from({ length: 32 }, (_, at) => 31 - at)), 0x113fdb5c],
  [
    'an iSCSI read command',
    Buffer.from(
      '01c00000000000000000000000000000140000000000040000000014000000182800000000000000020000000000000000'.slice(
        0,
        96,
      ),
      'hex',
    ),
    0xd9963a56,
  ],
])('%s has the published sum', (_, bytes, expected) => {
  expect(sum(bytes)).toBe(expected);
});

test('pieces of any size, beyond what it buffers too, give what a bit at a time gives', () => {
  const anyPiece = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(fc.array(anyPiece, { maxLength: 20 }), pieces => {
      expect(sum(...pieces)).toBe(bitByBit(Buffer.concat(pieces)));
    }),
  );
  const large = Buffer.from(Array.from({ length: 400_000 }, (_, at) => (at * at) >> 3));
  expect(sum(large)).toBe(bitByBit(large));
  expect(sum(large.subarray(0, 114_000), large.subarray(114_000))).toBe(bitByBit(large));
});

test('a part of the bytes is taken alone', () => {
  const hash = crc32c();
  hash.update(Buffer.from('0123456789'), 1, 10);
  expect(hash.value()).toBe(0xe3069283);
});

test('the sum can be asked for and more can follow', () => {
  const hash = crc32c();
  hash.update(Buffer.from('1234'));
  expect(hash.value()).toBe(bitByBit(Buffer.from('1234')));
  hash.update(Buffer.from('56789'));
  expect(hash.value()).toBe(0xe3069283);
});

const bitByBit = (bytes: Uint8Array): number => {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
};
