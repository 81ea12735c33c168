/**
 * The contract of src/store/store.ts as tests, the same for every kind of store. A kind of store gives a factory
 * and has tests of its own for its oddities alone.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SnapbackError } from '../../src/errors.ts';
import type { Examined, Listed, Store } from '../../src/store/store.ts';

/** A store that is empty and this test's alone; disposing of it takes away all that it wrote. */
export type StoreUnderTest = { store: Store; [Symbol.asyncDispose](): Promise<void> };

export const storeContract = (kind: string, open: () => Promise<StoreUnderTest>): void => {
  const signal = new AbortController().signal;
  const failure = (code: string) => expect.objectContaining({ code });
  const text = async (store: Store, name: string) =>
    (await buffer(await store.get(name, { signal }))).toString();
  const put = (store: Store, name: string, body: string) => store.put(name, Buffer.from(body), { signal });

  test(`${kind}: an object is read as it was written, and listed with its size and time`, async () => {
    await using opened = await open();
    const { store } = opened;
    const earliest = await store.now({ signal });
    expect(await put(store, 'prod/a.json', 'hello')).toEqual({ size: 5 });
    const latest = await store.now({ signal });
    expect(await text(store, 'prod/a.json')).toBe('hello');
    const [listed, ...more] = await names(store, 'prod');
    expect(more).toEqual([]);
    expect(listed).toMatchObject({ name: 'prod/a.json', size: 5 });
    // A store may keep whole seconds only.
    expect(listed?.modified.getTime()).toBeGreaterThanOrEqual(Math.floor(earliest.getTime() / 1000) * 1000);
    // And tell its clock in whole seconds, one of them late.
    expect(listed?.modified.getTime()).toBeLessThanOrEqual(latest.getTime() + 2000);
  });

  test(`${kind}: a stream of many parts is read as it was written`, async () => {
    await using opened = await open();
    const { store } = opened;
    const written = createHash('sha256');
    const chunks = Array.from({ length: 180 }, () => randomBytes(100_003));
    for (const chunk of chunks) written.update(chunk);
    const size = 180 * 100_003;
    const options = { signal, atMost: 2 * size };
    expect(await store.put('prod/large', Readable.from(chunks, { objectMode: false }), options)).toEqual({
      size,
    });
    const read = createHash('sha256');
    for await (const chunk of await store.get('prod/large', { signal })) read.update(chunk);
    expect(read.digest('hex')).toBe(written.digest('hex'));
    expect((await names(store, 'prod')).map(one => one.size)).toEqual([size]);
  });

  test(`${kind}: an object can be empty, as bytes and as a stream`, async () => {
    await using opened = await open();
    const { store } = opened;
    expect(await put(store, 'prod/bytes', '')).toEqual({ size: 0 });
    expect(await store.put('prod/stream', Readable.from([]), { signal })).toEqual({ size: 0 });
    expect(await text(store, 'prod/bytes')).toBe('');
    expect(await text(store, 'prod/stream')).toBe('');
  });

  test(`${kind}: reading can begin anywhere`, async () => {
    await using opened = await open();
    const { store } = opened;
    await put(store, 'prod/a', '0123456789');
    const from = async (offset: number) =>
      (await buffer(await store.get('prod/a', { signal, offset }))).toString();
    expect(await from(0)).toBe('0123456789');
    expect(await from(7)).toBe('789');
    expect(await from(9)).toBe('9');
  });

  test(`${kind}: what is there is never overwritten`, async () => {
    await using opened = await open();
    const { store } = opened;
    await put(store, 'prod/a', 'first');
    const body = Readable.from(['second']);
    await expect(store.put('prod/a', body, { signal })).rejects.toEqual(failure('refused'));
    expect(body.destroyed).toBe(true);
    expect(await text(store, 'prod/a')).toBe('first');
    expect(await store.removeUnfinished('prod', { before: inAnHour(), signal })).toEqual([]);
  });

  test(`${kind}: of many writers of one name exactly one wins`, async () => {
    await using opened = await open();
    const { store } = opened;
    const writers = Array.from({ length: 8 }, (_, at) => put(store, 'prod/cluster.json', `writer ${at}`));
    const outcomes = await Promise.allSettled(writers);
    const winners = outcomes.flatMap((outcome, at) => (outcome.status === 'fulfilled' ? [at] : []));
    expect(winners).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toEqual(failure('refused'));
    expect(await text(store, 'prod/cluster.json')).toBe(`writer ${winners[0]}`);
  });

  test(`${kind}: nobody sees an object before its last byte`, async () => {
    await using opened = await open();
    const { store } = opened;
    const body = new Readable({ read: () => {} });
    const writing = store.put('prod/slow', body, { signal });
    body.push(randomBytes(300_000));
    while (body.readableLength > 0) await setImmediate();
    expect(await names(store, 'prod')).toEqual([]);
    expect(await store.clusters({ signal })).toEqual([]);
    await expect(store.get('prod/slow', { signal })).rejects.toEqual(failure('not-found'));
    body.push(null);
    await writing;
    expect((await names(store, 'prod')).map(one => one.name)).toEqual(['prod/slow']);
  });

  test(`${kind}: a body that fails leaves nothing, and its own error is the one`, async () => {
    await using opened = await open();
    const { store } = opened;
    const mine = new SnapbackError('etcd', {
      operation: 'save',
      object: 'stream',
      reason: 'lacks its trailer',
    });
    await expect(store.put('prod/a', failing(mine), { signal })).rejects.toBe(mine);
    expect(await names(store, 'prod')).toEqual([]);
    expect(await store.removeUnfinished('prod', { before: inAnHour(), signal })).toEqual([]);
    await put(store, 'prod/a', 'again');
    expect(await text(store, 'prod/a')).toBe('again');
  });

  test(`${kind}: a body that is torn down before its end leaves nothing`, async () => {
    await using opened = await open();
    const { store } = opened;
    const body = new Readable({ read: () => {} });
    const writing = store.put('prod/a', body, { signal });
    body.push('half');
    while (body.readableLength > 0) await setImmediate();
    body.destroy();
    await expect(writing).rejects.toThrow();
    expect(await names(store, 'prod')).toEqual([]);
    expect(await store.removeUnfinished('prod', { before: inAnHour(), signal })).toEqual([]);
  });

  test(`${kind}: an abort leaves nothing, and its reason is the error`, async () => {
    await using opened = await open();
    const { store } = opened;
    const controller = new AbortController();
    const reason = new SnapbackError('aborted', {
      operation: 'save',
      object: 'run',
      reason: 'was interrupted',
    });
    const body = new Readable({ read: () => {} });
    const writing = store.put('prod/a', body, { signal: controller.signal });
    body.push(randomBytes(300_000));
    while (body.readableLength > 0) await setImmediate();
    controller.abort(reason);
    await expect(writing).rejects.toBe(reason);
    expect(body.destroyed).toBe(true);
    expect(await names(store, 'prod')).toEqual([]);
    expect(await store.removeUnfinished('prod', { before: inAnHour(), signal })).toEqual([]);
  });

  test(`${kind}: nothing begins once the signal is aborted`, async () => {
    await using opened = await open();
    const { store } = opened;
    await put(store, 'prod/a', 'there');
    const reason = new SnapbackError('aborted', {
      operation: 'run',
      object: 'run',
      reason: 'was interrupted',
    });
    const aborted = AbortSignal.abort(reason);
    const body = Readable.from(['x']);
    await expect(store.put('prod/b', body, { signal: aborted })).rejects.toBe(reason);
    expect(body.destroyed).toBe(true);
    await expect(store.get('prod/a', { signal: aborted })).rejects.toBe(reason);
    await expect(names(store, 'prod', aborted)).rejects.toBe(reason);
    await expect(store.clusters({ signal: aborted })).rejects.toBe(reason);
    await expect(store.remove('prod/a', { signal: aborted })).rejects.toBe(reason);
    await expect(store.now({ signal: aborted })).rejects.toBe(reason);
    await expect(store.versions('prod', { signal: aborted })).rejects.toBe(reason);
    const version = { name: 'prod/a', version: 'null' };
    await expect(store.removeVersion(version, { signal: aborted })).rejects.toBe(reason);
    expect((await names(store, 'prod')).map(one => one.name)).toEqual(['prod/a']);
  });

  test(`${kind}: an abort ends a read with its reason`, async () => {
    await using opened = await open();
    const { store } = opened;
    await store.put('prod/a', randomBytes(8_000_000), { signal });
    const controller = new AbortController();
    const reason = new SnapbackError('aborted', {
      operation: 'read',
      object: 'run',
      reason: 'was interrupted',
    });
    const reading = async () => {
      for await (const _ of await store.get('prod/a', { signal: controller.signal }))
        controller.abort(reason);
    };
    await expect(reading()).rejects.toBe(reason);
  });

  test(`${kind}: what is not there is not found, and removing it is no error`, async () => {
    await using opened = await open();
    const { store } = opened;
    await expect(store.get('prod/a', { signal })).rejects.toEqual(failure('not-found'));
    await store.remove('prod/a', { signal });
    await put(store, 'prod/b', 'x');
    await expect(store.get('prod/a', { signal })).rejects.toEqual(failure('not-found'));
    await store.remove('prod/a', { signal });
    expect((await names(store, 'prod')).map(one => one.name)).toEqual(['prod/b']);
  });

  test(`${kind}: a removed object is gone, and its name is free again`, async () => {
    await using opened = await open();
    const { store } = opened;
    await put(store, 'prod/a.pin', 'first');
    await store.remove('prod/a.pin', { signal });
    expect(await names(store, 'prod')).toEqual([]);
    expect(await store.clusters({ signal })).toEqual([]);
    await put(store, 'prod/a.pin', 'second');
    expect(await text(store, 'prod/a.pin')).toBe('second');
  });

  test(`${kind}: a cluster is listed alone, also beside one whose name begins with its own`, async () => {
    await using opened = await open();
    const { store } = opened;
    expect(await names(store, 'prod')).toEqual([]);
    expect(await store.clusters({ signal })).toEqual([]);
    for (const name of ['prod/a', 'prod/b', 'prod-2/c', 'pro/d', 'prod.old/e']) await put(store, name, name);
    expect((await names(store, 'prod')).map(one => one.name)).toEqual(['prod/a', 'prod/b']);
    expect(await names(store, 'staging')).toEqual([]);
    expect(await store.clusters({ signal })).toEqual(['pro', 'prod', 'prod-2', 'prod.old']);
  });

  test(`${kind}: a listing is whole when there are many`, async () => {
    await using opened = await open();
    const { store } = opened;
    const written = Array.from({ length: 70 }, (_, at) => `prod/${String(at).padStart(3, '0')}`);
    await Promise.all(written.map(name => put(store, name, name)));
    expect((await names(store, 'prod')).map(one => one.name)).toEqual(written);
  });

  test(`${kind}: a listing can begin after a name, or be of one beginning alone`, async () => {
    await using opened = await open();
    const { store } = opened;
    const files = ['a', 'a.json', 'a.json.sig', 'a0', 'aB', 'ab', 'b', 'cluster.json'];
    for (const file of files) await put(store, `prod/${file}`, file);
    for (const name of ['prod-2/aa', 'pro/aa', 'prod.old/aa']) await put(store, name, name);
    const listed = async (options: { after?: string; prefix?: string }) => {
      const found: string[] = [];
      for await (const { name } of store.list('prod', { signal, ...options })) found.push(name);
      return found.sort().map(name => name.slice('prod/'.length));
    };
    for (const after of ['', ...files, '0', 'a.', 'a.json.s', 'aA', 'cluster.json0', 'z'])
      expect(await listed({ after }), after).toEqual(files.filter(file => file > after));
    for (const prefix of ['', ...files, 'a.', 'A', 'cluster', 'z'])
      expect(await listed({ prefix }), prefix).toEqual(files.filter(file => file.startsWith(prefix)));
    expect(await listed({ prefix: 'a.', after: 'a.json' })).toEqual(['a.json.sig']);
    expect(await listed({ prefix: 'a.', after: 'b' })).toEqual([]);
    for await (const _ of store.list('none', { signal, after: 'a', prefix: 'a' })) expect.fail('it lists');
  });

  test(`${kind}: old versions, where there are any, are told and removed one by one`, async () => {
    await using opened = await open();
    const { store } = opened;
    await put(store, 'prod/a', 'first');
    await store.remove('prod/a', { signal });
    await put(store, 'prod/a', 'the second');
    await put(store, 'prod/b', 'gone');
    await store.remove('prod/b', { signal });
    await put(store, 'prod-2/c', 'another');
    const all = await store.versions('prod', { signal });
    expect(await store.versions('staging', { signal })).toEqual(all && []);
    if (all) {
      const told = all.map(({ name, size, hides, newest }) => [name, size, hides, newest]);
      expect(told).toHaveLength(5);
      expect(told).toEqual(
        expect.arrayContaining([
          ['prod/a', 5, false, false],
          ['prod/a', 0, true, false],
          ['prod/a', 10, false, true],
          ['prod/b', 4, false, false],
          ['prod/b', 0, true, true],
        ]),
      );
      for (const one of all.filter(({ newest }) => !newest))
        expect(await store.removeVersion(one, { signal })).toBeNull();
      const hiding = all.filter(({ name }) => name === 'prod/b');
      for (const one of hiding) expect(await store.removeVersion(one, { signal })).toBeNull();
      const left = await store.versions('prod', { signal });
      expect(left).toEqual(all.filter(({ name, newest }) => name === 'prod/a' && newest));
    }
    expect((await names(store, 'prod')).map(one => one.name)).toEqual(['prod/a']);
    expect(await text(store, 'prod/a')).toBe('the second');
  });

  test(`${kind}: where nothing can be held, nothing is`, async () => {
    await using opened = await open();
    const { store } = opened;
    await put(store, 'prod/a', 'x');
    expect(await store.held('prod/a', { signal })).toBeNull();
    expect(await store.held('prod/none', { signal })).toBeNull();
    if (await store.canHold({ signal })) return;
    await expect(store.hold('prod/a', inAnHour(), { signal })).rejects.toEqual(failure('refused'));
    await store.remove('prod/a', { signal });
  });

  test(`${kind}: finished objects are no unfinished uploads`, async () => {
    await using opened = await open();
    const { store } = opened;
    await put(store, 'prod/a', 'there');
    expect(await store.removeUnfinished('prod', { before: inAnHour(), signal })).toEqual([]);
    expect(await store.removeUnfinished('staging', { before: inAnHour(), signal })).toEqual([]);
    expect(await text(store, 'prod/a')).toBe('there');
  });

  test(`${kind}: an examination finds a store that is well so, and leaves nothing`, async () => {
    await using opened = await open();
    const { store } = opened;
    await put(store, 'prod/a', 'there');
    const found: Examined[] = [];
    for await (const one of store.examine('prod', { start: 'tried.', signal })) found.push(one);
    expect(found.filter(({ status, mends }) => status !== 'pass' || mends !== null)).toEqual([]);
    const checks = found.map(({ name }) => name);
    expect(new Set(checks).size).toBe(checks.length);
    expect(checks).toEqual(
      expect.arrayContaining(['clock', 'put', 'list', 'get', 'ranged get', 'write once', 'delete']),
    );
    expect((await names(store, 'prod')).map(({ name }) => name)).toEqual(['prod/a']);
    expect(await store.removeUnfinished('prod', { before: inAnHour(), signal })).toEqual([]);
    for await (const _ of store.examine('staging', { start: 'tried.', signal }));
    expect(await store.clusters({ signal })).toEqual(['prod']);
  });

  test(`${kind}: an examination that is aborted ends with the reason, and leaves nothing`, async () => {
    await using opened = await open();
    const { store } = opened;
    const controller = new AbortController();
    const reason = new Error('enough');
    const examined = async () => {
      for await (const { name } of store.examine('prod', { start: 'tried.', signal: controller.signal })) {
        if (name !== 'write once') continue;
        expect(await names(store, 'prod')).not.toEqual([]);
        controller.abort(reason);
      }
    };
    await expect(examined()).rejects.toBe(reason);
    expect(await names(store, 'prod')).toEqual([]);
    expect(await store.clusters({ signal })).toEqual([]);
  });

  test(`${kind}: names that lead elsewhere are refused by everything`, async () => {
    await using opened = await open();
    const { store } = opened;
    const bad = [
      '',
      'a',
      '/a',
      'a/',
      '../a',
      'a/..',
      'a/.',
      './a',
      'a/../../b',
      'a/b/c',
      'a//b',
      'a/.b',
      '.a/b',
    ];
    for (const name of [...bad, 'a/b\0', 'a/b c', 'a/ä', 'a\\b/c', `a/${'x'.repeat(250)}`]) {
      await expect(put(store, name, 'x'), name).rejects.toEqual(failure('refused'));
      await expect(store.get(name, { signal }), name).rejects.toEqual(failure('refused'));
      await expect(store.remove(name, { signal }), name).rejects.toEqual(failure('refused'));
      const version = { name, version: 'null' };
      await expect(store.removeVersion(version, { signal }), name).rejects.toEqual(failure('refused'));
    }
    for (const cluster of ['', '.', '..', 'a/b', '../a', '.a']) {
      await expect(names(store, cluster), cluster).rejects.toEqual(failure('refused'));
      await expect(store.versions(cluster, { signal }), cluster).rejects.toEqual(failure('refused'));
      const options = { before: inAnHour(), signal };
      await expect(store.removeUnfinished(cluster, options), cluster).rejects.toEqual(failure('refused'));
      const examination = store.examine(cluster, { start: 'tried.', signal })[Symbol.asyncIterator]();
      await expect(examination.next(), cluster).rejects.toEqual(failure('refused'));
    }
    expect(await store.clusters({ signal })).toEqual([]);
  });
};

const names = async (
  store: Store,
  cluster: string,
  signal = new AbortController().signal,
): Promise<Listed[]> => {
  const listed: Listed[] = [];
  for await (const one of store.list(cluster, { signal })) listed.push(one);
  return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
};

const failing = (error: Error): Readable =>
  Readable.from(
    (async function* () {
      for (let at = 0; at < 5; at += 1) yield randomBytes(100_000);
      throw error;
    })(),
    { objectMode: false },
  );

const inAnHour = (): Date => new Date(Date.now() + 3_600_000);
