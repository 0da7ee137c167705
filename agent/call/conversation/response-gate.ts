/** Words of the caller that nobody answered yet. */
type Unheeded = { readonly words: string; readonly atMs: number };

/** Two jobs that hear the same words end the turn at moments that differ by less than this. */
const sameTurnMs = 1_500;

/**
 * This job's duty to answer the caller. It has none while another job has the call, or while it is
 * not known which job has it; the caller's words meanwhile are kept.
 */
export class Duty {
  readonly #nowMs: () => number;
  readonly #unheeded: Unheeded[] = [];
  #holds = 0;
  #turns = 0;
  #echo = { words: '', untilMs: 0, ofTheEnd: false };

  constructor(nowMs: () => number = () => Date.now()) {
    this.#nowMs = nowMs;
  }

  /** The caller's turns that were taken in, whether answered here or kept. */
  get turns(): number {
    return this.#turns;
  }

  get isOn(): boolean {
    return this.#holds === 0;
  }

  /** Off duty until the returned function is called, by all who left it. */
  leave(): () => void {
    this.#holds += 1;
    let isBack = false;
    return () => {
      if (!isBack) this.#holds -= 1;
      isBack = true;
    };
  }

  /** Takes in a turn, or keys; true when it is to be answered here and now. */
  answers(words: string): boolean {
    const nowMs = this.#nowMs();
    this.#turns += 1;
    if (!this.isOn) {
      this.#unheeded.push({ words, atMs: nowMs });
      return false;
    }
    return nowMs > this.#echo.untilMs || !this.#isEcho(words);
  }

  /**
   * The caller's words off duty from `sinceMs` on, by the wall clock, but not `takenIn`, their last
   * ones in the talk so far; null for none.
   */
  catchUp({ sinceMs, takenIn }: { sinceMs: number; takenIn: string }): string | null {
    const missed = this.#unheeded
      .splice(0)
      .filter(({ words, atMs }) => atMs >= sinceMs && !isSame(words, takenIn));
    return missed.length > 0 ? missed.map(({ words }) => words).join(' ') : null;
  }

  /**
   * The job before took these words in a moment ago: ending here as well, they are no new turn.
   * `ofTheEnd`: nor is their end, where this job began to listen in their middle.
   */
  expectEcho(words: string, { ofTheEnd = false } = {}): void {
    this.#echo = { words, untilMs: this.#nowMs() + sameTurnMs, ofTheEnd };
  }

  #isEcho(words: string): boolean {
    const { words: whole, ofTheEnd } = this.#echo;
    return isSame(words, whole) || (ofTheEnd && plain(whole).endsWith(plain(words)));
  }
}

function isSame(words: string, others: string): boolean {
  return plain(words) === plain(others);
}

function plain(words: string): string {
  return words
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}
