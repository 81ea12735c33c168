/** Signatures, end to end: made and checked by openssl too, and asked for by every command that reads. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { commands } from '../src/cli/commands.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { need } from './support/programs.ts';
import { openssl, opensslKey, opensslSign } from './support/signing-keys.ts';
import { connection, type Ran, snapback } from './support/snapback.ts';

const programs = await need('3.6');

const all = await Promise.all(commands.map(({ load }) => load()));
type Known = (typeof all)[number];
const takes = (one: Known, flag: string) => Object.values(one.options).some(option => option.flag === flag);

type Reader = { args(id: string, folder: string): string[]; code: number; says: RegExp };

/** What commands do to a snapshot that no trusted key signed; the others refuse it, with their snapshot as arguments. */
const readers: Record<string, Partial<Reader>> = {
  restore: { args: (id, folder) => ['restore', id, '--output', join(folder, 'out.db')] },
  verify: { args: id => ['verify', id, '--level', 'object'] },
  copy: { args: (id, folder) => ['copy', id, '--to', join(folder, 'copied')] },
  list: { args: () => ['list'], code: 0, says: /NOT TRUSTED/ },
  prune: { args: () => ['prune', '--keep-last', '1'], code: 0, says: /Not touched: .*sign/ },
  doctor: { args: () => ['doctor'], code: 0, says: /✓ scratch +[^,]* free$/m },
  // It is not believed, and so may be kept for a closer look, or go.
  pin: { code: 0, says: /pinned/ },
  unpin: { code: 0, says: /pin/ },
  remove: { args: id => ['remove', id, '--reason', 'not ours'], code: 0, says: /removed/ },
};

const readerOf = (one: Known): Reader => ({
  args: id => [one.name, ...(one.args.match(/[\w-]+/g) ?? []).map(word => (word === 'key' ? 'x' : id))],
  code: 20,
  says: /to check the signature: /,
  ...readers[one.name],
});

test('every command that takes a store takes --trust-key, but save, which reads no snapshot', () => {
  const taking = (flag: string) => all.filter(one => takes(one, flag)).map(({ name }) => name);
  expect(taking('trust-key')).toEqual(taking('store').filter(name => name !== 'save'));
  expect(taking('trust-key')).toEqual(expect.arrayContaining([...Object.keys(readers), 'show']));
  expect(taking('sign-key').sort()).toEqual(['copy', 'save', 'verify']);
});

