import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import timers from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Readiness } from '../../agent/supervisor/http.ts';
import { reapWithUs } from './reaper.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** What `npm start` runs. */
const startCommand = [process.execPath, 'agent/main.ts', 'start'];
/** Ready in 3 s on a free machine. */
const readyMs = 60_000;
const waitMs = 60_000;
const pollMs = 50;

/** A line of the service's log. */
export type LogLine = {
  readonly level: string;
  readonly message: string;
  readonly time: string;
  readonly event: string;
  readonly callId?: string;
  readonly room?: string;
  readonly [field: string]: unknown;
};

type Waiting = { readonly matches: (line: LogLine) => boolean; resolve(line: LogLine): void };

/** Pickup itself, as `npm start` runs it, in a process of its own, with its log read as it comes. */
export class Service implements AsyncDisposable {
  readonly lines: LogLine[] = [];
  /** What came on stdout and is not a line of the log, and all that came on stderr. */
  readonly strays: string[] = [];
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #reaper: Disposable;
  readonly #waiting = new Set<Waiting>();
  readonly #onLine: (line: LogLine) => void;

  /** `logFolder` gets `service.log`, all that the service wrote. */
  constructor(options: {
    readonly env: Readonly<Record<string, string>>;
    /** The program and its arguments, run in the project's folder; as `npm start` if left out. */
    readonly command?: readonly string[];
    readonly logFolder: string;
    readonly onLine?: (line: LogLine) => void;
  }) {
    const { PATH = '', HOME = '' } = process.env;
    this.#onLine = options.onLine ?? (() => {});
    const [program = '', ...args] = options.command ?? startCommand;
    this.#child = spawn(program, args, {
      cwd: root,
      env: { PATH, HOME, ...options.env },
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

  /** The port of `/healthz` and `/readyz`, once it is served. */
  async port(): Promise<number> {
    return Number((await this.waitFor('service.started'))['port']);
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
      if (Date.now() > untilMs) throw new Error(`The service did not get ready: ${reason}`);
      await timers.setTimeout(pollMs);
    }
  }

  /** The first line with this event, past or to come, that matches. Rejects after a minute. */
  async waitFor(event: string, matches: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const found = (line: LogLine) => line.event === event && matches(line);
    const past = this.lines.find(found);
    if (past) return past;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        const last = this.lines.slice(-12).map((line) => JSON.stringify(line));
        reject(new Error(`No ${event} came. The last lines:\n${last.join('\n')}`));
      }, waitMs);
      const waiting: Waiting = {
        matches: found,
        resolve: (line) => {
          clearTimeout(timer);
          resolve(line);
        },
      };
      this.#waiting.add(waiting);
    });
  }

  /** The lines of one call, in order. */
  callLines(callId: string): readonly LogLine[] {
    return this.lines.filter((line) => line.callId === callId);
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
    this.lines.push(line);
    this.#onLine(line);
    for (const waiting of this.#waiting) {
      if (!waiting.matches(line)) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(line);
    }
  }
}

function parseLine(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<LogLine>;
    const isOurs = typeof line.level === 'string' && typeof line.event === 'string';
    return isOurs ? (line as LogLine) : undefined;
  } catch {
    return undefined;
  }
}
