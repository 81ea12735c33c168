/** What a copy is told, and what it says of each snapshot. */
import type { SignKeyFile } from '../catalog/sign-key.ts';
import type { RecipientsFile } from '../codec/recipients.ts';
import type { Secret } from '../secret.ts';
import type { StoreSettings } from './settings.ts';

export type CopySettings = {
  store: StoreSettings;
  /** The location of the other store; null where it was not given. */
  to: string | null;
  /** Selectors; none means all snapshots of the cluster that are good. */
  snapshots: string[];
  before: Date | null;
  /** Of all of them only those from this time on. */
  since: Date | null;
  /** Of all of them only those that a drill has proven. */
  verifiedOnly: boolean;
  dryRun: boolean;
  /** Whom the copies are encrypted for anew, beside those in the file; nobody at all copies the bytes as they are. */
  recipients: string[];
  recipientsFile: RecipientsFile | null;
  identities: Secret[];
  /** Signs those that are made anew; null leaves them unsigned. */
  signKey: SignKeyFile | null;
};

export type CopiedSnapshot = {
  id: string;
  started: string;
  /** Bytes of the object; null when it is missing. */
  size: number | null;
  /** A fail stands where it is copied from, or its object is missing there. */
  bad: boolean;
  /** `complete`: the snapshot is there, and verdicts, a pin or its object are not. */
  plan: 'copy' | 'complete' | 'there' | 'leave out';
  /** Why it is left out; null where it is not. */
  reason: string | null;
  /** True when all of the plan was carried out. */
  done: boolean;
  /** The id of its copy in the other store; null where there is none. */
  copy: string | null;
  /** The names of the files that were written, without the cluster. */
  files: string[];
  /** Files of its id that this version does not know: not copied. */
  others: string[];
  seconds: number | null;
  /** Why the plan could not be carried out. */
  problem: string | null;
};
