/** That with trusted keys only what they signed counts, however much or little of it is read. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256Of } from '../src/catalog/document.ts';
import { stamp } from '../src/catalog/id.ts';
import { type Entry, listSnapshots } from '../src/catalog/listing.ts';
import { mustStayNow } from '../src/catalog/must-stay-now.ts';
import { type Level, parseName, type VerdictName } from '../src/catalog/names.ts';
import { listFor } from '../src/catalog/newest.ts';
import type { Question } from '../src/catalog/question.ts';
import { readManifest } from '../src/catalog/read.ts';
import { selectSnapshot } from '../src/catalog/select.ts';
import { signKeyOf } from '../src/catalog/sign-key.ts';
import { standing } from '../src/catalog/standing.ts';
import { anyone, trustOf } from '../src/catalog/trust-key.ts';
import { writeVerdict } from '../src/catalog/verdict.ts';
import { secret } from '../src/secret.ts';
import { openFileStore } from '../src/store/file.ts';
import type { Store } from '../src/store/store.ts';
import { namedStore } from './support/named-store.ts';
import { madeKey, openssl, opensslKey } from './support/signing-keys.ts';
import { putSample, sampleLineage, sampleSha256 } from './support/snapshot-sample.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const ours = madeKey('ours');
const theirs = madeKey('theirs');
const now = new Date('2026-11-23T12:00:00Z');
const idOf = (daysAgo: number) => `${stamp(new Date(now.getTime() - daysAgo * 86_400_000))}-4f2a9c`;

/** How a verdict came to lie there; only `signed` is to count. */
const makings = ['signed', 'unsigned', 'by another', 'renamed', 'of another snapshot', 'changed'] as const;
type Made = { at: number; level: Level; pass: boolean; making: (typeof makings)[number] };

const put = async (store: Store, id: string, { at, level, pass, making }: Made): Promise<string> => {
  const started = new Date(Date.parse('2026-11-23T00:00:00Z') + at * 60_000);
  const verdict = {
    format: 1 as const,
    kind: 'verdict' as const,
    snapshot: making === 'of another snapshot' ? idOf(99) : id,
    manifest: sampleSha256,
    level,
    pass,
    started: started.toISOString(),
    seconds: 1,
    recoverySeconds: null,
    tool: 'etcd-snapback 0.1.0',
    programs: { etcd: null, etcdutl: null },
    checks: [],
    expectations: [],
  };
  const signKey = making === 'unsigned' ? null : making === 'by another' ? theirs.sign : ours.sign;
  const written = await writeVerdict(store, 'prod', verdict, { signKey, signal });
  if (making === 'renamed') return move(store, written, written.replace(/verify\.\d{8}/, 'verify.20261124'));
  if (making === 'of another snapshot') return move(store, written, written.replace(idOf(99), id));
  if (making === 'changed')
    return move(store, written, written, text => text.replace('"seconds": 1', '"seconds": 2'));
  return written;
};

const move = async (store: Store, from: string, to: string, change = (text: string) => text) => {
  for (const suffix of ['', '.sig']) {
    const chunks = await (await store.get(`prod/${from}${suffix}`, { signal })).toArray();
    await store.remove(`prod/${from}${suffix}`, { signal });
    const bytes = Buffer.concat(chunks);
    await store.put(`prod/${to}${suffix}`, suffix ? bytes : Buffer.from(change(bytes.toString())), {
      signal,
    });
  }
  return to;
};

const made: fc.Arbitrary<Made> = fc.record({
  at: fc.nat({ max: 5 }),
  level: fc.constantFrom('object', 'content', 'drill'),
  pass: fc.boolean(),
  making: fc.oneof({ weight: 3, arbitrary: fc.constant('signed' as const) }, fc.constantFrom(...makings)),
});
const snapshots = fc.uniqueArray(
  fc.record({
    days: fc.constantFrom(0.1, 1, 1.5, 3, 20, 40, 50),
    verdicts: fc.array(made, { maxLength: 4 }),
  }),
  { selector: one => one.days, minLength: 1, maxLength: 6 },
);

