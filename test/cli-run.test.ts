/** Failure until proven: how the process ends, whatever a job does. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const script = fileURLToPath(new URL('support/run-job.ts', import.meta.url));

type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

/** Runs the job as a process; `send` are signals, the first once the job has started, each next 200 ms later. */
const runJob = (args: string[], send: NodeJS.Signals[] = []): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      const before = stderr;
      stderr += text;
      if (stderr.includes('started\n') && !before.includes('started\n'))
        for (const [i, signal] of send.entries()) setTimeout(() => child.kill(signal), 200 * i);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });

describe('a job that gets lost ends with 1 and a sentence', () => {
  test.each([
    ['never-settles', 'the try ended without a result'],
    ['rejected-alone', 'nobody awaits this'],
    ['rejected-alone-but-done', 'nobody awaits this'],
    ['thrown-alone', 'nobody catches this'],
    ['ends-the-process', 'the try ended without a result'],
    ['unforeseen', 'nothing is a function'],
  ])('%s', async (job, sentence) => {
    const { code, stdout, stderr } = await runJob([job]);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain(`try failed: `);
    expect(stderr).toContain(sentence);
    expect(stderr).toContain('Exit 1 (');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('the stack trace is there with --log-level debug', async () => {
    expect((await runJob(['unforeseen', '--log-level=debug'])).stderr).toMatch(/^\s+at .*run-job\.ts/m);
  });
});

describe('--json is one document on stdout, whatever happens', () => {
  test.each([
    ['done', 0, { word: 'done' }, null],
    [
      'foreseen',
      31,
      null,
      { code: 'store', operation: 'write', object: 'store /x', cause: 'is full', hint: 'Make room.' },
    ],
    ['never-settles', 1, null, { code: 'failed' }],
    ['rejected-alone-but-done', 1, null, { code: 'failed' }],
    ['ends-the-process', 1, null, { code: 'failed' }],
  ])('%s', async (job, exit, result, error) => {
    const { code, stdout, stderr } = await runJob([job, '--json']);
    expect(code).toBe(exit);
    expect(stderr).toBe('');
    const document = JSON.parse(stdout);
    expect(Object.keys(document)).toEqual(['format', 'command', 'ok', 'exit', 'result', 'error']);
    expect(document).toMatchObject({ format: 1, command: 'try', ok: exit === 0, exit, result });
    if (error === null) expect(document.error).toBe(null);
    else expect(document.error).toMatchObject(error);
  });

  test('also when a signal ends a job that does not listen', async () => {
    const { code, stdout } = await runJob(['ignores-its-signal', '--json'], ['SIGTERM', 'SIGTERM']);
    expect(code).toBe(143);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, exit: 143, error: { code: 'aborted' } });
  });
});

describe('signals', () => {
  test.each([
    ['honours-its-signal', ['SIGINT'], 130, 'was interrupted'],
    ['honours-its-signal', ['SIGTERM'], 143, 'was terminated'],
    ['ignores-its-signal', ['SIGINT'], 130, 'was interrupted'],
    ['ignores-its-signal', ['SIGTERM'], 143, 'was terminated'],
    ['ignores-its-signal', ['SIGINT', 'SIGINT'], 130, 'was interrupted'],
    ['ignores-its-signal', ['SIGTERM', 'SIGINT'], 143, 'was terminated'],
  ] as [string, NodeJS.Signals[], number, string][])(
    '%s: %j ends it with %i',
    async (job, send, exit, word) => {
      const { code, signal, stderr } = await runJob([job], send);
      expect({ code, signal }).toEqual({ code: exit, signal: null });
      expect(stderr).toContain(`the try ${word}`);
      expect(stderr).not.toContain('socket');
    },
  );
});

test.each(['honours-its-signal', 'ignores-its-signal'])('--command-timeout ends a job that %s', async job => {
  const { code, stderr } = await runJob([job, '--command-timeout=300ms']);
  expect(code).toBe(1);
  expect(stderr).toContain('took longer than --command-timeout allows (0.3 s)');
});

test('a job that ended well ends the process, although it left a handle open', async () => {
  expect(await runJob(['leaves-a-handle-open'])).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' });
});
