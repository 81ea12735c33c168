/** How the drills before this one went: recovery time and size, as plots and as a table. */
import { duration, size } from '../figures.ts';
import type { PastVerification } from '../job/past-verifications.ts';
import { minute, plot } from './html-plot.ts';
import { markup } from './markup.ts';

/** `history` is oldest first. Nothing where there is none. */
export const historySection = (history: PastVerification[]): string => {
  if (history.length === 0) return '';
  const points = (figure: (one: PastVerification) => number | null) =>
    history.map(one => ({ time: new Date(one.verifiedAt), value: figure(one) }));
  const recovery = plot(
    points(one => one.recoverySeconds),
    duration,
  );
  const sizes = history.flatMap(({ verifiedAt, storedSize }) =>
    storedSize === null ? [] : [{ time: new Date(verifiedAt), value: storedSize }],
  );
  const rows = history.toReversed().map(one => {
    const outcome = one.pass ? '<td class="good">✓ passed</td>' : '<td class="bad">✗ FAILED</td>';
    const took = one.recoverySeconds === null ? '' : duration(one.recoverySeconds);
    const stored = one.storedSize === null ? '' : size(one.storedSize);
    return `<tr><td>${minute(new Date(one.verifiedAt))}</td>${outcome}<td>${markup(one.snapshot)}</td><td class="number">${took}</td><td class="number">${stored}</td></tr>`;
  });
  return `<section>
<h2>The drills until now</h2>
${recovery ? `<h3>Recovery time</h3>\n${recovery}` : ''}
${sizes.length > 0 ? `<h3>Size of the stored object</h3>\n${plot(sizes, size)}` : ''}
<details><summary>${history.length === 1 ? 'One drill' : `${history.length} drills`} as a table</summary>
<table><thead><tr><th>drill</th><th>outcome</th><th>snapshot</th><th class="number">recovery</th><th class="number">stored</th></tr></thead><tbody>${rows.join('')}</tbody></table>
</details>
</section>`;
};
