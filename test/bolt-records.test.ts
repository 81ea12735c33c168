/** The records of the bucket `key` on files that real etcds of every minor version wrote. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bucketIn, rootBucket } from '../src/bolt/bucket.ts';
import { openDatabase } from '../src/bolt/database.ts';
import { entries } from '../src/bolt/entries.ts';
import { records } from '../src/bolt/records.ts';
import { openClient } from '../src/etcd/client.ts';
import { snapshotInto } from './support/database-file.ts';
import { startEtcd } from './support/etcd.ts';
import { need, testedMinors } from './support/programs.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();

for (const minor of testedMinors) {
  const programs = await need(minor);

  describe.skipIf(programs === null)(`the records of etcd ${minor}`, () => {
    let folder: TemporaryFolder;
    let [file, lease] = ['', ''];
    beforeAll(async () => {
      folder = await temporaryFolder();
      if (!programs) return;
      file = `${folder.path}/it.db`;
      await using cluster = await startEtcd({ etcd: programs.etcd ?? '' });
      const settings = cluster.settings();
      await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
      await client.etcd3(
        async ({ kv, leaseClient }, options) => {
          lease = (await leaseClient.leaseGrant({ TTL: 3600, ID: '7587862094715520001' }, options)).ID;
          await kv.put({ key: Buffer.from('a'), value: Buffer.from('1') }, options);
          await kv.put({ key: Buffer.from('a'), value: Buffer.from('2'), lease }, options);
          await kv.txn(
            {
              compare: [],
              success: [
                { request_put: { key: Buffer.from([0, 255]), value: Buffer.alloc(300_000, 'large ') } },
                { request_put: { key: Buffer.from('b'), value: Buffer.alloc(0) } },
                { request_delete_range: { key: Buffer.from('a') } },
              ],
              failure: [],
            },
            options,
          );
          await kv.put({ key: Buffer.from('a'), value: Buffer.from('3') }, options);
        },
        { operation: 'make history', signal },
      );
      await snapshotInto(file, cluster, programs);
    });
    afterAll(() => folder[Symbol.asyncDispose]());

    const read = (from?: number) => {
      using database = openDatabase(file, 'it.db');
      return Array.from(records(database, { from }), record => ({
        at: `${record.main}_${record.sub}${record.tombstone ? ' deleted' : ''}`,
        key: record.key.toString('latin1'),
        value: record.value.length > 10 ? record.value.length : record.value.toString(),
        ...(record.tombstone
          ? {}
          : { created: record.createRevision, modified: record.modRevision, version: record.version }),
        lease: record.lease,
      }));
    };

    const last = { at: '5_0', key: 'a', value: '3', created: 5, modified: 5, version: 1, lease: 0n };
    test('are what was done to each key, in order', () => {
      expect(read()).toEqual([
        { at: '2_0', key: 'a', value: '1', created: 2, modified: 2, version: 1, lease: 0n },
        { at: '3_0', key: 'a', value: '2', created: 2, modified: 3, version: 2, lease: BigInt(lease) },
        { at: '4_0', key: '\0ÿ', value: 300_000, created: 4, modified: 4, version: 1, lease: 0n },
        { at: '4_1', key: 'b', value: '', created: 4, modified: 4, version: 1, lease: 0n },
        { at: '4_2 deleted', key: 'a', value: '', lease: 0n },
        last,
      ]);
    });

    test('can be read from any revision on', () => {
      expect(read(1)).toHaveLength(6);
      expect(read(4).map(({ at }) => at)).toEqual(['4_0', '4_1', '4_2 deleted', '5_0']);
      expect(read(5)).toEqual([last]);
      expect(read(6)).toEqual([]);
    });

    test('are in one of the buckets of etcd, all of which can be read', () => {
      using database = openDatabase(file, 'it.db');
      const root = rootBucket(database);
      const names = Array.from(
        entries(database, root),
        ({ key, bucket }) => [key.toString(), bucket] as const,
      );
      expect(names.every(([, bucket]) => bucket)).toBe(true);
      const sizes = names.map(([name]) => {
        const bucket = bucketIn(database, root, name);
        return [name, bucket && [...entries(database, bucket)].length];
      });
      expect(Object.fromEntries(sizes)).toMatchObject({ key: 6, lease: 1, members: 1, alarm: 0 });
    });
  });
}
