/** Times and ids as they stand in names: sorting by name is sorting by time. */
import { randomInt } from 'node:crypto';

/** `20261122T061807Z-4f2a9c`: UTC time of the start, then 6 random hex digits. */
export const idPattern = /^\d{8}T\d{6}Z-[0-9a-f]{6}$/;

/** The time as it stands in names: `20261122T061807Z`, UTC, cut to whole seconds. */
export const stamp = (time: Date): string => `${time.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;

/** The time of a stamp; null for text that is not one, such as 31 February. */
export const timeOfStamp = (text: string): Date | null => {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? [];
  const time = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
  return !Number.isNaN(time.getTime()) && stamp(time) === text ? time : null;
};

/** True for text that is a snapshot's id. */
export const isId = (text: string): boolean =>
  idPattern.test(text) && timeOfStamp(text.slice(0, 16)) !== null;

/** The time of a snapshot's id, to the second. Throws RangeError for what is no id: check with `isId` first. */
export const timeOf = (id: string): Date => {
  const time = isId(id) ? timeOfStamp(id.slice(0, 16)) : null;
  if (!time) throw new RangeError(`${id} is not an id of a snapshot`);
  return time;
};

const most = 0xffffff;

/** A time in a name that need not be in order with others: `<stamp>-<6 random hex>`. */
export const stampWithRandom = (time: Date): string => `${stamp(time)}-${hex(randomInt(0, most + 1))}`;

let last = { second: 0, random: -1 };

/**
 * A new id for a snapshot that starts now. Ids of one process never go backwards, whatever the clock does:
 * within a second the random digits grow, and when they are used up the next second is taken. `newest` is the
 * newest id of the folder: when another process made it in this very second, the new one is greater.
 */
export const newId = (now: Date, newest: string | null = null): string => {
  const second = Math.floor(now.getTime() / 1000);
  if (newest?.startsWith(stamp(now)))
    last = greater(last, { second, random: Number.parseInt(newest.slice(-6), 16) });
  if (second > last.second) last = { second, random: randomInt(0, most + 1) };
  else if (last.random < most) last = { ...last, random: randomInt(last.random + 1, most + 1) };
  else last = { second: last.second + 1, random: randomInt(0, most + 1) };
  return `${stamp(new Date(last.second * 1000))}-${hex(last.random)}`;
};

type Made = typeof last;

const greater = (a: Made, b: Made): Made =>
  b.second > a.second || (b.second === a.second && b.random > a.random) ? b : a;

const hex = (random: number): string => random.toString(16).padStart(6, '0');

/**
 * A new id for a snapshot that is made of another one: of the same time, since that is when its data was taken and age
 * and retention go by it, and greater, so that it sorts after the one that it may replace. `taken` are ids in use.
 */
export const idBeside = (id: string, taken: Iterable<string>): string => {
  const used = new Set([id, ...taken]);
  const own = Number.parseInt(id.slice(-6), 16);
  for (let tries = 0; ; tries++) {
    // Where the digits above its own are all but used up, any others do.
    const random = tries < 100 && own < most ? randomInt(own + 1, most + 1) : randomInt(0, most + 1);
    const made = `${id.slice(0, -6)}${hex(random)}`;
    if (!used.has(made)) return made;
  }
};
