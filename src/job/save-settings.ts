/** What a save is told. */
import type { SignKeyFile } from '../catalog/sign-key.ts';
import type { RecipientsFile } from '../codec/recipients.ts';
import type { From } from '../etcd/choose.ts';
import type { EtcdSettings, StoreSettings } from './settings.ts';

export type SaveSettings = {
  etcd: EtcdSettings;
  store: StoreSettings;
  /** Locations of more stores that get the same snapshot. */
  also: string[];
  /** What makes the run a success: that all stores have it, or that one has. */
  require: 'all' | 'any';
  acceptClusterId: string | null;
  allowNoQuorum: boolean;
  /** False asks no member but those at the endpoints. */
  discover: boolean;
  from: From;
  fingerprint: 'auto' | 'on' | 'off';
  /** `content` lays the database down in clear and reads it through before anything is committed. */
  check: 'off' | 'content';
  /** Where the folder for that is made; null for the folder for temporary files. */
  scratch: string | null;
  compression: 'zstd' | 'none';
  /** Whom it is encrypted for, beside those in the file; nobody at all leaves it in clear. */
  recipients: string[];
  recipientsFile: RecipientsFile | null;
  /** Signs the manifest; null leaves it unsigned. */
  signKey: SignKeyFile | null;
  labels: Record<string, string>;
};
