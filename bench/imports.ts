/** What each runtime dependency costs: CPU time to load it, and its size on disk with all that it brings. */
import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { median } from './measure.ts';

export const importsHelp = `npm run bench -- imports [--runs 9]

CPU time of a Node process that imports one runtime dependency, its ratio to one that imports nothing, and
the installed size alone and with what it brings; medians of alternating runs.

  --runs N   of each (default 9)`;

const root = join(import.meta.dirname, '..');
type Lock = { packages: Record<string, { dependencies?: Record<string, string> }> };

export const importsBench = async (args: string[], signal: AbortSignal): Promise<void> => {
  const { values } = parseArgs({ args, options: { runs: { type: 'string', default: '9' } } });
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const lock: Lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
  const names = Object.keys(dependencies);
  const times = new Map<string, number[]>(['', ...names].map(name => [name, []]));
  for (let run = 0; run < Number(values.runs); run++) {
    for (const [name, list] of times) list.push(await cpuMilliseconds(name, signal));
  }
  const bare = median(times.get('') ?? []);
  console.log(`bare Node ${process.version}: ${bare.toFixed(0)} ms of CPU`);
  console.log(
    `${'package'.padEnd(24)}${'CPU ms'.padStart(8)}${'ratio'.padStart(8)}${'KiB'.padStart(8)}  with what it brings`,
  );
  for (const name of names) {
    const own = `node_modules/${name}`;
    const all = await Promise.all([...closure(lock, own)].map(path => folderSize(join(root, path))));
    const sum = all.reduce((total, size) => total + size, 0);
    const cpu = median(times.get(name) ?? []);
    console.log(
      `${name.padEnd(24)}${(cpu - bare).toFixed(0).padStart(8)}${(cpu / bare).toFixed(2).padStart(8)}` +
        `${kibibytes(await folderSize(join(root, own))).padStart(8)}  ${kibibytes(sum)} in ${all.length}`,
    );
  }
};

const kibibytes = (bytes: number): string => (bytes / 1024).toFixed(0);

const cpuMilliseconds = async (name: string, signal: AbortSignal): Promise<number> => {
  const load = name === '' ? '' : `await import(${JSON.stringify(name)});`;
  const tell =
    'const { userCPUTime, systemCPUTime } = process.resourceUsage(); console.log(userCPUTime + systemCPUTime); process.exit();';
  const args = ['--input-type=module', '--eval', load + tell];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, signal });
  return Number(stdout) / 1000;
};

/** The folders of a package and of all that it needs, found as Node finds them: the nearest node_modules first. */
const closure = (lock: Lock, path: string, seen = new Set<string>()): Set<string> => {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const name of Object.keys(lock.packages[path]?.dependencies ?? {})) {
    const parts = path.split('/node_modules/');
    const places = parts.map((_, depth) =>
      [...parts.slice(0, parts.length - depth), name].join('/node_modules/'),
    );
    const found = [...places, `node_modules/${name}`].find(place => place in lock.packages);
    if (found) closure(lock, found, seen);
  }
  return seen;
};

/** Bytes of the files, without those of packages nested in it, which are counted by themselves. */
const folderSize = async (folder: string): Promise<number> => {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const own = files.filter(
    file => file.isFile() && !file.parentPath.slice(folder.length).includes('node_modules'),
  );
  const sizes = await Promise.all(own.map(async file => (await stat(join(file.parentPath, file.name))).size));
  return sizes.reduce((total, size) => total + size, 0);
};
