/**
 * Wrong answers of an S3 server to the command. After each: no snapshot is listed that is not whole, no upload is left
 * on the server, the exit code is right, and the message names the store, the operation and what to do.
 */
import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectsIn } from './support/bucket-contents.ts';
import { need } from './support/programs.ts';
import { type S3Fault, startS3Faults } from './support/s3-faults.ts';
import type { S3Kind, S3Request } from './support/s3-request.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { credentials } from './support/s3-store.ts';
import { expectSnapshots, startTrouble, type Trouble, twice } from './support/s3-trouble.ts';

const programs = await need('3.6');

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing || programs === null)(`trouble with ${name}`, () => {
    let trouble: Trouble;

    beforeAll(async () => {
      trouble = await startTrouble(start, programs?.etcd ?? '');
    });
    afterAll(() => trouble?.[Symbol.asyncDispose]());

    const manifest = ({ kind, key }: S3Request) => kind === 'PutObject' && /Z-\w{6}\.json$/.test(key);
    const secondPart = ({ kind, part }: S3Request) => kind === 'UploadPart' && part === 2;

    it.each<[string, S3Kind | ((request: S3Request) => boolean), S3Fault, number]>([
      ['a part is answered with 500', 'UploadPart', { status: 500, code: 'InternalError' }, 2],
      ['a part is answered with SlowDown', secondPart, { status: 503, code: 'SlowDown' }, 2],
      ['a part is lost', secondPart, 'lost answer', 1],
      ['the upload cannot begin at first', 'CreateMultipartUpload', { status: 503, code: 'SlowDown' }, 2],
      ['the end is answered with 500', 'CompleteMultipartUpload', { status: 500, code: 'InternalError' }, 1],
      ['the end is lost', 'CompleteMultipartUpload', 'lost answer', 1],
      ['the end is lost again and again', 'CompleteMultipartUpload', 'lost answer', Infinity],
      ['the first small object is lost', 'PutObject', 'lost answer', 1],
      ['the manifest is lost', manifest, 'lost answer', 1],
      ['the manifest is lost again and again', manifest, 'lost answer', Infinity],
      ['a listing is answered with 503', 'ListObjectsV2', { status: 503, code: 'ServiceUnavailable' }, 2],
    ])('save: %s, which is made up for', async (_, which, fault, times) => {
      const bucket = await trouble.server.newBucket();
      await using faults = await startS3Faults(trouble.server);
      faults.fail(which, fault, times);
      const ran = await trouble.run(faults, bucket, ['save', '--quiet']);
      expect(ran.stderr).toBe('');
      expect(ran.code).toBe(0);
      await expectSnapshots(trouble.root, bucket, 1);
    });

    it.each<[string, S3Kind | ((request: S3Request) => boolean), S3Fault, RegExp, RegExp]>([
      ['parts', 'UploadPart', { status: 500, code: 'InternalError' }, /500 InternalError/, /try again later/],
      ['parts', secondPart, { status: 503, code: 'SlowDown' }, /asks for fewer requests/, /Try again later/],
      ['parts', secondPart, { status: 403, code: 'AccessDenied' }, /may not be used/, /right s3:PutObject/],
      ['parts', secondPart, { status: 400, code: 'ExpiredToken' }, /session token/, /Get new ones/],
      [
        'parts',
        secondPart,
        { status: 403, code: 'RequestTimeTooSkewed' },
        /clocks here and there/,
        /Set the clock/,
      ],
      ['the list of parts', 'ListParts', { status: 500, code: 'InternalError' }, /500/, /try again later/],
      [
        'the end',
        'CompleteMultipartUpload',
        { status: 500, code: 'InternalError' },
        /500/,
        /try again later/,
      ],
      ['the end', 'CompleteMultipartUpload', { status: 200, code: 'InternalError' }, /Internal/, /./],
      ['the manifest', manifest, { status: 500, code: 'InternalError' }, /500/, /try again later/],
      [
        'the manifest',
        manifest,
        { status: 403, code: 'AccessDenied' },
        /may not be used/,
        /right s3:PutObject/,
      ],
    ])('save: %s never succeed: %o', async (_, which, fault, reason, hint) => {
      const bucket = await trouble.server.newBucket();
      await using faults = await startS3Faults(trouble.server);
      faults.fail(which, fault, Infinity);
      const ran = await trouble.run(faults, bucket, ['save'], twice);
      expect(ran.stderr).toMatch(
        new RegExp(`save failed to write to the store: s3://${bucket}/backups/prod/\\S+`),
      );
      expect(ran.stderr).toMatch(reason);
      expect(ran.stderr).toMatch(hint);
      expect(ran.stderr).toContain('Nothing was stored. Exit 31');
      expect(ran.code).toBe(31);
      await expectSnapshots(trouble.root, bucket, 0);
    });

    it('wrong credentials are said to be wrong, by every command', async () => {
      const bucket = await trouble.server.newBucket();
      for (const [keys, reason] of [
        [
          { accessKey: randomBytes(10).toString('hex') },
          /does not know these credentials \(403 InvalidAccessKeyId/,
        ],
        [
          { secretKey: randomBytes(20).toString('hex') },
          /does not know these credentials \(403 SignatureDoesNot/,
        ],
      ] as const)
        for (const args of [['save'], ['list'], ['verify'], ['prune', '--keep-last', '1']]) {
          const ran = await trouble.run(trouble.server, bucket, args, {
            env: credentials({ ...trouble.server, ...keys }),
          });
          expect(ran.stderr).toMatch(reason);
          expect(ran.stderr).toContain(`s3://${bucket}/backups/prod/`);
          expect(ran.stderr).toContain('Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE');
          expect(ran.code).toBe(31);
        }
      expect(await objectsIn(trouble.root, bucket)).toEqual(new Map());
    });

    it.each([-1, 1])('a clock that is off by %i hours here does not stop a save', async hours => {
      const bucket = await trouble.server.newBucket();
      const clock = join(trouble.folder.path, `clock-${hours}.mjs`);
      await writeFile(clock, clockOff(hours * 3_600_000));
      await using faults = await startS3Faults(trouble.server);
      const ran = await trouble.run(faults, bucket, ['save'], { env: { NODE_OPTIONS: `--import=${clock}` } });
      expect(ran.code, ran.stderr).toBe(0);
      // The server refuses what it is told at another time, and its answer tells the right one.
      expect(faults.requests.map(({ status }) => status)).toContain(403);
      await expectSnapshots(trouble.root, bucket, 1);
    });

    const reads: [string[], string][] = [
      [['verify', '--level', 'object'], 'verify'],
      [['verify'], 'verify'],
      [['restore', '--output', 'never.db'], 'restore'],
    ];

    const whole = ({ kind, key }: S3Request) => kind === 'GetObject' && key.endsWith('.db');

    it.each<[S3Fault, RegExp]>([
      [{ status: 500, code: 'InternalError' }, /500 InternalError/],
      [{ status: 403, code: 'AccessDenied' }, /may not be used .* s3:GetObject/s],
      [{ status: 503, code: 'SlowDown' }, /asks for fewer requests/],
      [{ cutAfter: 0 }, /broke off after 0 of \d+ bytes|does not answer/],
    ])('what cannot be read is no verdict on the snapshot: %o', async (fault, reason) => {
      const before = await objectsIn(trouble.root, trouble.filled);
      // A broken download is taken up again many times.
      for (const [args, command] of 'cutAfter' in (fault as object) ? reads.slice(0, 1) : reads) {
        await using faults = await startS3Faults(trouble.server);
        faults.fail(whole, fault, Infinity);
        const ran = await trouble.run(faults, trouble.filled, args, twice);
        expect(ran.stderr).toContain(
          `${command} failed to read from the store: s3://${trouble.filled}/backups/prod/${trouble.id}.db`,
        );
        expect(ran.stderr).toMatch(reason);
        expect(ran.code).toBe(31);
      }
      expect(await objectsIn(trouble.root, trouble.filled)).toEqual(before);
      expect((await readdir(trouble.folder.path)).filter(file => file.includes('never'))).toEqual([]);
    });

    it.each<[string[], S3Kind, S3Fault]>([
      [['list'], 'ListObjectsV2', { status: 500, code: 'InternalError' }],
      [['list'], 'ListObjectsV2', { status: 503, code: 'SlowDown' }],
      [['prune', '--keep-last', '1'], 'ListObjectsV2', { status: 503, code: 'SlowDown' }],
      [['restore', '--output', 'never.db'], 'ListObjectsV2', { status: 400, code: 'ExpiredToken' }],
    ])('%j: what cannot be listed is told: %s %o', async (args, kind, fault) => {
      await using faults = await startS3Faults(trouble.server);
      faults.fail(kind, fault, Infinity);
      const ran = await trouble.run(faults, trouble.filled, args, twice);
      expect(ran.stderr).toContain(
        `${args[0]} failed to list the store: s3://${trouble.filled}/backups/prod/`,
      );
      expect(ran.stderr).toMatch(/try again later|Get new ones/i);
      expect(ran.code).toBe(31);
      // And after a moment it works.
      await using better = await startS3Faults(trouble.server);
      better.fail(kind, { status: 503, code: 'SlowDown' }, 2);
      expect((await trouble.run(better, trouble.filled, ['list'])).code).toBe(0);
    });

    it('prune: what cannot be removed is told, listed by nobody, and finished by the next run', async () => {
      const bucket = await trouble.server.newBucket();
      const saved: string[] = [];
      for (let at = 0; at < 2; at += 1)
        saved.push((await trouble.run(trouble.server, bucket, ['save', '--quiet'])).stdout.trim());
      const object = ({ kind, key }: S3Request) => kind === 'DeleteObject' && key.endsWith('.db');
      const prune = ['prune', '--keep-last', '1'];
      await using faults = await startS3Faults(trouble.server);
      faults.fail(object, { status: 503, code: 'SlowDown' }, 2);
      const failed = await trouble.run(faults, bucket, prune, twice);
      expect(failed.stderr).toMatch(
        /prune failed to remove from the store: s3:\S+\.db .*asks for fewer requests/,
      );
      expect(failed.code).toBe(31);
      const listed = await trouble.run(trouble.server, bucket, ['list', '--quiet']);
      expect(listed.stdout.trim()).toBe(saved[1]);
      faults.fail(object, 'lost answer');
      const finished = await trouble.run(faults, bucket, prune);
      expect(finished.stdout).toContain(`Finished: the removal of ${saved[0]}`);
      expect(finished.code).toBe(0);
      await expectSnapshots(trouble.root, bucket, 1);
      expect(
        [...(await objectsIn(trouble.root, bucket)).keys()].filter(key => key.includes(saved[0] ?? '?')),
      ).toEqual([]);
    });
  });

/** A module that moves the clock of a process. */
const clockOff = (milliseconds: number): string => `
  const { now } = Date;
  globalThis.Date = class extends Date {
    constructor(...given) {
      if (given.length === 0) super(now() + ${milliseconds});
      else super(...given);
    }
    static now() {
      return now() + ${milliseconds};
    }
  };`;
