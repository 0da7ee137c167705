import type { TerminationReason } from '../call/termination.ts';
import { agentIdentity } from '../line.ts';
import type { JobOutcome, ResumeKind } from '../line.ts';
import type { Log } from '../log.ts';
import { backOffMs } from '../retry.ts';
import type { Timeouts } from '../timeouts.ts';
import type { JobPeer } from './job-line.ts';
import type { ListedCaller, Rooms } from './rooms.ts';
import { Sweep } from './sweep.ts';
import { WatchedCall } from './watched-call.ts';

/** How the record of a call is written that no job wrote. */
export type LostCall = {
  readonly room: string;
  readonly callId: string;
  readonly phoneNumber: string | null;
  readonly firstSeenAtMs: number;
  readonly attempts: number;
  readonly reason: TerminationReason;
};

/** What the guardian needs. */
export type GuardianDeps = {
  readonly rooms: Rooms;
  readonly log: Log;
  readonly timeouts: Timeouts;
  /** The jobs on the line. */
  readonly jobs: () => Iterable<JobPeer>;
  /** Whether a worker is registered with a warm process that is alive, and may take `room`. */
  readonly canTake: (room: string) => boolean;
  /** Who holds the call's lease: a job of another supervisor may serve it. */
  readonly leaseHolder: (callId: string) => Promise<string | null>;
  /** Writes down a call that is over, unless a job has done so. */
  readonly onLost: (call: LostCall) => Promise<void>;
  /** The clock of `JobPeer`, which no change of the time of day moves. */
  readonly nowMs?: () => number;
};

const tickMs = 250;
const sweepMs = 2_000;
/** Three jobs beyond those of LiveKit itself; then the caller rings out. */
const maxAttempts = 3;
const backOff = { initialMs: 500, multiplier: 3, maxMs: 5_000, jitter: 0.3 };
/** A worker that was ready and refused all the same is asked again after this. */
const refusedMs = 500;
/** A stage may take its budget and this much for the job to say that it gave up. */
const stageGraceMs = 500;
/** A call that is over is not taken for a new one while its room is still listed (20 s). */
const closedMs = 60_000;

/**
 * No caller without an agent. LiveKit dispatches once, never again, and does not notice when nothing
 * comes of it. The guardian knows of calls from the worker's requests and from a sweep of the rooms,
 * hears on the line which of them have a job, and dispatches again for those that have none.
 */
