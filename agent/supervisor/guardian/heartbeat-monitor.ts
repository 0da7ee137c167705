import { beatMs } from '../../ipc/client.ts';
import type { Log } from '../../infra/log.ts';
import type { JobPeer, WorkerPeer } from '../../ipc/server.ts';
import { Vigil } from '../vigil.ts';
import type { Patience } from '../vigil.ts';

/**
 * A caller hears nothing from the first moment on; but on a machine without a core to spare jobs stood
 * still for 1.2 s and went on, and a takeover takes longer than that.
 */
const jobPatience = { suspectMs: 2_000, sureMs: 4_000 };
/** Where one froze, others may for the same reason: for so long only what is sure counts. */
const machineMs = 60_000;
/** Its jobs talk on meanwhile. One that starts has nobody beside it, and much to load. */
const workerPatience = { suspectMs: 2_000, sureMs: 6_000 };
/** Nobody waits for it but one who was told goodbye; what it is busy with is often its own end. */
const closingPatience = { suspectMs: 3_000, sureMs: 3_000 };
/** Warmed behind the calls, on a busy machine it may not run for a while; nobody waits for it. */
const warmPatience = { suspectMs: 15_000, sureMs: 15_000 };
/** A job that was given up on leaves by itself when it wakes; one that does not wake is killed. */
const wakeMs = 10_000;

/** What the watch needs. */
export type SilenceWatchDeps = {
  readonly jobs: () => Iterable<JobPeer>;
  readonly workers: () => Iterable<WorkerPeer>;
  /** A job with a call is frozen. False: it is to be asked again, another's turn comes first. */
  readonly onFrozen: (job: JobPeer) => boolean;
  readonly kill: (pid: number) => void;
  readonly log: Log;
  /** The clock of the peers. */
  readonly nowMs?: () => number;
};

/** Finds the processes on the line that are there and do not run: stopped, or blocked. */
export class SilenceWatch {
  readonly #deps: SilenceWatchDeps;
  readonly #nowMs: () => number;
  readonly #vigil: Vigil;
  /** When a job with a call was given up on last. */
  #frozeMs = Number.NEGATIVE_INFINITY;
  /** The jobs that were given up on, and when. */
  readonly #frozenAtMs = new WeakMap<JobPeer, number>();
  readonly #killed = new WeakSet<JobPeer | WorkerPeer>();
  #tick: NodeJS.Timeout | undefined;

  constructor(deps: SilenceWatchDeps) {
    this.#deps = deps;
    this.#nowMs = deps.nowMs ?? (() => performance.now());
    this.#vigil = new Vigil(this.#nowMs());
  }

  start(): void {
    this.#tick = setInterval(() => this.check(), beatMs);
  }

  stop(): void {
    clearInterval(this.#tick);
  }

  /** One tick: `start` has it called every `beatMs`. */
  check(): void {
    this.#vigil.tick(this.#nowMs());
    const jobs = [...this.#deps.jobs()];
    const workers = [...this.#deps.workers()];
    const all = [...jobs, ...workers];
    for (const worker of workers) {
      const silentMs = this.#vigil.silentMs(worker, all, workerPatience);
      if (silentMs !== null) this.#workerHangs(worker, silentMs);
    }
    for (const job of jobs) {
      const silentMs = this.#vigil.silentMs(job, all, this.#patienceWith(job));
      if (silentMs !== null) this.#jobIsFrozen(job, silentMs);
    }
  }

  #workerHangs(worker: WorkerPeer, silentMs: number): void {
    if (this.#killed.has(worker)) return;
    const fields = { workerPid: worker.pid, silentMs: Math.round(silentMs) };
    this.#deps.log.error({ event: 'worker.hung', ...fields }, 'worker process hangs, killed');
    this.#kill(worker);
  }

  #jobIsFrozen(job: JobPeer, silentMs: number): void {
    const sinceMs = this.#frozenAtMs.get(job);
    if (sinceMs !== undefined) {
      if (this.#nowMs() - sinceMs > wakeMs) this.#kill(job);
      return;
    }
    if (job.call && !this.#deps.onFrozen(job)) return;
    this.#frozenAtMs.set(job, this.#nowMs());
    if (job.call) this.#frozeMs = this.#nowMs();
    const { pid, stage, call } = job;
    this.#deps.log.warn(
      {
        event: 'job.frozen',
        jobPid: pid,
        stage,
        room: call?.room ?? null,
        callId: call?.callId ?? null,
        silentMs: Math.round(silentMs),
      },
      'job process does not run',
    );
    // A warm process would swallow the next call; dead, it is dealt with as every dead one.
    if (!call) this.#kill(job);
  }

  #kill(peer: JobPeer | WorkerPeer): void {
    if (this.#killed.has(peer)) return;
    this.#killed.add(peer);
    this.#deps.kill(peer.pid);
  }

  #patienceWith({ call, stage }: JobPeer): Patience {
    if (!call) return warmPatience;
    if (stage === 'closing') return closingPatience;
    const { sureMs } = jobPatience;
    const isFirst = this.#nowMs() - this.#frozeMs >= machineMs;
    return isFirst ? jobPatience : { suspectMs: sureMs, sureMs };
  }
}
