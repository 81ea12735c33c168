/**
 * What each byte of a snapshot file is for. Made to judge the reader of src/bolt, so that it shares nothing with it; it
 * takes the file for a good one (bbolt: internal/common; etcd: server/storage/mvcc, hash.go, revision.go).
 */

export const kinds = [
  'meta page in use',
  'other meta page',
  'header or elements of a page in use',
  'key of a branch',
  'record that HashKV covers',
  'record written over since the compaction',
  'record that compaction has given up',
  'name of a bucket',
  'key of another bucket',
  'value of another bucket',
  'free page',
  'bytes that no element covers',
  'trailer',
] as const;

export type Kind = (typeof kinds)[number];

/** Bytes of the file from `start` to before `end`. */
export type Piece = { kind: Kind; start: number; end: number };

/** For HashKV: the newest revision, to which it is taken, and the compact revision (-1 without any). */
export type Hashed = { revision: number; compactRevision: number };

/** All pieces in order: they cover the file, and no two overlap. */
export const mapOf = (file: Buffer, hashed: Hashed): Piece[] => {
  const size = file.length - trailer;
  const inUse = file.readBigUInt64LE(64) > file.readBigUInt64LE(file.readUInt32LE(24) + 64) ? 0 : 1;
  const pageSize = file.readUInt32LE(24);
  const map: Mapped = { file, pageSize, pieces: [], records: [], reached: new Set([0, 1]) };
  for (const page of [0, 1])
    map.pieces.push({
      kind: page === inUse ? 'meta page in use' : 'other meta page',
      start: page * pageSize,
      end: page * pageSize + metaEnd,
    });
  addPage(map, Number(file.readBigUInt64LE(inUse * pageSize + 32)), null);
  addRecords(map, hashed);
  for (let page = 0; page < size / pageSize; page++)
    if (!map.reached.has(page))
      map.pieces.push({ kind: 'free page', start: page * pageSize, end: (page + 1) * pageSize });
  map.pieces.push({ kind: 'trailer', start: size, end: file.length });
  return merged(map.pieces.toSorted((a, b) => a.start - b.start));
};

const trailer = 32;
// Header, and the meta with its checksum.
const metaEnd = 80;
const headerSize = 16;
const elementSize = 16;

type Record = { main: number; tombstone: boolean; key: string; start: number; end: number };
type Mapped = { file: Buffer; pageSize: number; pieces: Piece[]; records: Record[]; reached: Set<number> };

/** A page and all below it; `bucket` is null in the bucket of the buckets. */
const addPage = (map: Mapped, page: number, bucket: string | null): void => {
  const start = page * map.pageSize;
  for (let next = page; next <= page + map.file.readUInt32LE(start + 12); next++) {
    if (map.reached.has(next)) throw new Error(`page ${next} is reached twice`);
    map.reached.add(next);
  }
  addElements(map, start, bucket);
};

const addElements = (map: Mapped, start: number, bucket: string | null): void => {
  const { file, pieces } = map;
  const leaf = file.readUInt16LE(start + 8) === 2;
  const count = file.readUInt16LE(start + 10);
  const structure = (from: number, size: number) =>
    pieces.push({ kind: 'header or elements of a page in use', start: from, end: from + size });
  structure(start, headerSize + count * elementSize);
  for (let index = 0; index < count; index++) {
    const at = start + headerSize + index * elementSize;
    const key = at + file.readUInt32LE(leaf ? at + 4 : at);
    const value = key + file.readUInt32LE(leaf ? at + 8 : at + 4);
    const end = leaf ? value + file.readUInt32LE(at + 12) : value;
    if (!leaf) {
      pieces.push({ kind: 'key of a branch', start: key, end: value });
      addPage(map, Number(file.readBigUInt64LE(at + 8)), bucket);
    } else if (bucket === null) {
      pieces.push({ kind: 'name of a bucket', start: key, end: value });
      structure(value, bucketHeader);
      const root = Number(file.readBigUInt64LE(value));
      const name = file.toString('latin1', key, value);
      if (root === 0) addElements(map, value + bucketHeader, name);
      else addPage(map, root, name);
    } else if (bucket === 'key') {
      map.records.push(recordAt(file, key, value, end));
    } else {
      pieces.push({ kind: 'key of another bucket', start: key, end: value });
      if (end > value) pieces.push({ kind: 'value of another bucket', start: value, end });
    }
  }
};

const bucketHeader = 16;

const recordAt = (file: Buffer, start: number, value: number, end: number): Record => {
  // The first field of the message is the key, with its length as a varint of one or two bytes.
  const size = file.readUInt8(value + 1);
  const long = size > 127;
  const key = value + (long ? 3 : 2);
  const length = long ? (size & 127) + 128 * file.readUInt8(value + 2) : size;
  return {
    main: Number(file.readBigUInt64BE(start)),
    tombstone: value - start === 18,
    key: file.toString('latin1', key, key + length),
    start,
    end,
  };
};

/**
 * HashKV takes every record after the compact revision, and of those before it the ones that are live at the revision
 * it is taken to: what has been written over between the two is part of the history and not of the hash.
 */
const addRecords = ({ pieces, records }: Mapped, { revision, compactRevision }: Hashed): void => {
  const newest = (to: number) =>
    new Set(new Map(records.filter(({ main }) => main <= to).map(one => [one.key, one])).values());
  const [atRevision, atCompaction] = [newest(revision), newest(compactRevision)];
  const kindOf = (record: Record): Kind => {
    if (record.main > compactRevision) return 'record that HashKV covers';
    if (record.tombstone) return 'record that compaction has given up';
    if (atRevision.has(record)) return 'record that HashKV covers';
    return atCompaction.has(record)
      ? 'record written over since the compaction'
      : 'record that compaction has given up';
  };
  for (const record of records) pieces.push({ kind: kindOf(record), start: record.start, end: record.end });
};

/** Joins neighbours of one kind, and names what lies between two pieces. */
const merged = (pieces: Piece[]): Piece[] => {
  const all: Piece[] = [];
  const add = (piece: Piece) => {
    const last = all.at(-1);
    if (last && piece.start !== last.end) {
      if (piece.start < last.end) throw new Error(`two elements share byte ${piece.start}`);
      all.push({ kind: 'bytes that no element covers', start: last.end, end: piece.start });
    }
    if (last?.end === piece.start && last.kind === piece.kind) last.end = piece.end;
    else all.push({ ...piece });
  };
  for (const piece of pieces) if (piece.end > piece.start) add(piece);
  return all;
};
