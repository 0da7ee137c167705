import { AutoSubscribe, voice } from '@livekit/agents';
import type { JobContext } from '@livekit/agents';
import type { RemoteParticipant } from '@livekit/rtc-node';
import type { BookingDesk } from '../../tools/bookings/desk.ts';
import { createTools } from '../../tools/index.ts';
import { defaultTimeZone } from '../../tools/yard/equipment.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { todayIn } from '../../tools/yard/rental-dates.ts';
import type { Config } from '../config.ts';
import { DeadlineError, withDeadline } from '../deadline.ts';
import type { JobOutcome, JobStage } from '../line.ts';
import type { Log, LogEvent } from '../log.ts';
import { GOODBYE, greetingFor, instructionsFor, WELCOME_BACK } from '../speech/instructions.ts';
import { phraseFrames } from '../speech/phrases.ts';
import type { PhraseAudio } from '../speech/phrases.ts';
import { Receptionist } from '../speech/receptionist.ts';
import { createSession, keytermsOf } from '../speech/session.ts';
import type { Lease } from '../store/leases.ts';
import { FigureCounter } from './call-figures.ts';
import { assertTransition } from './call-state.ts';
import type { CallState } from './call-state.ts';
import type { CallStore } from './call-store.ts';
import { callStatusAttribute, findCaller, waitForAnswer, watchCaller } from './hangup.ts';
import type { Departure } from './hangup.ts';
import { PacketClock } from './packet-clock.ts';
import { termination } from './termination.ts';
import type { Termination, TerminationReason } from './termination.ts';

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

/** How the job leaves: the call's end, or this job's alone. */
export type CallEnding = { readonly outcome: JobOutcome; readonly callerGone: boolean };

/** Audio that the gateway's jitter buffer still holds when our own queue is empty. */
const inFlightMs = 500;
/** Without a packet for this long before a hang-up, it was the gateway's media timeout (15 s). */
const silentLegMs = 10_000;
/** At most this many lines at `info` about tools: a call may write 40 in all. */
const toolLinesAtInfo = 20;

const clock = { nowMs: () => Date.now() };

/** This job is not the one that serves the call: it leaves unheard. */
class YieldedError extends Error {
  override readonly name = 'YieldedError';
}

/** One call, from the job's start to its closing line. */
export class Call {
  readonly #deps: CallDeps;
  #log: Log;
  readonly #startedAtMs = Date.now();
  readonly #abort = new AbortController();
  readonly #figures = new FigureCounter();
  readonly #ended = Promise.withResolvers<CallEnding>();
  #state: CallState = { name: 'admitted' };
  #callId: string | undefined;
  #lease: Lease | undefined;
  #session: voice.AgentSession | undefined;
  #packets: PacketClock | undefined;
  #stopWatching = () => {};
  #answeredAtMs: number | null = null;
  #firstWordAtMs: number | null = null;
  #resumed = false;
  #closing = false;
  #toolLines = 0;

  constructor(deps: CallDeps) {
    this.#deps = deps;
    this.#log = deps.log;
  }

  get callId(): string | undefined {
    return this.#callId;
  }

  /** Serves the call to its end. Never rejects: whatever goes wrong is an ending. */
  async run(): Promise<CallEnding> {
    try {
      const caller = await this.#connect();
      const callId = await this.#claim(caller);
      const inventory = await this.#loadEquipment();
      const session = await this.#start(callId, caller, inventory);
      await this.#greet(session, callId, inventory);
    } catch (error) {
      this.#startFailed(error);
    }
    return this.#ended.promise;
  }

