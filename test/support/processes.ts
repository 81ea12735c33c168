/** Running processes, found by what stands on their command line. Linux. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** The ids of all processes with `text` in their arguments; zombies have none. */
export const processesWith = async (text: string): Promise<number[]> => {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(text)) found.push(Number(name));
  }
  return found;
};

/** Asks again and again until `condition` holds; the test's own timeout is the limit. */
export const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await sleep(25);
};
