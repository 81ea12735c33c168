/** `prune --extend-locks`: what the policy keeps is never held for less than the lock of a new one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PruneResult } from '../src/job/prune.ts';
import { keptStore } from './support/kept-store.ts';
import { lockedBucket } from './support/locked-bucket.ts';
import { startS3Faults } from './support/s3-faults.ts';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { useCredentials } from './support/s3-store.ts';

const [oldest, unlocked, short, long, newest] = [1, 2, 3, 4, 5].map(
  day => `2025110${day}T061807Z-4f2a9c`,
) as [string, string, string, string, string];
const prune = ['prune', '--keep-last', '4', '--extend-locks', '--s3-object-lock', 'governance:30d'];

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing)(`locks are extended on ${name}`, () => {
    let server: S3Server;

    beforeAll(async () => {
      server = await start();
      useCredentials(server);
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    const five = async () => {
      const kept = await lockedBucket(server);
      const days = { [oldest]: 0, [unlocked]: 0, [short]: 10, [long]: 60, [newest]: 20 };
      for (const [id, lock] of Object.entries(days)) await kept.save(id, lock);
      await kept.store.put(`prod/${short}.pin`, Buffer.from('why'), { signal: new AbortController().signal });
      return kept;
    };
    const files = (id: string, days: number) => ({ [`${id}.db.zst.age`]: days, [`${id}.json`]: days });

    test('a dry run says what would be held until when, and changes nothing', async () => {
      await using kept = await five();
      const before = await kept.held();
      const dry = await kept.run([...prune, '--dry-run']);
      expect(dry.code).toBe(0);
      const time = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d';
      expect(dry.stdout).toMatch(/ PLAN +HELD UNTIL +WHY\n/);
      expect(dry.stdout).toMatch(new RegExp(`${unlocked} .* keep +–, then ${time} `));
      expect(dry.stdout).toMatch(new RegExp(`${short} .* keep +${time}, then ${time} `));
      expect(dry.stdout).toMatch(new RegExp(`${long} .* keep +${time} +last 4`));
      expect(dry.stdout).toMatch(new RegExp(`\nWould hold 3 snapshots longer, until ${time} UTC\\.\n`));
      expect(await kept.held()).toEqual(before);
    });

    test('what is kept is held as long as a new one or longer; what goes and what is no part of a restore is not', async () => {
      await using kept = await five();
      const { result, ok } = await kept.json<PruneResult>(prune);
      expect(ok).toBe(true);
      expect(await kept.held()).toEqual({
        'cluster.json': 0,
        ...files(unlocked, 30),
        ...files(short, 30),
        [`${short}.pin`]: 0,
        ...files(long, 60),
        ...files(newest, 30),
      });
      const by = 'object lock, governance';
      const until = result.extendedUntil ?? '';
      expect(result.snapshots).toMatchObject([
        { id: newest, held: { until, by }, extend: { until } },
        { id: long, held: { by }, extend: null },
        { id: short, held: { until, by }, extend: { from: expect.stringMatching(/Z$/), until } },
        { id: unlocked, held: { until, by }, extend: { from: null, until } },
        { id: oldest, plan: 'remove', removed: true, held: null, extend: null },
      ]);
      const again = await kept.run(['prune', ...prune.slice(1, -1), 'governance:29d']);
      expect(again.stdout).toMatch(
        /\nNo lock is extended: all that stays is held until .* UTC or longer\.\n/,
      );
    });

    test('one that fails does not stop the others', async () => {
      await using kept = await five();
      await using faults = await startS3Faults(server);
      faults.fail(({ kind, key }) => kind === 'PutObjectRetention' && key.includes(unlocked), {
        status: 403,
        code: 'AccessDenied',
      });
      const ran = await kept.run(prune, faults.endpoint);
      expect(ran.code).toBe(31);
      expect(ran.stdout).toMatch(new RegExp(`${unlocked} .*LOCK NOT EXTENDED: may not be used`));
      expect(ran.stdout).toMatch(
        /\nHolds 2 snapshots longer, until .* UTC; 1 could not be\.\nRemoved 1 of 5/,
      );
      expect(ran.stderr).toContain('s3:PutObjectRetention');
      expect(await kept.held()).toMatchObject({ [`${unlocked}.json`]: 0, [`${short}.json`]: 30 });
    });

    test('where the locks of one cannot be asked for it stays, and the rest goes', async () => {
      await using kept = await five();
      await using faults = await startS3Faults(server);
      const refused = { status: 403, code: 'AccessDenied' };
      faults.fail(({ kind, key }) => kind === 'GetObjectRetention' && key.includes(oldest), refused, 10);
      const ran = await kept.run(['prune', '--keep-last', '3'], faults.endpoint);
      expect(ran.code).toBe(31);
      expect(ran.stdout).toMatch(new RegExp(`${oldest} .* locked .*may be locked: that could not be asked`));
      expect(ran.stdout).toMatch(/\nRemoved 1 of 5 snapshots/);
      expect(ran.stderr).toContain('s3:GetObjectRetention');
      expect(Object.keys(await kept.held()).filter(file => /c\.json$/.test(file))).toEqual([
        `${oldest}.json`,
        `${short}.json`,
        `${long}.json`,
        `${newest}.json`,
      ]);
    });

    test('in a bucket without object lock it is a mistake, and nothing is done', async () => {
      await using kept = await lockedBucket(server, { lock: false });
      for (const id of [oldest, newest]) await kept.save(id, 0);
      for (const dry of [['--dry-run'], []]) {
        const ran = await kept.run(['prune', '--keep-last', '1', ...prune.slice(3), ...dry]);
        expect(ran.code).toBe(2);
        expect(ran.stderr).toContain('--extend-locks is for a bucket with object lock');
      }
      expect(Object.keys(await kept.held())).toHaveLength(5);
    });

    test.each([
      [[], 'needs the period of the lock'],
      [['--s3-object-lock', 'legal-hold'], 'a legal hold has no end'],
    ])('without a period it is a mistake: %j', async (lock, words) => {
      await using kept = await lockedBucket(server);
      const ran = await kept.run([...prune.slice(0, 4), ...lock]);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toContain(words);
      expect(ran.stderr).toContain('--s3-object-lock governance:30d');
    });
  });

test('a folder has nothing to extend', async () => {
  await using kept = await keptStore([newest]);
  const ran = await kept.run(...prune);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toContain('is a folder, which knows no locks');
});