  /** Ends the call with the agent's goodbye, heard to its last word. */
  async sayGoodbye(): Promise<void> {
    const { timeouts } = this.#deps.config;
    try {
      const session = this.#session;
      if (!session || this.#closing) return;
      const audio = await this.#deps.store.phrase(GOODBYE);
      const speech = session.say(GOODBYE, {
        allowInterruptions: false,
        ...(audio ? { audio: phraseFrames(audio) } : {}),
      });
      await withDeadline(
        async () => {
          await speech.waitForPlayout();
          await new Promise((resolve) => setTimeout(resolve, inFlightMs));
        },
        { ms: timeouts.goodbyeMs, label: 'goodbye', signal: this.#abort.signal },
      );
    } catch (error) {
      // The caller hung up during the goodbye, or it could not be played out: the call ends anyway.
      if (!this.#closing) this.#fault('call.ended', error, 'goodbye was not played out');
    }
    this.close(termination('agent-goodbye'));
  }

  async #connect(): Promise<RemoteParticipant> {
    const { ctx, config, onStage } = this.#deps;
    this.#enter({ name: 'connecting' });
    onStage('connecting', null);
    const startedMs = performance.now();
    // Connecting cannot be aborted: past its time the process leaves, and a fresh job is faster.
    await withDeadline(() => ctx.connect(undefined, AutoSubscribe.AUDIO_ONLY), {
      ms: config.timeouts.connectMs,
      label: 'connect',
    });
    const caller = findCaller(ctx.room);
    if (!caller) throw new YieldedError('The caller had left before the job was in the room');
    const attributes = caller.attributes;
    this.#callId = attributes['sip.callID'] ?? ctx.job.room?.sid ?? ctx.job.id;
    this.#log = this.#log.child({ callId: this.#callId });
    this.#deps.store.begin(this.#callId);
    // Already answered: an earlier job spoke with the caller, and is gone.
    this.#resumed = attributes[callStatusAttribute] === 'active';
    this.#packets = new PacketClock(ctx.room);
    this.#note('call.incoming', 'call incoming', {
      callerNumber: attributes['sip.phoneNumber'] ?? null,
      yardNumber: attributes['sip.trunkPhoneNumber'] ?? null,
      acceptedMsAgo: Date.now() - this.#startedAtMs,
    });
    this.#note('room.connected', 'room connected', {
      durationMs: Math.round(performance.now() - startedMs),
    });
    this.#stopWatching = watchCaller(ctx.room, caller.identity, (departure) =>
      this.#callerGone(departure),
    );
    return caller;
  }

  /** Before anything is published: of several jobs for one call, one speaks. */
  async #claim(caller: RemoteParticipant): Promise<string> {
    const { ctx, store, onStage, config } = this.#deps;
    const callId = this.#callId ?? '';
    this.#abort.signal.throwIfAborted();
    this.#enter({ name: 'starting', callId });
    onStage('claiming', callId);
    const lease = await withDeadline(
      (signal) => store.claim(ctx.job.id, supersededBy(ctx.job.metadata), signal),
      { ms: config.timeouts.connectMs, label: 'claim', signal: this.#abort.signal },
    );
    if (!lease) throw new YieldedError('Another job serves this call');
    this.#lease = lease;
    store.keepLease(lease, () => this.#leave('yielded'));
    store.recordStart({
      room: ctx.job.room?.name ?? '',
      callerNumber: caller.attributes['sip.phoneNumber'] ?? null,
      startedAtMs: this.#startedAtMs,
      jobId: ctx.job.id,
      epoch: lease.epoch,
    });
    return callId;
  }

  async #loadEquipment(): Promise<Inventory | null> {
    const { store, config } = this.#deps;
    try {
      const inventory = await withDeadline(() => store.inventory(), {
        ms: config.timeouts.equipmentLoadMs,
        label: 'equipment load',
        signal: this.#abort.signal,
      });
      this.#note('equipment.loaded', 'equipment loaded', {
        items: inventory?.units.length ?? 0,
        ageMs: inventory ? Date.now() - inventory.fetchedAtMs : null,
        source: inventory ? 'store' : 'none',
      });
      return inventory;
    } catch (error) {
      this.#abort.signal.throwIfAborted();
      // The call is answered all the same; the agent says so when asked for equipment.
      this.#log.warn({ event: 'store.failed', error }, 'equipment could not be read');
      this.#note('equipment.loaded', 'equipment loaded', { items: 0, ageMs: null, source: 'none' });
      return null;
    }
  }

  async #start(
    callId: string,
    caller: RemoteParticipant,
    inventory: Inventory | null,
  ): Promise<voice.AgentSession> {
    const { ctx, config, onStage } = this.#deps;
    this.#abort.signal.throwIfAborted();
    onStage('starting', callId);
    const startedMs = performance.now();
    const session = createSession(config, {
      keyterms: keytermsOf(inventory?.units.map((unit) => unit.name) ?? []),
    });
    this.#session = session;
    this.#watchSession(session);
    await withDeadline(
      async (signal) => {
        await session.start({
          agent: this.#receptionist(inventory),
          room: ctx.room,
          // Recording would go to LiveKit Cloud, and the caller has no screen to read text on.
          record: false,
          inputOptions: {
            participantIdentity: caller.identity,
            closeOnDisconnect: false,
            textEnabled: false,
          },
          outputOptions: { transcriptionEnabled: false },
        });
        this.#note('session.started', 'session started', {
          durationMs: Math.round(performance.now() - startedMs),
        });
        await waitForAnswer(ctx.room, caller.identity, signal);
      },
      { ms: config.timeouts.sessionStartMs, label: 'session start', signal: this.#abort.signal },
    );
    return session;
  }

  #receptionist(inventory: Inventory | null): Receptionist {
    const { config } = this.#deps;
    return new Receptionist({
      instructions: instructionsFor({
        yard: inventory?.yard ?? null,
        todayIso: todayIn(inventory?.yard.timeZone ?? defaultTimeZone, clock),
      }),
      tools: createTools({
        inventory: () => inventory,
        clock,
        inventoryMaxAgeMs: config.timeouts.inventoryMaxAgeMs,
        toolMs: config.timeouts.toolMs,
        signal: this.#abort.signal,
        onToolUsed: (tool, use) => this.#toolUsed(tool, use),
        endCall: () => void this.sayGoodbye(),
      }),
    });
  }

  async #greet(
    session: voice.AgentSession,
    callId: string,
    inventory: Inventory | null,
  ): Promise<void> {
    const { store, onStage } = this.#deps;
    this.#abort.signal.throwIfAborted();
    const answeredAtMs = Date.now();
    store.recordAnswer(answeredAtMs);
    const text = this.#resumed ? WELCOME_BACK : greetingFor(inventory?.yard ?? null);
    const audio = await this.#readyAudio(text);
    this.#abort.signal.throwIfAborted();
    this.#answeredAtMs = answeredAtMs;
    this.#enter({ name: 'live', callId, answeredAtMs });
    session.say(text, audio ? { audio: phraseFrames(audio) } : {});
    onStage('live', callId);
    this.#note('call.answered', 'call answered', {
      ringMs: answeredAtMs - this.#startedAtMs,
      greeting: audio ? 'ready' : 'synthesised',
    });
  }

  async #readyAudio(text: string): Promise<PhraseAudio | undefined> {
    try {
      return await this.#deps.store.phrase(text);
    } catch (error) {
      this.#log.warn({ event: 'store.failed', error }, 'phrase could not be read');
      return undefined;
    }
  }

  #watchSession(session: voice.AgentSession): void {
    const { AgentStateChanged, Close, Error: Failed } = voice.AgentSessionEventTypes;
    this.#figures.watch(session, (latencyMs) =>
      this.#log.debug({ event: 'turn.completed', latencyMs }, 'turn completed'),
    );
    session.on(AgentStateChanged, ({ newState, createdAt }) => {
      if (newState === 'speaking') this.#firstWordAtMs ??= createdAt;
    });
    session.on(Failed, ({ error }) => {
      if (this.#closing) return;
      this.#figures.providerFailed();
      this.#fault('provider.failed', error, 'provider failed');
    });
    session.on(Close, () => {
      if (!this.#closing) this.close(termination('provider-failure'));
    });
  }

  #toolUsed(tool: string, use: { durationMs: number; ok: boolean; error?: unknown }): void {
    this.#figures.toolUsed(tool);
    this.#toolLines += 1;
    const level = !use.ok ? 'warn' : this.#toolLines > toolLinesAtInfo ? 'debug' : 'info';
    this.#log[level]({ event: 'tool.used', tool, ...use }, 'tool used');
    this.#deps.store.recordEvent('tool.used', { tool, durationMs: use.durationMs, ok: use.ok });
  }

  #callerGone(departure: Departure): void {
    if (departure === 'replaced') return this.#leave('yielded');
    this.close(termination(this.#reasonFor(departure)), { callerGone: true });
  }

  #reasonFor(departure: Exclude<Departure, 'replaced'>): TerminationReason {
    if (departure !== 'hung-up') return departure;
    if (this.#answeredAtMs === null) return 'cancelled-while-ringing';
    const lastPacketAtMs = this.#packets?.count.lastPacketAtMs ?? this.#answeredAtMs;
    return Date.now() - lastPacketAtMs >= silentLegMs ? 'media-lost' : 'caller-hangup';
  }

  /** What stands in the way of answering is this job's end, not yet the call's: a fresh job may do. */
  #startFailed(error: unknown): void {
    if (this.#closing) return;
    if (error instanceof YieldedError) return this.#leave('yielded');
    const reason = reasonOfFailure(error);
    this.#log.error({ event: 'job.failed', reason, error }, 'job could not take the call');
    this.#leave('failed');
  }

  /** Leaves without ending the call: another job has it, or will have it. */
  #leave(outcome: 'yielded' | 'failed'): void {
    if (this.#closing) return;
    this.#closing = true;
    if (outcome === 'yielded') this.#log.info({ event: 'job.yielded' }, 'job left the call');
    this.#abort.abort(new Error('This job leaves the call'));
    this.#stopWatching();
    this.#packets?.stop();
    void this.#settle({ outcome, callerGone: true });
  }

  /** The one way out of a call: runs once, whoever asks first. */
  close(ending: Termination, { callerGone = false }: { callerGone?: boolean } = {}): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#enter({ name: 'closing', termination: ending });
    this.#deps.onStage('closing', this.#callId ?? null);
    this.#abort.abort(new Error(`The call ended: ${ending.reason}`));
    this.#stopWatching();
    this.#packets?.stop();
    const endedBy = ending.reason === 'agent-goodbye' ? 'agent' : callerGone ? 'caller' : null;
    this.#note('call.ended', 'call ended', { ...ending, endedBy });
    void this.#writeAndSettle(ending, endedBy, callerGone);
  }

  async #writeAndSettle(
    ending: Termination,
    endedBy: 'agent' | 'caller' | null,
    callerGone: boolean,
  ): Promise<void> {
    const endedAtMs = Date.now();
    const summary = {
      durationMs: endedAtMs - this.#startedAtMs,
      talkMs: this.#answeredAtMs === null ? null : endedAtMs - this.#answeredAtMs,
      answerToFirstWordMs:
        this.#answeredAtMs === null || this.#firstWordAtMs === null
          ? null
          : this.#firstWordAtMs - this.#answeredAtMs,
      ...this.#figures.figures,
      packetsIn: this.#packets?.count.packets ?? 0,
      lastPacketInAtMs: this.#packets?.count.lastPacketAtMs ?? null,
    };
    // The record first: whatever hangs after it, the call is written down.
    await this.#deps.store.recordClose({
      ...ending,
      endedBy,
      endedAtMs,
      turns: summary.turns,
      summary,
    });
    if (!callerGone) await this.#deps.ctx.deleteRoom();
    this.#enter({ name: 'closed', termination: ending });
    this.#log.info({ event: 'call.closed', ...ending, endedBy, ...summary }, 'call closed');
    await this.#settle({ outcome: 'ended', callerGone });
  }

  async #settle(ending: CallEnding): Promise<void> {
    await this.#deps.store.end(this.#lease);
    this.#ended.resolve(ending);
  }

  #enter(next: CallState): void {
    assertTransition(this.#state, next);
    this.#log.debug({ event: 'call.state', from: this.#state.name, to: next.name }, 'call moved on');
    this.#state = next;
  }

  /** One event of the call: a line in the log and an entry in its stored timeline. */
  #note(event: LogEvent, message: string, fields: Record<string, unknown>): void {
    this.#log.info({ event, ...fields }, message);
    this.#deps.store.recordEvent(event, fields);
  }

  #fault(event: LogEvent, error: unknown, message: string): void {
    this.#log.warn({ event, error }, message);
  }
}

function reasonOfFailure(error: unknown): TerminationReason {
  if (!(error instanceof DeadlineError)) return 'start-failed';
  return error.label === 'connect' ? 'connect-timeout' : 'session-start-timeout';
}

/** The guardian names the job that it gave up on: its lease may be taken over. */
function supersededBy(metadata: string): string | undefined {
  try {
    const { supersedes } = JSON.parse(metadata) as { supersedes?: unknown };
    return typeof supersedes === 'string' ? supersedes : undefined;
  } catch {
    return undefined;
  }
}
