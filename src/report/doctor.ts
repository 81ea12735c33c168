/** What the doctor found, a line for each check, and below it what mends it. */
import type { DoctorCheck, DoctorResult } from '../job/doctor.ts';
import { checkLine } from './check.ts';
import { printable } from './printable.ts';
import { shellWord } from './shell.ts';
import type { Style } from './style.ts';

/** The verdict last; where settings were found that work, they are below it. */
export const doctorText = (result: DoctorResult, style: Style): string => {
  const part = (wanted: DoctorCheck['part']) =>
    linesOf(
      result.checks.filter(({ part }) => part === wanted),
      style,
    );
  return [
    `store ${printable(result.store)}, cluster ${result.cluster}`,
    ...part('store'),
    'this machine',
    ...part('machine'),
    verdict(result, style),
    ...configText(result, style),
  ].join('\n');
};

/** What was not tried says nothing, so all of it is one line. */
const linesOf = (checks: DoctorCheck[], style: Style): string[] => {
  const skipped = checks.filter(({ status }) => status === 'skipped');
  const lines = checks
    .filter(({ status }) => status !== 'skipped')
    .flatMap(check => [
      checkLine({ ...check, seconds: null }, style),
      ...(check.hint === null ? [] : [`${' '.repeat(20)}${printable(check.hint)}`]),
    ]);
  if (skipped.length === 0) return lines;
  const detail = skipped.map(({ name }) => name).join(', ');
  return [...lines, checkLine({ name: 'not tried', status: 'skipped', detail, seconds: null }, style)];
};

const verdict = ({ problems, warnings }: DoctorResult, { good, look, bad }: Style): string => {
  const many = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;
  const warned = warnings === 0 ? '' : many(warnings, 'warning');
  if (problems > 0) return bad([many(problems, 'problem'), warned].filter(Boolean).join(', '));
  const untried = 'etcd itself and its certificates were not looked at';
  return warnings > 0
    ? look(`${warned}; ${untried}`)
    : good(`store, programs and space are well; ${untried}`);
};

const configText = ({ config, mends }: DoctorResult, { good, look }: Style): string[] => {
  const flags = Object.entries(mends).map(([flag, value]) =>
    value === 'true' ? `--${flag}` : `--${flag}=${shellWord(value)}`,
  );
  const working =
    flags.length === 0 ? [] : [look(`The store works with ${flags.join(' ')} beside what was given.`)];
  if (config === null) return working;
  const file = printable(config.file);
  return [
    ...working,
    config.problem === null
      ? good(`${file} holds the settings that work: snapback --config ${shellWord(config.file)} …`)
      : look(`${file} ${printable(config.problem)}.`),
  ];
};
