import { sharedTimes } from '../../config/timeouts.ts';
import type { JobPeer } from '../../ipc/server.ts';

/** The jobs of a dead worker live for 13 s: 15 s after the last ping of the framework. */
const orphanMs = 13_000;
/** All of its calls are to be with fresh jobs by then; the change itself takes a second. */
const handOverMs = 11_500;
const leastMs = 500;
/** A fresh job's last word may take so long, beyond the time that the old one was given. */
const settleMs = 1_000;
/** A warm process that was sent for is seen to be taken by then: two calls do not go to one. */
const apartMs = 1_000;
const tickMs = 100;

/** The jobs on the line, and where their calls could go. */
export type OrphanedJobsDeps = {
  readonly jobs: () => Iterable<JobPeer>;
  /** True when a fresh job can be had for `room` now. */
  readonly canTake: (room: string) => boolean;
  /** The clock of `JobPeer`. */
  readonly nowMs?: () => number;
};

/**
 * The calls of workers that died. Their jobs talk on, so that the caller notices nothing: as soon as
 * fresh jobs can be had they are told to give their calls to these, each with all the time that is
 * left: an answer is spoken to its end, and the call goes over between two turns. A job that does not
 * manage to, dies in its time, and its call is taken over.
 */
export class OrphanedJobs {
  readonly #deps: OrphanedJobsDeps;
  readonly #nowMs: () => number;
  /** Each worker's death, by pid. */
  readonly #diedAtMs = new Map<number, number>();
  /** The times that each job was told. */
  readonly #told = new WeakMap<JobPeer, number>();
  /** Until then the job is busy with what it was told. */
  readonly #busyUntilMs = new WeakMap<JobPeer, number>();
  #lastToldMs = -Infinity;
  #tick: NodeJS.Timeout | undefined;

  constructor(deps: OrphanedJobsDeps) {
    this.#deps = deps;
    this.#nowMs = deps.nowMs ?? (() => performance.now());
  }

  /** A worker process is gone; saying it twice is once. */
  workerDied(pid: number): void {
    if (this.#diedAtMs.has(pid)) return;
    this.#diedAtMs.set(pid, this.#nowMs());
    this.#tick ??= setInterval(() => this.#check(), tickMs).unref();
  }

  stop(): void {
    clearInterval(this.#tick);
    this.#tick = undefined;
    this.#diedAtMs.clear();
  }

  #check(): void {
    const nowMs = this.#nowMs();
    for (const [pid, atMs] of this.#diedAtMs) {
      if (nowMs - atMs > orphanMs) this.#diedAtMs.delete(pid);
    }
    if (this.#diedAtMs.size === 0) return this.stop();
    if (nowMs - this.#lastToldMs < apartMs) return;
    // A job that is still to answer goes on, and is told once it has.
    const waiting = [...this.#deps.jobs()].filter(
      (job) =>
        this.#diedAtMs.has(job.workerPid) &&
        job.stage === 'live' &&
        nowMs >= (this.#busyUntilMs.get(job) ?? 0) &&
        !this.#hasHeir(job),
    );
    const [next] = waiting.sort((a, b) => this.#timesTold(a) - this.#timesTold(b));
    if (next?.call && this.#deps.canTake(next.call.room)) this.#tell(next);
  }

  #tell(job: JobPeer): void {
    const nowMs = this.#nowMs();
    const leftMs = (this.#diedAtMs.get(job.workerPid) ?? 0) + handOverMs - nowMs;
    const withinMs = Math.max(leastMs, Math.round(leftMs));
    this.#told.set(job, this.#timesTold(job) + 1);
    // One whose fresh job never came gives up after 8 s, and is to have another try.
    this.#busyUntilMs.set(job, nowMs + Math.min(withinMs, sharedTimes.freshJobMs) + settleMs);
    this.#lastToldMs = nowMs;
    job.send({ type: 'hand-over', kind: 'handover', withinMs });
  }

  /** True when another job speaks in its room already. */
  #hasHeir({ pid, call }: JobPeer): boolean {
    return [...this.#deps.jobs()].some(
      (other) => other.pid !== pid && other.stage === 'live' && other.call?.room === call?.room,
    );
  }

  #timesTold(job: JobPeer): number {
    return this.#told.get(job) ?? 0;
  }
}