/** The folder, and the entries as they have to be told. */
const filled = async (store: Store, all: { days: number; verdicts: Made[] }[]): Promise<Entry[]> => {
  const counting: VerdictName[] = [];
  for (const { days, verdicts } of all) {
    const id = idOf(days);
    await putSample(store, id, {}, ours.sign);
    for (const one of verdicts) {
      const named = parseName(await put(store, id, one));
      if (one.making === 'signed' && named.kind === 'verdict') counting.push(named.verdict);
    }
  }
  const { entries } = await listSnapshots(store, 'prod', { signal });
  return entries.map(entry => {
    const told = standing(counting.filter(({ name }) => name.startsWith(entry.id)));
    return { ...entry, ...told, bad: told.failed !== null };
  });
};

const said = (entries: Entry[], { snapshots: words, before, skipBad, newestVerified }: Question) => {
  try {
    const chosen = words.map(one => selectSnapshot(entries, one, { before, skipBad: skipBad ?? false }));
    const verified = entries.find(
      one =>
        one.verified &&
        !one.bad &&
        !(newestVerified === 'another' && chosen.some(({ entry }) => entry === one)),
    );
    return {
      chosen: chosen.map(({ entry, passedOver }) => [entry, passedOver.map(({ id }) => id)]),
      verified: newestVerified ? verified : undefined,
    };
  } catch (error) {
    return String(error);
  }
};

test('every question has the answer that the signed verdicts give', async () => {
  await fc.assert(
    fc.asyncProperty(
      snapshots,
      fc.array(fc.nat({ max: 7 }), { maxLength: 2 }),
      fc.constantFrom(null, 2, 30),
      fc.boolean(),
      fc.constantFrom('any', 'another', undefined),
      async (all, picks, before, skipBad, newestVerified) => {
        await using folder = await temporaryFolder();
        const store = openFileStore(folder.path);
        const entries = await filled(store, all);
        const words = ['latest', 'latest~1', 'latest-verified', '4f2a', ...all.map(({ days }) => idOf(days))];
        const question: Question = {
          snapshots: picks.map(pick => words[pick % words.length] ?? ''),
          before: before === null ? null : new Date(now.getTime() - before * 86_400_000),
          skipBad,
          ...(newestVerified ? { newestVerified } : {}),
        };
        const { trust } = ours;
        const found = await listFor(store, 'prod', question, { now, trust, signal });
        expect(said(found.entries, question)).toEqual(said(entries, question));
        const rows = await listFor(
          store,
          'prod',
          { snapshots: [], before: null, newestVerified: 'any', rows: 2 },
          { now, trust, signal },
        );
        expect(rows.entries.slice(0, 2)).toEqual(entries.slice(0, 2));
        expect(rows.entries).toHaveLength(entries.length);
        expect((await listFor(store, 'prod', null, { now, trust, signal })).entries).toEqual(entries);
      },
    ),
    { numRuns: 40 },
  );
});

test('the newest verified one is told although an older one was asked for and is verified too', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  const verdicts: Made[] = [{ at: 1, level: 'drill', pass: true, making: 'signed' }];
  const entries = await filled(store, [
    { days: 1, verdicts },
    { days: 2, verdicts },
    { days: 3, verdicts },
  ]);
  const question = { snapshots: [idOf(3)], before: null, newestVerified: 'any' as const };
  const found = await listFor(store, 'prod', question, { now, trust: ours.trust, signal });
  expect(said(found.entries, question)).toEqual(said(entries, question));
});

test('without trusted keys names alone count, and nothing is read', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  await filled(store, [{ days: 1, verdicts: [{ at: 1, level: 'drill', pass: true, making: 'changed' }] }]);
  const deaf = { ...store, get: () => Promise.reject(new Error('was read')) };
  const { entries } = await listFor(deaf, 'prod', null, { now, trust: anyone, signal });
  expect(entries[0]?.verified).not.toBeNull();
});

test('a verdict that cannot be asked for is no answer', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  await filled(store, [{ days: 1, verdicts: [{ at: 1, level: 'drill', pass: true, making: 'signed' }] }]);
  const away = { ...store, get: () => Promise.reject(new Error('away')) };
  await expect(listFor(away, 'prod', null, { now, trust: ours.trust, signal })).rejects.toThrow('away');
});

