import { RoomEvent, ParticipantKind, Room } from '@livekit/rtc-node';
import type { RemoteParticipant } from '@livekit/rtc-node';
import { AccessToken } from 'livekit-server-sdk';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import timers from 'node:timers/promises';
import { dialableNumber, regionOf } from '../../tools/yard/phone.ts';
import type { Yard } from '../../tools/yard/equipment.ts';
import type { Config } from '../config/config.ts';
import { sharedTimes } from '../config/timeouts.ts';
import { withDeadline } from '../infra/deadline.ts';
import { maskPhones } from '../infra/log.ts';
import type { Fields } from '../infra/log.ts';
import {
  dropCallState,
  readCallState,
  recordCallAnswered,
  recordCallClose,
  recordCallEvent,
  recordCallStart,
  saveCallState,
} from '../infra/store/calls.ts';
import type { Store, StoreQueries } from '../infra/store/database.ts';
import { HeldLease } from '../infra/store/held-lease.ts';
import { callLeaseName } from '../infra/store/leases.ts';
import { agentIdentity, isAttendant } from '../ipc/messages.ts';
import type { AttendanceEnd, AttendedCall as Attending } from '../ipc/messages.ts';
import { attendedFolder, newSavedCall, savedCallFrom } from '../ipc/saved-call.ts';
import type { SavedCall, SavedItem } from '../ipc/saved-call.ts';
import { endedBy, termination } from '../ipc/termination.ts';
import type { TerminationReason } from '../ipc/termination.ts';
import { watchCaller } from '../livekit/departure.ts';
import type { Departure } from '../livekit/departure.ts';
import { watchDtmf } from '../livekit/dtmf.ts';
import { goTopic, listenFor, readyTopic, send } from '../livekit/hand-over-signals.ts';
import { endRoom } from '../livekit/room-service.ts';
import { sipCaller } from '../livekit/sip-attributes.ts';
import {
  LINES_BUSY,
  LINES_BUSY_CALL_AGAIN,
  LINES_BUSY_NEEDS_NUMBER,
  NUMBER_NOTED_GOODBYE,
  NUMBER_NOT_WHOLE,
  ONE_MOMENT,
} from '../speech/prompts/prompts.ts';
import type { Greeting } from '../speech/instructions.ts';
import type { PhraseAudio } from '../speech/prompts/phrase.ts';
import { addToTranscript } from '../infra/store/transcripts.ts';
import { takeMessage } from '../../tools/journal/journal.ts';
import { watchedLog } from '../telemetry/events.ts';
import type { Log } from '../telemetry/events.ts';
import { CallerEar } from './caller-ear.ts';
import type { InTurn } from './in-turn.ts';
import { Mouth } from '../speech/mouth.ts';
import { gaveUpWaiting, nextStep } from './next-step.ts';
import type { Attendance } from './next-step.ts';

/** An attendant that dies is followed by another agent within seconds. */
const leaseMs = 10_000;
const renewMs = 3_000;
const storeMs = 1_000;
/** LiveKit may list the attendant before the caller. */
const callerWaitMs = 1_000;
const tickMs = 50;
/** This process stood still for so long, with all its timers, that another agent may have the call. */
const lateMs = 1_000;
/** Audio that the gateway's jitter buffer still holds when our own queue is empty. */
const inFlightMs = 500;
/** A caller without a number has this long to key one in, from the question or from the last key on. */
const keysMs = 15_000;
/** Half a number is asked for once more. */
const mostNumbersTried = 3;
/** The caller's words are of use to the job that comes, and to nobody else. */
const audioFileMs = 60_000;

/** All that an attendant has at hand for any call. */
export type AttendedCallDeps = {
  readonly config: Config;
  readonly store: Store;
  readonly log: Log;
  readonly room: string;
  /** Of this attendant in this call. */
  readonly holder: string;
  /** Whose lease may be taken: a dead attendant's. */
  readonly supersedes: string | null;
  readonly patienceMs: number;
  readonly isFlood: boolean;
  readonly yard: Yard | null;
  readonly greeting: Greeting & { readonly audio: PhraseAudio };
  readonly phrase: (text: string) => Promise<PhraseAudio | undefined>;
  readonly onAttending: (call: Attending) => void;
  /** Joins are slow together: a few at a time. */
  readonly joinInTurn: InTurn;
  /** The caller begins to say something, each time. */
  readonly onSpoke: () => void;
};

