import type { TerminationReason } from '../../ipc/termination.ts';
import { agentIdentity } from '../../ipc/messages.ts';
import type { AttendanceEnd, AttendedCall, JobOutcome, ResumeKind } from '../../ipc/messages.ts';
import type { Log } from '../../telemetry/events.ts';
import type { Timeouts } from '../../config/timeouts.ts';
import type { Attendance } from '../attendant/attendance.ts';
import type { CallerLimits } from './caller-limits.ts';
import { Dispatcher } from './dispatcher.ts';
import type { JobPeer } from '../../ipc/server.ts';
import { abandonedCall } from './abandoned-calls.ts';
import type { AbandonedCall } from './abandoned-calls.ts';
import { GuardianLease } from './guardian-lease.ts';
import { RoomReconciler, sweepMs } from './room-reconciler.ts';
import type { ListedCaller, Rooms } from '../../livekit/room-service.ts';
import { TakeoverPolicy } from './takeover-policy.ts';
import type { WatchedCall } from './watched-call.ts';
import { WatchedCalls } from './watched-call.ts';
import { JobAssignment } from './job-assignment.ts';

/**
 * Warm processes, the calls that may come beside those that have a job, and the jobs that may begin
 * now beside those that start.
 */
export type Places = { readonly warm: number; readonly calls: number; readonly starts: number };

/** The parties to a guardian: they serve calls, act for them, or hear of those nobody served. */
export type GuardianDeps = {
  readonly rooms: Rooms;
  readonly log: Log;
  readonly timeouts: Timeouts;
  /** The jobs on the line. */
  readonly jobs: () => Iterable<JobPeer>;
  /** True when a fresh job can be had for `room`, here or from another supervisor. */
  readonly canTake: (room: string) => boolean;
  /** Room for fresh jobs as the line shows it: jobs sent for count only once they are there. */
  readonly places: () => Places;
  /** The holder of the call's lease: a job of another supervisor may serve it. */
  readonly leaseHolder: (callId: string) => Promise<string | null>;
  /** Takes the guardians' lease of the room; false when another guardian holds it. */
  readonly mayAct: (room: string) => Promise<boolean>;
  /** Writes down a call that is over, unless a job has done so. */
  readonly onAbandoned: (call: AbandonedCall) => Promise<void>;
  /** Looks after the callers for whom no job is there yet. */
  readonly attendance?: Pick<
    Attendance,
    'dueAtMs' | 'lookAfter' | 'jobComing' | 'isFlood' | 'attending' | 'attended' | 'lost'
  >;
  /** Tells a flood; null while there is no attendant, who alone could answer it. */
  readonly limits?: () => CallerLimits | null;
  /** Who calls in a room is known: a ring, whether or not anybody comes to answer it. */
  readonly onRing?: (call: WatchedCall) => void;
  /** The yard wants no call from this number. */
  readonly isBlocked?: (number: string | null) => boolean;
  /** True when this caller has talked with us before. */
  readonly isKnown?: (caller: Pick<ListedCaller, 'callId' | 'phoneNumber'>) => Promise<boolean>;
  /** LiveKit answers again, after it did not. */
  readonly onServerBack?: () => void;
  /** We take no call any more, on purpose: one that only rings is nobody's fault. */
  readonly isDraining?: () => boolean;
  /** The clock of `JobPeer`, which no change of the time of day moves. */
  readonly nowMs?: () => number;
};

const tickMs = 250;
/** A worker that was ready and refused all the same is asked again after this. */
const refusedMs = 500;
/** A suspicion is acted on when the last one has got its fresh job, or has had this long. */
const suspicionMs = 5_000;

/**
 * Silence is worse than ringing, and whoever rings goes before a test of ours; of two who wait alike the
 * one who came first goes first.
 */
function byNeed(a: WatchedCall, b: WatchedCall): number {
  const isTest = ({ caller }: WatchedCall) => Number(caller?.isTest ?? false);
  return (
    Number(b.loss !== null) - Number(a.loss !== null) ||
    isTest(a) - isTest(b) ||
    a.firstSeenAtMs - b.firstSeenAtMs
  );
}

/**
 * No caller without an agent. LiveKit dispatches once, never again, and does not notice when nothing
 * comes of it. The guardian knows of calls from the worker's requests and from a sweep of the rooms,
 * hears on the line which of them have a job, and dispatches again for those that have none.
 */
