/** The built command on a terminal of its own, which script(1) of util-linux gives it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/snapback.js', import.meta.url));

/** All that the terminal was sent. `redirect` is a shell's redirection, such as `>out` or `2>err`. */
export const onTerminal = (
  args: string[],
  options: { cwd: string; columns?: number; env?: NodeJS.ProcessEnv; redirect?: string },
): Promise<string> =>
  new Promise((resolve, reject) => {
    const { cwd, columns = 120, env = {}, redirect = '' } = options;
    const words = [process.execPath, bin, ...args].map(word => `'${word.replaceAll("'", "'\\''")}'`);
    const command = `stty cols ${columns}; ${words.join(' ')} ${redirect}`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd,
      env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', () => resolve(output.replaceAll('\r', '')));
  });
