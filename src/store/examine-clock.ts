/** The store's clock beside that of this machine. */
import { duration } from '../figures.ts';
import { type Finding, failed, passed, type Step, warned } from './examination.ts';
import type { Store } from './store.ts';

/** Seconds that a clock told in whole ones, and late, may be off for nothing. */
const tolerance = 5;
/** S3 servers refuse what is signed with a clock that is further off. */
const limit = 15 * 60;

/** `store` is asked for when it is its turn. */
export const clockStep = (store: () => Store, needs: string[], signal: AbortSignal): Step => ({
  name: 'clock',
  needs,
  run: async () => {
    const before = Date.now();
    const there = (await store().now({ signal })).getTime();
    return clockFinding((there - (before + Date.now()) / 2) / 1000);
  },
});

const clockFinding = (ahead: number): Finding => {
  const off = Math.abs(ahead);
  if (off <= tolerance) return passed("the store's and this machine's agree");
  const detail = `the store's is ${duration(off)} ${ahead > 0 ? 'ahead of' : 'behind'} this machine's`;
  const hint =
    'Set the clock that is wrong right (timedatectl, chronyc): ids and ages go by the one here, leftovers and locks by the other.';
  return off > limit
    ? failed(`${detail}; S3 servers refuse requests from 15 min on`, hint)
    : warned(detail, hint);
};
