import { voice } from '@livekit/agents';
import { withDeadline } from '../infra/deadline.ts';
import type { JobOrder, JobStage, ResumeKind } from '../ipc/messages.ts';
import { maskPhones } from '../infra/log.ts';
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
import { LiveCall } from './live-call.ts';
import { preloadCall, readSavedCall } from './preload.ts';
import type { Preload } from './preload.ts';
import { readDispatchOrder } from './persistence/call-snapshot.ts';
import { WayOut, YieldedError } from './way-out.ts';

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
