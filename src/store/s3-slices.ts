/** Sends bodies in slices, so that a slow upload is seen to move. */
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';

const slice = 64 * 1024;

/**
 * Node hands a body of megabytes to TLS in one piece and then sees nothing move until all of it is sent, so that the
 * idle time of the socket ends a part on a slow line. Done next to the socket, where the request is signed already and
 * each new try comes by again with the whole body.
 */
export const sendInSlices = ({ middlewareStack }: S3Client): void => {
  middlewareStack.add(
    next => args => {
      const request = args.request as { body?: unknown };
      if (!(request.body instanceof Uint8Array) || request.body.byteLength <= slice) return next(args);
      const body = Readable.from(slicesOf(request.body), { objectMode: false, highWaterMark: slice });
      const copy = Object.assign(Object.create(Object.getPrototypeOf(request)), request, { body });
      return next({ ...args, request: copy });
    },
    { step: 'deserialize', priority: 'low', name: 'sendInSlices' },
  );
};

function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += slice) yield bytes.subarray(at, at + slice);
}
