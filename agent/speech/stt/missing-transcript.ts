/** While somebody speaks an interim transcript comes about every second. */
const whileSpeakingMs = 2_000;
/** The detector tells the end of speech 0.3 s late; the final transcript is 0.7 s after it at most. */
const afterSpeechMs = 1_200;

/**
 * Notices that the caller speaks, or spoke, and no transcript comes: the only sign of a connection
 * that is open but dumb. `onUnanswered` is called once a connection; the next one has its own time.
 */
export class MissingTranscript {
  readonly #onUnanswered: () => void;
  #isSpeaking = false;
  /** The last transcript was final: no words are under way. */
  #isAnswered = true;
  #sinceMs: number | undefined;
  #dueMs = Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(onUnanswered: () => void) {
    this.#onUnanswered = onUnanswered;
  }

  /** The time since which an answer is awaited, by `performance.now()`; undefined while none is. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  /** The voice detector heard speech begin or end. */
  speaking(isSpeaking: boolean): void {
    if (isSpeaking === this.#isSpeaking) return;
    this.#isSpeaking = isSpeaking;
    if (isSpeaking) {
      this.#isAnswered = false;
      this.#expectIn(whileSpeakingMs);
    } else if (this.#isAnswered) {
      this.settle();
    } else if (this.#sinceMs !== undefined) {
      const leftMs = Math.max(0, this.#dueMs - performance.now());
      this.#expectIn(Math.min(afterSpeechMs, leftMs), this.#sinceMs);
    }
  }

  /** A transcript came. */
  answered(isFinal: boolean): void {
    this.#isAnswered = isFinal;
    if (this.#sinceMs === undefined) return;
    if (isFinal && !this.#isSpeaking) this.settle();
    else this.#expectIn(this.#isSpeaking ? whileSpeakingMs : afterSpeechMs);
  }

  /** The connection is gone: what is unanswered stays so until `resume`, and nobody is told. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  /** A new connection has been sent all that is unanswered. */
  resume(): void {
    if (this.#sinceMs !== undefined) this.#expectIn(whileSpeakingMs, this.#sinceMs);
  }

  /** Awaits nothing any more. */
  settle(): void {
    this.pause();
    this.#sinceMs = undefined;
  }

  #expectIn(ms: number, sinceMs = performance.now()): void {
    this.pause();
    this.#sinceMs = sinceMs;
    this.#dueMs = performance.now() + ms;
    this.#timer = setTimeout(this.#onUnanswered, ms);
  }
}
