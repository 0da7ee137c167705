import type { JobOutcome } from '../line.ts';
import type { Log } from '../log.ts';
import { backOffMs } from '../retry.ts';
import type { Timeouts } from '../timeouts.ts';
import type { JobPeer } from './job-line.ts';
import type { ListedCaller, Rooms } from './rooms.ts';

/** How the record of a call is written that no job ever had. */
export type LostCall = {
  readonly room: string;
  readonly callId: string;
  readonly phoneNumber: string | null;
  readonly firstSeenAtMs: number;
  readonly attempts: number;
};

/** What the guardian needs. Times are Unix milliseconds. */
export type GuardianDeps = {
  readonly rooms: Rooms;
  readonly log: Log;
  readonly timeouts: Timeouts;
  /** The jobs on the line that serve, or are about to serve, a call. */
  readonly jobs: () => Iterable<JobPeer>;
  /** Whether a worker is registered with a warm process that is alive, and may take `room`. */
  readonly canTake: (room: string) => boolean;
  /** Who holds the call's lease: a job of another supervisor may serve it. */
  readonly leaseHolder: (callId: string) => Promise<string | null>;
  /** Writes down a call that ended without any job having had it. */
  readonly onLost: (call: LostCall) => Promise<void>;
};

/** A call from its first sign to its end, whoever serves it. */
type WatchedCall = {
  readonly room: string;
  readonly firstSeenAtMs: number;
  caller: ListedCaller | null;
  /** A job was dispatched or accepted and has until then to show up on the line. */
  awaitingUntilMs: number;
  /** A job is known to be missing: do not wait for a sign of the first one. */
  attempts: number;
  notBeforeMs: number;
  /** The last job that failed, died or got stuck: a fresh one may take its lease. */
  supersedes: string | null;
  wasClaimed: boolean;
  busy: boolean;
};

const tickMs = 250;
const sweepMs = 2_000;
/** Three jobs beyond those of LiveKit itself; then the caller rings out. */
const maxAttempts = 3;
const backOff = { initialMs: 500, multiplier: 3, maxMs: 5_000, jitter: 0.3 };
/** A stage may take its budget and this much for the job to say that it gave up. */
const stageGraceMs = 500;
/** A call that was closed is not taken for a new one while its room is still listed (20 s). */
const closedMs = 60_000;

/**
 * No caller without an agent. LiveKit dispatches once, never again, and does not notice when nothing
 * comes of it. The guardian knows of calls from the worker's requests and from a sweep of the rooms,
 * hears on the line which of them have a job, and dispatches again for those that have none.
 */
export class Guardian {
  readonly #deps: GuardianDeps;
  readonly #calls = new Map<string, WatchedCall>();
  readonly #closed = new Map<string, number>();
  #tick: NodeJS.Timeout | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: GuardianDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#tick = setInterval(() => this.check(), tickMs);
    void this.#sweepRooms();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#tick);
    clearTimeout(this.#sweep);
  }

  /** A worker took a job: it has `pickupMs` to show up on the line. */
  accepted(room: string): void {
    const call = this.#watch(room, Date.now());
    call.awaitingUntilMs = Date.now() + this.#deps.timeouts.pickupMs;
  }

  /** A worker turned a job down. Another may take it; if none does, the call is dispatched again. */
  refused(room: string): void {
    this.#watch(room, Date.now());
  }

  /** A job moved on. */
  jobMoved(job: JobPeer): void {
    if (!job.call) return;
    const call = this.#watch(job.call.room, Date.now());
    call.awaitingUntilMs = 0;
    if (job.stage === 'live' || job.stage === 'closing') call.wasClaimed = true;
  }

  /** A job left: at the call's end, because another has it, or by failing. */
  jobGone(job: JobPeer, outcome: JobOutcome | null): void {
    if (!job.call) return;
    const { room, jobId } = job.call;
    if (outcome === 'ended') {
      this.#calls.delete(room);
      this.#closed.set(room, Date.now() + closedMs);
      return;
    }
    if (outcome === 'yielded') return;
    const call = this.#watch(room, Date.now());
    call.supersedes = jobId;
    call.awaitingUntilMs = 0;
    // LiveKit lists the dead participant for 21 s more, and a frozen one could come back to speak.
    this.#removeAgent(room, jobId);
    this.check();
  }

  /** Looks after every call that has no job, now. */
  check(): void {
    for (const call of this.#calls.values()) {
      if (!call.busy && this.#needsJob(call)) void this.#dispatch(call);
    }
  }

  #watch(room: string, firstSeenAtMs: number): WatchedCall {
    const known = this.#calls.get(room);
    if (known) return known;
    const call: WatchedCall = {
      room,
      firstSeenAtMs,
      caller: null,
      awaitingUntilMs: firstSeenAtMs + this.#deps.timeouts.pickupMs,
      attempts: 0,
      notBeforeMs: 0,
      supersedes: null,
      wasClaimed: false,
      busy: false,
    };
    this.#calls.set(room, call);
    // A caller who hangs up before any job is in the room leaves no other trace.
    void this.#lookForCaller(call);
    return call;
  }

