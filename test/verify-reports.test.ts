/** The report files of `verify`: what they say, that nothing in them can be more than text, and when they are written. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256Of } from '../src/catalog/document.ts';
import { writeVerdict } from '../src/catalog/verdict.ts';
import type { Verification } from '../src/job/verify-settings.ts';
import { verifyHtml } from '../src/report/verify-html.ts';
import { verifyJunit } from '../src/report/verify-junit.ts';
import { verifyMarkdown } from '../src/report/verify-markdown.ts';
import type { VerifyReport } from '../src/report/verify-report.ts';
import { type KeptStore, keptStore } from './support/kept-store.ts';
import { snapback } from './support/snapback.ts';
import { putSample, sampleManifest, sampleSha256 } from './support/snapshot-sample.ts';

const { signal } = new AbortController();
const id = '20261122T061807Z-4f2a9c';

const good: Verification = {
  snapshot: id,
  cluster: 'prod',
  taken: '2026-11-22T06:18:07.250Z',
  etcdVersion: '3.6.16',
  plainSize: 1_268_000_000,
  level: 'drill',
  rehearsal: null,
  pass: true,
  checks: [
    { name: 'signature', status: 'pass', detail: '/etc/snapback/ops.pub', seconds: null },
    { name: 'stored object', status: 'pass', detail: '217 MiB, hash as recorded', seconds: 0.9 },
    { name: 'restored', status: 'pass', detail: 'etcdutl 3.6.16', seconds: 2.3 },
    { name: 'same as living', status: 'skipped', detail: 'not comparable: compacted', seconds: null },
    { name: 'alarms', status: 'warning', detail: 'NOSPACE: run `etcdctl alarm disarm`', seconds: null },
  ],
  expectations: [],
  seconds: 4,
  recoverySeconds: 3.2,
  programs: { etcd: '3.6.16', etcdutl: '3.6.16' },
  verdict: `${id}.verify.20261123T020000Z-00ff3e.drill.pass.json`,
};
const hostile =
  '<img src=x> "quoted" & \'q\' ]]> | [a](b) `c` \n# head \u0000\u001b[31m \u202e \uffff \ud800';
const bad: Verification = {
  ...good,
  snapshot: '20261121T061807Z-4f2a9b',
  cluster: '</testsuite>',
  pass: false,
  recoverySeconds: null,
  checks: [{ name: hostile, status: 'fail', detail: hostile, seconds: 0.123_456 }],
};
const report = (verifications: Verification[], error: VerifyReport['error'] = null): VerifyReport => ({
  result: { verifications, notVerified: [], newestVerified: null, history: [] },
  error,
  started: new Date('2026-11-23T02:00:00.000Z'),
  tool: 'etcd-snapback 0.1.0',
});
const notGood = {
  code: 'integrity' as const,
  operation: 'verify',
  object: `snapshot ${bad.snapshot}`,
  cause: 'is not restorable',
  hint: null,
};
const missing = {
  code: 'missing-program' as const,
  operation: 'drill',
  object: 'snapshot <x>',
  cause: 'needs etcd 3.4, which is not here',
  hint: 'snapback tools install 3.4',
};

test('JUnit: a suite for a snapshot, a case for a check', () => {
  expect(verifyJunit(report([good, { ...good, pass: null, checks: [], seconds: 0 }]))).toBe(
    `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="etcd-snapback 0.1.0">
  <testsuite name="prod/${id}" tests="5" failures="0" errors="0" skipped="1" time="4.000" timestamp="2026-11-23T02:00:00">
    <testcase name="signature" classname="prod.${id}" time="0.000"><system-out>/etc/snapback/ops.pub</system-out></testcase>
    <testcase name="stored object" classname="prod.${id}" time="0.900"><system-out>217 MiB, hash as recorded</system-out></testcase>
    <testcase name="restored" classname="prod.${id}" time="2.300"><system-out>etcdutl 3.6.16</system-out></testcase>
    <testcase name="same as living" classname="prod.${id}" time="0.000"><skipped message="not comparable: compacted"/></testcase>
    <testcase name="alarms" classname="prod.${id}" time="0.000"><system-out>warning: NOSPACE: run \`etcdctl alarm disarm\`</system-out></testcase>
  </testsuite>
  <testsuite name="prod/${id}" tests="1" failures="0" errors="0" skipped="1" time="0.000" timestamp="2026-11-23T02:00:00">
    <testcase name="drill" classname="prod.${id}" time="0.000"><skipped message="verified already"/></testcase>
  </testsuite>
</testsuites>
`,
  );
});

test('JUnit: what failed is a failure, and what kept the run from being done an error', () => {
  const failed = verifyJunit(report([bad], notGood));
  expect(failed).toContain('tests="1" failures="1" errors="0" skipped="0" time="4.000"');
  expect(failed).toContain('<failure message="&lt;img src=x&gt; &quot;quoted&quot; &amp; ');
  expect(failed.match(/<testsuite /g)).toHaveLength(1);
  const stopped = verifyJunit({ ...report([], missing), result: null });
  expect(stopped).toContain('tests="1" failures="0" errors="1"');
  expect(stopped).toContain(
    '<error message="snapshot &lt;x&gt; needs etcd 3.4, which is not here" type="missing-program">snapback tools install 3.4</error>',
  );
  // Beside one that failed, another that could not be looked at is not lost.
  expect(verifyJunit(report([bad], missing)).match(/<testsuite /g)).toHaveLength(2);
  const untrusted = { ...notGood, operation: 'check the signature' };
  expect(verifyJunit(report([bad], untrusted)).match(/<testsuite /g)).toHaveLength(2);
  const two = report([bad], untrusted);
  two.result?.notVerified.push({ snapshot: id, error: untrusted }, { snapshot: '2', error: missing });
  const names = [...verifyJunit(two).matchAll(/<testsuite name="([^"]*)/g)].map(([, name]) => name);
  expect(names.slice(1)).toEqual([id, '2']);
});

test('Markdown: the verdict first, then the checks', () => {
  expect(verifyMarkdown(report([good]))).toBe(`### ✓ RESTORABLE: prod/${id}

proven by a restore · recovery took 3.2 s · **not compared: same as living** · etcd 3.6.16 · 1.18 GiB · taken 2026-11-22T06:18:07Z

| | check | found | time |
|---|---|---|---:|
| ✓ | signature | /etc/snapback/ops.pub |  |
| ✓ | stored object | 217 MiB, hash as recorded | 0.9 s |
| ✓ | restored | etcdutl 3.6.16 | 2.3 s |
| – | same as living | not comparable: compacted |  |
| **!** | alarms | NOSPACE: run \\\`etcdctl alarm disarm\\\` |  |
`);
  const failed = verifyMarkdown(report([bad, good], notGood));
  expect(failed).toContain('### ✗ NOT RESTORABLE: &lt;/testsuite&gt;/20261121T061807Z-4f2a9b\n');
  expect(failed).toContain('\\[a\\]\\(b\\) \\`c\\` ');
  expect(failed).toContain('**No other snapshot is verified.**');
  expect(failed).not.toContain('COULD NOT');
  const stopped = verifyMarkdown({ ...report([], missing), result: null });
  expect(stopped).toContain(
    '### ✗ COULD NOT BE VERIFIED: snapback verify\n\nsnapshot &lt;x&gt; needs etcd 3.4, which is not here. snapback',
  );
});

test('HTML: the verdict before everything else, and no script, network or frame', () => {
  const page = verifyHtml(report([bad, good], missing));
  const words = page.replaceAll(/<style>[\s\S]*<\/style>|<[^>]*>/g, ' ');
  const places = ['NOT RESTORABLE', 'COULD NOT BE VERIFIED', 'What was checked'].map(word =>
    words.lastIndexOf(word),
  );
  expect(places.every(place => place > 0)).toBe(true);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(words).toContain('not compared: same as living');
  expect(words).toContain('What is not in the table was not reached.');
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(page).not.toMatch(/<(script|link|img|iframe|object|form|base|a)\b|\bon\w+=|url\(|https?:|@import/i);
  expect(page).toContain('<title>NOT RESTORABLE 20261121T061807Z-4f2a9b, RESTORABLE');
});

test('a rehearsal on another etcd is said to be one, and asks for no other snapshot', () => {
  const rehearsed = report([{ ...bad, rehearsal: '3.7' }], notGood);
  const texts = [verifyMarkdown(rehearsed), verifyHtml(rehearsed)];
  for (const text of texts) {
    expect(text).toContain('NOT RESTORABLE ON etcd 3.7');
    expect(text).toContain('a rehearsal, which says nothing of its own 3.6.16');
    expect(text).not.toContain('No other snapshot');
  }
});

test('HTML: earlier drills as points over time and as a table', () => {
  const drill = (day: number, recoverySeconds: number | null) => ({
    snapshot: id,
    verifiedAt: `2026-11-${day}T09:00:00.000Z`,
    pass: recoverySeconds !== null,
    recoverySeconds,
    storedSize: 100 * day,
  });
  const page = (...history: ReturnType<typeof drill>[]) =>
    verifyHtml({
      ...report([good]),
      result: { verifications: [good], notVerified: [], newestVerified: null, history },
    });
  const three = page(drill(10, 8), drill(11, null), drill(20, 10));
  expect(three).toContain('style="left:0.00%;bottom:69.57%" title="2026-11-10 09:00 UTC: 8.0 s"');
  expect(three).toContain(
    '<span class="dot failed" style="left:10.00%;bottom:0.00%" title="2026-11-11 09:00 UTC: failed">',
  );
  expect(three).toContain('style="left:100.00%;bottom:86.96%" title="2026-11-20 09:00 UTC: 10 s"');
  expect(three).toContain('points="0.00,30.43 100.00,13.04"');
  expect(three).toContain('aria-label="from 8.0 s to 10 s, 10 s at last"');
  expect(three.match(/✗ FAILED/g)).toHaveLength(1);
  expect(page(drill(10, 8))).toContain('left:50.00%');
  // A drill that failed has no recovery time, so there is nothing to draw.
  expect(page(drill(10, null))).not.toContain('Recovery time');
  expect(page()).not.toContain('The drills until now');
});

test.each([
  ['JUnit', verifyJunit(report([bad, good], missing)), []],
  ['HTML', verifyHtml(report([bad, good], missing)), ['meta', '!doctype']],
])('%s: every element is closed where it should be, whatever is in the texts', (_, text, empty: string[]) => {
  expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\uFFFE\uFFFF]/u);
  const open: string[] = [];
  for (const [, close, name = '', end] of text.matchAll(
    /<(\/?)([!\w-]+)(?:\s[\w:-]+(?:="[^"<]*")?)*\s*(\/?)>/g,
  )) {
    if (close) expect(open.pop(), name).toBe(name);
    else if (!end && !empty.includes(name)) open.push(name);
  }
  expect(open).toEqual([]);
  const rest = text.replaceAll(/<style>[\s\S]*<\/style>/g, '').replaceAll(/<[^<>]*>/g, '');
  expect(rest).not.toMatch(/[<>]|&(?!amp;|lt;|gt;|quot;)/);
});

/** A snapshot whose object is what its manifest says, and one whose object is not. */
const twoSnapshots = async (): Promise<KeptStore & { at(name: string): string }> => {
  const kept = await keptStore([bad.snapshot]);
  const object = { ...sampleManifest(id).object, sha256: sha256Of(Buffer.from('bytes')) };
  await putSample(kept.store, id, { object });
  return { ...kept, at: name => join(kept.folder, '..', name) };
};
const all = ['--report', 'x.xml', '--report', 'x.md', '--report', 'x.html'];

