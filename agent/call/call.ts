import { voice } from '@livekit/agents';
import type { JobContext } from '@livekit/agents';
import type { BookingDesk } from '../../tools/bookings/desk.ts';
import type { Config } from '../config.ts';
import { withDeadline } from '../deadline.ts';
import type { JobOutcome, JobStage, ResumeKind } from '../line.ts';
import { maskPhones } from '../log.ts';
import type { Log } from '../log.ts';
import { GOODBYE } from '../speech/set-phrases.ts';
import { enterRoom } from './arrival.ts';
import type { Caller } from './arrival.ts';
import type { CallClaim } from './call-claim.ts';
import { CallRecord } from './call-record.ts';
import { assertTransition } from './call-state.ts';
import type { CallState } from './call-state.ts';
import type { CallStore } from './call-store.ts';
import { closeCall } from './closing.ts';
import { waitForCall } from './handover.ts';
import { watchCaller } from './hangup.ts';
import type { Departure } from './hangup.ts';
import { LiveCall } from './live-call.ts';
import { prepare } from './preparation.ts';
import type { Preparation } from './preparation.ts';
import { readDispatchOrder } from './resume.ts';
import type { SavedCall } from './resume.ts';
import { reasonOfFailure, termination } from './termination.ts';
import type { TerminationReason } from './termination.ts';

/** What one call needs from its job. */
export type CallDeps = {
  readonly ctx: JobContext;
  readonly config: Config;
  readonly store: CallStore;
  readonly desk: BookingDesk;
  readonly log: Log;
  /** Tells the supervisor how far this job is. */
  readonly onStage: (stage: JobStage, callId: string | null) => void;
  /** Asks the supervisor for a fresh job in this room; false when it cannot be asked. */
  readonly askForFreshJob: (kind: ResumeKind) => boolean;
};

/** How the job is to leave: after the call's end, or alone. */
export type CallEnding = {
  readonly outcome: JobOutcome;
  /** How long leaving may take, from now; then it is to be by force. */
  readonly closeMs: number;
  /** Resolves when the call is written down and its room is closed. Never rejects. */
  readonly closed: Promise<void>;
};

/** This job is not the one that serves the call: it leaves unheard. */
class YieldedError extends Error {
  override readonly name = 'YieldedError';
}

/** One call, from the job's start to its closing line. */
export class Call {
  readonly #deps: CallDeps;
  readonly #record: CallRecord;
  readonly #abort = new AbortController();
  readonly #answered = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<CallEnding>();
  #state: CallState = { name: 'admitted' };
  #callId: string | null = null;
  #claim: CallClaim | undefined;
  #live: LiveCall | undefined;
  #goneEarly: Departure | undefined;
  /** Of several jobs for one call, the one that writes down its end. */
  #isOurs = false;
  #stopWatching = () => {};
  #sayingGoodbye: TerminationReason | undefined;

  constructor(deps: CallDeps) {
    this.#deps = deps;
    this.#record = new CallRecord(deps);
  }

  /** Null until the job is in the call's room. */
  get callId(): string | null {
    return this.#callId;
  }