/** The caller's end of the call. `isOwed`: they left unserved, through us, and are called back. */
type Leg = { readonly isCallerGone: boolean; readonly isOwed?: boolean };

type Caller = {
  readonly identity: string;
  readonly callId: string;
  readonly number: string | null;
  readonly yardNumber: string | null;
  readonly isTest: boolean;
};

/**
 * One call until its job is there: answered and greeted at once, from what lies ready in the store,
 * and given to the job between two words, as one job gives a call to the next. A caller for whom no
 * job comes in time is told so, and is called back.
 */
export class AttendedCall {
  readonly #deps: AttendedCallDeps;
  readonly #room = new Room();
  readonly #mouth: Mouth;
  readonly #over = new AbortController();
  #startedAtMs = Date.now();
  #log: Log;
  #lease: HeldLease | undefined;
  #caller: Caller | undefined;
  #ear: CallerEar | undefined;
  #end: AttendanceEnd = 'failed';
  #answeredAtMs: number | null = null;
  #firstWordAtMs: number | null = null;
  #patienceMs: number;
  readonly #said: SavedItem[] = [];
  /** The job that is ready to take the call. */
  #job: { readonly id: string; readonly sinceMs: number; saidAtMs: number } | null = null;
  #jobExpectedUntilMs = 0;
  #isFlood: boolean;
  #isParting = false;
  #isResumed = false;
  #keyed: ((digits: string) => void) | undefined;
  #renewedMs = 0;
  #closing: Promise<void> | undefined;
  #writes: Promise<void> = Promise.resolve();

  constructor(deps: AttendedCallDeps) {
    this.#deps = deps;
    this.#patienceMs = deps.patienceMs;
    this.#isFlood = deps.isFlood;
    this.#log = deps.log.child({ room: deps.room });
    this.#mouth = new Mouth(this.#room, deps.greeting.audio.sampleRateHz);
  }

