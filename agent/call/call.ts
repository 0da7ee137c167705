import { voice } from '@livekit/agents';
import type { JobContext } from '@livekit/agents';
import type { BookingDesk } from '../../tools/bookings/desk.ts';
import type { Config } from '../config.ts';
import { withDeadline } from '../deadline.ts';
import type { JobOutcome, JobStage } from '../line.ts';
import { maskPhones } from '../log.ts';
import type { Log } from '../log.ts';
import { enterRoom, supersededBy } from './arrival.ts';
import type { Caller } from './arrival.ts';
import { CallRecord } from './call-record.ts';
import { assertTransition } from './call-state.ts';
import type { CallState } from './call-state.ts';
import type { CallStore } from './call-store.ts';
import { Conversation } from './conversation.ts';
import { closeCall } from './closing.ts';
import { watchCaller } from './hangup.ts';
import type { Departure } from './hangup.ts';
import { PacketClock } from './packet-clock.ts';
import { prepare } from './preparation.ts';
import type { Preparation } from './preparation.ts';
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
};

/** How the job is to leave: after the call's end, or alone. */
export type CallEnding = {
  readonly outcome: JobOutcome;
  /** How long leaving may take, from now; then it is to be by force. */
  readonly closeMs: number;
  /** Resolves when the call is written down and its room is closed. Never rejects. */
  readonly closed: Promise<void>;
};

/** Without a packet for this long before a hang-up, it was the gateway's media timeout (15 s). */
const silentLegMs = 10_000;

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
  #goneEarly: Departure | undefined;
  #packets: PacketClock | null = null;
  #stopWatching = () => {};
  #sayingGoodbye = false;

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
    try {
      const caller = await this.#enterRoom();
      const isResumed = this.#watchCaller(caller);
      await this.#claim(caller);
      const preparation = await this.#prepare(isResumed);
      const conversation = await this.#startConversation(caller, preparation);
      this.#answer(caller, conversation, preparation);
    } catch (error) {
      this.#startFailed(error);
    }
    return this.#ended.promise;
  }

  async #enterRoom(): Promise<Caller> {
    const { ctx, config } = this.#deps;
    this.#enter({ name: 'connecting' }, 'connecting');
    const startedMs = performance.now();
    const caller = await enterRoom(ctx, config.timeouts);
    if (!caller) throw new YieldedError('The caller had left before the job was in the room');
    this.#callId = caller.callId;
    this.#record.identify(caller.callId);
    this.#record.note('call.incoming', 'call incoming', {
      callerNumber: caller.number && maskPhones(caller.number),
      yardNumber: caller.yardNumber && maskPhones(caller.yardNumber),
    });
    this.#record.note('room.connected', 'room connected', { durationMs: msSince(startedMs) });
    return caller;
  }

  /** Returns whether the caller was answered before: an earlier job spoke with them, and is gone. */
  #watchCaller({ identity }: Caller): boolean {
    const { room } = this.#deps.ctx;
    this.#packets = new PacketClock(room);
    this.#stopWatching = watchCaller(room, identity, {
      onAnswered: () => {
        this.#record.answered();
        this.#answered.resolve();
      },
      onGone: (departure) => this.#callerGone(departure),
    });
    return this.#record.answeredAtMs !== null;
  }

  /**
   * Before anything is published: of several jobs for one call, one speaks. A store that cannot be
   * asked is no reason to leave the caller unanswered: no other job can ask it either.
   */
  async #claim({ callId, number }: Caller): Promise<void> {
    const { ctx, store, onStage } = this.#deps;
    onStage('claiming', callId);
    const supersedes = supersededBy(ctx.job.metadata);
    const claim = await store.claim({ callId, jobId: ctx.job.id, supersedes });
    this.#abort.signal.throwIfAborted();
    if (claim === 'taken') throw new YieldedError('Another job serves this call');
    this.#enter({ name: 'starting', callId });
    store.keepClaim(() => this.#leave('yielded'));
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
  async #startConversation(caller: Caller, preparation: Preparation): Promise<Conversation> {
    const { ctx, config, onStage } = this.#deps;
    onStage('starting', caller.callId);
    const startedMs = performance.now();
    const { signal } = this.#abort;
    const conversation = new Conversation({
      config,
      inventory: preparation.inventory,
      reload: () => this.#deps.store.inventory(),
      tools: {
        callId: caller.callId,
        caller: { phoneNumber: caller.number },
        desk: this.#deps.desk,
        signal,
        onToolUsed: (tool, use) => {
          // What the end of the call cut short is no failure.
          if (!signal.aborted) this.#record.toolUsed(tool, use);
        },
        endCall: () => void this.#sayGoodbye(conversation, preparation),
      },
    });
    this.#record.watch(conversation.session, () => !signal.aborted);
    conversation.session.on(voice.AgentSessionEventTypes.Close, () => this.#sessionClosed());
    await withDeadline(
      async () => {
        await conversation.start(ctx.room, caller.identity);
        signal.throwIfAborted();
        const durationMs = msSince(startedMs);
        this.#record.note('session.started', 'session started', { durationMs });
        await this.#answered.promise;
      },
      { ms: config.timeouts.sessionStartMs, label: 'session start', signal },
    );
    return conversation;
  }

  #answer({ callId }: Caller, conversation: Conversation, { greeting }: Preparation): void {
    this.#abort.signal.throwIfAborted();
    const answeredAtMs = this.#record.answeredAtMs ?? Date.now();
    this.#enter({ name: 'live', callId, answeredAtMs }, 'live');
    conversation.greet(greeting);
    this.#deps.store.recordAnswer(answeredAtMs);
    this.#record.note('call.answered', 'call answered', {
      ringMs: answeredAtMs - this.#record.startedAtMs,
      greeting: greeting.audio ? 'ready' : 'synthesised',
    });
  }

  /** Ends the call with the agent's goodbye, heard to its last word. */
  async #sayGoodbye(conversation: Conversation, { goodbye }: Preparation): Promise<void> {
    if (this.#sayingGoodbye || this.#hasEnded) return;
    this.#sayingGoodbye = true;
    try {
      await withDeadline(() => conversation.sayGoodbye(goodbye), {
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
    this.#end('agent-goodbye');
  }

  /** The framework gives up a session whose hearing failed for good. */
  #sessionClosed(): void {
    this.#end(this.#sayingGoodbye ? 'agent-goodbye' : 'provider-failure');
  }

  #callerGone(departure: Departure): void {
    if (departure === 'replaced') return this.#leave('yielded');
    // Whose call it is comes first: of several jobs for one call, one writes down its end.
    if (this.#state.name === 'connecting') this.#goneEarly = departure;
    else this.#end(this.#reasonFor(departure), { isCallerGone: true });
  }

  #reasonFor(departure: Exclude<Departure, 'replaced'>): TerminationReason {
    if (departure !== 'hung-up') return departure;
    if (this.#record.answeredAtMs === null) return 'cancelled-while-ringing';
    return (this.#packets?.silentMs ?? 0) >= silentLegMs ? 'media-lost' : 'caller-hangup';
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
    const packets = this.#packets?.count ?? null;
    const closed = closeCall({
      ctx,
      config,
      store,
      record: this.#record,
      ending,
      packets,
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
    this.#packets?.stop();
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