test('a long history is told of without reading what has no signature', async () => {
  const ids = Array.from({ length: 5000 }, (_, at) => idOf(at / 4));
  const names = ids.flatMap(one => [
    `${one}.json`,
    `${one}.db`,
    `${one}.verify.20261123T000000Z-00ff00.drill.pass.json`,
  ]);
  const { store } = namedStore(names);
  const question = { snapshots: [], before: null, newestVerified: 'any' as const, rows: 50 };
  const { entries } = await listFor(store, 'prod', question, { now, trust: ours.trust, signal });
  expect(entries).toHaveLength(5000);
  expect(entries.filter(({ verified }) => verified)).toEqual([]);
});

test('only what decides is read: the newest pass of each level, and no more after a drill', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  const pass = (at: number, level: Level): Made => ({ at, level, pass: true, making: 'signed' });
  const verdicts = [1, 2, 3].flatMap(at => [pass(at, 'drill'), pass(10 + at, 'object')]);
  await filled(store, [{ days: 1, verdicts }]);
  const read: string[] = [];
  const seen = {
    ...store,
    get: (...args: Parameters<Store['get']>) => {
      read.push(args[0].replace(/^.*\.verify\.\d+T(\d+)Z-......\./, '$1 '));
      return store.get(...args);
    },
  };
  await listFor(seen, 'prod', null, { now, trust: ours.trust, signal });
  expect(read).toEqual([
    '001300 object.pass.json',
    '001300 object.pass.json.sig',
    '000300 drill.pass.json',
    '000300 drill.pass.json.sig',
  ]);
});

test('an unsigned drill does not let go of the newest that is verified, and an unsigned fail of none', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  const [older, newer] = [idOf(2), idOf(1)];
  for (const id of [older, newer]) await putSample(store, id, {}, ours.sign);
  await put(store, older, { at: 1, level: 'drill', pass: true, making: 'signed' });
  await put(store, newer, { at: 1, level: 'drill', pass: true, making: 'unsigned' });
  await put(store, newer, { at: 2, level: 'drill', pass: false, making: 'by another' });
  const why = async (id: string) => {
    const { entries } = await listFor(store, 'prod', null, { now, trust: ours.trust, signal });
    const [found] = (await listSnapshots(store, 'prod', { signal, prefix: id })).entries;
    if (!found) throw new Error('it is gone');
    return mustStayNow(store, found, { ours: entries, now, trust: ours.trust, signal });
  };
  expect(await why(older)).toBe('the newest verified snapshot');
  expect(await why(newer)).toBe('the newest good snapshot');
});

const id = idOf(1);
const read = (store: Store, trust = ours.trust) =>
  readManifest(store, { cluster: 'prod', id }, { lineage: sampleLineage, trust, signal });

test.each<[string, (store: Store) => Promise<unknown>, string | RegExp]>([
  [
    'no signature',
    store => store.remove(`prod/${id}.json.sig`, { signal }),
    /is not signed, and only what ours.pub/,
  ],
  [
    'one of another',
    store => resign(store, bytes => theirs.sign.sign(bytes)),
    /not signed by a key that is trusted/,
  ],
  [
    'one of other bytes',
    store => resign(store, () => ours.sign.sign(Buffer.from('x'))),
    /not signed by a key/,
  ],
  ['an empty one', store => resign(store, () => Buffer.alloc(0)), 'signature of 0 bytes'],
  [
    'a long one',
    store => resign(store, bytes => Buffer.concat([ours.sign.sign(bytes), bytes])),
    / bytes, where/,
  ],
  ['64 zero bytes', store => resign(store, () => Buffer.alloc(64)), /not signed by a key that is trusted/],
])('a manifest with %s is not believed', async (_, spoil, reason) => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  await putSample(store, id, {}, ours.sign);
  expect((await read(store)).signedBy).toBe('ours.pub');
  expect((await read(store, [...theirs.trust, ...ours.trust])).signedBy).toBe('ours.pub');
  await spoil(store);
  await expect(read(store)).rejects.toMatchObject({
    code: 'integrity',
    reason: expect.stringMatching(reason),
  });
  expect((await read(store, anyone)).signedBy).toBeNull();
});

