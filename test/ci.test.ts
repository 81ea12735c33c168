/**
 * action.yml, and the GitLab job and the Tekton task of docs/ci.md: their scripts are run by bash on a real encrypted
 * snapshot. Two fetches are not made: `npm ci` takes the packages of this checkout, and etcd's programs are in the cache.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { bash, copyCheckout, yamlBlocks } from './support/ci-scripts.ts';
import { startEtcd } from './support/etcd.ts';
import { fill } from './support/fill.ts';
import { needGoProgram } from './support/go-programs.ts';
import { cache, need } from './support/programs.ts';
import { connection, type Ran, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';

type Step = { id?: string; name?: string; uses?: string; run?: string; env?: Record<string, string> };
type Action = { inputs: Record<string, { default?: string }>; runs: { steps: Step[] } };
type GitLab = { 'verify-etcd-backup': { variables: Record<string, string>; script: string[] } };
type Tekton = {
  spec: {
    params: { name: string; default: string }[];
    steps: { script: string; env: { name: string; value?: string }[] }[];
  };
};

const root = join(import.meta.dirname, '..');
const action: Action = parse(await readFile(join(root, 'action.yml'), 'utf8'));
const blocks = yamlBlocks(await readFile(join(root, 'docs/ci.md'), 'utf8'));
const [workflow, gitlab, tekton] = blocks as [object, GitLab, Tekton];

const actionlint = await needGoProgram('actionlint');
test.skipIf(actionlint === null)(
  'actionlint finds nothing in the workflows and the steps of the action',
  async () => {
    await using folder = await temporaryFolder();
    const lint = (file: string) => promisify(execFile)(actionlint ?? '', ['-no-color', file], { cwd: root });
    // The action as a workflow that is called with its inputs, for actionlint looks at the steps of workflows only.
    const inputs = Object.fromEntries(Object.keys(action.inputs).map(name => [name, { type: 'string' }]));
    const job = { 'runs-on': 'ubuntu-latest', steps: action.runs.steps };
    const called = { on: { workflow_call: { inputs } }, jobs: { action: job } };
    await writeFile(join(folder.path, 'action.yml'), stringify(called));
    await writeFile(join(folder.path, 'docs.yml'), stringify(workflow));
    await lint(join(root, '.github/workflows/ci.yml'));
    for (const file of ['action.yml', 'docs.yml']) await lint(join(folder.path, file));
    await writeFile(join(folder.path, 'bad.yml'), stringify(called).replace('inputs.store', 'inputs.stoer'));
    await expect(lint(join(folder.path, 'bad.yml'))).rejects.toMatchObject({ code: 1 });
  },
);

test('no script has an expression in it, which would run what a caller wrote', () => {
  const scripts = [...action.runs.steps.map(step => step.run ?? ''), tekton.spec.steps[0]?.script ?? ''];
  for (const script of scripts) expect(script).not.toMatch(/\$\{\{|\$\(params/);
});

const programs = await need('3.6');
describe.skipIf(programs === null)('on a real snapshot', () => {
  let temporary: TemporaryFolder;
  let identity: string;
  let id: string;
  const path = () => `${at('bin')}:${process.env.PATH}`;
  const at = (...names: string[]) => join(temporary.path, ...names);

  beforeAll(async () => {
    temporary = await temporaryFolder();
    identity = await generateX25519Identity();
    await writeFile(at('identity'), `${identity}\n`, { mode: 0o600 });
    await using cluster = await startEtcd({ etcd: programs?.etcd ?? '' });
    await fill(cluster.settings(), { count: 100, size: 100, prefix: '/ci/' });
    const to = ['--store', at('store'), '--cluster', 'prod', '--quiet'];
    const keys = ['--recipient', await identityToRecipient(identity)];
    const saved = await snapback(['save', ...connection(cluster.settings()), ...to, ...keys]);
    expect(saved.code).toBe(0);
    id = saved.stdout.trim();

    const git = (...args: string[]) => promisify(execFile)('git', args, { cwd: at('tool') });
    await mkdir(at('bin'));
    await writeFile(
      at('bin/npm'),
      `#!/bin/sh\ncase "$*" in\n"ci --ignore-scripts") ln -sfn "${join(root, 'node_modules')}" node_modules ;;\n` +
        '"run build") node_modules/.bin/tsc -p tsconfig.build.json ;;\n*) exit 1 ;;\nesac\n',
      { mode: 0o755 },
    );
    await mkdir(at('tool'));
    await copyCheckout(at('tool'));
    await git('init', '--quiet');
    await git('add', '--all');
    const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
    await git(...who, 'commit', '--quiet', '--message', 'for the test');
    await git('-c', 'tag.gpgsign=false', 'tag', 'v0.1.0');
  });
  afterAll(() => temporary?.[Symbol.asyncDispose]());

  /** The shell steps in order, as a runner does it: expressions become the environment, a failure ends the job. */
  const runAction = async (given: Record<string, string>, folder: string) => {
    await mkdir(at(folder, 'tmp'), { recursive: true });
    const outputs: Record<string, string> = {};
    let ran: Ran = { code: 1, stdout: '', stderr: '' };
    for (const { id = '', name, run, env = {} } of action.runs.steps) {
      if (run === undefined || (name === 'Build snapback' && folder !== 'good')) continue;
      const file = at(folder, `output-${id}`);
      await writeFile(file, '');
      const filled = Object.entries(env).map(([name, text]) => {
        const [, kind, key = ''] =
          /^\$\{\{ (inputs|steps)\.(?:etcd\.outputs\.)?([\w-]+) \}\}$/.exec(text) ?? [];
        if (kind === undefined) throw new Error(`this test cannot fill in ${text}`);
        return [name, kind === 'steps' ? outputs[key] : (given[key] ?? action.inputs[key]?.default ?? '')];
      });
      const runner = {
        GITHUB_ACTION_PATH: at('tool'),
        GITHUB_OUTPUT: file,
        GITHUB_STEP_SUMMARY: at(folder, 'summary.md'),
        TMPDIR: at(folder, 'tmp'),
      };
      ran = await bash(run, { ...Object.fromEntries(filled), ...runner, PATH: path() }, at(folder));
      for (const line of (await readFile(file, 'utf8')).trim().split('\n')) {
        const [name = '', value = ''] = line.split(/=(.*)/s);
        outputs[name] = value;
      }
      if (ran.code !== 0) break;
    }
    // Node's own cache of the compiler.
    const left = (await readdir(at(folder, 'tmp'))).filter(name => name !== 'node-compile-cache');
    expect(left, 'nothing private stays').toEqual([]);
    return { ...ran, outputs };
  };

  test('the action: a backup that is good, one that is not, and none', async () => {
    const inputs = { store: at('store'), cluster: 'prod', identity };
    const good = await runAction({ ...inputs, report: 'verify.xml verify.html' }, 'good');
    expect(good.stderr).not.toContain(identity);
    expect(good).toMatchObject({ code: 0, outputs: { minors: '3.6 ', verdict: 'pass', snapshot: id } });
    expect(Number(good.outputs['recovery-seconds'])).toBeGreaterThan(0);
    expect(await readFile(at('good/summary.md'), 'utf8')).toContain('RESTORABLE');
    expect(await readFile(at('good/verify.xml'), 'utf8')).toContain('failures="0"');
    expect(await readFile(at('good/verify.html'), 'utf8')).toContain(id);

    const chosen = { ...inputs, snapshot: '', level: 'object', args: '--sample 1 --no-record' };
    expect(await runAction(chosen, 'chosen')).toMatchObject({
      code: 0,
      outputs: { minors: '3.6 ', verdict: 'pass', snapshot: id },
    });

    const none = await runAction({ ...inputs, cluster: 'nobody' }, 'none');
    expect(none).toMatchObject({ code: 22, outputs: { verdict: 'none', snapshot: '' } });

    const other = await runAction({ ...inputs, identity: await generateX25519Identity() }, 'other');
    expect(other).toMatchObject({ code: 2, outputs: { verdict: 'none' } });

    await mkdir(at('bad/store/prod'), { recursive: true });
    for (const file of await readdir(at('store/prod')))
      await copyFile(at('store/prod', file), at('bad/store/prod', file));
    const object = await open(at('bad/store/prod', `${id}.db.zst.age`), 'r+');
    await object.write(Buffer.from('damage'), 0, 6, 1000);
    await object.close();
    const bad = await runAction({ ...inputs, store: 'store' }, 'bad');
    expect(bad).toMatchObject({
      code: 20,
      outputs: { verdict: 'fail', snapshot: id, 'recovery-seconds': '' },
    });
    expect(await readFile(at('bad/summary.md'), 'utf8')).toContain('NOT RESTORABLE');
  });

  test('the GitLab job', async () => {
    const { variables, script } = gitlab['verify-etcd-backup'];
    await mkdir(at('gitlab'));
    const changed = {
      TOOL_REPOSITORY: `file://${at('tool')}`,
      SNAPBACK_STORE: at('store'),
      SNAPBACK_IDENTITY: at('identity'),
      SNAPBACK_CACHE_DIR: cache,
    };
    // A test has no /tmp for itself.
    const text = script.join('\n').replaceAll('/tmp/snapback', at('gitlab/snapback'));
    const ran = await bash(text, { ...variables, ...changed, PATH: path() }, at('gitlab'));
    expect(ran.stdout).toMatch(/^RESTORABLE · /m);
    expect(ran.code).toBe(0);
    expect(await readFile(at('gitlab/verify.xml'), 'utf8')).toContain('failures="0"');
  });

  test('the Tekton task', async () => {
    const { params, steps } = tekton.spec;
    await mkdir(at('tekton'));
    const changed: Record<string, string> = {
      store: at('store'),
      'tool-repository': `file://${at('tool')}`,
    };
    const values = Object.fromEntries(
      params.map(({ name, default: value }) => [name, changed[name] ?? value]),
    );
    const env = Object.fromEntries(
      (steps[0]?.env ?? []).map(({ name, value = 'of a Secret' }) => [
        name,
        value.replace(/\$\(params\.([\w-]+)\)/, (_, param) => values[param] ?? 'no such parameter'),
      ]),
    );
    const mounted = {
      HOME: homedir(),
      TMPDIR: at('tekton'),
      PATH: path(),
      SNAPBACK_IDENTITY: at('identity'),
    };
    const verdict = at('tekton/verdict');
    const ran = await bash(steps[0]?.script ?? '', { ...env, ...mounted, VERDICT: verdict }, at('tekton'));
    expect(ran.code, ran.stderr).toBe(0);
    expect(await readFile(verdict, 'utf8')).toMatch(/^RESTORABLE · /);
  });
});
