/** A decoder of node:zlib as a stage, with its own failures told from those of the bytes it is fed. */
import { type Duplex, pipeline, Readable } from 'node:stream';

export type Decoder = Duplex & { bytesWritten: number };

/**
 * What `decoder` makes of `bytes`. A failure of the bytes (a store that goes away, a cut that was found) passes
 * unchanged; one of the decoder becomes `invalid(error)`. `leftOver` is called where the decoder came to an end
 * before the bytes did.
 */
export async function* decoded(
  bytes: AsyncIterable<Buffer>,
  decoder: Decoder,
  invalid: (error: unknown) => Error,
  leftOver: () => Error,
): AsyncGenerator<Buffer> {
  let failure: unknown = null;
  let fed = 0;
  let ended = false;
  const feed = async function* () {
    try {
      for await (const part of bytes) {
        fed += part.length;
        yield part;
      }
      ended = true;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  try {
    yield* pipeline(Readable.from(feed(), { objectMode: false }), decoder, () => {});
  } catch (error) {
    throw failure ?? invalid(error);
  }
  if (!ended || decoder.bytesWritten !== fed) throw leftOver();
}
