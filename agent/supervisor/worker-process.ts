import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workerEnvironment } from '../config.ts';
import type { Log } from '../log.ts';
import { backOffMs } from '../retry.ts';

const entry = fileURLToPath(new URL('../worker/worker.ts', import.meta.url));
/** The first new worker comes at once: a call may be ringing. Only a crash loop is slowed down. */
const backOff = { initialMs: 100, multiplier: 2, maxMs: 30_000, jitter: 0.5 };
/** A worker that lived this long was healthy: the back-off begins again. */
const healthyMs = 30_000;

/**
 * The worker children: one that takes calls, and older ones that end with theirs. A worker that dies
 * is replaced with jittered back-off, for as long as `start` is not taken back by `stopStarting`.
 */
export class WorkerProcesses {
  readonly #log: Log;
  readonly #linePath: string;
  readonly #children = new Map<number, ChildProcess>();
  #currentPid: number | null = null;
  #startedAtMs = 0;
  #failures = 0;
  #restart: NodeJS.Timeout | undefined;
  #stopped = false;
  #onAllGone = () => {};

  constructor(options: { readonly log: Log; readonly linePath: string }) {
    this.#log = options.log;
    this.#linePath = options.linePath;
  }

  /** The worker that takes calls, or null while there is none. */
  get currentPid(): number | null {
    return this.#currentPid;
  }

  get pids(): readonly number[] {
    return [...this.#children.keys()];
  }

  /** Starts a worker that takes calls from now on; an earlier one is left to end with its calls. */
  start(): void {
    if (this.#stopped) return;
    clearTimeout(this.#restart);
    // The worker's own lines go straight out: a supervisor that dies takes no job's log with it.
    const child = spawn(process.execPath, [entry], {
      env: workerEnvironment(this.#linePath),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const { pid } = child;
    this.#startedAtMs = Date.now();
    child.once('error', (error) => {
      this.#log.error({ event: 'worker.died', error }, 'worker could not be started');
      if (pid === undefined) this.#startLater();
    });
    if (pid === undefined) return;
    this.#children.set(pid, child);
    this.#currentPid = pid;
    this.#log.info({ event: 'worker.started', workerPid: pid }, 'worker started');
    child.once('exit', (code, signal) => this.#exited(pid, code, signal));
  }

  /** No worker is started from now on. */
  stopStarting(): void {
    this.#stopped = true;
    clearTimeout(this.#restart);
  }

  /** Resolves when no worker process is left. */
  async allGone(): Promise<void> {
    if (this.#children.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onAllGone = resolve;
    });
  }

  kill(signal: NodeJS.Signals): void {
    for (const child of this.#children.values()) child.kill(signal);
  }

  #exited(pid: number, code: number | null, signal: NodeJS.Signals | null): void {
    this.#children.delete(pid);
    const expected = this.#stopped || pid !== this.#currentPid;
    const level = expected && code === 0 ? 'info' : 'error';
    const event = level === 'info' ? 'worker.stopped' : 'worker.died';
    this.#log[level]({ event, workerPid: pid, code, signal }, 'worker process ended');
    if (pid === this.#currentPid) {
      this.#currentPid = null;
      this.#startLater();
    }
    if (this.#children.size === 0) this.#onAllGone();
  }

  #startLater(): void {
    if (this.#stopped) return;
    this.#failures = Date.now() - this.#startedAtMs > healthyMs ? 0 : this.#failures + 1;
    const waitMs = this.#failures <= 1 ? 0 : backOffMs(backOff, this.#failures - 1);
    this.#restart = setTimeout(() => this.start(), waitMs);
  }
}
