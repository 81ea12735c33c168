/** `snapback doctor` on folders, etcd's programs and the scratch disk, as a new user meets it. */
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseName } from '../src/catalog/names.ts';
import type { DoctorCheck, DoctorResult } from '../src/job/doctor.ts';
import { type Document, keptStore } from './support/kept-store.ts';
import { mounted, needMounts } from './support/mounted.ts';
import { snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

const mounts = await needMounts();

let folder: TemporaryFolder;
const at = (...names: string[]) => join(folder.path, ...names);
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const doctor = async (args: string[], options: { env?: NodeJS.ProcessEnv; through?: string[] } = {}) => {
  const ran = await snapback(['doctor', ...args, '--json'], { cwd: folder.path, ...options });
  const document: Document<DoctorResult> = JSON.parse(ran.stdout);
  const checks = Object.fromEntries((document.result?.checks ?? []).map(check => [check.name, check]));
  return { ...ran, document, checks };
};
const status = (checks: Record<string, DoctorCheck>, ...names: string[]) =>
  names.map(name => checks[name]?.status);

test('a folder that is not there is tried, and not there afterwards', async () => {
  const before = await readdir(folder.path);
  const ran = await snapback(['doctor', '--store', at('new', 'deep')], { cwd: folder.path });
  expect(ran.code).toBe(0);
  expect(ran.stderr).toBe(`trying    ${at('new', 'deep')}\n`);
  expect(ran.stdout).toContain(`✓ folder          ${at('new', 'deep')} is not there yet`);
  expect(ran.stdout).not.toMatch(/^ {2}[✗–]/m);
  expect(await readdir(folder.path)).toEqual(before);
});

test('a folder with snapshots is as it was', async () => {
  await using kept = await keptStore(['20261101T061807Z-4f2a9c']);
  const before = await kept.files();
  const ran = await kept.json<DoctorResult>('doctor');
  expect(ran.code).toBe(0);
  const checks = Object.fromEntries(ran.document.result.checks.map(check => [check.name, check]));
  expect(checks.folder?.status).toBe('pass');
  expect(checks.space?.detail).toMatch(/free, the largest object here has /);
  expect(checks.scratch?.detail).toMatch(/free, a drill of the newest snapshot needs /);
  expect(await kept.files()).toEqual(before);
});

test("what a killed doctor left is nobody's snapshot, and the next one removes it once it is old", async () => {
  await using kept = await keptStore([]);
  const [old, young, other] = [
    'doctor.20261101T000000Z-0a1b2c.put',
    'doctor.20261102T000000Z-0a1b2c.parts',
    'doctor.txt',
  ];
  for (const file of [old, young, other]) await kept.put(file);
  for (const file of [old, other]) await utimes(join(kept.folder, file), 1, 1);
  expect(parseName(old)).toEqual({ kind: 'other', id: null });
  const pruned = await kept.json<{ unknown: string[] }>('prune', '--keep-last', '1', '--remove-orphans');
  expect(pruned.document.result.unknown).toEqual([old, young, other]);
  const ran = await kept.run('doctor');
  expect(ran.stdout).toContain(`✓ leftovers       removed what a doctor left that was killed: prod/${old}`);
  expect(await kept.files('doctor')).toEqual([young, other]);
});

test('a file in place of a folder is one line, and the rest is not tried', async () => {
  await writeFile(at('file'), '');
  const ran = await snapback(['doctor', '--store', at('file')], { cwd: folder.path });
  expect(ran.code).toBe(31);
  expect(ran.stdout.match(/✗/g)).toHaveLength(1);
  expect(ran.stdout).toContain(`✗ folder          ${at('file')} is not a folder`);
  expect(ran.stdout).toMatch(/– not tried {7}put, list, get, .*delete/);
  expect(ran.stdout).toContain('1 problem');
  expect(ran.stderr).toBe(
    `trying    ${at('file')}\nExit 31 (store away, refusing or full; a retry may help).\n`,
  );
  expect(await readFile(at('file'), 'utf8')).toBe('');
});

test('a folder that others may write to is a warning, with the command that mends it', async () => {
  await mkdir(at('open'));
  await chmod(at('open'), 0o777);
  const { code, checks } = await doctor(['--store', at('open')]);
  expect(code).toBe(0);
  expect(checks.folder).toMatchObject({ status: 'warning', hint: `chmod go-w ${at('open')}` });
  expect((await stat(at('open'))).mode & 0o777).toBe(0o777);
});

describe.skipIf(!mounts)('on file systems of other kinds', () => {
  test('a read-only one is one failure with its reason', async () => {
    await mkdir(at('locked'));
    await using mount = await mounted('mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"', at('locked'));
    const { code, document, checks } = await doctor(['--store', at('locked')], { through: mount.through });
    expect(code).toBe(31);
    expect(document.error?.code).toBe('store');
    expect(checks.put).toMatchObject({ status: 'fail', detail: expect.stringContaining('read-only') });
    expect(document.result.problems).toBe(1);
    expect(status(checks, 'folder', 'list', 'get', 'delete', 'clock')).toEqual([
      'pass',
      ...Array(4).fill('skipped'),
    ]);
  });

  test('a full one fails at the first write, with the space that is left', async () => {
    await mkdir(at('full'));
    const script =
      'mount -t tmpfs -o size=64k tmpfs "$1"; dd if=/dev/zero of="$1/fill" bs=64k count=2 2>/dev/null || true';
    await using mount = await mounted(script, at('full'));
    const { code, checks } = await doctor(['--store', at('full')], { through: mount.through });
    expect(code).toBe(31);
    expect(checks.put).toMatchObject({
      status: 'fail',
      detail: expect.stringMatching(/is full \(0 B free\)/),
    });
  });
});

describe("etcd's programs and the scratch disk", () => {
  test('without programs there is a warning that says how to get them, and the command ends with 0', async () => {
    const env = { PATH: '/nonexistent', XDG_CACHE_HOME: at('no-cache') };
    const any = await doctor([], { env });
    expect(any.code).toBe(0);
    expect(any.checks.programs).toMatchObject({
      status: 'warning',
      hint: expect.stringContaining('snapback tools install X.Y'),
    });
    const named = await doctor(['--etcd-version', '3.6'], { env });
    expect(named.checks.programs?.hint).toBe('snapback tools install 3.6');
  });

  test('a folder that is none is a failure of its own; the store is told all the same', async () => {
    const scratch = await doctor(['--scratch', at('nowhere')]);
    expect(scratch.code).toBe(2);
    expect(scratch.checks.scratch).toMatchObject({
      status: 'fail',
      detail: `folder ${at('nowhere')} is not there`,
    });
    const programs = await doctor(['--etcd-bin', at('nowhere')]);
    expect(programs.code).toBe(2);
    expect(status(programs.checks, 'programs', 'put')).toEqual(['fail', 'pass']);
  });
});

describe('--write-config', () => {
  test('writes what was given, which the next command takes', async () => {
    const env = { SNAPBACK_CLUSTER: 'prod' };
    const ran = await doctor(['--store', at('store'), '--write-config', 'works.yaml'], { env });
    expect(ran.code).toBe(0);
    expect(ran.document.result.config).toEqual({ file: 'works.yaml', problem: null });
    expect(await readFile(at('works.yaml'), 'utf8')).toMatch(`store: ${at('store')}\ncluster: prod\n`);
    const listed = await snapback(['list', '--config', 'works.yaml', '--json'], { cwd: folder.path });
    expect(JSON.parse(listed.stdout).result).toMatchObject({
      store: at('store'),
      clusters: [{ cluster: 'prod' }],
    });
  });

  test('never overwrites, and is refused before anything is tried', async () => {
    await writeFile(at('mine.yaml'), 'mine');
    const ran = await doctor(['--store', at('file'), '--write-config', 'mine.yaml']);
    expect(ran.code).toBe(23);
    expect(ran.document).toMatchObject({ error: { code: 'refused' }, result: null });
    expect(await readFile(at('mine.yaml'), 'utf8')).toBe('mine');
  });

  test('writes nothing where the store does not work, and says what is wrong where it cannot be written', async () => {
    await writeFile(at('file'), '');
    const broken = await doctor(['--store', at('file'), '--write-config', 'broken.yaml']);
    expect(broken.document.result.config?.problem).toMatch(/the store does not work/);
    expect(await readdir(folder.path)).not.toContain('broken.yaml');
    const nowhere = await doctor(['--write-config', at('nowhere', 'x.yaml')]);
    expect(nowhere.code).toBe(1);
    expect(nowhere.document.result.config?.problem).toMatch(/the folder for it is not there/);
  });
});
