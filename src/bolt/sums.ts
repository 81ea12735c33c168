/** What records come to. */
export type Sums = {
  /** Keys that live, and the bytes of their newest records as the database holds them: key, value and revision. */
  keys: number;
  bytes: number;
  /** All other records, of which a compaction leaves nothing: what was before, and what was deleted. */
  pastRecords: number;
  pastBytes: number;
};

export const emptySums = (): Sums => ({ keys: 0, bytes: 0, pastRecords: 0, pastBytes: 0 });

/** Counts a record of that many bytes. */
export const addRecord = (sums: Sums, bytes: number, live: boolean): void => {
  if (live) {
    sums.keys += 1;
    sums.bytes += bytes;
  } else {
    sums.pastRecords += 1;
    sums.pastBytes += bytes;
  }
};

export const addSums = (sums: Sums, more: Sums): void => {
  sums.keys += more.keys;
  sums.bytes += more.bytes;
  sums.pastRecords += more.pastRecords;
  sums.pastBytes += more.pastBytes;
};
