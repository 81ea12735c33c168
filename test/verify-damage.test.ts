/**
 * What each level of verify finds, and what none can: each damage and each exchange, with the record of the snapshot
 * left as it was, rewritten to fit, and with etcd's own SHA-256 made anew as well. docs/verify.md says the same.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Level } from '../src/catalog/names.ts';
import { exitCode } from '../src/cli/exit-code.ts';
import { from } from '../src/errors.ts';
import { openClient } from '../src/etcd/client.ts';
import { verify } from '../src/job/verify.ts';
import type { VerifySettings } from '../src/job/verify-settings.ts';
import { silentLog } from '../src/log.ts';
import { verdictWords } from '../src/report/verdict-words.ts';
import { secret } from '../src/secret.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { metaInUse, pagesInUse } from './support/pages-in-use.ts';
import { need } from './support/programs.ts';
import { opensslKey } from './support/signing-keys.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const { signal } = new AbortController();
const context = { signal, log: silentLog, notify: () => {}, progress: () => {} };
const levels: Level[] = ['object', 'content', 'drill'];
const page = 4096;

/** How a level ends: its exit code, and what it says where that is not good. */
type Ending = { exit: number; said: string };
const good: Ending = { exit: 0, said: '' };
const bad = (said: string): Ending => ({ exit: 20, said });

/** A change of the object's bytes, and what is said of it where the record fits it, and where etcd's hash fits too. */
type Damage = { name: string; change(bytes: Buffer): Buffer; fitted: string; sealed: string | null };

const zeroed = (bytes: Buffer, at: number): Buffer => Buffer.from(bytes).fill(0, at * page, (at + 1) * page);
const inUse = (bytes: Buffer, words: string): number => {
  for (const one of pagesInUse(bytes))
    if (bytes.subarray(one * page, (one + 1) * page).includes(words))
      return one * page + bytes.subarray(one * page).indexOf(words);
  throw new Error(`no page in use has ${words}`);
};
const changed = (bytes: Buffer, at: number, text: string): Buffer => {
  const copy = Buffer.from(bytes);
  copy.write(text, at);
  return copy;
};
const noWhole = 'cannot be a whole snapshot';
const wrongHash = 'SHA-256';

const damages: Damage[] = [
  {
    name: 'the last byte of the trailer is flipped',
    change: bytes => Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]),
    fitted: wrongHash,
    // That is the snapshot again.
    sealed: null,
  },
  {
    name: 'a value is changed',
    change: bytes => changed(bytes, inUse(bytes, 'the value to change'), 'THE'),
    fitted: wrongHash,
    sealed: 'same as living: HashKV',
  },
  { name: 'the trailer is cut off', change: bytes => bytes.subarray(0, -32), fitted: noWhole, sealed: null },
  {
    name: 'the trailer and the last page are cut off',
    change: bytes => bytes.subarray(0, -32 - page),
    fitted: noWhole,
    sealed: null,
  },
  {
    name: 'the last page is missing before the trailer',
    change: bytes => Buffer.concat([bytes.subarray(0, -32 - page), bytes.subarray(-32)]),
    fitted: wrongHash,
    sealed: 'database: ',
  },
  {
    name: 'it is cut to a size that a snapshot could have',
    change: bytes => bytes.subarray(0, -page),
    fitted: wrongHash,
    sealed: null,
  },
  {
    name: 'the meta page that counts is damaged',
    change: bytes => zeroed(bytes, metaInUse(bytes)),
    fitted: wrongHash,
    sealed: 'database: ',
  },
  {
    name: 'a page in use is zeroed',
    change: bytes => zeroed(bytes, Math.floor(inUse(bytes, 'the value to change') / page)),
    fitted: wrongHash,
    sealed: 'database: ',
  },
  {
    name: 'a free page is zeroed',
    change: bytes => {
      const used = pagesInUse(bytes);
      const free = Array.from({ length: Math.floor(bytes.length / page) }, (_, i) => i).find(
        one => !used.has(one),
      );
      if (free === undefined) throw new Error('no page is free');
      return zeroed(bytes, free);
    },
    fitted: wrongHash,
    // Nothing in it is anybody's data, and no level minds.
    sealed: '',
  },
  {
    name: 'half of it is there',
    change: bytes => bytes.subarray(0, bytes.length / 2),
    fitted: '',
    sealed: null,
  },
  { name: 'it is empty', change: () => Buffer.alloc(0), fitted: noWhole, sealed: null },
];

