/** Keeps a snapshot whatever the policy says, or no longer. */
import { pin as addPin, readPin, unpin as takePin } from '../catalog/pin.ts';
import type { Context, Outcome } from './context.ts';
import { openCatalog } from './open-catalog.ts';
import { ownSnapshot, type SnapshotSettings } from './own-snapshot.ts';

export type PinSettings = SnapshotSettings & { reason: string | null };

export type PinResult = {
  cluster: string;
  id: string;
  /** As it is now. */
  pinned: boolean;
  /** False when it was so already. */
  changed: boolean;
  /** Why it is pinned; the first reason stays. Null when it is not, or when nobody said why. */
  reason: string | null;
};

/**
 * Pins it; when it was pinned already the first reason stays. Throws what `ownSnapshot` throws, `refused` when its
 * removal has begun, `not-found` when it is gone, `store` when the store fails.
 */
export const pin = async (
  settings: PinSettings,
  { signal, log }: Pick<Context, 'signal' | 'log'>,
): Promise<Outcome<PinResult>> => {
  const question = { snapshots: [settings.snapshot], before: settings.before };
  await using catalog = await openCatalog(settings, 'remove', { signal, log }, question);
  const { entry } = await ownSnapshot(catalog, settings, { signal });
  const changed = await addPin(catalog.store, entry, settings.reason ?? '', { signal });
  const reason = (await readPin(catalog.store, entry, { signal })) || null;
  return { result: { cluster: catalog.cluster, id: entry.id, pinned: true, changed, reason }, error: null };
};

/** Takes the pin away, so that the policy decides again. Throws what `ownSnapshot` throws, and `store`. */
export const unpin = async (
  settings: SnapshotSettings,
  { signal, log }: Pick<Context, 'signal' | 'log'>,
): Promise<Outcome<PinResult>> => {
  const question = { snapshots: [settings.snapshot], before: settings.before };
  await using catalog = await openCatalog(settings, 'remove', { signal, log }, question);
  const { entry } = await ownSnapshot(catalog, settings, { signal });
  const changed = await takePin(catalog.store, entry, { signal });
  return {
    result: { cluster: catalog.cluster, id: entry.id, pinned: false, changed, reason: null },
    error: null,
  };
};
