import type { PinResult } from '../job/pin.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

export const pinText = ({ id, pinned, changed, reason }: PinResult, style: Style): string => {
  const why = reason === null ? '' : `: ${printable(reason)}`;
  if (pinned) return changed ? `pinned ${style.good(id)}${why}` : `${id} was pinned already${why}`;
  return changed ? `unpinned ${id}; from now on the policy decides` : `${id} was not pinned`;
};
