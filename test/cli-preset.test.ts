/** Presets: what they fill in, what outweighs them, and a real save with the files where a distribution has them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { withEtcdHint } from '../src/cli/etcd-hint.ts';
import { etcdOptions } from '../src/cli/options.ts';
import { presets } from '../src/cli/presets.ts';
import { type Given, resolve } from '../src/cli/resolve.ts';
import { type Details, SnapbackError } from '../src/errors.ts';
import { startEtcd } from './support/etcd.ts';
import { inOwnNamespaces } from './support/own-namespaces.ts';
import { need, testedMinors } from './support/programs.ts';
import { rejection } from './support/rejection.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const bin = fileURLToPath(new URL('../bin/snapback.js', import.meta.url));

const resolved = (parts: {
  flags?: Record<string, string[]>;
  env?: NodeJS.ProcessEnv;
  config?: Record<string, unknown>;
}) => {
  const given: Given = {
    flags: new Map(Object.entries(parts.flags ?? {})),
    env: parts.env ?? {},
    config: parts.config ? { file: 'snapback.yaml', content: parts.config, complaints: [] } : null,
  };
  return resolve(etcdOptions, given);
};

describe('a preset', () => {
  test.each([
    ['flag', { flags: { preset: ['kubeadm'] } }],
    ['environment', { env: { SNAPBACK_PRESET: 'kubeadm' } }],
    ['config', { config: { preset: 'kubeadm' } }],
  ])('by %s fills in what nothing else gives', (source, parts) => {
    const { values, sources } = resolved(parts);
    expect(values).toMatchObject({
      preset: 'kubeadm',
      endpoints: ['https://127.0.0.1:2379'],
      cacert: '/etc/kubernetes/pki/etcd/ca.crt',
      cert: '/etc/kubernetes/pki/etcd/healthcheck-client.crt',
      key: '/etc/kubernetes/pki/etcd/healthcheck-client.key',
      user: null,
      dialTimeout: 5_000,
    });
    expect(sources).toMatchObject({
      preset: source,
      endpoints: 'preset',
      cacert: 'preset',
      cert: 'preset',
      key: 'preset',
      user: 'default',
      dialTimeout: 'default',
    });
  });

  test('is outweighed by a flag, a variable of etcdctl, and the config file', () => {
    const { values, sources } = resolved({
      flags: { preset: ['k3s'], endpoints: ['https://10.0.0.1:2379'] },
      env: { ETCDCTL_CACERT: 'own-ca.crt' },
      config: { cert: 'own.crt' },
    });
    expect(values).toMatchObject({
      endpoints: ['https://10.0.0.1:2379'],
      cacert: 'own-ca.crt',
      cert: 'own.crt',
      key: '/var/lib/rancher/k3s/server/tls/etcd/client.key',
    });
    expect(sources).toMatchObject({
      endpoints: 'flag',
      cacert: 'environment',
      cert: 'config',
      key: 'preset',
    });
  });

  test('that is unknown is refused with those that there are', () => {
    expect(() => resolved({ env: { SNAPBACK_PRESET: 'k0s' } })).toThrow(
      'SNAPBACK_PRESET "k0s" is not one of kubeadm, k3s, rke2',
    );
  });

  test('fills in nothing that is no option', () => {
    const flags = Object.values(etcdOptions).map(({ flag }) => flag);
    for (const preset of Object.values(presets))
      expect(flags).toEqual(expect.arrayContaining(Object.keys(preset)));
    expect(Object.keys(presets)).toEqual(etcdOptions.preset.schema.enum);
  });
});

describe('the hint', () => {
  const hintOf = async (parts: Parameters<typeof resolved>[0], details: Details, code: 'etcd' | 'usage') => {
    const { values: settings, sources } = resolved(parts);
    const error = new SnapbackError(code, { hint: 'As it was.', ...details });
    const told = await rejection(withEtcdHint('save', { settings, sources }, Promise.reject(error)));
    expect(told).toMatchObject({ code, object: details.object, reason: details.reason, stack: error.stack });
    return told.hint;
  };
  const refused = { operation: 'connect', object: 'etcd x', reason: 'refused the connection' };
  const unreadable = (code: string, file = presets.rke2.key) => ({
    operation: 'read the certificates',
    object: `key ${file}`,
    reason: 'is not to be had',
    cause: Object.assign(new Error(code), { code }),
  });
  const rke2 = { flags: { preset: ['rke2'] } };

  test('about an endpoint that nobody named tells of presets', async () => {
    expect(await hintOf({}, refused, 'etcd')).toBe(
      'As it was. On a kubeadm node: sudo snapback save --preset kubeadm (k3s and rke2 likewise).',
    );
  });

  test.each([
    ['an endpoint that was named', { flags: { endpoints: ['x'] } }, refused, 'etcd'],
    ['an endpoint of a preset', rke2, refused, 'etcd'],
    ['what went wrong later', {}, { ...refused, operation: 'take the snapshot' }, 'etcd'],
    ['a file that was named', rke2, unreadable('ENOENT', 'own.key'), 'usage'],
    ['the content of a file', rke2, { ...unreadable(''), cause: undefined }, 'usage'],
  ] as const)('about %s stays as it was', async (_, parts, details, code) => {
    const copy = JSON.parse(JSON.stringify(parts));
    expect(await hintOf(copy, details, code)).toBe('As it was.');
  });

  test('about a file of a preset that is missing asks for the node', async () => {
    expect(await hintOf(rke2, unreadable('ENOENT'), 'usage')).toMatch(
      /^The preset rke2 .* control-plane node/,
    );
  });

  test('about one that may not be read tells of sudo', async () => {
    expect(await hintOf(rke2, unreadable('EACCES'), 'usage')).toContain('Run it with sudo');
  });
});

describe('the command', () => {
  test('tells of presets where no etcd can be reached and no endpoint was named', async context => {
    await using folder = await temporaryFolder();
    const out = await inOwnNamespaces(
      context,
      ['--net'],
      'cd "$1"; shift; "$@" 2>&1; echo "ended with $?"',
      ...[folder.path, process.execPath, bin, 'save'],
    );
    expect(out).toContain('save failed to connect: etcd http://127.0.0.1:2379 ');
    expect(out).toContain('On a kubeadm node: sudo snapback save --preset kubeadm');
    expect(out).toContain('ended with 30');
  });

  test.for([
    ['kubeadm', '/etc'],
    ['rke2', '/var/lib'],
  ] as const)('with %s where its files are not asks for the node', async ([preset, hidden], context) => {
    await using folder = await temporaryFolder();
    const out = await inOwnNamespaces(
      context,
      ['--mount'],
      'mount -t tmpfs tmpfs "$1"; cd "$2"; shift 2; "$@" 2>&1; echo "ended with $?"',
      ...[hidden, folder.path, process.execPath, bin, 'save', '--preset', preset],
    );
    expect(out).toContain(`CA file ${presets[preset].cacert} does not exist`);
    expect(out).toContain(`The preset ${preset} expects it there. Is this a control-plane node`);
    expect(out).toContain('ended with 2');
  });
});

const [minor = '3.6'] = testedMinors;
const programs = await need(minor);

describe.skipIf(programs === null)(`a save from etcd ${minor} with mutual TLS`, () => {
  test.for([
    ['kubeadm', '/etc'],
    ['k3s', '/var/lib'],
    ['rke2', '/var/lib'],
  ] as const)('with %s takes the files that lie below %s', async ([preset, hidden], context) => {
    await using folder = await temporaryFolder();
    await using cluster = await startEtcd({ etcd: programs?.etcd ?? '', tls: true });
    const { cacert, cert, key } = cluster.settings();
    const script = `set -e
      mount -t tmpfs tmpfs "$1"
      mkdir -p "$(dirname "$2")"
      cp "$3" "$2"; cp "$5" "$4"; cp "$7" "$6"
      shift 7
      "$@" 2>&1`;
    const files = presets[preset];
    const placed = [files.cacert, cacert, files.cert, cert, files.key, key].map(String);
    const command = [process.execPath, bin, '--preset', preset, '--endpoints', ...cluster.endpoints, 'save'];
    const store = ['--store', join(folder.path, 'store')];
    const out = await inOwnNamespaces(context, ['--mount'], script, hidden, ...placed, ...command, ...store);
    expect(out).toMatch(/^saved \d{8}T\d{6}Z-/m);
  });
});
