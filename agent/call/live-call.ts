import type { ResumeKind } from '../ipc/messages.ts';
import { callerSilentPrompts, GOODBYE, setPhrases } from '../speech/prompts/prompts.ts';
import { resumePlan } from './ownership/resume-plan.ts';
import type { Caller } from './leg/join-room.ts';
import type { CallLease } from './persistence/call-lease.ts';
import { CallControl } from './call-control.ts';
import type { CallRecord } from './call-record.ts';
import type { CallDeps } from './call-context.ts';
import type { Conversation } from './conversation/conversation.ts';
import { createConversation } from './conversation/create-conversation.ts';
import { PERSON_WANTED, watchDtmf, wordsOfDigits } from './leg/dtmf.ts';
import { liveKitAnswers } from '../livekit/room-service.ts';
import { CallTimers } from './call-timers.ts';
import { MediaMonitor } from './media/media-monitor.ts';
import type { MediaFigures } from './media/media-monitor.ts';
import { Apology } from './conversation/apology.ts';
import type { PromptCache } from './conversation/prompt-cache.ts';
import type { Preload } from './preload.ts';
import { RepromptPolicy } from './conversation/reprompt-policy.ts';
import type { SavedCall } from './persistence/call-snapshot.ts';
import { SessionWatchdog } from './conversation/session-watchdog.ts';
import type { TerminationReason } from '../ipc/termination.ts';
import { firstWords } from './ownership/resume-plan.ts';

type LiveDeps = Omit<CallDeps, 'onStage'> & {
  readonly caller: Caller;
  readonly preload: Preload;
  readonly claim: CallLease | undefined;
  readonly record: CallRecord;
  /** Aborted when this job is done with the call. */
  readonly signal: AbortSignal;
  /** Another job still has the call. */
  readonly standsBy: boolean;
  /** Ends the call with these last words, which may take `ms`. */
  readonly sayGoodbye: (reason: TerminationReason, text?: string, ms?: number) => void;
  readonly end: (reason: TerminationReason) => void;
  readonly leave: (outcome: 'yielded' | 'failed') => void;
};

/** A call while the caller is on the line: the talk, and everything that watches over it. */
export class LiveCall {
  readonly conversation: Conversation;
  readonly #deps: LiveDeps;
  readonly #phrases: PromptCache;
  readonly #timers: CallTimers;
  readonly #media: MediaMonitor;
  readonly #trouble: RepromptPolicy;
  readonly apology: Apology;
  readonly #watch: SessionWatchdog;
  /** Where the call can go from here, and whether it is still ours. */
  readonly moves: CallControl;
  #stopKeypad: (() => void) | undefined;
  #lastCrash: SavedCall['lastCrash'];
  #isOver = false;

