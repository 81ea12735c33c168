import { size } from '../figures.ts';
import type { RemoveResult } from '../job/remove.ts';
import { amount } from './old-versions.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

export const removeText = (result: RemoveResult, style: Style): string => {
  const { cluster, oldVersions: old } = result;
  const id = style.look(result.id);
  if (!result.removed) {
    if (old?.removed) return `removed ${amount(old)}, of ${id} of ${cluster}: ${printable(result.reason)}`;
    return `${result.id} was gone already${old ? `; the bucket keeps ${amount(old)}` : ''}`;
  }
  const bytes = result.size === null ? '' : `, ${size(result.size)}`;
  const all = old?.removed ? ', for good' : '';
  const hidden = `hidden, not gone: the bucket keeps ${old && amount(old)}; to remove them: snapback remove ${result.id} --all-versions`;
  return [
    `removed ${id} of ${cluster}${bytes}${all}: ${printable(result.reason)}`,
    ...(old && !old.removed ? [style.look(hidden)] : []),
  ].join('\n');
};
