import { voice } from '@livekit/agents';
import type { JobContext } from '@livekit/agents';
import { withDeadline } from '../infra/deadline.ts';
import type { JobOrder, JobOutcome, JobStage, ResumeKind } from '../ipc/messages.ts';
import { maskPhones } from '../infra/log.ts';
import type { Log } from '../infra/log.ts';
import { joinRoom } from './leg/join-room.ts';
import type { Caller } from './leg/join-room.ts';
import type { CallLease } from './persistence/call-lease.ts';
import type { CallDeps, CallEnding } from './call-context.ts';
import { CallRecord } from './call-record.ts';
import { assertTransition } from './call-state.ts';
import type { CallState } from './call-state.ts';
import { endRoom } from '../livekit/room-service.ts';
import { waitForCall } from './ownership/handover.ts';
import { watchCaller } from './leg/departure.ts';
import type { Departure } from './leg/departure.ts';
import { LiveCall } from './live-call.ts';
import { preloadCall, readSavedCall } from './preload.ts';
import type { Preload } from './preload.ts';
import { readDispatchOrder } from './persistence/call-snapshot.ts';
import { GOODBYE } from '../speech/prompts/prompts.ts';
import { reasonOfFailure, termination } from '../ipc/termination.ts';
import type { TerminationReason, Termination } from '../ipc/termination.ts';
import type { Config } from '../config/config.ts';
import type { CallStore } from './persistence/call-store.ts';
import type { MediaFigures } from './media/media-monitor.ts';

/** What the supervisor may order of a call. */
type CallOrder = Extract<JobOrder, { readonly type: 'hand-over' | 'say-goodbye' }>;

/** One call, from the job's start to its closing line. */
export class Call {
  readonly #deps: CallDeps;
  readonly #record: CallRecord;
  readonly #answered = Promise.withResolvers<void>();
  readonly #out: WayOut;
  #state: CallState = { name: 'admitted' };
  #callId: string | null = null;
  #claim: CallLease | undefined;
  #live: LiveCall | undefined;
  #stopWatching = () => {};
  /** What cannot be done before the call is live. */
  #order: CallOrder | undefined;

