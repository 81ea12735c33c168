#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// Only what an old Node can parse: its whole purpose is to say in one sentence which Node is needed.
const major = Number(process.versions.node.split('.')[0]);
// Failure until proven: whatever ends this process without a result ends it with 1.
process.exitCode = 1;
if (major < 24) {
  process.stderr.write(
    `snapback needs Node.js 24 or newer, and this is ${process.version} (${process.execPath}).\n`,
  );
} else {
  // Buffers on their way through live in external memory, which a young generation that grows hides from the collector.
  setFlagsFromString('--semi-space-growth-factor=1');
  // They count as growth of a heap that is small, which is marked anew each 9 MB: a third of the CPU time of a save.
  setFlagsFromString('--heap-growing-percent=150');
  import('../dist/cli/main.js').then(({ main }) => main());
}
