/** What `verify` found, recorded beside the snapshot, and read again. */
import * as v from 'valibot';
import type { Store } from '../store/store.ts';
import { checkFields, damaged, documentBytes, parseDocument, readSmall } from './document.ts';
import * as f from './fields.ts';
import { stamp, stampWithRandom } from './id.ts';
import type { Level, VerdictName } from './names.ts';
import type { SignKey } from './sign-key.ts';
import { checkSignature, putSignature } from './signature.ts';
import type { Trust } from './trust-key.ts';

export type Check = {
  name: string;
  status: 'pass' | 'fail' | 'skipped' | 'warning';
  detail: string;
  seconds: number | null;
};

export type Verdict = {
  format: 1;
  kind: 'verdict';
  /** The snapshot's id. */
  snapshot: string;
  /** The hash of the manifest's bytes that was checked. */
  manifest: string;
  level: Level;
  pass: boolean;
  started: string;
  seconds: number;
  /** The sum of the phases that a real restore has too; null below a drill. */
  recoverySeconds: number | null;
  tool: string;
  programs: { etcd: string | null; etcdutl: string | null };
  checks: Check[];
  expectations: Check[];
};

const check = v.looseObject({
  name: f.text,
  status: v.picklist(['pass', 'fail', 'skipped', 'warning'], 'no status of a check'),
  detail: f.text,
  seconds: v.nullable(f.seconds),
});

const schema: v.GenericSchema<unknown, Verdict> = v.looseObject({
  format: f.format,
  kind: v.literal('verdict', 'not verdict'),
  snapshot: f.snapshotId,
  manifest: f.sha256,
  level: v.picklist(['object', 'content', 'drill'], 'no level'),
  pass: f.flag,
  started: f.time,
  seconds: f.seconds,
  recoverySeconds: v.nullable(f.seconds),
  tool: f.text,
  programs: v.looseObject({ etcd: v.nullable(f.text), etcdutl: v.nullable(f.text) }),
  checks: v.array(check),
  expectations: v.array(check),
});

/** Writes a verdict after its signature; its name tells snapshot, time of the start, level and outcome. Gives the file's name. */
export const writeVerdict = async (
  store: Store,
  cluster: string,
  verdict: Verdict,
  { signKey, signal }: { signKey: SignKey | null; signal: AbortSignal },
): Promise<string> => {
  const when = stampWithRandom(new Date(verdict.started));
  const file = `${verdict.snapshot}.verify.${when}.${verdict.level}.${verdict.pass ? 'pass' : 'fail'}.json`;
  const bytes = documentBytes(schema, verdict, file);
  const name = `${cluster}/${file}`;
  await putSignature(store, name, bytes, { signKey, signal, removable: true });
  await store.put(name, bytes, { signal, removable: true });
  return file;
};

/**
 * Reads the body of one verdict of a listing, and says whose key signed it (its file; null where signatures are not
 * looked at). `integrity` for one that nobody signed who is trusted, for damage and for a body that says something else
 * than its name, by which an old verdict could pass for a new one; `refused` for a newer format.
 */
export const readVerdict = async (
  store: Store,
  cluster: string,
  named: VerdictName,
  { trust, signal }: { trust: Trust; signal: AbortSignal },
): Promise<{ verdict: Verdict; signedBy: string | null }> => {
  const object = `${cluster}/${named.name}`;
  const bytes = await readSmall(store, object, { signal });
  const signedBy = await checkSignature(store, object, bytes, { trust, signal });
  const verdict = checkFields(schema, parseDocument(bytes, 'verdict', object), object);
  const same =
    named.name.startsWith(`${verdict.snapshot}.verify.${stamp(new Date(verdict.started))}-`) &&
    verdict.level === named.level &&
    verdict.pass === named.pass;
  if (!same) throw damaged(object, 'says something else than its name');
  return { verdict, signedBy };
};
