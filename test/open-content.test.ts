/** Whatever SNAPSHOT names becomes etcd's plain file, compared on the way, and nothing stays behind. */
import {
  appendFile,
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openContent } from '../src/job/open-content.ts';
import { silentLog } from '../src/log.ts';
import { secret } from '../src/secret.ts';
import { snapshotInto } from './support/database-file.ts';
import { startEtcd } from './support/etcd.ts';
import { need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const { signal } = new AbortController();

describe.skipIf(programs === null)('the content of a snapshot', () => {
  let folder: TemporaryFolder;
  let [file, store, scratch, id, identity] = ['', '', '', '', ''];
  let plain: Buffer;

  beforeAll(async () => {
    folder = await temporaryFolder();
    file = join(folder.path, 'theirs.db');
    store = join(folder.path, 'store');
    scratch = join(folder.path, 'scratch');
    await mkdir(scratch);
    identity = await generateX25519Identity();
    if (!programs) return;
    await using cluster = await startEtcd({ etcd: programs.etcd ?? '' });
    await snapshotInto(file, cluster, programs);
    plain = await readFile(file);
    const recipient = await identityToRecipient(identity);
    const saved = await snapback([
      'save',
      '--quiet',
      '--store',
      store,
      '--recipient',
      recipient,
      ...connection(cluster.settings()),
    ]);
    id = saved.stdout.trim();
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  const opened = async (snapshot: string, identities: string[] = [identity]) => {
    const warned: string[] = [];
    const context = {
      signal,
      log: { ...silentLog, warn: (text: string) => warned.push(text) },
      notify: () => {},
      progress: () => {},
    };
    const settings = {
      store: { store, s3: null, cluster: 'default', clusterNamed: false, lineage: null, trustKeys: [] },
      before: null,
      identities: identities.map(secret),
      scratch,
    };
    const content = await openContent({ ...settings, snapshot }, context);
    return { content, warned };
  };

  test('that is stored is decrypted into the scratch folder, which is empty afterwards', async () => {
    for (const snapshot of ['latest', id, id.slice(-6)]) {
      const { content, warned } = await opened(snapshot);
      expect(content).toMatchObject({
        name: id,
        manifest: { id, plain: { size: plain.length } },
        warnings: [],
      });
      expect(warned).toEqual([]);
      expect((await stat(content.path)).size).toBe(plain.length);
      expect(content.path.startsWith(scratch)).toBe(true);
      await content[Symbol.asyncDispose]();
      expect(await readdir(scratch)).toEqual([]);
    }
    await expect(opened('latest', [])).rejects.toMatchObject({ code: 'usage' });
    await expect(opened('latest~1')).rejects.toMatchObject({ code: 'not-found' });
    expect(await readdir(scratch)).toEqual([]);
  });

  test('that lies bare on a disk is read where it is, and stays as it is', async () => {
    await chmod(file, 0o400);
    const { content, warned } = await opened(file);
    expect(content).toMatchObject({ path: file, name: file, manifest: null, warnings: [] });
    expect(warned).toEqual([]);
    await content[Symbol.asyncDispose]();
    expect((await readFile(file)).equals(plain)).toBe(true);
  });

  test('that another tool or this one packed is unpacked, and known where this one made it', async () => {
    const packed = join(folder.path, 'packed.gz');
    await writeFile(packed, gzipSync(plain));
    const theirs = await opened(packed);
    expect(theirs.content).toMatchObject({ name: packed, manifest: null, warnings: [] });
    expect((await readFile(theirs.content.path)).equals(plain)).toBe(true);
    await theirs.content[Symbol.asyncDispose]();
    const ours = await opened(join(store, 'default', `${id}.db.zst.age`));
    expect(ours.content.manifest?.id).toBe(id);
    await ours.content[Symbol.asyncDispose]();
    expect(await readdir(scratch)).toEqual([]);
  });

  test('without a trailer is opened with a warning, packed or not', async () => {
    const bare = join(folder.path, 'bare.db');
    await copyFile(file, bare);
    await chmod(bare, 0o600);
    await truncate(bare, plain.length - 32);
    const packed = `${bare}.gz`;
    await writeFile(packed, gzipSync(await readFile(bare)));
    for (const name of [bare, packed]) {
      const { content, warned } = await opened(name);
      expect(warned).toEqual([expect.stringContaining(`${name} has no SHA-256 of etcd at its end`)]);
      expect(content.warnings).toEqual(warned);
      await content[Symbol.asyncDispose]();
    }
  });

  test('that is damaged or of a strange length is refused, and nothing is left behind', async () => {
    const flipped = join(folder.path, 'flipped.db');
    const bytes = Buffer.from(plain);
    bytes[9000] = (bytes[9000] ?? 0) ^ 1;
    await writeFile(flipped, bytes);
    const longer = join(folder.path, 'longer.db');
    await writeFile(longer, plain);
    await appendFile(longer, 'x');
    const packed = join(folder.path, 'flipped.gz');
    await writeFile(packed, gzipSync(bytes));
    for (const name of [flipped, longer, packed])
      await expect(opened(name), name).rejects.toMatchObject({ code: 'integrity', object: `file ${name}` });
    await expect(opened(join(folder.path, 'none.db'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(opened(`${folder.path}/`)).rejects.toMatchObject({ code: 'usage' });
    expect(await readdir(scratch)).toEqual([]);
  });
});
