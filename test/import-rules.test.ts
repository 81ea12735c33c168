import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

describe('the import rules', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapback-rules-'));
    for (const name of ['src', 'package.json', 'tsconfig.json', '.dependency-cruiser.js'])
      await cp(name, join(folder, name), { recursive: true });
    await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const cruise = async (): Promise<string> => {
    const args = ['--config', '.dependency-cruiser.js', '--output-type', 'err', 'src'];
    const run = promisify(execFile);
    return run('depcruise', args, { cwd: folder, env: { ...process.env, NO_COLOR: '1' } }).then(
      ({ stdout }) => stdout,
      error => `${error.stdout}`,
    );
  };

  it.each([
    ['etcd-is-a-leaf', 'etcd', '../codec/codec.ts'],
    ['programs-is-a-leaf', 'programs', '../store/store.ts'],
    ['codec-is-a-leaf', 'codec', '../etcd/client.ts'],
    ['store-is-a-leaf', 'store', '../catalog/id.ts'],
    ['catalog-knows-stores-only-as-an-interface', 'catalog', '../store/file.ts'],
    ['job-opens-stores-by-the-one-switch', 'job', '../store/file.ts'],
    ['job-knows-nothing-of-output', 'job', '../report/size.ts'],
    ['report-sees-results-only', 'report', '../etcd/client.ts'],
    ['report-takes-types-of-job', 'report', '../job/save.ts'],
    ['cli-asks-jobs', 'cli', '../catalog/id.ts'],
    ['nobody-imports-the-edge', 'programs', '../cli/main.ts'],
    ['src-knows-no-tests', 'etcd', '../../test/x.ts'],
    ['no-development-dependencies-in-src', 'etcd', 'fast-check'],
  ])('%s', async (rule, room, target) => {
    const file = join(folder, 'src', room, 'forbidden.ts');
    await writeFile(join(folder, 'src', 'report', 'size.ts'), 'export const x = 1;\n');
    await cp('test/support/ports.ts', join(folder, 'test', 'x.ts'));
    await writeFile(file, `import * as x from '${target}';\nexport const y = x;\n`);
    try {
      expect(await cruise()).toContain(rule);
    } finally {
      await rm(file);
      await rm(join(folder, 'src', 'report', 'size.ts'));
    }
  });

  it('hold for the tree as it is, which was really read', async () => {
    const said = await cruise();
    expect(said).toContain('no dependency violations found');
    expect(Number(/\((\d+) modules/.exec(said)?.[1])).toBeGreaterThan(100);
  });
});
