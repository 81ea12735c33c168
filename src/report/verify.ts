import { duration, size } from '../figures.ts';
import type { VerifyResult } from '../job/verify.ts';
import type { Verification } from '../job/verify-settings.ts';
import { age } from './age.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { verifySum } from './verify-sum.ts';

/** The checks were told as they ended; here is the verdict, alone on its line, the last thing that is read. */
export const verifyText = (
  { verifications, notVerified, newestVerified }: VerifyResult,
  style: Style,
): string =>
  [
    ...verifications.map(one => verdictText(one, style)),
    ...notVerified.map(({ snapshot, error }) => {
      const why = printable(`${error.object} ${error.cause}`);
      return `${style.look('COULD NOT BE VERIFIED')} · ${snapshot} · ${why}`;
    }),
    ...(verifications.some(({ pass }) => pass === false)
      ? [
          newestVerified
            ? `The newest good one is ${newestVerified.id} (verified ${age(newestVerified.verifiedAt, style)}).`
            : 'No other snapshot is verified.',
        ]
      : []),
    ...verifySum({ verifications, notVerified }, style),
  ].join('\n');

const verdictText = (one: Verification, style: Style): string => {
  const snapshot = printable(one.snapshot);
  const what = [
    snapshot,
    one.etcdVersion && `etcd ${printable(one.etcdVersion)}`,
    one.plainSize !== null && size(one.plainSize),
  ]
    .filter(Boolean)
    .join(', ');
  if (one.pass === null) return `${style.good('PASSED OVER')} · verified already · ${snapshot}`;
  if (!one.pass) {
    const failed = one.checks.find(({ status }) => status === 'fail');
    return `${style.bad('NOT RESTORABLE')} · ${snapshot} · ${printable(`${failed?.name}: ${failed?.detail}`)}`;
  }
  const skipped = one.checks.filter(({ status }) => status === 'skipped').map(({ name }) => name);
  const but = skipped.length > 0 ? style.look(` · not compared: ${skipped.join(', ')}`) : '';
  if (one.level === 'object') return `${style.good('STORED AS RECORDED')} · not restored · ${what}${but}`;
  if (one.level === 'content')
    return `${style.good('SOUND')} · read without etcd, not proven by a restore · ${what}${but}`;
  return `${style.good('RESTORABLE')} · proven by a restore · recovery took ${duration(one.recoverySeconds ?? 0)} · ${what}${but}`;
};
