/** What a job tells while it runs: facts, in the order in which they become known. How they read is report's affair. */

export type Event =
  | {
      kind: 'member';
      endpoint: string;
      name: string | null;
      role: string;
      version: string;
      members: number;
      /** How many of them answered here, and of these have no trouble of their own; the others may be well all the same. */
      reached: number;
      healthy: number;
      revision: number;
      fresh: boolean;
    }
  | { kind: 'streamed'; size: number; seconds: number }
  | {
      kind: 'stored';
      location: string;
      name: string;
      size: number;
      plainSize: number;
      recipients: number;
      signed: boolean;
    }
  | { kind: 'copied'; id: string; newId: string | null; size: number; seconds: number }
  | { kind: 'bound'; hashKV: number; revision: number; by: string | null; seconds: number }
  | {
      /** What is verified next: an id, or the path of a file. */
      kind: 'snapshot';
      snapshot: string;
      cluster: string | null;
      taken: string | null;
      etcdVersion: string | null;
      plainSize: number | null;
    }
  | {
      kind: 'check';
      name: string;
      status: 'pass' | 'fail' | 'skipped' | 'warning';
      detail: string;
      seconds: number | null;
    }
  | { kind: 'step'; label: string; text: string };

/** How far a phase is; `total` is null where nobody knows. */
export type Progress = { phase: string; done: number; total: number | null };
