/** What etcd keeps beside the keys, made by hand: what it would not write is an error that says what and where. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAlarms } from '../src/bolt/alarms.ts';
import { readAuth } from '../src/bolt/auth.ts';
import { readCluster } from '../src/bolt/cluster.ts';
import { type Database, openDatabase } from '../src/bolt/database.ts';
import { readLeases } from '../src/bolt/leases.ts';
import { readMembers, readRemovedMembers } from '../src/bolt/members.ts';
import { bucketValue, type Leaf, leafPage, metas, pageSize } from './support/bolt-pages.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** A database with one bucket. */
const holding = async <T>(bucket: string, leaves: Leaf[], read: (database: Database) => T): Promise<T> => {
  const size = leaves.reduce((sum, { key, value }) => sum + 16 + key.length + value.length, 16);
  const overflow = Math.ceil(size / pageSize) - 1;
  const path = join(folder.path, 'one.db');
  const pages = [
    ...metas({ highWater: 4 + overflow }),
    leafPage(2, [{ key: bucket, value: bucketValue(3), bucket: true }]),
    leafPage(3, leaves, { overflow }),
  ];
  await writeFile(path, Buffer.concat(pages));
  using database = openDatabase(path, 'one.db');
  return read(database);
};

const json = (key: string, value: unknown): Leaf => ({ key, value: Buffer.from(JSON.stringify(value)) });
const bytes = (key: string, hex: string): Leaf => ({ key, value: Buffer.from(hex, 'hex') });
const leaseKey = '\0\0\0\0\0\0\0\x07';

