import { voice } from '@livekit/agents';
import { withDeadline } from '../infra/deadline.ts';
import { maskPhones } from '../infra/log.ts';
import type { Log } from '../telemetry/events.ts';
import { isAttendant } from '../ipc/messages.ts';
import type { JobOrder, JobOutcome, JobStage, ResumeKind } from '../ipc/messages.ts';
import { reasonOfFailure, termination } from '../ipc/termination.ts';
import type { Termination, TerminationReason } from '../ipc/termination.ts';
import { endRoom } from '../livekit/room-service.ts';
import type { CallContext, CallEnding, CallJob } from './call-context.ts';
import { CallRecord } from './call-record.ts';
import { CallState } from './call-state.ts';
import type { CallPhase } from './call-state.ts';
import { watchCaller } from '../livekit/departure.ts';
import type { Departure } from '../livekit/departure.ts';
import { joinRoom } from './leg/join-room.ts';
import type { Caller } from './leg/join-room.ts';
import { LiveCall } from './live-call.ts';
import type { MediaFigures } from './media/media-monitor.ts';
import { waitForCall } from './ownership/handover.ts';
import type { CallLease } from './persistence/call-lease.ts';
import { readDispatchOrder } from './persistence/call-snapshot.ts';
import { preloadCall, readSavedCall } from './preload.ts';
import type { Preload } from './preload.ts';

/** Another job serves the call: this one leaves unheard. */
class YieldedError extends Error {
  override readonly name = 'YieldedError';
}

/** Orders of the supervisor that are about a call. */
type CallOrder = Extract<JobOrder, { readonly type: 'hand-over' | 'say-goodbye' }>;

/** One call, from the job's start to its closing line: joined, claimed, started, live, and closed. */
export class Call {
  readonly #job: CallJob;
  readonly #context: CallContext;
  readonly #abort = new AbortController();
  readonly #answered = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<CallEnding>();
  #callId: string | null = null;
  #joinedAfterMs = 0;
  #lease: CallLease | undefined;
  #live: LiveCall | undefined;
  #stopWatching = () => {};
  /** An order that cannot be carried out before the call is live. */
  #order: CallOrder | undefined;
  /** The caller's leaving, before it was known whose call it is. */
  #goneEarly: Departure | undefined;

