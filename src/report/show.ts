import { count, duration, size } from '../figures.ts';
import type { ShownVerdict, ShowResult } from '../job/show.ts';
import { age } from './age.ts';
import { label } from './label.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

type Manifest = ShowResult['manifest'];

/** Everything for a person: what it is first, then where it came from, what is stored, and what checks found. */
export const showText = (result: ShowResult, style: Style): string => {
  const { manifest, pinned } = result;
  return [
    `${manifest.id} of ${printable(manifest.cluster.name)}: ${proof(result, style)}`,
    ...taken(manifest, style),
    ...etcd(manifest),
    ...stored(result, style),
    ...signature(result, style),
    ...(pinned
      ? [label('pinned', pinned.reason === null ? 'without a reason' : printable(pinned.reason))]
      : []),
    ...Object.entries(manifest.labels).map(([name, text]) =>
      label('label', `${printable(name)}=${printable(text)}`),
    ),
    ...result.verdicts.flatMap(verdict => verdictLines(verdict, style)),
  ].join('\n');
};

const proof = ({ bad, failed, verified }: ShowResult, style: Style): string => {
  if (failed) return style.bad(`BAD, ${failed.level} failed ${when(failed.time, style)}`);
  if (bad) return style.bad('BAD, the object is missing');
  return verified
    ? style.good(`verified by a drill ${when(verified.time, style)}`)
    : style.look('NOT VERIFIED');
};

const taken = ({ taken, fingerprint, fingerprintSkipped, lineage, tool, origin }: Manifest, style: Style) => {
  const { started, finished, endpoint, role, memberId, linearizedRevision } = taken;
  const seconds = Math.max(0, (Date.parse(finished) - Date.parse(started)) / 1000);
  const member = memberId === null ? '' : ` (${role === null ? '' : `${role}, `}member ${hexId(memberId)})`;
  const source = endpoint === null ? '' : ` from ${printable(endpoint)}${member}`;
  const fresh =
    linearizedRevision === null
      ? style.look('NOT KNOWN TO BE FRESH: no linearizable read')
      : `everything up to revision ${count(linearizedRevision)} is in it`;
  const bound = fingerprint
    ? `HashKV ${fingerprint.hashKV} at revision ${count(fingerprint.revision)} (${fingerprint.compactRevision < 0 ? 'never compacted' : `compacted at ${count(fingerprint.compactRevision)}`}), ${count(fingerprint.keys)} keys, by member ${hexId(fingerprint.memberId)}, ${duration(fingerprint.seconds)}`
    : style.look(`not to the living cluster: ${printable(fingerprintSkipped ?? '')}`);
  return [
    label('taken', `${when(started, style)} in ${duration(seconds)}${source}`),
    label('fresh', fresh),
    label('bound', bound),
    ...(origin
      ? [label('origin', 'file' in origin ? originFile(origin) : `${origin.id} of ${origin.lineage}`)]
      : []),
    label('lineage', `${lineage}, by ${printable(tool)}`),
  ];
};

const originFile = ({ file, madeBy }: { file: string; madeBy: string | null }): string =>
  `${printable(file)}${madeBy === null ? '' : `, made by ${printable(madeBy)}`}`;

