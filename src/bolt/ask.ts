/**
 * Questions to a database file, each answered by a thread of its own: reading millions of elements leaves no time for
 * anything else, and a disk that hangs then hangs nothing but that thread.
 */
import { extname } from 'node:path';
import type { Answer, Input, Part, Questions } from './questions.ts';
import { type Asking, inThread } from './thread.ts';

/**
 * Asks; buffers in the answer and its parts arrive as Uint8Arrays of their own. Throws the SnapbackError that the
 * question ended with, `failed` where its thread died or threw anything else, what `onPart` throws, and the signal's
 * reason on abort. The thread has then been told to end; one that waits for a disk ends when the disk answers.
 */
export const ask = <Q extends keyof Questions>(
  question: Q,
  input: Input<Q>,
  asking: Asking<Part<Q>>,
): Promise<Answer<Q>> => inThread(worker, question, input, asking);

// The same file as TypeScript or as it was built.
const worker = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