  /** Attends the call; resolves when this attendant is done with it. Never rejects. */
  async run(): Promise<AttendanceEnd> {
    const stops: (() => void)[] = [];
    try {
      const caller = await this.#deps.joinInTurn(() => this.#join());
      if (caller && (await this.#claim(caller))) {
        stops.push(...this.#watch(caller));
        await this.#attend();
      } else {
        this.#end = 'declined';
      }
    } catch (error) {
      if (!this.#over.signal.aborted) {
        const callId = this.#caller?.callId ?? null;
        this.#log.emit('attendant.failed', { room: this.#deps.room, callId, why: 'error', error });
      }
    }
    for (const stop of stops) stop();
    await this.#leave();
    return this.#end;
  }

  /** A job is on its way: nobody is told meanwhile that none is free. */
  expectJob(): void {
    this.#jobExpectedUntilMs = performance.now() + this.#deps.config.timeouts.connectMs;
  }

  /** Its caller has more calls than their share, as was seen after it was answered. */
  isOfFlood(): void {
    this.#isFlood = true;
  }

  /** No job will come: the caller is told now. */
  giveUp(): void {
    this.#patienceMs = 0;
  }

  async #join(): Promise<Caller | null> {
    const { config, room, holder } = this.#deps;
    const { url, apiKey, apiSecret } = config.livekit;
    const token = new AccessToken(apiKey, apiSecret, { identity: agentIdentity(holder) });
    token.kind = 'agent';
    token.addGrant({ roomJoin: true, room, canPublish: true, canSubscribe: true, agent: true });
    const jwt = await token.toJwt();
    await withDeadline(
      () => this.#room.connect(url, jwt, { autoSubscribe: false, dynacast: false }),
      { ms: config.timeouts.connectMs, label: 'connect' },
    );
    const participant = await findCaller(this.#room);
    if (!participant) return null;
    const { callId, phoneNumber, trunkPhoneNumber, test } = sipCaller(
      participant.attributes,
      config.canary?.phone?.from,
    );
    if (callId === null) return null;
    const { identity } = participant;
    const isTest = test !== null;
    return { identity, callId, number: phoneNumber, yardNumber: trunkPhoneNumber, isTest };
  }

  /** Takes the call, unless another agent has it. */
  async #claim(caller: Caller): Promise<boolean> {
    const { holder, room, onAttending } = this.#deps;
    const { callId } = caller;
    this.#lease = new HeldLease({ name: callLeaseName(callId), holder, ttlMs: leaseMs });
    this.#caller = caller;
    if (!(await this.#isFree())) return false;
    this.#renewedMs = performance.now();
    await this.#goOn(callId);
    this.#log = watchedLog(this.#log.child({ callId }), ({ event, fields, isKept }) => {
      const { error: _error, ...data }: Fields = { ...fields };
      const entry = { callId, atMs: Date.now(), event, data };
      if (isKept) this.#write((tx) => recordCallEvent(tx, entry));
    });
    onAttending({ room, callId, holder });
    const { number, yardNumber, isTest } = caller;
    const row = { callId, room, callerNumber: number, startedAtMs: this.#startedAtMs, isTest };
    this.#write(async (tx) =>
      recordCallStart(tx, { ...row, jobId: holder, epoch: await this.#epochIn(tx) }),
    );
    if (!this.#isResumed) {
      const numbers = {
        callerNumber: number && maskPhones(number),
        yardNumber: yardNumber && maskPhones(yardNumber),
      };
      this.#log.emit('call.incoming', numbers, 'first');
    }
    return true;
  }

  /**
   * A store that cannot be asked is no reason to let the caller ring: whoever else is there for them
   * is in the room.
   */
  async #isFree(): Promise<boolean> {
    const { store, room, supersedes } = this.#deps;
    try {
      const claim = async () => (await this.#epochIn(store)) > 0;
      return await withDeadline(claim, { ms: storeMs, label: 'claim' });
    } catch (error) {
      this.#log.emit('store.failed', { room, error }, 'whose-call');
      return this.#agents.every(({ identity }) => identity === agentIdentity(supersedes ?? ''));
    }
  }

  /** The claim's epoch, for a write in `tx`; one that could not be made before is made with it. */
  async #epochIn(tx: StoreQueries): Promise<number> {
    const lease = this.#lease;
    if (!lease) return 0;
    if (lease.epoch === 0) await lease.claim(tx, this.#deps.supersedes ?? undefined);
    return lease.epoch;
  }

  /** Goes on from where an attendant that died has left the call. */
  async #goOn(callId: string): Promise<void> {
    const { supersedes } = this.#deps;
    if (supersedes === null) return;
    this.#isResumed = true;
    const json = await this.#readState(callId);
    const saved = json === undefined ? undefined : savedCallFrom(json);
    if (!saved) return;
    this.#startedAtMs = saved.startedAtMs;
    this.#answeredAtMs = saved.answeredAtMs;
    this.#firstWordAtMs = saved.figures.firstAgentSpeechAtMs;
    this.#said.push(...saved.talk.items);
  }

  async #readState(callId: string): Promise<string | undefined> {
    try {
      const read = () => readCallState(this.#deps.store, callId);
      return await withDeadline(read, { ms: storeMs, label: 'state of the call' });
    } catch (error) {
      this.#log.emit('store.failed', { room: this.#deps.room, error }, 'whose-call');
      return undefined;
    }
  }

  #watch({ identity }: Caller): (() => void)[] {
    const room = this.#room;
    const ear = new CallerEar(room, identity, this.#deps.onSpoke);
    this.#ear = ear;
    const keypad = watchDtmf(room, {
      identity,
      onPerson: () => {},
      onAnswer: () => {},
      onDigits: (digits) => this.#keyed?.(digits),
    });
    return [
      () => ear.stop(),
      keypad.stop,
      listenFor(room, readyTopic, (from) => this.#jobIsReady(from)),
      watchCaller(room, identity, {
        onAnswered: () => (this.#answeredAtMs ??= Date.now()),
        onGone: (departure) => this.#callerGone(departure),
      }),
    ];
  }

  #jobIsReady(identity: string): void {
    const id = identity.replace(/^agent-/, '');
    const nowMs = performance.now();
    if (this.#job?.id === id) this.#job.saidAtMs = nowMs;
    else if (
      this.#job === null ||
      !this.#room.remoteParticipants.has(agentIdentity(this.#job.id))
    ) {
      this.#job = { id, sinceMs: nowMs, saidAtMs: nowMs };
    }
  }

  async #attend(): Promise<void> {
    const { signal } = this.#over;
    await this.#mouth.publish('attendant');
    const { config } = this.#deps;
    const wasAnswered = this.#answeredAtMs !== null;
    const untilMs = performance.now() + config.timeouts.sessionStartMs;
    while (this.#answeredAtMs === null) {
      if (performance.now() > untilMs) throw new Error('The gateway did not answer the caller');
      await timers.setTimeout(tickMs / 5, undefined, { signal });
    }
    if (!wasAnswered) this.#answered(this.#answeredAtMs);
    if (this.#said.length === 0) void this.#greet();
    let lastMs = performance.now();
    while (!signal.aborted) {
      await timers.setTimeout(tickMs, undefined, { signal });
      const nowMs = performance.now();
      if (!(await this.#isOurs(nowMs - lastMs > lateMs + tickMs))) return this.#lost();
      lastMs = performance.now();
      if (await this.#step(lastMs)) return;
    }
  }

  /** The call as it stands. */
  #look(nowMs: number): Attendance {
    const ear = this.#ear;
    const toClock = (atMs: number | null | undefined) =>
      atMs === null || atMs === undefined ? null : nowMs - (Date.now() - atMs);
    return {
      nowMs,
      answeredAtMs: toClock(this.#answeredAtMs) ?? nowMs,
      patienceMs: this.#patienceMs,
      isSpeaking: this.#mouth.isSpeaking,
      spokeAtMs: this.#mouth.spokeAtMs,
      callerIsSpeaking: ear?.isSpeaking ?? false,
      callerBeganMs: toClock(ear?.beganAtMs),
      callerHeardMs: toClock(ear?.heardAtMs),
      jobListensSinceMs: this.#job?.sinceMs ?? null,
      jobSaidReadyMs: this.#job?.saidAtMs ?? null,
      jobIsComing: nowMs < this.#jobExpectedUntilMs || this.#isJobInRoom,
    };
  }

  get #isJobInRoom(): boolean {
    return this.#agents.some(({ identity }) => !isAttendant(identity.replace(/^agent-/, '')));
  }

  /** The other agents in the room. */
  get #agents(): readonly RemoteParticipant[] {
    return [...this.#room.remoteParticipants.values()].filter(
      ({ info }) => info.kind === ParticipantKind.AGENT,
    );
  }

  /** One step on; true when this attendant is done with the call. */
  async #step(nowMs: number): Promise<boolean> {
    const step = nextStep(this.#look(nowMs));
    if (step === 'hush') this.#mouth.cut();
    if (step === 'one-moment') void this.#sayPrompt(ONE_MOMENT);
    if (step === 'give') await this.#give();
    if (step === 'part') await this.#part();
    return step === 'give' || step === 'part';
  }

  #answered(answeredAtMs: number): void {
    const callId = this.#caller?.callId ?? '';
    this.#write(async (tx) =>
      recordCallAnswered(tx, { callId, answeredAtMs, epoch: await this.#epochIn(tx) }),
    );
    this.#save();
    const ringMs = answeredAtMs - this.#startedAtMs;
    this.#log.emit('call.answered', { ringMs, by: 'attendant', greeting: 'ready' });
  }

  async #greet(): Promise<void> {
    const { text, audio, notices } = this.#deps.greeting;
    const isWhole = await this.#say(text, audio);
    if (notices.length === 0 || this.#over.signal.aborted) return;
    this.#log.emit('call.notices', { notices: [...notices], isWhole });
  }

  /** Resolves with whether all of it was heard. */
  async #say(text: string, audio: PhraseAudio): Promise<boolean> {
    const atMs = Date.now();
    this.#firstWordAtMs ??= atMs;
    let share = 0;
    try {
      share = await this.#mouth.say(text, audio);
    } catch (error) {
      // The room is gone, and the call with it.
      const { signal } = this.#over;
      if (!signal.aborted)
        this.#log.emit('provider.failed', { error, sense: 'speaking' }, 'failed');
    }
    const words = share >= 1 ? text : heardOf(text, share);
    // What was heard of too little is said anew, by the job.
    if (words === '') return false;
    this.#said.push({ kind: 'spoken', by: 'agent', words, interrupted: share < 1 });
    const line = { atMs, untilMs: Date.now(), text: words, isInterrupted: share < 1 };
    const callId = this.#caller?.callId ?? '';
    this.#write((tx) => addToTranscript(tx, callId, [{ kind: 'line', who: 'agent', ...line }]));
    if (!this.#over.signal.aborted && this.#end !== 'handed-over') this.#save();
    return share >= 1;
  }

  /** Keeps where the call stands, for the next agent if this one dies. */
  #save(): void {
    const callId = this.#caller?.callId ?? '';
    const json = JSON.stringify(this.#saved(null));
    this.#write(async (tx) => saveCallState(tx, { callId, epoch: await this.#epochIn(tx), json }));
  }

  /** Says a phrase that lies ready, to its end; one that does not is left out. */
  async #sayPrompt(text: string): Promise<void> {
    const audio = await this.#deps.phrase(text);
    if (audio) await this.#say(text, audio);
  }

  /** Gives the call to the job that is ready, and falls silent. */
  async #give(): Promise<void> {
    const { store } = this.#deps;
    const { signal } = this.#over;
    const [job, lease, callId] = [this.#job, this.#lease, this.#caller?.callId ?? ''];
    if (!job || !lease) return;
    const [callerSpoke, answeredAtMs] = [this.#ear?.spokeAtMs != null, this.#answeredAtMs];
    this.#end = 'handed-over';
    try {
      const json = JSON.stringify(this.#saved(await this.#keepAudio(job.sinceMs)));
      const write = () =>
        store.transaction(async (tx) => {
          await saveCallState(tx, { callId, epoch: await this.#epochIn(tx), json });
          return lease.handTo(tx, job.id);
        });
      const isGiven = await withDeadline(write, {
        ms: sharedTimes.leaseTransferMs,
        label: 'hand-over',
        signal,
      });
      if (isGiven) {
        const afterMs = Date.now() - (answeredAtMs ?? Date.now());
        this.#log.emit('attendant.handed-over', { afterMs, callerSpoke });
      }
    } catch (error) {
      // The job sees that this attendant is gone, and takes the call.
      if (!signal.aborted) this.#log.emit('store.failed', { error }, 'renewal');
    }
    await send(this.#room, goTopic, job.id);
  }

  /** The caller's words from before the job listened, in a file for its recogniser. */
  async #keepAudio(listensSinceMs: number): Promise<SavedCall['attended']> {
    const ear = this.#ear;
    const spokeAtMs = ear?.spokeAtMs ?? null;
    const sinceMs = Date.now() - (performance.now() - listensSinceMs);
    const kept = { callerSpoke: spokeAtMs !== null, audioFile: null, untilMs: Math.round(sinceMs) };
    if (!ear || spokeAtMs === null || spokeAtMs > sinceMs) return kept;
    const folder = attendedFolder(this.#deps.config.store.dataDir);
    const name = `${this.#deps.holder}.pcm`;
    const file = join(folder, name);
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(file, ear.audio, { mode: 0o600 });
    } catch {
      return kept;
    }
    setTimeout(() => void rm(file, { force: true }), audioFileMs).unref();
    return { callerSpoke: true, audioFile: name, untilMs: Date.now() };
  }

  /** Tells the caller that nobody is free, notes the call-back, and ends the call. */
  async #part(): Promise<void> {
    this.#isParting = true;
    this.#end = 'ended';
    const number = this.#caller?.number ?? (await this.#askForNumber());
    const wasAsked = this.#caller?.number === null;
    if (number !== null && (await this.#noteCallBack(number))) {
      await this.#sayPrompt(wasAsked ? NUMBER_NOTED_GOODBYE : LINES_BUSY);
    } else {
      await this.#sayPrompt(LINES_BUSY_CALL_AGAIN);
    }
    await timers.setTimeout(inFlightMs);
    if (!this.#over.signal.aborted) this.#close('overflow', { isCallerGone: false });
  }

  /** The number that the caller keys in; null when they do not. */
  async #askForNumber(): Promise<string | null> {
    const region = regionOf(this.#deps.yard ?? undefined);
    await this.#sayPrompt(LINES_BUSY_NEEDS_NUMBER);
    for (let tried = 0; tried < mostNumbersTried; tried += 1) {
      const digits = await this.#nextDigits();
      if (digits === null) return null;
      const number = dialableNumber(digits, region);
      if (number !== null) return number;
      await this.#sayPrompt(NUMBER_NOT_WHOLE);
    }
    return null;
  }

  async #nextDigits(): Promise<string | null> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#keyed = resolve;
    try {
      return await withDeadline(() => promise, {
        ms: keysMs,
        label: 'number',
        signal: this.#over.signal,
      });
    } catch {
      return null;
    } finally {
      this.#keyed = undefined;
    }
  }

  async #noteCallBack(phone: string): Promise<boolean> {
    const { store } = this.#deps;
    const callId = this.#caller?.callId ?? '';
    const text = 'Please call back: all lines were busy.';
    const message = { customer: null, phone, text, kind: 'call-back' } as const;
    const clock = { nowMs: () => Date.now() };
    try {
      await withDeadline(() => takeMessage(store, { callId, message, clock }), {
        ms: sharedTimes.leaseTransferMs,
        label: 'call-back',
      });
    } catch (error) {
      this.#log.emit('store.failed', { error }, 'call-back');
      return false;
    }
    this.#log.emit('call-back.noted', { reason: 'overflow' });
    return true;
  }

  /** The caller's leaving is the call's end; the loss of our own connection is not. */
  #callerGone(departure: Departure): void {
    const isOwed = departure === 'hung-up' && this.#keptThemWaiting;
    this.#over.abort(new Error(`The call is over for this attendant: ${departure}`));
    this.#mouth.cut();
    if (departure === 'replaced') this.#end = 'declined';
    if (departure === 'replaced' || departure === 'cut-off') return;
    // A job that was given the call writes its end.
    if (this.#end === 'handed-over') return;
    this.#end = 'ended';
    const isCallerGone = departure !== 'link-lost';
    this.#close(this.#reasonFor(departure, isOwed), { isCallerGone, isOwed });
  }

  /** Whoever hangs up now has waited for us in vain, and was not told that they are called back. */
  get #keptThemWaiting(): boolean {
    if (this.#isParting || this.#isFlood) return false;
    return this.#answeredAtMs === null
      ? this.#isLate
      : gaveUpWaiting(this.#look(performance.now()));
  }

  /** The gateway should have answered at our track by now. */
  get #isLate(): boolean {
    return Date.now() - this.#startedAtMs > this.#deps.config.timeouts.connectMs;
  }

  #reasonFor(
    departure: 'hung-up' | 'room-closed' | 'link-lost',
    isOwed: boolean,
  ): TerminationReason {
    if (this.#isParting) return 'overflow';
    if (departure !== 'hung-up') return departure;
    if (this.#answeredAtMs !== null) return isOwed ? 'overflow' : 'caller-hangup';
    return this.#isLate ? 'start-failed' : 'cancelled-while-ringing';
  }

  /** Writes down the call's end, once, and hangs up on a caller who is still there. */
  #close(reason: TerminationReason, leg: Leg): void {
    this.#closing ??= this.#closeOnce(reason, leg);
  }

  async #closeOnce(
    reason: TerminationReason,
    { isCallerGone, isOwed = false }: Leg,
  ): Promise<void> {
    const { config, room } = this.#deps;
    const number = this.#caller?.number ?? null;
    if (isOwed && number !== null) await this.#noteCallBack(number);
    const callId = this.#caller?.callId ?? '';
    const isOwnDoing = reason === 'overflow' && this.#isFlood;
    const ended = isOwnDoing ? termination(reason, 'caller') : termination(reason);
    const ending = { ...ended, endedBy: isOwed ? ('caller' as const) : endedBy(reason) };
    this.#log.emit('call.ended', { ...ending, cause: null }, 'served');
    const endedAtMs = Date.now();
    const answeredAtMs = this.#answeredAtMs;
    const sinceAnswer = (atMs: number | null) =>
      answeredAtMs === null || atMs === null ? null : atMs - answeredAtMs;
    const summary = {
      endedAtMs,
      durationMs: endedAtMs - this.#startedAtMs,
      talkMs: sinceAnswer(endedAtMs),
      answerToFirstWordMs: sinceAnswer(this.#firstWordAtMs),
      turns: 0,
      lastCallerSpeechAtMs: this.#ear?.heardAtMs ?? null,
      by: 'attendant',
    };
    this.#write(async (tx) => {
      const epoch = await this.#epochIn(tx);
      await recordCallClose(tx, { callId, ...ending, endedAtMs, turns: 0, summary, epoch });
      await dropCallState(tx, callId, { epoch });
    });
    await this.#writes;
    try {
      if (!isCallerGone) await endRoom(config, room);
    } catch (error) {
      this.#log.emit('attendant.failed', { room, callId, why: 'hang-up', error });
    }
    this.#log.emit('call.closed', { ...ending, ...summary }, 'served');
  }

  /** Another agent has the call: it was taken while this process stood still, or believed dead. */
  #lost(): void {
    this.#end = 'declined';
    this.#mouth.cut();
  }

  async #leave(): Promise<void> {
    await this.#closing;
    this.#over.abort();
    const lease = this.#lease;
    // One that was given is not ours to free.
    if (lease && this.#end !== 'handed-over') this.#write((tx) => lease.release(tx));
    await this.#writes;
    await this.#mouth.close().catch(() => {});
    await withDeadline(() => this.#room.disconnect(), { ms: storeMs, label: 'disconnect' }).catch(
      () => {},
    );
  }

  /** Renews the claim in its time, and at once when there is doubt. A store that is away says yes. */
  async #isOurs(isInDoubt: boolean): Promise<boolean> {
    const nowMs = performance.now();
    const { store } = this.#deps;
    const lease = this.#lease;
    if (!lease || (!isInDoubt && nowMs - this.#renewedMs < renewMs)) return true;
    this.#renewedMs = nowMs;
    try {
      const renew = async () =>
        lease.epoch > 0 ? lease.renew(store) : (await this.#epochIn(store)) > 0;
      return await withDeadline(renew, { ms: storeMs, label: 'renewal' });
    } catch (error) {
      this.#log.emit('store.failed', { error }, 'renewal');
      return true;
    }
  }

  #saved(attended: SavedCall['attended'] | null): SavedCall {
    const heardAtMs = this.#ear?.heardAtMs ?? null;
    const call = newSavedCall(
      { startedAtMs: this.#startedAtMs, answeredAtMs: this.#answeredAtMs },
      {
        items: this.#said,
        firstAgentSpeechAtMs: this.#firstWordAtMs,
        lastCallerSpeechAtMs: heardAtMs,
      },
    );
    return {
      ...call,
      talk: { ...call.talk, callerHeardAtMs: heardAtMs },
      attended: attended ?? { callerSpoke: false, audioFile: null, untilMs: 0 },
    };
  }

  /** Writes in order, and waits for nothing while the caller is there. */
  #write(write: (tx: StoreQueries) => Promise<unknown>): void {
    const before = this.#writes;
    const writeNext = async () => {
      await before;
      try {
        await write(this.#deps.store);
      } catch (error) {
        this.#log.emit('store.failed', { error }, 'record');
      }
    };
    this.#writes = writeNext();
  }
}

async function findCaller(room: Room): Promise<RemoteParticipant | undefined> {
  const look = () =>
    [...room.remoteParticipants.values()].find(({ info }) => info.kind === ParticipantKind.SIP);
  const found = look();
  if (found) return found;
  const { promise: joined, resolve } = Promise.withResolvers<void>();
  const onJoined = () => {
    if (look()) resolve();
  };
  room.on(RoomEvent.ParticipantConnected, onJoined);
  try {
    await withDeadline(() => joined, { ms: callerWaitMs, label: 'caller' });
  } catch {
    return undefined;
  } finally {
    room.off(RoomEvent.ParticipantConnected, onJoined);
  }
  return look();
}

/** The words of a phrase that were heard when `share` of it was. */
function heardOf(text: string, share: number): string {
  const words = text.split(' ');
  return words.slice(0, Math.floor(words.length * share)).join(' ');
}
