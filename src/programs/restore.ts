/** A snapshot file becomes a data directory, by etcd's own program of the same minor version. */
import { resolve } from 'node:path';
import { type Code, SnapbackError } from '../errors.ts';
import { claim } from './claim.ts';
import type { Programs } from './find.ts';
import { isOfMachine } from './of-machine.ts';
import { type Ran, runProgram } from './run.ts';
import { lastWords } from './tail.ts';
import { canBump, versions } from './versions.ts';

export type RestoreOptions = {
  /** etcd's bytes with their trailer, as `etcdctl snapshot save` writes them. Only read. */
  file: string;
  /** New or empty. */
  dataDir: string;
  /** New or empty; null for the place inside the data directory. */
  walDir: string | null;
  name: string;
  /** `m0=https://10.0.0.11:2380,m1=…` */
  initialCluster: string;
  initialClusterToken: string;
  initialAdvertisePeerUrls: string[];
  /** For a file without trailer, or one whose hash was just compared: saves a second read of it all. */
  skipHashCheck: boolean;
  /** How far to raise the revision, with all before it marked compacted; null leaves it. */
  bumpRevision: number | null;
  signal: AbortSignal;
};

/**
 * Resolves when the data directory is whole and durable; until then it shows nothing. An existing empty one
 * keeps its owner and mode, on 3.4 too (whose own program refuses it), and what is restored is given to that owner.
 *
 * Throws `refused` for a directory that is not empty, or a bump that this version does not know; `integrity`
 * when etcd's program refuses the bytes or panics on them; `usage` when it refuses the names and URLs; `failed` for
 * a full disk and the like; the signal's reason on abort. In all these cases nothing is left behind.
 */
export const restoreDataDir = async (programs: Programs, options: RestoreOptions): Promise<void> => {
  const program = restorerOf(programs);
  if (options.bumpRevision !== null) checkBump(program);
  // The WAL's second: it may lie inside the data directory.
  await using data = await claim(options.dataDir);
  await using wal = options.walDir === null ? null : await claim(options.walDir);
  const ran = await runProgram(program.path, argumentsFor(options, data.work, wal?.work ?? null), {
    env: { ETCDCTL_API: '3' },
    signal: options.signal,
    timeout: null,
  });
  if (ran.code !== 0) throw notRestored(program.name, options, ran);
  // The data directory last: without `member` in it, etcd does not take it for one.
  await wal?.keep();
  await data.keep();
};

type Restorer = { name: string; path: string; version: string };

const restorerOf = (programs: Programs): Restorer => {
  for (const name of versions[programs.minor].restorers) {
    const path = programs[name];
    if (path !== null) return { name, path, version: programs.versions[name] ?? programs.version };
  }
  throw new SnapbackError('missing-program', {
    operation: 'restore',
    object: `etcd ${programs.minor}`,
    reason: `cannot be restored without ${versions[programs.minor].restorers.join(' or ')}`,
    hint: `\`snapback tools install ${programs.minor}\` brings it.`,
  });
};

const checkBump = ({ name, version }: Restorer): void => {
  if (canBump(version)) return;
  throw new SnapbackError('refused', {
    operation: 'raise the revision',
    object: `${name} ${version}`,
    reason: 'has no --bump-revision',
    hint: 'etcd has it from 3.4.27 and 3.5.10 on; --bump-revision off restores without it.',
  });
};

const argumentsFor = (options: RestoreOptions, dataDir: string, walDir: string | null): string[] => [
  'snapshot',
  'restore',
  resolve(options.file),
  `--data-dir=${dataDir}`,
  ...(walDir === null ? [] : [`--wal-dir=${walDir}`]),
  `--name=${options.name}`,
  `--initial-cluster=${options.initialCluster}`,
  `--initial-cluster-token=${options.initialClusterToken}`,
  `--initial-advertise-peer-urls=${options.initialAdvertisePeerUrls.join(',')}`,
  ...(options.skipHashCheck ? ['--skip-hash-check'] : []),
  ...(options.bumpRevision === null ? [] : [`--bump-revision=${options.bumpRevision}`, '--mark-compacted']),
];

const notRestored = (program: string, { file, dataDir }: RestoreOptions, ran: Ran): SnapbackError => {
  const said = lastWords(ran.output) ?? 'said nothing';
  const code = codeOf(ran, said);
  return new SnapbackError(code, {
    operation: 'restore',
    object: code === 'failed' ? `directory ${resolve(dataDir)}` : `snapshot file ${file}`,
    reason: reasonOf(program, ran, said),
    hint: hints[code],
  });
};

/** What the machine or the arguments are to blame for says nothing about the snapshot. */
const codeOf = (ran: Ran, said: string): Code => {
  if (ran.code === null || isOfMachine(said)) return 'failed';
  if (ran.code === 128 || argumentsRefused.test(said)) return 'usage';
  return 'integrity';
};

/** Words of etcd's `config.Validate`, `types.NewURLs` and cobra. */
const argumentsRefused =
  /couldn't find local name|--initial-|--mark-compacted|unknown flag|invalid argument ".*" for|URL|duplicate/;

const reasonOf = (program: string, ran: Ran, said: string): string => {
  if (ran.code === null) return `could not be restored: ${program} was ended by ${ran.signal}`;
  if (/^expected sha256/.test(said)) return 'is damaged: it does not have the SHA-256 that stands at its end';
  if (/snapshot missing hash/.test(said)) return 'is cut short or has no SHA-256 at its end';
  return `could not be restored: ${program} says "${said}"`;
};

const hints: Partial<Record<Code, string>> = {
  integrity:
    'Take another snapshot. Only a file copied out of a data directory has no SHA-256; --skip-hash-check takes such a one.',
  usage: "The names and URLs must be those of the new cluster, this member's among them.",
  failed: 'Mend what it says and run it again; nothing of this run was left behind.',
};
