import { voice } from '@livekit/agents';
import { withDeadline } from '../deadline.ts';
import type { ResumeKind } from '../line.ts';
import { createSpeech, keytermsOf } from '../speech/session.ts';
import {
  CALL_AGAIN,
  CALL_YOU_BACK,
  callerSilentGoodbye,
  callerSilentPrompts,
  callLimitGoodbye,
  callLimitWarning,
  GOODBYE,
  setPhrases,
  VOICE_TROUBLE,
} from '../speech/set-phrases.ts';
import type { Caller } from './arrival.ts';
import type { CallClaim } from './call-claim.ts';
import { CallLimit } from './call-limit.ts';
import type { CallRecord } from './call-record.ts';
import type { CallDeps } from './call.ts';
import { CallerSilence } from './caller-silence.ts';
import { Conversation } from './conversation.ts';
import { HandingOver } from './handing-over.ts';
import { PERSON_WANTED, watchKeypad, wordsOfDigits } from './keypad.ts';
import { Liveness } from './liveness.ts';
import { MediaWatch } from './media-watch.ts';
import type { MediaFigures } from './media-watch.ts';
import type { PhraseBook } from './phrase-book.ts';
import type { Preparation } from './preparation.ts';
import { ProviderTrouble } from './provider-trouble.ts';
import type { SavedCall } from './resume.ts';
import type { TerminationReason } from './termination.ts';
import { Transfer, transferCaller } from './transfer.ts';
import { firstWords } from './where-we-were.ts';

type LiveDeps = Omit<CallDeps, 'onStage'> & {
  readonly caller: Caller;
  readonly preparation: Preparation;
  readonly claim: CallClaim | undefined;
  readonly record: CallRecord;
  /** Aborted when this job is done with the call. */
  readonly signal: AbortSignal;
  /** Another job still has the call. */
  readonly standsBy: boolean;
  /** Ends the call with these last words. */
  readonly sayGoodbye: (reason: TerminationReason, text?: string) => void;
  readonly end: (reason: TerminationReason) => void;
  readonly leave: (outcome: 'yielded' | 'failed') => void;
};

/** A caller in trouble is not kept waiting for a store. */
const callBackMs = 2_000;
/** An agent that prepares an answer for longer than a turn and a tool may take will give none. */
const stuckMarginMs = 10_000;

const { AgentStateChanged, ConversationItemAdded, UserInputTranscribed, UserStateChanged } =
  voice.AgentSessionEventTypes;

/** A call while the caller is on the line: the talk, and everything that watches over it. */
export class LiveCall {
  readonly conversation: Conversation;
  readonly #deps: LiveDeps;
  readonly #phrases: PhraseBook;
  readonly #liveness: Liveness;
  readonly #media: MediaWatch;
  readonly #trouble: ProviderTrouble;
  #silence: CallerSilence | undefined;
  readonly #transfer: Transfer;
  readonly #handingOver: HandingOver;
  readonly #stuck: ReturnType<Liveness['timer']>;
  #stopKeypad = () => {};
  #isOver = false;

