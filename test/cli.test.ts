/** The program as it is called: help, unknown words, the config file, colours, a closed pipe. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitTable } from '../src/cli/exit-code.ts';
import { type Ran, snapback } from './support/snapback.ts';
import { type TemporaryFolder, temporaryFolder } from './support/temporary-folder.ts';
import { onTerminal } from './support/terminal.ts';

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
const bin = fileURLToPath(new URL('../bin/snapback.js', import.meta.url));
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const call = (args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  snapback(args, { cwd: folder.path, env });

/** Runs any program to its end; both outputs together. */
const together = (program: string, args: string[], env: NodeJS.ProcessEnv = process.env) =>
  new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const child = spawn(program, args, { cwd: folder.path, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', text => {
        output += text;
      });
    child.on('error', reject);
    child.on('close', code => resolve({ code, output }));
  });

const configFile = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder.path, name), text);
  return name;
};

describe('help', () => {
  test('alone it prints the commands and ends with 2', async () => {
    const { code, stdout, stderr } = await call([]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^ {2}save /m);
    expect(stdout).toMatch(/^ {2}tools/m);
    expect(stderr).toBe('');
  });

  test.each([
    [['--help']],
    [['help']],
    [['save', '-h']],
    [['--help', 'save']],
    [['--cluster', 'prod', '--help']],
    [['help', 'save']],
    [['tools', 'install', '--help']],
  ])('%j prints every exit code and ends with 0', async args => {
    const { code, stdout, stderr } = await call(args);
    expect(code).toBe(0);
    for (const [exit, meaning] of exitTable) expect(stdout).toContain(`${exit.padStart(5)}  ${meaning}`);
    expect(stderr).toBe('');
  });

  test('help save is save --help', async () => {
    const [one, other] = await Promise.all([call(['help', 'save']), call(['save', '--help'])]);
    expect(one.stdout).toContain('--endpoints <URL,…>');
    expect(one.stdout).toBe(other.stdout);
  });

  test.each([[['--version']], [['--cluster', 'prod', '--version']]])('%j prints the version', async args => {
    expect(await call(args)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.each([[['tools', '--help']], [['help', 'tools']]])('%j lists what follows', async args => {
    const { code, stdout } = await call(args);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}install /m);
  });
});

describe('what is unknown', () => {
  test.each([
    [['savee'], "unknown command 'savee' (did you mean save?)"],
    [['savee', '--help'], "unknown command 'savee' (did you mean save?)"],
    [['help', 'savee'], "unknown command 'savee' (did you mean save?)"],
    [['tools', 'instal'], "unknown command 'instal' (did you mean install?)"],
    [['tools'], "'tools' is not a whole command: it goes on with install"],
    [['--cluster', 'save'], 'it names no command'],
    [['xyzzy'], "unknown command 'xyzzy'."],
    [['list', '--stor', 'x'], "unknown option '--stor' (did you mean --store?)"],
    [['--stor', 'x', 'list'], "unknown option '--stor' (did you mean --store?)"],
    [['--recipient', 'x', 'list'], "unknown option '--recipient'"],
    [['list', '--store'], "option '--store <LOCATION>' argument missing"],
    [['show'], "missing required argument 'snapshot'"],
    [['list', 'more'], 'too many arguments'],
  ])('%j', async (args, sentence) => {
    const { code, stdout, stderr } = await call(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(stderr).toContain('Exit 2 (usage');
  });

  test.each([[['list', '--pasword=hunter2']], [['--pasword=hunter2', 'list']], [['list', 'hunter2']]])(
    'what may be a password is not quoted: %j',
    async args => {
      const { code, stderr } = await call(args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/unknown option|too many/);
      expect(stderr).not.toContain('hunter2');
    },
  );

  test.each([
    [['list', '--json', '--stor', 'x'], {}],
    [['--json=true', 'list', '--stor', 'x'], {}],
    [['list', '--stor', 'x'], { SNAPBACK_JSON: '1' }],
  ])('%j %j gives the document here too', async (args, env) => {
    const { code, stdout, stderr } = await call(args, env);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      command: 'list',
      ok: false,
      exit: 2,
      error: { code: 'usage' },
    });
  });
});

