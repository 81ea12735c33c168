/** One page for who audits the backups: the verdict first, then what was checked and how, and how it went before. */
import { duration, size } from '../figures.ts';
import type { Verification } from '../job/verify-settings.ts';
import { shellQuoted } from '../shell-quoted.ts';
import { phaseBar, phaseColours, swatch } from './html-bar.ts';
import { htmlPage } from './html-page.ts';
import { minute } from './html-plot.ts';
import { markup } from './markup.ts';
import { verdictWords } from './verdict-words.ts';
import { historySection } from './verify-html-history.ts';
import {
  errorSentence,
  rowsOf,
  subjectOf,
  troubles,
  type VerifyReport,
  wantsAnother,
} from './verify-report.ts';

export const verifyHtml = (report: VerifyReport): string => {
  const verifications = report.result?.verifications ?? [];
  const failed = troubles(report);
  const body = [
    `<h1>Verification of backups of etcd</h1>\n<p class="soft">${minute(report.started)}, by ${markup(report.tool)}</p>`,
    ...verifications.map(verdictBlock),
    ...failed.map(troubleBlock),
    newest(report),
    ...verifications.filter(({ pass }) => pass !== null).map(section),
    historySection(report.result?.history ?? []),
    `<footer>To check it again: <code>${markup(command(verifications))}</code>. Times are UTC, sizes in binary units.</footer>`,
  ];
  return htmlPage({ title: title(verifications, report), body: body.filter(Boolean).join('\n') });
};

const title = (verifications: Verification[], { started }: VerifyReport): string => {
  const words = verifications.map(one => `${verdictWords(one).word} ${one.snapshot}`);
  const good = verifications.filter(one => verdictWords(one).tone === 'good').length;
  const few = words.join(', ') || 'COULD NOT BE VERIFIED';
  return `${words.length > 2 ? `${good} of ${words.length} snapshots are good` : few} · ${minute(started)}`;
};

const command = (verifications: Verification[]): string =>
  ['snapback verify', ...verifications.map(({ snapshot }) => shellQuoted(snapshot))].join(' ');

const verdictBlock = (one: Verification): string => {
  const { tone, word, how, doubt } = verdictWords(one);
  const but = doubt === null ? '' : `<p class="look">${markup(doubt)}</p>`;
  return `<div class="verdict ${tone}"><strong>${markup(word)}</strong><p class="id">${markup(subjectOf(one))}</p><p>${markup(how)}</p>${but}</div>`;
};

const troubleBlock = ({ subject, error }: ReturnType<typeof troubles>[number]): string => {
  const hint = error.hint ? `<p>${markup(error.hint)}</p>` : '';
  return `<div class="verdict bad"><strong>COULD NOT BE VERIFIED</strong><p class="id">${markup(subject)}</p><p>${markup(errorSentence(error))}.</p>${hint}</div>`;
};

const newest = ({ result }: VerifyReport): string => {
  if (!result || !wantsAnother(result)) return '';
  const { newestVerified } = result;
  return newestVerified
    ? `<p>The newest good one is <strong>${newestVerified.id}</strong>, verified ${minute(new Date(newestVerified.verifiedAt))}.</p>`
    : '<p class="bad">No other snapshot is verified.</p>';
};

const section = (one: Verification): string => {
  const colours = phaseColours(one.checks);
  const bar = phaseBar(one.checks, colours);
  const rows = rowsOf(one).map(check => {
    const { name, status, detail, seconds } = check;
    const { mark, tone } = marks[status];
    const time = seconds === null ? '' : `${duration(seconds)}${swatch(colours.get(check))}`;
    return `<tr><td class="${tone}">${mark} ${markup(name)}</td><td>${markup(detail)}</td><td class="number">${time}</td></tr>`;
  });
  const facts = factsOf(one).map(([name, value]) => `<dt>${name}</dt><dd>${markup(value)}</dd>`);
  return `<section>
<h2>${markup(one.snapshot)}</h2>
<dl>${facts.join('')}</dl>
<h3>What was checked</h3>
<p class="soft">${how[one.level]}${one.pass ? '' : ' What is not in the table was not reached.'}</p>
${bar}
${bar && one.level === 'drill' ? '<p class="soft">Blue is what a real recovery has too; grey only compares.</p>' : ''}
<table><thead><tr><th>check</th><th>found</th><th class="number">time</th></tr></thead><tbody>${rows.join('')}</tbody></table>
</section>`;
};

const factsOf = (one: Verification): [string, string][] => {
  const { etcd, etcdutl } = one.programs;
  const programs = [etcd && `etcd ${etcd}`, etcdutl && `etcdutl ${etcdutl}`].filter(Boolean).join(', ');
  return [
    ...pair('cluster', one.cluster),
    ...pair('taken', one.taken && minute(new Date(one.taken))),
    ...pair('from etcd', one.etcdVersion),
    ...pair('size of the database', one.plainSize === null ? null : size(one.plainSize)),
    ...pair('level', one.level),
    ...pair('programs', programs || null),
    ...pair('took', duration(one.seconds)),
    ...pair('recovery', one.recoverySeconds === null ? null : duration(one.recoverySeconds)),
    ['recorded as', one.verdict ?? 'not recorded'],
  ];
};

const pair = (name: string, value: string | null): [string, string][] =>
  value === null ? [] : [[name, value]];

const marks = {
  pass: { mark: '✓', tone: 'good' },
  fail: { mark: '✗', tone: 'bad' },
  skipped: { mark: '–', tone: 'soft' },
  warning: { mark: '!', tone: 'look' },
};

const object =
  'The stored bytes were compared with the size and the SHA-256 that were recorded when they were written.';
const whole =
  'They were decrypted, where they are encrypted, decompressed to the exact end, and compared with etcd’s own SHA-256.';
const database =
  'The database in them was read page by page, without etcd, and its keys and their hash compared with what was recorded of the living cluster.';
const restore =
  'etcd’s own program restored them into a throwaway etcd, which was started and asked for its members, its revision, its hash and number of keys, for reads, and for a write.';

/** By the level. */
const how: Record<Verification['level'], string> = {
  object,
  content: `${object} ${whole} ${database}`,
  drill: `${object} ${whole} ${database} Then ${restore}`,
};
