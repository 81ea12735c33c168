/** The members of a cluster that answer: those that were named, and those that they know of. */
import { isSnapbackError, SnapbackError } from '../errors.ts';
import type { Candidate } from './candidate.ts';
import { openClient } from './client.ts';
import { parseEndpoint } from './endpoint.ts';
import { listMembers, type Member } from './members.ts';
import type { EtcdSettings } from './settings.ts';
import { memberStatus } from './status.ts';

export type Discovery = {
  /** In the order given, then those that were found. */
  candidates: Candidate[];
  /** As the first voter that answered knows them; empty when only a learner did, which does not tell. */
  members: Member[];
  /** Endpoints that did not answer, and why. */
  away: { endpoint: string; named: boolean; error: SnapbackError }[];
};

/**
 * Asks all named endpoints at once, each within the dial timeout, and then, unless `onlyNamed`, what the other
 * members give as client URLs: these often cannot be reached from here, so they are looked for and never missed.
 * Throws the first endpoint's error when none of the named ones answers, `usage` when they belong to different
 * clusters or a certificate file is wrong, and the signal's reason.
 */
export const discover = async (
  settings: EtcdSettings,
  { signal, onlyNamed = false }: { signal: AbortSignal; onlyNamed?: boolean },
): Promise<Discovery> => {
  const named = settings.endpoints.length === 1 ? 'alone' : 'among others';
  const asked = await Promise.all(settings.endpoints.map(endpoint => ask(settings, endpoint, named, signal)));
  const candidates = asked.flatMap(({ found }) => (found ? [found.candidate] : [])).filter(isFirst);
  const away = asked.flatMap(({ failure }) => (failure ? [failure] : []));
  const [first] = candidates;
  if (!first) throw nobodyAnswers(away.map(({ error }) => error));
  refuseStrangers(candidates);
  const members = asked.find(({ found }) => found?.members.length)?.found?.members ?? [];
  if (onlyNamed) return { candidates, members, away };

  const known = new Set(candidates.map(({ status }) => status.memberId));
  const urls = members.filter(({ id }) => !known.has(id)).map(({ id, clientURLs }) => ({ id, clientURLs }));
  const found = await Promise.all(
    urls.map(({ id, clientURLs }) => lookFor(settings, id, clientURLs, signal)),
  );
  const others = found.flatMap(({ candidate }) => (candidate ? [candidate] : []));
  return {
    candidates: [...candidates, ...others].filter(isFirst),
    members,
    away: [...away, ...found.flatMap(one => one.away)],
  };
};

type Away = Discovery['away'][number];
type Asked =
  | { found: { candidate: Candidate; members: Member[] }; failure: null }
  | { found: null; failure: Away };

const ask = async (
  settings: EtcdSettings,
  endpoint: string,
  named: Candidate['named'],
  signal: AbortSignal,
): Promise<Asked> => {
  try {
    // One that takes the connection and then hangs must not hold up the others.
    const bounded = { ...settings, idleTimeout: Math.min(settings.idleTimeout, settings.dialTimeout) };
    await using client = await openClient(bounded, endpoint, { signal });
    const status = await memberStatus(client, { signal });
    // A learner is not asked: it does not tell.
    const members = status.learner ? [] : await listMembers(client, { signal });
    return { found: { candidate: { endpoint: client.endpoint, status, named }, members }, failure: null };
  } catch (error) {
    if (signal.aborted || !isSnapbackError(error) || error.code === 'usage') throw error;
    return { found: null, failure: { endpoint, named: named !== 'no', error } };
  }
};

const lookFor = async (settings: EtcdSettings, id: string, urls: string[], signal: AbortSignal) => {
  const asked = await Promise.all(
    urls.filter(url => isReadable(url, settings)).map(url => ask(settings, url, 'no', signal)),
  );
  // Whoever answers may be another: http://localhost:2379 is here what it is not there.
  const candidate = asked.find(({ found }) => found?.candidate.status.memberId === id)?.found?.candidate;
  return { candidate, away: candidate ? [] : asked.flatMap(({ failure }) => (failure ? [failure] : [])) };
};

// What another member advertises may be nothing that we know how to reach, and is nobody's wrong input here.
const isReadable = (url: string, settings: EtcdSettings): boolean => {
  try {
    return parseEndpoint(url, settings).text !== '';
  } catch {
    return false;
  }
};

const isFirst = (candidate: Candidate, index: number, all: Candidate[]): boolean =>
  all.findIndex(other => other.status.memberId === candidate.status.memberId) === index;

const refuseStrangers = (candidates: Candidate[]): void => {
  const [first, ...others] = candidates;
  const stranger = others.find(other => other.status.clusterId !== first?.status.clusterId);
  if (!first || !stranger) return;
  throw new SnapbackError('usage', {
    operation: 'find the members',
    object: `endpoints ${first.endpoint} and ${stranger.endpoint}`,
    reason: 'belong to different etcd clusters',
    hint: 'Name the endpoints of one cluster only.',
  });
};

const nobodyAnswers = (errors: SnapbackError[]): SnapbackError => {
  const [first] = errors;
  if (first && errors.length === 1) return first;
  return new SnapbackError('etcd', {
    operation: 'connect',
    object: first ? 'each of the endpoints' : 'etcd',
    reason: first
      ? `failed: ${errors.map(error => `${error.object} ${error.reason}`).join('; ')}`
      : 'has no endpoint to be reached by',
    hint: first?.hint ?? 'Give --endpoints.',
    cause: first,
  });
};
