import type { SaveResult } from '../job/save.ts';
import { duration } from './figures.ts';
import type { Style } from './style.ts';

export const saveText = ({ id, cluster, seconds }: SaveResult, style: Style): string => {
  const named = cluster === 'default' ? '' : ` --cluster ${cluster}`;
  return `saved ${id} in ${duration(seconds)}; ${style.look('not verified yet')}: snapback verify${named} ${id.slice(-6)}`;
};
