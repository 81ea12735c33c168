/**
 * The colours of a stream: none with NO_COLOR, else what its terminal can show; FORCE_COLOR asks for them without a
 * terminal (https://no-color.org, https://force-color.org). NO_COLOR has the last word.
 */
import { Chalk, supportsColor, supportsColorStderr } from 'chalk';
import type { Paints } from '../report/style.ts';

export const paints = (stream: 'stdout' | 'stderr'): Paints => {
  const support = stream === 'stdout' ? supportsColor : supportsColorStderr;
  const level = process.env.NO_COLOR || !support ? 0 : support.level;
  const chalk = new Chalk({ level });
  return {
    good: text => chalk.green(text),
    bad: text => chalk.red(text),
    look: text => chalk.yellow(text),
    dim: text => chalk.dim(text),
  };
};
