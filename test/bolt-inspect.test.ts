/** What etcd keeps in its database beside the keys, and what the keys come to, as the etcds say themselves. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../src/bolt/ask.ts';
import type { Inspection } from '../src/bolt/inspect.ts';
import { openClient } from '../src/etcd/client.ts';
import { snapshotInto } from './support/database-file.ts';
import { startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { type LivedIn, quickLife, startLivedIn } from './support/lived-in-etcd.ts';
import { etcdctl, need, testedMinors } from './support/programs.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();

const inspected = (path: string, options: { prefix?: string; depth?: number } = {}): Promise<Inspection> =>
  ask(
    'inspect',
    {
      path,
      scratch: path.slice(0, path.lastIndexOf('/')),
      prefix: Buffer.from(options.prefix ?? ''),
      depth: options.depth ?? 4,
      top: 5,
    },
    { name: 'the file', signal },
  );

for (const minor of testedMinors) {
  const programs = await need(minor);

  describe.skipIf(programs === null)(`what is in a database of etcd ${minor}`, () => {
    let folder: TemporaryFolder;
    let lived: LivedIn;
    let old: Inspection;

    beforeAll(async () => {
      folder = await temporaryFolder();
      if (!programs) return;
      lived = await startLivedIn(programs, quickLife);
      old = await inspected(lived.old.file);
    });
    afterAll(async () => {
      await lived?.[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });

    test('is what its etcd says: revision, keys, members, leases, alarms, users, roles, versions', async () => {
      for (const stage of [lived.young, lived.compacting, lived.old]) {
        const { status, revisions, members, alarms, leases, users, roles } = stage.facts;
        const inside = await inspected(stage.file);
        expect(inside.revision).toBe(revisions[0].revision);
        expect(inside.meta.scheduledCompactRevision ?? -1).toBe(revisions[0].compactRevision);
        expect(inside.keys.totals.keys).toBe(revisions[0].keys);
        expect(inside.keys.selected).toEqual(inside.keys.totals);
        expect(inside.members.rows.toSorted(byId)).toEqual(members.toSorted(byId));
        expect(inside.alarms).toEqual({ total: alarms.length, rows: alarms });
        expect(inside.leases.rows.map(({ id, ttl, keys }) => ({ id, ttl, keys }))).toEqual(
          leases.map(({ id, ttl, keys }) => ({ id, ttl, keys: keys.length })),
        );
        expect(inside.keys.leasedKeys).toBe(leases.reduce((sum, { keys }) => sum + keys.length, 0));
        expect(inside.auth.users.rows.map(({ name, roles }) => ({ name, roles }))).toEqual(users);
        expect(inside.auth.roles.rows.map(({ name }) => name)).toEqual(roles);
        expect(inside.auth.enabled).toBe(users.length > 0);
        expect(inside.cluster).toMatchObject({
          version: minor === '3.4' ? '3.4.0' : `${minor}.0`,
          downgradeTo: null,
        });
        const voters = members.filter(({ learner }) => !learner).map(({ id }) => id);
        if (minor === '3.4') expect(inside.cluster.confState).toBeNull();
        else expect(inside.cluster.confState).toMatchObject({ voters });
        const { pages, freePages, pageSize } = inside.layout;
        expect(pages * pageSize).toBeLessThanOrEqual(status.dbSize ?? 0);
        expect((pages - freePages) * pageSize).toBeGreaterThan(
          inside.keys.totals.bytes + inside.keys.totals.pastBytes,
        );
      }
    });

    test('has one removed member, and the permissions of its roles, and no hash of a password', () => {
      expect(old.removedMembers.total).toBe(1);
      expect(old.auth.users.rows.map(({ password }) => password)).toEqual([true, true]);
      expect(old.auth.roles.rows[0]).toEqual({
        name: 'keys',
        permissions: {
          total: 1,
          rows: [{ access: 'readwrite', key: new Uint8Array(1), rangeEnd: new Uint8Array(1) }],
        },
      });
      // bcrypt's.
      expect(JSON.stringify(old)).not.toContain('$2a$');
      expect(JSON.stringify(old.auth)).not.toContain('password":"');
    });

    test('is summed up in folders that add up to all of it, below a prefix too', async () => {
      const sum = ({ keys }: Inspection, field: 'keys' | 'bytes' | 'pastRecords' | 'pastBytes') =>
        keys.folders.reduce((total, folder) => total + folder[field], 0);
      for (const field of ['keys', 'bytes', 'pastRecords', 'pastBytes'] as const)
        expect(sum(old, field)).toBe(old.keys.totals[field]);
      const below = await inspected(lived.old.file, { prefix: '/leased/' });
      expect(below.keys.totals).toEqual(old.keys.totals);
      expect(below.keys.selected.keys).toBe(2);
      expect(below.keys.folders).toEqual([{ prefix: '/leased/', whole: false, ...below.keys.selected }]);
      expect(below.keys.largest.map(({ key }) => Buffer.from(key).toString()).toSorted()).toEqual([
        '/leased/a',
        '/leased/b',
      ]);
    });

    test('names the largest values and the most revised keys', () => {
      expect(Buffer.from(old.keys.largest[0]?.key ?? []).toString()).toMatch(/^\/large\//);
      expect(old.keys.largest[0]?.bytes).toBeGreaterThan(1_000_000);
      expect(old.keys.largest).toHaveLength(5);
      expect(old.keys.mostRevised.rows[0]?.records).toBeGreaterThan(1);
    });

    test('has about the size that a defragmentation leaves', async () => {
      if (!programs) return;
      await using cluster = await startEtcd({ etcd: programs.etcd ?? '' });
      await fill(cluster.settings(), { count: 6000, size: 300 });
      const settings = cluster.settings();
      await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
      await client.etcd3(
        async ({ kv }, options) => {
          for (let at = 0; at < 5; at++)
            await kv.put({ key: Buffer.from(`large${at}`), value: Buffer.alloc(100_000 + at) }, options);
          await kv.deleteRange({ key: Buffer.from('large'), range_end: Buffer.from('largf') }, options);
          const { header } = await kv.put(
            { key: Buffer.from('last'), value: Buffer.alloc(700_000) },
            options,
          );
          await kv.compact({ revision: Number(header.revision), physical: true }, options);
        },
        { operation: 'make room', signal },
      );
      const before = join(folder.path, 'before.db');
      const after = join(folder.path, 'after.db');
      await snapshotInto(before, cluster, programs);
      const { layout, keys } = await inspected(before);
      expect(keys.largest[0]).toMatchObject({ key: new Uint8Array(Buffer.from('last')), bytes: 700_000 });
      await etcdctl(programs, cluster.endpoints[0] ?? '', ['defrag']);
      await snapshotInto(after, cluster, programs);
      const { pages } = (await inspected(after)).layout;
      expect(layout.freePages).toBeGreaterThan(100);
      expect(layout.pagesAnew).toBeLessThan(layout.pages - 100);
      expect(Math.abs(pages - layout.pagesAnew)).toBeLessThan(0.04 * pages);
    });
  });
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
