/** Scripts out of YAML for CI systems, run as those systems run them; and a copy of this checkout to run them on. */
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import type { Ran } from './snapback.ts';

const root = join(import.meta.dirname, '../..');

/** The YAML blocks of a page, parsed, in order. */
export const yamlBlocks = (page: string): unknown[] =>
  [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => parse(text));

/** Copies what git would commit of this checkout into an empty `folder`; nothing is installed or built there. */
export const copyCheckout = async (folder: string): Promise<void> => {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { stdout } = await promisify(execFile)('git', args, { cwd: root, maxBuffer: 2 ** 24 });
  for (const file of new Set(stdout.split('\0').filter(Boolean))) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await cp(join(root, file), join(folder, file));
  }
};

/** Runs a script with bash and exactly this environment beside PATH and HOME. */
export const bash = (script: string, env: NodeJS.ProcessEnv, cwd: string): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const { PATH, HOME, SNAPBACK_CACHE_DIR } = process.env;
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script], {
      cwd,
      env: { PATH, HOME, ...(SNAPBACK_CACHE_DIR ? { SNAPBACK_CACHE_DIR } : {}), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', code => resolve({ code, stdout, stderr }));
  });
