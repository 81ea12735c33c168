import { expect, test } from 'vitest';
import { coreBytes, coreOf, isCoreOf, parseCore } from '../src/catalog/core.ts';
import { type Manifest, manifestBytes, parseManifest } from '../src/catalog/manifest.ts';
import { sampleLineage, sampleManifest } from './support/snapshot-sample.ts';

const id = '20261122T061807Z-4f2a9c';
const expected = { cluster: 'prod', id, lineage: sampleLineage };
const sample = () => sampleManifest(id);
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const code = (wanted: string) => expect.objectContaining({ code: wanted });

/** The sample with one field changed, named by its path. */
const changed = (path: string, value: unknown): Uint8Array => {
  const manifest = structuredClone(sample());
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = manifest as unknown as Record<string, unknown>;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return bytesOf(manifest);
};

test('a manifest is read as it was written', () => {
  const bytes = manifestBytes(sample());
  expect(parseManifest(bytes, expected)).toEqual(sample());
  expect(Buffer.from(bytes).toString()).toMatch(/^\{\n {2}"format": 1,\n {2}"kind": "snapshot",\n {2}"id": /);
  expect(Buffer.from(bytes).toString()).toMatch(/\}\n$/);
});

test('its bytes do not depend on the order in which it was put together', () => {
  const backwards = Object.fromEntries(Object.entries(sample()).reverse()) as Manifest;
  backwards.etcd = Object.fromEntries(Object.entries(backwards.etcd).reverse()) as Manifest['etcd'];
  expect(Buffer.from(manifestBytes(backwards)).toString()).toBe(
    Buffer.from(manifestBytes(sample())).toString(),
  );
});

test('fields that this version does not know are kept and ignored', () => {
  const newer = { ...sample(), tide: 'high', etcd: { ...sample().etcd, mood: ['good'] } };
  const read = parseManifest(bytesOf(newer), expected);
  expect(read).toEqual(newer);
  expect(JSON.parse(Buffer.from(manifestBytes(read)).toString())).toEqual(newer);
});

const nullable = [
  ['origin', 'cluster.id', 'cluster.members', 'taken.endpoint', 'taken.memberId', 'taken.role'],
  [
    'taken.linearizedRevision',
    'etcd.version',
    'etcd.storageVersion',
    'etcd.revisionBefore',
    'etcd.revisionAfter',
  ],
  ['etcd.raftTerm', 'etcd.dbSize', 'etcd.dbSizeInUse', 'etcd.quota', 'etcd.alarms', 'etcd.authEnabled'],
].flat();

test.each(nullable)('%s may be null, but not missing', path => {
  expect(parseManifest(changed(path, null), expected)).toBeDefined();
  expect(() => parseManifest(changed(path, undefined), expected)).toThrow(code('integrity'));
});

test('what was done to the object goes with its name', () => {
  expect(() => parseManifest(changed('object.encryption', null), expected)).toThrow('names the object');
});

test('a fingerprint is there or the reason why not, and not both', () => {
  const without = { ...sample(), fingerprint: null, fingerprintSkipped: 'larger than 512 MiB' };
  expect(parseManifest(bytesOf(without), expected).fingerprintSkipped).toBe('larger than 512 MiB');
  expect(() => parseManifest(changed('fingerprint', null), expected)).toThrow(code('integrity'));
  expect(() => parseManifest(changed('fingerprintSkipped', 'both'), expected)).toThrow(code('integrity'));
});

test('an origin is a snapshot or a file', () => {
  for (const origin of [
    { lineage: sampleLineage, id, manifest: `sha256:${'0'.repeat(64)}` },
    { file: 'db.gz', madeBy: null },
  ])
    expect(parseManifest(changed('origin', origin), expected).origin).toEqual(origin);
  expect(() => parseManifest(changed('origin', { file: 3 }), expected)).toThrow(code('integrity'));
});

test.each([
  ['id', 7],
  ['lineage', 'ABCDEF'],
  ['tool', null],
  ['cluster', []],
  ['cluster.id', 14_841_639_068],
  ['cluster.id', '18446744073709551616'],
  ['cluster.id', '0x1'],
  ['cluster.members', [{ id: '1' }]],
  ['taken.started', '2026-11-22 06:18:07'],
  ['taken.started', '2026-11-22T06:18:07+01:00'],
  ['taken.finished', '2026-13-22T06:18:07Z'],
  ['taken.role', 'king'],
  ['etcd.revisionBefore', 2 ** 53],
  ['etcd.revisionBefore', 1.5],
  ['etcd.revisionBefore', -1],
  ['etcd.revisionBefore', '1234'],
  ['etcd.dbSize', 1e300],
  ['etcd.authEnabled', 0],
  ['fingerprint.hashKV', 2 ** 32],
  ['fingerprint.seconds', -0.1],
  ['plain.size', null],
  ['plain.sha256', 'sha256:00'],
  ['plain.sha256', `sha512:${'0'.repeat(64)}`],
  ['object.sha256', undefined],
  ['object.size', undefined],
  ['object.compression', 'lz4'],
  ['object.recipients', 'age1'],
  ['object.name', '../../etc/passwd'],
  ['object.name', `../${id}.db.zst.age`],
  ['object.name', '20261122T061807Z-000000.db.zst.age'],
  ['object.name', `${id}.db.zst`],
  ['object.name', ''],
  ['attachments', [{ name: '../x', size: 1, sha256: `sha256:${'0'.repeat(64)}`, paths: [] }]],
  ['attachments', [{ name: `${id}.json`, size: 1, sha256: `sha256:${'0'.repeat(64)}`, paths: [] }]],
  ['labels', { a: 1 }],
  ['labels', null],
])('%s that is %j is damage', (path, value) => {
  expect(() => parseManifest(changed(path, value), expected)).toThrow(code('integrity'));
});

