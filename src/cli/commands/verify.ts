import type { Expectation } from '../../job/expectation.ts';
import { verifyText } from '../../report/verify.ts';
import { command } from '../command.ts';
import { expectationForms, toExpectations, toPercent } from '../expectation-text.ts';
import { credentials, openSettings, signKey } from '../job-settings.ts';
import {
  choiceOption,
  durationOption,
  listOption,
  numberOption,
  switchOption,
  wordOption,
} from '../option.ts';
import { etcdOptions, openOptions } from '../options.ts';
import { reportFiles, tellsHistory, withReports } from '../report-files.ts';
import { signOptions } from '../signature-options.ts';

const { user, password, passwordFile, dialTimeout, idleTimeout } = etcdOptions;

export const verify = command({
  name: 'verify',
  summary: 'prove that snapshots restore',
  args: '[snapshot...]',
  options: {
    level: choiceOption({
      flag: 'level',
      choices: ['object', 'content', 'drill'] as const,
      help: 'object compares the stored bytes; content also reads the database in them, without etcd; drill also restores it into a throwaway etcd (default: drill)',
      fallback: 'drill',
    }),
    noRecord: switchOption({ flag: 'no-record', help: 'write no verdict into the store', fallback: false }),
    skipVerified: switchOption({
      flag: 'skip-verified',
      help: 'pass over those that a drill has proven already',
      fallback: false,
    }),
    members: choiceOption({
      flag: 'members',
      choices: ['1', '3'] as const,
      help: 'how many members a drill restores and starts (default: 1)',
      fallback: '1',
    }),
    allUnverified: switchOption({
      flag: 'all-unverified',
      help: 'verify all that no drill has proven, or that a fail stands against',
      fallback: false,
      inConfig: false,
    }),
    last: numberOption({
      flag: 'last',
      help: 'verify the newest N',
      least: 1,
      fallback: null,
      inConfig: false,
    }),
    olderThan: durationOption({
      flag: 'older-than',
      help: 'verify those whose proof by a drill is older than this, or that have none',
      fallback: null,
      inConfig: false,
    }),
    sample: numberOption({
      flag: 'sample',
      help: 'drill N, drawn among those without a proof, else those whose proof is oldest; check the others at --level, or leave them alone where that is drill',
      least: 1,
      fallback: null,
      inConfig: false,
    }),
    expect: {
      ...listOption({
        flag: 'expect',
        value: 'EXPECTATION',
        help: `what must be in a good backup, else exit 20: ${Object.values(expectationForms).join(', ')}; may be repeated`,
        fallback: [],
      }),
      fallback: [],
      parse: toExpectations,
    },
    comparePrevious: wordOption<number, null>({
      flag: 'compare-previous',
      value: 'P%',
      help: 'expect of each resource or prefix at most P % fewer keys than in the good snapshot before; reads both',
      parse: toPercent,
      fallback: null,
    }),
    report: {
      ...listOption({
        flag: 'report',
        value: 'FILE',
        help: 'also write what was found as JUnit (.xml), Markdown (.md) or one page (.html); may be repeated',
        fallback: [],
      }),
      parse: reportFiles,
    },
    ...openOptions,
    ...signOptions,
    user,
    password,
    passwordFile,
    dialTimeout,
    idleTimeout,
  },
  examples: [
    'snapback verify',
    'snapback verify latest~1 --level object',
    'snapback verify --level content --identity key.txt',
    'snapback verify --level object --sample 1',
    'snapback verify --last 10 --older-than 30d',
    'snapback verify --etcd-version 3.7 --members 3',
    "snapback verify --expect 'keys>=1000' --expect 'age<=26h' --expect 'shrink<=50%' --compare-previous 30%",
    'snapback verify --report verify.xml --report verify.html',
    'snapback verify ./made-by-etcdctl.db',
  ],
  run: async (invocation, context) => {
    const { settings, args, env } = invocation;
    const { allUnverified, last, olderThan, sample } = settings;
    const job = (await import('../../job/verify.ts')).verify(
      {
        ...openSettings(invocation),
        ...credentials(settings),
        snapshots: args,
        among: { allUnverified, last, olderThan, sample },
        level: settings.level,
        expectations: [...settings.expect, ...shrinkageByPrefix(settings.comparePrevious)],
        members: settings.members === '3' ? 3 : 1,
        record: !settings.noRecord,
        signKey: signKey(settings.signKey),
        skipVerified: settings.skipVerified,
        history: settings.report.some(tellsHistory),
        dialTimeout: settings.dialTimeout,
        idleTimeout: settings.idleTimeout,
      },
      context,
    );
    return withReports(settings.report, env, context, job);
  },
  text: verifyText,
  quiet: ({ verifications }) =>
    verifications
      .filter(one => one.pass !== false && one.expectations.every(({ status }) => status !== 'fail'))
      .map(one => one.snapshot)
      .join('\n'),
  verdict: true,
});

const shrinkageByPrefix = (percent: number | null): Expectation[] =>
  percent === null ? [] : [{ text: `compare-previous ${percent}%`, kind: 'shrink-by-prefix', percent }];
