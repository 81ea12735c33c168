/** How an etcd is reached: what `--endpoints --cacert --cert --key --user --password …` come to, already decided. */
import type { Secret } from '../secret.ts';

export type EtcdSettings = {
  /** `https://host:port`, `http://host:port`, `host:port` or `unix:/path`, in the order given. */
  endpoints: string[];
  /** Paths of PEM files; null where none was given. */
  cacert: string | null;
  cert: string | null;
  key: string | null;
  /** The user's name alone; splitting `name:password` is the edge's affair. */
  user: string | null;
  password: Secret | null;
  insecureSkipTlsVerify: boolean;
  /** Milliseconds for a connection with all its handshakes and the login. */
  dialTimeout: number;
  /** Milliseconds without any answer or byte after which a member counts as silent. */
  idleTimeout: number;
};
