/** The phases of a verification as one bar, and the colour of each for the table beside it. */
import { duration } from '../figures.ts';
import type { Verification } from '../job/verify-settings.ts';
import { recoveryPhases } from '../recovery-phases.ts';
import { markup } from './markup.ts';

type Check = Verification['checks'][number];

/** By the check; blue for what a real recovery has too, grey for what only compares. */
export const phaseColours = (checks: Check[]): Map<Check, string> => {
  const timed = checks.filter(({ seconds }) => seconds !== null && seconds > 0);
  const own = timed.filter(({ name }) => recoveryPhases.includes(name));
  const others = timed.filter(check => !own.includes(check));
  return new Map([
    ...own.map((check, at): [Check, string] => [check, `var(--own-${at % 3})`]),
    ...others.map((check, at): [Check, string] => [check, `var(--other-${at % 2})`]),
  ]);
};

/** Nothing where no phase took a time. */
export const phaseBar = (checks: Check[], colours: Map<Check, string>): string => {
  const total = [...colours.keys()].reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  const parts = checks.flatMap(check => {
    const colour = colours.get(check);
    if (colour === undefined) return [];
    const title = markup(`${check.name}: ${duration(check.seconds ?? 0)}`);
    const share = (((check.seconds ?? 0) / total) * 100).toFixed(3);
    return [`<span style="flex:${share} 0 0;background:${colour}" title="${title}"></span>`];
  });
  if (parts.length === 0) return '';
  const said = checks
    .filter(check => colours.has(check))
    .map(({ name, seconds }) => `${name} ${duration(seconds ?? 0)}`)
    .join(', ');
  return `<div class="bar" role="img" aria-label="${markup(said)}">${parts.join('')}</div>`;
};

export const swatch = (colour: string | undefined): string =>
  colour === undefined ? '' : `<span class="swatch" style="background:${colour}"></span>`;
