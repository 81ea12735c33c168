/** What a job tells while it runs, as a line for a person and as fields for a log. */
import { count, duration, size } from '../figures.ts';
import type { Event } from '../job/event.ts';
import type { Fields } from '../log.ts';
import { objectAddress } from '../object-address.ts';
import { age } from './age.ts';
import { checkLine } from './check.ts';
import { label } from './label.ts';
import { printable } from './printable.ts';
import type { Style } from './style.ts';

/** Safe for a terminal: what comes from etcd or a store is escaped before it is painted. */
export const eventLine = (event: Event, style: Style): string => {
  const line = (name: string, text: string) => label(printable(name), printable(text), style.dim);
  switch (event.kind) {
    case 'member': {
      const text = line('etcd', memberText(event));
      return event.fresh ? text : style.look(text);
    }
    case 'streamed':
      return line(
        'snapshot',
        `${size(event.size)} in ${duration(event.seconds)}  ${size(event.size / Math.max(event.seconds, 0.001))}/s`,
      );
    case 'stored':
      return line('stored', storedText(event));
    case 'copied': {
      const as = event.newId === null ? '' : ` as ${event.newId}`;
      const rate = size(event.size / Math.max(event.seconds, 0.001));
      return line('copied', `${event.id}${as}  ${size(event.size)} in ${duration(event.seconds)}  ${rate}/s`);
    }
    case 'bound': {
      const by = event.by ? ` by ${event.by}` : '';
      return line(
        'bound',
        `HashKV ${event.hashKV} at revision ${count(event.revision)}${by}, ${duration(event.seconds)}`,
      );
    }
    case 'snapshot':
      return printable(snapshotText(event, style));
    case 'check':
      return checkLine(event, style);
    case 'step':
      return line(event.label, event.text);
  }
};

type Of<K extends Event['kind']> = Extract<Event, { kind: K }>;

const memberText = (event: Of<'member'>): string => {
  const who = [event.name, event.role, event.version].filter(Boolean).join(', ');
  const revision = count(event.revision);
  const fresh = event.fresh
    ? `fresh at revision ${revision}`
    : `revision ${revision}, NOT KNOWN TO BE FRESH (no quorum)`;
  return `${event.endpoint} (${who}) ${amongText(event)}; ${fresh}`;
};

const amongText = ({ members, reached, healthy }: Of<'member'>): string => {
  const ill = reached - healthy;
  if (members === 1) return `the only member${ill > 0 ? ', NOT HEALTHY' : ''}`;
  if (healthy === members) return `of ${members} healthy members`;
  return `of ${members} members, ${reached} reached${ill > 0 ? `, ${ill} NOT HEALTHY` : ''}`;
};

const storedText = (event: Of<'stored'>): string => {
  const times = event.size > 0 ? event.plainSize / event.size : 1;
  const smaller = times >= 1.1 ? ` (${times.toFixed(1)} times smaller)` : '';
  const keys = `${event.recipients} ${event.recipients === 1 ? 'key' : 'keys'}`;
  const encrypted = event.recipients === 0 ? '' : `, encrypted for ${keys}`;
  const signed = event.signed ? ', signed' : '';
  return `${objectAddress(event.location, event.name)}  ${size(event.size)}${smaller}${encrypted}${signed}`;
};

const snapshotText = ({ snapshot, cluster, taken, etcdVersion, plainSize }: Of<'snapshot'>, style: Style) => {
  const facts = [
    `${snapshot}${cluster === null ? '' : ` of ${cluster}`}`,
    taken === null
      ? null
      : `taken ${age(taken, style)}${etcdVersion === null ? '' : ` from etcd ${etcdVersion}`}`,
    plainSize === null ? null : size(plainSize),
  ];
  return facts.filter(fact => fact !== null).join(', ');
};

export const eventFields = (event: Event): Fields => {
  const { kind: _, ...fields } = event;
  return fields;
};
