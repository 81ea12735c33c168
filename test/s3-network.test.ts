/** A network that is slow, stalls, or wants a proxy. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needGoProgram } from './support/go-programs.ts';
import type { S3Server } from './support/s3-server.ts';
import { testedS3Servers } from './support/s3-servers.ts';
import { openBucket, useCredentials } from './support/s3-store.ts';
import { startToxiproxy } from './support/toxiproxy.ts';

const { signal } = new AbortController();
const toxiproxy = await needGoProgram('toxiproxy');
const part = 5 * 1024 ** 2;

for (const { name, missing, start } of await testedS3Servers())
  describe.skipIf(missing || toxiproxy === null)(`the network to ${name}`, () => {
    let server: S3Server;

    beforeAll(async () => {
      server = await start({ tls: true });
      useCredentials(server);
    });
    afterAll(() => server?.[Symbol.asyncDispose]());

    test('a network that stalls in the middle ends each request after the idle time, not the command', async () => {
      await using network = await startToxiproxy(toxiproxy ?? '', server.endpoint);
      const bucket = await server.newBucket();
      const settings = { idleTimeout: 300 };
      await using opened = await openBucket({ ...server, endpoint: network.endpoint }, bucket, { settings });
      await opened.store.put('prod/x', Buffer.from('x'), { signal });
      await using _ = await network.add('downstream', { type: 'timeout', attributes: { timeout: 0 } });
      const silent = { code: 'store', reason: expect.stringContaining('does not answer') };
      await expect(opened.store.clusters({ signal })).rejects.toMatchObject(silent);
      await expect(opened.store.get('prod/x', { signal })).rejects.toMatchObject(silent);
      const body = Readable.from([randomBytes(part + 1)]);
      await expect(opened.store.put('prod/y', body, { signal })).rejects.toMatchObject(silent);
    });

    test('an upload that is slow but moves is not idle', async () => {
      await using network = await startToxiproxy(toxiproxy ?? '', server.endpoint);
      const bucket = await server.newBucket();
      // A part takes several times as long as nothing may move, and far more than what the kernel's buffers hold.
      const settings = { idleTimeout: 3_000 };
      await using opened = await openBucket({ ...server, endpoint: network.endpoint }, bucket, { settings });
      await using _ = await network.add('upstream', { type: 'bandwidth', attributes: { rate: 5_000 } });
      const bytes = randomBytes(32 * 1024 ** 2);
      const atMost = 10_000 * 40 * 1024 ** 2;
      await opened.store.put('prod/x', Readable.from([bytes]), { signal, atMost });
      expect((await buffer(await opened.store.get('prod/x', { signal }))).equals(bytes)).toBe(true);
    });

    test('a download that stalls goes on where it was', async () => {
      await using line = await startLine(server.endpoint);
      const bucket = await server.newBucket();
      const settings = { idleTimeout: 500 };
      await using opened = await openBucket({ ...server, endpoint: line.endpoint }, bucket, { settings });
      const bytes = randomBytes(40_000_000);
      await opened.store.put('prod/x', bytes, { signal });
      const chunks: Buffer[] = [];
      const before = line.connections();
      for await (const chunk of await opened.store.get('prod/x', { signal })) {
        chunks.push(chunk);
        if (chunks.length === 1) line.stall();
      }
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
      expect(line.connections()).toBeGreaterThan(before);
    });

    test('a proxy of the environment is used, and NO_PROXY goes around it', async () => {
      const tunnels: string[] = [];
      const proxy = createServer();
      proxy.on('connect', (request, socket, head) => {
        tunnels.push(request.url ?? '');
        const { hostname, port } = new URL(server.endpoint);
        const onward = connect(Number(port), hostname, () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          onward.write(head);
          onward.pipe(socket).pipe(onward);
        });
        onward.on('error', () => socket.destroy());
        socket.on('error', () => onward.destroy());
      });
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      const bucket = await server.newBucket();
      try {
        process.env.HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
        {
          await using opened = await openBucket(server, bucket);
          await opened.store.put('prod/x', Buffer.from('x'), { signal });
        }
        expect(tunnels).toEqual(expect.arrayContaining([new URL(server.endpoint).host]));
        tunnels.length = 0;
        process.env.NO_PROXY = '127.0.0.1';
        await using opened = await openBucket(server, bucket);
        expect((await buffer(await opened.store.get('prod/x', { signal }))).toString()).toBe('x');
        expect(tunnels).toEqual([]);
      } finally {
        delete process.env.HTTPS_PROXY;
        delete process.env.NO_PROXY;
        proxy.close();
        proxy.closeAllConnections();
      }
    });
  });

/** A line to the server; `stall` silences the connections that there are, and new ones work. */
const startLine = async (endpoint: string) => {
  const { hostname, port, protocol } = new URL(endpoint);
  const open = new Set<Socket>();
  let connections = 0;
  const line = createTcpServer(client => {
    connections += 1;
    const onward = connect(Number(port), hostname);
    for (const [from, to] of [
      [client, onward],
      [onward, client],
    ] as const) {
      open.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  line.listen(0, '127.0.0.1');
  await once(line, 'listening');
  return {
    endpoint: `${protocol}//127.0.0.1:${(line.address() as AddressInfo).port}`,
    connections: () => connections,
    stall: () => {
      for (const socket of open) socket.unpipe().pause();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      line.close();
    },
  };
};
