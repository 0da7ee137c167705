import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { workerEnvironment } from '../../config/config.ts';
import type { Log } from '../../telemetry/events.ts';
import { Restarts } from '../workers/restarts.ts';

const attendantEntry = fileURLToPath(new URL('../../attendant/attendant.ts', import.meta.url));
/**
 * V8 would keep 32 MB of young objects. With 1 it collected them so often that its threads took 38 to
 * 59% of what the attendant itself did, with 8 it was 19% (eight calls at once, two busy cores).
 */
const nodeFlags = ['--max-semi-space-size=8'];
/** The first new one comes at once: callers wait for it. Only a crash loop is slowed down. */
const backOff = { initialMs: 200, multiplier: 2, maxMs: 30_000, jitter: 0.5 };

/** The attendant child, started anew whenever it ends, until `stopStarting`. */
export class AttendantProcess {
  readonly #log: Log;
  readonly #entry: string;
  #child: ChildProcess | undefined;
  readonly #restarts = new Restarts(backOff, () => this.#spawn());
  #linePath = '';

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
    this.#restarts.start();
  }

  stopStarting(): void {
    this.#restarts.stop();
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  #spawn(): void {
    const child = spawn(process.execPath, [...nodeFlags, this.#entry], {
      env: workerEnvironment(this.#linePath),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const { pid: attendantPid } = child;
    child.once('error', (error) => {
      this.#log.emit('attendant.died', { error }, 'unstarted');
      if (attendantPid === undefined) this.#restarts.again();
    });
    if (attendantPid === undefined) return;
    this.#child = child;
    this.#log.emit('attendant.started', { attendantPid });
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      if (code === 0 && this.#restarts.stopped)
        this.#log.emit('attendant.stopped', { attendantPid });
      else this.#log.emit('attendant.died', { attendantPid, code, signal }, 'exited');
      this.#restarts.again();
    });
  }
}
