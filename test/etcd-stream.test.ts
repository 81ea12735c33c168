/** What may come over the wire in place of a snapshot, byte by byte and as HTTP/2, from a server that is no etcd. */
import { constants, type ServerHttp2Stream } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { openClient } from '../src/etcd/client.ts';
import { openSnapshot } from '../src/etcd/snapshot.ts';
import { snapshotMessages } from '../src/etcd/snapshot-messages.ts';
import { http2Answers } from './support/http2-answers.ts';
import { rejection } from './support/rejection.ts';

const message = (...fields: (number | Buffer)[]): Buffer => {
  const content = Buffer.concat(
    fields.map(field => (typeof field === 'number' ? Buffer.from([field]) : field)),
  );
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(content.length, 1);
  return Buffer.concat([prefix, content]);
};
const remaining = (...varint: number[]) => Buffer.from([0x10, ...varint]);
const blob = (bytes: Buffer) => Buffer.concat([Buffer.from([0x1a, bytes.length]), bytes]);
const version = (text: string) => Buffer.concat([Buffer.from([0x22, text.length]), Buffer.from(text)]);

const read = (bytes: Buffer, pieceSize: number) => {
  const passed: Buffer[] = [];
  let first: { total: number; version: string | null } | null = null;
  const { read } = snapshotMessages({
    onFirst: it => {
      expect(passed).toEqual([]);
      first = it;
    },
    onBytes: (chunk, from, to) => passed.push(Buffer.from(chunk.subarray(from, to))),
  });
  for (let at = 0; at < bytes.length; at += pieceSize) read(Buffer.from(bytes.subarray(at, at + pieceSize)));
  return { first, bytes: Buffer.concat(passed).toString() };
};

describe('the messages of a snapshot', () => {
  const header = Buffer.from([0x0a, 2, 8, 1]);
  const wire = Buffer.concat([
    message(header, remaining(0xac, 0x02), blob(Buffer.from('first,')), version('3.6.0')),
    // Of types that no etcd sends today: a number, eight bytes, some bytes, four bytes.
    message(0x28, 0xff, 0x01, 0x31, Buffer.alloc(8), 0x3a, 3, Buffer.alloc(3), 0x45, Buffer.alloc(4)),
    message(),
    message(blob(Buffer.from('second,')), remaining(0)),
    message(remaining(0), blob(Buffer.from('last'))),
  ]);

  it.each([1, 2, 3, 7, 1000])('are read in pieces of %i bytes', pieceSize => {
    expect(read(wire, pieceSize)).toEqual({
      first: { total: 306, version: '3.6.0' },
      bytes: 'first,second,last',
    });
  });

  it('tell the total whatever comes first in the first one', () => {
    const turned = message(version('3.7.0'), blob(Buffer.from('xy')), remaining(5));
    expect(read(turned, 1).first).toEqual({ total: 7, version: '3.7.0' });
    expect(read(message(blob(Buffer.from('xy'))), 1).first).toEqual({ total: 2, version: null });
  });

  it.each([
    ['is compressed', Buffer.from([1, 0, 0, 0, 0]), 'a compressed message'],
    ['is too large', Buffer.from([0, 0, 0x40, 0, 1]), 'a message of 4194305 bytes'],
    ['ends in a number', message(0x10, 0x80), 'a field that goes beyond its message'],
    ['ends before its bytes do', message(0x1a, 3, 1, 2), 'a field that goes beyond its message'],
    ['ends before eight bytes do', message(0x31, Buffer.alloc(7)), 'a field that goes beyond its message'],
    ['has a number without an end', message(0x10, Buffer.alloc(11, 0xff)), 'a number of more than ten bytes'],
    ['has a version that is none', message(version('x'.repeat(100))), 'a version that is none'],
    ['has a field of no type', message(0x13, 0), 'a field of the type 3'],
    [
      'tells a size beyond all numbers',
      message(remaining(...Array(9).fill(0xff), 1)),
      '18446744073709551615',
    ],
  ])('are refused where one %s', (_, bytes, reason) => {
    for (const pieceSize of [1, 1000])
      expect(() => read(bytes, pieceSize)).toThrow(
        expect.objectContaining({ code: 'etcd', reason: expect.stringContaining(reason) }),
      );
  });
});