describe('what etcd keeps of itself', () => {
  test('has ids beyond 2^53 as they are, and lists that Go left out', async () => {
    // As Go writes it: an id is a number.
    const value = Buffer.from('{"id":18446744073709551615,"peerURLs":["http://a"],"name":"m0"}');
    expect(await holding('members', [{ key: 'ffffffffffffffff', value }], readMembers)).toEqual({
      total: 1,
      rows: [
        { id: '18446744073709551615', name: 'm0', peerURLs: ['http://a'], clientURLs: [], learner: false },
      ],
    });
    const state = Buffer.from('{"voters":[10276657743932975437],"learners":null,"auto_leave":false}');
    expect(await holding('meta', [{ key: 'confState', value: state }], readCluster)).toEqual({
      version: null,
      downgradeTo: null,
      confState: { voters: ['10276657743932975437'], learners: [] },
    });
    const leases = [
      bytes(leaseKey, '0807103c180a'),
      bytes('\x80\0\0\0\0\0\0\0', '0880808080808080808001103c'),
    ];
    expect((await holding('lease', leases, readLeases)).rows).toEqual([
      { id: '7', ttl: 60, remaining: 10 },
      { id: '-9223372036854775808', ttl: 60, remaining: null },
    ]);
  });

  test('says where the cluster is on its way down to', async () => {
    const leaf = json('downgrade', { 'target-version': '3.6.0', enabled: true });
    expect((await holding('cluster', [leaf], readCluster)).downgradeTo).toBe('3.6.0');
    const no = json('downgrade', { 'target-version': '', enabled: false });
    expect((await holding('cluster', [no], readCluster)).downgradeTo).toBeNull();
  });

  test('is empty where there is no such bucket', async () => {
    const none = { total: 0, rows: [] };
    const all = (database: Database) => [
      readMembers(database),
      readRemovedMembers(database),
      readLeases(database),
      readAlarms(database),
    ];
    expect(await holding('other', [bytes('a', '')], all)).toEqual([none, none, none, none]);
    expect(await holding('other', [bytes('a', '')], readAuth)).toEqual({
      enabled: false,
      users: none,
      roles: none,
    });
  });

  test('names an alarm that it does not know by its number, and a user without a password', async () => {
    const alarms = [bytes('\x08\x05\x10\x02', ''), bytes('\x08\x05\x10\x09', '')];
    expect((await holding('alarm', alarms, readAlarms)).rows).toEqual([
      { memberId: '5', type: 'CORRUPT' },
      { memberId: '5', type: '9' },
    ]);
    const user = bytes('bob', '0a03626f62' + '1a0161' + '1a0162' + '22020801');
    expect((await holding('authUsers', [user], readAuth)).users.rows).toEqual([
      { name: 'bob', roles: ['a', 'b'], password: false },
    ]);
  });

  test('gives the first thousand of a list, and how many there are', async () => {
    const many = Array.from({ length: 2500 }, (_, at) => bytes((0x1000 + at).toString(16), ''));
    const { total, rows } = await holding('members_removed', many, readRemovedMembers);
    expect(total).toBe(2500);
    expect(rows).toHaveLength(1000);
    const large = Array.from({ length: 9 }, (_, at) => ({
      key: `b${at}`,
      value: Buffer.concat([
        Buffer.from(`0a02623${at}`, 'hex'),
        Buffer.from('12c0843d', 'hex'),
        Buffer.alloc(1_000_000),
      ]),
    }));
    const { users } = await holding('authUsers', large, readAuth);
    expect(users.total).toBe(9);
    expect(users.rows).toHaveLength(4);
  });

  const cases: [string, string, Leaf, (database: Database) => unknown, RegExp][] = [
    ['a member that is no JSON', 'members', bytes('1', '7b'), readMembers, /member 1 is not as etcd/],
    ['a member that is a list', 'members', json('1', []), readMembers, /member 1 is not as etcd/],
    [
      'a member with a name that is none',
      'members',
      json('1', { id: 1, name: 5 }),
      readMembers,
      /member 1 is not/,
    ],
    [
      'a member with other URLs',
      'members',
      json('1', { id: 1, peerURLs: [1] }),
      readMembers,
      /member 1 is not/,
    ],
    [
      'a member that is another',
      'members',
      json('2', { id: 3 }),
      readMembers,
      /member 2 says that it is another/,
    ],
    ['a member without an id', 'members', json('2', {}), readMembers, /member 2 says that it is another/],
    [
      'a member by another key',
      'members',
      json('xyz', {}),
      readMembers,
      /a key of 3 bytes is not the id of a member/,
    ],
    [
      'a removed one by another key',
      'members_removed',
      bytes('FF', ''),
      readRemovedMembers,
      /not the id of a member/,
    ],
    [
      'a bucket for a member',
      'members',
      { key: '1', value: bucketValue(3), bucket: true },
      readMembers,
      /there is a bucket/,
    ],
    [
      'a lease by a short key',
      'lease',
      bytes('1', ''),
      readLeases,
      /a key of 1 bytes is not the id of a lease/,
    ],
    [
      'a lease that is another',
      'lease',
      bytes(leaseKey, '0808'),
      readLeases,
      /lease 7 says that it is another/,
    ],
    [
      'a lease that is cut',
      'lease',
      bytes(leaseKey, '08071'.padEnd(6, 'f')),
      readLeases,
      /lease 7 is not as etcd/,
    ],
    [
      'a lease for ever',
      'lease',
      bytes(leaseKey, '080710ffffffffffffffffff01'),
      readLeases,
      /a time that no lease has/,
    ],
    ['an alarm that is cut', 'alarm', bytes('\x08', ''), readAlarms, /an alarm of 1 bytes is not as etcd/],
    ['a user with another name', 'authUsers', bytes('bob', '0a03616e6e'), readAuth, /a user is not as etcd/],
    [
      'a user with a number for a role',
      'authUsers',
      bytes('bob', '0a03626f621801'),
      readAuth,
      /a role without a name/,
    ],
    ['a role that is cut', 'authRoles', bytes('r', '0a0172120a'), readAuth, /a role is not as etcd/],
    [
      'a permission of a new kind',
      'authRoles',
      bytes('r', '0a017212020809'),
      readAuth,
      /a permission that is not as/,
    ],
    [
      'a value beyond all measure',
      'lease',
      { key: leaseKey, value: Buffer.alloc(1_100_000) },
      readLeases,
      /a value has 1100000 bytes/,
    ],
    [
      'a version that is none',
      'cluster',
      bytes('clusterVersion', '41'),
      readCluster,
      /something else than etcd writes as clusterVersion/,
    ],
    [
      'a downgrade that is none',
      'cluster',
      json('downgrade', 5),
      readCluster,
      /something else than etcd writes as downgrade/,
    ],
    [
      'voters that are none',
      'meta',
      json('confState', { voters: ['x'] }),
      readCluster,
      /something else than etcd writes as confState/,
    ],
  ];
  test.each(cases)('with %s is damage', async (_, bucket, leaf, read, reason) => {
    await expect(holding(bucket, [leaf], read)).rejects.toMatchObject({
      code: 'integrity',
      object: 'one.db',
      reason: expect.stringMatching(reason),
    });
  });
});