  constructor(deps: LiveDeps) {
    this.#deps = deps;
    this.#phrases = deps.preparation.phrases;
    const { config, record } = deps;
    const { timeouts } = config;
    this.#liveness = new Liveness({
      livenessPauseMs: timeouts.livenessPauseMs,
      onPauseExpired: (reason) =>
        record.log.warn({ event: 'liveness.resumed', reason }, 'timers of the call run again'),
    });
    this.#stuck = this.#liveness.timer({
      name: 'stuck',
      ms: timeouts.toolMs + stuckMarginMs,
      onExpired: () => this.#isStuck(),
    });
    const { conversation, isDeaf } = this.#createConversation();
    this.conversation = conversation;
    const say = (text: string) => this.#say(text);
    this.#media = new MediaWatch({
      room: deps.ctx.room,
      callerIdentity: deps.caller.identity,
      timeouts,
      liveness: this.#liveness,
      note: (event, fields) => record.note(event, 'audio of the caller', fields),
      ask: () => say(callerSilentPrompts[0]),
      rejoin: () => this.#rejoin(),
      giveUp: () => this.#callBack('media-lost'),
    });
    this.#trouble = new ProviderTrouble({
      say,
      giveUp: () => void this.#callBack('provider-failure'),
      isDeaf,
      isCallersTurn: () => conversation.session.agentState === 'listening',
    });
    this.#transfer = this.#createTransfer();
    this.#handingOver = new HandingOver({
      ...deps,
      conversation,
      phrases: this.#phrases,
      isBusy: () => this.#isOver || this.#transfer.isUnderWay,
      state: () => this.#state,
      onGiven: () => deps.leave('yielded'),
    });
    if (deps.standsBy) conversation.standBy();
  }

  get greetingIsReady(): boolean {
    return this.#phrases.get(this.#deps.preparation.greeting).audio !== undefined;
  }

  /** Not the caller is silent, but their line. */
  get isLegSilent(): boolean {
    return this.#media.isLegSilent;
  }

  get media(): MediaFigures {
    return this.#media.figures;
  }

  /** The first words of a call. */
  begin(): void {
    this.conversation.say(this.#phrases.get(this.#deps.preparation.greeting));
    this.#watch(undefined);
  }

  /** Goes on with a call that another job served. */
  async resume(kind: ResumeKind, saved: SavedCall | undefined): Promise<void> {
    const { record } = this.#deps;
    await this.conversation.goOn(saved?.talk);
    if (this.#isOver) return;
    if (kind === 'takeover') record.takeovers += 1;
    else record.handovers += 1;
    record.note('job.resumed', 'call goes on in another job', {
      kind,
      items: saved?.talk.items.length ?? null,
    });
    this.#watch(saved);
    this.#sayWhereWeWere(kind, saved);
    this.#save();
  }

  /** What was under way when the caller left, once it is known. */
  async settled(): Promise<'handed-over' | 'transferred' | null> {
    if (await this.#handingOver.wasGiven()) return 'handed-over';
    return (await this.#transfer.tookCaller()) ? 'transferred' : null;
  }

  async sayGoodbye(text: string): Promise<void> {
    await this.conversation.sayGoodbye(this.#phrases.get(text));
  }

  /** Nothing here ends the call or speaks any more. */
  stop(): void {
    this.#isOver = true;
    this.#liveness.stop();
    this.#media.stop();
    this.#trouble.stop();
    this.#handingOver.stop();
    this.#stopKeypad();
  }

  #createConversation(): { conversation: Conversation; isDeaf: () => boolean } {
    const { config, store, desk, caller, record, preparation, signal, sayGoodbye } = this.#deps;
    const failed = (trouble: object) => this.#providerFailed(trouble);
    const speech = createSpeech(config, {
      keyterms: keytermsOf(preparation.inventory?.units.map((unit) => unit.name) ?? []),
      recorded: () => this.#phrases.get(VOICE_TROUBLE).audio,
      events: {
        onHearingTrouble: (trouble) => failed({ ...trouble, sense: 'hearing' }),
        onHearingRecovered: (recovered) =>
          record.note('hearing.recovered', 'caller is heard again', recovered),
        onThinkingTrouble: (trouble) => failed({ ...trouble, sense: 'thinking' }),
        onSpeakingTrouble: (trouble) => {
          failed({ ...trouble, sense: 'speaking' });
          if (trouble.covered !== 'other-voice') this.#trouble.sentenceFailed();
        },
      },
    });
    const conversation = new Conversation({
      config,
      speech,
      inventory: preparation.inventory,
      reload: () => store.inventory(),
      onChanged: () => this.#save(),
      tools: {
        callId: caller.callId,
        caller: { phoneNumber: caller.number },
        desk,
        signal,
        onToolUsed: (tool, use) => {
          // What the end of the call cut short is no failure.
          if (!signal.aborted) record.toolUsed(tool, use);
        },
        endCall: () => sayGoodbye('agent-goodbye', GOODBYE),
        transfer: (numbers) => this.#transfer.begin(numbers),
      },
    });
    record.watch(conversation.session, () => !signal.aborted);
    return { conversation, isDeaf: () => speech.hearing.isDeaf };
  }

  #createTransfer(): Transfer {
    const { config, ctx, caller, record, signal, end } = this.#deps;
    const { conversation } = this;
    let release = () => {};
    return new Transfer({
      talk: {
        sayThrough: (words) => conversation.sayGoodbye(this.#phrases.get(words)),
        say: (words) => void conversation.say(this.#phrases.get(words)),
        setHearing: (isOn) => {
          conversation.session.input.setAudioEnabled(isOn);
          release();
          release = isOn ? () => {} : this.#liveness.pauseAll('transfer');
        },
      },
      refer: (number) =>
        transferCaller({
          config,
          room: ctx.job.room?.name ?? '',
          callerIdentity: caller.identity,
          number,
          ringMs: config.timeouts.transferMs,
          signal,
        }),
      onResult: (result) => {
        record.note('call.transferred', 'transfer to a person', result);
        if (result.outcome === 'transferred') end('transferred');
      },
      signal,
    });
  }

  /** Everything that runs while the call is live, from where an earlier job has left it. */
  #watch(saved: SavedCall | undefined): void {
    const { ctx, caller, signal } = this.#deps;
    const { session } = this.conversation;
    session.on(AgentStateChanged, ({ newState }) => {
      this.#silence?.agentState(newState);
      if (newState === 'thinking') this.#stuck.restart();
      else this.#stuck.stop();
    });
    session.on(UserStateChanged, ({ oldState, newState }) => {
      this.#silence?.callerState(newState);
      if (newState === 'speaking') this.#trouble.callerStarted();
      else if (oldState === 'speaking') this.#trouble.callerStopped();
    });
    session.on(UserInputTranscribed, ({ isFinal }) => {
      this.#silence?.heard();
      if (isFinal) this.#trouble.callerUnderstood();
    });
    session.on(ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message') return;
      if (item.role === 'assistant') this.#trouble.answered();
      // Before each answer: a job that lost the call must not give it.
      else void this.#deps.claim?.check();
    });
    session.on(voice.AgentSessionEventTypes.Error, ({ error }) => {
      const isFinal = !('recoverable' in error && error.recoverable);
      if (error.type === 'llm_error' && isFinal && !this.#isOver) this.#trouble.turnFailed();
    });
    this.#limitSilence(saved);
    this.#media.start(saved?.gap);
    this.#stopKeypad = watchKeypad(ctx.room, caller.identity, {
      onPerson: () => this.#callerMeant(PERSON_WANTED),
      onDigits: (digits) => this.#callerMeant(wordsOfDigits(digits)),
    });
    this.#handingOver.start();
    void this.#phrases.load(setPhrases, signal).catch(() => {
      // The call is over.
    });
  }

  /** The ends that a caller would expect: of a silence, and of every call. */
  #limitSilence(saved: SavedCall | undefined): void {
    const { config, record, sayGoodbye } = this.#deps;
    const { callerSilentMs, maxCallMs } = config.timeouts;
    const liveness = this.#liveness;
    this.#silence = new CallerSilence({
      liveness,
      callerSilentMs,
      say: (text) => this.#say(text),
      end: () => {
        const reason = this.isLegSilent ? 'media-lost' : 'caller-silent';
        sayGoodbye(reason, callerSilentGoodbye);
      },
      promptsSpoken: saved?.silencePrompts ?? 0,
    });
    const { agentState, userState } = this.conversation.session;
    this.#silence.agentState(agentState);
    this.#silence.callerState(userState);
    void new CallLimit({
      liveness,
      maxCallMs,
      elapsedMs: Date.now() - (record.answeredAtMs ?? Date.now()),
      warn: () => this.#say(callLimitWarning),
      end: () => sayGoodbye('over-limit', callLimitGoodbye),
    });
  }

  #say(text: string): void {
    if (!this.#isOver) this.conversation.say(this.#phrases.get(text));
  }

  #sayWhereWeWere(kind: ResumeKind, saved: SavedCall | undefined): void {
    const { sentences, owesAnswer } = firstWords(kind, saved);
    for (const text of sentences) {
      this.conversation.say(this.#phrases.get(text), { isPartOfTalk: false });
    }
    if (owesAnswer) this.conversation.answer();
  }

  #callerMeant(words: string): void {
    this.#silence?.heard();
    if (!this.#isOver && !this.#transfer.isUnderWay) this.conversation.callerMeant(words);
  }

  #providerFailed(trouble: object): void {
    const { record, signal } = this.#deps;
    if (signal.aborted) return;
    record.providerFailed();
    record.log.warn({ event: 'provider.failed', ...trouble }, 'provider failed');
  }

  /** A fresh job goes on with the call: this one prepares an answer that never comes. */
  #isStuck(): void {
    const { record, leave } = this.#deps;
    record.log.error({ event: 'job.failed', reason: 'stuck' }, 'job got stuck in a turn');
    leave('failed');
  }

  /** The caller's number is kept for a call-back; then the call ends. */
  async #callBack(reason: TerminationReason): Promise<void> {
    const { caller, desk, record, sayGoodbye, signal } = this.#deps;
    let isNoted = false;
    try {
      if (caller.number) {
        const text = 'Please call back: the call ended before the caller was helped.';
        const message = { text, customer: null, phone: caller.number };
        const take = () => desk.takeMessage(message);
        await withDeadline(take, { ms: callBackMs, label: 'call-back', signal });
        isNoted = true;
      }
    } catch (error) {
      record.log.error({ event: 'store.failed', error }, 'call-back could not be noted');
    }
    sayGoodbye(reason, isNoted ? CALL_YOU_BACK : CALL_AGAIN);
  }

  /** For the ladder: rejects when no fresh job took the call. */
  async #rejoin(): Promise<void> {
    if (!(await this.#handingOver.now('rejoin', null)))
      throw new Error('No fresh job took the call');
  }

  #save(): void {
    if (!this.#deps.signal.aborted && !this.#handingOver.isGiving)
      this.#deps.store.saveState(this.#state);
  }

  get #state(): SavedCall {
    const { record } = this.#deps;
    return {
      version: 1,
      startedAtMs: record.startedAtMs,
      answeredAtMs: record.answeredAtMs,
      talk: this.conversation.saved,
      figures: record.savedFigures(this.#media.figures.packets),
      gap: this.#media.saved,
      silencePrompts: this.#silence?.promptsSpoken ?? 0,
    };
  }
}
