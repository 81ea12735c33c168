/** What a restore will do, as a value: printed by `--dry-run`, and followed by the real run. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Manifest } from '../catalog/manifest.ts';
import { SnapbackError } from '../errors.ts';
import { checkEmpty } from '../programs/claim.ts';
import { pidUsing } from '../programs/in-use.ts';
import type { RestoreSettings } from './restore-settings.ts';

export type RestorePlan = {
  /** An id, or the path of a file. */
  snapshot: string;
  taken: string | null;
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
        initialAdvertisePeerUrls: string[];
      }
    | { kind: 'file'; file: string };
  space: { folder: string; needed: number; free: number };
};

/**
 * Where it goes and as what. Throws `usage` for neither or both of --data-dir and --output, and where the member cannot
 * be told from the manifest; `refused` where something is there already.
 */
export const targetOf = async (
  settings: RestoreSettings,
  manifest: Manifest | null,
  id: string,
): Promise<RestorePlan['target']> => {
  const { dataDir, output } = settings;
  if ((dataDir === null) === (output === null))
    throw usage(
      'the restore',
      'needs either --data-dir or --output',
      '--data-dir DIR makes a data directory, --output FILE.db the bare file.',
    );
  if (output !== null) {
    if (existsSync(output))
      throw refused(`file ${output}`, 'is there already', 'Name another file: nothing is ever overwritten.');
    return { kind: 'file', file: resolve(output) };
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
  if (settings.walDir !== null) await checkEmpty(resolve(settings.walDir));
  const name = settings.name ?? servingName(manifest);
  const own = manifest?.cluster.members?.find(member => member.name === name);
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
    dataDir: directory,
    walDir: settings.walDir === null ? null : resolve(settings.walDir),
    name,
    initialCluster: settings.initialCluster ?? urls.map(url => `${name}=${url}`).join(','),
    initialClusterToken:
      settings.initialClusterToken ??
      `etcd-restore-${/[0-9a-f]{6}$/.exec(id)?.[0] ?? 'file'}-${randomBytes(3).toString('hex')}`,
    initialAdvertisePeerUrls: urls,
  };
};

const servingName = (manifest: Manifest | null): string => {
  const members = manifest?.cluster.members ?? [];
  const serving = members.find(({ id }) => id === manifest?.taken.memberId) ?? members[0];
  // etcd's own default name, as etcdctl has it.
  return serving?.name || 'default';
};

const urlsIn = (initialCluster: string, name: string): string[] =>
  initialCluster
    .split(',')
    .flatMap(part => (part.startsWith(`${name}=`) ? [part.slice(name.length + 1)] : []));

/** The fetched file and etcd's copy of it, with its preallocated log; the bare file alone with --output. */
export const spaceOf = async (
  target: RestorePlan['target'],
  plainSize: number,
): Promise<RestorePlan['space']> => {
  const folder = existing(target.kind === 'file' ? dirname(target.file) : target.dataDir);
  const { bavail, bsize } = await statfs(folder);
  const needed = target.kind === 'file' ? plainSize : 2 * plainSize + 130 * 1024 * 1024;
  return { folder, needed, free: bavail * bsize };
};

const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)));

const usage = (object: string, reason: string, hint: string) =>
  new SnapbackError('usage', { operation: 'plan the restore', object, reason, hint });
const refused = (object: string, reason: string, hint: string) =>
  new SnapbackError('refused', { operation: 'plan the restore', object, reason, hint });