const etcd = ({ etcd, cluster }: Manifest): string[] => {
  const known = [
    etcd.version === null ? 'version unknown' : printable(etcd.version),
    etcd.storageVersion === null ? null : `storage ${printable(etcd.storageVersion)}`,
    cluster.id === null ? null : `cluster ${hexId(cluster.id)}`,
    etcd.raftTerm === null ? null : `term ${count(etcd.raftTerm)}`,
    revisions(etcd),
    etcd.authEnabled === null ? null : `auth ${etcd.authEnabled ? 'on' : 'off'}`,
  ];
  const database = [
    etcd.dbSize === null ? null : size(etcd.dbSize),
    etcd.dbSizeInUse === null ? null : `${size(etcd.dbSizeInUse)} in use`,
    etcd.quota === null ? null : `quota ${size(etcd.quota)}`,
  ].filter(text => text !== null);
  return [
    label('etcd', known.filter(text => text !== null).join(', ')),
    ...(database.length > 0 ? [label('database', database.join(', '))] : []),
    ...(etcd.alarms ?? []).map(({ type, memberId }) =>
      label('alarm', `${printable(type)} of member ${hexId(memberId)}`),
    ),
    ...(cluster.members ?? []).map(({ id, name, peerURLs, clientURLs, learner }) => {
      const urls = `peers ${peerURLs.join(',')}, clients ${clientURLs.join(',')}`;
      return label(
        'member',
        `${printable(name)} ${hexId(id)}${learner ? ' (learner)' : ''}, ${printable(urls)}`,
      );
    }),
  ];
};

const revisions = ({ revisionBefore, revisionAfter }: Manifest['etcd']): string | null => {
  if (revisionBefore === null) return null;
  if (revisionAfter === null) return `revision ≥ ${count(revisionBefore)}`;
  if (revisionAfter === revisionBefore) return `revision ${count(revisionBefore)}`;
  return `revision ${count(revisionBefore)} to ${count(revisionAfter)}`;
};

const stored = ({ manifest, storedSize }: ShowResult, style: Style): string[] => {
  const { plain, object, attachments } = manifest;
  const packed = object.compression === 'zstd' ? 'zstd' : 'not compressed';
  const found = storedSize === null ? 'MISSING' : `${size(storedSize)} IN THE STORE`;
  const differs = storedSize === object.size ? '' : `, ${style.bad(found)}`;
  return [
    label('plain', `${size(plain.size)}, ${plain.sha256}`),
    label('object', `${object.name}, ${size(object.size)}${differs}, ${packed}, ${object.sha256}`),
    ...(object.encryption === null ? [label('keys', style.look('not encrypted'))] : []),
    ...object.recipients.map(recipient => label('key', `age for ${printable(recipient)}`)),
    ...attachments.map(({ name, size: bytes, paths }) =>
      label('attached', `${name}, ${size(bytes)}: ${paths.map(printable).join(', ')}`),
    ),
  ];
};

const signature = ({ signed, signedBy }: ShowResult, style: Style): string[] => {
  if (signedBy !== null) return [label('signed', style.good(`by ${printable(signedBy)}`))];
  return signed ? [label('signed', 'by whom was not looked at: --trust-key FILE')] : [];
};

const verdictLines = (verdict: ShownVerdict, style: Style): string[] => {
  const { level, pass, time, body, error, signedBy, ofThisManifest } = verdict;
  const words = pass ? 'passed' : 'FAILED';
  const outcome = error !== null ? words : pass ? style.good(words) : style.bad(words);
  const who = signedBy === null ? '' : `, signed by ${printable(signedBy)}`;
  const took = body === null ? '' : `, ${duration(body.seconds)}, by ${printable(body.tool)}${who}`;
  const checks = [...(body?.checks ?? []), ...(body?.expectations ?? [])];
  return [
    label('verdict', `${level} ${outcome} ${when(time, style)}${took}`),
    ...(error === null ? [] : [label('', `  not believed: it ${printable(error)}`)]),
    ...(ofThisManifest === false ? [label('', '  of other bytes than those of this manifest')] : []),
    ...checks
      .filter(check => check.status !== 'pass')
      .map(({ status, name, detail }) => label('', `  ${status}: ${printable(name)}: ${printable(detail)}`)),
  ];
};

/** An id of etcd as etcdctl prints it. */
const hexId = (decimal: string): string => BigInt(decimal).toString(16);

const when = (time: string, style: Style): string =>
  style.utc ? age(time, style) : `${time.replace(/\.\d+Z$/, 'Z')} (${age(time, style)})`;
