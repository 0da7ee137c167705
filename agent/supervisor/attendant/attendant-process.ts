import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workerEnvironment } from '../../config/config.ts';
import { backOffMs } from '../../infra/retry.ts';
import type { Log } from '../../telemetry/events.ts';

const attendantEntry = fileURLToPath(new URL('../../attendant/attendant.ts', import.meta.url));
/** Two megabytes of young objects are enough for audio that is passed on; V8 keeps 32 otherwise. */
const nodeFlags = ['--max-semi-space-size=1', '--optimize-for-size'];
/** The first new one comes at once: callers wait for it. Only a crash loop is slowed down. */
const backOff = { initialMs: 200, multiplier: 2, maxMs: 30_000, jitter: 0.5 };
const healthyMs = 30_000;

/** The attendant child, started anew whenever it ends, until `stopStarting`. */
export class AttendantProcess {
  readonly #log: Log;
  readonly #entry: string;
  #child: ChildProcess | undefined;
  #linePath = '';
  #startedMs = 0;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `entry` is the attendant's program; another one in tests. */
  constructor(options: { readonly log: Log; readonly entry?: string }) {
    this.#log = options.log;
    this.#entry = options.entry ?? attendantEntry;
  }

  /** Null while there is none. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts it; it finds the supervisor at `linePath`. */
  start(linePath: string): void {
    this.#linePath = linePath;
    this.#spawn();
  }

  stopStarting(): void {
    this.#stopped = true;
    clearTimeout(this.#restart);
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  #spawn(): void {
    if (this.#stopped) return;
    this.#startedMs = performance.now();
    const child = spawn(process.execPath, [...nodeFlags, this.#entry], {
      env: workerEnvironment(this.#linePath),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const { pid: attendantPid } = child;
    child.once('error', (error) => {
      this.#log.emit('attendant.died', { error }, 'unstarted');
      if (attendantPid === undefined) this.#startLater();
    });
    if (attendantPid === undefined) return;
    this.#child = child;
    this.#log.emit('attendant.started', { attendantPid });
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      if (code === 0 && this.#stopped) this.#log.emit('attendant.stopped', { attendantPid });
      else this.#log.emit('attendant.died', { attendantPid, code, signal }, 'exited');
      this.#startLater();
    });
  }

  #startLater(): void {
    if (this.#stopped) return;
    const livedMs = performance.now() - this.#startedMs;
    this.#failures = livedMs > healthyMs ? 1 : this.#failures + 1;
    const waitMs = this.#failures === 1 ? 0 : backOffMs(backOff, this.#failures - 1);
    this.#restart = setTimeout(() => this.#spawn(), waitMs);
  }
}