describe.skipIf(programs === null)('what each level finds', () => {
  let temporary: TemporaryFolder;
  let cluster: EtcdCluster;
  let settings: VerifySettings;
  let keys: { key: string; pub: string };
  let [older, newer] = ['', ''];

  beforeAll(async () => {
    temporary = await temporaryFolder();
    const { path } = temporary;
    cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    keys = await opensslKey(path, 'sign');
    await writeHistory(cluster);
    const save = async () => {
      const run = [
        'save',
        ...connection(cluster.settings()),
        '--compression',
        'none',
        '--sign-key',
        keys.key,
      ];
      const ran = await snapback([...run, '--store', join(path, 'good'), '--quiet']);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      return ran.stdout.trim();
    };
    older = await save();
    await fill(cluster.settings(), { count: 20, size: 200, prefix: 'later-' });
    newer = await save();
    await mkdir(join(path, 'scratch'));
    settings = settingsFor(join(path, 'store'), join(path, 'scratch'));
  });
  afterAll(async () => {
    expect(await readdir(join(temporary.path, 'scratch'))).toEqual([]);
    await cluster?.[Symbol.asyncDispose]();
    await temporary?.[Symbol.asyncDispose]();
  });

  const file = (id: string, end: string) => join(temporary.path, 'store', 'default', `${id}${end}`);
  const fresh = async () => {
    await rm(join(temporary.path, 'store'), { recursive: true, force: true });
    await cp(join(temporary.path, 'good'), join(temporary.path, 'store'), { recursive: true });
  };
  /** How every level ends on the newer snapshot, as it is now. */
  const endings = async (changes: Partial<VerifySettings> = {}): Promise<Record<string, Ending>> => {
    const found: Record<string, Ending> = {};
    for (const level of levels) {
      try {
        const { result, error } = await verify(
          { ...settings, snapshots: [newer], level, ...changes },
          context,
        );
        const [one] = result.verifications;
        found[level] = { exit: exitCode(error), said: error && one ? verdictWords(one).how : '' };
      } catch (thrown) {
        const error = from(thrown, 'failed', { operation: 'verify', object: newer });
        found[level] = { exit: exitCode(error), said: `${error.object} ${error.reason}` };
      }
    }
    return found;
  };
  const all = (object: Ending, content = object, drill = content) =>
    Object.fromEntries(
      [object, content, drill].map(({ exit, said }, at) => [
        levels[at],
        { exit, said: exit === 0 ? '' : expect.stringContaining(said) },
      ]),
    );
  const rewrite = async (id: string, change: (manifest: ReturnType<typeof JSON.parse>) => void) => {
    const manifest = JSON.parse(await readFile(file(id, '.json'), 'utf8'));
    change(manifest);
    await writeFile(file(id, '.json'), JSON.stringify(manifest));
  };
  /** The record says of the object what it is now. */
  const recordFits = async (bytes: Buffer, id = newer) =>
    rewrite(id, ({ object, plain }) => {
      const sha256 = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      Object.assign(object, { sha256, size: bytes.length });
      Object.assign(plain, { sha256, size: bytes.length });
    });

  test('a good one passes at every level, and with its signature', async () => {
    await fresh();
    expect(await endings()).toEqual(all(good));
    expect(await endings({ store: trusting(settings, keys.pub, await readFile(keys.pub, 'utf8')) })).toEqual(
      all(good),
    );
  });

  test.each(damages)('$name', async ({ change, fitted, sealed }) => {
    await fresh();
    const bytes = await readFile(file(newer, '.db'));
    const damaged = change(bytes);
    await writeFile(file(newer, '.db'), damaged);
    expect(await endings(), 'the object alone').toEqual(all(bad('stored object: ')));

    await recordFits(damaged);
    expect(await endings(), 'the record fits').toEqual(all(good, bad(fitted)));
    const trusted = trusting(settings, keys.pub, await readFile(keys.pub, 'utf8'));
    expect(await endings({ store: trusted }), 'but is not signed').toEqual(all(bad('sign')));

    if (sealed === null) return;
    const body = damaged.subarray(0, -32);
    const whole = Buffer.concat([body, createHash('sha256').update(body).digest()]);
    await writeFile(file(newer, '.db'), whole);
    await recordFits(whole);
    expect(await endings(), "etcd's hash fits too").toEqual(all(good, sealed === '' ? good : bad(sealed)));
  });

  test('a changed value with all hashes made anew and no fingerprint: nothing but a signature finds it', async () => {
    await fresh();
    const bytes = await readFile(file(newer, '.db'));
    const body = changed(bytes, inUse(bytes, 'the value to change'), 'THE').subarray(0, -32);
    const whole = Buffer.concat([body, createHash('sha256').update(body).digest()]);
    await writeFile(file(newer, '.db'), whole);
    await recordFits(whole);
    await rewrite(newer, manifest =>
      Object.assign(manifest, { fingerprint: null, fingerprintSkipped: 'lost' }),
    );
    expect(await endings()).toEqual(all(good));
    const trusted = trusting(settings, keys.pub, await readFile(keys.pub, 'utf8'));
    expect(await endings({ store: trusted })).toEqual(all(bad('sign')));
  });

  test('the object of another snapshot', async () => {
    await fresh();
    await cp(file(older, '.db'), file(newer, '.db'));
    expect(await endings()).toEqual(all(bad('stored object: ')));
    await recordFits(await readFile(file(newer, '.db')));
    expect(await endings()).toEqual(all(good, bad('but the living cluster was at')));
  });

  test('the object of a newer snapshot: it has all that the older one had, and nothing but a signature finds it', async () => {
    await fresh();
    await cp(file(newer, '.db'), file(older, '.db'));
    await recordFits(await readFile(file(older, '.db')), older);
    expect(await endings({ snapshots: [older] })).toEqual(all(good));
    const store = trusting(settings, keys.pub, await readFile(keys.pub, 'utf8'));
    expect(await endings({ snapshots: [older], store })).toEqual(all(bad('sign')));
  });

  test('the manifest of another snapshot', async () => {
    await fresh();
    await cp(file(older, '.json'), file(newer, '.json'));
    expect(await endings()).toEqual(all(bad('says that it is 2')));
  });

  test('an older snapshot under a newer name: nothing but a signature finds it', async () => {
    await fresh();
    await rm(file(newer, '.db'));
    await rename(file(older, '.db'), file(newer, '.db'));
    await rename(file(older, '.json'), file(newer, '.json'));
    await rename(file(older, '.json.sig'), file(newer, '.json.sig'));
    await rewrite(newer, manifest => {
      manifest.id = newer;
      manifest.object.name = `${newer}.db`;
    });
    expect(await endings()).toEqual(all(good));
    const trusted = trusting(settings, keys.pub, await readFile(keys.pub, 'utf8'));
    expect(await endings({ store: trusted })).toEqual(all(bad('sign')));
  });

  test('a wrong key says nothing about the snapshot, but for who must have signed it', async () => {
    const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
    const [own, other] = [await generateX25519Identity(), await generateX25519Identity()];
    const run = ['save', ...connection(cluster.settings()), '--recipient', await identityToRecipient(own)];
    const ran = await snapback([
      ...run,
      '--sign-key',
      keys.key,
      '--store',
      join(temporary.path, 'secret'),
      '--quiet',
    ]);
    const stored = {
      snapshots: [ran.stdout.trim()],
      store: { ...settings.store, store: join(temporary.path, 'secret') },
    };
    const before = await readdir(join(temporary.path, 'secret', 'default'));
    for (const identities of [[], [secret(other)]]) {
      for (const level of ['content', 'drill'] as const)
        await expect(
          verify({ ...settings, ...stored, record: true, level, identities }, context),
        ).rejects.toMatchObject({
          code: 'usage',
        });
    }
    expect(await readdir(join(temporary.path, 'secret', 'default'))).toEqual(before);
    expect(await endings({ ...stored, identities: [secret(own)] })).toEqual(all(good));
    const stranger = await opensslKey(temporary.path, 'stranger');
    const store = trusting({ ...settings, ...stored }, stranger.pub, await readFile(stranger.pub, 'utf8'));
    expect(await endings({ ...stored, store, identities: [secret(own)] })).toEqual(all(bad('sign')));
  });
});

