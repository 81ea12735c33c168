/** What a person may say about an S3 server. All is optional: null leaves it to the server, or to AWS's own rules. */
import type { Secret } from '../secret.ts';

export type S3Settings = {
  /** A URL; null for AWS, or what the AWS profile names. */
  endpoint: string | null;
  /** Null for what AWS's variables and profile name, else us-east-1. */
  region: string | null;
  /**
   * Of the AWS files: its credentials, its region and its `endpoint_url` where those are null here. Null for AWS's own
   * order.
   */
  profile: string | null;
  /** The bucket in the path, not in the host name; null for true at an endpoint of one's own, false at AWS. */
  pathStyle: boolean | null;
  /** Certificates in PEM that the server must be signed by, in place of the well-known ones. */
  ca: string | null;
  encryption: Encryption | null;
  storageClass: string | null;
  /** Set on every object. */
  tags: Record<string, string>;
  objectLock: ObjectLock | null;
  /** Null for `when_required` at an endpoint of one's own and `when_supported` at AWS. */
  checksums: 'when_required' | 'when_supported' | null;
  /** Milliseconds for making a connection. */
  dialTimeout: number;
  /** Milliseconds without a byte in either direction. */
  idleTimeout: number;
};

/** On the server: with its own keys, with a key of its key service, or with a customer's key (32 bytes in base64). */
export type Encryption =
  | { kind: 'AES256' }
  | { kind: 'aws:kms'; keyId: string | null }
  | { kind: 'customer'; key: Secret };

/** Set on every object when it is written, but for those that must be free to go. */
export type ObjectLock = { mode: 'governance' | 'compliance'; milliseconds: number } | { mode: 'legal-hold' };

export const defaultS3Settings: S3Settings = {
  endpoint: null,
  region: null,
  profile: null,
  pathStyle: null,
  ca: null,
  encryption: null,
  storageClass: null,
  tags: {},
  objectLock: null,
  checksums: null,
  dialTimeout: 5_000,
  idleTimeout: 30_000,
};