export class Guardian {
  readonly #deps: GuardianDeps;
  readonly #nowMs: () => number;
  readonly #calls: WatchedCalls;
  readonly #assignment: JobAssignment;
  readonly #lease: GuardianLease;
  readonly #dispatcher: Dispatcher;
  readonly #reconciler: RoomReconciler;
  readonly #policy = new TakeoverPolicy();
  #suspicion: { readonly room: string; readonly untilMs: number } | undefined;
  #tick: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: GuardianDeps) {
    this.#deps = deps;
    const nowMs = deps.nowMs ?? (() => performance.now());
    const { pickupMs, connectMs } = deps.timeouts;
    this.#nowMs = nowMs;
    this.#calls = new WatchedCalls({ ...deps, pickupMs, nowMs });
    this.#assignment = new JobAssignment({ ...deps, nowMs });
    this.#dispatcher = new Dispatcher({ ...deps, pickupMs, nowMs });
    const [calls, assignment] = [this.#calls, this.#assignment];
    this.#lease = new GuardianLease({ ...deps, assignment, nowMs });
    this.#reconciler = new RoomReconciler({ ...deps, calls, assignment, connectMs, nowMs });
  }

  start(): void {
    this.#tick = setInterval(() => this.check(), tickMs);
    this.#reconciler.start();
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#tick);
    this.#reconciler.stop();
  }

