import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LivedIn, quickLife, startLivedIn } from './support/lived-in-etcd.ts';
import { need, testedMinors } from './support/programs.ts';
import { type Ran, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

for (const minor of testedMinors) {
  const programs = await need(minor);

  describe.skipIf(programs === null)(`drills of what an etcd ${minor} has seen in its life`, () => {
    let lived: LivedIn;
    let temporary: TemporaryFolder;
    let scratch: string;

    beforeAll(async () => {
      if (!programs) return;
      temporary = await temporaryFolder();
      scratch = join(temporary.path, 'scratch');
      await mkdir(scratch);
      lived = await startLivedIn(programs, quickLife);
    });
    afterAll(async () => {
      expect(await readdir(scratch), 'nothing stays in the scratch folder').toEqual([]);
      await lived?.[Symbol.asyncDispose]();
      await temporary?.[Symbol.asyncDispose]();
    });

    const drill = (file: string, ...args: string[]) =>
      snapback(['verify', file, '--etcd-version', minor, '--scratch', scratch, ...args]);
    const asRoot = () => ['--user', `root:${lived.settings.password?.reveal()}`];
    const found = ({ stdout }: Ran): Record<string, { status: string; detail: string }> =>
      Object.fromEntries(
        JSON.parse(stdout).result.verifications[0].checks.map((one: { name: string }) => [one.name, one]),
      );

    test('with history and leases, restored as a whole cluster of three', async () => {
      const ran = await drill(lived.young.file, '--members', '3');
      expect(ran.stderr).toMatch(/✓ restored .*, 3 members/);
      expect(ran.stderr).toMatch(/✓ same as file +HashKV \d+, [\d,]+ keys .*, of each of 3 members/);
      expect(ran.stdout).toMatch(/^RESTORABLE · proven by a restore · /);
      expect(ran.code).toBe(0);
    });

    test('with users and a compaction that is half done', async () => {
      const ran = await drill(lived.compacting.file, ...asRoot(), '--json');
      expect(found(ran)).toMatchObject({ 'same as file': { status: 'pass' }, usable: { status: 'pass' } });
      expect(ran.code).toBe(0);
    });

    test('with users, a learner that never came and a NOSPACE alarm, as one member and as three', async () => {
      for (const members of ['1', '3']) {
        const ran = await drill(lived.old.file, ...asRoot(), '--members', members, '--json');
        expect(found(ran)).toMatchObject({
          'same as file': { status: 'pass' },
          alarms: { status: 'warning', detail: expect.stringContaining('etcdctl alarm disarm') },
          usable: { status: 'pass', detail: 'reads, writes after the disarm' },
        });
        expect(ran.code).toBe(0);
      }
    });

    test('with users and without one of them it says last what it could not ask', async () => {
      const ran = await drill(lived.compacting.file, '--members', '3');
      expect(ran.stderr).toMatch(/✓ etcd started .*healthy/);
      expect(ran.stderr).toMatch(/– usable .*not asked: authentication is enabled.*--user root/);
      expect(ran.stdout).toMatch(/^RESTORABLE · .* · not compared: same as living, same as file, usable$/m);
      expect(ran.code).toBe(0);
      const alarmed = await drill(lived.old.file, '--json');
      expect(found(alarmed)).toMatchObject({
        'etcd started': { status: 'pass' },
        usable: { status: 'skipped' },
      });
      expect(alarmed.code).toBe(0);
      const wrong = await drill(lived.compacting.file, '--user', 'root:wrong');
      expect(wrong.stderr).toContain('is not let in by the restored etcd');
      expect(wrong.code).toBe(2);
    });
  });
}
