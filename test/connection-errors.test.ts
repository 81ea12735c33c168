/** Every way in which a connection goes wrong, through the command: its own message, exit code, and what to do. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secret } from '../src/secret.ts';
import { createAuthority, type Issued } from './support/certificates.ts';
import { type EtcdCluster, startEtcd } from './support/etcd.ts';
import { fullListener, http1Listener, type Listener, silentListener } from './support/listeners.ts';
import { freePorts } from './support/ports.ts';
import { need } from './support/programs.ts';
import { connection, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const programs = await need('3.6');
const etcd = programs?.etcd ?? '';
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder?.[Symbol.asyncDispose]());

type Expected = { code: 2 | 30; says: string[] };

let stores = 0;
/** A save into a store that is not there yet; its error must stand on stderr alone, and no snapshot in the store. */
const failedSave = async (etcdArguments: string[], { code, says }: Expected): Promise<string> => {
  const store = join(folder.path, `store-${stores++}`);
  const ran = await snapback(['save', ...etcdArguments, '--store', store]);
  for (const text of says) expect(ran.stderr).toContain(text);
  expect(ran.stderr).toContain('Nothing was stored.');
  expect(ran.stderr).toContain(`Exit ${code} `);
  expect(ran.stderr.match(/^save failed.*: /gm)).toHaveLength(1);
  expect(ran.stderr).not.toMatch(/^\s+at /m);
  expect(ran.stdout).toBe('');
  expect(ran.code).toBe(code);
  return store;
};

const neverMade = (store: string) => expect(existsSync(store)).toBe(false);

describe('where no etcd answers', () => {
  const swallowed = 'did not accept a connection within 1 s';
  const mute = 'accepted the connection but did not answer';
  it.each<[string, string, () => Promise<Listener>, string, string]>([
    ['swallows packets', 'http', fullListener, swallowed, 'no firewall drops the packets'],
    ['swallows packets', 'https', fullListener, swallowed, 'no firewall drops the packets'],
    ['says nothing', 'http', silentListener, `${mute} within 1 s`, 'See whether that etcd is stuck'],
    [
      'says nothing',
      'https',
      silentListener,
      `${mute} the TLS handshake within 1 s`,
      'See whether that etcd is stuck',
    ],
    ['speaks HTTP/1', 'http', http1Listener, "answers, but not as etcd's client port", 'usually 2379'],
  ])('a listener that %s (%s)', async (_, scheme, listen, reason, hint) => {
    await using listener = await listen();
    const endpoint = `${scheme}://${listener.address}`;
    const says = [`etcd ${endpoint} ${reason}`, hint];
    neverMade(await failedSave(['--endpoints', endpoint, '--dial-timeout', '1s'], { code: 30, says }));
  });

  it('a dead port', async () => {
    const [port] = await freePorts(1);
    const says = [`etcd http://127.0.0.1:${port} refused the connection`, 'See whether etcd runs there'];
    neverMade(await failedSave(['--endpoints', `127.0.0.1:${port}`], { code: 30, says }));
  });

  it.each([
    ['etcd.example', 'names no port'],
    ['ftp://127.0.0.1:2379', 'has the scheme ftp'],
    ['http://127.0.0.1:99999', 'is not an address'],
  ])('a bad endpoint, %s, is usage', async (endpoint, reason) => {
    const says = [`endpoint "${endpoint}" ${reason}`, 'Write it as https://HOST:PORT'];
    neverMade(await failedSave(['--endpoints', endpoint], { code: 2, says }));
  });
});

describe.skipIf(!programs)('an etcd with mutual TLS', () => {
  let cluster: EtcdCluster;
  let expired: Issued;
  let foreign: Issued & { ca: string };
  beforeAll(async () => {
    cluster = await startEtcd({ etcd, tls: true });
    if (!cluster.authority) throw new Error('no authority');
    expired = await cluster.authority.issue('expired', { days: -1 });
    const other = await createAuthority(cluster.folder, 'foreign');
    foreign = { ...(await other.issue('client')), ca: other.ca };
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  it.each<[string, () => Parameters<EtcdCluster['settings']>[0], Expected]>([
    [
      'a foreign CA',
      () => ({ cacert: foreign.ca }),
      {
        code: 30,
        says: [
          'shows a certificate that the given CA did not sign',
          "Give the CA of etcd's servers as --cacert",
        ],
      },
    ],
    [
      'no client certificate',
      () => ({ cert: null, key: null }),
      { code: 30, says: ['wants a client certificate, and none was given', 'Give --cert and --key.'] },
    ],
    [
      'a client certificate that has expired',
      () => expired,
      { code: 30, says: ['refused our certificate', 'which expired on', 'Renew the certificate'] },
    ],
    [
      'a foreign client certificate',
      () => ({ cert: foreign.cert, key: foreign.key }),
      { code: 30, says: ['refused our certificate', 'signed by the CA that etcd has as --trusted-ca-file'] },
    ],
    [
      'no TLS',
      () => ({ endpoints: cluster.endpoints.map(url => url.replace('https:', 'http:')) }),
      { code: 30, says: ['speaks TLS, and was asked without it', 'Write the endpoint with https://.'] },
    ],
    [
      'a certificate of another key',
      () => ({ key: foreign.key }),
      {
        code: 2,
        says: ['does not belong to the key', 'Name a certificate and the key that it was made for'],
      },
    ],
    [
      'a certificate that is missing',
      () => ({ cert: '/nowhere/c.crt' }),
      { code: 2, says: ['certificate /nowhere/c.crt does not exist', 'Check the path.'] },
    ],
  ])('asked with %s', async (_, changed, expected) => {
    neverMade(await failedSave(connection(cluster.settings(changed())), expected));
  });
});

describe.skipIf(!programs)('an etcd that shows a certificate', () => {
  it.each<[string, { hosts: string[]; days?: number }, string[]]>([
    [
      'that has expired',
      { hosts: ['127.0.0.1'], days: -1 },
      ['shows a certificate that has expired', "Renew the server's certificate"],
    ],
    [
      'of another host',
      { hosts: ['10.9.8.7'] },
      ['shows a certificate that is not made for 127.0.0.1', 'have it made anew'],
    ],
  ])('%s', async (_, issue, says) => {
    await using cluster = await startEtcd({
      etcd,
      tls: true,
      serverCertificate: authority => authority.issue('shown', issue),
    });
    neverMade(await failedSave(connection(cluster.settings()), { code: 30, says }));
  });
});

describe.skipIf(!programs)('a plain etcd with authentication', () => {
  let cluster: EtcdCluster;
  let plain: string[];
  beforeAll(async () => {
    cluster = await startEtcd({ etcd, auth: { root: secret('the root'), bob: secret('the bob') } });
    plain = connection(cluster.settings());
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  it('asked with TLS', async () => {
    const endpoint = cluster.endpoints[0]?.replace('http:', 'https:') ?? '';
    const says = ['speaks without TLS, and was asked with it', 'Write the endpoint with http://.'];
    neverMade(await failedSave(['--endpoints', endpoint], { code: 30, says }));
  });

  it.each<[string, string[], string[]]>([
    [
      'a wrong password',
      ['--user', 'root:hunter2'],
      ['refused the password of user root', 'Check --user and --password'],
    ],
    ['no user', [], ['has authentication enabled and wants a user', 'Give --user and --password']],
    [
      'a user without the root role',
      ['--user', 'bob:the bob'],
      ['user bob does not have the root role', 'etcdctl user grant-role'],
    ],
  ])('asked with %s', async (_, user, says) => {
    await failedSave([...plain, ...user], { code: 30, says });
  });
});
