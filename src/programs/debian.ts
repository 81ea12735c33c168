/**
 * etcd's programs out of Debian's packages: fetched and unpacked into the cache, nothing is installed on the
 * machine and no service is started. The way to 3.4, which has no modules that build.
 */
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapbackError } from '../errors.ts';
import type { BuildOptions } from './golang.ts';
import { findOnPath } from './on-path.ts';
import type { Aside } from './place.ts';
import { type Ran, runProgram } from './run.ts';
import { lastWords } from './tail.ts';
import type { Minor } from './versions.ts';
import { versions } from './versions.ts';

/**
 * Puts the programs into `aside.programs`; of whichever version this Debian has, which the caller checks. apt
 * proves the packages with Debian's signatures. Throws `missing-program` on another system, `failed` when the
 * packages cannot be had.
 */
export const unpackFromDebian = async (minor: Minor, aside: Aside, options: BuildOptions): Promise<void> => {
  const [aptGet, dpkgDeb] = [
    await findOnPath('apt-get', options.path),
    await findOnPath('dpkg-deb', options.path),
  ];
  if (aptGet === null || dpkgDeb === null) throw notDebian();
  const run = (file: string, args: string[]): Promise<Ran> =>
    runProgram(file, args, {
      cwd: aside.work,
      env: { LC_ALL: 'C', PATH: options.path },
      signal: options.signal,
      timeout: 10 * 60_000,
    });

  options.onStep("fetch Debian's packages of etcd");
  await fetchPackages(args => run(aptGet, args), aside, options);
  const root = join(aside.work, 'root');
  for (const name of (await readdir(aside.work)).filter(file => file.endsWith('.deb'))) {
    const { code, output } = await run(dpkgDeb, ['-x', name, root]);
    if (code !== 0) throw failed(`unpacking ${name} failed`, output);
  }
  for (const name of versions[minor].programs) {
    // One that is not there is found out when the programs are checked.
    await copyFile(join(root, 'usr/bin', name), join(aside.programs, name)).catch(() => {});
  }
};

/** Root needs no other user here, and apt's own one may not write into the cache. */
const plain = ['-q', '-o', 'APT::Sandbox::User=root'];

/**
 * First with the lists of packages that the machine has. An image often has none, or old ones, so then with
 * lists of our own, fetched into the work folder: the machine's stay as they are, and no root is needed.
 */
const fetchPackages = async (
  aptGet: (args: string[]) => Promise<Ran>,
  aside: Aside,
  options: BuildOptions,
): Promise<void> => {
  const packages = ['etcd-server', 'etcd-client'];
  const first = await aptGet([...plain, 'download', ...packages]);
  if (first.code === 0) return;
  options.onStep("fetch Debian's lists of packages");
  const [lists, caches] = [join(aside.work, 'lists'), join(aside.work, 'caches')];
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(caches, 'partial'), { recursive: true });
  const own = [...plain, '-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${caches}`];
  const update = await aptGet([...own, 'update']);
  if (update.code !== 0) throw failed('apt-get update failed', update.output);
  const second = await aptGet([...own, 'download', ...packages]);
  if (second.code !== 0) throw failed('apt-get download failed', second.output);
};

const notDebian = (): SnapbackError =>
  new SnapbackError('missing-program', {
    operation: 'unpack',
    object: "Debian's apt-get and dpkg-deb",
    reason: 'are not on PATH',
  });

const failed = (what: string, output: string): SnapbackError =>
  new SnapbackError('failed', {
    operation: 'unpack',
    object: "Debian's packages of etcd",
    reason: `could not be had: ${what} (${lastWords(output) ?? 'it said nothing'})`,
  });
