import { once } from 'node:events';
import { mkdir, rm, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import timers from 'node:timers/promises';
import type { ZodType } from 'zod';
import { linePath, readLines } from './client.ts';
import { attendantReport, hello, jobReport, MessageReader, workerReport } from './messages.ts';
import type {
  AttendanceEnd,
  AttendantOrder,
  AttendantReport,
  AttendedCall,
  IgnoredMessage,
  JobCall,
  JobOrder,
  JobOutcome,
  JobReport,
  JobStage,
  LinkState,
  MetricSample,
  RefusalReason,
  ResumeKind,
  WorkerOrder,
  WorkerReport,
} from './messages.ts';

/** A job process on the line. Times are from `performance.now()`. */
export type JobPeer = {
  readonly pid: number;
  readonly workerPid: number;
  stage: JobStage;
  stageSinceMs: number;
  call: JobCall | null;
  lastBeatMs: number;
  /** By how much its loop was late of late: the most, which fades from beat to beat. */
  lateMs?: number;
  readonly send: (order: JobOrder) => void;
};

/** A worker process on the line. Times are from `performance.now()`. */
export type WorkerPeer = {
  readonly pid: number;
  link: LinkState;
  linkDetail: string | null;
  /** Registrations after the worker's first. */
  reconnects: number;
  /** LiveKit's last word to the worker; null while it has no connection. */
  lastPongAtMs: number | null;
  lastBeatMs: number;
  readonly send: (order: WorkerOrder) => void;
};

/** An attendant process on the line. Times are from `performance.now()`. */
export type AttendantPeer = {
  readonly pid: number;
  /** The calls that it has, by room. */
  readonly calls: Map<string, AttendedCall>;
  lastBeatMs: number;
  readonly send: (order: AttendantOrder) => void;
};

/** A question of a job, or word of its booking. */
export type JobAsks = Extract<JobReport, { readonly type: 'ask' | 'booking-committed' }>;

/** The supervisor's listeners. */
export type LineEvents = {
  onJobStage(job: JobPeer): void;
  onJobAsks(job: JobPeer, report: JobAsks): void;
  /** A job wants to give its call to a fresh one. */
  onHandOver(job: JobPeer, kind: ResumeKind): void;
  /** `outcome` is null when the line closed without `bye`: the process died. */
  onJobGone(job: JobPeer, outcome: JobOutcome | null): void;
  /** A worker said hello; the state of its link comes next. */
  onWorker(worker: WorkerPeer): void;
  onWorkerLink(worker: WorkerPeer): void;
  /** The worker takes no further job, of its own accord. */
  onWorkerDraining(worker: WorkerPeer): void;
  onWorkerGone(worker: WorkerPeer): void;
  onMetrics(job: JobPeer, metrics: readonly MetricSample[]): void;
  /** An attendant said hello. */
  onAttendant(attendant: AttendantPeer): void;
  onAttending(call: AttendedCall): void;
  /** An attendant is done with the call in `room`. */
  onAttended(room: string, end: AttendanceEnd): void;
  /** The caller in `room` says something to the attendant. */
  onSpoke(room: string): void;
  onAttendantMetrics(metrics: readonly MetricSample[]): void;
  /** The calls that it still has are lost. */
  onAttendantGone(attendant: AttendantPeer): void;
  /** A worker asks whether a call is one of a flood. */
  onAsked(worker: WorkerPeer, room: string, jobId: string): void;
  onAccepted(room: string, jobId: string): void;
  onRefused(room: string, reason: RefusalReason): void;
  /** A line could not be read, the first of its kind: perhaps its sender is of another release. */
  onIgnored(ignored: IgnoredMessage): void;
};

/** Supervisors that share a data folder: one that drains, and the next. */
const maxSlots = 9;
/** Ten beats later, in 2.5 s, a third is left of it. */
const lateFades = 0.9;
const staleLockMs = 5_000;
const lockPollMs = 20;

/** The supervisor's end of all lines. */
export class JobLine {
  readonly jobs = new Set<JobPeer>();
  readonly workers = new Map<number, WorkerPeer>();
  readonly attendants = new Map<number, AttendantPeer>();
  readonly #server = createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<Socket>();
  readonly #events: LineEvents;
  readonly #reader: MessageReader;

  constructor(events: LineEvents) {
    this.#events = events;
    this.#reader = new MessageReader((ignored) => events.onIgnored(ignored));
    // A socket that could not be accepted (no file descriptor left) is tried again by its client.
    this.#server.on('error', () => {});
  }

  /** Listens at the first name in `dataDir` at which no living supervisor does; returns its path. */
  async listen(dataDir: string): Promise<string> {
    await mkdir(dataDir, { recursive: true });
    return withLock(dataDir, () => this.#listenAtFirst(dataDir));
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #listenAtFirst(dataDir: string): Promise<string> {
    for (let slot = 1; slot <= maxSlots; slot += 1) {
      const path = linePath(dataDir, slot);
      if (await isServed(path)) continue;
      // A killed supervisor leaves a socket file that nobody serves.
      await rm(path, { force: true });
      this.#server.listen(path);
      await once(this.#server, 'listening');
      return path;
    }
    throw new Error(`${maxSlots} supervisors already run in this DATA_DIR; stop one of them`);
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    const send = (order: WorkerOrder | JobOrder | AttendantOrder) => {
      if (socket.writable) socket.write(`${JSON.stringify(order)}\n`);
    };
    let onLine = (line: string) => {
      const first = this.#reader.read(hello, line);
      if (first?.role === 'worker') [onLine, onClose] = this.#worker(first.pid, send);
      if (first?.role === 'job') [onLine, onClose] = this.#job(first, send);
      if (first?.role === 'attendant') [onLine, onClose] = this.#attendant(first, send);
    };
    let onClose = () => {};
    readLines(socket, (line) => onLine(line));
    socket.on('close', () => {
      this.#sockets.delete(socket);
      onClose();
    });
  }

  #worker(pid: number, send: WorkerPeer['send']): [(line: string) => void, () => void] {
    const worker: WorkerPeer = {
      pid,
      link: 'connecting',
      linkDetail: null,
      reconnects: 0,
      lastPongAtMs: null,
      lastBeatMs: performance.now(),
      send,
    };
    this.workers.set(pid, worker);
    this.#events.onWorker(worker);
    const onReport = (report: WorkerReport) => {
      worker.lastBeatMs = performance.now();
      if (report.type === 'asked') this.#events.onAsked(worker, report.room, report.jobId);
      if (report.type === 'accepted') this.#events.onAccepted(report.room, report.jobId);
      if (report.type === 'refused') this.#events.onRefused(report.room, report.reason);
      if (report.type === 'draining') this.#events.onWorkerDraining(worker);
      if (report.type === 'link-health') {
        const { reconnects, lastPongAgeMs } = report;
        worker.reconnects = reconnects;
        worker.lastPongAtMs = lastPongAgeMs === null ? null : worker.lastBeatMs - lastPongAgeMs;
      }
      if (report.type !== 'link') return;
      worker.link = report.state;
      worker.linkDetail = report.detail;
      this.#events.onWorkerLink(worker);
    };
    const onClose = () => {
      // The worker may be back already, on another socket.
      if (this.workers.get(pid) === worker) this.workers.delete(pid);
      this.#events.onWorkerGone(worker);
    };
    return [this.#each(workerReport, onReport), onClose];
  }

  #job(
    { pid, workerPid, stage, call }: Extract<JobReport, { type: 'hello' }>,
    send: JobPeer['send'],
  ): [(line: string) => void, () => void] {
    const job: JobPeer = {
      pid,
      workerPid,
      stage,
      stageSinceMs: performance.now(),
      call,
      lastBeatMs: performance.now(),
      send,
    };
    let outcome: JobOutcome | null = null;
    this.jobs.add(job);
    this.#events.onJobStage(job);
    const onReport = (report: JobReport) => {
      job.lastBeatMs = performance.now();
      if (report.type === 'beat') {
        job.lateMs = Math.max(report.lateMs ?? 0, (job.lateMs ?? 0) * lateFades);
      }
      if (report.type === 'bye') outcome = report.outcome;
      if (report.type === 'ask' || report.type === 'booking-committed') {
        this.#events.onJobAsks(job, report);
      }
      if (report.type === 'metrics') this.#events.onMetrics(job, report.metrics);
      if (report.type === 'hand-over') this.#events.onHandOver(job, report.kind);
      if (report.type !== 'stage') return;
      job.stage = report.stage;
      job.stageSinceMs = job.lastBeatMs;
      job.call = report.call;
      this.#events.onJobStage(job);
    };
    const onClose = () => {
      this.jobs.delete(job);
      this.#events.onJobGone(job, outcome);
    };
    return [this.#each(jobReport, onReport), onClose];
  }

  #attendant(
    { pid, calls }: Extract<AttendantReport, { type: 'hello' }>,
    send: AttendantPeer['send'],
  ): [(line: string) => void, () => void] {
    const attendant: AttendantPeer = {
      pid,
      calls: new Map(calls.map((call) => [call.room, call])),
      lastBeatMs: performance.now(),
      send,
    };
    this.attendants.set(pid, attendant);
    this.#events.onAttendant(attendant);
    for (const call of calls) this.#events.onAttending(call);
    const onReport = (report: AttendantReport) => {
      attendant.lastBeatMs = performance.now();
      if (report.type === 'metrics') this.#events.onAttendantMetrics(report.metrics);
      if (report.type === 'attending') {
        attendant.calls.set(report.room, report);
        this.#events.onAttending(report);
      }
      if (report.type === 'spoke') this.#events.onSpoke(report.room);
      if (report.type !== 'attended') return;
      attendant.calls.delete(report.room);
      this.#events.onAttended(report.room, report.end);
    };
    const onClose = () => {
      if (this.attendants.get(pid) === attendant) this.attendants.delete(pid);
      this.#events.onAttendantGone(attendant);
    };
    return [this.#each(attendantReport, onReport), onClose];
  }

  #each<T>(schema: ZodType<T>, onReport: (report: T) => void): (line: string) => void {
    return (line) => {
      const report = this.#reader.read(schema, line);
      if (report) onReport(report);
    };
  }
}

/**
 * Runs `work` while no other supervisor of this folder does: of two that both find a dead one's
 * socket file, the second would remove what the first has put in its place.
 */
async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = join(folder, 'line.lock');
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const made = await stat(lock).catch(() => null);
    // Held for milliseconds, unless its holder was killed meanwhile.
    if (made && Date.now() - made.mtimeMs > staleLockMs) await rm(lock, { recursive: true });
    await timers.setTimeout(lockPollMs);
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** True when somebody listens at `path`, or when that cannot be judged: such a name is not ours. */
async function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', ({ code = '' }: NodeJS.ErrnoException) => {
      resolve(!['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(code));
    });
  });
}
