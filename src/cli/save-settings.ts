/** The options of save that are more than a word. */
import { SnapbackError } from '../errors.ts';

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