  constructor(job: CallJob) {
    const { ctx, config, store, desk, askForFreshJob } = job;
    const record = new CallRecord({ ...job, prices: job.config.prices });
    this.#job = job;
    this.#context = {
      jobId: ctx.job.id,
      room: ctx.room,
      roomName: ctx.job.room?.name ?? '',
      config,
      store,
      desk,
      record,
      state: new CallState((from, to) => record.log.emit('call.state', { from, to })),
      signal: this.#abort.signal,
      askForFreshJob,
      end: (reason) => this.#end(reason),
      leave: (outcome) => this.#leave(outcome),
    };
  }

  /** Null until the job is in the call's room. */
  get callId(): string | null {
    return this.#callId;
  }

  /** Serves the call; resolves when it has ended. Never rejects: whatever goes wrong is an ending. */
  async run(): Promise<CallEnding> {
    const { supersedes, resume } = readDispatchOrder(this.#job.ctx.job.metadata);
    const isHandedOver = resume === 'handover' || resume === 'rejoin';
    const { signal } = this.#context;
    try {
      const caller = await this.#join();
      const wasAnswered = this.#watch(caller) || resume === 'apology';
      // The job, or the attendant, that will give this one the call.
      const giver = isHandedOver ? supersedes : await this.#claim(caller, supersedes);
      const isAttended = isAttendant(supersedes) || isAttendant(giver);
      const isResumed = wasAnswered || isAttended;
      const standsBy = giver !== undefined;
      if (standsBy) this.#enter({ name: 'standby', callId: caller.callId }, 'claiming');
      this.#arrived(caller, { isAttended });
      const preload = await preloadCall({
        ...this.#reading,
        isResumed,
        isRecorded: this.#context.config.recordCalls,
        signal,
      });
      const live = await this.#start(caller, preload, standsBy);
      if (standsBy) await this.#waitForCall(caller, giver);
      const kind = isAttended && resume !== 'apology' ? 'handover' : (resume ?? 'takeover');
      await this.#goLive(caller, live, isResumed ? kind : null);
      this.#obey();
    } catch (error) {
      this.#startFailed(error);
    }
    return this.#ended.promise;
  }

  /** Carries out an order of the supervisor; one that is not about the call is left alone. */
  onOrder(order: JobOrder): void {
    if (order.type !== 'hand-over' && order.type !== 'say-goodbye') return;
    // The last word is the last one.
    if (this.#order?.type !== 'say-goodbye') this.#order = order;
    if (this.#context.state.phase.name === 'live') this.#obey();
  }

  #obey(): void {
    const order = this.#order;
    this.#order = undefined;
    if (order?.type === 'hand-over') {
      void this.#live?.control.handOver(order.kind, { withinMs: order.withinMs });
    }
    if (order?.type === 'say-goodbye') void this.#live?.cutShort();
  }

  async #join(): Promise<Caller> {
    const { record, config, store, jobId } = this.#context;
    this.#enter({ name: 'connecting' }, 'connecting');
    const startedMs = performance.now();
    const { connectMs } = config.timeouts;
    const testNumber = config.canary?.phone?.from;
    const caller = await joinRoom(this.#job.ctx, { connectMs, testNumber });
    if (!caller) throw new YieldedError('The caller had left before the job was in the room');
    const { callId, test } = caller;
    this.#callId = callId;
    this.#lease = store.identify({ callId, jobId });
    record.identify(callId, { isTest: test !== null });
    this.#joinedAfterMs = msSince(startedMs);
    return caller;
  }

  /** Tells of a call once: an attendant told of its coming, and of nothing else. */
  #arrived({ number, yardNumber, wasAnswered }: Caller, { isAttended }: { isAttended: boolean }) {
    const { record } = this.#context;
    if (wasAnswered && !isAttended) record.joins();
    const numbers = {
      callerNumber: number && maskPhones(number),
      yardNumber: yardNumber && maskPhones(yardNumber),
    };
    record.log.emit('call.incoming', numbers, isAttended ? 'again' : record.arrival);
    record.log.emit('room.connected', { durationMs: this.#joinedAfterMs }, record.arrival);
  }

  /** Returns true when the caller was answered before: an earlier job spoke with them. */
  #watch({ identity }: Caller): boolean {
    const { room, record } = this.#context;
    this.#stopWatching = watchCaller(room, identity, {
      onAnswered: () => {
        record.answered();
        this.#answered.resolve();
      },
      onGone: (departure, leg) => {
        record.leg = leg;
        this.#callerGone(departure);
      },
    });
    return record.answeredAtMs !== null;
  }

  /**
   * Claims the call before anything is published: of several agents for one call, one speaks. Returns
   * the attendant that has it, and will give it; undefined once it is this job's. A store
   * that cannot be asked is no reason to leave the caller unanswered: no other job can ask it either.
   */
  async #claim(caller: Caller, supersedes: string | undefined): Promise<string | undefined> {
    const { record, store, signal } = this.#context;
    this.#job.onStage('claiming', caller.callId);
    const claim = await this.#lease?.take(supersedes);
    signal.throwIfAborted();
    if (claim === 'taken') {
      const holder = await this.#lease?.holder();
      signal.throwIfAborted();
      if (holder != null && isAttendant(holder)) return holder;
      throw new YieldedError('Another job serves this call');
    }
    // One whom the store does not name is seen: nobody speaks beside it.
    const attendant = claim === 'unknown' ? this.#attendantInRoom : undefined;
    if (attendant !== undefined) return attendant;
    if (record.answeredAtMs !== null && (await store.isClosed())) await this.#endLeftOver();
    this.#claimed(caller);
    return undefined;
  }

  get #attendantInRoom(): string | undefined {
    const ids = [...this.#context.room.remoteParticipants.keys()].map((identity) =>
      identity.replace(/^agent-/, ''),
    );
    return ids.find(isAttendant);
  }

  /** The call has its end and its row; only its room could not be ended then. */
  async #endLeftOver(): Promise<never> {
    const { config, roomName } = this.#context;
    await endRoom(config, roomName);
    throw new YieldedError('The call is over');
  }

  /** Waits until the job that has the call gives it up, or dies. */
  async #waitForCall(caller: Caller, from: string): Promise<void> {
    const { room, store, signal } = this.#context;
    const claim = this.#lease;
    const isCallerThere = () => this.#goneEarly === undefined;
    this.#job.onStage('standby', caller.callId);
    if (!claim || !(await waitForCall({ room, from, claim, isCallerThere, signal }))) {
      throw new YieldedError('The call stayed where it was');
    }
    if (await store.isClosed()) throw new YieldedError('The call is over');
    this.#claimed(caller);
  }

  /** The call is this job's: what happened before is now for it to deal with. */
  #claimed({ callId, number, test }: Caller): void {
    const { store, record, roomName, signal } = this.#context;
    this.#enter({ name: 'starting', callId });
    this.#lease?.keep(() => void this.#leaseLost());
    const { startedAtMs } = record;
    const isTest = test !== null;
    store.recordStart({ room: roomName, callerNumber: number, startedAtMs, isTest });
    if (this.#goneEarly) this.#callerGone(this.#goneEarly);
    signal.throwIfAborted();
  }

  async #leaseLost(): Promise<void> {
    // A call that was given away is not lost: the hand-over ends by itself.
    if (!(await this.#live?.control.wasGiven())) this.#leave('yielded');
  }

  /** Resolves when the session runs and the gateway has answered the caller. */
  async #start(caller: Caller, preload: Preload, standsBy: boolean): Promise<LiveCall> {
    const { room, config, record, signal } = this.#context;
    this.#job.onStage('starting', caller.callId);
    const startedMs = performance.now();
    const lease = this.#lease;
    const live = new LiveCall(this.#context, { caller, lease, preload, standsBy });
    this.#live = live;
    const { session } = live.conversation;
    session.on(voice.AgentSessionEventTypes.Close, () => this.#sessionClosed());
    await withDeadline(
      async () => {
        await live.conversation.start(room, caller.identity);
        signal.throwIfAborted();
        const durationMs = msSince(startedMs);
        record.log.emit('session.started', { durationMs }, record.arrival);
        await this.#answered.promise;
      },
      { ms: config.timeouts.sessionStartMs, label: 'session start', signal },
    );
    return live;
  }

  /** `resume` says why an earlier job's talk goes on here; null when this is the call's first job. */
  async #goLive({ callId }: Caller, live: LiveCall, resume: ResumeKind | null): Promise<void> {
    const { record, store, signal } = this.#context;
    const saved = resume ? await readSavedCall(this.#reading) : undefined;
    signal.throwIfAborted();
    if (saved) record.goOn(saved);
    const answeredAtMs = record.answeredAtMs ?? Date.now();
    const activity = { name: 'talking' } as const;
    this.#enter({ name: 'live', callId, answeredAtMs, activity }, 'live');
    if (resume) return live.resume(resume, saved);
    live.begin();
    store.recordAnswer(answeredAtMs);
    record.log.emit('call.answered', {
      ringMs: answeredAtMs - record.startedAtMs,
      by: 'job',
      greeting: live.greetingIsReady ? 'ready' : 'synthesised',
    });
  }

  /** The one way out begins here: the end of the call or of this job in it, whichever comes first. */
  #callerGone(departure: Departure): void {
    if (departure === 'replaced') return this.#leave('yielded');
    const { phase, activity } = this.#context.state;
    // Ours is the connection that ended: the caller may still be there, and gets a fresh job.
    if (departure === 'cut-off' && activity?.name !== 'farewell') return this.#leave('failed');
    // Whose call it is comes first.
    if (phase.name === 'starting' || phase.name === 'live') void this.#endAfterCaller(departure);
    else this.#goneEarly = departure;
  }

  async #endAfterCaller(departure: Exclude<Departure, 'replaced'>): Promise<void> {
    // What was under way may say whose call it is by now, or where the caller went.
    const settled = await this.#live?.control.settled();
    if (settled === 'handed-over') return;
    const reason = settled === 'transferred' ? 'transferred' : this.#reasonFor(departure);
    if (reason === 'media-lost' || departure === 'link-lost') await this.#noteLost();
    // A caller whose link is lost may still hold on: the gateway hangs up when the room ends.
    this.#end(reason, { isCallerGone: reason !== 'link-lost' });
  }

  async #noteLost(): Promise<void> {
    const { record, state } = this.#context;
    if (record.answeredAtMs === null || state.activity?.name === 'farewell') return;
    await this.#live?.apology.noteCallBack();
  }

  #reasonFor(departure: Exclude<Departure, 'replaced'>): TerminationReason {
    if (departure === 'cut-off') return 'link-lost';
    if (departure === 'room-closed') return departure;
    const isAnswered = this.#context.record.answeredAtMs !== null;
    if (isAnswered && this.#live?.media.isLegSilent) return 'media-lost';
    if (departure === 'link-lost') return departure;
    return isAnswered ? 'caller-hangup' : 'cancelled-while-ringing';
  }

  /** The framework gives up a session by itself only when its own wiring breaks. */
  #sessionClosed(): void {
    const { phase, activity } = this.#context.state;
    if (activity?.name === 'farewell') this.#end(activity.reason);
    else if (phase.name === 'live') this.#leave('failed');
  }

  /** A failure to answer is this job's end, not yet the call's: a fresh job may do. */
  #startFailed(error: unknown): void {
    const { record, signal } = this.#context;
    if (signal.aborted) return;
    if (error instanceof YieldedError) return this.#leave('yielded');
    const reason = reasonOfFailure(error);
    record.log.emit('job.failed', { reason, error }, 'start');
    this.#leave('failed');
  }

  /** Leaves without ending the call: another job has it, or will have it. */
  #leave(outcome: Exclude<JobOutcome, 'ended'>): void {
    const { config, store, record, signal } = this.#context;
    if (signal.aborted) return;
    // The process takes a moment to leave, and what was to be said would go on.
    this.#live?.hush();
    this.#enter({ name: 'left', outcome });
    this.#letGo('This job leaves the call');
    if (outcome === 'yielded') record.log.emit('job.yielded');
    const closeMs = config.timeouts.hangupCloseMs;
    this.#ended.resolve({ outcome, closeMs, closed: store.end() });
  }

  /** Ends the call: what it was like is written down, and the caller is hung up on. */
  #end(reason: TerminationReason, { isCallerGone = false } = {}): void {
    const { config, signal } = this.#context;
    if (signal.aborted) return;
    const ending = termination(reason);
    this.#enter({ name: 'closing', termination: ending }, 'closing');
    this.#letGo(`The call ended: ${reason}`);
    const media = this.#live?.media.figures ?? null;
    const closed = closeCall(this.#context, { lease: this.#lease, ending, media, isCallerGone });
    const { hangupCloseMs, closeMs } = config.timeouts;
    this.#ended.resolve({
      outcome: 'ended',
      closeMs: isCallerGone ? hangupCloseMs : closeMs,
      closed: closed.then(() => this.#enter({ name: 'closed', termination: ending })),
    });
  }

  /** Stops whatever still works for the call. */
  #letGo(why: string): void {
    this.#abort.abort(new Error(why));
    this.#stopWatching();
    this.#live?.stop();
  }

  /** The parts that reading from the store takes. */
  get #reading() {
    const { store, record, config } = this.#context;
    return { store, record, timeouts: config.timeouts };
  }

  #enter(next: CallPhase, stage?: JobStage): void {
    this.#context.state.enter(next);
    if (stage) this.#job.onStage(stage, this.#callId);
  }
}