const trusting = ({ store }: Pick<VerifySettings, 'store'>, path: string, text: string) => ({
  ...store,
  trustKeys: [{ path, text }],
});

const settingsFor = (store: string, scratch: string): VerifySettings => ({
  store: { store, s3: null, cluster: 'default', clusterNamed: false, lineage: null, trustKeys: [] },
  programs: { etcdBin: null, etcdVersion: null, env: process.env },
  snapshots: [],
  among: { allUnverified: false, last: null, olderThan: null, sample: null },
  before: null,
  level: 'drill',
  expectations: [],
  members: 1,
  identities: [],
  scratch,
  record: false,
  signKey: null,
  skipVerified: false,
  history: false,
  skipHashCheck: false,
  user: null,
  password: null,
  dialTimeout: 30_000,
  idleTimeout: 60_000,
});

const writeHistory = async (cluster: EtcdCluster): Promise<void> => {
  const settings = cluster.settings();
  for (let round = 0; round < 2; round++) await fill(settings, { count: 300, size: 200 });
  await using client = await openClient(settings, settings.endpoints[0] ?? '', { signal });
  await client.etcd3(
    async ({ kv }, options) => {
      await kv.compact({ revision: 6, physical: true }, options);
      await kv.put({ key: Buffer.from('the key'), value: Buffer.from('the value to change') }, options);
    },
    { operation: 'write a history', signal },
  );
};
