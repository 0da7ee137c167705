import { mkdir, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { linePath, readLines } from '../line.ts';
import type {
  JobCall,
  JobOutcome,
  JobStage,
  LineOrder,
  LineReport,
  LinkState,
  RefusalReason,
} from '../line.ts';

/** A job process on the line. Times are from `performance.now()`. */
export type JobPeer = {
  readonly pid: number;
  readonly workerPid: number;
  stage: JobStage;
  stageSinceMs: number;
  call: JobCall | null;
  lastBeatMs: number;
  readonly send: (order: LineOrder) => void;
};

/** A worker process on the line. */
export type WorkerPeer = {
  readonly pid: number;
  link: LinkState;
  linkDetail: string | null;
  lastBeatMs: number;
  readonly send: (order: LineOrder) => void;
};

/** What the supervisor wants to hear of. */
export type LineEvents = {
  onJobStage(job: JobPeer): void;
  /** A question, or word of a booking. */
  onJobAsks(job: JobPeer, report: LineReport): void;
  /** `outcome` is null when the line closed without `bye`: the process died. */
  onJobGone(job: JobPeer, outcome: JobOutcome | null): void;
  onWorkerLink(worker: WorkerPeer): void;
  onWorkerGone(worker: WorkerPeer): void;
  onAccepted(room: string, jobId: string): void;
  onRefused(room: string, reason: RefusalReason): void;
};

/** Supervisors that share a data folder: one that drains, and the next. */
const maxSlots = 9;

/** The supervisor's end of all lines. */
export class JobLine {
  readonly jobs = new Set<JobPeer>();
  readonly workers = new Map<number, WorkerPeer>();
  readonly #server = createServer((socket) => this.#accept(socket));
  readonly #sockets = new Set<Socket>();
  readonly #events: LineEvents;

  constructor(events: LineEvents) {
    this.#events = events;
  }

  /** Listens at the first name in `dataDir` at which no living supervisor does; returns its path. */
  async listen(dataDir: string): Promise<string> {
    await mkdir(dataDir, { recursive: true });
    for (let slot = 1; slot <= maxSlots; slot += 1) {
      const path = linePath(dataDir, slot);
      if (await isServed(path)) continue;
      // A socket file that nobody serves is what a killed supervisor left.
      await rm(path, { force: true });
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(path, resolve);
      });
      return path;
    }
    throw new Error(`${maxSlots} supervisors already run in this DATA_DIR; stop one of them`);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    const send = (order: LineOrder) => {
      if (socket.writable) socket.write(`${JSON.stringify(order)}\n`);
    };
    let onReport: ((report: LineReport) => void) | undefined;
    let onClose = () => {};
    readLines<LineReport>(socket, (report) => {
      if (report.type !== 'hello') return onReport?.(report);
      [onReport, onClose] =
        report.role === 'worker' ? this.#worker(report.pid, send) : this.#job(report, send);
    });
    socket.on('close', () => {
      this.#sockets.delete(socket);
      onClose();
    });
  }

  #worker(
    pid: number,
    send: (order: LineOrder) => void,
  ): [(report: LineReport) => void, () => void] {
    const worker: WorkerPeer = {
      pid,
      link: 'connecting',
      linkDetail: null,
      lastBeatMs: performance.now(),
      send,
    };
    this.workers.set(pid, worker);
    this.#events.onWorkerLink(worker);
    const onReport = (report: LineReport) => {
      worker.lastBeatMs = performance.now();
      if (report.type === 'accepted') this.#events.onAccepted(report.room, report.jobId);
      if (report.type === 'refused') this.#events.onRefused(report.room, report.reason);
      if (report.type !== 'link') return;
      worker.link = report.state;
      worker.linkDetail = report.detail;
      this.#events.onWorkerLink(worker);
    };
    const onClose = () => {
      this.workers.delete(pid);
      this.#events.onWorkerGone(worker);
    };
    return [onReport, onClose];
  }

  #job(
    hello: Extract<LineReport, { role: 'job' }>,
    send: (order: LineOrder) => void,
  ): [(report: LineReport) => void, () => void] {
    const job: JobPeer = {
      pid: hello.pid,
      workerPid: hello.workerPid,
      stage: hello.stage,
      stageSinceMs: performance.now(),
      call: hello.call,
      lastBeatMs: performance.now(),
      send,
    };
    let outcome: JobOutcome | null = null;
    this.jobs.add(job);
    this.#events.onJobStage(job);
    const onReport = (report: LineReport) => {
      job.lastBeatMs = performance.now();
      if (report.type === 'bye') outcome = report.outcome;
      if (report.type === 'ask' || report.type === 'booking-committed') {
        this.#events.onJobAsks(job, report);
      }
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
    return [onReport, onClose];
  }
}

async function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
