/** Each import rule is broken once, in a copy of the tree, and must be seen; the tree itself must pass. */
import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

type Violation = { from: string; rule: { name: string } };
type Seen = {
  violations: Violation[];
  modules: { source: string; dependencies: { resolved: string }[] }[];
};

const root = fileURLToPath(new URL('..', import.meta.url));
const program = join(root, 'node_modules/.bin/depcruise');

const cruise = async (folder: string): Promise<Seen> => {
  const args = [program, '--config', '.dependency-cruiser.js', '--output-type', 'json', 'src'];
  const text = await new Promise<string>((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', part => {
      output += part;
    });
    child.on('error', reject);
    child.on('close', () => resolve(output));
  });
  const { modules, summary } = JSON.parse(text);
  return { modules, violations: summary.violations };
};

const uses = (from: string) => `export { value } from '${from}';\n`;
const usesType = (from: string) => `export type { Value } from '${from}';\n`;
const leaves = ['etcd', 'programs', 'bolt', 'codec', 'store', 'kubernetes'];

/** Each breaks one rule, by a file of its own in `room` that imports another room's `zz-target.ts`. */
const broken: { rule: string; file: string; text: string }[] = [
  ...leaves.flatMap(room => [
    { rule: `${room}-is-a-leaf`, file: `src/${room}/zz-1.ts`, text: uses('../catalog/zz-target.ts') },
    { rule: `${room}-is-a-leaf`, file: `src/${room}/zz-2.ts`, text: usesType('../catalog/zz-target.ts') },
  ]),
  { rule: 'no-circles', file: 'src/job/zz-a.ts', text: uses('./zz-b.ts') },
  { rule: 'base-imports-nothing', file: 'src/zz.ts', text: uses('./catalog/zz-target.ts') },
  {
    rule: 'catalog-knows-stores-only-as-an-interface',
    file: 'src/catalog/zz-1.ts',
    text: uses('../store/zz-target.ts'),
  },
  {
    rule: 'job-opens-stores-by-the-one-switch',
    file: 'src/job/zz-1.ts',
    text: uses('../store/zz-target.ts'),
  },
  { rule: 'job-knows-nothing-of-output', file: 'src/job/zz-2.ts', text: usesType('../report/zz-target.ts') },
  { rule: 'report-sees-results-only', file: 'src/report/zz-1.ts', text: usesType('../catalog/zz-target.ts') },
  { rule: 'report-takes-types-of-job', file: 'src/report/zz-2.ts', text: uses('../job/zz-target.ts') },
  { rule: 'cli-asks-jobs', file: 'src/cli/zz-1.ts', text: uses('../store/zz-target.ts') },
  { rule: 'nobody-imports-the-edge', file: 'src/report/zz-3.ts', text: usesType('../cli/zz-target.ts') },
  { rule: 'no-development-dependencies-in-src', file: 'src/job/zz-3.ts', text: uses('vitest') },
  { rule: 'no-development-dependencies-in-src', file: 'src/job/zz-4.ts', text: uses('protobufjs') },
  { rule: 'src-knows-no-tests', file: 'src/job/zz-5.ts', text: uses('../../test/zz-target.ts') },
];

// What the rules allow: an arrow that is not broken must not be seen.
const allowed: Record<string, string> = {
  // The way back of the circle, which is told once.
  'src/job/zz-b.ts': uses('./zz-a.ts'),
  'src/report/zz-type.ts': usesType('../job/zz-target.ts'),
  'src/cli/zz-job.ts': uses('../job/zz-target.ts'),
  'src/job/zz-catalog.ts': uses('../catalog/zz-target.ts'),
};

let copy: TemporaryFolder;
let seen: Seen;

beforeAll(async () => {
  copy = await temporaryFolder();
  for (const name of ['src', '.dependency-cruiser.js', 'tsconfig.json', 'package.json'])
    await cp(join(root, name), join(copy.path, name), { recursive: true });
  await symlink(join(root, 'node_modules'), join(copy.path, 'node_modules'));
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(copy.path, file)), { recursive: true });
    await writeFile(join(copy.path, file), text);
  };
  for (const folder of ['src/catalog', 'src/store', 'src/job', 'src/report', 'src/cli', 'test'])
    await write(`${folder}/zz-target.ts`, 'export const value = 1;\nexport type Value = 1;\n');
  for (const { file, text } of broken) await write(file, text);
  for (const [file, text] of Object.entries(allowed)) await write(file, text);
  seen = await cruise(copy.path);
});
afterAll(() => copy[Symbol.asyncDispose]());

test('the tree passes, and it was really read', async () => {
  const { modules, violations } = await cruise(root);
  expect(violations).toEqual([]);
  const imports = (from: string) =>
    modules.find(({ source }) => source === from)?.dependencies.map(({ resolved }) => resolved) ?? [];
  expect(imports('src/cli/main.ts')).toContain('src/cli/run.ts');
  // An import of types and a dynamic one are arrows too.
  expect(imports('src/report/list.ts')).toContain('src/job/list.ts');
  expect(imports('src/cli/commands/save.ts')).toContain('src/job/save.ts');
});

test.each(broken)('$rule is seen in $file', ({ rule, file }) => {
  expect(seen.violations.filter(({ from }) => from === file).map(violation => violation.rule.name)).toContain(
    rule,
  );
});

test('nothing is seen but what was broken', () => {
  const files = new Set(broken.map(({ file }) => file));
  expect(seen.violations.filter(({ from }) => !files.has(from))).toEqual([]);
});

test('every rule is broken above', async () => {
  const text = await readFile(join(root, '.dependency-cruiser.js'), 'utf8');
  const names = [
    ...[...text.matchAll(/name: '([^']+)'/g)].map(([, name]) => name),
    ...[...text.matchAll(/leaf\('([^']+)'/g)].map(([, room]) => `${room}-is-a-leaf`),
  ];
  expect([...new Set(broken.map(({ rule }) => rule))].toSorted()).toEqual(names.toSorted());
});