test('each is written beside the result, and replaced by the next run', async () => {
  await using kept = await twoSnapshots();
  expect((await kept.run('verify', id, '--level', 'object', ...all)).code).toBe(0);
  const read = (name: string) => readFile(kept.at(name), 'utf8');
  expect(await read('x.xml')).toContain(`<testsuite name="prod/${id}" tests="1" failures="0"`);
  expect(await read('x.md')).toContain(`### ✓ STORED AS RECORDED: prod/${id}`);
  expect(await read('x.html')).toContain('<strong>STORED AS RECORDED</strong>');
  expect((await kept.run('verify', bad.snapshot, '--level', 'object', ...all)).code).toBe(20);
  expect(await read('x.xml')).toContain('failures="1"');
  expect(await read('x.xml')).not.toContain(id);
  expect(await read('x.md')).toContain('### ✗ NOT RESTORABLE');
  expect((await kept.run('verify', '20200101T000000Z-000000', ...all)).code).toBe(22);
  expect(await read('x.xml')).toContain('type="not-found"');
  expect(await read('x.html')).toContain('COULD NOT BE VERIFIED');
  expect((await readdir(kept.at('.'))).sort()).toEqual(['prod', 'x.html', 'x.md', 'x.xml']);
});

test('GitHub Actions gets the Markdown without being asked', async () => {
  await using kept = await twoSnapshots();
  const summary = kept.at('summary.md');
  await writeFile(summary, 'of the step before\n');
  const args = ['verify', id, '--level', 'object', '--store', kept.at('.'), '--cluster', 'prod'];
  expect((await snapback(args, { env: { GITHUB_STEP_SUMMARY: summary } })).code).toBe(0);
  expect(await readFile(summary, 'utf8')).toMatch(/^of the step before\n### ✓ STORED AS RECORDED/);
  const lost = await snapback(args, { env: { GITHUB_STEP_SUMMARY: kept.at('none/summary.md') } });
  expect(lost).toMatchObject({ code: 0, stderr: expect.stringContaining('warning: write the report') });
});

test('a report that cannot be written fails a run that went well, and hides nothing that was found', async () => {
  await using kept = await twoSnapshots();
  const to = ['--report', kept.at('none/x.xml'), '--report', 'y.md'];
  const ran = await kept.run('verify', id, '--level', 'object', ...to);
  expect(ran).toMatchObject({ code: 1, stdout: expect.stringContaining('STORED AS RECORDED') });
  expect(ran.stderr).toContain('none/x.xml cannot be made: the folder for it is not there');
  expect(await readFile(kept.at('y.md'), 'utf8')).toContain('STORED AS RECORDED');
  expect((await kept.run('verify', bad.snapshot, '--level', 'object', ...to)).code).toBe(20);
  const wrong = await kept.run('verify', id, '--report', 'x.pdf');
  expect(wrong).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('does not end in .xml (JUnit), .md or .html'),
  });
  expect((await kept.files(id)).filter(name => name.includes('.verify.'))).toHaveLength(1);
});

