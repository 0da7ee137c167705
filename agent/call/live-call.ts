import { voice } from '@livekit/agents';
import type { Yard } from '../../tools/yard/equipment.ts';
import { regionOf } from '../../tools/yard/phone.ts';
import { withDeadline } from '../infra/deadline.ts';
import type { ResumeKind } from '../ipc/messages.ts';
import { liveKitAnswers, liveKitLists } from '../livekit/room-service.ts';
import { callerSilentPrompts, SAY_AGAIN, setPhrases } from '../speech/prompts/prompts.ts';
import type { CallContext } from './call-context.ts';
import { CallControl } from './call-control.ts';
import { CallTimers } from './call-timers.ts';
import { isSpanish } from '../../tools/dialogue/urgency.ts';
import { onDuty } from '../../tools/yard/on-duty.ts';
import { emergencyWords } from '../speech/instructions.ts';
import { Apology } from './conversation/apology.ts';
import { Escalation } from './conversation/escalation.ts';
import type { EscalationKind } from './conversation/escalation.ts';
import type { Conversation } from './conversation/conversation.ts';
import { createConversation } from './conversation/create-conversation.ts';
import type { PromptCache } from './conversation/prompt-cache.ts';
import { RepromptPolicy } from './conversation/reprompt-policy.ts';
import { SessionWatchdog } from './conversation/session-watchdog.ts';
import { watchDtmf, wordsOfDigits } from '../livekit/dtmf.ts';
import type { Keypad } from '../livekit/dtmf.ts';
import type { Caller } from './leg/join-room.ts';
import { CallRecording } from './recording.ts';
import { MediaMonitor } from './media/media-monitor.ts';
import { Fencing } from './ownership/fencing.ts';
import { watchReconnects } from './ownership/reconnect-watchdog.ts';
import { firstWords, resumePlan } from './ownership/resume-plan.ts';
import type { CallLease } from './persistence/call-lease.ts';
import { takeAttendedAudio } from '../ipc/saved-call.ts';
import { trialBookings } from '../../tools/journal/trial-bookings.ts';
import type { SavedCall } from '../ipc/saved-call.ts';
import type { Preload } from './preload.ts';

/** Takes 5 ms. Past this the yard's numbers are those of before the call. */
const yardMs = 500;
/**
 * A `0` that is older when this job gets the call was dealt with by the job before: surrendering, in
 * which that one could not, takes 5 s at worst.
 */
const keptWishMs = 5_000;

const { AgentStateChanged, ConversationItemAdded } = voice.AgentSessionEventTypes;

type LiveCallDeps = {
  readonly caller: Caller;
  readonly lease: CallLease | undefined;
  readonly preload: Preload;
  /** Another job still has the call. */
  readonly standsBy: boolean;
};

/** A call while the caller is on the line: the talk, begun or resumed, and everything that watches it. */
export class LiveCall {
  readonly conversation: Conversation;
  readonly control: CallControl;
  readonly media: MediaMonitor;
  readonly apology: Apology;
  readonly #context: CallContext;
  readonly #deps: LiveCallDeps;
  readonly #prompts: PromptCache;
  readonly #escalation: Escalation;
  readonly #timers: CallTimers;
  readonly #reprompts: RepromptPolicy;
  readonly #watchdog: SessionWatchdog;
  #keypad: Keypad | undefined;
  #recording: CallRecording | undefined;
  /** The last `0` from before the call was live here. */
  #personWantedMs = -Infinity;
  #puttingThrough: Promise<void> | undefined;
  #stopReconnects = () => {};
  #lastCrash: SavedCall['lastCrash'];

