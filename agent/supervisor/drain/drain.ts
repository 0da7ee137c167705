import { sharedTimes } from '../../config/timeouts.ts';
import timers from 'node:timers/promises';
import type { Log } from '../../telemetry/events.ts';
import { drainTimes, killAfterMs, handOverPace } from './drain-budget.ts';
import type { DrainBudget } from './drain-budget.ts';
import type { JobLine, JobPeer } from '../../ipc/server.ts';
import { killProcess } from '../guardian/heartbeat-monitor.ts';
import type { Capacity } from '../workers/capacity.ts';
import type { AttendantProcess } from '../attendant/attendant-process.ts';
import type { ReadinessLease } from './readiness-lease.ts';
import type { WorkerProcesses } from '../workers/worker-processes.ts';

/**
 * The way in which the calls ended: by themselves or with another deployment (`drained`), the last of them with
 * a sentence (`said-goodbye`), or by force: at a second signal, or because the time was over.
 */
export type DrainOutcome = 'drained' | 'said-goodbye' | 'forced' | 'deadline';

const pollMs = 50;
const attendantEndMs = 1_000;
/** A job that was told waits for the fresh one, and for the store, before it gives up. */
const settleMs = sharedTimes.freshJobMs + sharedTimes.leaseTransferMs;
/** The other deployment had no room, or the job something to finish: neither passes at once. */
const againMs = 5_000;

/** The processes and calls to end, and the time that there is for it. */
export type DrainDeps = {
  readonly line: Pick<JobLine, 'jobs' | 'workers' | 'attendants'>;
  readonly workers: Pick<WorkerProcesses, 'pids' | 'stopStarting' | 'kill'>;
  readonly attendant: Pick<AttendantProcess, 'pid' | 'stopStarting' | 'kill'>;
  readonly pool: Pick<Capacity, 'serving'>;
  readonly log: Log;
  readonly readinessLease: Pick<ReadinessLease, 'withdraw' | 'otherIsReady'>;
  readonly budget: DrainBudget;
  /** Gives calls to another deployment that is ready. */
  readonly handsOver: boolean;
  /** Resolves when waiting is to end at once. */
  readonly forced: Promise<void>;
  readonly clock?: DrainClock;
};

/** Time, as a drain sees it; another one in tests. */
type DrainClock = { nowMs(): number; sleep(ms: number): Promise<unknown> };

const realClock: DrainClock = {
  nowMs: () => performance.now(),
  sleep: (ms) => timers.setTimeout(ms),
};

/** Takes no further call, and resolves when all processes are gone. Runs once. */
export async function drain(deps: DrainDeps): Promise<DrainOutcome> {
  return new Drain(deps).run();
}

class Drain {
  readonly #deps: DrainDeps;
  readonly #clock: DrainClock;
  readonly #startedMs: number;
  readonly #handOvers: DrainHandOvers;
  /** Jobs that were told to end their call with a sentence. */
  readonly #parting = new Set<JobPeer>();
  #isForced = false;

  constructor(deps: DrainDeps) {
    this.#deps = deps;
    this.#clock = deps.clock ?? realClock;
    this.#startedMs = this.#clock.nowMs();
    this.#handOvers = new DrainHandOvers(deps.log);
  }

  async run(): Promise<DrainOutcome> {
    const { line, workers, readinessLease, forced } = this.#deps;
    void forced.then(() => (this.#isForced = true));
    workers.stopStarting();
    // A worker that says hello later is told then.
    for (const worker of line.workers.values()) worker.send({ type: 'drain' });
    await readinessLease.withdraw();
    const outcome = await this.#callsOver();
    this.#deps.attendant.stopStarting();
    if (!this.#isOver) await this.#endByForce(outcome);
    else await this.#endAttendant();
    return outcome;
  }

  /** Calls of an earlier supervisor's worker are ours to wait for, too. */
  get #isOver(): boolean {
    const { workers, pool } = this.#deps;
    return workers.pids.length === 0 && pool.serving.length === 0 && this.#attended === 0;
  }

  /** Without a call it has nothing to finish. */
  async #endAttendant(): Promise<void> {
    const { line, attendant } = this.#deps;
    for (const peer of line.attendants.values()) peer.send({ type: 'drain' });
    const untilMs = this.#passedMs + attendantEndMs;
    while (attendant.pid !== null && this.#passedMs < untilMs) await this.#clock.sleep(pollMs);
    attendant.kill();
  }

  /** An attendant stays until its calls are over: for who calls now nobody else is there. */
  get #attended(): number {
    return [...this.#deps.line.attendants.values()].reduce((all, { calls }) => all + calls.size, 0);
  }

  get #passedMs(): number {
    return this.#clock.nowMs() - this.#startedMs;
  }

  async #callsOver(): Promise<DrainOutcome> {
    const { budget, handsOver, readinessLease, pool } = this.#deps;
    while (!this.#isOver && !this.#isForced) {
      const otherIsReady = handsOver && readinessLease.otherIsReady;
      const { lastWordsMs, endMs } = drainTimes(budget, otherIsReady);
      const passedMs = this.#passedMs;
      // A worker that is left without a call is no reason to call the end a bad one.
      if (passedMs >= endMs) return pool.serving.length > 0 ? 'deadline' : this.#goodEnd;
      if (passedMs >= lastWordsMs) this.#sayGoodbye();
      else if (otherIsReady) this.#handOver(lastWordsMs - passedMs);
      await this.#clock.sleep(pollMs);
    }
    return this.#isOver ? this.#goodEnd : 'forced';
  }

