/** Proves that snapshots restore, one after the other, and records what was found beside each. */
import { randomInt } from 'node:crypto';
import type { Question } from '../catalog/question.ts';
import { signKeyOf } from '../catalog/sign-key.ts';
import type { Check } from '../catalog/verdict.ts';
import { errorFields, from, SnapbackError } from '../errors.ts';
import type { Context, Outcome } from './context.ts';
import { needsPrevious } from './expectation.ts';
import { openCatalog } from './open-catalog.ts';
import { type PastVerification, pastVerifications } from './past-verifications.ts';
import { noteLivingEtcd } from './scratch.ts';
import { warnIfUntrusted } from './signing.ts';
import { isFile } from './snapshot-argument.ts';
import { checkNothingNamed, chooseToVerify, isAmong } from './verify-choice.ts';
import { verifyFile } from './verify-file.ts';
import type { NotVerified, Verification, VerifySettings } from './verify-settings.ts';
import { verifyStored } from './verify-stored.ts';
import { worst } from './worst.ts';

export type VerifyResult = {
  verifications: Verification[];
  /** Those of several that could not be verified, which says nothing about them. */
  notVerified: NotVerified[];
  /** `at` is when it was taken, `verifiedAt` when the drill began. */
  newestVerified: { id: string; at: string; verifiedAt: string } | null;
  /** The drills until now with those of this run, oldest first; none where nobody asked for them. */
  history: PastVerification[];
};

/**
 * Goes through all of them. A snapshot that is not good, or not as was expected, makes the outcome's error `integrity`; what says nothing about
 * a snapshot (a missing key or program, a full scratch, the signal) is thrown, and no verdict is written for it.
 */
export const verify = async (settings: VerifySettings, context: Context): Promise<Outcome<VerifyResult>> => {
  const { snapshots, among, before } = settings;
  checkNothingNamed(snapshots, among);
  const wanted = snapshots.length === 0 ? ['latest'] : snapshots;
  const verifications: Verification[] = [];
  const notVerified: NotVerified[] = [];
  const errors: SnapbackError[] = [];
  const signKey = signKeyOf(settings.signKey);
  if (settings.level === 'drill' || among.sample !== null) await noteLivingEtcd(settings.scratch, context);
  const files = wanted.filter(isFile);
  for (const path of files) verifications.push(await verifyFile(path, settings, context));
  const selectors = wanted.filter(one => !isFile(one));
  let newestVerified: VerifyResult['newestVerified'] = null;
  let history: PastVerification[] = [];
  if (selectors.length > 0) {
    // What chooses among all asks for all, and what was before a snapshot is not told by the newest part of a folder.
    const question: Question | null =
      isAmong(among) || needsPrevious(settings.expectations)
        ? null
        : { snapshots: selectors, before, newestVerified: 'another' };
    if (question && settings.history) question.rows = 0;
    await using catalog = await openCatalog(settings.store, 'read', context, question);
    const { entries } = catalog.listing;
    if (settings.record) warnIfUntrusted('verdicts', signKey, catalog.trust, context);
    const chosen = chooseToVerify(
      entries,
      { ...settings, snapshots: selectors },
      { now: new Date(), draw: randomInt },
    );
    for (const { entry, level } of chosen) {
      const verifiedAt = new Date().toISOString();
      try {
        const { verification, unrecorded } = await verifyStored(
          catalog,
          entry,
          { ...settings, level, signKey },
          context,
        );
        verifications.push(verification);
        history.push(...drillOf(verification, verifiedAt, entry.objectSize));
        if (unrecorded) errors.push(notRecorded(unrecorded, entry.id, context));
      } catch (error) {
        context.signal.throwIfAborted();
        if (chosen.length === 1) throw error;
        const known = from(error, 'failed', { operation: 'verify', object: `snapshot ${entry.id}` });
        context.log.error(`${entry.id}: ${known.object} ${known.reason}`);
        errors.push(known);
        notVerified.push({ snapshot: entry.id, error: errorFields(known) });
      }
    }
    history = settings.history ? [...(await pastVerifications(catalog, entries, context)), ...history] : [];
    const good = entries.find(
      ({ verified, bad, id }) => verified && !bad && !verifications.some(one => one.snapshot === id),
    );
    newestVerified = good?.verified
      ? { id: good.id, at: good.started.toISOString(), verifiedAt: good.verified.time.toISOString() }
      : null;
  }
  for (const one of verifications) {
    if (one.pass === false) errors.push(notGood(one));
    else if (unmetOf(one).length > 0) errors.push(notAsExpected(one));
  }
  return { result: { verifications, notVerified, newestVerified, history }, error: worst(errors) };
};

const drillOf = (
  { snapshot, level, pass, rehearsal, recoverySeconds }: Verification,
  verifiedAt: string,
  storedSize: number | null,
): PastVerification[] =>
  level === 'drill' && pass !== null && rehearsal === null
    ? [{ snapshot, verifiedAt, pass, recoverySeconds, storedSize }]
    : [];

const notRecorded = (error: SnapbackError, id: string, { log }: Context): SnapbackError => {
  log.error(
    `the verdict of ${id} was not recorded: ${error.object} ${error.reason}. ${error.hint ?? ''} --no-record verifies without it.`,
  );
  return error;
};

const unmetOf = ({ expectations }: Verification): Check[] =>
  expectations.filter(({ status }) => status === 'fail');

const notAsExpected = (one: Verification): SnapbackError =>
  new SnapbackError('integrity', {
    operation: 'verify',
    object: subjectOf(one),
    reason: `is not as expected: ${unmetOf(one)
      .map(({ name, detail }) => `${name}: ${detail}`)
      .join('; ')}`,
    hint: 'All its checks passed, so it is not bad: look at what is in it with snapback inspect, or expect something else.',
  });

const subjectOf = ({ cluster, snapshot }: Verification): string =>
  `${cluster === null ? 'file' : 'snapshot'} ${snapshot}`;

const notGood = (one: Verification): SnapbackError => {
  const failed = one.checks.find(({ status }) => status === 'fail');
  const on = one.rehearsal === null ? '' : ` on etcd ${one.rehearsal}`;
  return new SnapbackError('integrity', {
    operation: 'verify',
    object: subjectOf(one),
    reason: `is not restorable${on}: ${failed?.detail ?? 'a check failed'}`,
    hint: on
      ? `That was a rehearsal: it says nothing of etcd ${one.etcdVersion}, which the snapshot is of, and no verdict was recorded.`
      : 'Take a new snapshot, and restore from another one until then: snapback list shows which are verified.',
  });
};
