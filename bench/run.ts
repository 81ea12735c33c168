/**
 * The benchmarks: `npm run bench -- save`, `memory` or `imports`, each with `--help`. The first two start a real etcd
 * with mutual TLS on loopback and fill it; none leaves anything behind.
 */
import { contentBench, contentHelp } from './content.ts';
import { drillBench, drillHelp } from './drill.ts';
import { importsBench, importsHelp } from './imports.ts';
import { memoryBench, memoryHelp } from './memory.ts';
import { saveBench, saveHelp } from './save.ts';

const benchmarks: Record<string, { help: string; run(args: string[], signal: AbortSignal): Promise<void> }> =
  {
    save: { help: saveHelp, run: saveBench },
    imports: { help: importsHelp, run: importsBench },
    memory: { help: memoryHelp, run: memoryBench },
    content: { help: contentHelp, run: contentBench },
    drill: { help: drillHelp, run: drillBench },
  };

const [name = '', ...args] = process.argv.slice(2);
const chosen = benchmarks[name];
if (!chosen || args.includes('--help')) {
  console.log(chosen?.help ?? `npm run bench -- ${Object.keys(benchmarks).join('|')} [--help]`);
  process.exitCode = chosen || name === '--help' ? 0 : 2;
} else {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => controller.abort(new Error(`ended by ${signal}`)));
  }
  process.exitCode = 1;
  try {
    await chosen.run(args, controller.signal);
    process.exitCode = 0;
  } catch (error) {
    console.error(`bench ${name} failed: ${error instanceof Error ? error.message : error}`);
  }
}
