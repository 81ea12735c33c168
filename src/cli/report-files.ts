/** The report files of `verify`: which form each has by its suffix, and how they are written. */
import { appendFile, rename, rm, writeFile } from 'node:fs/promises';
import { errorFields, from, isSnapbackError, type SnapbackError } from '../errors.ts';
import { fileTrouble } from '../file-trouble.ts';
import type { Context, Outcome } from '../job/context.ts';
import { tool } from '../job/tool.ts';
import type { VerifyResult } from '../job/verify.ts';
import type { VerifyReport } from '../report/verify-report.ts';
import { nonEmpty } from '../setting-text.ts';

type Form = (report: VerifyReport) => string;

const forms: Record<string, () => Promise<Form>> = {
  xml: async () => (await import('../report/verify-junit.ts')).verifyJunit,
  md: async () => (await import('../report/verify-markdown.ts')).verifyMarkdown,
  html: async () => (await import('../report/verify-html.ts')).verifyHtml,
};

const suffixOf = (file: string): string => /\.(xml|md|html)$/i.exec(file)?.[1]?.toLowerCase() ?? '';

/** The texts of `--report`; throws an Error that reads on from them for a suffix that says no form. */
export const reportFiles = (texts: string[]): string[] =>
  texts.map(text => {
    if (suffixOf(nonEmpty(text))) return text;
    throw new Error('does not end in .xml (JUnit), .md or .html');
  });

/** True for a file that tells of earlier drills too. */
export const tellsHistory = (file: string): boolean => suffixOf(file) === 'html';

/**
 * Waits for the verification and writes what it came to, also when it failed or threw; a file that is there is replaced.
 * Where GitHub Actions asks for a summary (`GITHUB_STEP_SUMMARY`) the Markdown is added to that. A report that cannot be
 * written makes a run that went well end with `failed`, and never hides what a verification found.
 */
export const withReports = async (
  files: string[],
  env: NodeJS.ProcessEnv,
  { log }: Pick<Context, 'log'>,
  job: Promise<Outcome<VerifyResult>>,
): Promise<Outcome<VerifyResult>> => {
  const started = new Date();
  const settled = await job.catch((thrown: unknown) => ({ result: null, thrown }));
  const thrown = 'thrown' in settled ? settled.thrown : null;
  const error = 'thrown' in settled ? (isSnapbackError(thrown) ? thrown : null) : settled.error;
  const report = { result: settled.result, error: error && errorFields(error), started, tool };
  let unwritten: SnapbackError | null = null;
  for (const file of files) {
    try {
      const form = await forms[suffixOf(file)]?.();
      if (form) await replace(file, form(report));
    } catch (cause) {
      unwritten = aboutReport(cause, file);
      log.error(`${unwritten.object} ${unwritten.reason}`);
    }
  }
  await addSummary(env.GITHUB_STEP_SUMMARY, report).catch((cause: unknown) =>
    log.warn(aboutReport(cause, env.GITHUB_STEP_SUMMARY ?? '').message),
  );
  if ('thrown' in settled) throw thrown;
  return { result: settled.result, error: settled.error ?? unwritten };
};

const addSummary = async (file: string | undefined, report: VerifyReport): Promise<void> => {
  if (!file) return;
  const markdown = await forms.md?.();
  if (markdown) await appendFile(file, markdown(report));
};

/** Nobody who looks at the file sees half of it. */
const replace = async (file: string, text: string): Promise<void> => {
  const part = `${file}.${process.pid}.part`;
  try {
    await writeFile(part, text);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
};

const aboutReport = (error: unknown, file: string): SnapbackError =>
  from(error, 'failed', {
    operation: 'write the report',
    object: `report ${file}`,
    reason: fileTrouble(error),
    hint: 'Name another place with --report FILE.',
  });
