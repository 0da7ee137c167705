import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { CallMetric } from '../telemetry/events.ts';
import { backOffMs } from '../infra/retry.ts';

/**
 * The line: one Unix socket from each worker and each job to the supervisor, one JSON object a line
 * in both directions. A closed socket tells of a dead process in 20 ms; LiveKit needs 21 s.
 */

/** The stages of a job, in order. `idle` is a warm process without a call. */
export type JobStage =
  | 'idle'
  | 'connecting'
  | 'claiming'
  | 'starting'
  /** It waits for another job to give it the call. */
  | 'standby'
  | 'live'
  | 'closing';

/** How a job left a call, said with `bye`. Only `failed` asks for a fresh job. */
export type JobOutcome = 'ended' | 'yielded' | 'failed';

/**
 * Why a job goes on with a call that another one served: its agent died (`takeover`), or hands it
 * over between two turns (`handover`), or to try for the caller's voice anew (`rejoin`); or too many
 * agents died of it, and all that is left is to apologise, note a call-back and end (`apology`).
 */
export type ResumeKind = (typeof resumeKinds)[number];

/** All of them. */
export const resumeKinds = ['takeover', 'handover', 'rejoin', 'apology'] as const;

/** A job's identity in its room, as LiveKit makes it. */
export function agentIdentity(jobId: string): string {
  return `agent-${jobId}`;
}

/** What a job or a worker tells the supervisor. */
export type LineReport =
  | { readonly type: 'hello'; readonly role: 'worker'; readonly pid: number }
  | {
      readonly type: 'hello';
      readonly role: 'job';
      readonly pid: number;
      readonly workerPid: number;
      readonly stage: JobStage;
      readonly call: JobCall | null;
    }
  | { readonly type: 'beat' }
  | { readonly type: 'link'; readonly state: LinkState; readonly detail: string | null }
  | ({ readonly type: 'link-health' } & LinkHealth)
  /** The worker takes no further job, of its own accord: another must be started. */
  | { readonly type: 'draining' }
  | { readonly type: 'accepted'; readonly room: string; readonly jobId: string }
  | { readonly type: 'refused'; readonly room: string; readonly reason: RefusalReason }
  | { readonly type: 'stage'; readonly stage: JobStage; readonly call: JobCall }
  /** A question, answered under its `id`: read the sheet anew, and save it where calls read it. */
  | { readonly type: 'ask'; readonly id: number; readonly what: 'fresh-inventory' }
  /** The journal has something for the sheet: this booking, whose state the job wants to hear, or null. */
  | { readonly type: 'booking-committed'; readonly bookingId: string | null }
  /** The job wants a fresh one sent to its room, to which it will give its call. */
  | { readonly type: 'hand-over'; readonly kind: ResumeKind }
  /** What the job has counted and timed since the last of these. */
  | { readonly type: 'metrics'; readonly metrics: readonly CallMetric[] }
  | { readonly type: 'bye'; readonly outcome: JobOutcome };

/** What the sheet made of a booking. */
export type SettledState = 'confirmed' | 'conflict' | 'cancelled';

/** Which call a job serves; `callId` is known once it is in the room. */
export type JobCall = {
  readonly jobId: string;
  readonly room: string;
  readonly callId: string | null;
};

/**
 * The worker's registration with LiveKit. `refused`: the server is there and rejects the key.
 * `gave-up`: no further attempt is made.
 */
export type LinkState = (typeof linkStates)[number];

/** All of them. */
export const linkStates = ['connecting', 'registered', 'refused', 'gave-up'] as const;

/** How the connection to LiveKit does. */
export type LinkHealth = {
  /** Registrations after the first. */
  readonly reconnects: number;
  /** Since the server last sent anything; null while there is no connection. */
  readonly lastPongAgeMs: number | null;
};

/** Why a job request is turned down; the server then asks the next worker. */
export type RefusalReason = 'full' | 'no-warm-process' | 'draining' | 'no-supervisor';

/** What the supervisor tells a worker or a job. */
export type LineOrder =
  | {
      readonly type: 'pool';
      /** Pids of this worker's warm processes. */
      readonly idlePids: readonly number[];
      /** Jobs with a call, over all workers of this supervisor. */
      readonly jobs: readonly { readonly jobId: string; readonly room: string }[];
    }
  | { readonly type: 'drain' }
  /** LiveKit is there again: a worker that waits to register tries now. */
  | { readonly type: 'link-now' }
  | { readonly type: 'yard-changed' }
  /** `saved` is false when the sheet did not answer in time. */
  | { readonly type: 'answer'; readonly id: number; readonly saved: boolean }
  | { readonly type: 'booking-state'; readonly bookingId: string; readonly state: SettledState }
  /** Give the call to a fresh job: between two turns if that comes `withinMs`, else in the middle. */
  | { readonly type: 'hand-over'; readonly kind: ResumeKind; readonly withinMs: number }
  /** Nobody can go on with the call: one sentence, a note for call-back, and a clean end. */
  | { readonly type: 'say-goodbye' }
  | { readonly type: 'end' };

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

/** How often each end of the line says that it is alive. */
export const beatMs = 250;

const reconnect = { initialMs: 50, multiplier: 1.6, maxMs: 2_000, jitter: 0.5 };

/** One end of the line, in a worker or a job. It looks for the supervisor for as long as it lives. */
export class Line {
  readonly #path: string;
  readonly #hello: () => LineReport;
  readonly #onOrder: (order: LineOrder) => void;
  readonly #onLost: () => void;
  #socket: Socket | undefined;
  /** Nothing is sent before the hello. */
  #isUp = false;
  #beats: NodeJS.Timeout;
  #retry: NodeJS.Timeout | undefined;
  #attempt = 0;
  #closed = false;

  constructor(options: {
    readonly path: string;
    /** Said first on every new connection: the supervisor may be another than before. */
    readonly hello: () => LineReport;
    readonly onOrder?: (order: LineOrder) => void;
    readonly onLost?: () => void;
  }) {
    this.#path = options.path;
    this.#hello = options.hello;
    this.#onOrder = options.onOrder ?? (() => {});
    this.#onLost = options.onLost ?? (() => {});
    this.#beats = setInterval(() => this.send({ type: 'beat' }), beatMs);
    this.#beats.unref();
    this.#connect();
  }

  /** Sends at once, or not at all (false): what a later supervisor needs to know is in `hello`. */
  send(report: LineReport): boolean {
    if (!this.#isUp || !this.#socket?.writable) return false;
    this.#socket.write(`${JSON.stringify(report)}\n`);
    return true;
  }

  /** Sends the last report and closes when it is out; at most `ms`. */
  async close(last: LineReport | null, ms = 200): Promise<void> {
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
    readLines(socket, (order) => this.#onOrder(order as LineOrder));
  }
}

/** Calls `onMessage` for each line, a JSON object; any other line ends the socket. */
export function readLines(socket: Socket, onMessage: (message: object) => void): void {
  const lines = createInterface({ input: socket, crlfDelay: Infinity });
  lines.on('line', (line) => {
    if (socket.destroyed) return;
    const message = parseObject(line);
    if (message) onMessage(message);
    else socket.destroy();
  });
  // readline forwards the stream's errors; the socket's own listener deals with them.
  lines.on('error', () => {});
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