describe.skipIf(programs === null)('a signed snapshot', () => {
  let cluster: EtcdCluster;
  let folder: string;
  let id: string;
  let keys: Record<'ours' | 'next' | 'theirs', { key: string; pub: string }>;
  const at = (...names: string[]) => join(folder, ...names);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapback-signed-'));
    cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true });
    await fill(cluster.settings(), { count: 100, size: 100 });
    keys = {
      ours: await opensslKey(folder, 'ours'),
      next: await opensslKey(folder, 'next'),
      theirs: await opensslKey(folder, 'theirs'),
    };
    id = await save('a', '--sign-key', keys.ours.key);
  });

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const on = (store: string, ...args: string[]): Promise<Ran> =>
    snapback([...args, '--store', at(store)], { cwd: folder });
  const save = async (store: string, ...more: string[]): Promise<string> => {
    const ran = await on(store, 'save', ...connection(cluster.settings()), '--quiet', ...more);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    return ran.stdout.trim();
  };
  const trusting = () => ['--trust-key', keys.ours.pub];
  const signed = () => ['--sign-key', keys.ours.key, ...trusting()];
  const manifest = (store = 'a', of = id) => at(store, 'default', `${of}.json`);
  const files = async (store: string) => (await readdir(at(store, 'default'))).sort();
  /** A copy of the store, to be spoiled. */
  const like = async (store: string): Promise<string> => {
    await cp(at('a'), at(store), { recursive: true });
    return store;
  };

  it('is checked by openssl, and what openssl signed is believed', async () => {
    const signature = `${manifest()}.sig`;
    expect((await readFile(signature)).length).toBe(64);
    const checked = ['-pubin', '-inkey', keys.ours.pub, '-in', manifest(), '-sigfile', signature];
    expect(await openssl('pkeyutl', '-verify', '-rawin', ...checked)).toContain('Verified Successfully');

    const store = await like('by-openssl');
    const made = `${manifest(store)}.sig`;
    await rm(made);
    expect(await on(store, 'show', id, ...trusting())).toMatchObject({ code: 20 });
    await opensslSign(keys.ours, manifest(store));
    const shown = await on(store, 'show', id, ...trusting());
    expect(shown.stdout).toContain(`signed    by ${keys.ours.pub}`);
  });

  it('is said to be signed, and without trusted keys the signature is only a file beside it', async () => {
    const ran = await on(
      'said',
      'save',
      ...connection(cluster.settings()),
      '--sign-key',
      keys.ours.key,
      '--json',
    );
    expect(ran.stderr).toContain(', signed\n');
    const { result } = JSON.parse(ran.stdout);
    expect(result.signedBy).toBe(keys.ours.key);
    expect((await on('said', 'show', 'latest')).stdout).toContain(
      'by whom was not looked at: --trust-key FILE',
    );
    const listed = JSON.parse((await on('said', 'list', '--json')).stdout).result.clusters[0];
    expect(listed.snapshots[0]).toMatchObject({
      signed: true,
      signedBy: null,
      untrusted: false,
      broken: null,
    });
    expect(listed.unknown).toEqual([]);
    await writeFile(`${manifest('said', result.id)}.sig`, 'nonsense');
    expect((await on('said', 'verify', '--level', 'object')).code).toBe(0);
  });

  it('is restored and proven, the verdict is signed, and counts', async () => {
    const store = await like('proven');
    const verified = await on(store, 'verify', ...signed());
    expect(verified).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`signature       ${keys.ours.pub}`),
    });
    expect(verified.stderr).not.toContain('warning');
    const [verdict, signature] = (await files(store)).filter(name => name.includes('.verify.'));
    expect(signature).toBe(`${verdict}.sig`);
    const checked = [
      '-in',
      at(store, 'default', `${verdict}`),
      '-sigfile',
      at(store, 'default', `${signature}`),
    ];
    const said = await openssl('pkeyutl', '-verify', '-rawin', '-pubin', '-inkey', keys.ours.pub, ...checked);
    expect(said).toContain('Verified Successfully');
    const restored = await on(
      store,
      'restore',
      'latest-verified',
      ...trusting(),
      '--output',
      at('restored.db'),
    );
    expect(restored).toMatchObject({ code: 0, stdout: expect.stringContaining(', verified') });
    expect((await on(store, 'verify', ...signed(), '--skip-verified')).stdout).toContain('PASSED OVER');
    const shown = JSON.parse((await on(store, 'show', id, ...trusting(), '--json')).stdout).result;
    expect(shown).toMatchObject({
      signed: true,
      signedBy: keys.ours.pub,
      verified: { time: expect.any(String) },
    });
    expect(shown.verdicts[0]).toMatchObject({ signedBy: keys.ours.pub, error: null, ofThisManifest: true });
  });

  it('is believed with one of several trusted keys, in one file or in several', async () => {
    const both = at('both.pub');
    const texts = await Promise.all([keys.theirs.pub, keys.ours.pub].map(file => readFile(file, 'utf8')));
    await writeFile(both, texts.join('\n'));
    for (const trust of [[both], [keys.theirs.pub, keys.ours.pub], [keys.ours.pub, keys.next.pub]]) {
      const args = trust.flatMap(file => ['--trust-key', file]);
      expect((await on('a', 'verify', '--level', 'object', '--no-record', ...args)).code, `${trust}`).toBe(0);
    }
    await writeFile(at('snapback.yaml'), `trust-key: [${keys.next.pub}, ${keys.theirs.pub}]\n`);
    const ran = await on('a', 'verify', '--level', 'object', '--config', at('snapback.yaml'));
    await rm(at('snapback.yaml'));
    expect(ran).toMatchObject({
      code: 20,
      stderr: expect.stringContaining('not signed by a key that is trusted'),
    });
  });

  const spoilt: Record<string, (store: string) => Promise<unknown>> = {
    unsigned: store => rm(`${manifest(store)}.sig`),
    'signed by another': async store => {
      await opensslSign(keys.theirs, manifest(store));
    },
    'changed by one byte': async store => {
      const text = await readFile(manifest(store), 'utf8');
      await writeFile(manifest(store), text.replace('"labels": {}', '"labels":  {}'));
    },
    'with the signature of another manifest': async store => {
      const other = await save('other', '--sign-key', keys.ours.key);
      await cp(`${manifest('other', other)}.sig`, `${manifest(store)}.sig`);
    },
  };

  for (const kind of Object.keys(spoilt))
    it(`is not restored, proven, shown or copied when it is ${kind}`, async () => {
      const store = await like(kind.replaceAll(' ', '-'));
      await spoilt[kind]?.(store);
      const before = await files(store);
      const out = await mkdtemp(at('out-'));
      for (const one of all.filter(({ name }) => ['restore', 'verify', 'show', 'copy'].includes(name))) {
        const { args, code, says } = readerOf(one);
        const ran = await on(store, ...args(id, out), ...trusting());
        expect(ran, one.name).toMatchObject({ code, stderr: expect.stringMatching(says) });
      }
      // No verdict, and nothing on a disk.
      expect(await files(store)).toEqual(before);
      const written = await readdir(out, { recursive: true });
      expect(written.filter(name => name.includes(id) || name.endsWith('.db'))).toEqual([]);
    });

  it('is believed by no command when it is unsigned', async () => {
    const store = await like('table');
    await rm(`${manifest(store)}.sig`);
    const out = await mkdtemp(at('out-'));
    const last = (one: Known) => Number(one.name === 'remove');
    for (const one of all.filter(one => takes(one, 'trust-key')).sort((a, b) => last(a) - last(b))) {
      const { args, code, says } = readerOf(one);
      const etcd = takes(one, 'endpoints') ? connection(cluster.settings()) : [];
      const ran = await on(store, ...args(id, out), ...etcd, ...trusting());
      expect(ran, one.name).toMatchObject({ code });
      expect(`${ran.stdout}${ran.stderr}`, one.name).toMatch(says);
    }
    expect(await files(store)).toEqual((await files(store)).filter(name => name.startsWith('cluster')));
  });

  it('makes save, verify and copy say what is wrong with a key before anything is done', async () => {
    const wrong = await on('none', 'save', ...connection(cluster.settings()), '--sign-key', keys.ours.pub);
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('A public key goes to --trust-key.'),
    });
    const missing = await on('a', 'verify', '--sign-key', at('nothing.key'));
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('is not there') });
    const useless = await on('a', 'copy', '--to', at('none'), '--sign-key', keys.ours.key);
    expect(useless).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no --recipient says for whom'),
    });
    expect(await readdir(at('none')).catch(() => [])).toEqual([]);
  });

  it('is copied with its signature, and one that is made for other keys is signed anew', async () => {
    expect((await on('a', 'copy', '--to', at('copied'), ...trusting())).code).toBe(0);
    expect(await files('copied')).toEqual(await files('a'));
    expect(await readFile(`${manifest('copied')}.sig`)).toEqual(await readFile(`${manifest()}.sig`));

    const recipient = await identityToRecipient(await generateX25519Identity());
    const anew = ['copy', '--recipient', recipient, ...trusting()];
    const ran = await on('a', ...anew, '--to', at('anew'), '--sign-key', keys.ours.key, '--json');
    const [row] = JSON.parse(ran.stdout).result.snapshots;
    expect(row.files).toContain(`${row.copy}.json.sig`);
    expect((await on('anew', 'verify', '--level', 'object', ...signed())).code).toBe(0);
    const again = await on('a', ...anew, '--to', at('anew'), '--sign-key', keys.ours.key, '--json');
    expect(JSON.parse(again.stdout).result.snapshots[0]).toMatchObject({ plan: 'there', copy: row.copy });

    const bare = await on('a', ...anew, '--to', at('bare'));
    expect(bare).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('are not signed: with --trust-key'),
    });
    expect((await files('bare')).filter(name => name.endsWith('.sig'))).toEqual([]);
  });

  /** What each command says of the only snapshot of a store. */
  const stands = async (store: string) => {
    const result = async (...args: string[]) =>
      JSON.parse((await on(store, ...args, ...trusting(), '--json')).stdout).result;
    const [{ clusters }, shown, { snapshots }, restored, skipped] = await Promise.all([
      result('list'),
      result('show', id),
      result('prune', '--keep-last', '1', '--dry-run'),
      on(store, 'restore', 'latest-verified', '--dry-run', '--output', at('x.db'), ...trusting()),
      on(store, 'verify', '--skip-verified', '--level', 'object', '--no-record', ...trusting()),
    ]);
    const [listed] = clusters;
    const [plan] = snapshots;
    const [row] = listed.snapshots;
    return {
      list: row.bad ? 'bad' : row.verified ? 'verified' : '–',
      newest: listed.newestVerified !== null,
      show: shown.bad ? 'bad' : shown.verified ? 'verified' : '–',
      prune: plan.bad ? 'bad' : plan.reasons.includes('newest verified') ? 'verified' : '–',
      restore: restored.code,
      skipped: skipped.stdout.includes('PASSED OVER'),
    };
  };
  const nothing = { list: '–', newest: false, show: '–', prune: '–', restore: 22, skipped: false };
  const verified = {
    list: 'verified',
    newest: true,
    show: 'verified',
    prune: 'verified',
    restore: 0,
    skipped: true,
  };

  it('is verified only by verdicts that a trusted key signed, in every command', async () => {
    const store = await like('verdicts');
    const warned = await on(store, 'verify', ...trusting());
    expect(warned).toMatchObject({ code: 0, stderr: expect.stringContaining('verdicts are not signed') });
    expect(await stands(store)).toEqual(nothing);
    expect((await on(store, 'show', id, ...trusting())).stdout).toMatch(
      /drill passed [^\n]*\n +not believed: it is not signed/,
    );

    // What openssl signed afterwards counts as well.
    const verdict = at(store, 'default', (await files(store)).find(name => name.includes('.verify.')) ?? '');
    await opensslSign(keys.ours, verdict);
    expect(await stands(store)).toEqual(verified);

    // A stranger cannot make it bad; of two in the same second the fail would count.
    const fail = verdict.replace(/-[0-9a-f]{6}\.drill\.pass/, '-ffffff.drill.fail');
    await writeFile(fail, (await readFile(verdict, 'utf8')).replace('"pass": true', '"pass": false'));
    await cp(`${verdict}.sig`, `${fail}.sig`);
    expect(await stands(store)).toEqual(verified);
    await opensslSign(keys.theirs, fail);
    expect(await stands(store)).toEqual(verified);
    expect((await on(store, 'list')).stdout).toContain('FAILED drill');
    await rm(fail);
    await rm(`${fail}.sig`);
  });

  it('stays bad after a drill that failed, whatever a lower level says later', async () => {
    const store = await like('levels');
    await writeFile(at(store, 'default', `${id}.db.zst`), 'broken');
    expect((await on(store, 'verify', ...signed())).code).toBe(20);
    const bad = { list: 'bad', newest: false, show: 'bad', prune: 'bad', restore: 22, skipped: false };
    await cp(at('a', 'default', `${id}.db.zst`), at(store, 'default', `${id}.db.zst`));
    expect((await on(store, 'verify', '--level', 'object', ...signed())).code).toBe(0);
    expect(await stands(store)).toEqual(bad);
    expect((await on(store, 'verify', ...signed())).code).toBe(0);
    expect(await stands(store)).toEqual(verified);
  });

  it('takes its signatures with it when it goes', async () => {
    const store = await like('going');
    expect((await on(store, 'verify', '--level', 'object', ...signed())).code).toBe(0);
    const older = id;
    id = await save(store, '--sign-key', keys.ours.key);
    expect((await on(store, 'verify', ...signed())).code).toBe(0);
    expect((await on(store, 'prune', '--keep-last', '1', ...trusting())).code).toBe(0);
    expect((await files(store)).filter(name => name.startsWith(older))).toEqual([]);
    expect((await files(store)).filter(name => name.endsWith('.sig'))).toHaveLength(2);
    const gone = await on(store, 'remove', id, '--reason', 'test', '--even-newest', ...trusting());
    expect(gone.code).toBe(0);
    expect((await files(store)).filter(name => name.endsWith('.sig'))).toEqual([]);
    id = older;
  });

  it('is not passed for one of another cluster, and another cluster.json stops commands until the lineage is named', async () => {
    const store = await like('another');
    const lineage = JSON.parse(await readFile(manifest(store), 'utf8')).lineage;
    const cluster = at(store, 'default', 'cluster.json');
    await writeFile(cluster, (await readFile(cluster, 'utf8')).replace(lineage, 'f'.repeat(32)));
    const show = (...more: string[]) => on(store, 'show', id, ...trusting(), ...more);
    expect((await show()).code).toBe(23);
    expect((await show('--lineage', lineage)).code).toBe(0);
    await cp(at('a', 'default'), at(store, 'other'), { recursive: true });
    await writeFile(
      at(store, 'other', 'cluster.json'),
      (await readFile(at('a', 'default', 'cluster.json'), 'utf8')).replace('"default"', '"other"'),
    );
    expect((await show('--cluster', 'other')).stderr).toContain('says that it is of the cluster "default"');
  });

  it('may be named as a file, which nobody signed: that is said', async () => {
    const file = at('a', 'default', `${id}.db.zst`);
    const ran = await on('a', 'restore', file, '--output', at('from-file.db'), ...trusting());
    expect(ran).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('has no manifest and so no signature'),
    });
    const quiet = await on('a', 'restore', file, '--output', at('from-file-too.db'));
    expect(quiet.stderr).not.toContain('signature');
  });
});
