/**
 * `npm test`: types, format and lint, import rules, unused code, then the programs that the tests need, then
 * all tests. Ends with `N passed, N failed`. TEST_ALL=1 runs every etcd minor and S3 server, and then some tests once
 * more on the oldest Node that the program runs on; where CI is set a skip is a failure.
 * Words after `--` go to vitest: `npm test -- test/retention.test.ts`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { testedGoPrograms, titleOf } from '../test/support/go-programs.ts';
import { bringOldestNode, oldestVersion } from './oldest-node.ts';

type Report = { numPassedTests: number; numFailedTests: number; numPendingTests: number; success: boolean };

const chosen = process.argv.slice(2);
const all = process.env.TEST_ALL === '1';
const strict = Boolean(process.env.CI);

/** What the whole path of the bytes and every TLS connection go through. */
const onOldestNode = [
  ...['node', 'codec', 'codec-age', 'codec-consumer', 'codec-foreign', 'codec-zstd'],
  ...['etcd-tls', 'etcd-snapshot', 'etcd-stream', 'main-job', 'encrypted', 's3-main-job'],
].map(subject => `test/${subject}.test.ts`);

const run = (title: string, program: string, args: string[]): boolean => {
  console.log(`\n— ${title}`);
  return spawnSync(program, args, { stdio: 'inherit' }).status === 0;
};

const checks: [string, string, string[]][] = [
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['format and lint', 'biome', ['ci', '--error-on-warnings', '.']],
  ['import rules', 'depcruise', ['--config', '.dependency-cruiser.js', '--output-type', 'err', 'src']],
  ['unused code', 'knip', []],
];

const programs = (all ? ['3.4', '3.5', '3.6', '3.7'] : ['3.6']).map((minor): [string, string, string[]] => [
  `etcd ${minor}`,
  process.execPath,
  ['bin/snapback.js', 'tools', 'install', minor, '--build'],
]);

const bring = join(import.meta.dirname, 'build-test-program.ts');

let passed = 0;
let failed = 0;
for (const [title, program, args] of chosen.length > 0 ? programs : [...checks, ...programs]) {
  if (run(title, program, args)) passed++;
  else failed++;
}
for (const name of testedGoPrograms) {
  if (run(titleOf(name), process.execPath, [bring, name])) passed++;
  else if (strict) failed++;
}

const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');

/** Runs test files on a Node and counts what passed and failed; all files where none is named. */
const test = (title: string, node: string, files: string[], env: NodeJS.ProcessEnv): void => {
  console.log(`\n— ${title}`);
  const folder = mkdtempSync(join(tmpdir(), 'snapback-test-'));
  const file = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${file}`];
  const { status } = spawnSync(node, [vitest, 'run', ...reporters, ...files], {
    stdio: 'inherit',
    env: { ...env, PATH: `${dirname(node)}:${env.PATH}` },
  });
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    passed += report.numPassedTests;
    failed += report.numFailedTests + (strict ? report.numPendingTests : 0);
    if (report.numPendingTests > 0)
      console.log(`${report.numPendingTests} tests were skipped${strict ? ', which is a failure here' : ''}`);
    // A test file that cannot be loaded fails without a failed test.
    if (status !== 0 && report.numFailedTests === 0) failed++;
  } catch {
    failed++;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

test('tests', process.execPath, chosen, process.env);
if (all && chosen.length === 0) {
  const version = oldestVersion();
  try {
    // One etcd minor is enough to see what this Node does.
    const env = { ...process.env, TEST_ALL: '', TEST_NODE: version };
    test(`tests of the byte path and of TLS on Node ${version}`, bringOldestNode(), onOldestNode, env);
  } catch (error) {
    console.error(`Node ${version} is missing, and its tests are skipped, or fail on CI: ${error}`);
    if (strict) failed++;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
