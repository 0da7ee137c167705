import type { JobCall } from '../../ipc/messages.ts';
import type { JobLine, WorkerPeer } from '../../ipc/server.ts';
import type { WorkerProcesses } from './worker-processes.ts';

/** The workers and their jobs as the line shows them now: who is warm, who serves, what is missing. */
export class Capacity {
  readonly #line: JobLine;
  readonly #workers: WorkerProcesses;
  readonly #maxCalls: number;

  constructor(options: { line: JobLine; workers: WorkerProcesses; maxCalls: number }) {
    this.#line = options.line;
    this.#workers = options.workers;
    this.#maxCalls = options.maxCalls;
  }

  /** The worker that takes calls; undefined until it is on the line. */
  get current(): WorkerPeer | undefined {
    return this.#line.workers.get(this.#workers.currentPid ?? -1);
  }

  /** The warm processes of the worker that takes calls. */
  get idlePids(): readonly number[] {
    const workerPid = this.#workers.currentPid;
    return [...this.#line.jobs]
      .filter((job) => job.stage === 'idle' && job.workerPid === workerPid)
      .map(({ pid }) => pid);
  }

  /** The jobs that serve a call, of all workers. */
  get serving(): readonly JobCall[] {
    return [...this.#line.jobs].flatMap(({ call }) => (call ? [call] : []));
  }

  /** The rooms of these calls. */
  get rooms(): ReadonlySet<string> {
    return new Set(this.serving.map(({ room }) => room));
  }

  /** Warm processes, and the calls that may come beside those that have a job. */
  get places(): { readonly warm: number; readonly calls: number } {
    return { warm: this.idlePids.length, calls: this.#maxCalls - this.rooms.size };
  }

  /** The reason that the worker cannot take `room` (null: a new call) now; null if it can. */
  whyNot(room: string | null): string | null {
    const worker = this.current;
    if (!worker) return 'no worker process';
    if (worker.link === 'refused') return 'LiveKit refused the key';
    if (worker.link === 'gave-up') return 'LiveKit was given up on';
    if (worker.link !== 'registered') return 'not registered with LiveKit';
    if (this.idlePids.length === 0) return 'no warm process';
    const { rooms } = this;
    // A call that is counted already needs no room.
    if (room !== null && rooms.has(room)) return null;
    return rooms.size >= this.#maxCalls ? 'at MAX_CALLS' : null;
  }
}
