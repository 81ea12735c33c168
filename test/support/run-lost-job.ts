/** Started by tests as a process: runs the edge with a job that never gives a result, in the way that is named. */
import { command } from '../../src/cli/command.ts';
import { run } from '../../src/cli/run.ts';

const [how = ''] = process.argv.slice(2);

const job = async (signal: AbortSignal): Promise<{ result: string; error: null }> => {
  const never = new Promise<never>(() => {});
  const alive = () => setInterval(() => {}, 1000);
  if (how === 'never-settles') return never;
  if (how === 'lost') {
    void Promise.reject(new Error('nobody awaited this'));
    return never;
  }
  if (how === 'ignores-signals') {
    alive();
    process.stderr.write('ready\n');
    return never;
  }
  if (how === 'honours-signals') {
    const timer = alive();
    process.stderr.write('ready\n');
    return new Promise((_, reject) => {
      signal.addEventListener('abort', () => {
        clearInterval(timer);
        reject(signal.reason);
      });
    });
  }
  if (how === 'throws') throw new Error('unforeseen');
  return { result: 'done', error: null };
};

await run(
  command({
    name: 'try',
    summary: '',
    args: '',
    options: {},
    examples: [],
    run: (_, { signal }) => job(signal),
    text: result => result,
    quiet: result => result,
  }),
  { flags: new Map(), args: [], env: process.env, config: async () => null, commands: async () => [] },
);
