/** What is told while a job runs: the same words with and without colour, and nothing of a stranger's reaches the terminal. */
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { Event } from '../src/job/event.ts';
import { eventLine } from '../src/report/event.ts';
import { progressLine } from '../src/report/progress.ts';
import { shellWord } from '../src/report/shell.ts';
import type { Style } from '../src/report/style.ts';

const now = new Date('2026-11-22T08:18:07Z');
const shown = (text: string) => text;
const plain: Style = { good: shown, bad: shown, look: shown, dim: shown, utc: false, now, columns: null };
const painted: Style = {
  ...plain,
  good: text => `\u001b[32m${text}\u001b[39m`,
  bad: text => `\u001b[31m${text}\u001b[39m`,
  look: text => `\u001b[33m${text}\u001b[39m`,
  dim: text => `\u001b[2m${text}\u001b[22m`,
};

const member: Event = {
  kind: 'member',
  endpoint: 'https://10.0.0.12:2379',
  name: 'm1',
  role: 'follower',
  version: '3.6.16',
  members: 3,
  reached: 3,
  healthy: 3,
  revision: 1_284_220,
  fresh: true,
};
const check: Event = {
  kind: 'check',
  name: 'stored object',
  status: 'pass',
  detail: '217 MiB, hash as recorded',
  seconds: 0.9,
};
const events: [Event, string][] = [
  [
    member,
    'etcd      https://10.0.0.12:2379 (m1, follower, 3.6.16) of 3 healthy members; fresh at revision 1,284,220',
  ],
  [
    { ...member, reached: 2, healthy: 1 },
    'etcd      https://10.0.0.12:2379 (m1, follower, 3.6.16) of 3 members, 2 reached, 1 NOT HEALTHY; fresh at revision 1,284,220',
  ],
  [
    { ...member, members: 1, reached: 1, healthy: 1, fresh: false },
    'etcd      https://10.0.0.12:2379 (m1, follower, 3.6.16) the only member; revision 1,284,220, NOT KNOWN TO BE FRESH (no quorum)',
  ],
  [{ kind: 'streamed', size: 1_268_000_000, seconds: 4 }, 'snapshot  1.18 GiB in 4.0 s  302 MiB/s'],
  [
    {
      kind: 'stored',
      location: '/backups/',
      name: 'prod/x.db.zst.age',
      size: 100 * 2 ** 20,
      plainSize: 560 * 2 ** 20,
      recipients: 2,
      signed: true,
    },
    'stored    /backups/prod/x.db.zst.age  100 MiB (5.6 times smaller), encrypted for 2 keys, signed',
  ],
  [
    { kind: 'bound', hashKV: 2844868205, revision: 1_284_220, by: 'm2', seconds: 0.3 },
    'bound     HashKV 2844868205 at revision 1,284,220 by m2, 0.3 s',
  ],
  [
    {
      kind: 'snapshot',
      snapshot: '20261122T061807Z-4f2a9c',
      cluster: 'prod',
      taken: '2026-11-22T06:18:07Z',
      etcdVersion: '3.6.16',
      plainSize: 1_268_000_000,
    },
    '20261122T061807Z-4f2a9c of prod, taken 2 h ago from etcd 3.6.16, 1.18 GiB',
  ],
  [
    { kind: 'snapshot', snapshot: './x.db', cluster: null, taken: null, etcdVersion: null, plainSize: null },
    './x.db',
  ],
  [check, `  ✓ stored object   217 MiB, hash as recorded${' '.repeat(28)}0.9 s`],
  [
    { ...check, name: 'alarms', status: 'warning', detail: 'NOSPACE', seconds: null },
    '  ! alarms          NOSPACE',
  ],
  [{ kind: 'step', label: 'restore', text: 'etcdutl makes ./x' }, 'restore   etcdutl makes ./x'],
];

test.each(events)('%j', (event, line) => {
  expect(eventLine(event, plain)).toBe(line);
  expect(stripVTControlCharacters(eventLine(event, painted))).toBe(line);
});

test('the colour of a check is what was found', () => {
  const line = (status: 'pass' | 'fail' | 'warning') => eventLine({ ...check, status }, painted);
  expect(line('pass')).toContain('\u001b[32m✓');
  expect(line('fail')).toContain('\u001b[31m✗');
  expect(line('warning')).toContain('\u001b[33m!');
});

test('what comes from etcd or a store is escaped, painted or not', () => {
  const evil = '\u001b[2J\u202e';
  const hostile: Event[] = [
    { ...member, name: evil, version: evil },
    { kind: 'bound', hashKV: 1, revision: 1, by: evil, seconds: 1 },
    {
      kind: 'snapshot',
      snapshot: evil,
      cluster: evil,
      taken: now.toISOString(),
      etcdVersion: evil,
      plainSize: 1,
    },
    { ...check, status: 'fail', detail: evil },
    { kind: 'step', label: 'removed', text: evil },
  ];
  for (const event of hostile) {
    expect(eventLine(event, plain)).toContain('\\x1b[2J\\u{202e}');
    for (const style of [plain, painted])
      for (const raw of ['\u001b[2J', '\u202e']) expect(eventLine(event, style)).not.toContain(raw);
  }
});

test('the progress line is never wider than the terminal', () => {
  const half = { phase: 'snapshot', done: 862 * 2 ** 20, total: 1210 * 2 ** 20 };
  expect(progressLine(half, 3, 80, shown)).toBe(
    'snapshot  ██████████████░░░░░░  71 %  862 MiB of 1.18 GiB  287 MiB/s  2 s left',
  );
  for (const columns of [1, 5, 20, 40, 200])
    expect(stripVTControlCharacters(progressLine(half, 3, columns, painted.dim)).length).toBeLessThanOrEqual(
      columns,
    );
});

test('what a person may copy is one word of a shell', () => {
  expect(shellWord('m0=https://10.0.0.11:2380,m1=https://[::1]:2380')).toBe(
    'm0=https://10.0.0.11:2380,m1=https://[::1]:2380',
  );
  expect(shellWord('a b; $(rm) \'"')).toBe("'a b; $(rm) '\\''\"'");
  expect(shellWord('')).toBe("''");
});
