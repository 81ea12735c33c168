/** What other tests take for granted of an etcd that has lived: that all of it happened. */
import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMetaBucket } from '../src/bolt/meta-bucket.ts';
import { type LivedIn, type Stage, startLivedIn } from './support/lived-in-etcd.ts';
import { need, testedMinors } from './support/programs.ts';

for (const minor of testedMinors) {
  const programs = await need(minor);

  describe.skipIf(programs === null)(`a life of etcd ${minor}`, () => {
    let etcd: LivedIn;

    beforeAll(async () => {
      if (programs) etcd = await startLivedIn(programs);
    });
    afterAll(() => etcd?.[Symbol.asyncDispose]());

    const compactedTo = ({ file }: Stage) => {
      const said = readMetaBucket({ path: file }, { name: file });
      return [said.scheduledCompactRevision, said.finishedCompactRevision];
    };

    test('has a snapshot of before, one of amidst and one of after its compactions', async () => {
      expect(compactedTo(etcd.young)).toEqual([null, null]);
      const [scheduled, finished] = compactedTo(etcd.compacting);
      expect(scheduled).toBe(etcd.compacting.facts.revisions[0].compactRevision);
      expect(finished).toBeLessThan(scheduled ?? 0);
      const { compactRevision } = etcd.old.facts.revisions[0];
      expect(compactedTo(etcd.old)).toEqual([compactRevision, compactRevision]);
      expect((await stat(etcd.old.file)).size).toBeGreaterThan((await stat(etcd.young.file)).size);
    });

    test('has leases, users, an alarm, and a learner that never came', () => {
      const { facts } = etcd.old;
      // A third key was written again without the lease.
      expect(facts.leases.map(lease => lease.keys.length)).toEqual([0, 2]);
      expect(facts.users.map(user => user.name)).toEqual(['reader', 'root']);
      expect(facts.alarms).toMatchObject([{ type: 'NOSPACE' }]);
      expect(facts.members.map(member => member.learner).toSorted()).toEqual([false, true]);
    });

    test('has keys that were deleted, and a history of those that are there', () => {
      for (const { facts } of [etcd.young, etcd.compacting, etcd.old]) {
        const [now, before] = facts.revisions;
        expect(now.keys).toBeGreaterThan(0);
        expect(before?.hash).not.toBe(now.hash);
      }
      expect(etcd.old.facts.revisions[0].keys).toBeLessThan(etcd.young.facts.revisions[1]?.keys ?? 0);
    });
  });
}
