/** Markdown for the summary of a CI run: each verdict first, its checks in a table. */
import { duration, size } from '../figures.ts';
import type { Verification } from '../job/verify-settings.ts';
import { markup } from './markup.ts';
import { verdictWords } from './verdict-words.ts';
import {
  errorSentence,
  rowsOf,
  subjectOf,
  troubles,
  type VerifyReport,
  wantsAnother,
} from './verify-report.ts';

export const verifyMarkdown = (report: VerifyReport): string => {
  const parts = [
    ...(report.result?.verifications ?? []).map(partOf),
    ...troubles(report).map(
      ({ subject, error }) =>
        `### ✗ COULD NOT BE VERIFIED: ${plain(subject)}\n\n${plain(errorSentence(error))}.${error.hint ? ` ${plain(error.hint)}` : ''}`,
    ),
    ...newestLine(report),
  ];
  return `${parts.join('\n\n')}\n`;
};

const partOf = (one: Verification): string => {
  const { tone, word, how, doubt } = verdictWords(one);
  const facts = [
    plain(how),
    ...(doubt === null ? [] : [`**${plain(doubt)}**`]),
    ...(one.etcdVersion === null ? [] : [`etcd ${plain(one.etcdVersion)}`]),
    ...(one.plainSize === null ? [] : [size(one.plainSize)]),
    ...(one.taken === null ? [] : [`taken ${one.taken.replace(/\.\d+Z$/, 'Z')}`]),
  ];
  const head = `### ${tone === 'good' ? '✓' : '✗'} ${word}: ${plain(subjectOf(one))}\n\n${facts.join(' · ')}`;
  if (rowsOf(one).length === 0) return head;
  const rows = rowsOf(one).map(
    ({ name, status, detail, seconds }) =>
      `| ${marks[status]} | ${plain(name)} | ${plain(detail)} | ${seconds === null ? '' : duration(seconds)} |`,
  );
  return `${head}\n\n| | check | found | time |\n|---|---|---|---:|\n${rows.join('\n')}`;
};

const newestLine = ({ result }: VerifyReport): string[] => {
  if (!result || !wantsAnother(result)) return [];
  const { newestVerified } = result;
  return newestVerified
    ? [`The newest good one is **${newestVerified.id}**, verified ${newestVerified.verifiedAt}.`]
    : ['**No other snapshot is verified.**'];
};

const marks = { pass: '✓', fail: '**✗**', skipped: '–', warning: '**!**' };

/** Nothing in it is taken for Markdown or HTML. */
const plain = (text: string): string => markup(text).replaceAll(/[\\`*_{}[\]()#+|~!]/g, '\\$&');
