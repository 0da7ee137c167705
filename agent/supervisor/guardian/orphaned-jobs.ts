import type { JobPeer } from '../../ipc/server.ts';

/** The jobs of a dead worker live for 13 s: 15 s after the last ping of the framework. */
const orphanMs = 13_000;
/** All of its calls are to be with fresh jobs by then. */
const handOverMs = 10_000;
const leastMs = 500;
/** A fresh job's last word may take so long, beyond the time that the old one was given. */
const settleMs = 1_000;
const tickMs = 100;

/** The jobs on the line, and where their calls could go. */
export type OrphanedJobsDeps = {
  readonly jobs: () => Iterable<JobPeer>;
  /** True when a fresh job can be had for `room` now. */
  readonly canTake: (room: string) => boolean;
  /** The clock of `JobPeer`. */
  readonly nowMs?: () => number;
};

type Order = { readonly job: JobPeer; readonly untilMs: number };

/**
 * The calls of workers that died. Their jobs talk on, so that the caller notices nothing: as soon as
 * fresh jobs can be had they are told to give their calls to these, one after another. A job that
 * does not manage to, dies in its time, and its call is taken over.
 */
export class OrphanedJobs {
  readonly #deps: OrphanedJobsDeps;
  readonly #nowMs: () => number;
  /** Each worker's death, by pid. */
  readonly #diedAtMs = new Map<number, number>();
  /** The times that each job was told. */
  readonly #told = new WeakMap<JobPeer, number>();
  #order: Order | undefined;
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
    if (this.#order && this.#isOpen(this.#order)) return;
    this.#order = undefined;
    // A job that is still to answer goes on, and is told once it has.
    const waiting = [...this.#deps.jobs()].filter(
      (job) => this.#diedAtMs.has(job.workerPid) && job.stage === 'live' && !this.#hasHeir(job),
    );
    const [next] = waiting.sort((a, b) => this.#timesTold(a) - this.#timesTold(b));
    if (next?.call && this.#deps.canTake(next.call.room)) this.#tell(next, waiting.length);
  }

  #tell(job: JobPeer, waiting: number): void {
    const nowMs = this.#nowMs();
    const leftMs = (this.#diedAtMs.get(job.workerPid) ?? 0) + handOverMs - nowMs;
    const withinMs = Math.max(leastMs, Math.round(leftMs / waiting));
    this.#told.set(job, this.#timesTold(job) + 1);
    this.#order = { job, untilMs: nowMs + withinMs + settleMs };
    job.send({ type: 'hand-over', kind: 'handover', withinMs });
  }

  #isOpen({ job, untilMs }: Order): boolean {
    const isThere = [...this.#deps.jobs()].includes(job);
    return isThere && !this.#hasHeir(job) && this.#nowMs() < untilMs;
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