  constructor(deps: CallDeps) {
    this.#deps = deps;
    this.#record = new CallRecord(deps);
    this.#out = new WayOut({
      ...deps,
      record: this.#record,
      claim: () => this.#claim,
      live: () => this.#live,
      enter: (next, stage) => this.#enter(next, stage),
      stopWatching: () => this.#stopWatching(),
    });
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
      const caller = await this.#joinRoom();
      const isResumed = this.#watchCaller(caller) || resume === 'apology';
      if (standsBy) this.#enter({ name: 'standby', callId: caller.callId }, 'claiming');
      else await this.#claimCall(caller, supersedes);
      const preload = await preloadCall({ ...this.#reading, isResumed, signal: this.#out.signal });
      const live = await this.#startConversation(caller, preload, standsBy);
      if (standsBy) await this.#waitForCall(caller, supersedes);
      await this.#goLive(caller, live, isResumed ? (resume ?? 'takeover') : null);
      this.#obey();
    } catch (error) {
      this.#out.startFailed(error);
    }
    return this.#out.ending;
  }

  /** What the supervisor orders; what is not about the call is left alone. */
  onOrder(order: JobOrder): void {
    if (order.type !== 'hand-over' && order.type !== 'say-goodbye') return;
    // The last word is the last one.
    if (this.#order?.type !== 'say-goodbye') this.#order = order;
    if (this.#state.name === 'live') this.#obey();
  }

  #obey(): void {
    const order = this.#order;
    this.#order = undefined;
    if (order?.type === 'hand-over') this.#live?.moves.handOver(order.kind, order.withinMs);
    if (order?.type === 'say-goodbye') void this.#live?.cutShort();
  }

  async #joinRoom(): Promise<Caller> {
    const { ctx, config, store } = this.#deps;
    this.#enter({ name: 'connecting' }, 'connecting');
    const startedMs = performance.now();
    const caller = await joinRoom(ctx, config.timeouts);
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
        this.#out.callerGone(departure);
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
    this.#out.signal.throwIfAborted();
    if (claim === 'taken') throw new YieldedError('Another job serves this call');
    if (this.#record.answeredAtMs !== null && (await this.#deps.store.isClosed())) {
      await this.#endLeftOver();
    }
    this.#enter({ name: 'starting', callId: caller.callId });
    this.#claimed(caller);
  }

  /** The call has its end and its row; only its room could not be ended then. */
  async #endLeftOver(): Promise<never> {
    const { config, ctx } = this.#deps;
    await endRoom(config, ctx.job.room?.name ?? '');
    throw new YieldedError('The call is over');
  }

  /** The job that has the call gives it up, or dies. */
  async #waitForCall(caller: Caller, from: string): Promise<void> {
    const { room } = this.#deps.ctx;
    const claim = this.#claim;
    const { signal } = this.#out;
    const isCallerThere = () => !this.#out.wasTooLate;
    this.#deps.onStage('standby', caller.callId);
    if (!claim || !(await waitForCall({ room, from, claim, isCallerThere, signal }))) {
      throw new YieldedError('The call stayed where it was');
    }
    if (await this.#deps.store.isClosed()) throw new YieldedError('The call is over');
    this.#claimed(caller);
  }

  #claimed({ number }: Caller): void {
    const { ctx, store } = this.#deps;
    this.#claim?.keep(() => void this.#claimLost());
    const { startedAtMs } = this.#record;
    store.recordStart({ room: ctx.job.room?.name ?? '', callerNumber: number, startedAtMs });
    this.#out.claimed();
    this.#out.signal.throwIfAborted();
  }

  async #claimLost(): Promise<void> {
    // A call that was given away is not lost: the hand-over ends by itself.
    if (!(await this.#live?.moves.wasGiven())) this.#out.leave('yielded');
  }

  /** Resolves when the session runs and the gateway has answered the caller. */
  async #startConversation(caller: Caller, preload: Preload, standsBy: boolean): Promise<LiveCall> {
    const { ctx, config, onStage } = this.#deps;
    onStage('starting', caller.callId);
    const startedMs = performance.now();
    const { signal } = this.#out;
    const live = new LiveCall({
      ...this.#deps,
      caller,
      preload,
      claim: this.#claim,
      record: this.#record,
      signal,
      standsBy,
      sayGoodbye: (reason, text, ms) => void this.#out.sayGoodbye(reason, text, ms),
      end: (reason) => this.#out.end(reason),
      leave: (outcome) => this.#out.leave(outcome),
    });
    this.#live = live;
    const { session } = live.conversation;
    session.on(voice.AgentSessionEventTypes.Close, () =>
      this.#out.sessionClosed({ isLive: this.#state.name === 'live' }),
    );
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
    const saved = resume ? await readSavedCall(this.#reading) : undefined;
    this.#out.signal.throwIfAborted();
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

  /** What it takes to read from the store. */
  get #reading() {
    const { store, config } = this.#deps;
    return { store, record: this.#record, timeouts: config.timeouts };
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

/** This job is not the one that serves the call: it leaves unheard. */
export class YieldedError extends Error {
  override readonly name = 'YieldedError';
}

type WayOutDeps = Pick<CallDeps, 'ctx' | 'config' | 'store'> & {
  readonly record: CallRecord;
  readonly claim: () => CallLease | undefined;
  /** Undefined before the conversation is there. */
  readonly live: () => LiveCall | undefined;
  readonly enter: (next: CallState, stage?: JobStage) => void;
  /** The caller is watched no longer. */
  readonly stopWatching: () => void;
};

/** The one way out of a call, its end or this job's leaving: whichever comes first, and once. */
export class WayOut {
  readonly #deps: WayOutDeps;
  readonly #abort = new AbortController();
  readonly #ended = Promise.withResolvers<CallEnding>();
  #sayingGoodbye: TerminationReason | undefined;
  /** Of several jobs for one call, the one that writes down its end. */
  #isOurs = false;
  #goneEarly: Departure | undefined;

  constructor(deps: WayOutDeps) {
    this.#deps = deps;
  }

  /** Aborted when this job is done with the call. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get hasEnded(): boolean {
    return this.#abort.signal.aborted;
  }

  /** The caller had left before the call was this job's. */
  get wasTooLate(): boolean {
    return this.#goneEarly !== undefined;
  }

  /** Resolves with the way that was taken. Never rejects. */
  get ending(): Promise<CallEnding> {
    return this.#ended.promise;
  }

  /** The call is this job's: what happened before is now for it to deal with. */
  claimed(): void {
    this.#isOurs = true;
    if (this.#goneEarly) this.callerGone(this.#goneEarly);
  }

  /** The caller's leg went away, or our own connection. */
  callerGone(departure: Departure): void {
    if (departure === 'replaced') return this.leave('yielded');
    // Ours is the connection that ended: the caller may still be there, and gets a fresh job.
    if (departure === 'cut-off' && !this.#sayingGoodbye) return this.leave('failed');
    // Whose call it is comes first.
    if (this.#isOurs) void this.#endAfterCaller(departure);
    else this.#goneEarly = departure;
  }

  async #endAfterCaller(departure: Exclude<Departure, 'replaced'>): Promise<void> {
    // What was under way may say whose call it is by now, or where the caller went.
    const live = this.#deps.live();
    const settled = await live?.moves.settled();
    if (settled === 'handed-over') return;
    const reason = settled === 'transferred' ? 'transferred' : this.#reasonFor(departure);
    if (reason === 'media-lost' || departure === 'link-lost') await this.#noteLost();
    // A caller whose link is lost may still hold on: the gateway hangs up when the room ends.
    this.end(reason, { isCallerGone: reason !== 'link-lost' });
  }

  async #noteLost(): Promise<void> {
    if (this.#deps.record.answeredAtMs === null || this.#sayingGoodbye) return;
    await this.#deps.live()?.apology.noteCallBack();
  }

  #reasonFor(departure: Exclude<Departure, 'replaced'>): TerminationReason {
    if (departure === 'cut-off') return 'link-lost';
    if (departure !== 'hung-up') return departure;
    const { record, live } = this.#deps;
    if (record.answeredAtMs === null) return 'cancelled-while-ringing';
    return live()?.isLegSilent ? 'media-lost' : 'caller-hangup';
  }

  /** The framework gives up a session by itself only when its own wiring breaks. */
  sessionClosed({ isLive }: { readonly isLive: boolean }): void {
    if (this.#sayingGoodbye) this.end(this.#sayingGoodbye);
    else if (isLive) this.leave('failed');
  }

  /** What stands in the way of answering is this job's end, not yet the call's: a fresh job may do. */
  startFailed(error: unknown): void {
    if (this.hasEnded) return;
    if (error instanceof YieldedError) return this.leave('yielded');
    const reason = reasonOfFailure(error);
    this.#deps.record.log.error(
      { event: 'job.failed', reason, error },
      'job could not take the call',
    );
    this.leave('failed');
  }

  /** Ends the call with the agent's last words, heard to their end. */
  async sayGoodbye(
    reason: TerminationReason,
    text = GOODBYE,
    ms = this.#deps.config.timeouts.goodbyeMs,
  ): Promise<void> {
    const { record } = this.#deps;
    const live = this.#deps.live();
    if (this.#sayingGoodbye || this.hasEnded || !live) return;
    this.#sayingGoodbye = reason;
    live.stop();
    try {
      await withDeadline(() => live.sayGoodbye(text), {
        ms,
        label: 'goodbye',
        signal: this.#abort.signal,
      });
    } catch (error) {
      // The caller hung up meanwhile, or it could not be played out: the call ends anyway.
      if (!this.hasEnded) {
        record.log.warn({ event: 'provider.failed', error }, 'goodbye was not played out');
      }
    }
    this.end(reason);
  }

  /** Leaves without ending the call: another job has it, or will have it. */
  leave(outcome: 'yielded' | 'failed'): void {
    if (this.hasEnded) return;
    const { config, store, record, live, enter } = this.#deps;
    // The process takes a moment to leave, and what was to be said would go on.
    live()?.hush();
    enter({ name: 'left', outcome });
    this.#letGo('This job leaves the call');
    if (outcome === 'yielded') record.log.info({ event: 'job.yielded' }, 'job left the call');
    const closeMs = config.timeouts.hangupCloseMs;
    this.#ended.resolve({ outcome, closeMs, closed: store.end() });
  }

  /** Ends the call: what it was like is written down, and the caller is hung up on. */
  end(reason: TerminationReason, { isCallerGone = false } = {}): void {
    if (this.hasEnded) return;
    const ending = termination(reason);
    const { ctx, config, store, record, claim, live, enter } = this.#deps;
    enter({ name: 'closing', termination: ending }, 'closing');
    this.#letGo(`The call ended: ${reason}`);
    const closed = closeCall({
      ctx,
      config,
      store,
      claim: claim(),
      record,
      ending,
      media: live()?.media ?? null,
      isCallerGone,
    });
    const { hangupCloseMs, closeMs } = config.timeouts;
    this.#ended.resolve({
      outcome: 'ended',
      closeMs: isCallerGone ? hangupCloseMs : closeMs,
      closed: closed.then(() => enter({ name: 'closed', termination: ending })),
    });
  }

  /** Stops whatever still works for the call. */
  #letGo(why: string): void {
    this.#abort.abort(new Error(why));
    this.#deps.stopWatching();
    this.#deps.live()?.stop();
  }
}

/**
 * What follows the end of a call: the record, before anything that can hang; the end of its room,
 * if the caller is still there; the closing line. Never rejects.
 */
export async function closeCall(options: {
  readonly ctx: JobContext;
  readonly config: Config;
  readonly store: CallStore;
  readonly record: CallRecord;
  readonly ending: Termination;
  readonly claim: CallLease | undefined;
  readonly media: MediaFigures | null;
  readonly isCallerGone: boolean;
}): Promise<void> {
  const { ctx, config, store, claim, record, ending, media, isCallerGone } = options;
  const summary = await record.ended(ending, media);
  try {
    // What another job still says to the caller must not be cut off.
    const hangsUp = !isCallerGone && (await claim?.isStillOurs()) !== false;
    if (hangsUp) await endRoom(config, ctx.job.room?.name ?? '');
  } catch (error) {
    record.log.error({ event: 'job.failed', error }, 'caller could not be hung up on');
  }
  record.log.info({ event: 'call.closed', ...summary }, 'call closed');
  await store.end();
}

/**
 * How a job leaves once it is done with its call: out of the room, then for good. Closing can hang on
 * a store, a server, or a tool that ignores its signal: past its time the job leaves by force.
 */
export async function leaveAfter(
  { outcome, closeMs, closed }: CallEnding,
  options: {
    readonly log: Log;
    /** Never rejects. */
    readonly leaveRoom: () => Promise<void>;
    /** Ends the process. */
    readonly leave: (outcome: JobOutcome) => Promise<void>;
  },
): Promise<void> {
  const { log, leaveRoom, leave } = options;
  const force = setTimeout(() => {
    log.warn({ event: 'job.forced', closeMs }, 'job did not close in time');
    void leave(outcome);
  }, closeMs);
  force.unref();
  await closed;
  await leaveRoom();
  clearTimeout(force);
  await leave(outcome);
}
