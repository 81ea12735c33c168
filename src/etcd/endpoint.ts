/**
 * One endpoint, read as etcdctl reads it: `https://` is TLS, `http://` is plain whatever certificates are given,
 * and without a scheme TLS is used when a certificate, key or CA is given (etcd: client/v3/internal/endpoint).
 */
import { SnapbackError } from '../errors.ts';
import type { EtcdSettings } from './settings.ts';

export type Endpoint = {
  /** With its scheme, as people are shown it. */
  text: string;
  secure: boolean;
  /** Name or address without brackets; the path of the socket for `unix:`. */
  host: string;
  /** Null for a unix socket. */
  port: number | null;
  /** What gRPC connects to. */
  target: string;
};

/** Reads one endpoint. Throws `usage` for what is none, or has no port. */
export const parseEndpoint = (
  text: string,
  settings: Pick<EtcdSettings, 'cacert' | 'cert' | 'key'>,
): Endpoint => {
  if (text.startsWith('unix:')) return unixEndpoint(text);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase() ?? null;
  if (scheme !== null && scheme !== 'http' && scheme !== 'https') {
    throw wrong(text, `has the scheme ${scheme}, which is none of http, https and unix`);
  }
  const tls =
    scheme === null ? [settings.cacert, settings.cert, settings.key].some(Boolean) : scheme === 'https';
  const rest = scheme === null ? text : text.slice(scheme.length + 3);
  const parts = /^(?:\[([0-9a-f:.%a-z]+)\]|([^\s:/@?#[\]]+)):(\d{1,5})\/?$/i.exec(rest);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  if (host === undefined || port < 1 || port > 65535) {
    const noPort = /^(\[[^\]]+\]|[^\s:/@?#]+)\/?$/.test(rest);
    throw wrong(text, noPort ? 'names no port' : 'is not an address');
  }
  const target = `${parts?.[1] ? `[${host}]` : host}:${port}`;
  return { text: `${tls ? 'https' : 'http'}://${target}`, secure: tls, host, port, target };
};

const unixEndpoint = (text: string): Endpoint => {
  const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
  if (path === '') throw wrong(text, 'names no socket');
  return { text: `unix:${path}`, secure: false, host: path, port: null, target: `unix:${path}` };
};

const wrong = (text: string, reason: string) =>
  new SnapbackError('usage', {
    operation: 'read the endpoints',
    object: `endpoint ${JSON.stringify(text)}`,
    reason,
    hint: "Write it as https://HOST:PORT or http://HOST:PORT; etcd's client port is usually 2379.",
  });
