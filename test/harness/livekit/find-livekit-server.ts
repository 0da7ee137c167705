import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import {
  access,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../yard/error-code.ts';

/** The release that the tests and the demo are measured on. */
export const LIVEKIT_SERVER_VERSION = '1.13.11';

const MODULE = `github.com/livekit/livekit-server@v${LIVEKIT_SERVER_VERSION}`;
/**
 * LiveKit builds on forks of these three, for WARP: an experiment that is off unless `enable_warp` is
 * set, and the forks are not to be had from every Go proxy. Ours is built on Pion's own releases.
 */
const FORKED = ['github.com/pion/webrtc/v4', 'github.com/pion/dtls/v3', 'github.com/pion/ice/v4'];
/** The one use of what only the forks have, under `if params.EnableWarp`. */
const WARP = { file: join('pkg', 'rtc', 'transport.go'), call: 'se.EnableSped(true)' };
const PROGRESS_EVERY_MS = 5_000;
const LOCK_POLL_MS = 200;

export type FindLivekitServerOptions = {
  /** Told one line at a time while the server is built, which takes about two minutes. */
  readonly onProgress?: (line: string) => void;
  /** Where the variables are read from; the process's own if left out. */
  readonly env?: NodeJS.ProcessEnv;
};

/**
 * The path of a livekit-server: `LIVEKIT_SERVER_BIN`, `livekit-server` on the `PATH`, the cache of an
 * earlier build, or one built now with Go. Calls at the same time, from several processes too, build
 * it once. Rejects with what to do when there is none and none can be built.
 */
export async function findLivekitServer(options: FindLivekitServerOptions = {}): Promise<string> {
  const { onProgress = () => {}, env = process.env } = options;
  const named = env['LIVEKIT_SERVER_BIN'];
  if (named) {
    if (await isProgram(named)) return named;
    throw new Error(`LIVEKIT_SERVER_BIN names ${named}, which is not a program that can be run`);
  }
  const onPath = await findOnPath('livekit-server', env);
  if (onPath) return onPath;
  const cached = cachedServer(env);
  if (await isProgram(cached)) return cached;
  const go = await findOnPath('go', env);
  if (!go) throw new Error(`No livekit-server found, and no Go to build it. ${HOW_TO_GET_IT}`);
  return buildOnce({ go, target: cached, env, onProgress });
}

const HOW_TO_GET_IT = [
  'Do one of these:',
  '  - install Go (https://go.dev/dl) and start again: it is then built once, in about two minutes;',
  `  - install livekit-server ${LIVEKIT_SERVER_VERSION} (https://docs.livekit.io/home/self-hosting/local/);`,
  '  - set LIVEKIT_SERVER_BIN to the path of one.',
].join('\n');

function cachedServer(env: NodeJS.ProcessEnv): string {
  const cacheHome = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache');
  return join(cacheHome, 'pickup', `livekit-server-${LIVEKIT_SERVER_VERSION}`, 'server');
}

async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    if (await isProgram(path)) return path;
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

type Build = {
  readonly go: string;
  readonly target: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (line: string) => void;
};

async function buildOnce(build: Build): Promise<string> {
  const { target, onProgress } = build;
  const lock = `${target}.lock`;
  await mkdir(dirname(target), { recursive: true });
  let told = false;
  while (!(await takeLock(lock))) {
    if (!told) onProgress('waiting for another process that is building livekit-server');
    told = true;
    await delay(LOCK_POLL_MS);
  }
  try {
    if (!(await isProgram(target))) await buildServer(build);
    return target;
  } finally {
    await rm(lock, { force: true });
  }
}

/** The lock is a symbolic link that names its holder: it comes into being whole, or not at all. */
async function takeLock(lock: string): Promise<boolean> {
  try {
    await symlink(String(process.pid), lock);
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const holder = Number(await readlink(lock).catch(() => process.pid));
  // A builder that was killed leaves its lock. Should two find that out at once both may build: the
  // rename at the end keeps that harmless.
  if (!isAlive(holder)) await rm(lock, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Builds beside the target and renames: nobody ever sees half a program under the final name. */
async function buildServer({ go, target, env, onProgress }: Build): Promise<void> {
  const folder = await mkdtemp(join(dirname(target), 'build-'));
  const startedAtMs = performance.now();
  const progress = setInterval(() => {
    const elapsedSeconds = Math.round((performance.now() - startedAtMs) / 1000);
    onProgress(`building livekit-server ${LIVEKIT_SERVER_VERSION}: ${elapsedSeconds} s`);
  }, PROGRESS_EVERY_MS);
  const run = (...args: string[]) => runGo(go, args, env);
  try {
    onProgress(`building livekit-server ${LIVEKIT_SERVER_VERSION}, once; about two minutes`);
    const { Dir: module } = JSON.parse(await run('mod', 'download', '-json', MODULE)) as Download;
    const source = join(folder, 'source');
    await copyWithoutForks(module, source);
    const modFile = join(source, 'go.mod');
    await run('mod', 'edit', ...FORKED.map((path) => `-dropreplace=${path}`), modFile);
    await run('build', '-C', source, '-mod=mod', '-o', join(folder, 'server'), './cmd/server');
    await rename(join(folder, 'server'), target);
  } finally {
    clearInterval(progress);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The folder in Go's cache that `go mod download -json` put a module into. */
type Download = { readonly Dir: string };

/** Copies the module, whose files in Go's cache nobody may change, without the use of the forks. */
async function copyWithoutForks(module: string, source: string): Promise<void> {
  for (const entry of await readdir(module, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const original = join(entry.parentPath, entry.name);
    const copy = join(source, relative(module, original));
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(copy, await readFile(original));
  }
  const file = join(source, WARP.file);
  const code = await readFile(file, 'utf8');
  if (!code.includes(WARP.call)) throw new Error(`${WARP.call} is not in ${WARP.file} any more`);
  await writeFile(file, code.replace(WARP.call, ''));
}

/** Resolves with what it printed. */
async function runGo(go: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(go, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = await once(child, 'close');
  if (code === 0) return printed;
  const tail = `${said}${printed}`.trimEnd().split('\n').slice(-15).join('\n');
  const what = `go ${args.slice(0, 2).join(' ')} of ${MODULE}`;
  throw new Error(`${what} failed (${code}):\n${tail}\n${HOW_TO_GET_IT}`);
}
