/** TLS, from its right use to every way in which it fails, against real etcds. */
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openClient } from '../src/etcd/client.ts';
import { linearizedRevision } from '../src/etcd/read.ts';
import type { EtcdSettings } from '../src/etcd/settings.ts';
import { memberStatus } from '../src/etcd/status.ts';
import { createAuthority, type Issued } from './support/certificates.ts';
import { type EtcdCluster, type EtcdOptions, startEtcd } from './support/etcd.ts';
import { listener } from './support/listeners.ts';
import { need } from './support/programs.ts';
import { rejection } from './support/rejection.ts';

const { signal } = new AbortController();
const programs = await need('3.6');
const etcd = programs?.etcd ?? '';

describe.skipIf(!programs)('an etcd with mutual TLS', () => {
  let cluster: EtcdCluster;
  let port: string;
  let expired: Issued;
  let foreign: Issued & { ca: string };
  beforeAll(async () => {
    cluster = await startEtcd({ etcd, tls: true });
    port = new URL(cluster.endpoints[0] ?? '').port;
    const authority = cluster.authority;
    if (!authority) throw new Error('no authority');
    expired = await authority.issue('expired', { days: -1 });
    const other = await createAuthority(cluster.folder, 'foreign');
    foreign = { ...(await other.issue('client')), ca: other.ca };
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const revisions = async (endpoint: string, changed: Partial<EtcdSettings> = {}) => {
    await using client = await openClient(cluster.settings(changed), endpoint, { signal });
    // One by our own client, one by etcd3.
    return [(await memberStatus(client, { signal })).revision, await linearizedRevision(client, { signal })];
  };
  const refusal = (changed: Partial<EtcdSettings>, endpoint = `https://127.0.0.1:${port}`) =>
    rejection(openClient(cluster.settings(changed), endpoint, { signal }));

  test('is reached by address, by name, and without a scheme, by both clients', async () => {
    expect(await revisions(`https://127.0.0.1:${port}`)).toEqual([1, 1]);
    expect(await revisions(`https://localhost:${port}`)).toEqual([1, 1]);
    expect(await revisions(`127.0.0.1:${port}`)).toEqual([1, 1]);
  });

  test('is reached whatever its certificate says when that is not to be checked', async () => {
    expect(
      await revisions(`https://127.0.0.1:${port}`, { cacert: foreign.ca, insecureSkipTlsVerify: true }),
    ).toEqual([1, 1]);
  });

  test.each<[string, () => Partial<EtcdSettings>, string, string]>([
    ['a foreign CA', () => ({ cacert: foreign.ca }), 'the given CA did not sign', '--cacert'],
    ['no CA', () => ({ cacert: null }), 'the given CA did not sign', '--cacert'],
    ['no client certificate', () => ({ cert: null, key: null }), 'wants a client certificate', '--cert'],
    ['an expired client certificate', () => expired, 'which expired on', 'Renew'],
    [
      'a foreign client certificate',
      () => ({ cert: foreign.cert, key: foreign.key }),
      'refused our certificate',
      '--trusted-ca-file',
    ],
  ])('%s is told as such', async (_, changed, reason, hint) => {
    expect(await refusal(changed())).toMatchObject({
      code: 'etcd',
      object: `etcd https://127.0.0.1:${port}`,
      reason: expect.stringContaining(reason),
      hint: expect.stringContaining(hint),
    });
  });

  test('a refused client certificate is told also when the reset of the connection overtakes the alert', async () => {
    let connections = 0;
    await using overtaking = await listener(socket => {
      const first = ++connections === 1;
      const server = connect(Number(port), '127.0.0.1').on('error', () => {});
      let flights = 0;
      socket.on('data', bytes => {
        // The second flight ends the handshake; what etcd says to it never arrives.
        if (first && ++flights === 2) socket.resetAndDestroy();
        else server.write(bytes);
      });
      server.pipe(socket);
      socket.on('close', () => server.destroy());
    });
    expect(await refusal({ cert: null, key: null }, `https://${overtaking.address}`)).toMatchObject({
      code: 'etcd',
      reason: expect.stringMatching(/wants a client certificate.*ALERT|certificate required/i),
    });
    expect(connections).toBe(2);
  });

  test('being asked without TLS is told as such', async () => {
    expect(await refusal({}, `http://127.0.0.1:${port}`)).toMatchObject({
      code: 'etcd',
      reason: 'speaks TLS, and was asked without it',
      hint: expect.stringContaining('https://'),
    });
  });

  test.each<[string, () => Promise<Partial<EtcdSettings>>, string]>([
    [
      'a CA file that is missing',
      async () => ({ cacert: '/nowhere/ca.crt' }),
      'CA file /nowhere/ca.crt does not exist',
    ],
    [
      'a certificate that is missing',
      async () => ({ cert: '/nowhere/c.crt' }),
      'certificate /nowhere/c.crt does not exist',
    ],
    ['a key that is missing', async () => ({ key: '/nowhere/c.key' }), 'key /nowhere/c.key does not exist'],
    ['a folder', async () => ({ cert: cluster.folder }), 'is a folder'],
    ['a certificate without its key', async () => ({ key: null }), 'is given without its key'],
    ['a key without its certificate', async () => ({ cert: null }), 'is given without its certificate'],
    ['a key of another certificate', async () => ({ key: foreign.key }), `does not belong to the key`],
    ['a key in place of the certificate', async () => ({ cert: expired.key }), 'holds no certificate'],
    ['a certificate in place of the key', async () => ({ key: expired.cert }), 'holds no private key'],
    [
      'a CA file without a certificate',
      async () => ({ cacert: await file('junk.crt', 'junk') }),
      'holds no certificate',
    ],
    [
      'a CA file with a damaged certificate',
      async () => ({
        cacert: await file('bad.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      }),
      'holds a certificate that cannot be read',
    ],
    [
      'a locked key',
      async () => ({
        key: await file(
          'locked.key',
          '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
        ),
      }),
      'is locked by a passphrase',
    ],
  ])('%s is usage', async (_, changed, message) => {
    const error = await refusal(await changed());
    expect(error.code).toBe('usage');
    expect(error.message).toContain(message);
    expect(error.hint).not.toBeNull();
  });

  const file = async (name: string, text: string) => {
    const path = join(cluster.folder, name);
    await writeFile(path, text);
    return path;
  };
});

describe.skipIf(!programs)('an etcd that shows a wrong certificate', () => {
  type Show = NonNullable<EtcdOptions['serverCertificate']>;
  const hosts = ['127.0.0.1'];
  test.each<[string, Show, string, string]>([
    ['an expired one', authority => authority.issue('old', { hosts, days: -1 }), 'has expired', 'Renew'],
    [
      'one for another host',
      authority => authority.issue('other', { hosts: ['10.9.8.7', 'db'] }),
      'is not made for 127.0.0.1',
      'made anew',
    ],
    ['one for nobody', authority => authority.issue('nobody'), 'is not made for 127.0.0.1', 'made anew'],
    [
      "a stranger's",
      async (_, folder) => (await createAuthority(folder, 'stranger')).issue('s', { hosts }),
      'the given CA did not sign',
      '--cacert',
    ],
  ])('%s', async (_, serverCertificate, reason, hint) => {
    await using cluster = await startEtcd({ etcd, tls: true, serverCertificate });
    const [endpoint = ''] = cluster.endpoints;
    expect(await rejection(openClient(cluster.settings(), endpoint, { signal }))).toMatchObject({
      code: 'etcd',
      reason: expect.stringContaining(reason),
      hint: expect.stringContaining(hint),
    });
    // The same etcd answers when nobody looks at what it shows.
    await using client = await openClient(cluster.settings({ insecureSkipTlsVerify: true }), endpoint, {
      signal,
    });
    expect(await linearizedRevision(client, { signal })).toBe(1);
  });
});

test.skipIf(!programs)('a plain etcd that is asked with TLS', async () => {
  await using cluster = await startEtcd({ etcd });
  const endpoint = cluster.endpoints[0]?.replace('http:', 'https:') ?? '';
  expect(await rejection(openClient(cluster.settings(), endpoint, { signal }))).toMatchObject({
    code: 'etcd',
    reason: 'speaks without TLS, and was asked with it',
    hint: expect.stringContaining('http://'),
  });
});
