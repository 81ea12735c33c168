/** The keys and values of a bucket, in order. */
import type { Bucket } from './bucket.ts';
import { damaged, type Place } from './damage.ts';
import type { Database } from './database.ts';
import {
  bucketFlag,
  checkPlace,
  type Element,
  maxKeySize,
  newElement,
  readElement,
  tableEnd,
  type Value,
  wrongElement,
} from './element.ts';
import { leaves, type Walk } from './leaves.ts';
import { type Frame, filled, newFrame, type Page, placeIn } from './page.ts';

/** One object for all of a walk: it and its bytes hold until the next step, and whoever keeps any of it copies it. */
export type Entry = {
  /** Views, made when they are asked for. */
  readonly key: Buffer;
  readonly value: Buffer;
  /** Whether the value is the header of a bucket. */
  bucket: boolean;
  /** Where the key begins. */
  readonly place: Place;
  /** Key and value without a view: `bytes` from `start` to `middle`, and from there to `end`. */
  bytes: Buffer;
  start: number;
  middle: number;
  end: number;
};

/**
 * Iterates a bucket in the order of its keys, from the first that is not less than `from`; `visit` is told of every page
 * but the root. Throws `integrity` where a page is not as bbolt writes it, the keys are not in order within and across
 * the pages, or a value is larger than any that etcd takes.
 */
export function* entries(
  database: Database,
  bucket: Bucket,
  from?: Uint8Array,
  visit?: Walk['visit'],
): Generator<Entry, void, void> {
  const element = newElement();
  const entry = newEntry();
  const scratch = newFrame();
  const previous: Key = { own: Buffer.alloc(maxKeySize), bytes: Buffer.alloc(0), start: 0, end: 0 };
  for (const { page, index: first } of leaves(database, bucket.root, { from, visit })) {
    let end = first === 0 ? tableEnd(page) : null;
    for (let index = first; index < page.count; index++) {
      readElement(database, page, index, element);
      end = checkPlace(database, page, index, element, end);
      moveTo(database, page, element, entry, scratch);
      if (!isAfter(entry, previous))
        throw wrongElement(database, page, index, 'has a key that is not greater than the one before it');
      if (element.flags > bucketFlag)
        throw wrongElement(database, page, index, `has flags that are not known (${element.flags})`);
      yield entry;
      keep(entry, previous, entry.bytes !== page.head || index === page.count - 1);
    }
  }
}

/** Where the value of an entry is. */
export const valueWithin = ({ place, start, middle, end, bucket }: Entry): Value => ({
  page: place.page,
  offset: place.offset + middle - start,
  size: end - middle,
  bucket,
});

// etcd takes requests of 1.5 MiB, and of what --max-request-bytes says, which it wants to be 10 MiB at most.
const maxSize = 64 * 1024 * 1024;

const newEntry = (): Entry & { page: number; offset: number } => ({
  bytes: Buffer.alloc(0),
  start: 0,
  middle: 0,
  end: 0,
  bucket: false,
  page: 0,
  offset: 0,
  get key() {
    return this.bytes.subarray(this.start, this.middle);
  },
  get value() {
    return this.bytes.subarray(this.middle, this.end);
  },
  get place() {
    return { page: this.page, offset: this.offset };
  },
});

/** Key and value lie in the head of their page, or are read into `scratch`. */
const moveTo = (
  database: Database,
  page: Page,
  { flags, start, keySize, valueSize }: Element,
  entry: ReturnType<typeof newEntry>,
  scratch: Frame,
): void => {
  const size = keySize + valueSize;
  const held = start + size <= page.head.length;
  if (!held && size > maxSize)
    throw damaged(
      database.file.name,
      placeIn(page, start),
      `key and value have ${size} bytes, and not more than ${maxSize} are expected`,
    );
  entry.bytes = held ? page.head : filled(database, scratch, page.start + start, 0, size);
  entry.start = held ? start : 0;
  entry.middle = entry.start + keySize;
  entry.end = entry.start + size;
  entry.bucket = flags === bucketFlag;
  entry.page = page.id;
  entry.offset = page.start + start;
};

/** The key before: where it still is, or a copy where the next page may come in its place. */
type Key = { own: Buffer; bytes: Buffer; start: number; end: number };

const keep = ({ bytes, start, middle }: Entry, key: Key, copy: boolean): void => {
  key.bytes = copy ? key.own : bytes;
  key.start = copy ? 0 : start;
  key.end = copy ? bytes.copy(key.own, 0, start, middle) : middle;
};

/** By bytes, as bbolt has it. In JavaScript, because a call into C++ costs more than the few bytes of a key. */
const isAfter = ({ bytes, start, middle }: Entry, before: Key): boolean => {
  const [size, least] = [middle - start, before.end - before.start];
  const common = Math.min(size, least);
  for (let index = 0; index < common; index++) {
    const [own, other] = [bytes[start + index] ?? 0, before.bytes[before.start + index] ?? 0];
    if (own !== other) return own > other;
  }
  return size > least;
};
