/** Programs on PATH, without a shell. */
import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** The absolute entries of a PATH: a relative one would run whatever lies in the folder one happens to be in. */
export const pathFolders = (path: string): string[] => path.split(delimiter).filter(isAbsolute);

/** The first file of that name that can be run, in the absolute entries of a PATH; null when there is none. */
export const findOnPath = async (name: string, path: string): Promise<string | null> => {
  for (const folder of pathFolders(path)) {
    const file = join(folder, name);
    const runs = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return file;
  }
  return null;
};