  #needsJob(call: WatchedCall): boolean {
    const nowMs = Date.now();
    if (this.#stopped || nowMs < call.awaitingUntilMs || nowMs < call.notBeforeMs) return false;
    if (call.attempts >= maxAttempts) return false;
    const jobs = [...this.#deps.jobs()].filter((job) => job.call?.room === call.room);
    const stuck = jobs.find((job) => this.#isStuck(job));
    if (stuck?.call) call.supersedes = stuck.call.jobId;
    // One beyond the first at most: a stuck job still counts as one in flight.
    if (jobs.some((job) => job !== stuck)) return false;
    return this.#deps.canTake(call.room);
  }

  #isStuck(job: JobPeer): boolean {
    const { connectMs, sessionStartMs } = this.#deps.timeouts;
    const sinceMs = performance.now() - job.stageSinceMs;
    if (job.stage === 'connecting' || job.stage === 'claiming') {
      return sinceMs > connectMs + stageGraceMs;
    }
    return job.stage === 'starting' && sinceMs > sessionStartMs + stageGraceMs;
  }

  async #dispatch(call: WatchedCall): Promise<void> {
    const { rooms, log, timeouts } = this.#deps;
    call.busy = true;
    try {
      const caller = await rooms.findCaller(call.room);
      if (!caller?.isThere) return await this.#forget(call);
      call.caller = caller;
      if (await this.#servedElsewhere(call, caller)) return;
      call.attempts += 1;
      const { room, attempts, supersedes } = call;
      log.warn(
        {
          event: 'guardian.dispatched',
          room,
          callId: caller.callId,
          attempt: attempts,
          waitedMs: Date.now() - call.firstSeenAtMs,
        },
        'no job serves the call, dispatched again',
      );
      call.awaitingUntilMs = Date.now() + timeouts.pickupMs;
      call.notBeforeMs = Date.now() + backOffMs(backOff, attempts);
      await rooms.dispatch(room, JSON.stringify({ supersedes }));
      if (attempts === maxAttempts) {
        log.error({ event: 'guardian.gave-up', room, attempts }, 'last dispatch for this call');
      }
    } catch (error) {
      call.notBeforeMs = Date.now() + sweepMs;
      log.warn({ event: 'guardian.failed', room: call.room, error }, 'call could not be looked after');
    } finally {
      call.busy = false;
    }
  }

  async #servedElsewhere(call: WatchedCall, caller: ListedCaller): Promise<boolean> {
    if (!caller.callId) return false;
    const holder = await this.#deps.leaseHolder(caller.callId);
    if (holder === null || holder === call.supersedes) return false;
    call.notBeforeMs = Date.now() + sweepMs;
    return true;
  }

  /** The second line: calls that no worker was asked for, and the end of those without a job. */
  async #sweepRooms(): Promise<void> {
    const { rooms, log } = this.#deps;
    try {
      const listed = await rooms.list();
      for (const [room, untilMs] of this.#closed) {
        if (Date.now() > untilMs) this.#closed.delete(room);
      }
      for (const { name, createdAtMs } of listed) {
        if (this.#closed.has(name) || this.#calls.has(name)) continue;
        const caller = await rooms.findCaller(name);
        if (caller?.isThere) this.#watch(name, createdAtMs).caller = caller;
      }
      for (const call of this.#calls.values()) await this.#lookForEnd(call);
    } catch (error) {
      log.warn({ event: 'guardian.failed', error }, 'rooms could not be swept');
    }
    if (!this.#stopped) this.#sweep = setTimeout(() => void this.#sweepRooms(), sweepMs);
  }

  async #lookForEnd(call: WatchedCall): Promise<void> {
    const hasJob = [...this.#deps.jobs()].some((job) => job.call?.room === call.room);
    if (hasJob || call.busy || Date.now() < call.awaitingUntilMs) return;
    const caller = await this.#deps.rooms.findCaller(call.room);
    if (caller?.isThere) call.caller = caller;
    else await this.#forget(call);
  }

  async #lookForCaller(call: WatchedCall): Promise<void> {
    try {
      call.caller ??= await this.#deps.rooms.findCaller(call.room);
    } catch {
      // The sweep looks again.
    }
  }

  async #forget(call: WatchedCall): Promise<void> {
    const { room, caller, wasClaimed, firstSeenAtMs, attempts } = call;
    if (!this.#calls.delete(room)) return;
    this.#closed.set(room, Date.now() + closedMs);
    if (wasClaimed || !caller?.callId) return;
    const { callId, phoneNumber } = caller;
    await this.#deps.onLost({ room, callId, phoneNumber, firstSeenAtMs, attempts });
  }

  #removeAgent(room: string, jobId: string): void {
    void this.#deps.rooms.remove(room, `agent-${jobId}`).catch(() => {
      // It is gone already, or the room is.
    });
  }
}
