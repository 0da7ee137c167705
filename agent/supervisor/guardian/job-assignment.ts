import { sharedTimes } from '../../config/timeouts.ts';
import type { Timeouts } from '../../config/timeouts.ts';
import type { JobPeer } from '../../ipc/server.ts';
import type { WatchedCall } from './watched-call.ts';

/** A stage may take its budget and this much for the job to say that it gave up. */
const stageGraceMs = 500;

/** Sources of jobs: the line shows ours, the leases those of other supervisors. */
export type JobAssignmentDeps = {
  readonly jobs: () => Iterable<JobPeer>;
  /** The job that holds the call's lease; null for none. */
  readonly leaseHolder: (callId: string) => Promise<string | null>;
  readonly timeouts: Timeouts;
  readonly nowMs: () => number;
};

/** Tells which jobs serve a call. */
export class JobAssignment {
  readonly #deps: JobAssignmentDeps;
  readonly #frozen = new WeakSet<JobPeer>();

  constructor(deps: JobAssignmentDeps) {
    this.#deps = deps;
  }

  /** Counts a job for nothing from now on, though its line is open. */
  setFrozen(job: JobPeer): void {
    this.#frozen.add(job);
  }

  /** The jobs that are in the call, or on the way; stuck ones too. */
  jobsOf(call: WatchedCall): readonly JobPeer[] {
    return this.#onLine(call).filter((job) => !this.#frozen.has(job));
  }

  /** True while a job that has the call is on the line, frozen ones too: it may still write it down. */
  isOnLine(call: WatchedCall): boolean {
    return this.#onLine(call).length > 0;
  }

  /** True while a job serves the call, or is to. One stuck job is none; two are waited for. */
  isServed(call: WatchedCall): boolean {
    const jobs = this.jobsOf(call);
    return jobs.length > 1 || jobs.some((job) => !this.#isStuck(job));
  }

  /** The job that holds the call's lease; null for nobody. Rejects when the store does. */
  async holder({ caller }: WatchedCall): Promise<string | null> {
    return caller?.callId ? this.#deps.leaseHolder(caller.callId) : null;
  }

  /** True when `holder` is a job, or the attendant, of another supervisor. */
  isForeign(call: WatchedCall, holder: string | null): boolean {
    if (holder === null || call.lostJobs.has(holder) || holder === call.attendant) return false;
    return !this.jobsOf(call).some((job) => job.call?.jobId === holder);
  }

  #onLine({ room }: WatchedCall): readonly JobPeer[] {
    return [...this.#deps.jobs()].filter((job) => job.call?.room === room);
  }

  #isStuck({ stage, stageSinceMs }: JobPeer): boolean {
    const { connectMs, sessionStartMs } = this.#deps.timeouts;
    const sinceMs = this.#deps.nowMs() - stageSinceMs;
    if (stage === 'connecting' || stage === 'claiming') return sinceMs > connectMs + stageGraceMs;
    if (stage === 'starting') return sinceMs > sessionStartMs + stageGraceMs;
    return stage === 'standby' && sinceMs > sharedTimes.stuckStandbyMs;
  }
}