test('the page tells of the drills until now, and the other forms cost no request for them', async () => {
  await using kept = await twoSnapshots();
  const verdict = {
    format: 1 as const,
    kind: 'verdict' as const,
    snapshot: id,
    manifest: sampleSha256,
    level: 'drill' as const,
    pass: true,
    started: '2026-11-22T09:00:00.500Z',
    seconds: 9,
    recoverySeconds: 8.6,
    tool: 'etcd-snapback 0.1.0',
    programs: { etcd: null, etcdutl: null },
    checks: [],
    expectations: [],
  };
  const file = await writeVerdict(kept.store, 'prod', verdict, { signKey: null, signal });
  const result = async (...report: string[]) =>
    (await kept.json<{ history: unknown[] }>('verify', id, '--level', 'object', '--no-record', ...report))
      .document.result;
  const drill = {
    snapshot: id,
    verifiedAt: '2026-11-22T09:00:00.000Z',
    pass: true,
    recoverySeconds: 8.6,
    storedSize: 5,
  };
  expect((await result('--report', 'x.html')).history).toEqual([drill]);
  expect(await readFile(kept.at('x.html'), 'utf8')).toContain('title="2026-11-22 09:00 UTC: 8.6 s"');
  expect((await result('--report', 'x.xml')).history).toEqual([]);
  await writeFile(join(kept.folder, file), 'damaged');
  expect((await result('--report', 'x.html')).history).toEqual([]);
});