  get #goodEnd(): DrainOutcome {
    return this.#parting.size > 0 ? 'said-goodbye' : 'drained';
  }

  /** A call whose caller was told that it ends does end. */
  #handOver(leftMs: number): void {
    const jobs = [...this.#deps.line.jobs].filter((job) => !this.#parting.has(job));
    this.#handOvers.step(jobs, this.#passedMs, leftMs);
  }

  /** A job that becomes live only now is told then. */
  #sayGoodbye(): void {
    const { line, log } = this.#deps;
    for (const attendant of line.attendants.values()) attendant.send({ type: 'give-up' });
    for (const job of line.jobs) {
      if (!job.call || job.stage !== 'live' || this.#parting.has(job)) continue;
      this.#parting.add(job);
      log.emit('drain.goodbye', job.call);
      job.send({ type: 'say-goodbye' });
    }
  }

  /** The framework's jobs ignore signals and talk on for 13 s after their worker: they come first. */
  async #endByForce(outcome: DrainOutcome): Promise<void> {
    const { line, workers, pool, log, budget } = this.#deps;
    for (const { room, callId } of pool.serving) {
      log.emit('job.forced', { room, callId, outcome }, 'call');
    }
    for (const job of line.jobs) if (job.call) job.send({ type: 'end' });
    workers.kill('SIGKILL');
    this.#deps.attendant.kill();
    const untilMs = this.#passedMs + killAfterMs(budget, this.#passedMs);
    while (workers.pids.length > 0 || line.jobs.size > 0) {
      if (this.#passedMs >= untilMs) return this.#killJobs();
      await this.#clock.sleep(pollMs);
    }
  }

  #killJobs(): void {
    const { line, log } = this.#deps;
    for (const { pid, call } of line.jobs) {
      log.emit('job.forced', { jobPid: pid, room: call?.room ?? null }, 'killed');
      killProcess(pid);
    }
  }
}

type Order = { readonly attempt: number; readonly untilMs: number };

/** Orders the live calls of a drain to another deployment, few at a time, again until they go. */
class DrainHandOvers {
  readonly #log: Log;
  readonly #orders = new Map<JobPeer, Order>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Orders what may go now, with `leftMs` until the last words. A job not live yet waits. */
  step(jobs: Iterable<JobPeer>, nowMs: number, leftMs: number): void {
    const { withinMs, together } = handOverPace(Math.round(leftMs));
    const live = [...jobs].filter(({ stage, call }) => call && stage === 'live');
    const attempts = (job: JobPeer) => this.#orders.get(job)?.attempt ?? 0;
    let underWay = live.filter((job) => nowMs < (this.#orders.get(job)?.untilMs ?? 0)).length;
    const due = live
      .filter((job) => nowMs >= (this.#orders.get(job)?.untilMs ?? -againMs) + againMs)
      .sort((a, b) => attempts(a) - attempts(b));
    for (const job of due) {
      if (underWay >= together) return;
      underWay += 1;
      this.#order(
        job,
        { attempt: attempts(job) + 1, untilMs: nowMs + withinMs + settleMs },
        withinMs,
      );
    }
  }

  #order(job: JobPeer, order: Order, withinMs: number): void {
    this.#orders.set(job, order);
    this.#log.emit('drain.handing-over', { ...job.call, attempt: order.attempt, withinMs });
    job.send({ type: 'hand-over', kind: 'handover', withinMs });
  }
}
