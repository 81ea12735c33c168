// Runs one of the project's TypeScript scripts on the project's own Node, after the set-up that it needs: the
// packages of the lock file and the build. Started by whatever Node the machine has, so it uses only what 20 has.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const node = join(root, 'node_modules', 'node', 'bin', 'node');
const stamp = join(root, 'node_modules', '.installed-from-lock');

const stop = sentence => {
  console.error(sentence);
  process.exit(1);
};

const install = () => {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('installing the packages of package-lock.json (npm ci)');
  const npm = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (npm.error) stop(`npm is missing: it comes with Node.js 20 or newer (${npm.error.message}).`);
  if (npm.status !== 0) stop('npm ci failed, see above: is the npm registry reachable from here?');
  // An npm that runs no install scripts leaves the package "node" without its program.
  if (!existsSync(node))
    spawnSync(process.execPath, ['installArchSpecificPackage'], {
      cwd: join(root, 'node_modules', 'node'),
      stdio: 'inherit',
    });
  if (!existsSync(node))
    stop('The package "node" did not bring its program: the npm registry has none for this system.');
  writeFileSync(stamp, lock);
};

const build = () => {
  const tsc = spawnSync(
    node,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  if (tsc.status !== 0) stop('The build failed, see above.');
};

const [script, ...rest] = process.argv.slice(2);
if (!script) stop('usage: node scripts/on-node.js SCRIPT.ts [ARGUMENT…]');
if (Number(process.versions.node.split('.')[0]) < 20)
  stop(`This Node.js is ${process.version}; 20 or newer is needed to start.`);
install();
build();

const bin = join(root, 'node_modules', '.bin');
const child = spawn(node, [join(root, script), ...rest], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${bin}:${dirname(node)}:${process.env.PATH}` },
});
// Ctrl-C reaches the child by itself, as it is of the same terminal; this process stays to pass its end on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});
