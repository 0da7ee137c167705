import { voice } from '@livekit/agents';
import type { AudioFrame, Room } from '@livekit/rtc-node';
import { once } from 'node:events';
import timers from 'node:timers/promises';
import { createBookingTalk } from '../../../tools/dialogue/dialogue-memory.ts';
import { isSpanish, urgencyOf } from '../../../tools/dialogue/urgency.ts';
import type { EscalationKind } from './escalation.ts';
import { withoutCardNumbers } from '../../../tools/journal/card-numbers.ts';
import type { Withheld } from '../../../tools/guardrail/guardrail.ts';
import { createTools } from '../../../tools/index.ts';
import type { ToolDeps } from '../../../tools/tool.ts';
import { defaultTimeZone } from '../../../tools/yard/equipment.ts';
import type { Inventory } from '../../../tools/yard/equipment.ts';
import { todayIn } from '../../../tools/yard/rental-dates.ts';
import type { Config } from '../../config/config.ts';
import { instructionsFor, yardRows } from '../../speech/instructions.ts';
import { phraseFrames } from '../../speech/prompts/phrase.ts';
import { Receptionist } from './receptionist.ts';
import { endpointingMs } from '../../speech/endpointing.ts';
import { fixedEndOfTurnMs } from '../../speech/turn-taking.ts';
import type { CallSpeech } from '../../speech/session.ts';
import { transcribe } from '../../speech/stt/transcribe.ts';
import type { ReadyPhrase } from './prompt-cache.ts';
import {
  lettersIn,
  lettersToMeasure,
  usualMsPerLetter,
} from '../../speech/tts/playout-estimate.ts';
import { unheardMs } from './reprompt-policy.ts';
import { brokenOff, chatOf, savedItems, unanswered } from '../persistence/call-snapshot.ts';
import type { SavedTalk } from '../../ipc/saved-call.ts';

/** Audio that the gateway's jitter buffer still holds when our own queue is empty. */
const inFlightMs = 500;
/** An answer's first sign of being prepared comes within this of the caller's last sound. */
const turnEndMs = 1_500;
/** A caller who was not understood has been asked again by then. */
const askedAgainMs = unheardMs + 1_000;

const clock = { nowMs: () => Date.now() };

/** Something of our own to say; `isPartOfTalk` when the model is to know of it. */
type Saying = {
  readonly phrase: ReadyPhrase;
  readonly allowInterruptions: boolean;
  readonly isPartOfTalk: boolean;
};

const {
  AgentStateChanged,
  Close,
  ConversationItemAdded,
  FunctionToolsExecuted,
  SpeechCreated,
  UserInputTranscribed,
  UserStateChanged,
} = voice.AgentSessionEventTypes;

const asksSomething = /\?|\bplease say\b/i;
/** Who has heard a question begins to answer it within this. */
const reactionMs = 5_000;
/** Speech over a yes interrupts within 0.4 s, and its words come within another second. */
const goesOnMs = 1_500;

/** The talk of one call: what is said, what it can do meanwhile, and where it stands. */
export class Conversation {
  readonly session: voice.AgentSession;
  readonly #receptionist: Receptionist;
  readonly #hearing: CallSpeech['hearing'];
  readonly #onChanged: () => void;
  readonly #onUrgent: (kind: EscalationKind, words: string) => void;
  /** The callers' turns (ids) that went to a person at once: each kind once a call. */
  readonly #escalated = new Map<EscalationKind, string>();
  readonly #talk = createBookingTalk();
  #inventory: Inventory | null;
  #callerTurns = 0;
  #callerWords = '';
  /** Our own prompts in this call, which are no answers of the model. */
  readonly #prompts = new Set<string>();
  readonly #playout = new Playout();
  /** Prompts of our own that were begun and are not over, in order. */
  readonly #saying = new Set<Saying>();
  /** The moment the caller stopped speaking, while no answer to it has begun; by the wall clock. */
  #owesAnswerSinceMs: number | null = null;
  #goOnDuty = () => {};
  /** Words over a sentence that cannot be interrupted, and the number of turns taken in by then. */
  #overheard: { words: string; turns: number } | null = null;
  #overheardTimer: NodeJS.Timeout | undefined;
  readonly #speeches = new Set<voice.SpeechHandle>();
  #isLeaving = false;