  constructor(deps: LiveDeps) {
    this.#deps = deps;
    this.#phrases = deps.preload.phrases;
    const { config, record } = deps;
    const { timeouts } = config;
    this.#timers = new CallTimers({
      livenessPauseMs: timeouts.livenessPauseMs,
      onPauseExpired: (reason) =>
        record.log.warn({ event: 'liveness.resumed', reason }, 'timers of the call run again'),
    });
    const { conversation, isDeaf } = createConversation({
      ...deps,
      onChanged: () => this.#save(),
      onSentenceFailed: () => this.#trouble.sentenceFailed(),
      endCall: () => deps.sayGoodbye('agent-goodbye', GOODBYE),
      transfer: (numbers) => this.moves.transfer(numbers),
    });
    this.conversation = conversation;
    const say = (text: string) => this.#say(text);
    this.apology = new Apology({
      ...deps,
      callerNumber: deps.caller.number,
      hush: () => this.hush(),
    });
    this.#media = new MediaMonitor({
      room: deps.ctx.room,
      callerIdentity: deps.caller.identity,
      timeouts,
      timers: this.#timers,
      isLive: () => !this.moves.isTransferring,
      note: (event, fields) => record.note(event, 'audio of the caller', fields),
      ask: () => say(callerSilentPrompts[0]),
      rejoin: () => this.moves.rejoin(),
      isServerThere: () => liveKitAnswers(deps.config),
      giveUp: () => this.apology.mediaLost(),
    });
    this.#trouble = new RepromptPolicy({
      timers: this.#timers,
      say,
      giveUp: () => void this.apology.callBack('provider-failure'),
      isDeaf,
      isCallersTurn: () => conversation.session.agentState === 'listening',
    });
    const isOver = () => this.#isOver;
    this.moves = new CallControl({
      ...deps,
      conversation,
      phrases: this.#phrases,
      timers: this.#timers,
      isOver,
      state: () => this.#state,
    });
    this.#watch = new SessionWatchdog({
      ...deps,
      session: conversation.session,
      timers: this.#timers,
      timeouts,
      trouble: this.#trouble,
      isOver,
      isLegSilent: () => this.isLegSilent,
      onLegLost: () => void this.apology.mediaLost(),
      say,
      onTurn: () => void this.moves.checkClaim(),
    });
    if (!deps.standsBy) return;
    conversation.standBy();
    this.#watchKeys();
  }

  get greetingIsReady(): boolean {
    return this.#phrases.get(this.#deps.preload.greeting).audio !== undefined;
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
    this.conversation.say(this.#phrases.get(this.#deps.preload.greeting));
    this.#begin(undefined);
    this.#save();
  }

  /** Goes on with a call that another job served. */
  async resume(kind: ResumeKind, before: SavedCall | undefined): Promise<void> {
    const { record } = this.#deps;
    const { saved, isHopeless } = resumePlan(kind, before);
    this.#lastCrash = saved?.lastCrash;
    record.resumed(kind, { items: saved?.talk.items.length ?? null, isHopeless });
    if (isHopeless) return this.apology.apologise();
    const missed = await this.conversation.goOn(saved?.talk);
    if (this.#isOver) return;
    this.#trouble.resumed();
    this.#begin(saved);
    this.#goOnTalking(kind, saved, missed);
    this.#save();
  }

  /** Nobody goes on with the call: one sentence, and the end. Who is put through needs nobody here. */
  async cutShort(): Promise<void> {
    if (await this.moves.wasGiven()) return;
    if (!this.#isOver && !this.moves.isTransferring) this.apology.cutShort();
  }

  /** Breaks off what is being said, for good, and answers nothing any more. */
  hush(): void {
    try {
      this.conversation.fallSilent();
    } catch {
      // The session does not run (any more).
    }
  }

  async sayGoodbye(text: string): Promise<void> {
    await this.conversation.sayGoodbye(this.#phrases.get(text));
  }

  /** Nothing here ends the call or speaks any more. */
  stop(): void {
    this.#isOver = true;
    this.#timers.stop();
    this.#media.stop();
    this.#trouble.stop();
    this.moves.stop();
    this.#stopKeypad?.();
  }

  /** Everything that runs while the call is live, from where an earlier job has left it. */
  #begin(saved: SavedCall | undefined): void {
    const { record, signal } = this.#deps;
    const { answeredAtMs } = record;
    this.#watch.start({ promptsSpoken: saved?.silencePrompts ?? 0, answeredAtMs });
    this.#media.start(saved?.gap);
    this.#watchKeys();
    this.moves.start();
    void this.#phrases.load(setPhrases, signal).catch(() => {
      // The call is over.
    });
  }

  #say(text: string): void {
    if (!this.#isOver) this.conversation.say(this.#phrases.get(text));
  }

  #goOnTalking(kind: ResumeKind, saved: SavedCall | undefined, missed: string | null): void {
    const { sentences, owesAnswer } = firstWords(kind, saved);
    for (const text of sentences) {
      // A yes to a question of ours is no yes to what was asked before it: the model is to know.
      const isPartOfTalk = !owesAnswer && text.includes('?');
      this.conversation.say(this.#phrases.get(text), { isPartOfTalk });
    }
    if (missed !== null) this.conversation.callerMeant(missed);
    else if (owesAnswer) this.conversation.answer();
    else if (kind === 'handover' && saved) this.#goOnListening(saved);
  }

  #goOnListening({ talk }: SavedCall): void {
    // The greeting was broken off.
    if (talk.items.length === 0) {
      this.conversation.say(this.#phrases.get(this.#deps.preload.greeting));
    } else if (this.conversation.wasCut(talk)) {
      // Of the caller's words the old job heard the beginning alone, and this one the end, if any.
      this.#trouble.callerStopped();
    }
  }

  /** Keys count from the first moment: what is keyed in while the call changes hands is whole here. */
  #watchKeys(): void {
    const { ctx, caller } = this.#deps;
    this.#stopKeypad ??= watchDtmf(ctx.room, caller.identity, {
      onPerson: () => this.#callerMeant(PERSON_WANTED),
      onAnswer: (isYes) => {
        if (this.conversation.awaitsAnswer) this.#callerMeant(isYes ? 'Yes.' : 'No.');
      },
      onDigits: (digits) => this.#callerMeant(wordsOfDigits(digits)),
    });
  }

  #callerMeant(words: string): void {
    if (this.#isOver || !this.conversation.answers(words)) return;
    this.#watch.heard();
    if (!this.moves.isTransferring) this.conversation.callerMeant(words);
  }

  #save(): void {
    if (!this.#deps.signal.aborted && !this.moves.isGiving) this.#deps.store.saveState(this.#state);
  }

  get #state(): SavedCall {
    const { record } = this.#deps;
    return {
      version: 1,
      startedAtMs: record.startedAtMs,
      answeredAtMs: record.answeredAtMs,
      talk: this.conversation.saved,
      figures: record.savedFigures(this.#media.figures),
      gap: this.#media.saved,
      silencePrompts: this.#watch.promptsSpoken,
      lastCrash: this.#lastCrash,
    };
  }
}
