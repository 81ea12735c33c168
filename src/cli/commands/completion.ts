import { SnapbackError } from '../../errors.ts';
import { command } from '../command.ts';
import { completionOf } from '../completion.ts';
import { completionScript, shells } from '../completion-script.ts';

/** No job: what it prints is made of the edge's own tables. */
export const completion = command({
  name: 'completion',
  summary: 'print what makes a shell complete commands and options',
  args: `<${shells.join('|')}>`,
  options: {},
  examples: [
    'source <(snapback completion bash)',
    'source <(snapback completion zsh)',
    'snapback completion fish | source',
  ],
  run: async ({ args, commands }) => {
    const shell = shells.find(known => known === args[0]);
    if (!shell)
      throw new SnapbackError('usage', {
        operation: 'completion',
        object: `the shell ${args[0]}`,
        reason: 'is not one that this program can write for',
        hint: `It knows ${shells.join(', ')}.`,
      });
    const script = completionScript(shell, completionOf(await commands()));
    return { result: { shell, script }, error: null };
  },
  text: ({ script }) => script.trimEnd(),
  quiet: ({ script }) => script.trimEnd(),
});
