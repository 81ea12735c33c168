/** A manifest that could have been written by a save, and a snapshot in a store that has one. */

import { commitManifest } from '../../src/catalog/commit.ts';
import { timeOf } from '../../src/catalog/id.ts';
import type { Manifest } from '../../src/catalog/manifest.ts';
import { objectFile } from '../../src/catalog/names.ts';
import type { SignKey } from '../../src/catalog/sign-key.ts';
import type { Store } from '../../src/store/store.ts';

export const sampleLineage = '0123456789abcdef0123456789abcdef';
export const sampleSha256 = `sha256:${'5e'.repeat(32)}`;

export const sampleManifest = (id: string, overrides: Partial<Manifest> = {}): Manifest => ({
  format: 1,
  kind: 'snapshot',
  id,
  lineage: sampleLineage,
  tool: 'etcd-snapback 0.1.0',
  origin: null,
  cluster: {
    name: 'prod',
    id: '14841639068965178418',
    members: [
      {
        id: '10276657743932975437',
        name: 'm0',
        peerURLs: ['https://10.0.0.11:2380'],
        clientURLs: ['https://10.0.0.11:2379'],
        learner: false,
      },
    ],
  },
  taken: {
    started: timeOf(id).toISOString(),
    finished: new Date(timeOf(id).getTime() + 2500).toISOString(),
    endpoint: 'https://10.0.0.11:2379',
    memberId: '10276657743932975437',
    role: 'leader',
    linearizedRevision: 1234,
  },
  etcd: {
    version: '3.6.16',
    storageVersion: '3.6.0',
    revisionBefore: 1234,
    revisionAfter: 1240,
    raftTerm: 5,
    dbSize: 90_112,
    dbSizeInUse: 65_536,
    quota: 2_147_483_648,
    alarms: [{ memberId: '10276657743932975437', type: 'NOSPACE' }],
    authEnabled: false,
  },
  fingerprint: {
    revision: 1234,
    compactRevision: 1200,
    hashKV: 2_844_868_205,
    keys: 8119,
    memberId: '10276657743932975437',
    seconds: 0.3,
  },
  fingerprintSkipped: null,
  plain: { size: 90_144, sha256: sampleSha256 },
  object: {
    name: objectFile(id, 'zstd', 'age'),
    size: 5,
    sha256: sampleSha256,
    compression: 'zstd',
    encryption: 'age',
    recipients: ['age1qqqq'],
  },
  attachments: [],
  labels: { reason: 'before-upgrade' },
  ...overrides,
});

/** Puts a snapshot into a store: an object of five bytes, and its manifest, signed where there is a key. */
export const putSample = async (
  store: Store,
  id: string,
  overrides: Partial<Manifest> = {},
  signKey: SignKey | null = null,
): Promise<Manifest> => {
  const { signal } = new AbortController();
  const manifest = sampleManifest(id, overrides);
  await store.put(`${manifest.cluster.name}/${manifest.object.name}`, Buffer.from('bytes'), { signal });
  await commitManifest(store, manifest, { signKey, signal });
  return manifest;
};
