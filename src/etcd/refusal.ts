/**
 * What etcd and gRPC say when they refuse, read from the text: etcd 3.4 sends many of its errors as code Unknown,
 * and etcd3 keeps nothing but the text (etcd: api/v3rpc/rpctypes/error.go).
 */
import { messageOf, SnapbackError } from '../errors.ts';

export type Refusal =
  | 'quorum'
  | 'denied'
  | 'login'
  | 'anonymous'
  | 'no-auth'
  | 'token'
  | 'compacted'
  | 'future'
  | 'learner'
  | 'no-space'
  | 'corrupt'
  | 'busy'
  | 'too-large'
  | 'unknown-call'
  | 'cancelled'
  | 'silent'
  | 'lost'
  | 'other';

const patterns: [Refusal, RegExp][] = [
  ['login', /authentication failed, invalid user ID or password/],
  ['no-auth', /authentication is not enabled/],
  ['anonymous', /user name is empty/],
  [
    'token',
    /the login has ended|invalid auth token|revision of auth store is old|auth: revision in header is old|stale login/,
  ],
  ['denied', /permission denied|user (name )?not found/],
  ['compacted', /required revision has been compacted/],
  ['future', /required revision is a future revision/],
  ['learner', /not supported for learner/],
  ['no-space', /database space exceeded/],
  ['corrupt', /corrupt cluster|data corruption/],
  ['quorum', /no leader|leader changed|request timed out|unhealthy cluster|stopped during/],
  ['busy', /too many requests/],
  // etcd's own two limits, and those of gRPC below it, on either side.
  ['too-large', /too many operations|request is too large|message larger than max/i],
  ['unknown-call', /^12 |unknown (service|method)|UNIMPLEMENTED/],
  // A server whose clock of the call's deadline runs out before ours resets the stream, which grpc-js words so.
  ['silent', /^4 DEADLINE_EXCEEDED|context deadline exceeded|Deadline exceeded|Call cancelled$/],
  ['cancelled', /^1 CANCELLED/],
  ['lost', /^14 UNAVAILABLE|Connection dropped|ECONNRESET|RST_STREAM|GOAWAY/],
];

/** The kind of a refusal, also of one that has become a SnapbackError already. */
export const refusalOf = (error: unknown): Refusal => {
  const raw = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const text = messageOf(raw);
  return patterns.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
};

type Circumstances = { operation: string; endpoint: string; user: string | null; limit: number | null };

/** The error that a person sees. The raw error stays in `cause`, so `refusalOf` still knows its kind. */
export const refused = (error: unknown, circumstances: Circumstances): SnapbackError => {
  const { reason, hint } = explain(error, circumstances);
  return new SnapbackError('etcd', {
    operation: circumstances.operation,
    object: `etcd ${circumstances.endpoint}`,
    reason,
    hint,
    cause: error,
  });
};

const giveUser = 'Give --user and --password (or --password-file) of a user who has the root role.';

const explain = (error: unknown, { user, limit }: Circumstances): { reason: string; hint: string } => {
  const said = messageOf(error)
    .replace(/^\d+ [A-Z_]+: /, '')
    // grpc-js dresses the one thing that says something.
    .replace(/^No connection established\. Last error: (.+?)( \(\d{4}-.*)?$/, '$1');
  switch (refusalOf(error)) {
    case 'login':
      return {
        reason: `refused the password of user ${user}, or has no such user`,
        hint: 'Check --user and --password (or --password-file).',
      };
    case 'denied':
      return user === null
        ? {
            reason: `refused: this client may not do that without a user (${said})`,
            hint: `${giveUser} The name in a client certificate counts as a user too, with that user's rights.`,
          }
        : {
            reason: `refused: user ${user} does not have the root role (${said})`,
            hint: 'Snapshots and hashes need it: use --user root, or run `etcdctl user grant-role NAME root`.',
          };
    case 'anonymous':
      return {
        reason: `refused: it has authentication enabled and wants a user (${said})`,
        hint: giveUser,
      };
    case 'token':
      return { reason: `does not accept the login any more (${said})`, hint: 'Run the command again.' };
    case 'quorum':
      return {
        reason: `could not reach a quorum of its cluster (${said})`,
        hint: 'Bring back enough members (`etcdctl endpoint status --cluster` shows which are away).',
      };
    case 'silent':
      return {
        reason: `did not answer${limit === null ? '' : ` within ${limit / 1000} s`}`,
        hint: 'Look at the load and the disk of that member, name another one, or allow more time.',
      };
    case 'lost':
      return {
        reason: `closed or lost the connection (${said})`,
        hint: 'See whether that etcd still runs, and look at its log.',
      };
    case 'learner':
      return { reason: 'is a learner and does not serve this', hint: 'Name a voting member.' };
    case 'unknown-call':
      return {
        reason: `does not know this call (${said})`,
        hint: "Check that the endpoint is etcd's client port and the server is etcd 3.4 or newer.",
      };
    case 'no-space':
      return {
        reason: `takes no writes: its space quota is used up (${said})`,
        hint: 'Compact and defragment it, then `etcdctl alarm disarm`.',
      };
    case 'corrupt':
      return {
        reason: `has the CORRUPT alarm (${said})`,
        hint: 'Find the corrupt member with `etcdctl alarm list` and replace it.',
      };
    case 'busy':
      return { reason: `refused (${said})`, hint: 'Run the command again when etcd is less busy.' };
    case 'too-large':
      return {
        reason: `refused: that is more than fits into one request (${said})`,
        hint: 'Look at its --max-request-bytes and --max-txn-ops.',
      };
    default:
      return { reason: `answered: ${said}`, hint: "Look at that member's log." };
  }
};
