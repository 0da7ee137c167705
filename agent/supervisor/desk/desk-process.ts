import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Log } from '../../telemetry/events.ts';
import { Restarts } from '../workers/restarts.ts';

const deskEntry = fileURLToPath(new URL('../../desk/desk.ts', import.meta.url));
/** Nobody on the phone waits for it. */
const backOff = { initialMs: 500, multiplier: 2, maxMs: 30_000, jitter: 0.5 };
/** A socket's path may have 103 bytes on macOS, four more on Linux. */
const mostPathBytes = 103;

/** The desk's process, started anew whenever it ends, until `stop`. */
export class DeskProcess {
  /** Where it listens: each supervisor has a socket of its own. */
  readonly socket: string;
  readonly #log: Log;
  readonly #isLocal: boolean;
  readonly #entry: string;
  readonly #restarts = new Restarts(backOff, () => this.#spawn());
  #child: ChildProcess | undefined;
  #port = 0;

  /** `entry` is the desk's program; another one in tests. */
  constructor(options: {
    readonly log: Log;
    readonly dataDir: string;
    readonly isLocal: boolean;
    readonly entry?: string;
  }) {
    this.#log = options.log;
    this.#isLocal = options.isLocal;
    this.#entry = options.entry ?? deskEntry;
    const file = `desk-${process.pid}.sock`;
    const path = join(options.dataDir, file);
    const folder = createHash('sha256').update(options.dataDir).digest('hex').slice(0, 16);
    const isShort = Buffer.byteLength(path) <= mostPathBytes;
    this.socket = isShort ? path : join(tmpdir(), `pickup-${folder}-${file}`);
  }

  /** Null while there is none. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts it, beside a service that answers on `port`. */
  start(port: number): void {
    this.#port = port;
    this.#restarts.start();
  }

  /** Ends it: nobody loses more than an open page. */
  stop(): void {
    this.#restarts.stop();
    this.#child?.kill();
    rmSync(this.socket, { force: true });
  }

  #spawn(): void {
    const flags = ['--socket', this.socket, '--port', `${this.#port}`];
    const child = spawn(
      process.execPath,
      [this.#entry, ...flags, ...(this.#isLocal ? ['--local'] : [])],
      // It ends when our end of its input closes, however we end.
      { stdio: ['pipe', 'inherit', 'inherit'] },
    );
    child.stdin?.on('error', () => {});
    const { pid: deskPid } = child;
    child.once('error', (error) => {
      this.#log.emit('desk.died', { error }, 'unstarted');
      if (deskPid === undefined) this.#restarts.again();
    });
    if (deskPid === undefined) return;
    this.#child = child;
    this.#log.emit('desk.started', { deskPid });
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      if (this.#restarts.stopped) this.#log.emit('desk.stopped', { deskPid });
      else this.#log.emit('desk.died', { deskPid, code, signal }, 'exited');
      this.#restarts.again();
    });
  }
}