  /** Serves the call; resolves when it has ended. Never rejects: whatever goes wrong is an ending. */
  async run(): Promise<CallEnding> {
    const { supersedes, resume } = readDispatchOrder(this.#deps.ctx.job.metadata);
    const standsBy = supersedes !== undefined && (resume === 'handover' || resume === 'rejoin');
    try {
      const caller = await this.#enterRoom();
      const isResumed = this.#watchCaller(caller);
      if (standsBy) this.#enter({ name: 'standby', callId: caller.callId }, 'claiming');
      else await this.#claimCall(caller, supersedes);
      const preparation = await this.#prepare(isResumed);
      const live = await this.#startConversation(caller, preparation, standsBy);
      if (standsBy) await this.#waitForCall(caller, supersedes);
      await this.#goLive(caller, live, isResumed ? (resume ?? 'takeover') : null);
    } catch (error) {
      this.#startFailed(error);
    }
    return this.#ended.promise;
  }

  async #enterRoom(): Promise<Caller> {
    const { ctx, config, store } = this.#deps;
    this.#enter({ name: 'connecting' }, 'connecting');
    const startedMs = performance.now();
    const caller = await enterRoom(ctx, config.timeouts);
    if (!caller) throw new YieldedError('The caller had left before the job was in the room');
    const { callId } = caller;
    this.#callId = callId;
    this.#claim = store.identify({ callId, jobId: ctx.job.id });
    this.#record.identify(callId);
    if (caller.wasAnswered) this.#record.joins();
    this.#record.arrival('call.incoming', 'call incoming', {
      callerNumber: caller.number && maskPhones(caller.number),
      yardNumber: caller.yardNumber && maskPhones(caller.yardNumber),
    });
    this.#record.arrival('room.connected', 'room connected', { durationMs: msSince(startedMs) });
    return caller;
  }

  /** Returns whether the caller was answered before: an earlier job spoke with them. */
  #watchCaller({ identity }: Caller): boolean {
    this.#stopWatching = watchCaller(this.#deps.ctx.room, identity, {
      onAnswered: () => {
        this.#record.answered();
        this.#answered.resolve();
      },
      onGone: (departure, leg) => {
        this.#record.leg = leg;
        this.#callerGone(departure);
      },
    });
    return this.#record.answeredAtMs !== null;
  }

  /**
   * Before anything is published: of several jobs for one call, one speaks. A store that cannot be
   * asked is no reason to leave the caller unanswered: no other job can ask it either.
   */
  async #claimCall(caller: Caller, supersedes: string | undefined): Promise<void> {
    this.#deps.onStage('claiming', caller.callId);
    const claim = await this.#claim?.take(supersedes);
    this.#abort.signal.throwIfAborted();
    if (claim === 'taken') throw new YieldedError('Another job serves this call');
    this.#enter({ name: 'starting', callId: caller.callId });
    this.#claimed(caller);
  }

  /** The job that has the call gives it up, or dies. */
  async #waitForCall(caller: Caller, from: string): Promise<void> {
    const { room } = this.#deps.ctx;
    const claim = this.#claim;
    const { signal } = this.#abort;
    if (!claim || !(await waitForCall({ room, from, claim, signal }))) {
      throw new YieldedError('The call stayed where it was');
    }
    if (await this.#deps.store.isClosed()) throw new YieldedError('The call is over');
    this.#claimed(caller);
  }

  #claimed({ number }: Caller): void {
    this.#isOurs = true;
    const { ctx, store } = this.#deps;
    this.#claim?.keep(() => this.#leave('yielded'));
    const { startedAtMs } = this.#record;
    store.recordStart({ room: ctx.job.room?.name ?? '', callerNumber: number, startedAtMs });
    if (this.#goneEarly) this.#callerGone(this.#goneEarly);
    this.#abort.signal.throwIfAborted();
  }

  async #prepare(isResumed: boolean): Promise<Preparation> {
    const { store, config } = this.#deps;
    const { timeouts } = config;
    const { signal } = this.#abort;
    return prepare({ store, record: this.#record, timeouts, isResumed, signal });
  }

  /** Resolves when the session runs and the gateway has answered the caller. */
  async #startConversation(
    caller: Caller,
    preparation: Preparation,
    standsBy: boolean,
  ): Promise<LiveCall> {
    const { ctx, config, onStage } = this.#deps;
    onStage('starting', caller.callId);
    const startedMs = performance.now();
    const { signal } = this.#abort;
    const live = new LiveCall({
      ...this.#deps,
      caller,
      preparation,
      claim: this.#claim,
      record: this.#record,
      signal,
      standsBy,
      sayGoodbye: (reason, text) => void this.#sayGoodbye(reason, text),
      end: (reason) => this.#end(reason),
      leave: (outcome) => this.#leave(outcome),
    });
    this.#live = live;
    const { session } = live.conversation;
    session.on(voice.AgentSessionEventTypes.Close, () => this.#sessionClosed());
    await withDeadline(
      async () => {
        await live.conversation.start(ctx.room, caller.identity);
        signal.throwIfAborted();
        const durationMs = msSince(startedMs);
        this.#record.arrival('session.started', 'session started', { durationMs });
        await this.#answered.promise;
      },
      { ms: config.timeouts.sessionStartMs, label: 'session start', signal },
    );
    return live;
  }

  /** `resume` says why an earlier job's talk goes on here; null when this is the call's first job. */
  async #goLive({ callId }: Caller, live: LiveCall, resume: ResumeKind | null): Promise<void> {
    const saved = resume ? await this.#savedCall() : undefined;
    this.#abort.signal.throwIfAborted();
    if (saved) this.#record.goOn(saved);
    const answeredAtMs = this.#record.answeredAtMs ?? Date.now();
    this.#enter({ name: 'live', callId, answeredAtMs }, 'live');
    if (resume) return live.resume(resume, saved);
    live.begin();
    this.#deps.store.recordAnswer(answeredAtMs);
    this.#record.note('call.answered', 'call answered', {
      ringMs: answeredAtMs - this.#record.startedAtMs,
      greeting: live.greetingIsReady ? 'ready' : 'synthesised',
    });
  }

  async #savedCall(): Promise<SavedCall | undefined> {
    const { store, config } = this.#deps;
    try {
      const ms = config.timeouts.equipmentLoadMs;
      return await withDeadline(() => store.savedCall(), { ms, label: 'state of the call' });
    } catch (error) {
      this.#record.log.error({ event: 'store.failed', error }, 'what was said could not be read');
      return undefined;
    }
  }

  /** Ends the call with the agent's last words, heard to their end. */
  async #sayGoodbye(reason: TerminationReason, text = GOODBYE): Promise<void> {
    const live = this.#live;
    if (this.#sayingGoodbye || this.#hasEnded || !live) return;
    this.#sayingGoodbye = reason;
    live.stop();
    try {
      await withDeadline(() => live.sayGoodbye(text), {
        ms: this.#deps.config.timeouts.goodbyeMs,
        label: 'goodbye',
        signal: this.#abort.signal,
      });
    } catch (error) {
      // The caller hung up meanwhile, or it could not be played out: the call ends anyway.
      if (!this.#hasEnded) {
        this.#record.log.warn({ event: 'provider.failed', error }, 'goodbye was not played out');
      }
    }
    this.#end(reason);
  }

  /** The framework gives up a session by itself only when its own wiring breaks. */
  #sessionClosed(): void {
    if (this.#sayingGoodbye) this.#end(this.#sayingGoodbye);
    else if (this.#state.name === 'live') this.#leave('failed');
  }

  #callerGone(departure: Departure): void {
    if (departure === 'replaced') return this.#leave('yielded');
    // Ours is the connection that ended: the caller may still be there, and gets a fresh job.
    if (departure === 'cut-off' && !this.#sayingGoodbye) return this.#leave('failed');
    // Whose call it is comes first.
    if (this.#isOurs) void this.#endAfterCaller(departure);
    else this.#goneEarly = departure;
  }

  async #endAfterCaller(departure: Exclude<Departure, 'replaced'>): Promise<void> {
    // What was under way may say whose call it is by now, or where the caller went.
    const settled = await this.#live?.settled();
    if (settled === 'handed-over') return;
    const reason = settled === 'transferred' ? 'transferred' : this.#reasonFor(departure);
    this.#end(reason, { isCallerGone: true });
  }

  #reasonFor(departure: Exclude<Departure, 'replaced'>): TerminationReason {
    if (departure === 'cut-off') return 'link-lost';
    if (departure !== 'hung-up') return departure;
    if (this.#record.answeredAtMs === null) return 'cancelled-while-ringing';
    return this.#live?.isLegSilent ? 'media-lost' : 'caller-hangup';
  }

  /** What stands in the way of answering is this job's end, not yet the call's: a fresh job may do. */
  #startFailed(error: unknown): void {
    if (this.#hasEnded) return;
    if (error instanceof YieldedError) return this.#leave('yielded');
    const reason = reasonOfFailure(error);
    this.#record.log.error({ event: 'job.failed', reason, error }, 'job could not take the call');
    this.#leave('failed');
  }

  /** Leaves without ending the call: another job has it, or will have it. */
  #leave(outcome: 'yielded' | 'failed'): void {
    if (this.#hasEnded) return;
    this.#enter({ name: 'left', outcome });
    this.#letGo('This job leaves the call');
    if (outcome === 'yielded') this.#record.log.info({ event: 'job.yielded' }, 'job left the call');
    const closeMs = this.#deps.config.timeouts.hangupCloseMs;
    this.#ended.resolve({ outcome, closeMs, closed: this.#deps.store.end() });
  }

  /** The one way out of a call: runs once, whoever asks first. */
  #end(reason: TerminationReason, { isCallerGone = false } = {}): void {
    if (this.#hasEnded) return;
    const ending = termination(reason);
    this.#enter({ name: 'closing', termination: ending }, 'closing');
    this.#letGo(`The call ended: ${reason}`);
    const { ctx, config, store } = this.#deps;
    const closed = closeCall({
      ctx,
      config,
      store,
      claim: this.#claim,
      record: this.#record,
      ending,
      media: this.#live?.media ?? null,
      isCallerGone,
    });
    const { hangupCloseMs, closeMs } = config.timeouts;
    this.#ended.resolve({
      outcome: 'ended',
      closeMs: isCallerGone ? hangupCloseMs : closeMs,
      closed: closed.then(() => this.#enter({ name: 'closed', termination: ending })),
    });
  }

  get #hasEnded(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Stops whatever still works for the call. */
  #letGo(why: string): void {
    this.#abort.abort(new Error(why));
    this.#stopWatching();
    this.#live?.stop();
  }

  #enter(next: CallState, stage?: JobStage): void {
    assertTransition(this.#state, next);
    const { log } = this.#record;
    log.debug({ event: 'call.state', from: this.#state.name, to: next.name }, 'call moved on');
    this.#state = next;
    if (stage) this.#deps.onStage(stage, this.#callId);
  }
}

function msSince(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}