  /**
   * True when no job is to be given to the new call in `room` now: it is one of a flood, its number is
   * blocked, or the last places are kept for others. Never rejects.
   */
  async isHeldBack(room: string): Promise<boolean> {
    const call = this.#offered(room);
    try {
      const caller = call.caller ?? (await this.#deps.rooms.findCaller(room));
      if (caller) call.sees(caller);
    } catch {
      // A caller who is not known is let in.
    }
    if (this.#isBlocked(call)) {
      await this.#turnAway(call);
      return true;
    }
    this.#judge(call);
    const underWay = [...this.#calls].filter((other) => other !== call && this.#isUnderWay(other));
    const isReserve = this.#deps.limits?.()?.isReserve(this.#deps.places().calls - underWay.length);
    if (isReserve) await this.#lookUp(call);
    return call.isFlood || (isReserve === true && !this.#mayTakeReserve(call));
  }

  /** The caller has said something to the attendant: a robot that only holds the line does not. */
  spoke(room: string): void {
    const call = this.#calls.get(room);
    if (!call || call.hasSpoken) return;
    call.hasSpoken = true;
    this.check();
  }

  #isBlocked({ caller, wasAnswered }: WatchedCall): boolean {
    return caller !== null && !wasAnswered && (this.#deps.isBlocked?.(caller.phoneNumber) ?? false);
  }

  /** A blocked number hears no answer: its room is closed. */
  async #turnAway(call: WatchedCall): Promise<void> {
    if (call.isTurnedAway) return;
    call.isTurnedAway = true;
    const { room } = call;
    try {
      const abandoned = abandonedCall(call, { reason: 'blocked', isCallerThere: true });
      if (abandoned) await this.#deps.onAbandoned(abandoned);
      await this.#deps.rooms.close(room);
    } catch (error) {
      this.#deps.log.emit('guardian.failed', { room, error }, 'call');
    }
    this.#calls.close(room);
  }

  #mayTakeReserve({ loss, hasSpoken, isKnown, wasAnswered, caller }: WatchedCall): boolean {
    if (loss !== null || hasSpoken || wasAnswered || isKnown === true) return true;
    return this.#deps.limits?.()?.isExempt(caller?.phoneNumber ?? null) ?? true;
  }

  /** Looks up once if the caller is known; a store that cannot say so keeps nobody out. */
  async #lookUp(call: WatchedCall): Promise<void> {
    const { caller } = call;
    if (call.isKnown !== null || !caller) return;
    call.isKnown = false;
    try {
      call.isKnown = (await this.#deps.isKnown?.(caller)) ?? false;
    } catch {
      call.isKnown = true;
    }
  }

  /** Looks once at who calls: a flood that is over is called back like everybody. */
  #judge(call: WatchedCall): void {
    const limits = this.#deps.limits?.();
    if (!limits || call.isJudged || !call.caller || call.loss !== null) return;
    call.isJudged = true;
    const number = call.caller.phoneNumber;
    // Of a flood those who came first have their share, whoever is looked at first.
    const calls = [...this.#calls];
    const others = calls
      .slice(0, calls.indexOf(call))
      .flatMap(({ caller, isFlood }) => (caller && !isFlood ? [caller.phoneNumber] : []));
    limits.began(number, this.#nowMs());
    call.isFlood = limits.isFlood(number, { others, nowMs: this.#nowMs() });
    if (!call.isFlood) return;
    this.#deps.log.emit('call.limited', { room: call.room });
    this.#deps.attendance?.isFlood(call);
  }

  /** A worker took a job: it has `pickupMs` to show up on the line. */
  accepted(room: string): void {
    const call = this.#offered(room);
    call.awaitingUntilMs = this.#nowMs() + this.#deps.timeouts.pickupMs;
    call.isAccepted = true;
    call.acceptedAtMs = this.#nowMs();
    this.#deps.attendance?.jobComing(call);
    this.#attendLater(call);
  }

  /** A worker turned a job down. Another may take it; if none does, the call is dispatched again. */
  refused(room: string): void {
    // Its number is blocked.
    if (this.#calls.wasClosed(room)) return;
    const call = this.#offered(room);
    call.wasRefused = true;
    this.#deps.attendance?.lookAfter(call);
    // It came to nothing because nobody was ready after all.
    if (!call.takeBack()) return;
    call.awaitingUntilMs = 0;
    call.notBeforeMs = this.#nowMs() + refusedMs;
  }

  /** A job moved on. */
  jobMoved(job: JobPeer): void {
    if (!job.call || this.#isGivenUp(job)) return;
    const call = this.#offered(job.call.room);
    call.hasJob();
    call.acceptedAtMs = null;
    if (job.stage === 'live') call.wasAnswered = true;
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
    if (outcome === 'ended') return void this.#calls.close(room);
    if (this.#isGivenUp(job) || this.#calls.wasClosed(room)) return;
    this.#lose(this.#calls.watch(room), jobId, outcome === null ? 'crash' : 'start-failed');
    this.check();
  }

  /**
   * A job is there and does not run: its call goes to a fresh one. False when the last one that was
   * given up on so is not replaced yet: where many freeze at once, the machine may be to blame.
   */
  jobFroze(job: JobPeer): boolean {
    if (!job.call || this.#isReplacingFrozen()) return false;
    const { room } = job.call;
    this.#suspicion = { room, untilMs: this.#nowMs() + suspicionMs };
    this.#assignment.setFrozen(job);
    this.#end(this.#calls.watch(room), job);
    this.check();
    return true;
  }

  /** An attendant has a call. */
  attending(attended: AttendedCall): void {
    this.#deps.attendance?.attending(this.#calls.watch(attended.room), attended);
  }

  /** An attendant is done with a call. */
  attended(room: string, end: AttendanceEnd): void {
    if (end === 'ended') return void this.#calls.close(room);
    const call = this.#calls.get(room);
    if (!call) return;
    this.#deps.attendance?.attended(call, end);
    this.check();
  }

  /** An attendant is gone, with the calls that it had. */
  attendantGone(rooms: Iterable<string>): void {
    for (const room of rooms) {
      const call = this.#calls.get(room);
      if (call) this.#deps.attendance?.lost(call);
    }
    this.check();
  }

  /** A job wants to give its call to a fresh one. What comes of it, the two settle in the room. */
  async handOver({ call }: JobPeer, kind: ResumeKind): Promise<void> {
    if (call && this.#deps.canTake(call.room)) await this.#dispatcher.handOver(call, kind);
  }

  /**
   * Looks after the calls that have no job, now: those that lost theirs first, then whoever waits
   * longest, one for each job that can be had. The others would be refused, and lose their turn.
   */
  check(): void {
    for (const call of this.#calls) {
      if (this.#isBlocked(call)) void this.#turnAway(call);
      else this.#deps.attendance?.lookAfter(call);
    }
    const { warm, calls, starts } = this.#deps.places();
    const underWay = [...this.#calls].filter((call) => this.#isUnderWay(call));
    let [warmLeft, callsLeft] = [warm - underWay.length, calls - underWay.length];
    let startsLeft = starts - underWay.length;
    const waiting = [...this.#calls].filter((call) => !call.busy && this.#needsJob(call));
    for (const call of waiting.sort(byNeed)) {
      // Without a worker all that can be done is to give it up.
      if (!this.#deps.canTake(call.room)) {
        void this.#lookAfter(call);
        continue;
      }
      const isCounted = this.#assignment.isOnLine(call);
      if (warmLeft <= 0 || (callsLeft <= 0 && !isCounted)) continue;
      if (
        !isCounted &&
        this.#deps.limits?.()?.isReserve(callsLeft) &&
        !this.#mayTakeReserve(call)
      ) {
        // At the next tick it is known.
        void this.#lookUp(call);
        continue;
      }
      // A caller in silence waits for nobody's start.
      if (startsLeft <= 0 && call.loss === null) continue;
      warmLeft -= 1;
      startsLeft -= 1;
      if (!isCounted) callsLeft -= 1;
      void this.#lookAfter(call);
    }
  }

  /** A job was sent for, or is about to be, and is not on the line yet. */
  #isUnderWay(call: WatchedCall): boolean {
    return call.busy || (call.isSentFor(this.#nowMs()) && !this.#assignment.isOnLine(call));
  }

  /** The job that was accepted may be late: the tick comes too seldom for a caller who waits. */
  #attendLater(call: WatchedCall): void {
    const dueAtMs = this.#deps.attendance?.dueAtMs(call) ?? null;
    if (dueAtMs === null) return;
    const look = () => !this.#stopped && this.#deps.attendance?.lookAfter(call);
    setTimeout(look, Math.max(0, dueAtMs - this.#nowMs()) + 1).unref();
  }

  #offered(room: string): WatchedCall {
    const call = this.#calls.watch(room);
    call.wasOffered = true;
    return call;
  }

  #needsJob(call: WatchedCall): boolean {
    const nowMs = this.#nowMs();
    const isLeftRinging = call.ringsOut && !call.wasAnswered && call.attendant === null;
    if (this.#stopped || isLeftRinging || call.isTurnedAway) return false;
    if (nowMs < Math.max(call.awaitingUntilMs, call.notBeforeMs)) return false;
    if (this.#assignment.isServed(call)) return false;
    if (call.isFlood && call.loss === null) return false;
    return this.#deps.canTake(call.room) || this.#policy.isHopeless(call, nowMs);
  }

  async #lookAfter(call: WatchedCall): Promise<void> {
    const { rooms, log } = this.#deps;
    const { room } = call;
    call.busy = true;
    try {
      const caller = await rooms.findCaller(room);
      if (!caller?.isThere) return await this.#callerGone(call);
      call.sees(caller);
      this.#judge(call);
      const claim = await this.#lease.claim(call);
      // The call may be over, or have its job: a dispatch for a room that is gone would make it anew.
      if (this.#calls.get(room) !== call || !this.#needsJob(call)) return;
      if (claim.mayAct) await this.#act(call, claim.supersedes);
      else call.notBeforeMs = this.#nowMs() + claim.againInMs;
    } catch (error) {
      call.notBeforeMs = this.#nowMs() + sweepMs;
      log.emit('guardian.failed', { room, error }, 'call');
    } finally {
      call.busy = false;
    }
  }

  async #act(call: WatchedCall, supersedes: string | null): Promise<void> {
    if (this.#policy.ringsOut(call)) {
      call.ringsOut = true;
      return this.#sayGaveUp(call);
    }
    for (const job of this.#assignment.jobsOf(call)) this.#end(call, job);
    const step = this.#policy.next(call, this.#nowMs(), this.#deps.canTake(call.room));
    if (step === 'give-up') return this.#giveUp(call);
    await this.#dispatcher.takeOver(call, supersedes, step);
  }

  /** The caller must not be left in silence: they are hung up on, and called back. */
  async #giveUp(call: WatchedCall): Promise<void> {
    this.#sayGaveUp(call);
    const abandoned = abandonedCall(call, { reason: 'crash', isCallerThere: true });
    if (abandoned) await this.#deps.onAbandoned(abandoned);
    await this.#deps.rooms.close(call.room);
    this.#calls.close(call.room);
  }

  #sayGaveUp({ room, attempts, caller, wasAnswered }: WatchedCall): void {
    const callId = caller?.callId ?? null;
    this.#deps.log.emit('guardian.gave-up', { room, callId, attempts, wasAnswered });
  }

  /** A stuck job that moves again must find nobody to speak to. */
  #end(call: WatchedCall, job: JobPeer): void {
    if (this.#isGivenUp(job)) return;
    job.send({ type: 'end' });
    if (job.call) this.#lose(call, job.call.jobId, 'stuck');
  }

  #lose(call: WatchedCall, jobId: string, why: TerminationReason): void {
    const cause = why === 'start-failed' && call.wasAnswered ? 'crash' : why;
    call.lost(jobId, { atMs: this.#nowMs(), isShared: cause !== 'stuck' }, cause);
    // LiveKit lists the dead participant for 21 s more, and a frozen one could come back to speak.
    this.#remove(call.room, jobId);
  }

  #remove(room: string, jobId: string): void {
    void this.#deps.rooms.remove(room, agentIdentity(jobId)).catch(() => {
      // It is gone already, or the room is.
    });
  }

  #isGivenUp({ call }: JobPeer): boolean {
    return call !== null && (this.#calls.get(call.room)?.lostJobs.has(call.jobId) ?? false);
  }

  #isReplacingFrozen(): boolean {
    if (!this.#suspicion || this.#nowMs() >= this.#suspicion.untilMs) return false;
    const call = this.#calls.get(this.#suspicion.room);
    return call !== undefined && this.#assignment.jobsOf(call).length === 0;
  }

  async #callerGone(call: WatchedCall): Promise<void> {
    // Its attendant writes the call down.
    if (call.attendant === null && !this.#assignment.isOnLine(call)) {
      return this.#reconciler.forget(call);
    }
    // A stuck or frozen job may come to itself and write the call down; if it dies, we do.
    call.notBeforeMs = this.#nowMs() + sweepMs;
  }
}