  constructor(context: CallContext, deps: LiveCallDeps) {
    const { config, store, record, state, signal, room } = context;
    const { caller, lease, preload } = deps;
    const desk = caller.test === 'trial' ? trialBookings(context.desk) : context.desk;
    const { timeouts } = config;
    const say = (text: string) => this.#say(text);
    this.#context = context;
    this.#deps = deps;
    this.#prompts = preload.prompts;
    this.#timers = new CallTimers({
      livenessPauseMs: timeouts.livenessPauseMs,
      onPauseExpired: (reason) => record.log.emit('liveness.resumed', { reason }),
    });
    this.#followState();
    const { conversation, isDeaf } = createConversation({
      config,
      store,
      desk,
      caller,
      record,
      preload,
      signal,
      onChanged: () => this.#save(),
      onSentenceFailed: () => this.#reprompts.sentenceFailed(),
      endCall: () => void this.control.farewell('agent-goodbye'),
      transfer: (numbers, about) =>
        void this.control.transfer(numbers, about === undefined ? {} : { about }),
      onUrgent: (kind, words) => void this.#escalate(kind, words),
      onHeard: config.recordCalls ? (frame) => this.#recording?.heard(frame) : undefined,
    });
    this.conversation = conversation;
    this.control = new CallControl(context, {
      caller,
      lease,
      conversation,
      prompts: this.#prompts,
      saved: () => this.#saved,
    });
    this.apology = new Apology({
      callerNumber: caller.number,
      desk,
      record,
      hush: () => this.hush(),
      playMs: (text) => this.#prompts.playMs(text),
      farewell: (...last) => void this.control.farewell(...last),
    });
    this.#escalation = new Escalation({
      callerNumber: caller.number,
      desk,
      apology: this.apology,
      log: record.log,
      yard: () => this.#yard(),
      transfer: (numbers, words) => this.control.transfer(numbers, { words }),
      say: (text) => this.#say(text, text.includes('?')),
    });
    this.media = new MediaMonitor({
      room,
      callerIdentity: caller.identity,
      timeouts,
      timers: this.#timers,
      state,
      emit: (event, ...told) => record.log.emit(event, ...told),
      ask: () => say(callerSilentPrompts[0]),
      rejoin: () => this.control.rejoin(),
      isServerThere: () => liveKitAnswers(config),
      giveUp: () => this.apology.mediaLost(),
      giveUpMs: () => this.apology.mediaLostMs,
    });
    this.#reprompts = new RepromptPolicy({
      timers: this.#timers,
      say,
      giveUp: () => void this.apology.callBack('provider-failure'),
      isDeaf,
      isCallersTurn: () => conversation.session.agentState === 'listening',
      onUnintelligible: () => conversation.speaksNoEnglish(),
    });
    this.#watchdog = new SessionWatchdog({
      session: conversation.session,
      record,
      timers: this.#timers,
      timeouts,
      state,
      media: this.media,
      reprompts: this.#reprompts,
      onLegLost: () => void this.apology.mediaLost(),
      say,
      farewell: (...last) => void this.control.farewell(...last),
      onTurn: () => void this.control.checkClaim(),
      leave: context.leave,
    });
    if (!deps.standsBy) return;
    conversation.standBy();
    this.#watchKeys();
  }

  get greetingIsReady(): boolean {
    return this.#prompts.get(this.#deps.preload.greeting.text).audio !== undefined;
  }

  #greet(): void {
    const { text, notices } = this.#deps.preload.greeting;
    const handle = this.conversation.say(this.#prompts.get(text));
    if (notices.length === 0) return;
    handle.addDoneCallback(({ interrupted }) => {
      const { state, record } = this.#context;
      if (state.phase.name !== 'live') return;
      record.log.emit('call.notices', { notices: [...notices], isWhole: !interrupted });
    });
  }

  #record(): void {
    const { config, record, signal } = this.#context;
    if (!config.recordCalls) return;
    const { callId } = this.#deps.caller;
    const { dataDir } = config.store;
    this.#recording = new CallRecording({ dataDir, callId, log: record.log });
    this.#recording.start(this.conversation.session, signal);
  }

  /** Says the first words of a call. */
  begin(): void {
    this.#record();
    this.#greet();
    this.#begin(undefined);
    this.#save();
  }

  /** Goes on with a call that another job served. */
  async resume(kind: ResumeKind, kept: SavedCall | undefined): Promise<void> {
    const { record, state, signal } = this.#context;
    const { saved, isHopeless } = resumePlan(kind, kept);
    this.#lastCrash = saved?.lastCrash;
    const isAttended = saved?.attended !== undefined;
    const items = saved?.talk.items.length ?? null;
    record.resumed(kind, { items, isHopeless, isAttended });
    this.#record();
    if (isHopeless) return this.apology.apologise();
    const before = await this.#saidBefore(saved?.attended);
    const after = await this.conversation.goOn(saved?.talk, saved?.attended?.untilMs);
    const missed = [before, after].filter((words) => words !== null).join(' ') || null;
    if (signal.aborted || state.activity?.name === 'farewell') return;
    this.#reprompts.resumed();
    this.#begin(saved);
    this.#goOnTalking(kind, saved, missed);
    if (performance.now() - this.#personWantedMs < keptWishMs) void this.#personWanted();
    this.#save();
  }

  /** Ends a call that nobody can go on with, in one sentence. Who is put through needs nobody here. */
  async cutShort(): Promise<void> {
    if (await this.control.wasGiven()) return;
    if (this.#context.state.may('speak')) this.apology.cutShort();
  }

  /** Breaks off what is being said, for good, and answers nothing any more. */
  hush(): void {
    try {
      this.conversation.fallSilent();
    } catch {
      // The session does not run (any more).
    }
  }

  /** Stops all that ends the call or speaks, but for last words that are being said. */
  stop(): void {
    this.#timers.stop();
    this.media.stop();
    this.#reprompts.stop();
    this.control.stop();
    this.#stopReconnects();
    this.#keypad?.stop();
  }

  /** Stops or holds the timers as the table of the live call says. */
  #followState(): void {
    let release = () => {};
    this.#context.state.follow(({ name }, timers) => {
      release();
      release = timers === 'paused' ? this.#timers.pauseAll(name) : () => {};
      if (timers === 'stopped') this.stop();
    });
  }

  /** Starts everything that runs while the call is live, from where an earlier job has left it. */
  #begin(saved: SavedCall | undefined): void {
    const { record, signal } = this.#context;
    const { answeredAtMs } = record;
    this.#watchdog.start({ promptsSpoken: saved?.silencePrompts ?? 0, answeredAtMs });
    this.media.start(saved?.gap);
    this.#watchKeys();
    this.control.start();
    this.#fence();
    this.#watchReconnects();
    const own = emergencyWords(this.#deps.preload.inventory?.yard ?? null);
    void this.#prompts.load([...setPhrases, own], signal).catch(() => {
      // The call is over.
    });
  }

  #fence(): void {
    const { room, record, state, signal } = this.#context;
    new Fencing({
      room,
      log: record.log,
      check: () => this.control.checkClaim(),
      pause: () => this.conversation.pause(),
      // Last words that were broken off are not begun anew: the call ends with them.
      fallSilent: () =>
        state.activity?.name === 'farewell' ? () => {} : this.conversation.fallSilent(),
      signal,
    }).start();
  }

  #watchReconnects(): void {
    const { room, roomName, config, record, state, leave } = this.#context;
    const { identity } = this.#deps.caller;
    this.#stopReconnects = watchReconnects({
      room,
      callerIdentity: identity,
      log: record.log,
      state,
      isServerThere: () => liveKitAnswers(config),
      isCallerThere: () => liveKitLists(config, { room: roomName, identity }),
      // A fresh job is in the room within a second.
      onStuck: (outage) => {
        record.log.emit('job.failed', { reason: 'link-lost', ...outage }, 'away');
        leave('failed');
      },
    });
  }

  #say(text: string, allowInterruptions = true): void {
    if (!this.#context.state.may('speak')) return;
    this.conversation.say(this.#prompts.get(text), { allowInterruptions });
  }

  /** Puts the caller through who needs a person at once: by itself, as for the key `0`. */
  async #escalate(kind: EscalationKind, words: string): Promise<void> {
    const { state } = this.#context;
    this.#watchdog.heard();
    if ((await this.control.checkClaim()) === 'taken' || !state.may('speak')) return;
    this.#breakOff();
    await this.#escalation.escalate(kind, words, isSpanish(words));
  }

  #goOnTalking(kind: ResumeKind, saved: SavedCall | undefined, missed: string | null): void {
    const { sentences, owesAnswer } = firstWords(kind, saved);
    for (const text of sentences) {
      // A yes to a question of ours is no yes to what was asked before it: the model is to know.
      const isPartOfTalk = !owesAnswer && text.includes('?');
      this.conversation.say(this.#prompts.get(text), { isPartOfTalk });
    }
    if (missed !== null) this.conversation.callerMeant(missed);
    else if (owesAnswer) this.conversation.answer();
    else if (kind === 'handover') this.#goOnListening(saved);
  }

  /** The caller's words to an attendant, from before this job listened. */
  async #saidBefore(attended: SavedCall['attended']): Promise<string | null> {
    if (!attended?.audioFile) return null;
    const { config, record } = this.#context;
    try {
      const pcm = await takeAttendedAudio(config.store.dataDir, attended.audioFile);
      return pcm && (await this.conversation.wordsIn(pcm));
    } catch (error) {
      record.log.emit('provider.failed', { error, sense: 'hearing' }, 'failed');
      return null;
    }
  }

  #goOnListening(saved: SavedCall | undefined): void {
    const { talk, attended } = saved ?? {};
    // The greeting was broken off, or its attendant died before it could keep anything.
    if (!talk || talk.items.length === 0) {
      this.#greet();
    } else if (attended?.audioFile) {
      // A caller who spoke to an attendant is asked again for what no recogniser could make out.
      this.#say(SAY_AGAIN);
    } else if (this.conversation.wasCut(talk)) {
      // Of the caller's words the old job heard the beginning alone, and this one the end, if any.
      this.#reprompts.callerStopped();
    }
  }

  /** Keys count from the first moment: what is keyed in while the call changes hands is whole here. */
  #watchKeys(): void {
    if (this.#keypad) return;
    const { session } = this.conversation;
    const keypad = watchDtmf(this.#context.room, {
      identity: this.#deps.caller.identity,
      onPerson: () => void this.#personWanted(),
      onAnswer: (isYes) => {
        if (this.conversation.awaitsAnswer) this.#callerMeant(isYes ? 'Yes.' : 'No.');
      },
      onDigits: (digits) => void this.#keyedIn(digits),
    });
    this.#keypad = keypad;
    session.on(AgentStateChanged, ({ newState }) => {
      if (newState === 'speaking') keypad.answered();
    });
    session.on(ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message' || item.role !== 'assistant') return;
      if (!setPhrases.includes(item.textContent ?? '')) this.apology.talkWentOn();
    });
  }

  /** One wish at a time: a key that is pressed again while it is dealt with changes nothing. */
  async #personWanted(): Promise<void> {
    if (this.#context.state.activity === null) {
      this.#personWantedMs = performance.now();
      return;
    }
    this.#puttingThrough ??= this.#putThrough();
    await this.#puttingThrough;
    this.#puttingThrough = undefined;
  }

  /**
   * Puts the caller through who pressed `0`, or offers a call-back: by itself, since a model that
   * fails may be why they press it. The lease says which of two jobs does.
   */
  async #putThrough(): Promise<void> {
    const { state } = this.#context;
    this.#watchdog.heard();
    if ((await this.control.checkClaim()) === 'taken' || !state.may('transfer')) return;
    const yard = await this.#yard();
    const numbers = yard ? onDuty(yard.transferTo, yard.timeZone, Date.now()) : [];
    if (!state.may('transfer')) return;
    this.#breakOff();
    if (numbers.length > 0) this.control.transfer(numbers);
    else this.#say(await this.apology.offerCallBack());
  }

  /** The yard as the sheet has it now, or as it was before the call. */
  async #yard(): Promise<Yard | undefined> {
    const { store, signal } = this.#context;
    const before = this.#deps.preload.inventory?.yard;
    try {
      const options = { ms: yardMs, label: 'yard', signal };
      return (await withDeadline(() => store.inventory(), options))?.yard ?? before;
    } catch {
      return before;
    }
  }

  #breakOff(): void {
    try {
      void this.conversation.session.interrupt();
    } catch {
      // Something is being said that is spoken to its end.
    }
  }

  async #keyedIn(digits: string): Promise<void> {
    const region = regionOf(this.#deps.preload.inventory?.yard);
    const words = await this.apology.numberKeyed(digits, region);
    if (words === null) return this.#callerMeant(wordsOfDigits(digits));
    this.#watchdog.heard();
    this.#breakOff();
    this.#say(words);
  }

  #callerMeant(words: string): void {
    if (!this.conversation.answers(words)) return;
    this.#watchdog.heard();
    if (this.#context.state.may('speak')) this.conversation.callerMeant(words);
  }

  #save(): void {
    const { state, store } = this.#context;
    if (state.may('save')) store.saveState(this.#saved);
  }

  get #saved(): SavedCall {
    const { record } = this.#context;
    return {
      version: 1,
      startedAtMs: record.startedAtMs,
      answeredAtMs: record.answeredAtMs,
      talk: this.conversation.saved,
      figures: record.savedFigures(this.media.figures),
      gap: this.media.saved,
      silencePrompts: this.#watchdog.promptsSpoken,
      lastCrash: this.#lastCrash,
    };
  }
}
