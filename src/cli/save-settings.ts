/** The options of save that are more than a word. */
import { SnapbackError } from '../errors.ts';
import { readText } from './job-settings.ts';

export const recipientsOf = (values: { recipient: string[]; recipientsFile: string | null }): string[] => {
  const text = values.recipientsFile === null ? '' : readText(values.recipientsFile, 'the recipients');
  const listed = text
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('#'));
  if (values.recipientsFile !== null && listed.length === 0)
    throw new SnapbackError('usage', {
      operation: 'read the recipients',
      object: `file ${values.recipientsFile}`,
      reason: 'names no recipient, and the snapshot would be stored unencrypted',
      hint: 'Write one age1… a line, or leave --recipients-file out.',
    });
  return [...new Set([...values.recipient, ...listed])];
};

export const labelsOf = (labels: string[]): Record<string, string> =>
  Object.fromEntries(
    labels.map(label => {
      const at = label.indexOf('=');
      if (at > 0) return [label.slice(0, at), label.slice(at + 1)];
      throw new SnapbackError('usage', {
        operation: 'read the options',
        object: `--label ${label}`,
        reason: 'is not KEY=VALUE',
        hint: 'For example --label reason=before-upgrade',
      });
    }),
  );

/** `leader`, `follower`, or the endpoint of one member. */
export const fromOf = (from: string | null): 'leader' | 'follower' | { endpoint: string } | null =>
  from === null || from === 'leader' || from === 'follower' ? from : { endpoint: from };
