/**
 * `npm run quickstart`: the main job on real input. Brings etcd, starts a throwaway one with mutual TLS, fills it,
 * then save → list → verify → prune → restore on a folder, or with `-- --s3` on a bucket of a real S3 server that it
 * starts as well, a line a step. Leaves the programs in the cache and the demo store in ./quickstart, and nothing
 * running, also when it is interrupted.
 */
import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { countKeys } from '../src/etcd/read.ts';
import { memberStatus } from '../src/etcd/status.ts';
import { count } from '../src/figures.ts';
import { cacheFolder } from '../src/programs/cache.ts';
import { findPrograms } from '../src/programs/find.ts';
import { startEtcd } from '../test/support/etcd.ts';
import { fill } from '../test/support/fill.ts';
import { freePorts } from '../test/support/ports.ts';
import { startRestored } from '../test/support/restored-etcd.ts';
import { demoBucket, demoFolder } from './quickstart-store.ts';

const steps = 7;
const wanted = 2000;
const began = Date.now();
const folder = 'quickstart';
const bin = join(import.meta.dirname, '../bin/snapback.js');
const stop = new AbortController();
const { signal } = stop;
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.once(name, () => {
    process.exitCode = code;
    stop.abort(new Error('it was interrupted'));
  });

const step = (number: number, title: string, text: string) =>
  console.log(`${number}/${steps}  ${title.padEnd(16)}  ${text}`);

/** Runs the command as a user would; its own lines are shown only when it fails. */
const snapback = (...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', chunk => {
      out += chunk;
    });
    child.stderr.on('data', chunk => {
      err += chunk;
      if (args[0] === 'tools')
        process.stderr.write(String(chunk).replace(/^/gm, '     ').trimEnd().concat('\n'));
    });
    child.on('error', error => reject(signal.aborted ? signal.reason : error));
    child.on('close', code => {
      if (code === 0) resolve(out.trim());
      else reject(new Error(`snapback ${args.join(' ')} ended with ${code}:\n${err}${out}`));
    });
  });

const main = async (words: string[]) => {
  const unknown = words.find(word => word !== '--s3');
  if (unknown !== undefined)
    throw new Error(
      `it knows no word but --s3, so not ${JSON.stringify(unknown)}: npm run quickstart -- --s3`,
    );
  await mkdir(folder, { recursive: true });
  await rm(join(folder, 'data'), { recursive: true, force: true });

  const brought = await snapback('tools', 'install', '3.6', '--build');
  step(1, 'etcd', brought);

  const where = { etcdBin: null, path: process.env.PATH ?? '', cache: cacheFolder(process.env, homedir()) };
  const { etcd } = await findPrograms('3.6', 'drill', where, { signal });
  if (etcd === null) throw new Error('etcd was installed and is not there');
  // Empty, whatever an earlier run left: its etcd is gone, and a store belongs to one cluster.
  await using demo = words.includes('--s3') ? await demoBucket(folder, { signal }) : await demoFolder(folder);
  await using cluster = await startEtcd({ etcd, tls: true });
  await fill(cluster.settings(), { count: wanted - 300, size: 200, prefix: '/demo/' });
  step(
    2,
    'a throwaway etcd',
    `mutual TLS on ${cluster.endpoints[0]}, ${count(wanted - 300)} keys${demo.told}`,
  );

  const { cacert, cert, key } = cluster.settings();
  const store = [...demo.options, '--cluster', 'demo'];
  const tls = [
    '--endpoints',
    cluster.endpoints.join(','),
    '--cacert',
    `${cacert}`,
    '--cert',
    `${cert}`,
    '--key',
    `${key}`,
  ];
  const ids: string[] = [];
  for (let i = 0; i < 4; i++) {
    if (i > 0) await fill(cluster.settings(), { count: 100, size: 200, prefix: `/demo/later-${i}-` });
    ids.push(await snapback('save', ...tls, ...store, '--quiet'));
  }
  step(3, 'save, four times', `${ids.at(-1)} is the newest; the last one has ${count(wanted)} keys`);

  const listed = await snapback('list', ...store, '--keep-last', '2');
  step(4, 'list', `--keep-last 2\n${listed.replace(/^/gm, '       ')}`);

  const verdict = await snapback('verify', ...store);
  step(5, 'verify', verdict);

  const pruned = await snapback('prune', ...store, '--keep-last', '2', '--yes');
  step(6, 'prune', `--keep-last 2\n${pruned.replace(/^/gm, '       ')}`);

  const data = join(folder, 'data');
  const peer = `http://127.0.0.1:${(await freePorts(1))[0]}`;
  await snapback(
    'restore',
    'latest',
    ...store,
    '--data-dir',
    data,
    '--name',
    'm0',
    '--initial-advertise-peer-urls',
    peer,
  );
  const back = await keysIn(etcd, data, peer);
  if (back !== wanted) throw new Error(`the restored etcd has ${count(back)} of ${count(wanted)} keys`);
  step(7, 'restored', `./${data}: an etcd started on it, ${count(back)} of ${count(wanted)} keys are back`);

  console.log(
    `Done in ${Math.round((Date.now() - began) / 1000)} s. The demo ${demo.place}, nothing is left running.\n` +
      `Next, on your own cluster: node bin/snapback.js save${demo.next} --endpoints … --cacert … --cert … --key …,\n` +
      'or on a node of kubeadm, k3s or RKE2: sudo node bin/snapback.js save --preset kubeadm (k3s, rke2).',
  );
};

const keysIn = async (etcd: string, dataDir: string, peer: string): Promise<number> => {
  await using restored = await startRestored(etcd, dataDir, { name: 'm0', peer });
  const { revision } = await memberStatus(restored.client, { signal });
  return (await countKeys(restored.client, revision, { signal })) ?? 0;
};

main(process.argv.slice(2)).catch(error => {
  console.error(`quickstart failed: ${error.message}`);
  process.exitCode ??= 1;
});
