/**
 * A bad network between the command and an S3 server, and a command that is ended. After each: no snapshot is listed
 * that is not whole, no upload is left on the server, and where one must be, that is told.
 */
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { snapshotsIn, uploadsIn } from './support/bucket-contents.ts';
import { needGoProgram } from './support/go-programs.ts';
import { need } from './support/programs.ts';
import { startS3Faults } from './support/s3-faults.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { expectSnapshots, startTrouble, type Trouble, twice } from './support/s3-trouble.ts';
import { startToxiproxy, type Toxic } from './support/toxiproxy.ts';

const programs = await need('3.6');
const toxiproxy = await needGoProgram('toxiproxy');
const MiB = 1024 ** 2;

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing || programs === null || toxiproxy === null)(`a bad network to ${name}`, () => {
    let trouble: Trouble;

    beforeAll(async () => {
      trouble = await startTrouble(start, programs?.etcd ?? '');
    });
    afterAll(() => trouble?.[Symbol.asyncDispose]());

    const through = async (stream: 'upstream' | 'downstream', toxic: Toxic) => {
      const network = await startToxiproxy(toxiproxy ?? '', trouble.server.endpoint);
      const added = await network.add(stream, toxic);
      return Object.assign(network, { heal: () => added[Symbol.asyncDispose]() });
    };

    it('latency makes everything slow and nothing wrong', async () => {
      const bucket = await trouble.server.newBucket();
      const toxic = { type: 'latency', attributes: { latency: 150, jitter: 50 } } as const;
      await using network = await through('downstream', toxic);
      for (const args of [
        ['save'],
        ['list'],
        ['verify', '--level', 'object'],
        ['save'],
        ['prune', '--keep-last', '1'],
      ]) {
        const ran = await trouble.run(network, bucket, args);
        expect(ran.code, ran.stderr).toBe(0);
      }
      await expectSnapshots(trouble.root, bucket, 1);
    });

    it('where every part is cut off, the upload is given up and taken away', async () => {
      const bucket = await trouble.server.newBucket();
      await using network = await through('upstream', { type: 'limit_data', attributes: { bytes: 5 * MiB } });
      const ran = await trouble.run(network, bucket, ['save'], twice);
      expect(ran.stderr).toMatch(/save failed to write to the store: s3:\S+\.db does not answer at http/);
      expect(ran.stderr).toContain('Check --s3-endpoint, the network');
      expect(ran.code).toBe(31);
      await expectSnapshots(trouble.root, bucket, 0);
    });

    it('a slow line does not end a save, nor the reading from etcd that waits for it', async () => {
      const bucket = await trouble.server.newBucket();
      // KB in a second for each connection, so that a part takes longer than the idle time.
      await using network = await through('upstream', { type: 'bandwidth', attributes: { rate: 1_500 } });
      const ran = await trouble.run(network, bucket, ['save', '--idle-timeout', '3s', '--quiet']);
      expect(ran.stderr).toBe('');
      expect(ran.code).toBe(0);
      await expectSnapshots(trouble.root, bucket, 1);
    });

    /** Starts a save and waits until parts are on their way, which takes them long enough. */
    const inTheMiddle = async (bucket: string, args: string[]) => {
      const rate = { type: 'bandwidth', attributes: { rate: 500 } } as const;
      const network = await through('upstream', rate);
      const faults = await startS3Faults({ endpoint: network.endpoint, ca: null });
      let kill: (signal: NodeJS.Signals) => void = () => {};
      const ended = trouble.run(faults, bucket, ['save', ...args], {
        started: (_, killer) => {
          kill = killer;
        },
      });
      const underWay = () => faults.requests.some(({ part, status }) => part === 2 && status === null);
      let over = false;
      void ended.then(() => {
        over = true;
      });
      while (!over && !(underWay() && (await uploadsIn(trouble.root, bucket)).length > 0)) await sleep(20);
      const dispose = async () => {
        await faults[Symbol.asyncDispose]();
        await network[Symbol.asyncDispose]();
      };
      return { network, faults, ended, kill, [Symbol.asyncDispose]: dispose };
    };

    it('connections that are all reset in the middle of a part are made up for', async () => {
      const bucket = await trouble.server.newBucket();
      await using saving = await inTheMiddle(bucket, ['--quiet']);
      await saving.network.heal();
      const ran = await saving.ended;
      expect(ran.stderr).toBe('');
      expect(ran.code).toBe(0);
      expect(
        saving.faults.requests.filter(({ part, status }) => part && status === null).length,
      ).toBeGreaterThan(0);
      await expectSnapshots(trouble.root, bucket, 1);
    });

    it.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('%s in the middle of a part leaves nothing', async (signal, code) => {
      const bucket = await trouble.server.newBucket();
      await using saving = await inTheMiddle(bucket, []);
      saving.kill(signal);
      const ran = await saving.ended;
      expect(ran.code).toBe(code);
      expect(ran.stderr).toContain('Nothing was stored.');
      await expectSnapshots(trouble.root, bucket, 0);
    });

    it('a kill -9 in the middle of a part shows nothing, and the next save works', async () => {
      const bucket = await trouble.server.newBucket();
      await using saving = await inTheMiddle(bucket, []);
      saving.kill('SIGKILL');
      expect((await saving.ended).code).toBe(null);
      expect(await uploadsIn(trouble.root, bucket)).toHaveLength(1);
      const listed = JSON.parse((await trouble.run(trouble.server, bucket, ['list', '--json'])).stdout);
      expect(listed.result.clusters[0]).toMatchObject({ snapshots: [], orphans: [], unknown: [] });
      expect((await trouble.run(trouble.server, bucket, ['save'])).code).toBe(0);
      expect((await snapshotsIn(trouble.root, bucket)).whole).toHaveLength(1);
      const pruned = await trouble.run(trouble.server, bucket, ['prune', '--keep-last', '1']);
      expect(pruned.code).toBe(0);
      // It is young: it could be the save of another machine.
      expect(await uploadsIn(trouble.root, bucket)).toHaveLength(1);
    });

    it('a network that stands still ends the save after the idle time, and what is left is told', async () => {
      const bucket = await trouble.server.newBucket();
      await using saving = await inTheMiddle(bucket, ['--idle-timeout', '2s']);
      await saving.network.add('upstream', { type: 'timeout', attributes: { timeout: 0 } });
      const ran = await saving.ended;
      expect(ran.stderr).toMatch(/save failed to write to the store: s3:\S+\.db does not answer at http/);
      expect(ran.stderr).toMatch(/the unfinished upload of s3:\S+ could not be taken away: prune does/);
      expect(ran.code).toBe(31);
      expect(await snapshotsIn(trouble.root, bucket)).toEqual({ whole: [], half: [], orphans: [] });
    });

    it('a download that is cut off again and again is read to its end', async () => {
      await using network = await through('downstream', {
        type: 'limit_data',
        attributes: { bytes: 10 * MiB },
      });
      const verified = await trouble.run(network, trouble.filled, [
        'verify',
        '--level',
        'object',
        '--no-record',
      ]);
      expect(verified.code, verified.stderr).toBe(0);
      const restored = await trouble.run(network, trouble.filled, ['restore', '--output', 'whole.db']);
      expect(restored.code, restored.stderr).toBe(0);
      expect(await readdir(trouble.folder.path)).toContain('whole.db');
    });
  });
