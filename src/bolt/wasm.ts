/**
 * As much of WebAssembly's binary format as one function over one memory needs (WebAssembly Core Specification 2.0,
 * chapter 5). An expression is the bytes that leave its value on the stack; what takes operands takes expressions.
 */

/** Bytes of a module. */
export type Code = readonly number[];

// Type and opcodes, §5.3.1 and §5.4.
const int = 0x7f;
const none = 0x40;

/** The local, or parameter, at that index. */
export const get = (index: number): Code => [0x20, ...unsigned(index)];
export const set = (index: number, value: Code): Code => [...value, 0x21, ...unsigned(index)];

export const constant = (value: number): Code => [0x41, ...signed(value)];
export const add = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const and = (a: Code, b: Code): Code => [...a, ...b, 0x71];
export const xor = (a: Code, b: Code): Code => [...a, ...b, 0x73];
export const shiftLeft = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x74];
export const shiftRight = (a: Code, bits: number): Code => [...a, ...constant(bits), 0x76];
const aboveUnsigned = (a: Code, b: Code): Code => [...a, ...b, 0x4b];

/** Four bytes, little-endian, and one byte, at `address` + `offset`; no alignment is promised. */
export const load = (address: Code, offset: number): Code => [...address, 0x28, 0, ...unsigned(offset)];
export const loadByte = (address: Code, offset: number): Code => [...address, 0x2d, 0, ...unsigned(offset)];

/** Runs `body` until `a` > `b`. */
export const until = (a: Code, b: Code, body: Code): Code => [
  ...[0x02, none], // block
  ...[0x03, none], // loop
  ...[...aboveUnsigned(a, b), 0x0d, 1], // br_if out of the block
  ...[...body, 0x0c, 0], // br to the loop's beginning
  ...[0x0b, 0x0b],
];

/**
 * A module that exports `memory`, of so many pages of 64 KiB, and `run`: a function of `parameters` integers of 32 bits to
 * one, with `locals` more behind them, whose body leaves the result.
 */
export const moduleOf = (
  { parameters, locals, pages }: { parameters: number; locals: number; pages: number },
  body: Code,
): Uint8Array<ArrayBuffer> => {
  const type = [0x60, ...list(Array.from({ length: parameters }, () => [int])), 1, int];
  const code = [...list([[...unsigned(locals), int]]), ...body, 0x0b];
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // its mark, and version 1
    ...section(1, [type]),
    ...section(3, [[0]]),
    ...section(5, [[0x00, ...unsigned(pages)]]),
    ...section(7, [
      [...name('memory'), 0x02, 0],
      [...name('run'), 0x00, 0],
    ]),
    ...section(10, [sized(code)]),
  ]);
};

const section = (id: number, entries: Code[]): Code => [id, ...sized(list(entries))];
const list = (entries: Code[]): Code => [...unsigned(entries.length), ...entries.flat()];
const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const name = (text: string): Code => sized([...Buffer.from(text)]);

/** LEB128, §5.2.2. */
const unsigned = (value: number): Code =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];

const signed = (value: number): Code => {
  const low = value & 0x7f;
  const rest = value >> 7;
  const last = low & 0x40 ? rest === -1 : rest === 0;
  return last ? [low] : [low | 0x80, ...signed(rest)];
};