describe('the config file', () => {
  test.each([
    ['an unknown key', 'stroe: x\n', 'stroe in bad.yaml is not a known key (did you mean store?)'],
    ['a prototype key', '__proto__: x\n', '__proto__ in bad.yaml is not a known key'],
    ['no YAML', 'store: "x\n', 'is not YAML at line'],
    ['a list', '- store\n', 'is not a mapping'],
    ['a text', 'store\n', 'is not a mapping'],
    ['an alias', 'store: *x\n', 'Put a value that begins with * in quotes'],
    ['the same key twice', 'store: x\nstore: y\n', 'is not YAML at line 2, column 1 (duplicate key)'],
    ['a mapping as a value', 'store: { a: b }\n', 'store in bad.yaml is not a plain value'],
    ['a list as a value', 'store: [a, b]\n', 'store in bad.yaml is not a plain value'],
  ])('%s', async (_, text, sentence) => {
    const { code, stdout, stderr } = await call(['list', '--config', await configFile('bad.yaml', text)]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
  });

  test.each([
    ['password: "hunter2\n'],
    ['password: *hunter2\n'],
    ['password: "a" hunter2\n'],
    ['password: !hunter2 x\nstore: [a]\n'],
  ])('never quotes a password, not even with its stack trace: %j', async text => {
    const file = await configFile('secret.yaml', text);
    const { code, stderr } = await call(['list', '--config', file, '--log-level', 'debug']);
    expect(code).toBe(2);
    expect(stderr).not.toContain('hunter2');
  });

  test('unknown keys and bad values come at once', async () => {
    const file = await configFile('several.yaml', 'stroe: x\nclusterr: y\nlog-level: loud\n');
    const { code, stderr } = await call(['list', '--config', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('did you mean store?');
    expect(stderr).toContain('did you mean cluster?');
    expect(stderr).toContain('log-level in several.yaml "loud" is not one of');
  });

  test.each([
    ['by flag', ['--config', 'absent.yaml'], {}],
    ['by variable', [], { SNAPBACK_CONFIG: 'absent.yaml' }],
    ['by both, the flag first', ['--config', 'absent.yaml'], { SNAPBACK_CONFIG: 'other.yaml' }],
  ])('named %s and absent', async (_, args, env) => {
    const { code, stderr } = await call(['list', ...args], env);
    expect(code).toBe(2);
    expect(stderr).toContain('config file absent.yaml cannot be read (ENOENT)');
  });

  test('named by nothing is a mistake', async () => {
    const { code, stderr } = await call(['list', '--config', '']);
    expect(code).toBe(2);
    expect(stderr).toContain('--config "" is empty');
  });

  test('keeps what is written as it is written: digits are text', async () => {
    const file = await configFile('digits.yaml', 'cluster: 007\n');
    const { stdout, stderr } = await call(['list', '--config', file, '--json']);
    expect(stdout + stderr).toContain('007');
  });

  test('is snapback.yaml of the working directory where none is named', async () => {
    await using own = await temporaryFolder();
    await writeFile(join(own.path, 'snapback.yaml'), 'stroe: x\n');
    const { code, stderr } = await snapback(['list'], { cwd: own.path, env: { SNAPBACK_CONFIG: '' } });
    expect(code).toBe(2);
    expect(stderr).toContain('stroe in snapback.yaml');
  });
});

describe('a recipients file', () => {
  test.each([
    ['names nobody', '# nobody yet\n', 'recipients file nobody.txt names no recipient'],
    ['names what is none', 'age1nobody\n', 'recipient age1nobody is not a valid age recipient'],
  ])('that %s ends a save before anything is stored', async (_, text, sentence) => {
    const file = await configFile('nobody.txt', text);
    const { code, stderr } = await call(['save', '--recipients-file', file, '--store', './untouched']);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(existsSync(join(folder.path, 'untouched'))).toBe(false);
  });
});

describe('a switch', () => {
  test('that is off outweighs the environment', async () => {
    const env = { SNAPBACK_JSON: '1' };
    const [off, on] = await Promise.all([call(['list', '--json=false'], env), call(['list', '--json'], env)]);
    expect(off.stdout).toContain('no snapshots of default');
    expect(JSON.parse(on.stdout)).toMatchObject({ command: 'list', ok: true });
  });

  test('with a wrong value is a mistake that names it', async () => {
    const { code, stderr } = await call(['list', '--all=maybe']);
    expect(code).toBe(2);
    expect(stderr).toContain('--all "maybe" is neither true nor false');
  });

  test('takes no value without the equals sign', async () => {
    const { code, stderr } = await call(['list', '--all', 'false']);
    expect(code).toBe(2);
    expect(stderr).toContain('too many arguments');
  });
});

test('options may stand before the command, and a value may look like one', async () => {
  const [before, after] = await Promise.all([
    call(['--cluster', 'save', '--store', './none', 'list']),
    call(['list', '--cluster', 'save', '--store', './none']),
  ]);
  expect(before).toEqual(after);
  expect(before).toMatchObject({ code: 0, stderr: '' });
  expect(before.stdout).toContain('no snapshots of save in ./none');
});

describe('switches that are not flags', () => {
  test('SNAPBACK_JSON prints the document', async () => {
    expect(JSON.parse((await call(['list'], { SNAPBACK_JSON: 'yes' })).stdout)).toMatchObject({
      command: 'list',
    });
  });

  test('SNAPBACK_LOG_LEVEL=debug prints the stack trace, and without it there is none', async () => {
    const bad = ['list', '--cluster', '../x'];
    const [debug, plain] = await Promise.all([call(bad, { SNAPBACK_LOG_LEVEL: 'debug' }), call(bad)]);
    expect(debug.stderr).toMatch(/^\s+at /m);
    expect(plain.stderr).not.toMatch(/^\s+at /m);
    expect(plain.code).toBe(2);
  });
});

describe('on a terminal', () => {
  const failing = (env: NodeJS.ProcessEnv) =>
    onTerminal(['list', '--cluster', '../x'], { cwd: folder.path, env });

  test('errors are coloured, and not with NO_COLOR', async () => {
    const [coloured, plain] = [await failing({}), await failing({ NO_COLOR: '1' })];
    expect(coloured).toContain('\u001b[31m');
    expect(plain).toContain('list failed');
    const redirected = await onTerminal(['list', '--cluster', '../x'], {
      cwd: folder.path,
      redirect: '>out',
    });
    expect(redirected).toContain('\u001b[31m');
    for (const code of ['31', '2']) expect(plain).not.toContain(`\u001b[${code}m`);
  });
});

test('FORCE_COLOR colours without a terminal, NO_COLOR has the last word', async () => {
  const bad = ['list', '--cluster', '../x'];
  const [forced, both] = await Promise.all([
    call(bad, { NO_COLOR: '', FORCE_COLOR: '1' }),
    call(bad, { NO_COLOR: '1', FORCE_COLOR: '1' }),
  ]);
  expect(forced.stderr).toContain('\u001b[31mlist failed');
  expect(both.stderr).not.toContain('\u001b');
});

test('a reader that closes the pipe early is no error', async () => {
  const { output } = await together('bash', [
    '-c',
    `'${process.execPath}' '${bin}' --help | true; echo "ended with \${PIPESTATUS[0]}"`,
  ]);
  expect(output).toBe('ended with 0\n');
});

// The machine's own Node, where that is an old one; the project's is new.
const oldNode = (process.env.PATH ?? '')
  .split(delimiter)
  .filter(path => !path.includes('node_modules'))
  .map(path => join(path, 'node'))
  .find(existsSync);
const major = oldNode ? await versionOf(oldNode) : 0;

async function versionOf(node: string): Promise<number> {
  return new Promise(resolve => {
    let text = '';
    const child = spawn(node, ['-p', 'process.versions.node'], { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.setEncoding('utf8').on('data', part => {
      text += part;
    });
    child.on('error', () => resolve(0));
    child.on('close', () => resolve(Number.parseInt(text, 10) || 0));
  });
}

const isOld = oldNode !== undefined && major > 0 && major < 24;
test.skipIf(!isOld)(
  'an old Node is told in one sentence which one is needed (skipped: no Node below 24 on PATH)',
  async () => {
    const { code, output } = await together(oldNode ?? '', [bin, 'list']);
    expect(code).toBe(1);
    expect(output).toMatch(/^snapback needs Node\.js 24 or newer, and this is v\d+\.\S+ \(.*\)\.\n$/);
  },
);
