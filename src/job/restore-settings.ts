/** What a restore is told. */
import type { Secret } from '../secret.ts';
import type { ProgramSettings, StoreSettings } from './settings.ts';

export type RestoreSettings = {
  store: StoreSettings;
  programs: ProgramSettings;
  /** A selector or a path. */
  snapshot: string;
  before: Date | null;
  identities: Secret[];
  scratch: string | null;
  dataDir: string | null;
  output: string | null;
  walDir: string | null;
  name: string | null;
  initialCluster: string | null;
  initialClusterToken: string | null;
  initialAdvertisePeerUrls: string[];
  skipHashCheck: boolean;
  dryRun: boolean;
};
