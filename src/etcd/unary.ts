/** One call of our own messages as a promise. */
import type { CallOptions, Client } from '@grpc/grpc-js';
import type { Method } from './messages.ts';

/** Rejects with gRPC's raw error (refusal.ts reads it). */
export const unaryCall = <Request, Response>(
  grpc: Client,
  { path, serialize, deserialize }: Method<Request, Response>,
  request: Request,
  options: CallOptions,
): Promise<Response> =>
  new Promise((resolve, reject) => {
    grpc.makeUnaryRequest(path, serialize, deserialize, request, options, (error, response) => {
      if (response !== undefined) resolve(response);
      else reject(error ?? new Error('an answer without a message'));
    });
  });
