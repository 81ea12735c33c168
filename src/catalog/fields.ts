/** The kinds of fields that the documents of a store are made of. */
import * as v from 'valibot';
import { idPattern } from './id.ts';

/** A counter or a size: a number that JSON carries exactly, so nothing above 2^53. */
export const count = v.pipe(
  v.number('not a number'),
  v.safeInteger('not a whole number below 2^53'),
  v.minValue(0, 'below zero'),
);
/** etcd's word for "never compacted" is -1 (server/storage/mvcc/kvstore.go). */
export const compactRevision = v.union([count, v.literal(-1)], 'neither a revision nor -1');
export const seconds = v.pipe(
  v.number('not a number'),
  v.finite('not a finite number'),
  v.minValue(0, 'below zero'),
);
export const uint32 = v.pipe(count, v.maxValue(0xffffffff, 'above 32 bits'));
export const text = v.string('not a text');
export const flag = v.boolean('neither true nor false');

/** An id of etcd: 64 bits without sign, as a decimal text. */
export const etcdId = v.pipe(
  text,
  v.check(id => /^(0|[1-9]\d{0,19})$/.test(id) && BigInt(id) < 2n ** 64n, 'not a decimal number of 64 bits'),
);
/** RFC 3339 in UTC. */
export const time = v.pipe(
  text,
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/, 'not a time of RFC 3339 in UTC'),
  v.check(found => !Number.isNaN(Date.parse(found)), 'not a time that exists'),
);
export const sha256 = v.pipe(text, v.regex(/^sha256:[0-9a-f]{64}$/, 'not sha256: and 64 hex digits'));
export const lineageId = v.pipe(text, v.regex(/^[0-9a-f]{32}$/, 'not 32 hex digits'));
export const snapshotId = v.pipe(text, v.regex(idPattern, 'not an id of a snapshot'));
/** A name within the cluster's folder: no slash, no leading dot. */
export const fileName = v.pipe(
  text,
  v.regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/, 'not a name of an object'),
);

export const format = v.literal(1, 'not 1');

/** A member of etcd as `member list` gives it. */
export type Member = { id: string; name: string; peerURLs: string[]; clientURLs: string[]; learner: boolean };
export const member = v.looseObject({
  id: etcdId,
  name: text,
  peerURLs: v.array(text),
  clientURLs: v.array(text),
  learner: flag,
});
