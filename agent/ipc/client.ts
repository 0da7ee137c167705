import { sharedTimes } from '../config/timeouts.ts';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ZodType } from 'zod';
import { backOffMs } from '../infra/retry.ts';
import { MessageReader } from './messages.ts';
import type { AttendantReport, IgnoredMessage, JobReport, WorkerReport } from './messages.ts';

/**
 * The line: one Unix socket from each worker and each job to the supervisor, one JSON object a line
 * in both directions. A closed socket tells of a dead process in 20 ms; LiveKit needs 21 s.
 */

/** The longest path that every platform takes for a Unix socket (macOS: 104 bytes with the NUL). */
const maxSocketPathBytes = 103;

/**
 * Where a supervisor listens: in the data folder, so that a restarted supervisor is found. `slot` 1
 * is the first supervisor of the folder, 2 one beside it (a new deployment), and so on.
 */
export function linePath(dataDir: string, slot = 1): string {
  const file = slot === 1 ? 'line.sock' : `line-${slot}.sock`;
  const path = join(dataDir, file);
  if (Buffer.byteLength(path) <= maxSocketPathBytes) return path;
  const folder = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  return join(tmpdir(), `pickup-${folder}-${file}`);
}

/** The time between two beats, by which each end of the line says that it is alive. */
export const beatMs = 250;

const reconnect = { initialMs: 50, multiplier: 1.6, maxMs: sharedTimes.lineRetryMs, jitter: 0.5 };

/** One end of the line, in a worker, a job or an attendant. It looks for the supervisor for as long as it lives. */
export class Line<Report extends JobReport | WorkerReport | AttendantReport, Order> {
  readonly #path: string;
  readonly #hello: () => Report;
  readonly #onOrder: (order: Order) => void;
  readonly #onLost: () => void;
  readonly #orders: ZodType<Order>;
  readonly #reader: MessageReader;
  #socket: Socket | undefined;
  /** Nothing is sent before the hello. */
  #isUp = false;
  #beats: NodeJS.Timeout;
  #beatAtMs = performance.now();
  #retry: NodeJS.Timeout | undefined;
  #attempt = 0;
  #closed = false;

  constructor(options: {
    readonly path: string;
    /** The orders of its role. */
    readonly orders: ZodType<Order>;
    /** Said first on every new connection: the supervisor may be another than before. */
    readonly hello: () => Report;
    readonly onOrder?: (order: Order) => void;
    readonly onLost?: () => void;
    /** Told once of each kind of line that could not be read. */
    readonly onIgnored?: (ignored: IgnoredMessage) => void;
  }) {
    this.#path = options.path;
    this.#orders = options.orders;
    this.#hello = options.hello;
    this.#onOrder = options.onOrder ?? (() => {});
    this.#onLost = options.onLost ?? (() => {});
    this.#reader = new MessageReader(options.onIgnored ?? (() => {}));
    this.#beats = setInterval(() => this.#beat(), beatMs);
    this.#beats.unref();
    this.#connect();
  }

  /** Sends at once, or not at all (false): a later supervisor learns the rest from `hello`. */
  send(report: Report | { readonly type: 'beat'; readonly lateMs?: number }): boolean {
    if (!this.#isUp || !this.#socket?.writable) return false;
    this.#socket.write(`${JSON.stringify(report)}\n`);
    return true;
  }

  /** Sends the last report and closes when it is out; at most `ms`. */
  async close(last: Report | null, ms = 200): Promise<void> {
    this.#closed = true;
    clearInterval(this.#beats);
    clearTimeout(this.#retry);
    const socket = this.#socket;
    if (!socket || !this.#isUp) return void socket?.destroy();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      if (last) socket.end(`${JSON.stringify(last)}\n`);
      else socket.end();
    });
    socket.destroy();
  }

  #beat(): void {
    const nowMs = performance.now();
    const lateMs = Math.max(0, Math.round(nowMs - this.#beatAtMs - beatMs));
    this.#beatAtMs = nowMs;
    this.send({ type: 'beat', lateMs });
  }

  #connect(): void {
    const socket = connect(this.#path);
    this.#socket = socket;
    socket.unref();
    socket.on('connect', () => {
      this.#isUp = true;
      this.#attempt = 0;
      this.send(this.#hello());
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      const wasUp = this.#isUp;
      this.#isUp = false;
      if (this.#closed) return;
      if (wasUp) this.#onLost();
      this.#attempt += 1;
      this.#retry = setTimeout(() => this.#connect(), backOffMs(reconnect, this.#attempt));
      this.#retry.unref();
    });
    readLines(socket, (line) => {
      const order = this.#reader.read(this.#orders, line);
      if (order) this.#onOrder(order);
    });
  }
}

/** Calls `onLine` for each line, until the socket is destroyed. */
export function readLines(socket: Socket, onLine: (line: string) => void): void {
  const lines = createInterface({ input: socket, crlfDelay: Infinity });
  lines.on('line', (line) => {
    if (!socket.destroyed) onLine(line);
  });
  // readline forwards the stream's errors; the socket's own listener deals with them.
  lines.on('error', () => {});
}
