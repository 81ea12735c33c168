/**
 * The story of docs/inspect.md: an etcd with keys as Kubernetes writes them, two snapshots of it, and in between a Secret
 * that was deleted. A folder with a `snapback.yaml` that reaches both, and programs on a PATH of its own.
 */
import { spawn } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openClient } from '../../src/etcd/client.ts';
import type { Programs } from '../../src/programs/find.ts';
import { startEtcd } from './etcd.ts';
import { bareObject, envelope, message, metadata, secretObject } from './kubernetes-protobuf.ts';
import { temporaryFolder } from './temporary-folder.ts';

export type LostSecret = {
  /** Runs a line of bash there; what it writes to stdout and stderr, in the order in which it does. */
  run(line: string): Promise<string>;
  /** Of the living etcd; null where it has no such key. */
  value(key: string): Promise<Buffer | null>;
  [Symbol.asyncDispose](): Promise<void>;
};

export const secretKey = '/registry/secrets/shop/db';
export const secret = secretObject('db', 'shop', { password: 'correct horse battery staple', user: 'shop' });

export const startLostSecret = async (programs: Programs): Promise<LostSecret> => {
  await using started = new AsyncDisposableStack();
  const { path: folder } = started.use(await temporaryFolder());
  const cluster = started.use(await startEtcd({ etcd: programs.etcd ?? '', tls: true }));
  const settings = cluster.settings();
  const [endpoint = ''] = cluster.endpoints;
  const { signal } = new AbortController();
  const client = started.use(await openClient(settings, endpoint, { signal }));

  const bin = join(folder, 'bin');
  await mkdir(bin);
  const snapback = fileURLToPath(new URL('../../bin/snapback.js', import.meta.url));
  await writeFile(join(bin, 'snapback'), `#!/bin/sh\nexec "${process.execPath}" "${snapback}" "$@"\n`, {
    mode: 0o755,
  });
  await symlink(programs.etcdctl ?? '', join(bin, 'etcdctl'));
  const { cacert, cert, key } = settings;
  const options = { store: join(folder, 'backups'), cluster: 'prod', endpoints: endpoint, cacert, cert, key };
  await writeFile(
    join(folder, 'snapback.yaml'),
    Object.entries(options)
      .map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`)
      .join(''),
  );
  const env = {
    PATH: `${bin}:${dirname(process.execPath)}:${process.env.PATH}`,
    NO_COLOR: '1',
    ETCDCTL_ENDPOINTS: endpoint,
    ETCDCTL_CACERT: cacert ?? '',
    ETCDCTL_CERT: cert ?? '',
    ETCDCTL_KEY: key ?? '',
  };
  const run = (line: string) =>
    new Promise<string>((resolve, reject) => {
      const child = spawn('bash', ['-c', `exec 2>&1\n${line}`], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let text = '';
      child.stdout.setEncoding('utf8').on('data', part => {
        text += part;
      });
      child.on('error', reject);
      child.on('close', () => resolve(text));
    });
  const call = <T>(ask: Parameters<typeof client.etcd3<T>>[0]) =>
    client.etcd3(ask, { operation: 'tell the story', signal });
  const put = (name: string, value: Buffer) =>
    call(({ kv }, options) => kv.put({ key: Buffer.from(name), value }, options));

  for (const [name, value] of before) await put(name, value);
  await run('snapback save');
  for (const [name, value] of after) await put(name, value);
  await call(({ kv }, options) => kv.deleteRange({ key: Buffer.from(secretKey) }, options));
  await run('snapback save');
  const all = started.move();
  return {
    run,
    value: async name =>
      (await call(({ kv }, options) => kv.range({ key: Buffer.from(name) }, options))).kvs[0]?.value ?? null,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
};

const object = (path: string, apiVersion: string, kind: string, namespace: string | null, name: string) =>
  [
    `/registry/${[path, namespace, name].filter(part => part !== null).join('/')}`,
    bareObject(apiVersion, kind, name, namespace),
  ] as [string, Buffer];

/** With its spec, which says who leads (coordination/v1, LeaseSpec). */
const lease = (holder: string): [string, Buffer] => [
  '/registry/leases/kube-system/kube-scheduler',
  envelope(
    'coordination.k8s.io/v1',
    'Lease',
    message([
      [1, metadata('kube-scheduler', 'kube-system')],
      [2, message([[1, holder]])],
    ]),
  ),
];

const widget = Buffer.from(
  JSON.stringify({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'small', namespace: 'shop' },
    spec: { size: 3 },
  }),
);

const before: [string, Buffer][] = [
  object('namespaces', 'v1', 'Namespace', null, 'shop'),
  object('namespaces', 'v1', 'Namespace', null, 'kube-system'),
  [secretKey, secret],
  ['/registry/secrets/shop/tls', secretObject('tls', 'shop', { 'tls.key': 'the key of last year' })],
  ['/registry/secrets/kube-system/token', secretObject('token', 'kube-system', { token: 'abcdef' })],
  object('configmaps', 'v1', 'ConfigMap', 'shop', 'limits'),
  object('configmaps', 'v1', 'ConfigMap', 'kube-system', 'coredns'),
  object('deployments', 'apps/v1', 'Deployment', 'shop', 'web'),
  object('pods', 'v1', 'Pod', 'shop', 'web-1'),
  object('pods', 'v1', 'Pod', 'shop', 'web-2'),
  object('services/specs', 'v1', 'Service', 'shop', 'web'),
  object('services/endpoints', 'v1', 'Endpoints', 'shop', 'web'),
  lease('control-plane-1'),
  object('events', 'v1', 'Event', 'shop', 'web-1.17a'),
  ['/registry/example.com/widgets/shop/small', widget],
];

const after: [string, Buffer][] = [
  ['/registry/secrets/shop/tls', secretObject('tls', 'shop', { 'tls.key': 'the key of this year' })],
  lease('control-plane-2'),
  object('pods', 'v1', 'Pod', 'shop', 'web-3'),
  object('events', 'v1', 'Event', 'shop', 'web-3.17b'),
];
