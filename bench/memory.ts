/**
 * The peak resident size of the snapback process in save, verify and restore, at several sizes of the database: it
 * must be the same and below 256 MiB. The throwaway etcd and etcdutl, which verify and restore run, do not count.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { buildGoProgram } from '../test/support/go-programs.ts';
import { startToxiproxy, type Toxiproxy } from '../test/support/toxiproxy.ts';
import { type BenchBucket, startBucket } from './bucket.ts';
import { fillTo } from './kubernetes-like.ts';
import { measure, type Step } from './measure.ts';
import { mebibytes, parseSize } from './size.ts';
import { snapback } from './snapback.ts';
import { startSource } from './source.ts';

export const memoryHelp = `npm run bench -- memory [--store s3 | --two-stores] [--sizes 20MB,2GB] [--incompressible] [--folder DIR]

The peak resident size of save, verify and restore (the snapback process alone), plain and with age.

  --store s3        snapshots in a bucket of a real S3 server on this machine, in place of a folder
  --two-stores      save alone, into a folder and a bucket at once; the bucket is reached through a proxy that
                    lets only 10 MB a second pass on each connection, so that it is the slow one
  --sizes A,B       of etcd's database, the smaller first (default 20MB,2GB)
  --incompressible  values of random bytes, as of an API server that encrypts all it stores
  --folder DIR      where everything is written and removed; about five times the largest size is needed
                    (default: the folder for temporary files)`;

const limit = 256 * 2 ** 20;

export const memoryBench = async (args: string[], signal: AbortSignal): Promise<void> => {
  const { values } = parseArgs({
    args,
    options: {
      sizes: { type: 'string', default: '20MB,2GB' },
      incompressible: { type: 'boolean', default: false },
      folder: { type: 'string', default: tmpdir() },
      store: { type: 'string', default: 'folder' },
      'two-stores': { type: 'boolean', default: false },
    },
  });
  const { incompressible, 'two-stores': two } = values;
  const sizes = values.sizes.split(',').map(parseSize);
  if (!['folder', 's3'].includes(values.store))
    throw new Error(`--store ${values.store} is neither folder nor s3`);
  await using source = await startSource({ signal });
  await using held = new AsyncDisposableStack();
  const bucket = values.store === 's3' || two ? held.use(await startBucket({ signal })) : null;
  const slowly = bucket && two ? held.use(await slowed(bucket, signal)) : null;
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  console.log(`etcd ${source.version} over mutual TLS; peak resident MiB of the snapback process`);
  for (const size of sizes) {
    const filled = await fillTo(source.settings, size, { signal, incompressible });
    console.log(`database of ${mebibytes(filled)} MiB`);
    const folder = await mkdtemp(join(values.folder, 'snapback-bench-'));
    try {
      const key = join(folder, 'identity.txt');
      await writeFile(key, `${identity}\n`, { mode: 0o600 });
      const common = { connection: source.flags, bucket, slowly, signal };
      await measureAll(join(folder, 'plain'), { ...common, encrypt: [], decrypt: [] });
      const age = { encrypt: ['--recipient', recipient], decrypt: ['--identity', key] };
      await measureAll(join(folder, 'age'), { ...common, ...age });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
};

// Of the two connections on which parts are sent: less than etcd, zstd and a disk do on any machine.
const slowRate = 10_000;

const slowed = async ({ server }: BenchBucket, signal: AbortSignal): Promise<Toxiproxy> => {
  const { path } = await buildGoProgram('toxiproxy', { signal });
  const proxy = await startToxiproxy(path, server.endpoint);
  await proxy.add('upstream', { type: 'bandwidth', attributes: { rate: slowRate } });
  return proxy;
};

const measureAll = async (
  folder: string,
  how: {
    connection: string[];
    bucket: BenchBucket | null;
    /** The endpoint of the bucket as a second store. */
    slowly: { endpoint: string } | null;
    encrypt: string[];
    decrypt: string[];
    signal: AbortSignal;
  },
): Promise<void> => {
  const { connection, bucket, slowly, encrypt, decrypt, signal } = how;
  await mkdir(folder);
  const local = ['--store', join(folder, 'store')];
  const env = bucket ? { env: bucket.env } : {};
  const at = bucket && !slowly ? bucket.store(basename(folder)) : local;
  const also =
    bucket && slowly ? ['--also', bucket.location(basename(folder)), '--s3-endpoint', slowly.endpoint] : [];
  const save: Step = { ...snapback('save', ...at, ...also, ...connection, ...encrypt), ...env };
  const steps: [string, Step][] = [
    ['verify', { ...snapback('verify', ...at, '--scratch', folder, ...decrypt), ...env }],
    [
      'restore',
      { ...snapback('restore', 'latest', ...at, '--data-dir', join(folder, 'data'), ...decrypt), ...env },
    ],
  ];
  for (const [name, step] of [['save', save] as const, ...(slowly ? [] : steps)]) {
    const { peak, wall } = await measure([step], signal);
    const label = encrypt.length > 0 ? `${name}, age` : name;
    const verdict = peak < limit ? '' : `  not below ${mebibytes(limit)}`;
    console.log(
      `  ${label.padEnd(16)}${mebibytes(peak).padStart(8)}${`${wall.toFixed(1)} s`.padStart(10)}${verdict}`,
    );
  }
  await rm(folder, { recursive: true });
};
