/** `copy --recipient`: the same data for other keys, proven by a drill of what came out. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { sha256Of } from '../src/catalog/document.ts';
import { idBeside } from '../src/catalog/id.ts';
import type { CopyResult } from '../src/job/copy.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import type { Document } from './support/kept-store.ts';
import { need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';

const programs = await need('3.6');

describe.skipIf(programs === null)('a copy for other keys', () => {
  let cluster: EtcdCluster;
  let folder: string;
  let id: string;
  let [old, next] = ['', ''];
  const at = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapback-keys-'));
    cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true });
    await fill(cluster.settings(), { count: 500, size: 500 });
    old = await keyIn('old.txt');
    next = await keyIn('next.txt');
    id = await save('a', '--recipient', old);
    expect((await on('a', 'pin', 'latest', '--reason', 'before the upgrade')).code).toBe(0);
    expect((await on('a', 'verify', '--identity', at('old.txt'))).code).toBe(0);
  });

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const keyIn = async (file: string): Promise<string> => {
    const key = await generateX25519Identity();
    await writeFile(at(file), `${key}\n`, { mode: 0o600 });
    return identityToRecipient(key);
  };
  const on = (store: string, ...args: string[]) => snapback([...args, '--store', at(store)]);
  const save = async (store: string, ...more: string[]): Promise<string> => {
    const ran = await on(store, 'save', ...connection(cluster.settings()), '--quiet', ...more);
    expect(ran.code).toBe(0);
    return ran.stdout.trim();
  };
  const files = async (store: string) => (await readdir(join(at(store), 'default')).catch(() => [])).sort();
  const copied = async (store: string, to: string, ...more: string[]) => {
    const ran = await on(store, 'copy', '--to', at(to), '--json', ...more);
    const document: Document<CopyResult> = JSON.parse(ran.stdout);
    return { ...ran, document, rows: document.result?.snapshots ?? [] };
  };
  const rotate = () => ['--recipient', next, '--identity', at('old.txt')];

  it('has an id of the same time, its origin, the pin, and is restorable with the new key alone', async () => {
    const { code, rows } = await copied('a', 'b', ...rotate());
    expect(code).toBe(0);
    const made = rows[0]?.copy ?? '';
    expect(made.slice(0, 17)).toBe(id.slice(0, 17));
    expect(made > id).toBe(true);
    const bytes = await readFile(join(at('a'), 'default', `${id}.json`));
    const [before, after] = [JSON.parse(bytes.toString()), JSON.parse(await manifest('b', made))];
    expect(after.origin).toEqual({ lineage: before.lineage, id, manifest: sha256Of(bytes) });
    expect(after.object.recipients).toEqual([next]);
    const { plain, taken, etcd, fingerprint, lineage } = before;
    expect(after).toMatchObject({ plain, taken, etcd, fingerprint, lineage });
    expect((await files('b')).filter(name => name.startsWith(made))).toEqual([
      `${made}.db.zst.age`,
      `${made}.json`,
      `${made}.pin`,
    ]);
    const verified = await on('b', 'verify', '--identity', at('next.txt'));
    expect(verified.stderr).toContain('✓ same as living');
    expect(verified.code).toBe(0);
    expect((await on('b', 'verify', '--identity', at('old.txt'))).code).toBe(2);

    const there = await files('b');
    const again = await copied('a', 'b', ...rotate());
    expect(again.rows).toMatchObject([{ plan: 'there', copy: made }]);
    expect(await files('b')).toEqual(there);
    // What is for these keys already is copied as it is, and its origin is known there too.
    expect((await copied('b', 'c', '--recipient', next)).rows).toMatchObject([{ plan: 'copy', copy: made }]);
    expect((await copied('a', 'c', ...rotate())).rows).toMatchObject([{ plan: 'there', copy: made }]);
  });

  it('in the same store goes beside the old ones, which can then be removed', async () => {
    await copied('a', 'place');
    const first = await copied('place', 'place', ...rotate());
    expect(first.code).toBe(0);
    const made = first.rows[0]?.copy ?? '';
    const { rows } = await copied('place', 'place', ...rotate());
    expect(rows.map(({ id: of, plan, copy }) => [of, plan, copy])).toEqual([
      [made, 'there', made],
      [id, 'there', made],
    ]);
    expect((await on('place', 'verify', 'latest', '--identity', at('next.txt'))).code).toBe(0);
    expect((await on('place', 'unpin', id)).code).toBe(0);
    expect((await on('place', 'remove', id, '--reason', 'the old key has leaked')).code).toBe(0);
    expect((await on('place', 'list', '--quiet')).stdout).toBe(`${made}\n`);
  });

  it.each(['zstd', 'none'])(
    'encrypts what was not encrypted (%s), without any identity',
    async compression => {
      const plain = await save(`plain-${compression}`, '--compression', compression);
      const { rows, code } = await copied(`plain-${compression}`, `now-${compression}`, '--recipient', next);
      expect(code).toBe(0);
      expect(rows).toMatchObject([{ id: plain, done: true }]);
      const suffix = compression === 'zstd' ? '.db.zst.age' : '.db.age';
      expect((await files(`now-${compression}`)).filter(name => name.endsWith(suffix))).toHaveLength(1);
      const verified = await on(`now-${compression}`, 'verify', '--identity', at('next.txt'));
      expect(verified.code).toBe(0);
    },
  );

  it('needs the key, and says so before anything is written', async () => {
    for (const more of [[], ['--identity', at('next.txt')]]) {
      const { code, document } = await copied('a', 'never', '--recipient', next, ...more);
      expect(code).toBe(2);
      expect(document.error?.code).toBe('usage');
    }
    expect((await copied('a', 'never', '--identity', at('old.txt'))).code).toBe(2);
    expect((await copied('a', 'never', '--recipient', 'age1nonsense')).code).toBe(2);
    expect(await files('never')).toEqual([]);
  });

  it.each([
    ['damaged bytes', 'flipped', (file: string) => flip(`${file}.db.zst.age`)],
    ['another manifest than the one beside it', 'relabelled', (file: string) => relabel(`${file}.json`)],
  ])('of %s is not made, and nothing of it stays', async (_, store, spoil) => {
    await copied('a', store);
    await spoil(join(at(store), 'default', id));
    const { code, rows } = await copied(store, `${store}-to`, ...rotate());
    expect(code).toBe(20);
    expect(rows).toMatchObject([{ id, done: false, copy: null, files: [] }]);
    expect((await files(`${store}-to`)).filter(name => !name.startsWith('cluster.'))).toEqual([]);
  });

  it('keys of the config file do not turn a copy into another snapshot', async () => {
    await writeFile(at('snapback.yaml'), `recipient: ${next}\n`);
    const { rows } = await copied('a', 'as-it-is', '--config', at('snapback.yaml'));
    expect(rows).toMatchObject([{ id, copy: id, done: true }]);
  });

  const manifest = (store: string, of: string) => readFile(join(at(store), 'default', `${of}.json`), 'utf8');
  const relabel = async (file: string) => {
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"labels": {}', '"labels": { "reason": "another" }'));
  };
  const flip = async (file: string) => {
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    await writeFile(file, bytes);
  };
});

test('an id for a copy is of the same time, greater while there is room, and never one that is taken', () => {
  const made = idBeside('20261122T061807Z-4f2a9c', []);
  expect(made.slice(0, 17)).toBe('20261122T061807Z-');
  expect(made > '20261122T061807Z-4f2a9c').toBe(true);
  expect(idBeside('20261122T061807Z-fffffe', [])).toBe('20261122T061807Z-ffffff');
  for (const last of ['20261122T061807Z-ffffff', '20261122T061807Z-fffffe'])
    expect(idBeside(last, ['20261122T061807Z-ffffff'])).toMatch(/^20261122T061807Z-[0-9a-f]{6}$/);
});
