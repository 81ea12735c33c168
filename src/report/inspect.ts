import { count, duration, size } from '../figures.ts';
import type { InspectResult } from '../job/inspect.ts';
import { age } from './age.ts';
import { keyBars } from './inspect-bars.ts';
import { keyText } from './key-text.ts';
import { label } from './label.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

/** For a person: what it is, what etcd keeps of itself, then where the keys and the bytes are. No value is in it. */
export const inspectText = (result: InspectResult, style: Style): string => {
  const { warnings, revision, compactRevision, compactingTo } = result;
  const compacted = compactRevision === null ? 'never compacted' : `compacted at ${count(compactRevision)}`;
  const underWay = compactingTo === null ? '' : `, a compaction at ${count(compactingTo)} has not ended`;
  return [
    [
      heading(result, style),
      ...warnings.map(warning => label('warning', printable(warning), style.look)),
      label('revision', `${count(revision)}, ${compacted}${underWay}`),
      label('etcd', versions(result)),
      label('keys', `${count(result.totals.keys)}, ${size(result.totals.bytes)}`),
      label('history', history(result)),
      ...file(result, style),
      ...members(result),
      label('leases', leases(result)),
      ...alarms(result, style),
      ...auth(result, style),
    ].join('\n'),
    ...keyBars(result, style),
    ...largest(result, style),
    ...mostRevised(result, style),
  ].join('\n\n');
};

const heading = ({ snapshot, cluster, taken, etcd }: InspectResult, style: Style): string =>
  [
    `${printable(snapshot)}${cluster === null ? '' : ` of ${printable(cluster)}`}`,
    ...(taken === null ? [] : [`taken ${age(taken, style)}`]),
    ...(etcd.version === null ? [] : [`etcd ${printable(etcd.version)}`]),
  ].join(', ');

const versions = ({ etcd, raft }: InspectResult): string =>
  [
    etcd.storageVersion === null ? 'storage version not recorded' : `storage ${etcd.storageVersion}`,
    etcd.clusterVersion === null ? null : `cluster ${etcd.clusterVersion}`,
    etcd.downgradeTo === null ? null : `on its way down to ${printable(etcd.downgradeTo)}`,
    raft.term === null ? null : `term ${count(raft.term)}`,
    raft.consistentIndex === null ? null : `raft index ${count(raft.consistentIndex)}`,
  ]
    .filter(text => text !== null)
    .join(', ');

const history = ({ totals: { pastRecords, pastBytes } }: InspectResult): string =>
  pastRecords === 0
    ? 'none'
    : `${count(pastRecords)} older records and deletions, ${size(pastBytes)}: a compaction removes them`;

const file = ({ file }: InspectResult, style: Style): string[] => {
  const back = Math.max(0, file.size - file.sizeDefragmented);
  const share = file.size === 0 ? 0 : Math.round((100 * file.freeSize) / file.size);
  const free = `${size(file.freeSize)} (${share} %) free`;
  return [
    label('database', `${size(file.size)}, ${share >= 50 ? style.look(free) : free}`),
    label(
      'defrag',
      `would leave about ${size(file.sizeDefragmented)} and give back ${size(back)} (all entries laid out anew)`,
    ),
  ];
};

const listLimit = 10;

const members = ({ members, removedMembers }: InspectResult): string[] => [
  ...members.rows
    .slice(0, listLimit)
    .map(({ id, name, peerURLs, clientURLs, learner }) =>
      label(
        'member',
        printable(
          `${name || '(never started)'} ${hexId(id)}${learner ? ' (learner)' : ''}, peers ${peerURLs.join(',')}${clientURLs.length > 0 ? `, clients ${clientURLs.join(',')}` : ''}`,
        ),
      ),
    ),
  ...more('member', members),
  ...(removedMembers.total > 0
    ? [
        label(
          'removed',
          `${count(removedMembers.total)} ${removedMembers.total === 1 ? 'member' : 'members'}`,
        ),
      ]
    : []),
];

const more = (name: string, { total, rows }: { total: number; rows: unknown[] }): string[] => {
  const left = total - Math.min(rows.length, listLimit);
  return left > 0 ? [label(name, `${count(left)} more (--json)`)] : [];
};

const leases = ({ leases: { total, rows, leasedKeys } }: InspectResult): string => {
  if (total === 0) return 'none';
  const ttls = rows.map(({ ttl }) => ttl);
  const [least, most] = [Math.min(...ttls), Math.max(...ttls)];
  const granted = least === most ? duration(least) : `${duration(least)} to ${duration(most)}`;
  return `${count(total)}, granted for ${granted}; ${count(leasedKeys)} keys live as long as theirs`;
};

const alarms = ({ alarms }: InspectResult, style: Style): string[] => [
  ...(alarms.total === 0 ? [label('alarms', 'none')] : []),
  ...alarms.rows
    .slice(0, listLimit)
    .map(({ type, memberId }) =>
      label('alarm', `${style.look(printable(type))} of member ${hexId(memberId)}`),
    ),
  ...more('alarm', alarms),
];

const auth = ({ auth: { enabled, users, roles } }: InspectResult, style: Style): string[] => [
  label('auth', enabled ? 'on' : 'off'),
  ...users.rows.slice(0, listLimit).map(({ name, roles, password }) => {
    const granted = roles.length === 0 ? 'no role' : roles.map(printable).join(', ');
    return label('user', `${printable(name)}: ${granted}${password ? '' : ', without a password'}`);
  }),
  ...more('user', users),
  ...roles.rows.slice(0, listLimit).map(({ name, permissions: { total, rows } }) => {
    const some = rows.slice(0, 3).map(permission => permissionText(permission));
    const left = total - some.length;
    const granted = [...some, ...(left > 0 ? [style.dim(`${count(left)} more`)] : [])].join('; ');
    return label('role', `${printable(name)}: ${granted || (name === 'root' ? 'everything' : 'nothing')}`);
  }),
  ...more('role', roles),
];

type Permission = InspectResult['auth']['roles']['rows'][number]['permissions']['rows'][number];

const permissionText = ({ access, rangeEnd, ...key }: Permission): string => {
  if (rangeEnd === null) return `${access} ${keyText(key)}`;
  // etcd: a range that ends with a zero byte has no end, and one that begins with it has all keys.
  const open = rangeEnd.keyBase64 === zeroByte;
  if (open && key.keyBase64 === zeroByte) return `${access} everything`;
  return `${access} from ${keyText(key)}${open ? ' on' : ` to before ${keyText(rangeEnd)}`}`;
};

const zeroByte = 'AA==';

const largest = ({ largest }: InspectResult, style: Style): string[] =>
  largest.length === 0
    ? []
    : [
        table(
          ['LARGEST', 'REVISION', 'KEY'],
          largest.map(({ bytes, revision, ...key }) => [size(bytes), count(revision), keyText(key)]),
          { ...style, columns: null },
        ),
      ];

const mostRevised = ({ mostRevised: { rows, others }, top }: InspectResult, style: Style): string[] => {
  if (rows.length === 0) return [];
  const drawn = table(
    ['CHANGES', 'SIZE', 'KEY'],
    rows.map(({ records, bytes, live, ...key }) => [
      count(records),
      size(bytes),
      `${keyText(key)}${live ? '' : style.look(' (deleted)')}`,
    ]),
    { ...style, columns: null },
  );
  return [
    rows.length < top && others > 1
      ? `${drawn}\n${style.dim(`no other key has more than ${others}`)}`
      : drawn,
  ];
};

/** An id of etcd as etcdctl prints it. */
const hexId = (decimal: string): string => BigInt(decimal).toString(16);
