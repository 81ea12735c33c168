/** What a verification is told, and what it says of one snapshot. */
import type { Level } from '../catalog/names.ts';
import type { SignKeyFile } from '../catalog/sign-key.ts';
import type { Check } from '../catalog/verdict.ts';
import type { ErrorFields } from '../errors.ts';
import type { Secret } from '../secret.ts';
import type { Expectation } from './expectation.ts';
import type { ProgramSettings, StoreSettings } from './settings.ts';
import type { Among } from './verify-choice.ts';

export type VerifySettings = {
  store: StoreSettings;
  programs: ProgramSettings;
  /** Selectors or paths; none means latest, or what `among` says. */
  snapshots: string[];
  among: Among;
  before: Date | null;
  level: 'object' | 'content' | 'drill';
  expectations: Expectation[];
  /** Of the cluster that a drill restores. */
  members: 1 | 3;
  identities: Secret[];
  scratch: string | null;
  record: boolean;
  /** Signs the verdicts; null leaves them unsigned. */
  signKey: SignKeyFile | null;
  skipVerified: boolean;
  /** Also tell of the drills until now. */
  history: boolean;
  skipHashCheck: boolean;
  user: string | null;
  password: Secret | null;
  dialTimeout: number;
  idleTimeout: number;
};

export type Verification = {
  /** An id, or the path of a file. */
  snapshot: string;
  cluster: string | null;
  taken: string | null;
  /** In full as recorded; of another tool's file the minor version that it, or --etcd-version, says. */
  etcdVersion: string | null;
  plainSize: number | null;
  level: Level;
  /** The minor version of etcd that a drill tried it on, where that is not its own: then no verdict is written. */
  rehearsal: string | null;
  /** Null when it was passed over. */
  pass: boolean | null;
  checks: Check[];
  /** What was expected besides, each by its text: it says nothing about whether the snapshot restores. */
  expectations: Check[];
  seconds: number;
  recoverySeconds: number | null;
  programs: { etcd: string | null; etcdutl: string | null };
  /** The name of the verdict in the store; null when none was written. */
  verdict: string | null;
};

/** One of several that could not be verified, which says nothing about it. */
export type NotVerified = { snapshot: string; error: ErrorFields };
