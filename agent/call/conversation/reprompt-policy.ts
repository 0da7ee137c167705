import type { CallTimers, CallTimer } from '../call-timers.ts';
import { BEAR_WITH_ME, SAY_AGAIN, STILL_TRYING } from '../../speech/prompts/prompts.ts';

/**
 * From the end of the caller's speech until they are asked to say it again; words arrive within 300 ms
 * of it when all is well.
 */
export const unheardMs = 2_500;
/** The same while no recogniser takes it in; a slow model is excused as late. */
const unheardByNobodyMs = 1_500;
/** Between two sentences to a caller who waits. */
const repeatMs = 4_500;
/** Shorter speech is a cough, or an "mhm": no answer to it is expected. */
const wordsMs = 700;
/** A caller is asked so often in a row to say it again: then it is noise, or no English. */
const maxAsked = 2;
/** A caller who is not heard for so long is better called back. */
const deafMs = 20_000;
/** The second turn in a row without an answer: a third try is no better. */
const maxFailedTurns = 2;
/** Sentences in a row that no voice could speak. */
const maxUnspoken = 3;

/** The means to deal with it. */
type RepromptDeps = {
  readonly timers: Pick<CallTimers, 'timer'>;
  /** Speaks a set phrase, whatever the providers do. */
  readonly say: (text: string) => void;
  /** Has the caller called back, since nothing works any more. Called once. */
  readonly giveUp: () => void;
  /** True while nothing that the caller says arrives at a recogniser. */
  readonly isDeaf: () => boolean;
  /** The agent neither speaks nor prepares an answer. */
  readonly isCallersTurn: () => boolean;
  /** The caller was asked twice to say it again, and was not understood once more. */
  readonly onUnintelligible: () => void;
};

/** Speaks to the caller when a provider fails, so that they never hear silence. */
export class RepromptPolicy {
  readonly #deps: RepromptDeps;
  #failedTurns = 0;
  #unspoken = 0;
  readonly #unheard: CallTimer;
  readonly #unheardByNobody: CallTimer;
  readonly #stillUnheard: CallTimer;
  readonly #deaf: CallTimer;
  /** Something was said that was not understood yet. */
  #isWaiting = false;
  #isHopeless = false;
  #startedMs = 0;
  #wasSpeech = false;
  /** The call changed hands, and nothing of the caller was understood since. */
  #isTorn = false;
  /** Final words of what the caller says now have come already. */
  #isUnderstood = false;
  #asked = 0;
  #isOver = false;

  constructor(deps: RepromptDeps) {
    this.#deps = deps;
    const { timers } = deps;
    this.#unheard = timers.timer({
      name: 'not-understood',
      ms: unheardMs,
      onExpired: () => this.#notHeard(BEAR_WITH_ME),
    });
    this.#unheardByNobody = timers.timer({
      name: 'heard-by-nobody',
      ms: unheardByNobodyMs,
      onExpired: () => {
        if (!deps.isDeaf()) return;
        this.#unheard.stop();
        this.#notHeard(BEAR_WITH_ME);
      },
    });
    this.#stillUnheard = timers.timer({
      name: 'still-not-understood',
      ms: repeatMs,
      onExpired: () => this.#notHeard(STILL_TRYING),
    });
    this.#deaf = timers.timer({
      name: 'deaf',
      ms: deafMs,
      onExpired: () => {
        this.#isHopeless = true;
      },
    });
  }

  /** True while nothing that the caller says arrives at a recogniser. */
  get isDeaf(): boolean {
    return this.#deps.isDeaf();
  }

  /** The call came from another job: of what the caller says now, the beginning may be missing. */
  resumed(): void {
    this.#isTorn = true;
  }

  /** No model answered the caller's turn. */
  turnFailed(): void {
    this.#failedTurns += 1;
    if (this.#failedTurns >= maxFailedTurns) this.#giveUp();
    else this.#deps.say(SAY_AGAIN);
  }

  /** A sentence could not be spoken by any voice. */
  sentenceFailed(): void {
    this.#unspoken += 1;
    if (this.#unspoken >= maxUnspoken) this.#giveUp();
  }

  /** The agent answered in its own voice: what went wrong before is over. */
  answered(): void {
    this.#failedTurns = 0;
    this.#unspoken = 0;
  }

  /** The voice detector says that the caller began to speak. */
  callerStarted(): void {
    this.#startedMs = performance.now();
    this.#isUnderstood = false;
    this.#restTimers();
  }

  /** The voice detector says that the caller stopped to speak. */
  callerStopped(): void {
    if (this.#isOver || this.#isUnderstood) return;
    this.#wasSpeech = this.#isTorn || performance.now() - this.#startedMs >= wordsMs;
    if (!this.#isWaiting) this.#deaf.restart();
    this.#isWaiting = true;
    this.#restTimers();
    this.#unheard.restart();
    this.#unheardByNobody.restart();
  }

  /** Words of the caller arrived, and are final: interim ones may come to nothing. */
  callerUnderstood(): void {
    this.#isUnderstood = true;
    this.#isTorn = false;
    this.#restTimers();
    this.#waitIsOver();
    this.#asked = 0;
  }

  stop(): void {
    this.#isOver = true;
    this.#restTimers();
    this.#waitIsOver();
  }

  #notHeard(text: string): void {
    if (!this.#deps.isDeaf()) return this.#notUnderstood();
    if (this.#isHopeless) return this.#giveUp();
    this.#wasSpeech = true;
    this.#deps.say(text);
    this.#stillUnheard.restart();
  }

  #restTimers(): void {
    this.#unheard.stop();
    this.#unheardByNobody.stop();
    this.#stillUnheard.stop();
  }

  #waitIsOver(): void {
    this.#isWaiting = false;
    this.#isHopeless = false;
    this.#deaf.stop();
  }

  /** The recogniser heard it, and found no words in it. */
  #notUnderstood(): void {
    this.#waitIsOver();
    if (!this.#wasSpeech || this.#asked > maxAsked) return;
    // An agent that was spoken to goes on after a pause: they are asked when it is done.
    if (!this.#deps.isCallersTurn()) return this.#unheard.restart();
    this.#asked += 1;
    this.#isTorn = false;
    if (this.#asked > maxAsked) this.#deps.onUnintelligible();
    else this.#deps.say(SAY_AGAIN);
  }

  #giveUp(): void {
    if (this.#isOver) return;
    this.stop();
    this.#deps.giveUp();
  }
}
