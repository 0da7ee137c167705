import type { JobCall } from '../../ipc/messages.ts';
import { beatMs } from '../../ipc/client.ts';
import type { JobLine, JobPeer, WorkerPeer } from '../../ipc/server.ts';
import type { Places } from '../guardian/guardian.ts';
import type { WorkerProcesses } from './worker-processes.ts';

/** A stage of a start that takes longer waits for something else than the processor. */
const longestStartMs = 2_000;

/** An answer comes so much later, and the caller's pauses are misheard: half of a turn (2.8 s) on top. */
const sufferingMs = 1_000;

/** The workers and their jobs as the line shows them now: who is warm, who serves, what is missing. */
export class Capacity {
  readonly #line: Pick<JobLine, 'jobs' | 'workers' | 'attendants'>;
  readonly #workers: Pick<WorkerProcesses, 'currentPid'>;
  readonly #maxCalls: number;
  readonly #startsAtOnce: number;
  readonly #nowMs: () => number;

  constructor(options: {
    readonly line: Pick<JobLine, 'jobs' | 'workers' | 'attendants'>;
    readonly workers: Pick<WorkerProcesses, 'currentPid'>;
    readonly maxCalls: number;
    readonly startsAtOnce: number;
    /** The clock of `JobPeer`. */
    readonly nowMs?: () => number;
  }) {
    this.#line = options.line;
    this.#workers = options.workers;
    this.#maxCalls = options.maxCalls;
    this.#startsAtOnce = options.startsAtOnce;
    this.#nowMs = options.nowMs ?? (() => performance.now());
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

  /** The jobs that serve a call, or start for one, of all workers. */
  get serving(): readonly (JobCall & { readonly isStarting: boolean })[] {
    return [...this.#line.jobs].flatMap((job) =>
      job.call ? [{ ...job.call, isStarting: this.#isStarting(job) }] : [],
    );
  }

  /**
   * Jobs that may start together for new calls: none while live calls suffer. Null while nobody else
   * answers their callers.
   */
  get startsAtOnce(): number | null {
    if (this.#line.attendants.size === 0) return null;
    return this.#callsSuffer ? 0 : this.#startsAtOnce;
  }

  /** One late process may have its own reasons; where half of them are, the machine has no more to give. */
  get #callsSuffer(): boolean {
    const live = [...this.#line.jobs].filter(({ stage }) => stage === 'live');
    const late = live.filter((job) => this.#lateMs(job) > sufferingMs);
    return late.length > 1 && late.length * 2 >= live.length;
  }

  #lateMs({ lateMs = 0, lastBeatMs }: JobPeer): number {
    return Math.max(lateMs, this.#nowMs() - lastBeatMs - beatMs);
  }

  #isStarting({ stage, stageSinceMs }: JobPeer): boolean {
    return (
      ['connecting', 'claiming', 'starting'].includes(stage) &&
      this.#nowMs() - stageSinceMs < longestStartMs
    );
  }

  /** The rooms of these calls. */
  get rooms(): ReadonlySet<string> {
    return new Set(this.serving.map(({ room }) => room));
  }

  /** The jobs and calls that may come beside those that are there. */
  get places(): Places {
    const starting = this.serving.filter(({ isStarting }) => isStarting).length;
    return {
      warm: this.idlePids.length,
      calls: this.#maxCalls - this.rooms.size,
      starts: (this.startsAtOnce ?? Infinity) - starting,
    };
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
