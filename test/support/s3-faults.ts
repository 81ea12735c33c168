/** An HTTP proxy before an S3 server that counts what is asked, and answers wrongly where a test wants it. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { readS3Request, type S3Kind, type S3Request } from './s3-request.ts';
import type { S3Server } from './s3-server.ts';

export type S3Fault =
  /** The server never hears of it; the client gets an error of this code. A status of 200 has it in its body. */
  | { status: number; code: string }
  /** The server does it, and its answer is lost: the connection ends in place of it. */
  | 'lost answer'
  /** The connection ends after so many bytes of the answer's body. */
  | { cutAfter: number };

export type S3Faults = {
  /** In place of the server's own; plain http. Signatures hold, as the client signs the address that it asks. */
  endpoint: string;
  /** Every request that came, in order; `status` is null where the client got no whole answer, or not yet. */
  requests: (S3Request & { status: number | null })[];
  /** How many requests of these kinds came; of all kinds when none is named. */
  count(...kinds: S3Kind[]): number;
  /** The next `times` requests of a kind, or for which a function says so, meet the fault. */
  fail(which: S3Kind | ((request: S3Request) => boolean), fault: S3Fault, times?: number): void;
  /** Moves the Date of every answer by so many milliseconds: a client sees a clock that is off. */
  skew(milliseconds: number): void;
  /** Ends all connections. */
  [Symbol.asyncDispose](): Promise<void>;
};

export const startS3Faults = async (server: Pick<S3Server, 'endpoint' | 'ca'>): Promise<S3Faults> => {
  const { hostname, port, protocol } = new URL(server.endpoint);
  const { request, Agent } = protocol === 'https:' ? https : http;
  const ca = server.ca === null ? undefined : await readFile(server.ca, 'utf8');
  const agent = new Agent({ keepAlive: true, ca });
  const requests: S3Faults['requests'] = [];
  const planned: { fits(request: S3Request): boolean; fault: S3Fault; left: number }[] = [];
  let skewed = 0;

  const proxy = http.createServer((incoming, answer) => {
    const { method = '', url: path = '', headers, rawHeaders } = incoming;
    const seen = { ...readS3Request(method, path, headers), status: null as number | null };
    requests.push(seen);
    answer.sendDate = false;
    answer.on('finish', () => {
      seen.status = answer.statusCode;
    });
    const plan = planned.find(({ fits, left }) => left > 0 && fits(seen));
    if (plan) plan.left--;
    const fault = plan?.fault;
    if (fault && typeof fault === 'object' && 'status' in fault) {
      incoming.resume().on('end', () => refuse(answer, fault));
      return;
    }
    const onward = request({ hostname, port, method, path, headers: rawHeaders, agent }, given => {
      given.on('error', () => answer.destroy());
      if (fault === 'lost answer') {
        given.resume().on('end', () => answer.destroy());
        return;
      }
      answer.writeHead(given.statusCode ?? 502, withDate(given.rawHeaders, skewed));
      if (fault) cut(given, answer, fault.cutAfter);
      else given.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');

  return {
    endpoint: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    requests,
    count: (...kinds) => requests.filter(({ kind }) => kinds.length === 0 || kinds.includes(kind)).length,
    fail: (which, fault, times = 1) => {
      const fits = typeof which === 'function' ? which : ({ kind }: S3Request) => kind === which;
      planned.push({ fits, fault, left: times });
    },
    skew: milliseconds => {
      skewed = milliseconds;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(proxy, 'close');
      proxy.close();
      proxy.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
};

const refuse = (answer: http.ServerResponse, { status, code }: { status: number; code: string }): void => {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>said by the test</Message></Error>`;
  answer.sendDate = true;
  answer.writeHead(status, { 'content-type': 'application/xml' }).end(text);
};

/** Headers as Node has them raw: names and values in turn. */
const withDate = (raw: string[], skewed: number): string[] =>
  raw.map((value, index) => {
    const isDate = index % 2 === 1 && raw[index - 1]?.toLowerCase() === 'date';
    return isDate ? new Date(Date.parse(value) + skewed).toUTCString() : value;
  });

const cut = (given: http.IncomingMessage, answer: http.ServerResponse, bytes: number): void => {
  let left = bytes;
  given.on('data', (chunk: Buffer) => {
    if (left < 0) return;
    const kept = chunk.subarray(0, left);
    left -= chunk.length;
    if (left > 0) {
      answer.write(kept);
      return;
    }
    left = -1;
    // Written out before the end, so that the client gets all of them.
    answer.write(kept, () => answer.destroy());
  });
  given.on('end', () => answer.end());
};
