import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import timers from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Readiness } from '../../../agent/supervisor/http.ts';
import { reapWithUs } from './reaper.ts';
import { parseLine, ServiceLog } from './service-log.ts';
import type { LogLine } from './service-log.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** What `npm start` runs. */
const startCommand = [process.execPath, '--max-semi-space-size=2', 'agent/main.ts', 'start'];
/** Ready in 3 s on a free machine. */
const readyMs = 60_000;
/** As in production, where a folder outlives the service: of a hundred services one compiles. */
const { NODE_COMPILE_CACHE = join(tmpdir(), 'pickup-compile-cache') } = process.env;
const waitMs = 60_000;
const pollMs = 50;

/** Pickup itself, as `npm start` runs it, in a process of its own, with its log read as it comes. */
export class Service implements AsyncDisposable {
  /** Where its lines go; also those of other services, when it is shared. */
  readonly log: ServiceLog;
  /** What came on stdout and is not a line of the log, and all that came on stderr. */
  readonly strays: string[] = [];
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #reaper: Disposable;
  readonly #own = new Set<LogLine>();
  readonly #onLine: (line: LogLine) => void;

  /** `logFolder` gets `service.log`, all that the service wrote. */
  constructor(options: {
    readonly env: Readonly<Record<string, string>>;
    /** The program and its arguments, run in the project's folder; as `npm start` if left out. */
    readonly command?: readonly string[];
    readonly logFolder: string;
    /** One of its own if left out. */
    readonly log?: ServiceLog;
    readonly onLine?: (line: LogLine) => void;
  }) {
    const { PATH = '', HOME = '' } = process.env;
    this.#onLine = options.onLine ?? (() => {});
    this.log = options.log ?? new ServiceLog();
    const [program = '', ...args] = options.command ?? startCommand;
    this.#child = spawn(program, args, {
      cwd: root,
      env: { PATH, HOME, NODE_COMPILE_CACHE, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that whatever it starts can be ended with it.
      detached: true,
    });
    this.#reaper = reapWithUs(-this.pid);
    const log = createWriteStream(join(options.logFolder, 'service.log'), { flags: 'a' });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.pipe(log, { end: false });
    }
    if (this.#child.stdout) {
      createInterface({ input: this.#child.stdout }).on('line', (text) => this.#take(text));
    }
    if (this.#child.stderr) {
      createInterface({ input: this.#child.stderr }).on('line', (text) => this.strays.push(text));
    }
    this.exited = once(this.#child, 'exit').then(([code]) => code as number | null);
  }

  /** The supervisor's process. @throws {Error} if it could not be started. */
  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('The service has no process');
    return pid;
  }

  /** Whether the supervisor is gone; what it started may still be there. */
  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** The port of `/healthz` and `/readyz`, once it is served. */
  async port(): Promise<number> {
    const started = await this.waitFor('service.started', (line) => this.wrote(line));
    return Number(started['port']);
  }

  /** `/readyz`, as it answers now. */
  async readiness(): Promise<Readiness & { readonly status: number }> {
    const response = await fetch(`http://127.0.0.1:${await this.port()}/readyz`);
    return { status: response.status, ...((await response.json()) as Readiness) };
  }

  /** Resolves when a call would be picked up, and with `warm` processes waiting for one. */
  async ready({ warm = 1 }: { readonly warm?: number } = {}): Promise<void> {
    const untilMs = Date.now() + readyMs;
    for (;;) {
      const { ready, reason, warmProcesses } = await this.readiness();
      if (ready && warmProcesses >= warm) return;
      if (Date.now() > untilMs) {
        throw new Error(`The service did not get ready: ${reason}\n${this.log.tail()}`);
      }
      await timers.setTimeout(pollMs);
    }
  }

  get lines(): readonly LogLine[] {
    return this.log.lines;
  }

  /** Whether this service wrote the line, and not one that shares its log. */
  wrote(line: LogLine): boolean {
    return this.#own.has(line);
  }

  /** As `ServiceLog.waitFor`. */
  waitFor(...wanted: Parameters<ServiceLog['waitFor']>): Promise<LogLine> {
    return this.log.waitFor(...wanted);
  }

  /** The lines of one call, in order. */
  callLines(callId: string): readonly LogLine[] {
    return this.lines.filter((line) => line.callId === callId);
  }

  /** Reads no more of what it writes, as a log collector that went away. */
  stopReading(): void {
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Ends it as a platform does: SIGTERM, then by force. Resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM');
    const late = setTimeout(() => this.#killGroup(), waitMs);
    const code = await this.exited;
    clearTimeout(late);
    this.#killGroup();
    this.#reaper[Symbol.dispose]();
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGTERM');
    const late = setTimeout(() => this.#killGroup(), 5_000);
    await this.exited;
    clearTimeout(late);
    this.#killGroup();
    this.#reaper[Symbol.dispose]();
  }

  /** Its machine is gone: everything that it started ends at once. */
  async killAll(): Promise<void> {
    this.#killGroup();
    await this.exited;
  }

  #killGroup(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // Nothing of it is left.
    }
  }

  #take(text: string): void {
    const line = parseLine(text);
    if (!line) return void this.strays.push(text);
    this.#own.add(line);
    this.#onLine(line);
    this.log.add(line);
  }
}
