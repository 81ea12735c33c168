/** The policies of docs/s3-policies, as somebody copies them. */
import { readFile } from 'node:fs/promises';
import type { Policy } from './s3-server.ts';

export type Role = 'writer' | 'verifier' | 'pruner' | 'reader';

/** The very document, with a bucket and a prefix in place of its two words. */
export const policyOf = async (
  role: Role | 'doctor',
  { bucket, prefix }: { bucket: string; prefix: string },
): Promise<Policy> => {
  const text = await readFile(new URL(`../../docs/s3-policies/${role}.json`, import.meta.url), 'utf8');
  return JSON.parse(text.replaceAll('BUCKET', bucket).replaceAll('PREFIX', prefix));
};
