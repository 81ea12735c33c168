/** The built command as a process, as a user runs it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type Ran = { code: number | null; stdout: string; stderr: string };

const bin = fileURLToPath(new URL('../../bin/snapback.js', import.meta.url));

/** `started` is given the child as soon as it runs, to be signalled. */
export const snapback = (
  args: string[],
  options: {
    env?: NodeJS.ProcessEnv;
    cwd?: string;
    /** Words of another program that runs it, such as `nsenter … --`. */
    through?: string[];
    started?(pid: number, kill: (signal: NodeJS.Signals) => void): void;
  } = {},
): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const [program = '', ...words] = [...(options.through ?? []), process.execPath, bin, ...args];
    const child = spawn(program, words, {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: '1', ...options.env },
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
    options.started?.(child.pid ?? 0, signal => child.kill(signal));
  });

/** Arguments that reach a cluster. */
export const connection = (settings: {
  endpoints: string[];
  cacert: string | null;
  cert: string | null;
  key: string | null;
}): string[] => [
  '--endpoints',
  settings.endpoints.join(','),
  ...(settings.cacert ? ['--cacert', settings.cacert] : []),
  ...(settings.cert && settings.key ? ['--cert', settings.cert, '--key', settings.key] : []),
];
