/** A folder that is its names alone, for what is decided by names. */
import { openFileStore } from '../../src/store/file.ts';
import type { Listed, ListOptions, Store } from '../../src/store/store.ts';

/** `names` are without the cluster; `asked` is how it was listed, each time. */
export const namedStore = (
  names: string[],
): { store: Store; asked: Pick<ListOptions, 'after' | 'prefix'>[] } => {
  const asked: Pick<ListOptions, 'after' | 'prefix'>[] = [];
  const list = async function* (
    cluster: string,
    { after = '', prefix = '' }: ListOptions,
  ): AsyncGenerator<Listed> {
    asked.push({ after, prefix });
    for (const name of names)
      if (name > after && name.startsWith(prefix))
        yield { name: `${cluster}/${name}`, size: 1, modified: new Date(0) };
  };
  return { store: { ...openFileStore('/nonexistent'), list }, asked };
};
