/** A snapshot on its way into a store, whose end is held back until the database in it was read through. */

import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import type { Check } from '../catalog/verdict.ts';
import { chain } from '../codec/chain.ts';
import { from, SnapbackError } from '../errors.ts';
import { fileTrouble } from '../file-trouble.ts';
import { checkContent } from './content.ts';
import type { Context } from './context.ts';
import type { Recorded } from './drill-settings.ts';
import { openScratch, spaceForContent } from './scratch.ts';

export type ProvenBody = { body: Readable; [Symbol.asyncDispose](): Promise<void> };

export type Proving = {
  /** The bytes that are announced. */
  total: number;
  /** The member, for errors. */
  endpoint: string;
  /** Where the scratch folder is made; null for the folder for temporary files. */
  scratch: string | null;
  /** Asked for after the last byte. */
  recorded(): Promise<Recorded>;
};

/**
 * The bytes of `source`, which are also written in clear to a private folder, until it is disposed of. What is not sound
 * fails with `integrity` in place of the end, so that no store gets to see one; a full disk with `failed`, and then the
 * signal's reason. Throws `usage` or `failed` where there is no room for the folder.
 */
export const proveBody = async (
  source: Readable,
  { total, endpoint, scratch, recorded }: Proving,
  context: Context,
): Promise<ProvenBody> => {
  const { signal, notify } = context;
  const folder = await openScratch(scratch, spaceForContent(total));
  const file = join(folder.path, 'snapshot.db');
  const name = `the snapshot of etcd ${endpoint}`;
  const spool = async function* (bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    {
      await using handle = await open(file, 'wx', 0o600);
      for await (const chunk of bytes) {
        await handle.writeFile(chunk).catch(error => {
          throw notWritten(folder.path, error);
        });
        yield chunk;
      }
    }
    const checks: Check[] = [];
    const subject = { file, name, scratch: folder.path, recorded: await recorded() };
    await checkContent(subject, check => checks.push(check), context);
    const failed = checks.find(({ status }) => status === 'fail');
    if (failed) throw notSound(name, failed);
    for (const { name: what, detail } of checks)
      notify({ kind: 'step', label: 'checked', text: `${what}: ${detail}` });
  };
  return {
    body: chain(source, [spool], new PassThrough(), signal),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
};

const notWritten = (folder: string, error: unknown): SnapbackError =>
  from(error, 'failed', {
    operation: 'lay the snapshot down for its check',
    object: `folder ${folder}`,
    reason: fileTrouble(error),
    hint: 'Make room there, or name a folder on another disk with --scratch DIR.',
  });

const notSound = (name: string, { detail }: Check): SnapbackError => {
  const details = { operation: 'check the snapshot before it is stored', object: name };
  if (detail.startsWith(name))
    return new SnapbackError('integrity', {
      ...details,
      reason: detail.slice(name.length + 1),
      hint: 'Look at the disk and the memory of that member; --from URL saves from another one.',
    });
  return new SnapbackError('integrity', {
    ...details,
    reason: `is not what the living cluster says: ${detail}`,
    hint: 'That member, or the one that was asked for the hash, has other data than the rest: compare all of them (etcdctl endpoint hashkv --cluster), and save from one that is right: --from URL.',
  });
};
