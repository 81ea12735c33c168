/**
 * The network between the members of a cluster, as TCP proxies in front of their peer ports, out of which one member
 * can be cut: it then neither hears the others nor is heard. Without TLS, since the sender is read from the HTTP
 * header by which etcd's members tell it (etcd: rafthttp, `X-Server-From`).
 */
import { connect, type Socket } from 'node:net';
import { type Listener, listener } from './listeners.ts';

export type PeerNetwork = {
  /** Puts a proxy in front of a peer's address and gives the proxy's. */
  door(peer: string): Promise<string>;
  /** Cuts the member with this id (decimal) and this peer address out; everybody has to connect anew. */
  cut(member: { id: string; peer: string }): void;
  [Symbol.asyncDispose](): Promise<void>;
};

export const peerNetwork = (): PeerNetwork => {
  const doors: Listener[] = [];
  const sockets = new Set<Socket>();
  let out: { door: string; header: string } | null = null;

  const through = (address: string, peer: string) => (from: Socket) => {
    const to = connect(Number(peer.split(':')[1]), '127.0.0.1').on('error', () => {});
    const end = () => {
      for (const socket of [from, to]) {
        socket.destroy();
        sockets.delete(socket);
      }
    };
    for (const socket of [from, to]) sockets.add(socket.on('close', end));
    if (out?.door === address) return end();
    to.pipe(from);
    from.on('data', bytes => {
      if (out && bytes.toString('latin1').includes(out.header)) end();
      else to.write(bytes);
    });
  };

  return {
    door: async peer => {
      const door = await listener(socket => through(door.address, peer)(socket));
      doors.push(door);
      return door.address;
    },
    cut: ({ id, peer }) => {
      out = { door: peer, header: `X-Server-From: ${BigInt(id).toString(16)}\r\n` };
      for (const socket of sockets) socket.destroy();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(doors.map(door => door[Symbol.asyncDispose]()));
    },
  };
};
