/** What the reader of src/bolt finds in a snapshot file by itself, held against what the server said at that moment. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { readKeyspace } from '../../src/bolt/keyspace.ts';
import { isSnapbackError } from '../../src/errors.ts';
import type { Stage } from './lived-in-etcd.ts';

/** By what damage was found; `not comparable` says neither that it is good nor that it is not. */
export const findings = ['size', 'structure', 'revision', 'HashKV', 'not comparable', 'nothing'] as const;

export type Finding = (typeof findings)[number];

/** Looks neither at the trailer nor at a hash of the file. Throws what is no `integrity` error: then the reader failed. */
export const look = ({ file, facts }: Stage): Finding => {
  // What is whole but for its trailer is taken for a file that never had one, which nobody verifies unasked.
  if (statSync(file).size % 512 !== 32) return 'size';
  const [expected] = facts.revisions;
  const question = { path: file, revision: expected.revision, scratch: dirname(file) };
  try {
    const { asked, revision, compactRevision } = readKeyspace(question, { name: file, emit: () => {} });
    if (revision < expected.revision) return 'revision';
    if (asked.reason !== null || compactRevision !== expected.compactRevision) return 'not comparable';
    return asked.hashKV === expected.hash && asked.keys === expected.keys ? 'nothing' : 'HashKV';
  } catch (error) {
    if (!isSnapbackError(error) || error.code !== 'integrity') throw error;
    return /cut short|behind its last page/.test(error.reason) ? 'size' : 'structure';
  }
};