const resign = async (store: Store, made: (bytes: Uint8Array) => Uint8Array) => {
  const { bytes } = await read(store, anyone);
  await store.remove(`prod/${id}.json.sig`, { signal });
  await store.put(`prod/${id}.json.sig`, made(bytes), { signal });
};

test('nothing is looked at in a manifest that nobody signed', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  await store.put(`prod/${id}.json`, Buffer.from('{'), { signal });
  await expect(read(store)).rejects.toMatchObject({ reason: expect.stringContaining('is not signed') });
});

test('a key file may hold several public keys, with text around them', () => {
  const text = `of 2025\n${theirs.publicPem}\nof 2026\r\n${ours.publicPem.replaceAll('\n', '\r\n')}`;
  const trust = trustOf([{ path: 'all.pub', text }]);
  expect(trust.map(({ path }) => path)).toEqual(['all.pub', 'all.pub']);
  expect(ours.sign.isTrusted(trust)).toBe(true);
  expect(ours.sign.isTrusted(theirs.trust)).toBe(false);
});

test('a key that cannot be used gets a sentence', async () => {
  await using folder = await temporaryFolder();
  const { key, pub } = await opensslKey(folder.path, 'ops');
  const locked = ['pkey', '-in', key, '-aes256', '-passout', 'pass:x'];
  const texts = {
    private: await openssl('pkey', '-in', key),
    public: await openssl('pkey', '-pubin', '-in', pub),
    locked: await openssl(...locked),
    rsa: await openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'),
    empty: '',
    broken: '-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n',
    brokenPublic: '-----BEGIN PUBLIC KEY-----\nMC4CAQ==\n-----END PUBLIC KEY-----\n',
    certificate: '-----BEGIN CERTIFICATE-----\nMC4CAQ==\n-----END CERTIFICATE-----\n',
  };
  const signing = (text: string) => () => signKeyOf({ path: 'k', text: secret(text) });
  const trusting = (text: string) => () => trustOf([{ path: 'k', text }]);
  const usage = (reason: string) => expect.objectContaining({ code: 'usage', reason });
  expect(signing(texts.private)).not.toThrow();
  expect(trusting(texts.public)).not.toThrow();
  expect(signing(texts.locked)).toThrow(
    usage('is encrypted with a passphrase, and no command ever asks for one'),
  );
  expect(signing(texts.public)).toThrow(usage('holds a PUBLIC KEY and no private key'));
  expect(signing(texts.rsa)).toThrow(usage('holds a key of the kind rsa and not ed25519'));
  expect(signing(texts.empty)).toThrow(usage('holds no key in PEM'));
  expect(signing(texts.broken)).toThrow(usage('holds a key that cannot be read'));
  expect(trusting(texts.private)).toThrow(
    usage('holds a private key, which whoever only reads must not have'),
  );
  expect(trusting(texts.empty)).toThrow(usage('holds no key in PEM'));
  expect(trusting(texts.brokenPublic)).toThrow(usage('holds a key that cannot be read'));
  expect(trusting(texts.certificate)).toThrow(usage('holds a CERTIFICATE and not a PUBLIC KEY'));
  const rsa = await openssl('pkey', '-in', await written(folder.path, texts.rsa), '-pubout');
  expect(trusting(rsa)).toThrow(usage('holds a key of the kind rsa and not ed25519'));
});

const written = async (folder: string, text: string): Promise<string> => {
  await openFileStore(folder).put('keys/rsa.key', Buffer.from(text), { signal });
  return `${folder}/keys/rsa.key`;
};

test('the hash of a manifest is that of the bytes that are signed', async () => {
  await using folder = await temporaryFolder();
  const store = openFileStore(folder.path);
  await putSample(store, id, {}, ours.sign);
  const { bytes, sha256 } = await read(store);
  expect(sha256).toBe(sha256Of(bytes));
});
