/**
 * Memory and time of the codec: `node bench/codec-memory.ts [MEGABYTES]` (1000 by default). A process for each row,
 * since a peak is a process's. The bytes are made as they are read, like a database of Kubernetes objects that
 * zstd -1 makes about six times smaller, in pieces of 32 KiB as etcd sends them. src/codec/frames.ts was chosen by it.
 */
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, Readable } from 'node:stream';
import { encryptAge } from '../src/codec/age-encrypt.ts';
import { chain, type Stage } from '../src/codec/chain.ts';
import { compress } from '../src/codec/compress.ts';
import { damageOf } from '../src/codec/damage.ts';
import { decompress } from '../src/codec/decompress.ts';
import { digest } from '../src/codec/digest.ts';

const MiB = 1024 * 1024;
const { signal } = new AbortController();

const main = async (megabytes: number) => {
  const folder = await mkdtemp(join(tmpdir(), 'snapback-bench-'));
  const file = join(folder, 'object');
  const row = (label: string, ...cell: (string | number)[]) => {
    const output = execFileSync(process.execPath, [import.meta.filename, 'cell', ...cell.map(String)], {
      encoding: 'utf8',
    });
    const { peak, wall, cpu } = JSON.parse(output) as { peak: number; wall: number; cpu: number };
    console.log(
      `${label.padEnd(44)}${peak.toFixed(0).padStart(8)}${wall.toFixed(2).padStart(9)}${cpu.toFixed(2).padStart(9)}`,
    );
  };
  try {
    console.log(`${''.padEnd(44)}peak MiB   wall s    CPU s`);
    row('only Node and the source', 'encode', megabytes, 0, 0, '', '/dev/null');
    for (const size of [1, 2, 4, 8]) {
      for (const inFlight of [1, 2, 3, 4]) {
        row(
          `frames of ${size} MiB, ${inFlight} in flight`,
          'encode',
          megabytes,
          size,
          inFlight,
          '',
          '/dev/null',
        );
      }
    }
    for (const small of [20, megabytes]) {
      row(`2 MiB, 3, ${small} MB to a file, age`, 'encode', small, 2, 3, 'age', file);
      row(`2 MiB, 3, ${small} MB to a file`, 'encode', small, 2, 3, '', file);
      row(`${small} MB back`, 'decode', file, '/dev/null');
    }
  } finally {
    await rm(folder, { recursive: true });
  }
};

const cell = async ([direction, ...rest]: string[]) => {
  const start = performance.now();
  await (direction === 'encode' ? encodeCell(rest) : decodeCell(rest));
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const figures = {
    peak: maxRSS / 1024,
    wall: (performance.now() - start) / 1000,
    cpu: (userCPUTime + systemCPUTime) / 1e6,
  };
  console.log(JSON.stringify(figures));
};

const encodeCell = async ([megabytes, size, inFlight, age, sink = '']: string[]) => {
  const stages: Stage[] = [digest()];
  const settings = { level: 1, core: async () => new Uint8Array(4096) };
  if (size !== '0') stages.push(compress(settings, Number(size) * MiB, Number(inFlight)));
  if (age) {
    // Loaded in its own rows only, as save does: it takes ten MiB.
    const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
    stages.push(encryptAge([await identityToRecipient(await generateX25519Identity())]));
  }
  await write(Readable.from(database(Number(megabytes) * 1e6), { objectMode: false }), stages, sink);
};

const decodeCell = ([file = '', sink = '']: string[]) =>
  write(createReadStream(file), [digest(), decompress(damageOf(file), () => {})], sink);

const write = async (source: Readable, stages: Stage[], sink: string) => {
  const last: Duplex = digest();
  await using file = await open(sink, 'w');
  for await (const chunk of chain(source, stages, last, signal)) await file.write(chunk);
};

function* database(size: number): Generator<Buffer> {
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const word = () => random(2 ** 24).toString(36);
  const record = () =>
    `/registry/pods/team-${random(50)}/${word()}\0{"kind":"Pod","apiVersion":"v1","metadata":{"name":"${word()}-${word()}",` +
    `"uid":"${word()}-${word()}-${word()}","labels":{"app":"web-${random(300)}","pod-template-hash":"${word()}"}},` +
    `"spec":{"containers":[{"name":"main","image":"registry.example/team/app:${random(90)}.${random(9)}","resources":` +
    `{"limits":{"cpu":"500m","memory":"256Mi"}}}],"nodeName":"node-${random(100)}"},"status":{"phase":"Running"}}`;
  const template = Buffer.alloc(4 * MiB);
  for (let at = 0; at < template.length; ) at += template.write(record(), at) || template.length;
  for (let sent = 0; sent < size; sent += 32 * 1024) {
    const at = sent % template.length;
    const piece = Buffer.from(template.subarray(at, at + 32 * 1024));
    // So that no piece is the one of 4 MiB before.
    for (let here = 0; here < piece.length; here += 256) piece.writeUInt32LE(random(2 ** 24) * 200, here);
    yield piece;
  }
}

const [first, ...others] = process.argv.slice(2);
await (first === 'cell' ? cell(others) : main(Number(first ?? 1000)));
