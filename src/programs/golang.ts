/**
 * Builds etcd's programs with a Go toolchain from the modules in build/<minor>/. A module of our own for each
 * minor, since etcd's go.mod has `replace` lines and `go install package@version` refuses such; its go.sum is
 * what makes the sources the right ones.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SnapbackError } from '../errors.ts';
import { findOnPath } from './on-path.ts';
import type { Aside } from './place.ts';
import { runProgram } from './run.ts';
import { lastWords } from './tail.ts';
import type { Minor, ProgramName } from './versions.ts';
import { versions } from './versions.ts';

export type BuildOptions = {
  /** PATH, in which `go` is looked for. */
  path: string;
  onStep(text: string): void;
  signal: AbortSignal;
};

/** The server's package builds as `server`, so each gets its name by `-o`. */
const packages: Record<ProgramName, string> = {
  etcd: 'go.etcd.io/etcd/server/v3',
  etcdutl: 'go.etcd.io/etcd/etcdutl/v3',
  etcdctl: 'go.etcd.io/etcd/etcdctl/v3',
};

/**
 * Puts the programs of the pinned version into `aside.programs`. Go fetches modules through its own proxy and,
 * unless GOTOOLCHAIN says otherwise, the toolchain that etcd asks for. Throws `missing-program` without a Go of
 * 1.21 or later, `failed` when it does not build.
 */
export const buildWithGo = async (minor: Minor, aside: Aside, options: BuildOptions): Promise<void> => {
  const { version, programs } = versions[minor];
  const go = await findOnPath('go', options.path);
  if (go === null) throw noGo('is not on PATH');
  const has = await goVersion(go, aside, options.signal);
  let told = false;
  const onLine = (line: string) => {
    if (told || !line.startsWith('go: downloading')) return;
    told = true;
    options.onStep('fetch the modules that it is built from');
  };
  for (const [index, name] of programs.entries()) {
    options.onStep(`build ${name} ${version} with ${has} (${index + 1} of ${programs.length})`);
    const target = join(aside.programs, name);
    const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', target, packages[name]];
    const { code, output } = await runProgram(go, args, {
      cwd: fileURLToPath(new URL(`../../src/programs/build/${minor}/`, import.meta.url)),
      env: { ...goEnvironment, PATH: options.path },
      signal: options.signal,
      timeout: 30 * 60_000,
      onLine,
    });
    if (code !== 0) throw notBuilt(name, version, output);
  }
};

/**
 * Built for the machine that it runs on and without C, whatever the person's environment says; modules only as
 * go.sum has them. GOTOOLCHAIN, GOPROXY and the caches are the person's own.
 */
export const goEnvironment: NodeJS.ProcessEnv = {
  CGO_ENABLED: '0',
  GOFLAGS: '-mod=readonly',
  GOWORK: 'off',
  GO111MODULE: 'on',
  GOOS: undefined,
  GOARCH: undefined,
};

/** Asked with GOTOOLCHAIN=local: 1.21 is the first that can fetch the toolchain a go.mod asks for. */
const goVersion = async (go: string, aside: Aside, signal: AbortSignal): Promise<string> => {
  const { output } = await runProgram(go, ['env', 'GOVERSION'], {
    cwd: aside.work,
    env: { GOTOOLCHAIN: 'local', GOWORK: 'off' },
    signal,
    timeout: 30_000,
  });
  const [said, major, minor] = /go(\d+)\.(\d+)\S*/.exec(output) ?? [];
  if (said === undefined) throw noGo('does not say its version');
  if (Number(major) === 1 && Number(minor) < 21) throw noGo(`is ${said}, too old`);
  return said;
};

const noGo = (reason: string): SnapbackError =>
  new SnapbackError('missing-program', {
    operation: 'build',
    object: 'a Go toolchain of 1.21 or later',
    reason,
  });

const notBuilt = (name: string, version: string, output: string): SnapbackError =>
  new SnapbackError('failed', {
    operation: 'build',
    object: `${name} ${version}`,
    reason: `did not build (${lastWords(output) ?? 'go said nothing'})`,
  });
