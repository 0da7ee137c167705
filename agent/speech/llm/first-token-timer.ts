/** Budgets of the wait for an answer's first word, in ms. */
export type WaitBudgets = {
  readonly fillerMs: number;
  readonly nextFillerMs: number;
  readonly turnMs: number;
};

/** The caller's wait for the first word of an answer: covered by fillers, and not without end. */
export class FirstTokenTimer {
  readonly #limit = new AbortController();
  readonly #limitTimer: NodeJS.Timeout;
  #fillerTimer: NodeJS.Timeout | undefined;

  /** `say` is called once for each filler of `fillers`; the signal aborts with `whenOver()`. */
  constructor(options: {
    readonly budgets: WaitBudgets;
    readonly fillers: readonly string[];
    readonly say: (filler: string) => void;
    readonly whenOver: () => Error;
  }) {
    const { budgets, fillers, say, whenOver } = options;
    const sayAfter = (ms: number, [filler, ...later]: readonly string[]) => {
      if (filler === undefined) return;
      this.#fillerTimer = setTimeout(() => {
        say(filler);
        sayAfter(budgets.nextFillerMs, later);
      }, ms);
    };
    sayAfter(budgets.fillerMs, fillers);
    this.#limitTimer = setTimeout(() => this.#limit.abort(whenOver()), budgets.turnMs);
  }

  /** Aborts when the wait has lasted `turnMs`. */
  get signal(): AbortSignal {
    return this.#limit.signal;
  }

  /** The first word is there: no filler comes any more, and the limit does not bind. */
  end(): void {
    clearTimeout(this.#fillerTimer);
    clearTimeout(this.#limitTimer);
  }

  [Symbol.dispose](): void {
    this.end();
  }
}
