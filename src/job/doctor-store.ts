/** The checks of a store, and what an earlier doctor left there that was killed. */
import { stampWithRandom } from '../catalog/id.ts';
import { isSnapbackError } from '../errors.ts';
import type { Examined, Store } from '../store/store.ts';
import type { Context } from './context.ts';

/** Every check, as it was found. Only an abort is thrown. */
export const examineStore = async (
  store: Store,
  cluster: string,
  { signal, notify }: Context,
): Promise<Examined[]> => {
  const checks: Examined[] = [];
  notify({ kind: 'step', label: 'trying', text: store.location });
  // No command takes such a name for one of its own, so prune leaves it alone.
  const start = `doctor.${stampWithRandom(new Date())}`;
  for await (const check of store.examine(cluster, {
    start,
    signal,
  }))
    checks.push(check);
  // With other settings than those that were given it is another store.
  const removes = checks.some(({ name, status }) => name === 'delete' && status === 'pass');
  const itself = checks.every(({ mends }) => mends === null);
  const left = removes && itself ? await removeLeftovers(store, cluster, signal) : [];
  if (left.length === 0) return checks;
  const detail = `removed what a doctor left that was killed: ${left.join(', ')}`;
  return [...checks, { name: 'leftovers', status: 'pass', detail, hint: null, mends: null }];
};

/** Younger ones may be those of a doctor that is at work. */
const leftoverAge = 60 * 60 * 1000;

const ofDoctor = /^doctor\.\d{8}T\d{6}Z-[0-9a-f]{6}\.[a-z]+$/;

/** Objects, and uploads that were never finished: prune knows neither for its own. */
const removeLeftovers = async (store: Store, cluster: string, signal: AbortSignal): Promise<string[]> => {
  const before = new Date((await store.now({ signal })).getTime() - leftoverAge);
  const isOurs = (file: string) => ofDoctor.test(file);
  const names: string[] = [];
  for await (const { name, modified } of store.list(cluster, { signal, prefix: 'doctor.' }))
    if (isOurs(name.slice(cluster.length + 1)) && modified < before) names.push(name);
  for (const name of names) await store.remove(name, { signal });
  try {
    return [...names, ...(await store.removeUnfinished(cluster, { before, isOurs, signal }))];
  } catch (error) {
    signal.throwIfAborted();
    // The check of uploads has told which right is missing.
    if (isSnapbackError(error) && error.code === 'store') return names;
    throw error;
  }
};
