/** Endpoints behind which there is no etcd that answers: each ends with its own sentence. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openClient } from '../src/etcd/client.ts';
import type { EtcdSettings } from '../src/etcd/settings.ts';
import { createAuthority } from './support/certificates.ts';
import { fullListener, http1Listener, type Listener, listener, silentListener } from './support/listeners.ts';
import { freePorts } from './support/ports.ts';
import { rejection } from './support/rejection.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
let folder: TemporaryFolder;
let settings: EtcdSettings;
beforeAll(async () => {
  folder = await temporaryFolder();
  const authority = await createAuthority(folder.path, 'ca');
  settings = {
    endpoints: [],
    cacert: authority.ca,
    cert: null,
    key: null,
    user: null,
    password: null,
    insecureSkipTlsVerify: false,
    dialTimeout: 700,
    idleTimeout: 60_000,
  };
});
afterAll(() => folder[Symbol.asyncDispose]());

const refusal = (endpoint: string, changed: Partial<EtcdSettings> = {}) =>
  rejection(openClient({ ...settings, ...changed }, endpoint, { signal }));

test.each(['http', 'https'])('a dead port (%s)', async scheme => {
  const [port] = await freePorts(1);
  const error = await refusal(`${scheme}://127.0.0.1:${port}`, { dialTimeout: 30_000 });
  expect(error).toMatchObject({
    code: 'etcd',
    operation: 'connect',
    object: `etcd ${scheme}://127.0.0.1:${port}`,
    reason: 'refused the connection',
    hint: expect.stringContaining('listens'),
  });
});

test('a name without an address', async () => {
  const error = await refusal('https://no-such-host.invalid:2379', { dialTimeout: 30_000 });
  expect(error).toMatchObject({
    code: 'etcd',
    reason: expect.stringContaining('no-such-host.invalid has no address'),
  });
});

test('a socket that does not exist', async () => {
  const error = await refusal(`unix:${folder.path}/none.sock`);
  expect(error).toMatchObject({ code: 'etcd', reason: 'does not exist' });
});

const rows: [string, string, () => Promise<Listener>, string, string][] = [
  ['swallows packets', 'http', fullListener, 'did not accept a connection within 0.7 s', 'firewall'],
  ['swallows packets', 'https', fullListener, 'did not accept a connection within 0.7 s', 'firewall'],
  [
    'says nothing',
    'http',
    silentListener,
    'accepted the connection but did not answer within 0.7 s',
    'stuck',
  ],
  ['says nothing', 'https', silentListener, 'did not answer the TLS handshake within 0.7 s', 'stuck'],
  ['speaks HTTP/1', 'http', http1Listener, "not as etcd's client port does (HTTP/1)", '2379'],
  ['hangs up', 'http', () => listener(socket => socket.destroy()), 'ended the connection', 'client port'],
  ['hangs up', 'https', () => listener(socket => socket.destroy()), 'ended the connection', 'client port'],
  ['says gibberish', 'http', () => listener(socket => socket.end('hello, world')), 'not as etcd', '2379'],
];

describe.each(rows)('one that %s (%s)', (_, scheme, listen, reason, hint) => {
  test('ends within the dial timeout', async () => {
    await using other = await listen();
    const error = await refusal(`${scheme}://${other.address}`);
    expect(error).toMatchObject({
      code: 'etcd',
      reason: expect.stringContaining(reason),
      hint: expect.stringContaining(hint),
    });
  });
});

test('the reason of the signal comes first', async () => {
  await using silent = await silentListener();
  const controller = new AbortController();
  const reason = new Error('somebody pressed Ctrl-C');
  const opening = openClient({ ...settings, dialTimeout: 60_000 }, `http://${silent.address}`, controller);
  setTimeout(() => controller.abort(reason), 50);
  await expect(opening).rejects.toBe(reason);
});
