import { size } from '../figures.ts';
import type { VerifyResult } from '../job/verify.ts';
import type { Verification } from '../job/verify-settings.ts';
import { age } from './age.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { verdictWords } from './verdict-words.ts';
import { wantsAnother } from './verify-report.ts';
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
    ...(wantsAnother({ verifications })
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
  const { tone, word, how, doubt } = verdictWords(one);
  const said = printable(how);
  if (one.pass === null) return `${style.good(word)} · ${said} · ${snapshot}`;
  const but = doubt === null ? '' : style.look(` · ${printable(doubt)}`);
  if (tone === 'bad') return `${style.bad(word)} · ${snapshot} · ${said}${but}`;
  return `${style.good(word)} · ${said} · ${[snapshot, ...factsOf(one)].join(', ')}${but}`;
};

/** Which etcd it is of and how large, as far as that is known. */
const factsOf = ({ etcdVersion, plainSize }: Verification): string[] => [
  ...(etcdVersion === null ? [] : [`etcd ${printable(etcdVersion)}`]),
  ...(plainSize === null ? [] : [size(plainSize)]),
];
