import { count } from '../figures.ts';
import type { VerifyResult } from '../job/verify.ts';
import type { Verification } from '../job/verify-settings.ts';
import type { Style } from './style.ts';
import { unmetOf } from './verify-report.ts';

/** What a run over several adds up to, in a line that stands last; none for a run over one. */
export const verifySum = (
  { verifications, notVerified }: Pick<VerifyResult, 'verifications' | 'notVerified'>,
  style: Style,
): string[] => {
  const all = verifications.length + notVerified.length;
  if (all === 0) return ['Nothing to verify: no snapshot is left by what was asked for.'];
  if (all === 1) return [];
  const said = (number: number, words: string) => (number === 0 ? [] : [`${count(number)} ${words}`]);
  const asExpected = verifications.filter(one => unmetOf(one).length === 0);
  const unexpected = verifications.filter(one => one.pass && unmetOf(one).length > 0).length;
  const passed = (level: Verification['level']) =>
    asExpected.filter(one => one.pass && one.level === level && one.rehearsal === null).length;
  const rehearsed = asExpected.filter(one => one.pass && one.rehearsal !== null).length;
  const bad = verifications.filter(({ pass }) => pass === false).length;
  return [
    `${count(all)} snapshots: ${[
      ...said(bad, 'NOT RESTORABLE').map(style.bad),
      ...said(unexpected, 'NOT AS EXPECTED').map(style.bad),
      ...said(notVerified.length, 'could not be verified').map(style.look),
      ...said(passed('drill'), 'restorable, proven by a restore'),
      ...said(rehearsed, 'restorable on another version of etcd'),
      ...said(passed('content'), 'sound, not restored'),
      ...said(passed('object'), 'stored as recorded, not restored'),
      ...said(verifications.filter(({ pass }) => pass === null).length, 'passed over'),
    ].join(', ')}`,
  ];
};
