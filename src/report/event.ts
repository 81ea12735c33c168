/** What a job tells while it runs, as a line for a person and as fields for a log. */
import type { Event } from '../job/event.ts';
import type { Fields } from '../log.ts';
import { checkLine } from './check.ts';
import { count, duration, size } from './figures.ts';
import { label } from './label.ts';

export const eventLine = (event: Event): string => {
  switch (event.kind) {
    case 'member': {
      const who = [event.name, event.role, event.version].filter(Boolean).join(', ');
      const many = event.members === 1 ? 'the only member' : `of ${event.members} members`;
      const fresh = event.fresh
        ? `fresh at revision ${count(event.revision)}`
        : `revision ${count(event.revision)}, NOT KNOWN TO BE FRESH (no quorum)`;
      return label('etcd', `${event.endpoint} (${who}) ${many}; ${fresh}`);
    }
    case 'stored': {
      const times = event.size > 0 ? event.plainSize / event.size : 1;
      const smaller = times >= 1.1 ? ` (${times.toFixed(1)} times smaller)` : '';
      const keys =
        event.recipients === 0
          ? ''
          : `, encrypted for ${event.recipients} ${event.recipients === 1 ? 'key' : 'keys'}`;
      return label(
        'stored',
        `${event.location.replace(/\/$/, '')}/${event.name}  ${size(event.size)}${smaller}${keys}`,
      );
    }
    case 'bound':
      return label(
        'bound',
        `HashKV ${event.hashKV} at revision ${count(event.revision)}${event.by ? ` by ${event.by}` : ''}, ${duration(event.seconds)}`,
      );
    case 'check':
      return checkLine(event);
    case 'step':
      return label(event.label, event.text);
  }
};

export const eventFields = (event: Event): Fields => {
  const { kind: _, ...fields } = event;
  return fields;
};
