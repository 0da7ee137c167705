import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workerEnvironment } from '../../config/config.ts';
import type { Log } from '../../telemetry/events.ts';
import { Restarts } from './restarts.ts';

const workerEntry = fileURLToPath(new URL('../../worker/worker.ts', import.meta.url));
/**
 * For the worker and, by inheritance, each job that it forks. V8 keeps 32 MB of young objects
 * otherwise, and touches them all as it loads: a warm process had 160 MB of its own in place of 106.
 */
const nodeFlags = [
  '--max-semi-space-size=2',
  `--import=${new URL('../../livekit/unused-modules.ts', import.meta.url).href}`,
];
/** The first new worker comes at once: a call may be ringing. Only a crash loop is slowed down. */
const backOff = { initialMs: 100, multiplier: 2, maxMs: 30_000, jitter: 0.5 };

/**
 * The worker children: one that takes calls, and older ones that end with theirs. A worker that dies
 * or is given up on is replaced with jittered back-off, until `stopStarting`.
 */
export class WorkerProcesses {
  readonly #log: Log;
  readonly #entry: string;
  readonly #onExit: (pid: number) => void;
  readonly #children = new Map<number, ChildProcess>();
  readonly #restarts = new Restarts(backOff, () => this.#spawn());
  #linePath = '';
  #currentPid: number | null = null;

  constructor(options: {
    readonly log: Log;
    /** The worker's program; another one in tests. */
    readonly entry?: string;
    /** One has ended, in whatever way; its jobs may live for a while. */
    readonly onExit?: (pid: number) => void;
  }) {
    this.#log = options.log;
    this.#entry = options.entry ?? workerEntry;
    this.#onExit = options.onExit ?? (() => {});
  }

  /** The worker that takes calls, or null while there is none. */
  get currentPid(): number | null {
    return this.#currentPid;
  }

  /** All worker processes, those that end with their calls too. */
  get pids(): readonly number[] {
    return [...this.#children.keys()];
  }

  /** Starts the first worker; it and all later ones find the supervisor at `linePath`. */
  start(linePath: string): void {
    this.#linePath = linePath;
    this.#restarts.start();
  }

  /** Another worker takes calls from now on; the one that did is left to end with its calls. */
  replace(): void {
    if (this.#currentPid === null) return;
    this.#currentPid = null;
    this.#restarts.again();
  }

  /** Starts no worker from now on. */
  stopStarting(): void {
    this.#restarts.stop();
  }

  kill(signal: NodeJS.Signals): void {
    for (const child of this.#children.values()) child.kill(signal);
  }

  #spawn(): void {
    // The worker's own lines go straight out: a supervisor that dies takes no job's log with it.
    const child = spawn(process.execPath, [...nodeFlags, this.#entry], {
      env: workerEnvironment(this.#linePath),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const { pid } = child;
    child.once('error', (error) => {
      this.#log.emit('worker.died', { error }, 'unstarted');
      if (pid === undefined) this.#restarts.again();
    });
    if (pid === undefined) return;
    this.#children.set(pid, child);
    this.#currentPid = pid;
    this.#log.emit('worker.started', { workerPid: pid });
    child.once('exit', (code, signal) => this.#exited(pid, code, signal));
  }

  #exited(pid: number, code: number | null, signal: NodeJS.Signals | null): void {
    this.#children.delete(pid);
    const isCurrent = pid === this.#currentPid;
    const fields = { workerPid: pid, code, signal };
    if (code === 0 && (this.#restarts.stopped || !isCurrent)) {
      this.#log.emit('worker.stopped', fields);
    } else {
      this.#log.emit('worker.died', fields, 'exited');
    }
    if (isCurrent) this.replace();
    this.#onExit(pid);
  }
}
