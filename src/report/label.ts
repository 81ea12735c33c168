import type { Paint } from './style.ts';

/** A line that begins with what it is about, so that the lines of a run stand in columns. */
export const label = (name: string, text: string, paint: Paint = plain): string =>
  `${paint(name.padEnd(9))} ${text}`;

const plain: Paint = text => text;
