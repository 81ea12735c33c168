/** Why a door stays shut, in a sentence, and what to do about it. */
import { messageOf, SnapbackError } from '../errors.ts';
import type { Credentials } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import type { Knock, Phase } from './knock.ts';

type Explanation = { reason: string; hint: string };
type Shut = Exclude<Knock, { open: true }>;

/** The error for an endpoint that answered, but not as it should. */
export const shut = (
  endpoint: Endpoint,
  credentials: Pick<Credentials, 'tls' | 'certificates'>,
  knock: Shut,
) => failure(endpoint, explain(endpoint, credentials, knock), knock.error);

/** The error for one that said nothing for `milliseconds` in this phase. */
export const silent = (endpoint: Endpoint, phase: Phase, milliseconds: number): SnapbackError => {
  const within = `within ${milliseconds / 1000} s`;
  const explanations: Record<Phase, Explanation> = {
    connect: {
      reason: `did not accept a connection ${within}`,
      hint: 'See whether the address is right, the host is up and no firewall drops the packets.',
    },
    handshake: {
      reason: `accepted the connection but did not answer the TLS handshake ${within}`,
      hint: 'See whether that etcd is stuck, and whether the port is its client port.',
    },
    answer: {
      reason: `accepted the connection but did not answer ${within}`,
      hint: 'See whether that etcd is stuck, and whether the port is its client port.',
    },
  };
  return failure(endpoint, explanations[phase]);
};

const failure = (endpoint: Endpoint, explanation: Explanation, cause?: unknown) =>
  new SnapbackError('etcd', {
    operation: 'connect',
    object: `etcd ${endpoint.text}`,
    ...explanation,
    cause: cause ?? undefined,
  });

const explain = (
  endpoint: Endpoint,
  { tls, certificates }: Pick<Credentials, 'tls' | 'certificates'>,
  knock: Shut,
) => {
  if (knock.answered === 'tls-alert') {
    return { reason: 'speaks TLS, and was asked without it', hint: 'Write the endpoint with https://.' };
  }
  if (knock.answered === 'http-2') {
    return { reason: 'speaks without TLS, and was asked with it', hint: 'Write the endpoint with http://.' };
  }
  if (knock.answered === 'http-1' || knock.answered === 'other') {
    return {
      reason: `answers, but not as etcd's client port does${knock.answered === 'http-1' ? ' (HTTP/1)' : ''}`,
      hint: "Name etcd's client port, usually 2379, not the one for peers or metrics.",
    };
  }
  if (knock.phase === 'connect') return unreachable(endpoint, knock.error);
  if (tls === null) return cut(knock.error);
  const theirs = theirCertificate(endpoint, knock.error);
  if (theirs) return theirs;
  const text = knock.error ? messageOf(knock.error) : 'no answer';
  const aboutOurs = knock.phase === 'answer' || /alert/i.test(text);
  return aboutOurs ? ourCertificate(certificates.own, text) : cut(knock.error);
};

const codeOf = (error: Error | null): string => (error && 'code' in error ? String(error.code) : '');

const unreachable = (endpoint: Endpoint, error: Error | null): Explanation => {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') {
    return {
      reason: 'refused the connection',
      hint: 'See whether etcd runs there and listens on that address and port.',
    };
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return {
      reason: `cannot be found: the name ${endpoint.host} has no address (${code})`,
      hint: 'Check the name, and the name server.',
    };
  }
  if (code === 'ENOENT') return { reason: 'does not exist', hint: 'Check the path of the socket.' };
  const said = error ? messageOf(error) : code;
  return { reason: `cannot be reached (${said})`, hint: 'Check the address, the route and the firewall.' };
};

const theirCertificate = (endpoint: Endpoint, error: Error | null): Explanation | null => {
  const code = codeOf(error);
  if (code === 'CERT_HAS_EXPIRED') {
    return {
      reason: 'shows a certificate that has expired',
      hint: "Renew the server's certificate, and see that the clock of this machine is right.",
    };
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return {
      reason: 'shows a certificate that is not valid yet',
      hint: 'Check the clocks of both machines.',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      reason: `shows a certificate that is not made for ${endpoint.host} (${messageOf(error)})`,
      hint: 'Use a name or address that stands in the certificate, or have it made anew with this one.',
    };
  }
  if (
    /^(DEPTH_ZERO_)?SELF_SIGNED|^UNABLE_TO_(GET|VERIFY)|^CERT_(SIGNATURE|UNTRUSTED|REJECTED)|^INVALID_CA$/.test(
      code,
    )
  ) {
    return {
      reason: `shows a certificate that the given CA did not sign (${code})`,
      hint: "Give the CA of etcd's servers as --cacert (kubeadm: /etc/kubernetes/pki/etcd/ca.crt).",
    };
  }
  return null;
};

const ourCertificate = (own: Credentials['certificates']['own'], said: string): Explanation => {
  if (own === null) {
    return {
      reason: `wants a client certificate, and none was given (${said})`,
      hint: 'Give --cert and --key.',
    };
  }
  const expired = own.expires.getTime() < Date.now();
  return {
    reason: expired
      ? `refused our certificate ${own.path}, which expired on ${own.expires.toISOString().slice(0, 10)}`
      : `refused our certificate ${own.path} (${said})`,
    hint: expired
      ? 'Renew the certificate, or name a valid one.'
      : "Name a certificate that is signed by the CA that etcd has as --trusted-ca-file, and see etcd's log.",
  };
};

const cut = (error: Error | null): Explanation => ({
  reason: `ended the connection before it answered${error ? ` (${messageOf(error)})` : ''}`,
  hint: "See whether the port is etcd's client port, and look at the log of that etcd.",
});
