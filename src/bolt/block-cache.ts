/** A few MiB of a file that was read lately: pages that lie beside each other come with one read of the disk. */

// Sixteen pages: the leaves of a tree lie in runs, and one that lies alone costs little more than by itself. All of them
// are 16 MiB: what a run over a tree comes back to, because its leaves were written at different times.
const blockSize = 64 * 1024;
const blocks = 256;

type Block = { number: number; bytes: Buffer };

/**
 * Wraps `read`, which fills the whole of a target from an offset on. The result does the same from byte `at` of the
 * target; what is longer than a block passes by the cache.
 */
export const blockCache = (
  read: (target: Buffer, offset: number) => void,
  size: number,
): ((target: Buffer, at: number, offset: number) => void) => {
  // In the order of their last use.
  const cached = new Map<number, Block>();
  let last: Block = { number: -1, bytes: Buffer.alloc(0) };

  const load = (number: number): Block => {
    const oldest = cached.size < blocks ? null : (cached.values().next().value ?? null);
    if (oldest) cached.delete(oldest.number);
    const start = number * blockSize;
    const length = Math.min(blockSize, size - start);
    const whole = oldest?.bytes.buffer ?? new ArrayBuffer(blockSize);
    const block = { number, bytes: Buffer.from(whole, 0, length) };
    read(block.bytes, start);
    return block;
  };

  const blockOf = (number: number): Block => {
    if (number === last.number) return last;
    const block = cached.get(number) ?? load(number);
    cached.delete(number);
    cached.set(number, block);
    last = block;
    return block;
  };

  return (target, at, offset) => {
    if (target.length - at >= blockSize) {
      read(target.subarray(at), offset);
      return;
    }
    for (let done = at; done < target.length; ) {
      const position = offset + done - at;
      const { number, bytes } = blockOf(Math.floor(position / blockSize));
      done += bytes.copy(target, done, position - number * blockSize);
    }
  };
};
