/**
 * A program that starts a new throwaway etcd and waits for ever: `node start-throwaway.ts MINOR SCRATCH`. Prints the
 * endpoint as soon as it listens.
 */
import { join } from 'node:path';
import { startThrowaway } from '../../src/programs/throwaway.ts';
import { throwawayPeerUrl } from '../../src/programs/throwaway-arguments.ts';
import type { Minor } from '../../src/programs/versions.ts';
import { need } from './programs.ts';

const [minor = '', scratch = ''] = process.argv.slice(2);
const programs = await need(minor as Minor);
if (!programs) throw new Error('no programs');
const dataDir = join(scratch, 'data');
const throwaway = await startThrowaway(programs, {
  dataDirs: [{ name: 'm0', dataDir, peerUrl: throwawayPeerUrl('m0') }],
  scratch,
  quotaBytes: 100_000_000,
  dialTimeout: 30_000,
  removeIfKilled: [dataDir],
  signal: new AbortController().signal,
});
process.stdout.write(`${throwaway.endpoints[0]}\n`);
setInterval(() => {}, 1000);
