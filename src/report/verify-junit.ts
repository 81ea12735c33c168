/**
 * JUnit XML as CI systems read it: a test suite for each snapshot, a test case for each check, by the schema that
 * Jenkins publishes (junit-10.xsd of its xunit plugin).
 */
import type { Verification } from '../job/verify-settings.ts';
import { markup } from './markup.ts';
import { errorSentence, rowsOf, subjectOf, troubles, type VerifyReport } from './verify-report.ts';

export const verifyJunit = (report: VerifyReport): string => {
  const suites = (report.result?.verifications ?? []).map(one => suiteOf(one, report.started));
  for (const { subject, error } of troubles(report)) {
    const about = `${attribute('message', errorSentence(error))}${attribute('type', error.code)}`;
    const inside = [`<error${about}>${markup(error.hint ?? '')}</error>`];
    const failed = [testCase(subject, error.operation, null, inside)];
    suites.push(suite(subject, failed, { errors: 1 }, 0, report.started));
  }
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attribute('name', report.tool)}>\n${suites.join('')}</testsuites>\n`;
};

type Counts = { failures?: number; errors?: number; skipped?: number };

const suiteOf = (one: Verification, started: Date): string => {
  const subject = subjectOf(one);
  if (one.pass === null) {
    const cases = [
      testCase(subject, one.level, null, [`<skipped${attribute('message', 'verified already')}/>`]),
    ];
    return suite(subject, cases, { skipped: 1 }, 0, started);
  }
  const rows = rowsOf(one);
  const cases = rows.map(({ name, status, detail, seconds }) => {
    const message = attribute('message', detail);
    if (status === 'fail') return testCase(subject, name, seconds, [`<failure${message} type="integrity"/>`]);
    if (status === 'skipped') return testCase(subject, name, seconds, [`<skipped${message}/>`]);
    const out = `${status === 'warning' ? 'warning: ' : ''}${detail}`;
    return testCase(subject, name, seconds, [`<system-out>${markup(out)}</system-out>`]);
  });
  const having = (status: string) => rows.filter(check => check.status === status).length;
  const counts = { failures: having('fail'), skipped: having('skipped') };
  return suite(subject, cases, counts, one.seconds, started);
};

const suite = (
  name: string,
  cases: string[],
  { failures = 0, errors = 0, skipped = 0 }: Counts,
  seconds: number,
  started: Date,
): string => {
  const counts = ` tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
  const when = ` time="${seconds.toFixed(3)}" timestamp="${started.toISOString().slice(0, 19)}"`;
  return `  <testsuite${attribute('name', name)}${counts}${when}>\n${cases.join('')}  </testsuite>\n`;
};

const testCase = (subject: string, name: string, seconds: number | null, inside: string[]): string => {
  const time = ` time="${(seconds ?? 0).toFixed(3)}"`;
  // Readers make packages of what stands before the last dot.
  const className = attribute('classname', subject.replaceAll('.', '_').replaceAll('/', '.'));
  return `    <testcase${attribute('name', name)}${className}${time}>${inside.join('')}</testcase>\n`;
};

const attribute = (name: string, value: string): string => ` ${name}="${markup(value)}"`;
