/** A host of released archives on loopback, with archives of small programs that say a version. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { create } from 'tar';

export type Archive = { name: string; bytes: Buffer; sums: string };

/** An archive laid out as etcd's own, made in `folder`; each program says `version`. */
export const archiveOf = async (
  folder: string,
  { pinned, version, programs }: { pinned: string; version: string; programs: string[] },
): Promise<Archive> => {
  const machine = process.arch === 'x64' ? 'amd64' : process.arch;
  const stem = `etcd-v${pinned}-linux-${machine}`;
  await mkdir(join(folder, stem, 'Documentation'), { recursive: true });
  await writeFile(join(folder, stem, 'Documentation/README.md'), 'not wanted');
  for (const name of programs) {
    const words = name === 'etcd' ? `etcd Version: ${version}` : `${name} version: ${version}`;
    await writeFile(join(folder, stem, name), `#!/bin/sh\necho '${words}'\n`, { mode: 0o755 });
  }
  const name = `${stem}.tar.gz`;
  await create({ file: join(folder, name), cwd: folder, gzip: true, portable: true }, [stem]);
  const bytes = await readFile(join(folder, name));
  const hex = createHash('sha256').update(bytes).digest('hex');
  const sums = `${'0'.repeat(64)}  etcd-v${pinned}-darwin-amd64.zip\n${hex}  ${name}\n`;
  return { name, bytes, sums };
};

export type ReleaseHost = { baseUrl: string; asked: string[]; [Symbol.asyncDispose](): Promise<void> };

/** Serves `listener` on a free port and keeps the paths that were asked for. */
export const releaseHost = async (listener: RequestListener): Promise<ReleaseHost> => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    listener(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/download`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
