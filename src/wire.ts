/** The wire format of protobuf (protobuf.dev/programming-guides/encoding), read without a schema; pure. */

export type Field = { number: number; value: bigint | Uint8Array };

/**
 * The fields of a message in the order in which they stand; numbers, fixed or not, as they are without a sign, all else
 * as views of its bytes. Null for bytes that are no message.
 */
export const fieldsOf = (message: Uint8Array): Field[] | null => {
  const fields: Field[] = [];
  let at = 0;
  while (at < message.length) {
    const tag = varint(message, at);
    const number = tag === null ? 0 : Number(tag.value >> 3n);
    if (tag === null || number < 1 || number > greatestNumber) return null;
    const field = valueAt(message, tag.end, Number(tag.value & 7n));
    if (field === null) return null;
    fields.push({ number, value: field.value });
    at = field.end;
  }
  return fields;
};

/** The bytes of the last field of that number, which is the one that counts; null where there is none. */
export const bytesIn = (fields: Field[] | null, number: number): Uint8Array | null => {
  const found = fields?.findLast(field => field.number === number)?.value;
  return found instanceof Uint8Array ? found : null;
};

/** The number of the last field of that number, as it is without a sign; 0, as protobuf has it, where there is none. */
export const numberIn = (fields: Field[], number: number): bigint => {
  const found = fields.findLast(field => field.number === number)?.value;
  return typeof found === 'bigint' ? found : 0n;
};

const greatestNumber = 2 ** 29 - 1;

type Read<T> = { value: T; end: number } | null;

const valueAt = (message: Uint8Array, at: number, type: number): Read<bigint | Uint8Array> => {
  if (type === 0) return varint(message, at);
  if (type === 1 || type === 5) {
    const end = at + (type === 1 ? 8 : 4);
    return end > message.length ? null : { value: littleEndian(message.subarray(at, end)), end };
  }
  // Groups are of proto1 and nobody writes them.
  if (type !== 2) return null;
  const size = varint(message, at);
  if (size === null || size.value > BigInt(message.length - size.end)) return null;
  const end = size.end + Number(size.value);
  return { value: message.subarray(size.end, end), end };
};

const varint = (message: Uint8Array, start: number): Read<bigint> => {
  let value = 0n;
  for (let at = start; at < message.length && at < start + 10; at += 1) {
    const byte = message[at] ?? 0;
    value |= BigInt(byte & 0x7f) << BigInt(7 * (at - start));
    if (byte < 0x80) return value < 2n ** 64n ? { value, end: at + 1 } : null;
  }
  return null;
};

const littleEndian = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
