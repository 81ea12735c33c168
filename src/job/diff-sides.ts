/** The two sides of a diff: the keys of a snapshot, or of a living cluster, in order and at one revision. */
import { hash } from 'node:crypto';
import { ask } from '../bolt/ask.ts';
import type { LiveKeysAnswer } from '../bolt/live-keys.ts';
import { hashSize, type LivePart, liveKeysIn } from '../bolt/live-row.ts';
import type { EtcdClient } from '../etcd/client.ts';
import { rangePages } from '../etcd/range.ts';
import type { MemberStatus } from '../etcd/status.ts';
import type { Context } from './context.ts';
import type { Content } from './open-content.ts';
import { partsOf } from './parts.ts';

export type SideKey = {
  key: Buffer;
  /** Bytes of the value. */
  size: number;
  modRevision: number;
  /** 0 without one. */
  lease: bigint;
  /** Of the value: two that are the same have the same. */
  hash: Buffer;
};

export type SideFacts = {
  /** The id of a snapshot, or the path of a file; null for a living cluster. */
  snapshot: string | null;
  /** Of a living cluster. */
  endpoint: string | null;
  /** When the snapshot was taken, where that is known. */
  taken: string | null;
  /** Where its history belongs to. */
  lineage: string | null;
  clusterId: string | null;
  /** As of which the keys are; 0 until they are read. */
  revision: number;
  /** How many keys there are. */
  keys: number;
};

export type Side = {
  /** `revision` and `keys` are filled while the keys are read. */
  facts: SideFacts;
  /** Reads them, some at a time. Throws what reading a snapshot or etcd throws, or the signal's reason. */
  keys(): AsyncGenerator<SideKey[], void, void>;
};

/** `scratch` is a folder of its own. */
export const snapshotSide = (
  { path, name, manifest }: Content,
  { prefix, scratch }: { prefix: Buffer; scratch: string },
  { signal }: Pick<Context, 'signal'>,
): Side => {
  const facts: SideFacts = {
    snapshot: name,
    endpoint: null,
    taken: manifest?.taken.started ?? null,
    lineage: manifest?.lineage ?? null,
    clusterId: manifest?.cluster.id ?? null,
    revision: 0,
    keys: 0,
  };
  const question = { path, scratch, revision: null, prefixes: [prefix], hashes: true, values: false };
  const keys = async function* () {
    const parts = partsOf<LivePart, LiveKeysAnswer>(
      (onPart, ended) => ask('liveKeys', question, { name, signal: ended, onPart }),
      signal,
    );
    for (;;) {
      const next = await parts.next();
      facts.revision = next.value.newest;
      if (next.done) return;
      facts.keys += next.value.ends.length;
      yield [...liveKeysIn(next.value)];
    }
  };
  return { facts, keys };
};

/** The member's status is of before. */
export const livingSide = (
  client: EtcdClient,
  { clusterId }: MemberStatus,
  { prefix }: { prefix: Buffer },
  { signal }: Pick<Context, 'signal'>,
): Side => {
  const facts: SideFacts = {
    snapshot: null,
    endpoint: client.endpoint,
    taken: null,
    lineage: null,
    clusterId,
    revision: 0,
    keys: 0,
  };
  const keys = async function* () {
    for await (const page of rangePages(client, prefix, { signal })) {
      facts.revision = page.revision;
      facts.keys += page.keys.length;
      yield page.keys.map(({ key, value, modRevision, lease }) => ({
        key,
        size: value.length,
        modRevision,
        lease,
        hash: hash('sha256', value, 'buffer').subarray(0, hashSize),
      }));
    }
  };
  return { facts, keys };
};
