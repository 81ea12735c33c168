/** Whether the bucket can be reached and listed, and with which settings where it is not with those that were given. */
import { isSnapbackError, type SnapbackError } from '../errors.ts';
import { type Finding, failed, failedBy, passed, type Step } from './examination.ts';
import { type Bucket, named } from './s3-client.ts';
import type { Examination } from './s3-examination.ts';
import { flagsOf, isAnswer, type Mend, mendsOf, optionsOf, type Used } from './s3-mend.ts';

// Each may take as long as a connection may: no setting is worth more.
const mostTries = 8;

/** `reached`: a listing of the cluster, with other settings where it fails with those that were given. */
export const reachStep = (on: Examination): Step => ({
  name: 'reached',
  needs: [],
  run: async () => {
    const error = await list(on);
    if (error === null) return passed(await placeOf(on.bucket));
    const { mend, left } = await search(on, {}, error, { tries: 1 });
    if (left === null)
      return {
        ...unreached(error),
        hint: `It can be reached with ${flagsOf(mend, on.bucket.written)}${mend.endpoint?.startsWith('http:') ? ', which encrypts nothing on the way' : ''}.`,
        mends: optionsOf(mend),
        usable: true,
      };
    if (left === error) return unreached(error);
    // Right, and not all that is missing.
    return failed(
      `${left.object} ${left.reason}`,
      `That is with ${flagsOf(mend, on.bucket.written)}, without which it cannot be reached at all. ${left.hint ?? ''}`.trim(),
    );
  },
});

/** An S3 server has an answer for a bucket that is not there; that there is nothing at all is said by others. */
const unreached = (error: SnapbackError): Finding =>
  error.code === 'not-found'
    ? failed(
        `${error.object} ${error.reason}, not even as a bucket: it may be no S3 server that answers`,
        'Check --s3-endpoint, which is the address of the server alone, its port, and a proxy in HTTP_PROXY.',
      )
    : failedBy(error);

/** The first settings that list the bucket; else those that lead furthest, and what is left in the way with them. */
const search = async (
  on: Examination,
  mend: Mend,
  error: SnapbackError,
  count: { tries: number },
): Promise<{ mend: Mend; left: SnapbackError | null }> => {
  let furthest: { mend: Mend; left: SnapbackError | null } = { mend, left: error };
  for (const other of mendsOf(error, await usedBy(on.bucket))) {
    const repeated = Object.keys(other).some(name => name in mend);
    if (repeated || count.tries === mostTries) continue;
    count.tries += 1;
    const next = { ...mend, ...other };
    await on.use({ ...on.asked, objectLock: null, ...next });
    const then = await list(on);
    if (then === null) return { mend: next, left: null };
    const end = await search(on, next, then, count);
    if (end.left === null) return end;
    if (furthest.left === error && isAnswer(then) && other.pathStyle === undefined) furthest = end;
  }
  return furthest;
};

const list = async ({ store, cluster, signal }: Examination): Promise<SnapbackError | null> => {
  try {
    for await (const _ of store.list(cluster, { signal })) break;
    return null;
  } catch (error) {
    signal.throwIfAborted();
    if (isSnapbackError(error)) return error;
    throw error;
  }
};

/** What the settings leave open, as it was filled in. */
export const usedBy = async ({ client, bucket, settings }: Bucket): Promise<Used> => ({
  bucket,
  endpoint: (await named(settings)).endpoint,
  region: await client.config.region(),
  pathStyle: client.config.forcePathStyle,
  customerKey: settings.encryption?.kind === 'customer',
});

const placeOf = async (bucket: Bucket): Promise<string> => {
  const { endpoint, region, pathStyle } = await usedBy(bucket);
  const style = pathStyle ? 'path style' : 'the bucket in the host name';
  return `${endpoint ?? 'AWS'}, region ${region}, ${style}`;
};
