/**
 * Real etcd clusters: one, three or five members on free loopback ports, plain or with mutual TLS, with or without
 * authentication, in a folder of their own. A cluster is a value with an end: nothing of it stays.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EtcdSettings } from '../../src/etcd/settings.ts';
import { type Authority, createAuthority, type Issued } from './certificates.ts';
import { enableAuth, type Users } from './etcd-auth.ts';
import { type EtcdProcess, spawnEtcd } from './etcd-process.ts';
import { freePorts } from './ports.ts';

export type EtcdOptions = {
  /** Path of the program. */
  etcd: string;
  members?: 1 | 3 | 5;
  /** Mutual TLS, for peers too. */
  tls?: boolean;
  /** With it, another certificate is shown to clients than a good one. */
  serverCertificate?: (authority: Authority, folder: string) => Promise<Issued>;
  /** Authentication with a root and others, who may read and write every key. */
  auth?: Users;
  /** The address (`127.0.0.1:port`) by which the others reach the member that listens for them at `peer`. */
  peerDoor?: (peer: string) => Promise<string>;
  /** More arguments for every member, such as `--quota-backend-bytes=…`. */
  args?: string[];
};

export type EtcdCluster = {
  /** In the order of `members`. */
  endpoints: string[];
  members: EtcdProcess[];
  folder: string;
  authority: Authority | null;
  client: Issued | null;
  /** Settings that reach all members as root; `changed` goes over them. */
  settings(changed?: Partial<EtcdSettings>): EtcdSettings;
  /** What all members have printed. */
  output(): string;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts a cluster and waits until every member answers for its health; rejects with a member's output when it exits. */
export const startEtcd = async (options: EtcdOptions): Promise<EtcdCluster> => {
  const folder = await mkdtemp(join(tmpdir(), 'snapback-etcd-'));
  try {
    const authority = options.tls ? await createAuthority(folder, 'ca') : null;
    const client = authority ? await authority.issue('client') : null;
    const good = authority
      ? await authority.issue('server', { hosts: ['127.0.0.1', '::1', 'localhost'] })
      : null;
    const shown =
      authority && options.serverCertificate ? await options.serverCertificate(authority, folder) : good;
    const members = await startMembers(options, folder, authority, { good, shown });
    const cluster = clusterOf(options, folder, members, authority, client);
    if (options.auth) {
      await enableAuth(cluster.settings({ user: null, password: null }), options.auth).catch(async error => {
        await cluster[Symbol.asyncDispose]();
        throw error;
      });
    }
    return cluster;
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
};

const clusterOf = (
  { auth }: EtcdOptions,
  folder: string,
  members: EtcdProcess[],
  authority: Authority | null,
  client: Issued | null,
): EtcdCluster => {
  const endpoints = members.map(member => member.endpoint);
  return {
    endpoints,
    members,
    folder,
    authority,
    client,
    settings: changed => ({
      endpoints,
      cacert: authority?.ca ?? null,
      cert: client?.cert ?? null,
      key: client?.key ?? null,
      user: auth ? 'root' : null,
      password: auth?.root ?? null,
      insecureSkipTlsVerify: false,
      // Generous: the tests share two cores, and what must end sooner says so itself.
      dialTimeout: 30_000,
      idleTimeout: 60_000,
      ...changed,
    }),
    output: () => members.map(member => member.output()).join('\n'),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(members.map(member => member[Symbol.asyncDispose]()));
      await rm(folder, { recursive: true, force: true });
    },
  };
};

type ServerCertificates = { good: Issued | null; shown: Issued | null };

const startMembers = async (
  options: EtcdOptions,
  folder: string,
  authority: Authority | null,
  certificates: ServerCertificates,
): Promise<EtcdProcess[]> => {
  for (let attempt = 1; ; attempt++) {
    const started = await Promise.allSettled(
      (await plan(options, join(folder, `run-${attempt}`), authority, certificates)).map(spawnEtcd),
    );
    const members = started.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []));
    const failed = started.find(one => one.status === 'rejected');
    if (!failed) return members;
    await Promise.all(members.map(member => member[Symbol.asyncDispose]()));
    // Somebody took one of the ports in between.
    if (attempt === 5 || !String(failed.reason).includes('address already in use')) throw failed.reason;
  }
};

const plan = async (
  { etcd, members: count = 1, peerDoor = async peer => peer, args = [] }: EtcdOptions,
  folder: string,
  authority: Authority | null,
  { good, shown }: ServerCertificates,
) => {
  const scheme = authority ? 'https' : 'http';
  const ports = await freePorts(count * 3);
  const member = async (index: number) => {
    const [client, peer, health] = ports.slice(index * 3);
    return {
      name: `m${index}`,
      client: `${scheme}://127.0.0.1:${client}`,
      peer: `${scheme}://127.0.0.1:${peer}`,
      door: `${scheme}://${await peerDoor(`127.0.0.1:${peer}`)}`,
      health: `http://127.0.0.1:${health}`,
    };
  };
  const members = await Promise.all(Array.from({ length: count }, (_, index) => member(index)));
  const tls =
    authority && good && shown
      ? [
          `--trusted-ca-file=${authority.ca}`,
          '--client-cert-auth',
          `--cert-file=${shown.cert}`,
          `--key-file=${shown.key}`,
          `--peer-trusted-ca-file=${authority.ca}`,
          '--peer-client-cert-auth',
          `--peer-cert-file=${good.cert}`,
          `--peer-key-file=${good.key}`,
        ]
      : [];
  return members.map(({ name, client, peer, door, health }) => ({
    program: etcd,
    endpoint: client,
    health: `${health}/health`,
    dataDir: join(folder, name),
    args: [
      `--name=${name}`,
      `--data-dir=${join(folder, name)}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${door}`,
      `--listen-metrics-urls=${health}`,
      `--initial-cluster=${members.map(member => `${member.name}=${member.door}`).join(',')}`,
      `--initial-cluster-token=${folder}`,
      // A single member has nobody to wait for; three need the time on a loaded machine.
      ...(count === 1 ? ['--heartbeat-interval=10', '--election-timeout=100'] : []),
      ...tls,
      ...args,
    ],
  }));
};
