/** `snapback doctor` on a bucket: what is wrong is one line with what mends it, and nothing is left behind. */
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DoctorResult } from '../src/job/doctor.ts';
import { examineStore } from '../src/job/doctor-store.ts';
import { silentLog } from '../src/log.ts';
import type { Document } from './support/kept-store.ts';
import { startS3Faults } from './support/s3-faults.ts';
import { policyOf } from './support/s3-policies.ts';
import type { S3Access, S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { openBucket, useCredentials } from './support/s3-store.ts';
import { snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const { signal } = new AbortController();
const everyName = await lookup('snapback-any.localhost').then(
  () => true,
  () => false,
);

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing)(`doctor on ${name}`, () => {
    let server: S3Server;
    let tls: S3Server;
    let folder: TemporaryFolder;
    beforeAll(async () => {
      folder = await temporaryFolder();
      server = await start();
      tls = await start({ tls: true });
      useCredentials(server);
    });
    afterAll(async () => {
      await server?.[Symbol.asyncDispose]();
      await tls?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    });

    type Options = { env?: NodeJS.ProcessEnv; endpoint?: string };
    const doctor = async (
      bucket: string,
      args: string[] = [],
      { env, endpoint = server.endpoint }: Options = {},
    ) => {
      const words = ['doctor', '--store', `s3://${bucket}/backups`, '--s3-endpoint', endpoint, ...args];
      const ran = await snapback([...words, '--json'], { cwd: folder.path, env });
      const document: Document<DoctorResult> = JSON.parse(ran.stdout);
      const of = Object.fromEntries(document.result.checks.map(check => [check.name, check]));
      const not = (...status: string[]) =>
        document.result.checks.filter(check => !status.includes(check.status)).map(check => check.name);
      return { ...ran, result: document.result, of, not };
    };
    const as = ({ accessKey, secretKey, sessionToken }: S3Access) => ({
      AWS_ACCESS_KEY_ID: accessKey,
      AWS_SECRET_ACCESS_KEY: secretKey,
      AWS_SESSION_TOKEN: sessionToken ?? '',
    });
    /** Objects, old versions, markers and unfinished uploads. */
    const left = async (Bucket: string, of = server): Promise<string[]> => {
      const client = of.client();
      try {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
        const kept = await client.send(new ListObjectVersionsCommand({ Bucket }));
        const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
        const all = [...Contents, ...(kept.Versions ?? []), ...(kept.DeleteMarkers ?? []), ...Uploads];
        return all.map(({ Key = '' }) => Key);
      } finally {
        client.destroy();
      }
    };

    test('a bucket that is well', async () => {
      const bucket = await server.newBucket();
      const { code, of, not } = await doctor(bucket);
      expect(not('pass')).toEqual([]);
      expect(code).toBe(0);
      expect(of.reached?.detail).toBe(`${server.endpoint}, region us-east-1, path style`);
      expect(of['write once']?.detail).toBe('conditional writes: yes');
      expect(of['object lock']?.detail).toBe('none asked for; the bucket has none');
      const known = { versitygw: 'passes over --s3-sse in silence', minio: 'knows --s3-sse AES256' };
      expect(of.encryption?.detail).toContain(known[name]);
      expect(await left(bucket)).toEqual([]);
    });

    test('with versions nothing is left either', async () => {
      const bucket = await server.newBucket({ versioning: true });
      expect((await doctor(bucket)).not('pass')).toEqual([]);
      expect(await left(bucket)).toEqual([]);
    });

    describe('one failure, and the rest is not tried', () => {
      const alone = async (found: Awaited<ReturnType<typeof doctor>>, detail: RegExp, hint: RegExp) => {
        expect(found.code).toBe(31);
        expect(found.not('skipped', 'pass')).toEqual(['reached']);
        expect(found.of.reached?.detail).toMatch(detail);
        expect(found.of.reached?.hint).toMatch(hint);
        expect(found.of.put?.status).toBe('skipped');
        expect(found.result.mends).toEqual({});
      };

      test('no bucket, a wrong key, nobody there, no authority', async () => {
        const bucket = await server.newBucket();
        await alone(await doctor('not-made-yet'), /there is no bucket not-made-yet/, /make the bucket first/);
        const env = { AWS_SECRET_ACCESS_KEY: 'wrong' };
        await alone(
          await doctor(bucket, [], { env }),
          /does not know these credentials/,
          /AWS_SECRET_ACCESS_KEY/,
        );
        const endpoint = 'http://127.0.0.1:1';
        await alone(await doctor(bucket, [], { endpoint }), /does not answer/, /--s3-endpoint/);
        await using faults = await startS3Faults(server);
        faults.fail(() => true, { status: 404, code: '' }, Number.POSITIVE_INFINITY);
        await alone(await doctor(bucket, [], faults), /may be no S3 server/, /--s3-endpoint/);
        const other = { env: as(tls), endpoint: tls.endpoint };
        await alone(await doctor('any-bucket', [], other), /unknown authority/, /--s3-ca FILE/);
      });

      test('what is right beside what is wrong is told with it', async () => {
        const wrong = { env: as(tls), endpoint: tls.endpoint.replace('https', 'http') };
        await alone(
          await doctor('any-bucket', [], wrong),
          /unknown authority/,
          /^That is with --s3-endpoint https:/,
        );
      });
    });

    describe('settings that mend it', () => {
      const mended = async (
        bucket: string,
        found: Awaited<ReturnType<typeof doctor>>,
        mends: Record<string, string>,
      ) => {
        expect(found.code).toBe(31);
        expect(found.not('pass')).toEqual(['reached']);
        expect(found.of.reached?.mends).toEqual(mends);
        expect(found.result.mends).toEqual(mends);
        expect(await left(bucket)).toEqual([]);
      };

      test('https for http, the bucket in the address', async () => {
        const bucket = await server.newBucket();
        const endpoint = server.endpoint.replace('http', 'https');
        await mended(bucket, await doctor(bucket, [], { endpoint }), { 's3-endpoint': server.endpoint });
        const inPath = await doctor(bucket, [], { endpoint: `${server.endpoint}/${bucket}` });
        await mended(bucket, inPath, { 's3-endpoint': server.endpoint });
        const console = await doctor(bucket, [], { endpoint: `${server.endpoint}/browser/x` });
        await mended(bucket, console, { 's3-endpoint': server.endpoint });
      });

      // Some systems know every name below localhost, and servers there take the bucket for none.
      test.skipIf(everyName)('the bucket in the host name', async () => {
        const bucket = await server.newBucket();
        const endpoint = server.endpoint.replace('127.0.0.1', 'localhost');
        const hosted = await doctor(bucket, ['--s3-path-style=false'], { endpoint });
        await mended(bucket, hosted, { 's3-path-style': 'true' });
      });

      test('http for https', async () => {
        const bucket = await tls.newBucket();
        const wrong = { env: as(tls), endpoint: tls.endpoint.replace('https', 'http') };
        const { result, not } = await doctor(bucket, ['--s3-ca', tls.ca ?? ''], wrong);
        expect(not('pass')).toEqual(['reached']);
        expect(result.mends).toEqual({ 's3-endpoint': tls.endpoint });
        expect(await left(bucket, tls)).toEqual([]);
      });

      // MinIO takes any region.
      if (name === 'versitygw')
        test('another region, and the file that says so', async () => {
          const bucket = await server.newBucket();
          const args = ['--s3-region', 'eu-west-9', '--write-config', 'region.yaml'];
          await mended(bucket, await doctor(bucket, args), { 's3-region': 'us-east-1' });
          expect(await readFile(join(folder.path, 'region.yaml'), 'utf8')).toContain(
            's3-region: us-east-1\n',
          );
          const again = await snapback(['doctor', '--config', 'region.yaml'], { cwd: folder.path });
          expect(again.code).toBe(0);
        });

      test('checksums that the server does not know', async () => {
        const bucket = await server.newBucket();
        await using faults = await startS3Faults(server);
        const refuses = { status: 400, code: 'InvalidArgument' };
        faults.fail(
          ({ method, checksum }) => method !== 'GET' && checksum,
          refuses,
          Number.POSITIVE_INFINITY,
        );
        const args = ['--s3-checksums', 'when_supported'];
        const { code, result, not, of } = await doctor(bucket, args, faults);
        expect(code).toBe(31);
        expect(not('pass')).toEqual(['put']);
        expect(of.put?.hint).toBe('It can be written with --s3-checksums when_required.');
        expect(result.mends).toEqual({ 's3-checksums': 'when_required' });
        expect(await left(bucket)).toEqual([]);
      });
    });

    test('encryption that is asked for', async () => {
      const bucket = await server.newBucket();
      const { code, of, not } = await doctor(bucket, ['--s3-sse', 'AES256']);
      if (name === 'minio') {
        expect(not('pass')).toEqual([]);
        expect(of.encryption?.detail).toBe('AES256, as the server says itself');
      } else {
        expect(code).toBe(31);
        expect(not('pass')).toEqual(['encryption']);
        expect(of.encryption?.detail).toContain('did not encrypt with AES256');
      }
      expect(await left(bucket)).toEqual([]);
    });

    describe('object lock', () => {
      test('asked for in a bucket without', async () => {
        const bucket = await server.newBucket();
        const { code, not, of } = await doctor(bucket, ['--s3-object-lock', 'governance:30d']);
        expect(code).toBe(31);
        expect(not('pass')).toEqual(['object lock']);
        expect(of['object lock']?.hint).toContain('Object lock is switched on when a bucket is made');
        expect(await left(bucket)).toEqual([]);
      });

      test.each(['governance:30d', 'compliance:30d', 'legal-hold'])(
        '%s is seen, and ended again',
        async lock => {
          const bucket = await server.newBucket({ lock: true });
          const { not, of } = await doctor(bucket, ['--s3-object-lock', lock]);
          expect(not('pass')).toEqual([]);
          expect(of['object lock']?.detail).toBe(
            `${lock.replace(/:.*/, '')}, really set: a removal is refused`,
          );
          expect(await left(bucket)).toEqual([]);
        },
      );

      test('of a bucket that locks for days on its own is not what is written for a trial', async () => {
        const bucket = await server.newBucket({ lock: true });
        const client = server.client();
        const DefaultRetention = { Mode: 'COMPLIANCE', Days: 30 } as const;
        await client.send(
          new PutObjectLockConfigurationCommand({
            Bucket: bucket,
            ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention } },
          }),
        );
        client.destroy();
        const { not, of } = await doctor(bucket);
        expect(not('pass')).toEqual([]);
        expect(of['object lock']?.detail).toContain('(compliance, 30 d)');
        expect(await left(bucket)).toEqual([]);
      });
    });

    test('a clock that is off', async () => {
      const bucket = await server.newBucket();
      await using faults = await startS3Faults(server);
      faults.skew(-10 * 60_000);
      const { code, not, of } = await doctor(bucket, [], faults);
      expect(code).toBe(0);
      expect(not('pass')).toEqual(['clock']);
      expect(of.clock).toMatchObject({
        status: 'warning',
        detail: expect.stringMatching(/min behind this machine/),
      });
    });

    test('rights that are missing are called as S3 calls them, and by what needs them', async () => {
      const bucket = await server.newBucket();
      const arn = `arn:aws:s3:::${bucket}`;
      const role = (...Action: string[]) =>
        server.withRole({
          Version: '2012-10-17',
          Statement: [{ Effect: 'Allow', Action, Resource: [arn, `${arn}/*`] }],
        });
      const writer = await role('s3:PutObject', 's3:ListBucket', 's3:AbortMultipartUpload');
      const writing = await doctor(bucket, [], { env: as(writer) });
      expect(writing.code).toBe(0);
      expect(writing.of.get).toMatchObject({
        status: 'warning',
        detail: expect.stringContaining('restore'),
        hint: expect.stringContaining('s3:GetObject'),
      });
      expect(writing.of.delete).toMatchObject({
        status: 'warning',
        hint: expect.stringContaining('s3:DeleteObject'),
      });
      expect(writing.of.multipart?.status).toBe('skipped');
      const [stays, ...more] = new Set(await left(bucket));
      expect(more).toEqual([]);
      expect(writing.of.delete?.detail).toContain(stays?.replace('backups/', ''));

      const reader = await doctor(bucket, [], { env: as(await role('s3:GetObject', 's3:ListBucket')) });
      expect(reader.code).toBe(31);
      expect(reader.not('pass', 'skipped')).toEqual(['put']);
      expect(reader.of.put?.hint).toContain('s3:PutObject');
    });

    test('the writer of the documentation with what its doctor needs', async () => {
      const bucket = await server.newBucket();
      const of = { bucket, prefix: 'backups' };
      const [writer, trial] = [await policyOf('writer', of), await policyOf('doctor', of)];
      const refused = await doctor(bucket, [], { env: as(await server.withRole(writer)) });
      expect(refused.not('pass', 'skipped')).toEqual(['put']);
      expect(refused.of.put?.hint).toContain('docs/s3-policies/doctor.json');
      const both = { ...writer, Statement: [...writer.Statement, ...trial.Statement] };
      const { code, not, of: found } = await doctor(bucket, [], { env: as(await server.withRole(both)) });
      expect(code).toBe(0);
      expect(not('pass')).toEqual(['abort']);
      expect(found.abort?.hint).toContain('s3:ListBucketMultipartUploads');
      expect(await left(bucket)).toEqual([]);
    });

    test('an upload of a doctor that was killed is aborted by the next, once it is old', async () => {
      const bucket = await server.newBucket();
      const client = server.client();
      for (const file of ['doctor.20261101T000000Z-0a1b2c.parts', 'doctor.of-somebody-else'])
        await client.send(
          new CreateMultipartUploadCommand({ Bucket: bucket, Key: `backups/default/${file}` }),
        );
      client.destroy();
      await doctor(bucket);
      expect(await left(bucket)).toHaveLength(2);
      await using opened = await openBucket(server, bucket, { prefix: 'backups' });
      const inTwoHours = async () => new Date(Date.now() + 2 * 3_600_000);
      const context = { signal, log: silentLog, notify: () => {}, progress: () => {} };
      const checks = await examineStore({ ...opened.store, now: inTwoHours }, 'default', context);
      expect(checks.at(-1)).toMatchObject({
        name: 'leftovers',
        detail: expect.stringContaining('default/doctor.20261101T000000Z-0a1b2c.parts'),
      });
      expect(await left(bucket)).toEqual(['backups/default/doctor.of-somebody-else']);
    });

    test('interrupted in the middle it leaves nothing', async () => {
      const bucket = await server.newBucket();
      await using faults = await startS3Faults(server);
      let interrupt = () => {};
      faults.fail(({ kind, part }) => {
        // Once: a second signal means that nothing is to be waited for.
        if (kind === 'UploadPart' && part === 1) interrupt();
        return false;
      }, 'lost answer');
      const args = ['doctor', '--store', `s3://${bucket}`, '--s3-endpoint', faults.endpoint];
      const ran = await snapback(args, {
        cwd: folder.path,
        started: (_, kill) => {
          interrupt = () => kill('SIGINT');
        },
      });
      expect(ran.code).toBe(130);
      expect(ran.stdout).toBe('');
      expect(faults.count('UploadPart')).toBeGreaterThan(0);
      expect(await left(bucket)).toEqual([]);
    });
  });
