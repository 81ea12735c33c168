/**
 * A store: named objects, each written once. This is the contract that every kind of store keeps; the suite
 * in test/ runs it on each of them.
 *
 * A name is `<cluster>/<file>`: relative, with one slash, of the characters [A-Za-z0-9._-]. Stores refuse any
 * other name, since names can come out of hostile manifests.
 *
 * Every failure is a SnapbackError: `not-found` for an object that is not there, `refused` for one that is
 * already there, `store` for everything else (away, refusing, full), or the reason of the signal when it was
 * aborted.
 */
import type { Readable } from 'node:stream';

export type Listed = {
  name: string;
  /** Bytes. */
  size: number;
  /** When it was written, by the store's clock. */
  modified: Date;
};

export type PutOptions = {
  signal: AbortSignal;
  /** The most bytes that the body may have, where known: it decides the size of parts. */
  atMost?: number;
  /**
   * True for what must be free to go again (a pin, a verdict, a marker): the lock of the settings is left off it. What
   * a bucket locks by itself it locks all the same.
   */
  removable?: boolean;
};

export type GetOptions = {
  signal: AbortSignal;
  /** The first byte that is wanted; 0 by default. */
  offset?: number;
};

export type UnfinishedOptions = {
  signal: AbortSignal;
  before: Date;
  /** Whether this program writes files of such a name: an upload may not tell who began it. All by default. */
  isOurs?: (file: string) => boolean;
};

export type ListOptions = {
  signal: AbortSignal;
  /** Only files whose name sorts after this text, byte by byte. */
  after?: string;
  /** Only files whose name begins with this text. */
  prefix?: string;
};

export type Store = {
  /** The location as a person wrote it, without secrets: `file:///var/backups`, `s3://bucket/prefix`. */
  readonly location: string;

  /**
   * Writes an object whole or not at all. Nobody sees it, under any name that `list` returns, before its last
   * byte is durable. A name that exists is `refused` and what is there stays as it was. When the body fails,
   * the signal aborts or the store breaks, the body is destroyed, what was written is removed, and only then
   * the promise rejects, with the body's own error where that was first. Settles only after its clean-up, so
   * it is the only promise of a byte path that a caller awaits. A kill -9 leaves at most an unfinished upload.
   */
  put(name: string, body: Readable | Uint8Array, options: PutOptions): Promise<{ size: number }>;

  /**
   * The object's bytes from `offset` on. An end before the size that the object had when it was opened is an
   * error, never an end. Rejects before the first byte where the object is not there.
   */
  get(name: string, options: GetOptions): Promise<Readable>;

  /**
   * Everything below `<cluster>/` (with the slash: `prod/` does not list `prod-2/`) that has a name as above, in
   * no promised order; unfinished uploads are not listed. A cluster that is not there is an empty list. Costs a
   * request for each thousand of those that are asked for, and none any more once the reader stops.
   */
  list(cluster: string, options: ListOptions): AsyncIterable<Listed>;

  /** The names of the clusters that have objects here, in order. */
  clusters(options: { signal: AbortSignal }): Promise<string[]>;

  /** Removes an object; one that is not there is no error. */
  remove(name: string, options: { signal: AbortSignal }): Promise<void>;

  /**
   * Removes this program's uploads in `<cluster>/` that were begun before `before` and never finished; their names.
   * Where a store knows when the last byte came, that time counts, so that a slow upload is never taken away.
   */
  removeUnfinished(cluster: string, options: UnfinishedOptions): Promise<string[]>;

  /** The store's clock: what `modified` of an object written now would be, or up to two seconds less. */
  now(options: { signal: AbortSignal }): Promise<Date>;

  /**
   * What keeps an object from being removed, null where nothing does or the object is not there. Who removes
   * something asks right before: a removal that hides a held object would still succeed in some stores.
   */
  held(name: string, options: { signal: AbortSignal }): Promise<Held | null>;

  /** False where nothing can be held, true also where that cannot be asked. */
  canHold(options: { signal: AbortSignal }): Promise<boolean>;

  /**
   * Keeps an object from being removed until then, or longer where it is held longer already; what holds it now.
   * Throws `refused` in a store that knows no locks.
   */
  hold(name: string, until: Date, options: { signal: AbortSignal }): Promise<Held>;

  /**
   * Every version of every object in `<cluster>/`, also of those that `list` does not show any more; null where the
   * store keeps no versions. It costs as much as a `list`, and more where more is hidden than shown.
   */
  versions(cluster: string, options: { signal: AbortSignal }): Promise<Version[] | null>;

  /**
   * Removes one version for good; what holds it, where something does, and then it stays. Without the version that
   * hides a name the newest of the others is seen again. One that is not there is no error.
   */
  removeVersion(
    version: Pick<Version, 'name' | 'version'>,
    options: { signal: AbortSignal },
  ): Promise<Held | null>;

  /**
   * Tries what this program asks of a store, with objects in `<cluster>/` whose names begin with `start`: no caller
   * may have others there. They are removed before it ends, however it ends; what cannot be removed is told. A check
   * that fails is a finding, and those that say nothing after it are `skipped`. Rejects with the signal's reason alone.
   */
  examine(cluster: string, options: { start: string; signal: AbortSignal }): AsyncIterable<Examined>;

  [Symbol.asyncDispose](): Promise<void>;
};

export type Version = Listed & {
  /** How the store calls it. */
  version: string;
  /** It has no content: it was put before the others by a removal, so that the name is not seen. */
  hides: boolean;
  /** The one that `get` and `list` know. */
  newest: boolean;
};

/** What one check of a store found. */
export type Examined = {
  /** `put`, `ranged get`: a word or two, each once. */
  name: string;
  status: 'pass' | 'warning' | 'fail' | 'skipped';
  detail: string;
  /** What mends it. */
  hint: string | null;
  /** Options by their long flag with which the same was tried again and went well; what comes after used them. */
  mends: Record<string, string> | null;
};

/** `until` is null for a hold without an end; `by` says what it is: `object lock (governance)`, `legal hold`. */
export type Held = { until: Date | null; by: string };

/** The most bytes that a small object (manifest, verdict, pin) may have: more is not one of this program's. */
export const smallObjectLimit = 4 * 1024 * 1024;
