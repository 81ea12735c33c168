/** What this program calls itself in all that it stores: `etcd-snapback 0.1.0`. */
import { readFileSync } from 'node:fs';

export const version: string = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).version;

export const tool = `etcd-snapback ${version}`;
