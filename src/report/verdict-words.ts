/** The verdict of one verification in words, the same in every form of report. */
import { duration } from '../figures.ts';
import type { Verification } from '../job/verify-settings.ts';

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
    return { tone: 'bad', word: 'NOT RESTORABLE', how, doubt: null };
  }
  const skipped = one.checks.filter(({ status }) => status === 'skipped').map(({ name }) => name);
  const doubt = skipped.length > 0 ? `not compared: ${skipped.join(', ')}` : null;
  const { word, how } = proof[one.level];
  const took = one.recoverySeconds === null ? '' : ` · recovery took ${duration(one.recoverySeconds)}`;
  return { tone: 'good', word, how: `${how}${took}`, doubt };
};

const proof: Record<Verification['level'], Pick<VerdictWords, 'word' | 'how'>> = {
  object: { word: 'STORED AS RECORDED', how: 'not restored' },
  content: { word: 'SOUND', how: 'read without etcd, not proven by a restore' },
  drill: { word: 'RESTORABLE', how: 'proven by a restore' },
};