function msSince(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}

/**
 * Closes a call that has ended: the record, before anything that can hang; the end of its room, if
 * the caller is still there; the closing line. Never rejects.
 */
export async function closeCall(
  context: Pick<CallContext, 'config' | 'roomName' | 'store' | 'record'>,
  call: {
    readonly lease: CallLease | undefined;
    readonly ending: Termination;
    readonly media: MediaFigures | null;
    readonly isCallerGone: boolean;
  },
): Promise<void> {
  const { config, roomName, store, record } = context;
  const { lease, ending, media, isCallerGone } = call;
  const summary = await record.ended(ending, media);
  try {
    // What another job still says to the caller must not be cut off.
    const hangsUp = !isCallerGone && (await lease?.isStillOurs()) !== false;
    if (hangsUp) await endRoom(config, roomName);
  } catch (error) {
    record.log.emit('job.failed', { error }, 'hang-up');
  }
  record.log.emit('call.closed', summary, 'served');
  await store.end();
}

/**
 * Leaves as a job does that is done with its call: out of the room, then for good. Closing can hang
 * on a store, a server, or a tool that ignores its signal: past its time the job leaves by force.
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
    log.emit('job.forced', { closeMs }, 'late');
    void leave(outcome);
  }, closeMs);
  force.unref();
  await closed;
  await leaveRoom();
  clearTimeout(force);
  await leave(outcome);
}
