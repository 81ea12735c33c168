/** The members of a drill's cluster: their data directories, each restored from the one snapshot. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { restoreDataDir } from '../programs/restore.ts';
import { type ThrowawayMember, throwawayPeerUrl } from '../programs/throwaway-arguments.ts';
import type { DrillSettings } from './drill-settings.ts';

export const drillMembers = ({ members, scratch }: DrillSettings): ThrowawayMember[] =>
  Array.from({ length: members }, (_, index) => {
    const name = `m${index}`;
    return { name, dataDir: join(scratch, `data-${name}`), peerUrl: throwawayPeerUrl(name) };
  });

/** One after the other: each copies the whole database. Throws what `restoreDataDir` throws. */
export const restoreMembers = async (
  members: ThrowawayMember[],
  { programs, file }: DrillSettings,
  signal: AbortSignal,
): Promise<void> => {
  // Random, so that it can never be taken for a member of the living cluster.
  const initialClusterToken = `drill-${randomBytes(8).toString('hex')}`;
  for (const { name, dataDir, peerUrl } of members)
    await restoreDataDir(programs, {
      file,
      dataDir,
      walDir: null,
      name,
      initialCluster: members.map(member => `${member.name}=${member.peerUrl}`).join(','),
      initialClusterToken,
      initialAdvertisePeerUrls: [peerUrl],
      skipHashCheck: true,
      bumpRevision: null,
      signal,
    });
};
