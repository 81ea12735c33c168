/** How the drills of a cluster went until now: what a report shows of them over time. */
import { eightAtATime } from '../catalog/eight-at-a-time.ts';
import type { Entry } from '../catalog/listing.ts';
import { readVerdict } from '../catalog/verdict.ts';
import { isSnapbackError } from '../errors.ts';
import type { Context } from './context.ts';
import type { OpenCatalog } from './open-catalog.ts';

export type PastVerification = {
  snapshot: string;
  /** When the drill began. */
  verifiedAt: string;
  pass: boolean;
  recoverySeconds: number | null;
  /** Bytes of the object; null when it is missing. */
  storedSize: number | null;
};

const most = 50;

/**
 * The newest 50 drills of snapshots that are still there, oldest first; with trusted keys only those that they signed.
 * One whose verdict cannot be read is left out, since this is no check. Throws the signal's reason alone.
 */
export const pastVerifications = async (
  { store, cluster, trust }: OpenCatalog,
  entries: Entry[],
  { signal }: Pick<Context, 'signal'>,
): Promise<PastVerification[]> => {
  const drills = entries
    .flatMap(entry => entry.verdicts.map(named => ({ entry, named })))
    .filter(({ named }) => named.level === 'drill')
    .sort((a, b) => b.named.time.getTime() - a.named.time.getTime())
    .slice(0, most);
  const found: PastVerification[] = [];
  await eightAtATime(drills, async ({ entry, named }) => {
    try {
      const { verdict } = await readVerdict(store, cluster, named, { trust, signal });
      found.push({
        snapshot: entry.id,
        verifiedAt: named.time.toISOString(),
        pass: named.pass,
        recoverySeconds: verdict.recoverySeconds,
        storedSize: entry.objectSize,
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!isSnapbackError(error)) throw error;
    }
  });
  return found.sort((a, b) => (a.verifiedAt < b.verifiedAt ? -1 : 1));
};
