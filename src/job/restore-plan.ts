/** What a restore will do, as a value: printed by `--dry-run`, and followed by the real run. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { ManifestCore } from '../catalog/core.ts';
import { SnapbackError } from '../errors.ts';
import { checkEmpty } from '../programs/claim.ts';
import type { Programs } from '../programs/find.ts';
import { pidUsing } from '../programs/in-use.ts';
import type { RestoreSettings } from './restore-settings.ts';

export type RestorePlan = {
  /** An id, or the path of a file. */
  snapshot: string;
  taken: string | null;
  /** In full as recorded; of another tool's file the minor version that it, or --etcd-version, says. */
  etcdVersion: string | null;
  verified: boolean;
  /** Ids that were newer and passed over because they are bad. */
  passedOver: string[];
  /** The newest verified one, where it is another; null where there is none. */
  newestVerified: { id: string; at: string } | null;
  program: { name: string; version: string; path: string } | null;
  target:
    | {
        kind: 'data-dir';
        dataDir: string;
        walDir: string | null;
        name: string;
        initialCluster: string;
        initialClusterToken: string;
        /** It was made for this restore, so no member of another cluster has it. */
        newToken: boolean;
        initialAdvertisePeerUrls: string[];
      }
    | { kind: 'file'; file: string };
  space: { folder: string; needed: number; free: number };
};

/**
 * Throws `usage` for neither or both of --data-dir and --output, `refused` where something is there already or in use:
 * all that can be said before anything is read.
 */
export const checkTarget = async ({ dataDir, output, walDir }: RestoreSettings): Promise<void> => {
  if ((dataDir === null) === (output === null))
    throw usage(
      'the restore',
      'needs either --data-dir or --output',
      '--data-dir DIR makes a data directory, --output FILE.db the bare file.',
    );
  if (output !== null) {
    if (existsSync(output))
      throw refused(`file ${output}`, 'is there already', 'Name another file: nothing is ever overwritten.');
    return;
  }
  const directory = resolve(dataDir ?? '');
  const pid = await pidUsing(directory);
  if (pid !== null)
    throw refused(
      `data directory ${directory}`,
      `is in use by a running etcd (process ${pid})`,
      'Stop that etcd, or restore into another directory.',
    );
  await checkEmpty(directory);
  if (walDir !== null) await checkEmpty(resolve(walDir));
};

/**
 * Where it goes and as what. `recorded` is null for a file that this program did not make. Throws `usage` where the
 * member cannot be told from it.
 */
export const targetOf = (
  settings: RestoreSettings,
  recorded: Pick<ManifestCore, 'cluster' | 'taken'> | null,
  id: string,
): RestorePlan['target'] => {
  if (settings.output !== null) return { kind: 'file', file: resolve(settings.output) };
  const name = settings.name ?? servingName(recorded);
  const own = recorded?.cluster.members?.find(member => member.name === name);
  const fromCluster = settings.initialCluster === null ? [] : urlsIn(settings.initialCluster, name);
  const urls =
    settings.initialAdvertisePeerUrls.length > 0
      ? settings.initialAdvertisePeerUrls
      : fromCluster.length > 0
        ? fromCluster
        : (own?.peerURLs ?? []);
  if (urls.length === 0)
    throw usage(
      `member ${name}`,
      'has no peer URL that is known',
      'Give it with --initial-advertise-peer-urls URL, as etcdctl wants it.',
    );
  return {
    kind: 'data-dir',
    dataDir: resolve(settings.dataDir ?? ''),
    walDir: settings.walDir === null ? null : resolve(settings.walDir),
    name,
    initialCluster: settings.initialCluster ?? urls.map(url => `${name}=${url}`).join(','),
    initialClusterToken:
      settings.initialClusterToken ??
      `etcd-restore-${/[0-9a-f]{6}$/.exec(id)?.[0] ?? 'file'}-${randomBytes(3).toString('hex')}`,
    newToken: settings.initialClusterToken === null,
    initialAdvertisePeerUrls: urls,
  };
};

const servingName = (recorded: Pick<ManifestCore, 'cluster' | 'taken'> | null): string => {
  const members = recorded?.cluster.members ?? [];
  const serving = members.find(({ id }) => id === recorded?.taken.memberId) ?? members[0];
  // etcd's own default name, as etcdctl has it.
  return serving?.name || 'default';
};

const urlsIn = (initialCluster: string, name: string): string[] =>
  initialCluster
    .split(',')
    .flatMap(part => (part.startsWith(`${name}=`) ? [part.slice(name.length + 1)] : []));

/** The folder that is to hold it, and the bytes free there. */
export const roomFor = async ({
  output,
  dataDir,
}: RestoreSettings): Promise<Pick<RestorePlan['space'], 'folder' | 'free'>> => {
  const folder = existing(output === null ? resolve(dataDir ?? '') : dirname(resolve(output)));
  const { bavail, bsize } = await statfs(folder);
  return { folder, free: bavail * bsize };
};

/** The fetched file and etcd's copy of it, with its preallocated log; the bare file alone with --output. */
export const neededFor = (target: RestorePlan['target'], plainSize: number): number =>
  target.kind === 'file' ? plainSize : 2 * plainSize + 130 * 1024 * 1024;

/** What makes the data directory. */
export const programOf = (programs: Programs | null): RestorePlan['program'] => {
  if (programs === null) return null;
  const name = programs.etcdutl === null ? 'etcdctl' : 'etcdutl';
  const path = programs[name];
  return path === null ? null : { name, path, version: programs.versions[name] ?? programs.version };
};

const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)));

const usage = (object: string, reason: string, hint: string) =>
  new SnapbackError('usage', { operation: 'plan the restore', object, reason, hint });
const refused = (object: string, reason: string, hint: string) =>
  new SnapbackError('refused', { operation: 'plan the restore', object, reason, hint });
