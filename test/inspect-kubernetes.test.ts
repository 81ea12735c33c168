/** The folders of keys as resources and namespaces of Kubernetes. */
import { describe, expect, test } from 'vitest';
import { type Folders, newFolders } from '../src/bolt/folders.ts';
import { emptySums } from '../src/bolt/sums.ts';
import { byResource } from '../src/job/inspect-kubernetes.ts';
import { byPrefix } from '../src/job/inspect-prefixes.ts';

const add = (folders: Folders, key: string, size = 10, live = true): void => {
  const bytes = Buffer.from(key);
  folders.add(bytes, { start: 0, end: bytes.length, size, live });
};

const foldersOf = (keys: string[], limit?: number) => {
  const folders = newFolders(Buffer.alloc(0), 4, limit);
  for (const key of keys) add(folders, key);
  return folders.rows();
};
const ten = (keys: number) => ({ ...emptySums(), keys, bytes: 10 * keys });

describe('keys of Kubernetes', () => {
  test('are summed up by what kubectl calls them', () => {
    const rows = byResource(
      foldersOf([
        '/registry/pods/a/x',
        '/registry/pods/b/x',
        '/registry/pods/b/y',
        '/registry/minions/n',
        '/registry/services/specs/a/x',
        '/registry/example.com/widgets/b/x',
        '/registry/apiregistration.k8s.io/apiservices/v1.',
        'compact_rev_key',
      ]),
    );
    expect(rows?.resources.rows.map(({ resource, keys }) => [resource, keys])).toEqual([
      ['pods', 3],
      ['nodes', 1],
      ['services', 1],
      ['widgets.example.com', 1],
      ['apiservices.apiregistration.k8s.io', 1],
    ]);
    expect(rows?.resources.rows[0]?.namespaces?.rows).toEqual([
      { namespace: 'b', ...ten(2) },
      { namespace: 'a', ...ten(1) },
    ]);
    expect(rows?.resources.rows[1]?.namespaces?.rows).toEqual([]);
    expect(rows?.namespaces).toEqual({
      rows: [
        { namespace: 'b', ...ten(3) },
        { namespace: 'a', ...ten(2) },
      ],
      other: null,
      notCounted: null,
    });
    expect(rows?.notKubernetes).toEqual(ten(1));
  });

  test('are not what most keys are', () => {
    expect(byResource(foldersOf(['/registry/pods/a/x', '/a', '/b']))).toBeNull();
    expect(byResource(foldersOf(['/registry/pods/a/x', '/a']))).not.toBeNull();
    expect(byResource([])).toBeNull();
  });

  test('say that there were too many namespaces to be counted one by one', () => {
    const many = Array.from({ length: 200 }, (_, at) => `/registry/configmaps/n${at}/x`);
    const rows = byResource(foldersOf(['/registry/pods/a/x', ...many, ...many], 100));
    expect(rows?.resources.rows).toEqual([
      { resource: 'configmaps', ...ten(400), namespaces: null },
      { resource: 'pods', ...ten(1), namespaces: { rows: [{ namespace: 'a', ...ten(1) }], other: null } },
    ]);
    expect(rows?.namespaces).toMatchObject({ rows: [{ namespace: 'a' }], notCounted: ten(400) });
  });
});

describe('rows by prefix', () => {
  test('are those of a lesser depth than was counted, and end somewhere', () => {
    const folders = foldersOf(['/a/b/c/d/e/f', '/a/b/x', '/a/y', 'z']);
    const rows = (depth: number) =>
      byPrefix(folders, Buffer.alloc(0), depth).rows.map(({ key, keys }) => [key, keys]);
    expect(rows(4)).toEqual([
      ['/a/b/c/d/', 1],
      ['/a/b/', 1],
      ['/a/', 1],
      ['', 1],
    ]);
    expect(rows(2)).toEqual([
      ['/a/b/', 2],
      ['/a/', 1],
      ['', 1],
    ]);
    expect(rows(0)).toEqual([['', 4]]);
    const many = foldersOf(Array.from({ length: 12_000 }, (_, at) => `/${at}/x`));
    const { rows: first, other } = byPrefix(many, Buffer.alloc(0), 1);
    expect(first).toHaveLength(10_000);
    expect(other).toEqual({ rows: 2000, ...ten(2000) });
  });
});
