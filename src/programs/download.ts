/** One file over HTTP, bounded by an idle deadline, hashed while it is written. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { deadline } from '../deadline.ts';
import { isSnapbackError, messageOf, SnapbackError } from '../errors.ts';

export type DownloadOptions = {
  signal: AbortSignal;
  /** Milliseconds without a byte after which it fails; also the time for connecting. */
  idleTimeout: number;
};

/**
 * Writes what `url` answers to `file` (which must not exist yet) and resolves with its SHA-256 in hex. Throws
 * `failed` for an answer that is not 200, a connection that fails, ends early or is idle for too long, or a full
 * disk; then, as on abort, the part that came stays for the caller to remove.
 */
export const download = async (
  url: string,
  file: string,
  { signal, idleTimeout }: DownloadOptions,
): Promise<string> => {
  using idle = deadline(signal, idleTimeout, () =>
    problem(url, `sent nothing for ${Math.ceil(idleTimeout / 1000)} s`),
  );
  try {
    // Identity: the checksum is of the archive, so nothing on the way may unpack it.
    const response = await fetch(url, { signal: idle.signal, headers: { 'accept-encoding': 'identity' } });
    if (response.status !== 200 || !response.body) {
      await response.body?.cancel();
      throw problem(url, `answered ${response.status} ${response.statusText}`.trimEnd());
    }
    const hash = createHash('sha256');
    await using handle = await open(file, 'wx', 0o600);
    for await (const chunk of response.body) {
      idle.extend();
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    return hash.digest('hex');
  } catch (error) {
    idle.signal.throwIfAborted();
    throw isSnapbackError(error) ? error : problem(url, causeOf(error), error);
  }
};

const problem = (url: string, reason: string, cause?: unknown): SnapbackError =>
  new SnapbackError('failed', { operation: 'fetch', object: url, reason, cause });

/** fetch says only "fetch failed" or "terminated"; what happened is in its cause. */
const causeOf = (error: unknown): string => {
  const cause = error instanceof Error ? error.cause : null;
  if (error instanceof TypeError && error.message === 'terminated') return 'was cut off';
  return `could not be fetched (${messageOf(cause ?? error)})`;
};
