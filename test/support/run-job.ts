/**
 * A program of its own: runs one command of the tests through the real edge, with the job that its first argument
 * names; the rest are switches and `--flag=value`. So what the edge does with a job that goes wrong is seen from
 * outside, as an exit code and as what is on stdout and stderr.
 */
import { command } from '../../src/cli/command.ts';
import type { Rows } from '../../src/cli/rows.ts';
import { run } from '../../src/cli/run.ts';
import { SnapbackError } from '../../src/errors.ts';
import type { Context, Outcome } from '../../src/job/context.ts';

type Job = (context: Context, rows: Rows) => Promise<Outcome<{ word: string }>>;

const done: Outcome<{ word: string }> = { result: { word: 'done' }, error: null };

const started = () => process.stderr.write('started\n');

/** Keeps the event loop busy, as a socket or a child would. */
const busy = () => setInterval(() => {}, 1_000);

const jobs: Record<string, Job> = {
  done: async () => done,
  'never-settles': () => new Promise(() => {}),
  'rejected-alone': () => {
    void Promise.reject(new Error('nobody awaits this'));
    return new Promise(() => {});
  },
  'rejected-alone-but-done': async () => {
    void Promise.reject(new Error('nobody awaits this'));
    return done;
  },
  'thrown-alone': () => {
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
    busy();
    return new Promise(() => {});
  },
  unforeseen: async () => {
    throw new TypeError('nothing is a function');
  },
  foreseen: async () => {
    throw new SnapbackError('store', {
      operation: 'write',
      object: 'store /x',
      reason: 'is full',
      hint: 'Make room.',
    });
  },
  'ends-the-process': () => process.exit(0),
  'ignores-its-signal': () => {
    busy();
    started();
    return new Promise(() => {});
  },
  'honours-its-signal': async ({ signal }) => {
    const timer = busy();
    started();
    await new Promise(resolve => signal.addEventListener('abort', resolve, { once: true }));
    clearInterval(timer);
    throw new Error('the socket was closed');
  },
  // More than a pipe holds, and more than the program may hold back.
  'many-rows': async (_, rows) => {
    for (let number = 0; number < 200_000; number++) {
      const goesOn = await rows.row({ number }, { text: `row ${number}`, bare: `${number}` });
      if (!goesOn) return { result: { word: 'nobody read on' }, error: null };
    }
    return done;
  },
  'rows-then-fails': async (_, rows) => {
    await rows.row({ number: 0 }, { text: 'row 0', bare: '0' });
    throw new SnapbackError('etcd', { operation: 'read', object: 'etcd', reason: 'went away' });
  },
  'endless-rows': async (_, rows) => {
    started();
    for (let number = 0; await rows.row({ number }, { text: `row ${number}`, bare: '' }); ) number++;
    return done;
  },
  'leaves-a-handle-open': async () => {
    busy();
    return done;
  },
};

const [name = '', ...words] = process.argv.slice(2);
const flags = new Map(
  words.map((word): [string, string[]] => {
    const [flag = '', value = 'true'] = word.replace(/^--/, '').split('=');
    return [flag, [value]];
  }),
);
const tried = command({
  name: 'try',
  summary: 'a job of the tests',
  args: '',
  options: {},
  examples: [],
  run: ({ rows }, context) =>
    (jobs[name] ?? (() => Promise.reject(new Error(`no job ${name}`))))(context, rows),
  rows: 'rows',
  text: ({ word }: { word: string }) => word,
  quiet: ({ word }) => word,
});
void run(tried, {
  flags,
  args: [],
  env: {},
  config: async () => null,
  commands: async () => [],
});
