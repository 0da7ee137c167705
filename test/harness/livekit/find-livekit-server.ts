import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readlink, rename, rm, stat, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../yard/error-code.ts';

/** The release that the tests and the demo are measured on. */
export const LIVEKIT_SERVER_VERSION = '1.13.3';

const MODULE = `github.com/livekit/livekit-server/cmd/server@v${LIVEKIT_SERVER_VERSION}`;
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
    if (!(await isProgram(target))) await goInstall(build);
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
async function goInstall({ go, target, env, onProgress }: Build): Promise<void> {
  const folder = await mkdtemp(join(dirname(target), 'build-'));
  const startedAtMs = performance.now();
  const progress = setInterval(() => {
    const elapsedSeconds = Math.round((performance.now() - startedAtMs) / 1000);
    onProgress(`building livekit-server ${LIVEKIT_SERVER_VERSION}: ${elapsedSeconds} s`);
  }, PROGRESS_EVERY_MS);
  try {
    onProgress(`building livekit-server ${LIVEKIT_SERVER_VERSION}, once; about two minutes`);
    await runGo(go, { ...env, GOBIN: folder });
    await rename(join(folder, 'server'), target);
  } finally {
    clearInterval(progress);
    await rm(folder, { recursive: true, force: true });
  }
}

async function runGo(go: string, env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(go, ['install', MODULE], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = await once(child, 'close');
  if (code === 0) return;
  const tail = output.trimEnd().split('\n').slice(-15).join('\n');
  throw new Error(`go install ${MODULE} failed (${code}):\n${tail}\n${HOW_TO_GET_IT}`);
}