test('the field that is wrong is named', () => {
  expect(() => parseManifest(changed('etcd.raftTerm', 'x'), expected)).toThrow('etcd.raftTerm: not a number');
});

test.each([
  ['nothing', ''],
  ['cut', Buffer.from(manifestBytes(sample())).toString().slice(0, -20)],
  ['not JSON', 'PK\u0003\u0004'],
  ['a list', '[]'],
  ['null', 'null'],
  ['no format', '{}'],
  ['a format that is text', '{"format":"1"}'],
  ['a format of 0', '{"format":0}'],
  ['no kind', '{"format":1}'],
  ['endless depth', '['.repeat(200_000)],
  ['a prototype', JSON.stringify(sample()).replace('"labels":{', '"labels":{"__proto__":{"admin":"yes"},')],
  ['a prototype deeper', JSON.stringify(sample()).replace('"etcd":{', '"etcd":{"x":{"__proto__":1},')],
  ['a constructor', JSON.stringify(sample()).replace('"labels":{', '"labels":{"constructor":"x",')],
  ['a number too large to be one', JSON.stringify(sample()).replace('"raftTerm":5', '"raftTerm":1e999')],
])('%s is damage', (_, text) => {
  expect(() => parseManifest(Buffer.from(text), expected)).toThrow(code('integrity'));
  expect(({} as Record<string, unknown>).admin).toBeUndefined();
});

test('bytes that are no UTF-8 are damage', () => {
  const bytes = Buffer.from(manifestBytes(sample()));
  bytes[bytes.indexOf('before-upgrade')] = 0xff;
  expect(() => parseManifest(bytes, expected)).toThrow(code('integrity'));
});

test('a newer format is refused with the version that is needed, and so is another kind', () => {
  const newer = { ...sample(), format: 2, tool: 'etcd-snapback 1.4.0', kind: 'snapshot' };
  expect(() => parseManifest(bytesOf(newer), expected)).toThrow(
    expect.objectContaining({ code: 'refused', hint: expect.stringContaining('etcd-snapback 1.4.0') }),
  );
  const odd = { format: 3, tool: '\u001b[2J', kind: 5 };
  expect(() => parseManifest(bytesOf(odd), expected)).toThrow(
    expect.objectContaining({ code: 'refused', hint: 'Use a newer version of snapback.' }),
  );
  expect(() => parseManifest(changed('kind', 'log-segment'), expected)).toThrow(code('refused'));
});

test('who it belongs to is compared before anything else is believed', () => {
  const other = 'f'.repeat(32);
  const broken = { ...sample(), lineage: other, plain: 'nonsense' };
  expect(() => parseManifest(bytesOf(broken), expected)).toThrow(
    expect.objectContaining({ code: 'refused', hint: expect.stringContaining(`--lineage ${other}`) }),
  );
  expect(() => parseManifest(bytesOf(sample()), { ...expected, cluster: 'staging' })).toThrow(
    code('refused'),
  );
  const renamed = { ...expected, id: '20261122T061807Z-000000' };
  expect(() => parseManifest(bytesOf(sample()), renamed)).toThrow(code('integrity'));
  expect(parseManifest(bytesOf(sample()), { ...expected, lineage: null }).lineage).toBe(sampleLineage);
});

test('what could not be read again is not written', () => {
  const wrong: [Partial<Manifest>, string][] = [
    [{ plain: { size: Number.NaN, sha256: sample().plain.sha256 } }, 'plain.size'],
    [{ labels: { constructor: 'x' } as Record<string, string> }, 'constructor'],
    [{ labels: { large: 'x'.repeat(5_000_000) } }, 'larger than'],
    [{ object: { ...sample().object, name: '../x' } }, 'names the object'],
  ];
  for (const [overrides, reason] of wrong)
    expect(() => manifestBytes(sampleManifest(id, overrides))).toThrow(
      expect.objectContaining({ code: 'integrity', message: expect.stringContaining(reason) }),
    );
});

test('the core has all but what is known only after the last byte', () => {
  const core = coreOf(sample());
  const { size: _, sha256: __, ...object } = sample().object;
  const { finished: ___, ...taken } = sample().taken;
  expect(core).toEqual({ ...sample(), object, taken });
  expect(parseCore(coreBytes(core), 'x')).toEqual(core);
  expect(JSON.parse(Buffer.from(coreBytes(core)).toString())).toEqual(core);
});

test('a core is the one of its manifest, and of no other', () => {
  const core = parseCore(coreBytes(coreOf(sample())), 'x');
  expect(isCoreOf(core, sample())).toBe(true);
  const later = { ...sample(), taken: { ...sample().taken, finished: '2026-11-22T07:00:00Z' } };
  expect(isCoreOf(core, later)).toBe(true);
  expect(isCoreOf(core, { ...sample(), labels: {} })).toBe(false);
  expect(isCoreOf(core, sampleManifest('20261122T061807Z-000000'))).toBe(false);
});

test('a damaged core is damage', () => {
  const bytes = coreBytes(coreOf(sample()));
  expect(() => parseCore(bytes.subarray(0, -5), 'x')).toThrow(code('integrity'));
  expect(() => parseCore(changed('object.name', '../x'), 'x')).toThrow(code('integrity'));
});
