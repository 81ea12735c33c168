/** `npm run quickstart` without npm: its own folder to work in, and another that takes all that is temporary. */
import { spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { needGoProgram } from './support/go-programs.ts';
import { processesWith } from './support/processes.ts';
import { need } from './support/programs.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const missing = (await need('3.6')) === null || (await needGoProgram('versitygw')) === null;
const script = join(import.meta.dirname, '../scripts/quickstart.ts');

type Ran = { code: number | null; stdout: string; stderr: string; temporary: string[]; running: number[] };

const quickstart = async (
  folder: string,
  args: string[],
  onLine: (line: string, stop: () => void) => void = () => {},
): Promise<Ran> => {
  const temporary = join(folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  const env = { ...process.env, NO_COLOR: '1', TMPDIR: temporary };
  const child = spawn(process.execPath, [script, ...args], { cwd: folder, env });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text;
    onLine(text, () => child.kill('SIGTERM'));
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text;
  });
  const code = await new Promise<number | null>(resolve => child.on('close', resolve));
  return { code, stdout, stderr, temporary: await readdir(temporary), running: await processesWith(folder) };
};

const steps = (stdout: string) => [...stdout.matchAll(/^(\d)\/7 /gm)].map(([, step]) => step).join('');

test.skipIf(missing)(
  'the main job runs in a bucket, twice in a row, and leaves nothing running',
  async () => {
    await using folder = await temporaryFolder();
    for (let run = 0; run < 2; run += 1) {
      const ran = await quickstart(folder.path, ['--s3']);
      expect(ran.stderr).toBe('');
      expect(ran).toMatchObject({ code: 0, temporary: [], running: [] });
      expect(steps(ran.stdout)).toBe('1234567');
      expect(ran.stdout).toContain('2,000 of 2,000 keys are back');
      expect(ran.stdout).toContain('./quickstart/s3/demo');
      const objects = await readdir(join(folder.path, 'quickstart/s3/demo/etcd/demo'));
      expect(objects.filter(name => /\.db\.zst$/.test(name))).toHaveLength(2);
    }
  },
);

test.skipIf(missing)('one that is interrupted leaves nothing running either', async () => {
  await using folder = await temporaryFolder();
  const ran = await quickstart(folder.path, ['--s3'], (line, stop) => {
    if (line.startsWith('2/7')) stop();
  });
  expect(ran).toMatchObject({ code: 143, stderr: 'quickstart failed: it was interrupted\n' });
  expect(ran).toMatchObject({ temporary: [], running: [] });
});

test('a word that it does not know is said in one sentence, before anything is made', async () => {
  await using folder = await temporaryFolder();
  const ran = await quickstart(folder.path, ['--s3', '--minio']);
  expect(ran).toMatchObject({ code: 1, stdout: '' });
  expect(ran.stderr).toBe(
    'quickstart failed: it knows no word but --s3, so not "--minio": npm run quickstart -- --s3\n',
  );
  expect(await readdir(folder.path)).toEqual(['tmp']);
});
