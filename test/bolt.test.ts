/** The reader of bbolt's files on files that real etcds of every minor version wrote. */
import { copyFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Bucket, bucketIn, rootBucket, valueIn } from '../src/bolt/bucket.ts';
import { type Database, openDatabase } from '../src/bolt/database.ts';
import { childAt } from '../src/bolt/element.ts';
import { lookup } from '../src/bolt/lookup.ts';
import { readMetaBucket } from '../src/bolt/meta-bucket.ts';
import { readPage } from '../src/bolt/page.ts';
import { openClient } from '../src/etcd/client.ts';
import type { MemberStatus } from '../src/etcd/status.ts';
import { snapshotInto } from './support/database-file.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { need, testedMinors } from './support/programs.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();

/** A key of the bucket `key` (etcd: server/storage/mvcc/revision.go). */
const revisionKey = (main: number, sub: number): Buffer => {
  const key = Buffer.alloc(17, '_');
  key.writeBigUInt64BE(BigInt(main), 0);
  key.writeBigUInt64BE(BigInt(sub), 9);
  return key;
};

for (const minor of testedMinors) {
  const programs = await need(minor);
  const written = minor === '3.4' || minor === '3.5' ? null : `${minor}.0`;

  describe.skipIf(programs === null)(`a database of etcd ${minor}`, () => {
    const compactedTo = 20;
    const large = Buffer.alloc(1_400_000, 'large value ');
    let folder: TemporaryFolder;
    let cluster: EtcdCluster;
    let [early, late] = ['', ''];
    let status: MemberStatus;

    beforeAll(async () => {
      folder = await temporaryFolder();
      [early, late] = [join(folder.path, 'early.db'), join(folder.path, 'late.db')];
      if (!programs) return;
      cluster = await startEtcd({ etcd: programs.etcd ?? '' });
      await snapshotInto(early, cluster, programs);
      // 61 transactions of up to 100 keys, in four leaves for each of them: a tree of three levels.
      await fill(cluster.settings(), { count: 6050, size: 150 });
      const settings = cluster.settings();
      await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
      await client.etcd3(
        async (etcd3, options) => {
          for (const name of ['a', 'b', 'c'])
            await etcd3.kv.put({ key: Buffer.from(name), value: large }, options);
          await etcd3.kv.compact({ revision: compactedTo, physical: true }, options);
        },
        { operation: 'make history', signal },
      );
      status = await snapshotInto(late, cluster, programs);
    });

    afterAll(async () => {
      await cluster?.[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });

    const open = (path: string): { database: Database; key: Bucket } => {
      const database = openDatabase(path, path);
      const key = bucketIn(database, rootBucket(database), 'key');
      if (!key) throw new Error('no bucket "key"');
      return { database, key };
    };

    test('says what its etcd says of itself', async () => {
      const said = readMetaBucket({ path: late }, { name: 'late.db' });
      expect(said).toEqual({
        storageVersion: written,
        consistentIndex: expect.any(Number),
        term: minor === '3.4' ? null : status.raftTerm,
        scheduledCompactRevision: compactedTo,
        finishedCompactRevision: compactedTo,
      });
      expect(status.storageVersion).toBe(written);
      // At least the 65 requests of this test; 3.4 does not count what it last did to itself.
      expect(said.consistentIndex).toBeGreaterThanOrEqual(65);
      expect(said.consistentIndex).toBeLessThanOrEqual(status.raftAppliedIndex ?? 0);
    });

    test('of an etcd that nobody wrote to has never been compacted', async () => {
      const said = readMetaBucket({ path: early }, { name: 'early.db' });
      expect(said).toMatchObject({
        storageVersion: written,
        scheduledCompactRevision: null,
        finishedCompactRevision: null,
      });
    });

    test('is read without its trailer too', async () => {
      const copy = join(folder.path, 'no-trailer.db');
      await copyFile(late, copy);
      const { size } = await stat(copy);
      await truncate(copy, size - 32);
      const said = readMetaBucket({ path: copy }, { name: 'no-trailer.db' });
      expect(said).toEqual(readMetaBucket({ path: late }, { name: 'late.db' }));
    });

    test('gives every revision that was not compacted, through several levels, and no other', async () => {
      const { database, key } = open(late);
      using _ = database;
      let [page, levels] = [key.root, 1];
      for (; page.kind === 'branch'; levels++) {
        const { id, from } = childAt(page, 0);
        page = readPage(database, id, from);
      }
      expect(levels).toBeGreaterThanOrEqual(3);
      // Every revision from 2 on is a transaction with at least one key.
      for (let main = 2; main <= status.revision; main++)
        expect(lookup(database, key.root, revisionKey(main, 0)), `revision ${main}`).not.toBeNull();
      for (const [main, sub] of [
        [0, 0],
        [1, 0],
        [status.revision, 1],
        [status.revision + 1, 0],
        [40, 100],
        [Number.MAX_SAFE_INTEGER, 0],
      ] as const)
        expect(lookup(database, key.root, revisionKey(main, sub)), `${main}_${sub}`).toBeNull();
    });

    test('gives large values, which lie on several pages, and none that is larger than is asked for', async () => {
      const { database, key } = open(late);
      using _ = database;
      const revision = revisionKey(status.revision, 0);
      const value = valueIn(database, key, revision, large.length + 100);
      expect(value?.includes(large)).toBe(true);
      expect(() => valueIn(database, key, revision, large.length)).toThrow(
        /is damaged in page \d+, at byte \d+: a value has 14000\d\d bytes/,
      );
    });

    test('has the buckets of etcd, and no others', async () => {
      using database = openDatabase(late, 'late.db');
      const root = rootBucket(database);
      for (const name of [
        'alarm',
        'auth',
        'authRoles',
        'authUsers',
        'cluster',
        'key',
        'lease',
        'members',
        'meta',
      ])
        expect(bucketIn(database, root, name), name).not.toBeNull();
      for (const name of ['', 'a', 'keys', 'zzz']) expect(bucketIn(database, root, name), name).toBeNull();
    });
  });
}
