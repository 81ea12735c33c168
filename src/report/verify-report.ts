/** What a report file of `verify` is made of, and the forms that it can have. */

import type { ErrorFields } from '../errors.ts';
import type { VerifyResult } from '../job/verify.ts';
import type { Verification } from '../job/verify-settings.ts';

export type VerifyReport = {
  /** Null when nothing could be verified; then the error says why. */
  result: VerifyResult | null;
  error: ErrorFields | null;
  /** When the run began. */
  started: Date;
  /** `etcd-snapback 0.1.0` */
  tool: string;
};

/**
 * What could not be verified and why: of several each that the run passed by, and else what ended it, or kept its verdict
 * out of the store. Verifications that failed say that themselves.
 */
export const troubles = ({ error, result }: VerifyReport): { subject: string; error: ErrorFields }[] => {
  const passedBy = (result?.notVerified ?? []).map(one => ({ subject: one.snapshot, error: one.error }));
  const bad = result?.verifications.some(one => one.pass === false || unmetOf(one).length > 0) ?? false;
  const told =
    error === null ||
    (bad && error.code === 'integrity' && error.operation === 'verify') ||
    passedBy.some(one => one.error.cause === error.cause && one.error.object === error.object);
  return told || error === null ? passedBy : [...passedBy, { subject: 'snapback verify', error }];
};

/** True where a snapshot is not good, so that one asks for another; a rehearsal on another etcd says nothing of that. */
export const wantsAnother = ({ verifications }: Pick<VerifyResult, 'verifications'>): boolean =>
  verifications.some(({ pass, rehearsal }) => pass === false && rehearsal === null);

type Check = Verification['checks'][number];

/** Checks and expectations, as the rows of one table. */
export const rowsOf = ({ checks, expectations }: Pick<Verification, 'checks' | 'expectations'>): Check[] => [
  ...checks,
  ...expectations.map(one => ({ ...one, name: `expected ${one.name}` })),
];

/** What it was expected to have and has not. */
export const unmetOf = ({ expectations }: Pick<Verification, 'expectations'>): Check[] =>
  expectations.filter(({ status }) => status === 'fail');

/** `file x is not there`, without a full stop. */
export const errorSentence = ({ object, cause }: ErrorFields): string => `${object} ${cause}`;

/** The cluster and the snapshot, or the file. */
export const subjectOf = ({ cluster, snapshot }: Verification): string =>
  cluster === null ? snapshot : `${cluster}/${snapshot}`;
