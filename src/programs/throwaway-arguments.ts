/** What a member of a throwaway etcd is started with. Pure. */
import { resolve } from 'node:path';
import { SnapbackError } from '../errors.ts';
import { clientSocket } from './sockets.ts';

export type ThrowawayMember = {
  name: string;
  /** Restored, or new for an empty etcd. */
  dataDir: string;
  /** What it was restored with: `throwawayPeerUrl(name)`. */
  peerUrl: string;
};

/**
 * The peer URL of a throwaway member, for the restore and for `startThrowaway` alike: a socket in the working
 * directory of etcd, so that its path is short wherever that lies.
 */
export const throwawayPeerUrl = (name: string): string => `unix://${name}:1`;

/** etcd's arguments for the member at `index`; socket names are relative to etcd's working directory. */
export const memberArguments = (
  index: number,
  { dataDirs, quotaBytes }: { dataDirs: ThrowawayMember[]; quotaBytes: number },
): string[] => {
  const member = dataDirs[index];
  if (!member) throw new RangeError(`no member ${index}`);
  for (const { peerUrl } of dataDirs) checkRelative(peerUrl);
  const client = `unix://${clientSocket(index)}`;
  return [
    `--name=${member.name}`,
    `--data-dir=${resolve(member.dataDir)}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${member.peerUrl}`,
    `--initial-advertise-peer-urls=${member.peerUrl}`,
    // For a new data directory; a restored one has its members in it.
    `--initial-cluster=${dataDirs.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')}`,
    '--initial-cluster-state=new',
    `--quota-backend-bytes=${quotaBytes}`,
    // Serves JSON over HTTP by a connection to itself; nobody asks it here.
    '--enable-grpc-gateway=false',
    '--logger=zap',
    '--log-outputs=stderr',
    '--log-level=warn',
    ...(dataDirs.length === 1 ? alone : []),
  ];
};

/**
 * A member alone waits one election timeout before it leads, and has nobody to lose the lead to. Several on a
 * busy machine keep etcd's own 100 and 1000 ms.
 */
const alone = ['--heartbeat-interval=5', '--election-timeout=50'];

const checkRelative = (url: string): void => {
  if (/^unix:\/\/[^/:]+:\d+$/.test(url)) return;
  throw new SnapbackError('failed', {
    operation: 'start a throwaway etcd',
    object: `peer URL ${url}`,
    reason: 'is not a unix socket in its working directory',
  });
};
