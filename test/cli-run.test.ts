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

describe('rows that are printed while the job runs', () => {
  test('come before the result, all of them', async () => {
    const { code, stdout } = await runJob(['many-rows']);
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines).toHaveLength(200_002);
    expect([lines[0], lines[199_999], lines[200_000]]).toEqual(['row 0', 'row 199999', 'done']);
  });

  test('are bare with --quiet', async () => {
    expect((await runJob(['many-rows', '--quiet'])).stdout.split('\n').slice(0, 2)).toEqual(['0', '1']);
  });

  test('are a list of the one document with --json', async () => {
    const { code, stdout } = await runJob(['many-rows', '--json']);
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ format: 1, command: 'try', ok: true, exit: 0, error: null });
    expect(document.result.word).toBe('done');
    expect(document.result.rows).toHaveLength(200_000);
    expect(document.result.rows[199_999]).toEqual({ number: 199_999 });
    expect(JSON.parse((await runJob(['done', '--json'])).stdout).result).toEqual({ rows: [], word: 'done' });
  });

  test('leave a document that is whole when the job fails after them', async () => {
    const { code, stdout } = await runJob(['rows-then-fails', '--json']);
    expect(code).toBe(30);
    expect(JSON.parse(stdout)).toMatchObject({
      result: { rows: [{ number: 0 }] },
      ok: false,
      exit: 30,
      error: { code: 'etcd' },
    });
  });

  test.each([[], ['--json']])('end without a word when their reader has gone %j', async (...args) => {
    const { code, stderr } = await closedEarly(['endless-rows', ...args]);
    expect(stderr).toBe('started\n');
    expect(code).toBe(0);
  });

  test('stop at a signal', async () => {
    const { code, stderr } = await runJob(['endless-rows'], ['SIGTERM']);
    expect(code).toBe(143);
    expect(stderr).toContain('the try was terminated');
  });
});

/** Reads the first bytes and closes the pipe, as `head` does. */
const closedEarly = (args: string[]): Promise<{ code: number | null; stderr: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    child.on('error', reject);
    child.on('close', code => resolve({ code, stderr }));
  });
