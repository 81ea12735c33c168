import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needGoProgram } from './support/go-programs.ts';
import { startS3Faults } from './support/s3-faults.ts';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { startToxiproxy, type Toxic } from './support/toxiproxy.ts';

const toxiproxy = await needGoProgram('toxiproxy');

describe.each(await testedS3Servers())('before $name', ({ missing, start }) => {
  let server: S3Server;
  let Bucket: string;
  beforeAll(async () => {
    if (missing) return;
    server = await start();
    Bucket = await server.newBucket();
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const through = async () => {
    const faults = await startS3Faults(server);
    const client = server.client({ endpoint: faults.endpoint });
    const dispose = async () => {
      client.destroy();
      await faults[Symbol.asyncDispose]();
    };
    return { faults, client, [Symbol.asyncDispose]: dispose };
  };

  test.skipIf(missing).each([false, true])('all passes and is counted (TLS: %s)', async tls => {
    await using secure = await start({ tls });
    await using faults = await startS3Faults(secure);
    const client = secure.client({ endpoint: faults.endpoint });
    const object = { Bucket: await secure.newBucket(), Key: 'fd/ü x' };
    await multipart(client, object);
    await client.send(new HeadObjectCommand(object));
    const got = await client.send(new GetObjectCommand(object));
    expect((await got.Body?.transformToByteArray())?.length).toBe(2 * part.length);
    const listed = await client.send(new ListObjectsV2Command({ Bucket: object.Bucket, Prefix: 'fd/' }));
    expect(listed.Contents?.map(({ Key }) => Key)).toEqual(['fd/ü x']);
    await client.send(new DeleteObjectCommand(object));
    client.destroy();
    expect(faults.requests.map(({ kind, key, part, status }) => [kind, key, part, status])).toEqual([
      ['CreateMultipartUpload', 'fd/ü x', null, 200],
      ['UploadPart', 'fd/ü x', 1, 200],
      ['UploadPart', 'fd/ü x', 2, 200],
      ['CompleteMultipartUpload', 'fd/ü x', null, 200],
      ['HeadObject', 'fd/ü x', null, 200],
      ['GetObject', 'fd/ü x', null, 200],
      ['ListObjectsV2', '', null, 200],
      ['DeleteObject', 'fd/ü x', null, 204],
    ]);
    expect(faults.count('GetObject', 'HeadObject')).toBe(2);
    expect(faults.count()).toBe(8);
  });

  test.skipIf(missing)('chosen requests get an error, and only so often', async () => {
    await using way = await through();
    const put = { Bucket, Key: 'slow', Body: 'words' };
    way.faults.fail('PutObject', { status: 503, code: 'SlowDown' }, 2);
    await way.client.send(new PutObjectCommand(put));
    expect(way.faults.requests.map(({ status }) => status)).toEqual([503, 503, 200]);
    way.faults.fail(({ key }) => key === 'slow', { status: 403, code: 'ExpiredToken' });
    await expect(way.client.send(new GetObjectCommand(put))).rejects.toMatchObject({ name: 'ExpiredToken' });
    await way.client.send(new GetObjectCommand(put));
    // S3 may fail at the end of what it has already answered with 200.
    way.faults.fail('CompleteMultipartUpload', { status: 200, code: 'InternalError' }, Infinity);
    const sent = multipart(way.client, { Bucket, Key: 'never' });
    await expect(sent).rejects.toMatchObject({ name: 'InternalError' });
  });

  test.skipIf(missing)('an answer is lost although all was done', async () => {
    await using way = await through();
    const put = { Bucket, Key: 'once', Body: 'words', IfNoneMatch: '*' };
    way.faults.fail('PutObject', 'lost answer');
    await expect(way.client.send(new PutObjectCommand(put))).rejects.toMatchObject({
      name: 'PreconditionFailed',
    });
    expect(way.faults.requests.map(({ status }) => status)).toEqual([null, 412]);
    way.faults.fail('CompleteMultipartUpload', 'lost answer');
    await multipart(way.client, { Bucket, Key: 'twice' }).catch(() => {});
    const there = await way.client.send(new HeadObjectCommand({ Bucket, Key: 'twice' }));
    expect(there.ContentLength).toBe(2 * part.length);
    expect(way.faults.count('CompleteMultipartUpload')).toBeGreaterThan(1);
  });

  test.skipIf(missing)('a body ends at the byte that was named', async () => {
    await using way = await through();
    await way.client.send(new PutObjectCommand({ Bucket, Key: 'long', Body: part }));
    way.faults.fail('GetObject', { cutAfter: 100_000 });
    const { Body } = await way.client.send(new GetObjectCommand({ Bucket, Key: 'long' }));
    expect(await arrived(Body)).toMatchObject({ bytes: 100_000, error: { code: 'ECONNRESET' } });
  });

  test.skipIf(missing)('a clock is off', async () => {
    await using way = await through();
    const put = () => way.client.send(new PutObjectCommand({ Bucket, Key: 'late', Body: 'words' }));
    await put();
    way.faults.skew(3_600_000);
    const answer = await fetch(way.faults.endpoint);
    const date = Date.parse(answer.headers.get('date') ?? '');
    expect(date - Date.now()).toBeGreaterThan(3_000_000);
    // The SDK believes the answer's clock, and then the server does not believe the SDK's.
    await put();
    await expect(put()).rejects.toMatchObject({ name: 'RequestTimeTooSkewed' });
  });

  test.skipIf(missing || toxiproxy === null)('toxiproxy delays, stalls, slows and breaks', async () => {
    await using proxy = await startToxiproxy(toxiproxy ?? '', server.endpoint);
    const put = { Bucket, Key: 'far', Body: part };
    const get = async (toxic?: Toxic, patience = 60_000) => {
      await using _ = toxic ? await proxy.add('downstream', toxic) : null;
      const client = server.client({ endpoint: proxy.endpoint, attempts: 1 });
      try {
        const abortSignal = AbortSignal.timeout(patience);
        const { Body } = await client.send(new GetObjectCommand(put), { abortSignal });
        return await arrived(Body);
      } catch (error) {
        return { bytes: null, error };
      } finally {
        client.destroy();
      }
    };
    const all = { bytes: part.length, error: null };
    const direct = server.client();
    await direct.send(new PutObjectCommand(put));
    direct.destroy();
    expect(await get()).toEqual(all);
    expect(await get({ type: 'latency', attributes: { latency: 50, jitter: 10 } })).toEqual(all);
    const aborted = { bytes: null, error: { name: 'AbortError' } };
    expect(await get({ type: 'latency', attributes: { latency: 600_000 } }, 1000)).toMatchObject(aborted);
    expect(await get({ type: 'timeout', attributes: { timeout: 0 } }, 1000)).toMatchObject(aborted);
    const reset = { error: { code: 'ECONNRESET' } };
    expect(await get({ type: 'timeout', attributes: { timeout: 100 } })).toMatchObject(reset);
    expect(await get({ type: 'reset_peer', attributes: { timeout: 100 } })).toMatchObject(reset);
    const limited = await get({ type: 'limit_data', attributes: { bytes: 100_000 } });
    expect(limited).toMatchObject(reset);
    expect(limited.bytes).toBeLessThanOrEqual(100_000);
    const modem = await get({ type: 'bandwidth', attributes: { rate: 100 } }, 3000);
    expect(modem.error).not.toBeNull();
    expect(await get()).toEqual(all);
  });
});

const part = Buffer.alloc(5 * 1024 * 1024, 'part');

const multipart = async (client: S3Client, object: { Bucket: string; Key: string }) => {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(object));
  const upload = { ...object, UploadId };
  try {
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body: part }));
      Parts.push({ PartNumber, ETag });
    }
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => {});
    throw error;
  }
};

/** Reads all that comes. */
const arrived = async (body: unknown): Promise<{ bytes: number; error: unknown }> => {
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
    return { bytes, error: null };
  } catch (error) {
    return { bytes, error };
  }
};
