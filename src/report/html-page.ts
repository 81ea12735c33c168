/** A page of its own: no script, nothing from a network, light or dark as the reader's machine is. */
import { markup } from './markup.ts';

/** `body` is markup already. */
export const htmlPage = ({ title, body }: { title: string; body: string }): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${markup(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;

const style = `
:root {
  --page: #ffffff; --text: #1b1f24; --soft: #5b6470; --line: #d5dae0; --panel: #f5f7f9;
  --good: #1a7f37; --bad: #c21f2b; --look: #8a5a00;
  --own-0: #0b4f9e; --own-1: #3580cf; --own-2: #86b6e8; --other-0: #9aa3ad; --other-1: #c3cad1;
  --plot: #0b4f9e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14181d; --text: #e4e8ec; --soft: #9aa4af; --line: #333b44; --panel: #1c2229;
    --good: #4cc267; --bad: #ff7b72; --look: #e0b050;
    --own-0: #2f6fbd; --own-1: #5c9ce6; --own-2: #a5cbf5; --other-0: #6b7580; --other-1: #48515b;
    --plot: #7db4f0;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.05rem; font-weight: 600; margin: 0; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
h3 { font-size: .9rem; margin: 1.2rem 0 .3rem; font-weight: 600; }
p { margin: .3rem 0; }
.soft { color: var(--soft); }
.verdict { border-left: .35rem solid; padding: .6rem 1rem; margin: 1.2rem 0 1rem; background: var(--panel); }
.verdict strong { font-size: 1.5rem; letter-spacing: .02em; display: block; }
.verdict .id { overflow-wrap: anywhere; }
.good { color: var(--good); } .bad { color: var(--bad); } .look { color: var(--look); }
.verdict p { color: var(--text); overflow-wrap: anywhere; }
.verdict p.look { color: var(--look); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td:first-child { white-space: nowrap; overflow-wrap: normal; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; padding-right: 0; }
.swatch { display: inline-block; width: .7rem; height: .7rem; border-radius: .15rem; margin-left: .5rem; vertical-align: -.05rem; }
.bar { display: flex; gap: 2px; height: 1.6rem; margin: .6rem 0 .3rem; }
.bar span { min-width: 2px; border-radius: .15rem; }
.bar span, .swatch, .dot { print-color-adjust: exact; }
.plot { position: relative; height: 7.5rem; border-bottom: 1px solid var(--line); border-top: 1px dotted var(--line); margin: 0 .4rem; }
.plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.plot polyline { fill: none; stroke: var(--plot); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.dot { position: absolute; width: .55rem; height: .55rem; border-radius: 50%; background: var(--plot); transform: translate(-50%, 50%); }
.dot.failed { background: none; color: var(--bad); font: 700 .9rem/1 system-ui, sans-serif; width: auto; height: auto; }
.most { position: absolute; top: 0; left: 0; font-size: .75rem; color: var(--soft); line-height: 1.2; background: var(--page); padding-right: .3rem; transform: translateY(-50%); }
.ends { display: flex; justify-content: space-between; font-size: .75rem; color: var(--soft); margin: .15rem .4rem 0; }
details { margin-top: .8rem; } summary { cursor: pointer; color: var(--soft); }
footer { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: .6rem; color: var(--soft); font-size: .85rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
@media (max-width: 34rem) {
  dl { grid-template-columns: 1fr; gap: 0; } dt { margin-top: .4rem; font-size: .85rem; }
  .verdict strong { font-size: 1.25rem; }
}
`;
