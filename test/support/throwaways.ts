/** Throwaway etcds for the tests of src/programs: new ones, ready ones, and snapshots taken of them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import type { Programs } from '../../src/programs/find.ts';
import { startThrowaway, type Throwaway, type ThrowawayOptions } from '../../src/programs/throwaway.ts';
import { throwawayPeerUrl } from '../../src/programs/throwaway-arguments.ts';
import { etcdctl } from './programs.ts';

export const member = (name: string, dataDir: string) => ({ name, dataDir, peerUrl: throwawayPeerUrl(name) });

/** A throwaway on the given members, ready: each endpoint answers, from this process, with a leader. */
export const readyThrowaway = async (
  programs: Programs,
  scratch: string,
  dataDirs: ThrowawayOptions['dataDirs'],
): Promise<Throwaway> => {
  const throwaway = await startThrowaway(programs, {
    dataDirs,
    scratch,
    quotaBytes: 100_000_000,
    dialTimeout: 60_000,
    signal: new AbortController().signal,
  });
  const early = throwaway.exited.then(({ reason }) => {
    throw new Error(`the throwaway etcd ${reason}`);
  });
  for (const endpoint of throwaway.endpoints) await Promise.race([untilLed(endpoint), early]);
  early.catch(() => {});
  return throwaway;
};

const untilLed = async (endpoint: string): Promise<void> => {
  while (!(await leaderOf(endpoint))) await sleep(20);
};

/** Asks Maintenance.Status, whose answer has the leader's id as field 4, a varint that is left out when it is 0. */
const leaderOf = (endpoint: string): Promise<boolean> => {
  const client = new Client(endpoint, credentials.createInsecure());
  const same = (bytes: Buffer) => bytes;
  return new Promise<boolean>(done => {
    client.makeUnaryRequest(
      '/etcdserverpb.Maintenance/Status',
      same,
      same,
      Buffer.alloc(0),
      (error, answer) => done(!error && fieldOf(answer ?? Buffer.alloc(0), 4)),
    );
  }).finally(() => client.close());
};

/** Whether a protobuf message has a varint field of that number at its top level. */
const fieldOf = (message: Buffer, wanted: number): boolean => {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++] ?? 0;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = Number(varint());
    if (tag === wanted * 8) return true;
    const value = Number(varint());
    if ((tag & 7) === 2) at += value;
  }
  return false;
};

/** A snapshot file of an etcd with `a` = `1`, made by that version's own etcdctl. */
export const snapshotFile = async (programs: Programs, folder: string): Promise<string> => {
  const [scratch, file] = [join(folder, 'source'), join(folder, 'snapshot.db')];
  await mkdir(scratch, { mode: 0o700 });
  await using throwaway = await readyThrowaway(programs, scratch, [member('m0', join(scratch, 'data'))]);
  const [endpoint = ''] = throwaway.endpoints;
  await etcdctl(programs, endpoint, ['put', 'a', '1']);
  await etcdctl(programs, endpoint, ['snapshot', 'save', file]);
  return file;
};
