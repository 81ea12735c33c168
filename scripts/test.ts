/**
 * `npm test`: types, format and lint, import rules, unused code, then the programs that the tests need, then
 * all tests. Ends with `N passed, N failed`. TEST_ALL=1 runs every etcd minor and S3 server; where CI is set a skip is
 * a failure.
 * Words after `--` go to vitest: `npm test -- test/retention.test.ts`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testedGoPrograms, titleOf } from '../test/support/go-programs.ts';

type Report = { numPassedTests: number; numFailedTests: number; numPendingTests: number; success: boolean };

const chosen = process.argv.slice(2);
const all = process.env.TEST_ALL === '1';
const strict = Boolean(process.env.CI);

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

console.log('\n— tests');
const folder = mkdtempSync(join(tmpdir(), 'snapback-test-'));
const file = join(folder, 'report.json');
const vitest = spawnSync(
  'vitest',
  ['run', '--reporter=default', '--reporter=json', `--outputFile=${file}`, ...chosen],
  { stdio: 'inherit' },
);
try {
  const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
  passed += report.numPassedTests;
  failed += report.numFailedTests + (strict ? report.numPendingTests : 0);
  if (report.numPendingTests > 0)
    console.log(`${report.numPendingTests} tests were skipped${strict ? ', which is a failure here' : ''}`);
  // A test file that cannot be loaded fails without a failed test.
  if (vitest.status !== 0 && report.numFailedTests === 0) failed++;
} catch {
  failed++;
} finally {
  rmSync(folder, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
