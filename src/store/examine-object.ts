/** An object of the examination, read back as this program reads. */
import { buffer } from 'node:stream/consumers';
import { failed, passed, type Step } from './examination.ts';
import type { Store } from './store.ts';

/** What the objects hold that are read again. */
export const sampleText = Buffer.from('written by snapback doctor, which removes it\n');

/** `list`, `get` and `ranged get` of an object that holds `sampleText`; `store` is asked for at each step. */
export const readSteps = (store: () => Store, name: string, signal: AbortSignal): Step[] => [
  { name: 'list', needs: ['put'], run: () => list(store(), name, signal) },
  {
    name: 'get',
    needs: ['put'],
    run: async () => {
      const read = await buffer(await store().get(name, { signal }));
      return read.equals(sampleText)
        ? passed('as it was written')
        : failed(`${name} is not what was written`, 'Find out what changes objects between here and there.');
    },
  },
  {
    name: 'ranged get',
    needs: ['put', 'get'],
    run: async () => {
      const offset = 20;
      const read = await buffer(await store().get(name, { signal, offset }));
      return read.equals(sampleText.subarray(offset))
        ? passed('a download that breaks goes on where it was')
        : failed(
            `${name} from byte ${offset} on is not what was written there`,
            'What broke off cannot be taken up again in such a store.',
          );
    },
  },
];

const list = async (store: Store, name: string, signal: AbortSignal) => {
  const [cluster = '', prefix] = name.split('/');
  for await (const found of store.list(cluster, { signal, prefix }))
    if (found.name === name)
      return found.size === sampleText.length
        ? passed('what was written is listed at once')
        : failed(`${name} is listed with ${found.size} bytes, and ${sampleText.length} were written`, null);
  return failed(
    `${name} was written and is not listed`,
    'A store must list what was written at once: a cache in between, or a store that catches up later, cannot be used.',
  );
};

/** The names of the examination's objects that are listed. */
export const listedOnes = async (
  store: Store,
  cluster: string,
  start: string,
  signal: AbortSignal,
): Promise<string[]> => {
  const names: string[] = [];
  for await (const { name } of store.list(cluster, { signal, prefix: start })) names.push(name);
  return names;
};
