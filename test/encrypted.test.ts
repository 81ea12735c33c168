import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { needGoProgram } from './support/go-programs.ts';
import { need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';

const programs = await need('3.6');
const age = await needGoProgram('age');

describe.skipIf(programs === null || age === null)('an encrypted snapshot', () => {
  let cluster: EtcdCluster;
  let folder: string;
  let store: string[];
  let id: string;
  const file = (name: string) => join(folder, name);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapback-age-'));
    cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true });
    await fill(cluster.settings(), { count: 500, size: 500 });
    store = ['--store', file('store')];
    const key = await generateX25519Identity();
    await writeFile(file('key.txt'), `# a key\n${key}\n`, { mode: 0o600 });
    await writeFile(file('other.txt'), `${await generateX25519Identity()}\n`, { mode: 0o600 });
    const recipient = await identityToRecipient(key);
    const ran = await snapback([
      'save',
      ...connection(cluster.settings()),
      ...store,
      '--recipient',
      recipient,
      '--quiet',
    ]);
    expect(ran.stderr).toBe('');
    id = ran.stdout.trim();
  });

  afterAll(async () => {
    await cluster?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('is opened by age and zstd, and what comes out is restored by etcdutl', async () => {
    const object = join(file('store'), 'default', `${id}.db.zst.age`);
    const command = '"$AGE" -d -i "$KEY" "$OBJECT" | zstd -d > "$OUT"';
    const env = { ...process.env, AGE: `${age}`, KEY: file('key.txt'), OBJECT: object, OUT: file('x.db') };
    await promisify(execFile)('bash', ['-o', 'pipefail', '-c', command], { env });
    await promisify(execFile)(`${programs?.etcdutl}`, [
      'snapshot',
      'restore',
      file('x.db'),
      '--data-dir',
      file('by-hand'),
    ]);
    expect(await readdir(file('by-hand'))).toContain('member');
  });

  it('is verified and restored with its identity, and not with another or none', async () => {
    const verified = await snapback(['verify', ...store, '--identity', file('key.txt')]);
    expect(verified.stderr).toContain('decrypted');
    expect(verified.code).toBe(0);
    const before = (await readdir(join(file('store'), 'default'))).length;
    for (const identity of [['--identity', file('other.txt')], []]) {
      const wrong = await snapback(['verify', ...store, ...identity]);
      expect(wrong.code).toBe(2);
      expect(wrong.stderr).toContain('--identity FILE');
      const restored = await snapback(['restore', ...store, '--data-dir', file('never'), ...identity]);
      expect(restored.code).toBe(2);
    }
    // A wrong key says nothing about the snapshot, so no verdict was written.
    expect((await readdir(join(file('store'), 'default'))).length).toBe(before);
    expect((await snapback(['verify', ...store, '--level', 'object'])).code).toBe(0);
    const into = await snapback([
      'restore',
      ...store,
      '--data-dir',
      file('restored'),
      '--identity',
      file('key.txt'),
    ]);
    expect(into.code).toBe(0);
  });

  it('as a file alone says itself which etcd it is of', async () => {
    const object = join(file('store'), 'default', `${id}.db.zst.age`);
    const ran = await snapback(['verify', object, '--identity', file('key.txt')]);
    expect(ran.stdout).toContain('RESTORABLE');
    expect(ran.stderr).toContain('✓ same as living');
    expect(ran.code).toBe(0);
  });

  it('is for the recipients of the flag and of the file together, each once', async () => {
    const [first, second] = await Promise.all(
      ['key.txt', 'other.txt'].map(async name => {
        const text = await readFile(file(name), 'utf8');
        return identityToRecipient(text.split('\n').find(line => line.startsWith('AGE-')) ?? '');
      }),
    );
    await writeFile(file('recipients.txt'), `# ops\n${first}\n\n${second}\n`);
    const keys = ['--recipient', `${first}`, '--recipients-file', file('recipients.txt')];
    const elsewhere = ['--store', file('both')];
    const saved = await snapback([
      'save',
      ...connection(cluster.settings()),
      ...elsewhere,
      ...keys,
      '--json',
    ]);
    expect(JSON.parse(saved.stdout).result.manifest.object.recipients).toEqual([first, second]);
    for (const key of ['key.txt', 'other.txt']) {
      const checked = await snapback(['verify', ...elsewhere, '--identity', file(key)]);
      expect(checked.code, checked.stderr).toBe(0);
    }
  });

  it('refuses a recipient that is none before anything is stored', async () => {
    const wrong = ['--recipient', 'age1nonsense'];
    const ran = await snapback([
      'save',
      ...connection(cluster.settings()),
      '--store',
      file('empty'),
      ...wrong,
    ]);
    expect(ran.code).toBe(2);
    await expect(readdir(file('empty'))).rejects.toThrow('ENOENT');
  });
});
