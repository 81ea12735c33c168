/** TCP listeners of the loopback interface that behave badly. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

export type Listener = { address: string; [Symbol.asyncDispose](): Promise<void> };

/** One that handles each connection as it is told. */
export const listener = async (handle: (socket: Socket) => void): Promise<Listener> => {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    handle(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise(done => server.close(done));
    },
  };
};

/** One that takes every connection, reads all and says nothing. */
export const silentListener = (): Promise<Listener> => listener(socket => socket.resume());

/** One that answers in HTTP/1, as etcd's peer and metrics ports do. */
export const http1Listener = (): Promise<Listener> =>
  listener(socket => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));

/** One whose process is stopped and whose backlog is full: the kernel swallows every further packet. */
export const fullListener = async (): Promise<Listener> => {
  const program = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
    () => console.log(s.address().port))`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = await once(createInterface(child.stdout), 'line');
  child.kill('SIGSTOP');
  const fillers: Socket[] = [];
  // A connection that is not there after a while on loopback is one that was swallowed.
  for (let swallowed = false; !swallowed && fillers.length < 64; ) {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
    fillers.push(socket);
    swallowed = await Promise.race([
      once(socket, 'connect').then(() => false),
      new Promise<boolean>(resolve => setTimeout(() => resolve(true), 500)),
    ]);
  }
  return {
    address: `127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of fillers) socket.destroy();
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
};
