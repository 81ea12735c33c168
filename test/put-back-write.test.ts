/** The plan and its carrying out with somebody in between: a real etcd, and entries that are made here. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SnapbackError } from '../src/errors.ts';
import { type EtcdClient, openClient } from '../src/etcd/client.ts';
import { readLiving } from '../src/etcd/living.ts';
import type { Context } from '../src/job/context.ts';
import { compare } from '../src/job/put-back-compare.ts';
import { noKeys, type PutBackDone } from '../src/job/put-back-result.ts';
import { carryOut } from '../src/job/put-back-write.ts';
import type { EachEntry } from '../src/job/snapshot-entries.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { need, testedMinors } from './support/programs.ts';

const { signal } = new AbortController();
const count = 400;
const keyOf = (index: number) => Buffer.from(`app/${`${index}`.padStart(4, '0')}`);
const entries = Array.from({ length: count }, (_, index) => ({
  key: keyOf(index),
  value: Buffer.from(`of the snapshot ${index}`),
  leased: false,
}));
const rules = { overwrite: true, includeVolatile: false };
const selection = { prefixes: [Buffer.from('app/')], keys: [], revision: null };

describe.each(testedMinors)('a plan for etcd %s', async minor => {
  const programs = await need(minor);

  describe.skipIf(!programs)('', () => {
    let cluster: EtcdCluster;
    let client: EtcdClient;
    let done: PutBackDone;
    beforeAll(async () => {
      cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
      client = await openClient(cluster.settings(), cluster.endpoints[0] ?? '', { signal });
    });
    afterAll(async () => {
      await client?.[Symbol.asyncDispose]();
      await cluster?.[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      done = {
        created: noKeys(),
        overwritten: noKeys(),
        changed: noKeys(),
        tooLarge: noKeys(),
        inDoubt: noKeys(),
      };
      await call(({ kv }, options) =>
        kv.deleteRange({ key: Buffer.from([0]), range_end: Buffer.from([0]) }, options),
      );
    });

    const call = <T>(ask: Parameters<typeof client.etcd3<T>>[0]) =>
      client.etcd3(ask, { operation: 'test', signal });
    const put = (index: number, value: string) =>
      call(({ kv }, options) => kv.put({ key: keyOf(index), value: Buffer.from(value) }, options));
    const remove = (index: number) =>
      call(({ kv }, options) => kv.deleteRange({ key: keyOf(index) }, options));
    const values = async () => {
      const found = [];
      for (let first = 0; first < count; first += 100)
        found.push(
          ...(await readLiving(
            client,
            entries.slice(first, first + 100).map(({ key }) => key),
            { signal },
          )),
        );
      return found.map(one => one?.value.toString() ?? null);
    };
    const context = (more: Partial<Context> = {}): Context => ({
      signal,
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      notify: () => {},
      progress: () => {},
      ...more,
    });
    const each: EachEntry = async onEntry => {
      for (const entry of entries) await onEntry(entry);
    };

    test('leaves exactly what somebody changed, made or removed after it was made', async () => {
      for (const index of [10, 11, 200, 201, 202]) await put(index, 'old');
      await put(300, 'of the snapshot 300');
      const plan = await compare(client, each, selection, rules, context());
      expect([plan.plan.create.keys, plan.plan.overwrite.keys, plan.plan.same.keys]).toEqual([394, 5, 1]);
      await put(10, 'of somebody');
      await remove(200);
      await put(201, 'of the snapshot 201');
      await put(0, 'of somebody');
      await put(399, 'of somebody');
      await put(300, 'of somebody, and no affair of the plan');
      await carryOut(client, each, plan, done, context());
      expect([done.created.keys, done.overwritten.keys]).toEqual([392, 2]);
      expect(done.changed.sample.map(({ key }) => key)).toEqual(
        [0, 10, 200, 201, 399].map(index => `${keyOf(index)}`),
      );
      expect([done.changed.keys, done.inDoubt.keys]).toEqual([5, 0]);
      const expected: (string | null)[] = entries.map(({ value }) => value.toString());
      expected[0] = expected[10] = expected[399] = 'of somebody';
      expected[200] = null;
      expected[300] = 'of somebody, and no affair of the plan';
      expect(await values()).toEqual(expected);
    });

    test('that is aborted ends between two transactions, with what is there counted', async () => {
      const plan = await compare(client, each, selection, rules, context());
      const stop = new AbortController();
      const reason = new SnapbackError('aborted', {
        operation: 'put-back',
        object: 'it',
        reason: 'was stopped',
      });
      const progress = () => stop.abort(reason);
      await expect(
        carryOut(client, each, plan, done, context({ signal: stop.signal, progress })),
      ).rejects.toBe(reason);
      const there = (await values()).filter(value => value !== null);
      expect(there).toEqual(entries.slice(0, 128).map(({ value }) => value.toString()));
      expect([done.created.keys, done.inDoubt.keys]).toEqual([128, 0]);
    });
  });
});