export class Guardian {
  readonly #deps: GuardianDeps;
  readonly #nowMs: () => number;
  readonly #calls = new Map<string, WatchedCall>();
  readonly #closed = new Map<string, number>();
  readonly #sweep: Sweep;
  #tick: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: GuardianDeps) {
    this.#deps = deps;
    this.#nowMs = deps.nowMs ?? (() => performance.now());
    const { log } = deps;
    this.#sweep = new Sweep({ run: () => this.#sweepRooms(), everyMs: sweepMs, log });
  }

  start(): void {
    this.#tick = setInterval(() => this.check(), tickMs);
    this.#sweep.start();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#tick);
    this.#sweep.stop();
  }

  /** A worker took a job: it has `pickupMs` to show up on the line. */
  accepted(room: string): void {
    this.#watch(room).awaitingUntilMs = this.#nowMs() + this.#deps.timeouts.pickupMs;
  }

  /** A worker turned a job down. Another may take it; if none does, the call is dispatched again. */
  refused(room: string): void {
    const call = this.#watch(room);
    if (!call.dispatchIsOpen) return;
    // It came to nothing because nobody was ready after all: it does not count.
    call.dispatchIsOpen = false;
    call.attempts -= 1;
    call.awaitingUntilMs = 0;
    call.notBeforeMs = this.#nowMs() + refusedMs;
  }

  /** A job moved on. */
  jobMoved(job: JobPeer): void {
    if (!job.call) return;
    const call = this.#watch(job.call.room);
    call.awaitingUntilMs = 0;
    call.dispatchIsOpen = false;
  }

  /** A job left: at the call's end, because another has it, or by failing. */
  jobGone(job: JobPeer, outcome: JobOutcome | null): void {
    if (!job.call) return;
    const { room, jobId } = job.call;
    // It left on its own; whatever kept it in the room must not speak beside the next one.
    if (outcome === 'yielded') {
      this.#calls.get(room)?.lostJobs.add(jobId);
      return this.#remove(room, jobId);
    }
    if (outcome === 'ended') {
      this.#calls.delete(room);
      this.#closed.set(room, this.#nowMs() + closedMs);
      return;
    }
    this.#giveUpOn(this.#watch(room), jobId, outcome === null ? 'crash' : 'start-failed');
    this.check();
  }

  /** A job wants to give its call to a fresh one. What comes of it, the two settle in the room. */
  async handOver({ call }: JobPeer, kind: ResumeKind): Promise<void> {
    const { rooms, log, canTake } = this.#deps;
    if (!call || !canTake(call.room)) return;
    const { room, callId, jobId } = call;
    try {
      await rooms.dispatch(room, JSON.stringify({ supersedes: jobId, resume: kind }));
      log.info({ event: 'guardian.handover', room, callId, kind }, 'fresh job sent for a call');
    } catch (error) {
      log.warn({ event: 'guardian.failed', room, callId, error }, 'no fresh job could be sent');
    }
  }

  /** Looks after every call that has no job, now. */
  check(): void {
    for (const call of this.#calls.values()) {
      if (!call.busy && this.#needsJob(call)) void this.#lookAfter(call);
    }
  }

  #watch(room: string, ageMs = 0, caller: ListedCaller | null = null): WatchedCall {
    const known = this.#calls.get(room);
    if (known) return known;
    const call = new WatchedCall({
      room,
      caller,
      firstSeenAtMs: Date.now() - ageMs,
      awaitingUntilMs: this.#nowMs() + this.#deps.timeouts.pickupMs - ageMs,
    });
    this.#calls.set(room, call);
    // A caller who hangs up before any job is in the room leaves no other trace.
    if (!caller) void this.#lookForCaller(call);
    return call;
  }

  #needsJob(call: WatchedCall): boolean {
    const nowMs = this.#nowMs();
    if (this.#stopped || call.gaveUp) return false;
    if (nowMs < call.awaitingUntilMs || nowMs < call.notBeforeMs) return false;
    const jobs = this.#jobsOf(call);
    // At most one beyond the first in flight, and a stuck job still counts.
    if (jobs.length > 1 || jobs.some((job) => !this.#isStuck(job))) return false;
    return this.#deps.canTake(call.room);
  }

  #jobsOf(call: WatchedCall): JobPeer[] {
    return [...this.#deps.jobs()].filter((job) => job.call?.room === call.room);
  }

  #isStuck(job: JobPeer): boolean {
    const { connectMs, sessionStartMs } = this.#deps.timeouts;
    const sinceMs = this.#nowMs() - job.stageSinceMs;
    if (job.stage === 'connecting' || job.stage === 'claiming') {
      return sinceMs > connectMs + stageGraceMs;
    }
    return job.stage === 'starting' && sinceMs > sessionStartMs + stageGraceMs;
  }

  async #lookAfter(call: WatchedCall): Promise<void> {
    const { rooms, log } = this.#deps;
    call.busy = true;
    try {
      const caller = await rooms.findCaller(call.room);
      if (!caller?.isThere) return await this.#callerGone(call);
      call.caller = caller;
      const holder = await this.#leaseHolder(caller);
      // A job may have come meanwhile.
      if (!this.#needsJob(call)) return;
      const stuck = this.#jobsOf(call);
      const isOfStuck = stuck.some((job) => job.call?.jobId === holder);
      if (holder !== null && !call.lostJobs.has(holder) && !isOfStuck) {
        // A job of another supervisor serves it.
        call.notBeforeMs = this.#nowMs() + sweepMs;
        return;
      }
      if (call.attempts >= maxAttempts) return this.#giveUp(call);
      for (const job of stuck) this.#end(call, job);
      await this.#dispatch(call, holder);
    } catch (error) {
      call.notBeforeMs = this.#nowMs() + sweepMs;
      const { room } = call;
      log.warn({ event: 'guardian.failed', room, error }, 'call could not be looked after');
    } finally {
      call.busy = false;
    }
  }

  /** `supersedes` names the lost job whose lease the new one may take over. */
  async #dispatch(call: WatchedCall, supersedes: string | null): Promise<void> {
    const { rooms, log, timeouts } = this.#deps;
    call.attempts += 1;
    call.dispatchIsOpen = true;
    call.awaitingUntilMs = this.#nowMs() + timeouts.pickupMs;
    call.notBeforeMs = this.#nowMs() + backOffMs(backOff, call.attempts);
    const { room, attempts, caller, firstSeenAtMs } = call;
    log.warn(
      {
        event: 'guardian.dispatched',
        room,
        callId: caller?.callId ?? null,
        attempt: attempts,
        waitedMs: Date.now() - firstSeenAtMs,
      },
      'no job serves the call, dispatched again',
    );
    try {
      await rooms.dispatch(room, JSON.stringify({ supersedes, resume: 'takeover' }));
    } catch (error) {
      if (call.dispatchIsOpen) call.attempts -= 1;
      call.dispatchIsOpen = false;
      throw error;
    }
  }

  #giveUp(call: WatchedCall): void {
    call.gaveUp = true;
    const { room, attempts, caller } = call;
    this.#deps.log.error(
      { event: 'guardian.gave-up', room, callId: caller?.callId ?? null, attempts },
      'no job could be had for the call',
    );
  }

  /** A stuck job that moves again must find nobody to speak to. */
  #end(call: WatchedCall, job: JobPeer): void {
    job.send({ type: 'end' });
    if (job.call) this.#giveUpOn(call, job.call.jobId, 'stuck');
  }

  #giveUpOn(call: WatchedCall, jobId: string, why: TerminationReason): void {
    if (!call.lostJobs.has(jobId)) call.failure = why;
    call.lostJobs.add(jobId);
    call.awaitingUntilMs = 0;
    // LiveKit lists the dead participant for 21 s more, and a frozen one could come back to speak.
    this.#remove(call.room, jobId);
  }

  #remove(room: string, jobId: string): void {
    void this.#deps.rooms.remove(room, agentIdentity(jobId)).catch(() => {
      // It is gone already, or the room is.
    });
  }

  async #leaseHolder({ callId }: ListedCaller): Promise<string | null> {
    return callId === null ? null : this.#deps.leaseHolder(callId);
  }

  /** The second line: calls that no worker was asked for, and the end of those without a job. */
  async #sweepRooms(): Promise<void> {
    for (const [room, untilMs] of this.#closed) {
      if (this.#nowMs() > untilMs) this.#closed.delete(room);
    }
    for (const { name, createdAtMs } of await this.#deps.rooms.list()) {
      if (!this.#closed.has(name) && !this.#calls.has(name)) {
        await this.#lookInto(name, Math.max(0, Date.now() - createdAtMs));
      }
    }
    for (const call of this.#calls.values()) await this.#lookForEnd(call);
  }

  async #lookInto(room: string, ageMs: number): Promise<void> {
    const { rooms } = this.#deps;
    const caller = await rooms.findCaller(room);
    if (!caller?.isThere || !(await rooms.isOurs(room))) return;
    if (!this.#closed.has(room)) this.#watch(room, ageMs, caller);
  }

  async #lookForEnd(call: WatchedCall): Promise<void> {
    const isLeft = () =>
      this.#jobsOf(call).length === 0 && !call.busy && this.#nowMs() >= call.awaitingUntilMs;
    if (!isLeft()) return;
    const caller = await this.#deps.rooms.findCaller(call.room);
    if (caller?.isThere) call.caller = caller;
    else if (isLeft()) await this.#forget(call);
  }

  async #lookForCaller(call: WatchedCall): Promise<void> {
    try {
      const caller = await this.#deps.rooms.findCaller(call.room);
      call.caller ??= caller;
    } catch {
      // The sweep looks again.
    }
  }

  async #callerGone(call: WatchedCall): Promise<void> {
    if (this.#jobsOf(call).length === 0) return this.#forget(call);
    // A stuck job may come to itself and write the call down; if it dies, we do.
    call.notBeforeMs = this.#nowMs() + sweepMs;
  }

  /** The caller is gone, and no job is there that would write it down. */
  async #forget(call: WatchedCall): Promise<void> {
    const { room, caller, firstSeenAtMs, attempts } = call;
    if (!this.#calls.delete(room)) return;
    this.#closed.set(room, this.#nowMs() + closedMs);
    if (!caller?.callId) return;
    const holder = await this.#leaseHolder(caller);
    if (holder !== null && !call.lostJobs.has(holder)) return;
    const { callId, phoneNumber } = caller;
    const waitedMs = Date.now() - firstSeenAtMs;
    const isOurs = attempts > 0 || waitedMs > this.#deps.timeouts.connectMs;
    const reason = call.failure ?? (isOurs ? 'start-failed' : 'cancelled-while-ringing');
    await this.#deps.onLost({ room, callId, phoneNumber, firstSeenAtMs, attempts, reason });
  }
}