describe('a server that answers with', () => {
  const { signal } = new AbortController();
  const grpc = { ':status': 200, 'content-type': 'application/grpc' };

  const failure = async (answer: (stream: ServerHttp2Stream) => void) => {
    await using server = await http2Answers(answer);
    await using client = await openClient(server.settings, server.endpoint, { signal });
    return await rejection(
      (async () => {
        await using snapshot = await openSnapshot(client, { signal, idleTimeout: 30_000 });
        await buffer(snapshot.body);
      })(),
    );
  };
  const begin = (stream: ServerHttp2Stream, trailers: Record<string, string> | null) => {
    stream.respond(grpc, { waitForTrailers: trailers !== null });
    if (trailers) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.write(message(remaining(0xff, 0x7f), blob(Buffer.from('some'))));
  };

  it('a status in its headers', async () => {
    const error = await failure(stream =>
      stream.respond(
        { ...grpc, 'grpc-status': '13', 'grpc-message': 'a%20disk is%C3%A9' },
        { endStream: true },
      ),
    );
    expect(error).toMatchObject({ code: 'etcd', reason: 'answered: a disk isé' });
  });

  it('a status in its trailers', async () => {
    const error = await failure(stream => {
      begin(stream, { 'grpc-status': '2', 'grpc-message': 'etcdserver: 100% wrong' });
      stream.end();
    });
    expect(error.reason).toBe('answered: etcdserver: 100% wrong, after 4 B of 16 KiB');
  });

  it('an end without a status', async () => {
    const error = await failure(stream => {
      begin(stream, null);
      stream.end();
    });
    expect(error.reason).toMatch(/^closed or lost the connection \(.*, after 4 B of 16 KiB$/);
  });

  it('an end and a status, and less than it announced', async () => {
    const error = await failure(stream => {
      begin(stream, { 'grpc-status': '0' });
      stream.end();
    });
    expect(error.reason).toBe('ended the stream early, after 4 B of 16 KiB');
  });

  it('a reset', async () => {
    for (const code of [
      constants.NGHTTP2_NO_ERROR,
      constants.NGHTTP2_INTERNAL_ERROR,
      constants.NGHTTP2_CANCEL,
    ]) {
      const error = await failure(stream => {
        begin(stream, null);
        setTimeout(() => stream.close(code), 50);
      });
      expect(error.reason).toMatch(/^closed or lost the connection \(.*, after 4 B of 16 KiB$/);
    }
  });

  it('a word that it goes away', async () => {
    const error = await failure(stream => {
      begin(stream, null);
      setTimeout(() => stream.session?.goaway(constants.NGHTTP2_INTERNAL_ERROR), 50);
    });
    expect(error.reason).toMatch(/^closed or lost the connection \(.*, after 4 B of 16 KiB$/);
  });

  it('what is no gRPC', async () => {
    const html = { 'content-type': 'text/html' };
    const missing = await failure(stream => stream.respond({ ':status': 404, ...html }, { endStream: true }));
    expect(missing.reason).toBe(
      'does not know this call (HTTP status 404 and content of the type text/html)',
    );
    const away = await failure(stream => stream.respond({ ':status': 503, ...html }, { endStream: true }));
    expect(away.reason).toMatch(/^closed or lost the connection \(HTTP status 503/);
    const page = await failure(stream => {
      stream.respond({ ':status': 200, ...html });
      stream.end('<html>');
    });
    expect(page.reason).toContain('HTTP status 200 and content of the type text/html');
  });
});
