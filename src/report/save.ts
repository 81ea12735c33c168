import { duration } from '../figures.ts';
import type { SaveResult } from '../job/save.ts';
import type { Style } from './style.ts';

export const saveText = ({ id, cluster, seconds, stores }: SaveResult, style: Style): string => {
  const named = cluster === 'default' ? '' : ` --cluster ${cluster}`;
  const there = stores.filter(({ stored }) => stored).length;
  const all = there === stores.length;
  const where = stores.length === 1 ? '' : ` in ${all ? 'all' : `${there} of`} ${stores.length} stores`;
  return `saved ${id}${all ? where : style.bad(where)} in ${duration(seconds)}; ${style.look('not verified yet')}: snapback verify${named} ${id.slice(-6)}`;
};
