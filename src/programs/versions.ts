/**
 * The versions of etcd that this program works with, one patch release of each minor pinned here and nowhere
 * else. Any patch release of the minor that is found on a machine is as good; the pinned one is what
 * `tools install` brings.
 */

export type Minor = '3.4' | '3.5' | '3.6' | '3.7';
export type ProgramName = 'etcd' | 'etcdutl' | 'etcdctl';

export type Pinned = {
  version: string;
  /** What a release of this minor consists of; etcdutl came with 3.5. */
  programs: readonly ProgramName[];
  /** What turns a snapshot into a data directory, the first that is there; 3.6 took it out of etcdctl. */
  restorers: readonly ProgramName[];
  /** The first patch release whose restore knows `--bump-revision` and `--mark-compacted`. */
  bumpsFrom: string;
  /** How `tools install --build` makes them: from a module in build/<minor>/, or out of Debian's packages. */
  build: 'go' | 'debian';
};

export const versions: Record<Minor, Pinned> = {
  '3.4': {
    version: '3.4.23',
    programs: ['etcd', 'etcdctl'],
    restorers: ['etcdctl'],
    bumpsFrom: '3.4.27',
    build: 'debian',
  },
  '3.5': {
    version: '3.5.35',
    programs: ['etcd', 'etcdutl', 'etcdctl'],
    restorers: ['etcdutl', 'etcdctl'],
    bumpsFrom: '3.5.10',
    build: 'go',
  },
  '3.6': {
    version: '3.6.16',
    programs: ['etcd', 'etcdutl', 'etcdctl'],
    restorers: ['etcdutl'],
    bumpsFrom: '3.6.0',
    build: 'go',
  },
  '3.7': {
    version: '3.7.3',
    programs: ['etcd', 'etcdutl', 'etcdctl'],
    restorers: ['etcdutl'],
    bumpsFrom: '3.7.0',
    build: 'go',
  },
};

export const minors: readonly Minor[] = ['3.4', '3.5', '3.6', '3.7'];

/** Where etcd's releases are published: `<releases>/v3.6.16/etcd-v3.6.16-linux-amd64.tar.gz` and `…/SHA256SUMS`. */
export const releases = 'https://github.com/etcd-io/etcd/releases/download';

/** The minor of a version as etcd tells it: `3.6.16` and `3.6.0-rc.1` → `3.6`; null for one that is not in the table. */
export const minorOf = (version: string): Minor | null => {
  const found = /^v?(\d+\.\d+)(?:\.|$)/.exec(version)?.[1];
  return minors.find(minor => minor === found) ?? null;
};

/** Whether the restore of this version of etcd's programs knows `--bump-revision` with `--mark-compacted`. */
export const canBump = (version: string): boolean => {
  const minor = minorOf(version);
  return minor !== null && compareVersions(version, versions[minor].bumpsFrom) >= 0;
};

/** Orders `3.6.9` before `3.6.16`; what follows the three numbers does not count. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [numbers(a), numbers(b)];
  for (const [place, number] of left.entries()) {
    const difference = number - (right[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};

const numbers = (version: string): number[] =>
  version
    .replace(/^v/, '')
    .split('.', 3)
    .map(part => Number.parseInt(part, 10) || 0);
