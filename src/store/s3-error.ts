/** What an S3 server, or the way to it, answers, in a person's words. */
import { from, isSnapbackError, messageOf, SnapbackError } from '../errors.ts';
import { type Place, type Words, wordsFor } from './s3-error-words.ts';

export type About = {
  /** What was tried, as an infinitive phrase. */
  operation: string;
  /** On what: an address below the location of the store. */
  object: string;
  /** The right that it needs, as AWS calls it: `s3:PutObject`. */
  right: string;
};

/** The status of the answer to a failed request; null where no answer came. */
export const statusOf = (error: unknown): number | null => {
  const { $metadata } = foreign(error) as { $metadata?: { httpStatusCode?: number } };
  return $metadata?.httpStatusCode ?? null;
};

/** The server's own code for a failure, such as `NoSuchKey`; empty where there is none, as in answers to HEAD. */
export const codeOf = (error: unknown): string => {
  const { name, Code } = foreign(error) as { name?: string; Code?: string };
  const code = Code ?? name ?? '';
  return code === 'Unknown' || code === 'UnknownError' || code === 'Error' ? '' : code;
};

/** True where the server says that it does not know what it was asked for. */
export const isNotImplemented = (error: unknown): boolean =>
  statusOf(error) === 501 || codeOf(error) === 'NotImplemented';

/**
 * The error of the program for one of the SDK's: `not-found` for an object that is not there, else `store`. An error
 * of the program passes unchanged.
 */
export const s3Error = (error: unknown, about: About, place: Omit<Place, 'right'>): SnapbackError => {
  if (isSnapbackError(error)) return error;
  const { operation } = about;
  if (codeOf(error) === 'NoSuchKey' || (statusOf(error) === 404 && ['NotFound', ''].includes(codeOf(error))))
    return notThere(about, error);
  return from(error, 'store', { operation, object: about.object, ...explain(error, about, place) });
};

/** The error for an object that is not there. */
export const notThere = ({ operation, object }: About, cause: unknown): SnapbackError =>
  new SnapbackError('not-found', { operation, object, reason: 'is not there', cause });

const explain = (error: unknown, about: About, place: Omit<Place, 'right'>): Words => {
  const code = codeOf(error);
  const status = statusOf(error);
  const { code: cause = '', name = '' } = foreign(error) as { code?: string; name?: string };
  const answer = { code, status, cause, name, message: messageOf(foreign(error)) };
  const words = wordsFor(answer, { ...place, right: about.right });
  if (words) return { ...words, reason: `${words.reason}${said(error, code, status)}` };
  return {
    reason: `cannot be used${said(error, code, status)}`,
    hint:
      status !== null && status >= 500
        ? 'The server is in trouble; try again later.'
        : "Look at the server's own log.",
  };
};

// The server's own words, so that they can be searched for.
const said = (error: unknown, code: string, status: number | null): string => {
  const message = messageOf(foreign(error));
  const text = message === code || /^UnknownError|^Unknown$/.test(message) ? '' : message;
  const answer = [status, code].filter(Boolean).join(' ');
  return ` (${[answer, text.slice(0, 300)].filter(Boolean).join(': ') || 'no answer'})`;
};

const foreign = (error: unknown): object => {
  const inner = isSnapbackError(error) ? error.cause : error;
  return typeof inner === 'object' && inner !== null ? inner : {};
};