  /** `inventory` is null when the sheet could not be read; `reload` reads it again, at each turn. */
  constructor(options: {
    readonly config: Config;
    readonly speech: CallSpeech;
    readonly inventory: Inventory | null;
    readonly reload: () => Promise<Inventory | null>;
    readonly tools: Pick<
      ToolDeps,
      'callId' | 'caller' | 'desk' | 'signal' | 'onToolUsed' | 'endCall' | 'transfer'
    >;
    /** Something was said or done that a job which goes on with the call must know. */
    readonly onChanged: () => void;
    /** A sentence of the model's own was kept from the caller. */
    readonly onWithheld: (kind: Withheld) => void;
    /** The caller is to go to a person at once; no model answers these words. */
    readonly onUrgent: (kind: EscalationKind, words: string) => void;
    /** Told of each frame of the caller's. */
    readonly onHeard?: ((frame: AudioFrame) => void) | undefined;
  }) {
    const { config, speech, inventory, reload, tools, onChanged, onWithheld, onHeard } = options;
    this.#onUrgent = options.onUrgent;
    this.#inventory = inventory;
    this.#onChanged = onChanged;
    this.session = speech.session;
    this.#hearing = speech.hearing;
    const deps: ToolDeps = {
      inventory: () => this.#inventory,
      clock,
      inventoryMaxAgeMs: config.timeouts.inventoryMaxAgeMs,
      confirmBookingMs: config.timeouts.confirmBookingMs,
      toolMs: config.timeouts.toolMs,
      sendsTexts: config.confirmations !== null,
      callerIsSilent: (signal) => this.#callerIsSilent(signal),
      // A tool may outlast this job's right to speak.
      say: (words) => {
        if (this.#receptionist.duty.isOn) void this.session.say(words, { addToChatCtx: false });
      },
      ...tools,
    };
    this.#receptionist = new Receptionist({
      instructions: () =>
        instructionsFor({
          yard: inventory?.yard ?? null,
          todayIso: todayIn(inventory?.yard.timeZone ?? defaultTimeZone, clock),
        }),
      tools: createTools(deps, this.#talk),
      staff: () => ({
        yard: yardRows(this.#inventory?.yard ?? null),
        machines: this.#inventory?.units.map(({ name }) => name) ?? [],
        today: todayIn(this.#inventory?.yard.timeZone ?? defaultTimeZone, clock),
      }),
      onWithheld,
      onHeard,
      goesToPerson: (said) => this.#escalationOf(said.textContent ?? '', said.id) !== null,
    });
    this.#follow(reload);
  }

  /** Publishes the agent's track, at which the gateway answers, and begins to listen. */
  async start(room: Room, callerIdentity: string): Promise<void> {
    await this.session.start({
      agent: this.#receptionist,
      room,
      // Recording would go to LiveKit Cloud, and the caller has no screen to read text on.
      record: false,
      inputOptions: {
        participantIdentity: callerIdentity,
        closeOnDisconnect: false,
        textEnabled: false,
      },
      outputOptions: { transcriptionEnabled: false },
    });
    this.#playout.follow(this.session.output.audio);
  }

  /** Listens and answers nothing, until it goes on from where another job has left off. */
  standBy(): void {
    this.#goOnDuty = this.#receptionist.duty.leave();
  }

  /**
   * Goes on from what another job of the call has left; undefined when it left nothing. Returns what
   * the caller said at the end of the wait and that job did not take in, or null.
   */
  async goOn(saved: SavedTalk | undefined, heardUntilMs?: number): Promise<string | null> {
    if (saved) {
      this.#callerTurns = saved.callerTurns;
      this.#callerWords = saved.callerWords;
      for (const kind of saved.escalated ?? []) this.#escalated.set(kind, '');
      this.#talk.confirmation.restore(saved.asked);
      this.#talk.wrongCodes = saved.wrongCodes;
      for (const [key, code] of Object.entries(saved.messages)) this.#talk.messages.set(key, code);
      await this.#receptionist.updateChatCtx(chatOf(saved.items));
    }
    this.#goOnDuty();
    const { duty } = this.#receptionist;
    if (saved && unanswered(saved.items) !== null) duty.expectEcho(saved.callerWords);
    // Words that reach the old job late may have been a whole turn here before.
    const sinceMs =
      heardUntilMs ?? Math.min(Date.now() - turnEndMs, saved?.callerWaitsSinceMs ?? Infinity);
    return duty.catchUp({ sinceMs, takenIn: this.#callerWords });
  }

  /** The words in what an attendant has kept; a turn that ends here with the same ones is no new one. */
  async wordsIn(pcm: Int16Array): Promise<string | null> {
    const words = await transcribe(this.#hearing, pcm);
    if (words !== null) this.#receptionist.duty.expectEcho(words, { ofTheEnd: true });
    return words;
  }

  /** True when the caller's last words came as the other job gave the call away, or just before. */
  wasCut({ callerHeardAtMs }: SavedTalk): boolean {
    const quietMs = Date.now() - (callerHeardAtMs ?? -Infinity);
    return quietMs < askedAgainMs && this.session.userState !== 'speaking';
  }

  /** Answers nothing from now on, and breaks off what is being said; the result makes up for it. */
  fallSilent(): () => void {
    const { duty } = this.#receptionist;
    const goOnDuty = duty.leave();
    const sayings = [...this.#saying];
    const isInterrupting = sayings.length > 0 || this.session.agentState !== 'listening';
    void this.session.interrupt({ force: true });
    this.#saying.clear();
    return () => {
      goOnDuty();
      if (duty.isOn) this.#makeUp(isInterrupting, sayings);
    };
  }

  /** Holds back what is being said, within 0.2 s, without losing it; the result goes on with it. */
  pause(): () => void {
    this.session.output.audio?.pause();
    return () => this.session.output.audio?.resume();
  }

  /** True when words that the caller did not speak aloud are to be answered here, not kept. */
  answers(words: string): boolean {
    return this.#receptionist.duty.answers(words);
  }

  /** The talk so far, for the job that goes on with it. */
  get saved(): SavedTalk {
    const { confirmation, wrongCodes, messages } = this.#talk;
    return {
      items: savedItems(this.#receptionist.chatCtx),
      callerTurns: this.#callerTurns,
      callerWords: withoutCardNumbers(this.#callerWords),
      asked: withoutCards(confirmation.asked),
      wrongCodes,
      messages: Object.fromEntries(messages),
      escalated: [...this.#escalated.keys()],
      callerWaitsSinceMs: this.#owesAnswerSinceMs,
      callerHeardAtMs: this.session.userState === 'speaking' ? Date.now() : this.#owesAnswerSinceMs,
    };
  }

  /** Nobody speaks, no tool runs, and no answer is owed. */
  get isBetweenTurns(): boolean {
    const { agentState, userState } = this.session;
    const owesMs = Date.now() - (this.#owesAnswerSinceMs ?? -Infinity);
    return agentState === 'listening' && userState !== 'speaking' && owesMs > askedAgainMs;
  }

  /** A read-back was heard, and a yes or a no would be the answer to it. */
  get awaitsAnswer(): boolean {
    return this.#talk.confirmation.isOpen;
  }

  /** Says something of our own. The caller may talk over it, unless told otherwise. */
  say(
    phrase: ReadyPhrase,
    { allowInterruptions = true, isPartOfTalk = true } = {},
  ): voice.SpeechHandle {
    return this.#say({ phrase, allowInterruptions, isPartOfTalk });
  }

  /** The age of the list of equipment that is answered from; null without one. */
  get listAgeMs(): number | null {
    return this.#inventory ? Date.now() - this.#inventory.fetchedAtMs : null;
  }

  /** The caller's last words, two turns of them: what a call is about that goes to a person. */
  get lastCallerWords(): string {
    const said = savedItems(this.#receptionist.chatCtx).flatMap((item) =>
      item.kind === 'spoken' && item.by === 'caller' ? [item.words] : [],
    );
    return said.slice(-2).join(' ');
  }

  /** Nothing of what the caller says can be understood: they go to a person, once a call. */
  speaksNoEnglish(): void {
    if (this.#escalated.has('spanish')) return;
    this.#escalated.set('spanish', '');
    this.#talk.confirmation.drop();
    this.#onUrgent('spanish', '');
  }

  /** Says something, and once more to a caller who does not react: they may not have heard it. */
  async sayTwice(phrase: ReadyPhrase, signal: AbortSignal): Promise<void> {
    const { callerTurns } = this.saved;
    try {
      await this.say(phrase).waitForPlayout();
      await timers.setTimeout(reactionMs, undefined, { signal });
    } catch {
      return;
    }
    const { agentState, userState } = this.session;
    const isQuiet = agentState === 'listening' && userState !== 'speaking';
    if (isQuiet && this.#callerTurns === callerTurns) this.say(phrase);
  }

  /** Answers what the caller said last, or speaks what a tool had worded for it. */
  answer(): void {
    // A job that was about to escalate it may be gone.
    if (!this.#escalate(this.#callerWords, '')) this.session.generateReply();
  }

  /** Answers `words` as if the caller had said them, and breaks off speech that can be. */
  callerMeant(words: string): void {
    try {
      void this.session.interrupt();
    } catch {
      // Something is being said that is spoken to its end.
    }
    this.session.generateReply({ userInput: words });
  }

  /** Says the last words; resolves when the caller has heard them to the end. */
  async sayGoodbye(goodbye: ReadyPhrase): Promise<void> {
    this.#isLeaving = true;
    try {
      await this.say(goodbye, { allowInterruptions: false }).waitForPlayout();
      await timers.setTimeout(inFlightMs);
    } finally {
      this.#isLeaving = false;
    }
  }

  #say(saying: Saying): voice.SpeechHandle {
    const { phrase, allowInterruptions, isPartOfTalk } = saying;
    const handle = this.session.say(phrase.text, {
      allowInterruptions,
      addToChatCtx: isPartOfTalk,
      ...(phrase.audio ? { audio: phraseFrames(phrase.audio) } : {}),
    });
    this.#prompts.add(phrase.text);
    this.#noteAgent(phrase.text);
    this.#saying.add(saying);
    handle.addDoneCallback(() => this.#saying.delete(saying));
    return handle;
  }

  /** Makes up for a silence: answers the caller's words in it, or says anew what it broke off. */
  #makeUp(wasInterrupting: boolean, sayings: readonly Saying[]): void {
    const missed = this.#receptionist.duty.catchUp({ sinceMs: 0, takenIn: this.#callerWords });
    if (missed !== null) return this.callerMeant(missed);
    if (!wasInterrupting) return;
    for (const saying of sayings) this.#say(saying);
    const { items } = this.saved;
    const words = sayings.length === 0 ? brokenOff(items) : null;
    if (words !== null) void this.session.say(words);
    else if (unanswered(items) !== null) this.answer();
  }

  /** Why the turn `id` goes to a person and to no model; null when it does not, or an earlier one did. */
  #escalationOf(words: string, id: string): EscalationKind | null {
    const kind = urgencyOf(words) ?? (isSpanish(words) ? 'spanish' : null);
    const before = kind && this.#escalated.get(kind);
    return before === undefined || before === id ? kind : null;
  }

  /** True when the caller's `words` go to a person. What was read back before needs no yes any more. */
  #escalate(words: string, id: string): boolean {
    const kind = this.#escalationOf(words, id);
    if (kind === null || this.#escalated.has(kind)) return false;
    this.#escalated.set(kind, id);
    this.#talk.confirmation.drop();
    this.#onUrgent(kind, words);
    return true;
  }

  /** A prompt of ours that asks nothing leaves what was asked open; all else takes its place. */
  #noteAgent(words: string): void {
    if (this.#prompts.has(words) && !asksSomething.test(words)) return;
    this.#talk.confirmation.note({ by: 'agent', words });
  }

  /**
   * True when the caller says nothing more, right before something is written. Speech that began is
   * waited for, with its words: one that is no cough withdraws the yes.
   */
  async #callerIsSilent(signal: AbortSignal): Promise<boolean> {
    if (this.session.userState !== 'speaking') return true;
    const heard = AbortSignal.timeout(goesOnMs);
    try {
      const words = once(this.session, UserInputTranscribed, {
        signal: AbortSignal.any([signal, heard]),
      });
      await words;
      return false;
    } catch {
      signal.throwIfAborted();
      return this.session.userState !== 'speaking';
    }
  }

  /** Something is prepared or said that cannot be interrupted. */
  get #keepsFloor(): boolean {
    return [...this.#speeches].some(({ allowInterruptions }) => !allowInterruptions);
  }

  /**
   * The framework (1.9.0, agent_activity.ts, userTurnCompleted) drops a turn that ends while a
   * sentence that cannot be interrupted is spoken; its words were transcribed all the same. Once the
   * sentence is over, and the turn can no longer be taken in by itself, they are answered.
   */
  #overhear(words: string): void {
    if (this.#isLeaving || !this.#keepsFloor) return;
    const { turns } = this.#receptionist.duty;
    const before = this.#overheard?.turns === turns ? [this.#overheard.words] : [];
    this.#overheard = { words: [...before, words].join(' '), turns };
    this.#answerOverheardLater();
  }

  #answerOverheardLater(): void {
    clearTimeout(this.#overheardTimer);
    this.#overheardTimer = setTimeout(
      () => this.#answerOverheard(),
      endpointingMs.unfinished + fixedEndOfTurnMs,
    );
  }

  #answerOverheard(): void {
    const { duty } = this.#receptionist;
    if (this.#overheard?.turns !== duty.turns || this.#isLeaving) return;
    if (this.#keepsFloor || this.session.userState === 'speaking')
      return this.#answerOverheardLater();
    const { words } = this.#overheard;
    this.#overheard = null;
    if (duty.answers(words)) this.callerMeant(words);
  }

  #follow(reload: () => Promise<Inventory | null>): void {
    this.session.on(ConversationItemAdded, ({ item }) => {
      if (item.type !== 'message' || !this.#receptionist.duty.isOn) return;
      const words = item.textContent ?? '';
      if (item.role === 'assistant') {
        this.#noteAgent(this.#playout.heard(words, { isWhole: !item.interrupted }));
      }
      if (item.role === 'user') {
        this.#callerTurns += 1;
        this.#callerWords = words;
        this.#talk.confirmation.note({ by: 'caller', words });
        this.#escalate(words, item.id);
        void this.#refresh(reload);
      }
      // The item is in the agent's own list only after this event.
      setImmediate(this.#onChanged);
    });
    this.session.on(SpeechCreated, ({ speechHandle }) => {
      this.#speeches.add(speechHandle);
      speechHandle.addDoneCallback(() => this.#speeches.delete(speechHandle));
    });
    this.session.on(UserInputTranscribed, ({ transcript, isFinal }) => {
      if (isFinal) this.#overhear(transcript);
    });
    this.session.on(Close, () => clearTimeout(this.#overheardTimer));
    this.session.on(FunctionToolsExecuted, () => setImmediate(this.#onChanged));
    this.session.on(UserStateChanged, ({ oldState }) => {
      if (oldState === 'speaking') this.#owesAnswerSinceMs = Date.now();
    });
    this.session.on(AgentStateChanged, ({ newState }) => {
      if (newState === 'speaking') this.#owesAnswerSinceMs = null;
    });
  }

  /** Reads the list anew, in a few ms while the model thinks: bookings may have come meanwhile. */
  async #refresh(reload: () => Promise<Inventory | null>): Promise<void> {
    try {
      this.#inventory = (await reload()) ?? this.#inventory;
    } catch {
      // The list of before stands; a booking looks at the sheet anew in any case.
    }
  }
}

/** The caller's hearing of words that are played: of those broken off, only their beginning. */
class Playout {
  #playedMs = 0;
  #msPerLetter = usualMsPerLetter;

  follow(output: voice.AudioOutput | null): void {
    output?.on(voice.AudioOutput.EVENT_PLAYBACK_FINISHED, ({ playbackPosition }) => {
      this.#playedMs = playbackPosition * 1_000;
    });
  }

  /** The words that were heard of the ones played last; a voice is measured by those heard whole. */
  heard(words: string, { isWhole }: { readonly isWhole: boolean }): string {
    if (isWhole) {
      const letters = lettersIn(words);
      const measured = this.#playedMs / letters;
      if (letters >= lettersToMeasure && measured > usualMsPerLetter / 2) {
        this.#msPerLetter = measured;
      }
      return words;
    }
    let end = 0;
    for (let leftMs = this.#playedMs; end < words.length; end += 1) {
      leftMs -= lettersIn(words.charAt(end)) * this.#msPerLetter;
      if (leftMs < 0) break;
    }
    return words.slice(0, end);
  }
}

function withoutCards(asked: SavedTalk['asked']): SavedTalk['asked'] {
  if (!asked) return null;
  const since = asked.since.map(({ by, words }) => ({ by, words: withoutCardNumbers(words) }));
  return { ...asked, since };
}
