/** The verdict of one verification in words, the same in every form of report. */
import { duration } from '../figures.ts';
import type { Verification } from '../job/verify-settings.ts';
import { rowsOf, unmetOf } from './verify-report.ts';

export type VerdictWords = {
  /** `good`: proven, as far as its level goes. */
  tone: 'good' | 'bad';
  /** The verdict itself: what must not be misread. */
  word: string;
  /** What it rests on, or what is wrong. */
  how: string;
  /** What could not be compared; null where nothing was left out. */
  doubt: string | null;
};

export const verdictWords = (one: Verification): VerdictWords => {
  if (one.pass === null) return { tone: 'good', word: 'PASSED OVER', how: 'verified already', doubt: null };
  if (!one.pass) {
    const failed = one.checks.find(({ status }) => status === 'fail');
    const how = failed ? `${failed.name}: ${failed.detail}` : 'a check failed';
    const doubt =
      one.rehearsal === null ? null : `a rehearsal, which says nothing of its own ${one.etcdVersion}`;
    return { tone: 'bad', word: `NOT RESTORABLE${on(one)}`, how, doubt };
  }
  const skipped = rowsOf(one)
    .filter(({ status }) => status === 'skipped')
    .map(({ name }) => name);
  const doubt = skipped.length > 0 ? `not compared: ${skipped.join(', ')}` : null;
  const { word, how } = proof[one.level];
  const unmet = unmetOf(one).map(({ name, detail }) => `${name}: ${detail}`);
  if (unmet.length > 0)
    return {
      tone: 'bad',
      word: `${word}${on(one)}, BUT NOT AS EXPECTED`,
      how: `${unmet.join('; ')} · ${how}`,
      doubt,
    };
  if (one.rehearsal !== null)
    return {
      tone: 'good',
      word: `${word}${on(one)}`,
      how: `a rehearsal, which proves nothing of its own ${one.etcdVersion}`,
      doubt,
    };
  const took = one.recoverySeconds === null ? '' : ` · recovery took ${duration(one.recoverySeconds)}`;
  return { tone: 'good', word, how: `${how}${took}`, doubt };
};

const on = ({ rehearsal }: Verification): string => (rehearsal === null ? '' : ` ON etcd ${rehearsal}`);

const proof: Record<Verification['level'], Pick<VerdictWords, 'word' | 'how'>> = {
  object: { word: 'STORED AS RECORDED', how: 'not restored' },
  content: { word: 'SOUND', how: 'read without etcd, not proven by a restore' },
  drill: { word: 'RESTORABLE', how: 'proven by a restore' },
};
