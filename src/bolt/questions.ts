/** What can be asked of a database file (ask.ts): by name, the function that answers, loaded when it is asked for. */
import type { Asked } from './answering.ts';

/**
 * Each takes what it is asked as plain data and returns plain data, at once or later. Whatever it throws ends the
 * question; it neither hears of an abort nor has to, since its thread is ended.
 */
export const questions = {
  oneKey: async () => (await import('./one-key.ts')).oneKey,
  liveKeys: async () => (await import('./live-keys.ts')).liveKeys,
  inspect: async () => (await import('./inspect.ts')).inspect,
  keyspace: async () => (await import('./keyspace.ts')).readKeyspace,
  metaBucket: async () => (await import('./meta-bucket.ts')).readMetaBucket,
};

export type Questions = typeof questions;
type Answering<Q extends keyof Questions> = Awaited<ReturnType<Questions[Q]>>;
export type Input<Q extends keyof Questions> = Parameters<Answering<Q>>[0];
export type Answer<Q extends keyof Questions> = Awaited<ReturnType<Answering<Q>>>;
export type Part<Q extends keyof Questions> =
  Parameters<Answering<Q>> extends [unknown, Asked<infer P>] ? P : never;
