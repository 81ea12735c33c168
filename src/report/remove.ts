import { size } from '../figures.ts';
import type { RemoveResult } from '../job/remove.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

export const removeText = (result: RemoveResult, style: Style): string => {
  if (!result.removed) return `${result.id} was gone already`;
  const bytes = result.size === null ? '' : `, ${size(result.size)}`;
  return `removed ${style.look(result.id)} of ${result.cluster}${bytes}: ${printable(result.reason)}`;
};
