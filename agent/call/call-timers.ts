/** One timer that could end the call, or that speaks because of silence. */
export type CallTimer = {
  /** Runs it from its full time, whether it ran or not. */
  restart(): void;
  /** Stands still, and keeps what is left, until `resume`. */
  hold(): void;
  resume(): void;
  stop(): void;
};

type Entry = {
  readonly name: string;
  readonly ms: number;
  readonly onExpired: () => void;
  /** The rest of its time, as of `sinceMs` when it counts down; null while it does not run. */
  leftMs: number | null;
  isHeld: boolean;
  sinceMs: number;
  timeout: NodeJS.Timeout | undefined;
};

/**
 * Owns every timer that could end the call, so that all of them stand still together while something
 * is being repaired. A pause that is not released ends by itself: a repair must not keep a dead call.
 */
export class CallTimers {
  readonly #livenessPauseMs: number;
  readonly #onPauseExpired: (reason: string) => void;
  readonly #nowMs: () => number;
  readonly #entries = new Set<Entry>();
  readonly #pauses = new Set<NodeJS.Timeout>();
  #isOver = false;

  /** `onPauseExpired` hears of a pause that nobody released; `nowMs` is a clock that never jumps. */
  constructor(options: {
    readonly livenessPauseMs: number;
    readonly onPauseExpired: (reason: string) => void;
    readonly nowMs?: () => number;
  }) {
    this.#livenessPauseMs = options.livenessPauseMs;
    this.#onPauseExpired = options.onPauseExpired;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** The timers that run, paused or not, and what is left of each. */
  get running(): readonly { readonly name: string; readonly leftMs: number }[] {
    return [...this.#entries].flatMap((entry) => {
      const leftMs = this.#leftOf(entry);
      return leftMs === null ? [] : [{ name: entry.name, leftMs }];
    });
  }

  get isPaused(): boolean {
    return this.#pauses.size > 0;
  }

  /** A timer at rest; `restart` runs it. `onExpired` must not throw. */
  timer(options: {
    readonly name: string;
    readonly ms: number;
    readonly onExpired: () => void;
  }): CallTimer {
    const entry: Entry = {
      ...options,
      leftMs: null,
      isHeld: false,
      sinceMs: 0,
      timeout: undefined,
    };
    this.#entries.add(entry);
    return {
      restart: () => {
        if (this.#isOver) return;
        this.#halt(entry);
        entry.leftMs = entry.ms;
        this.#countDown(entry);
      },
      hold: () => {
        this.#halt(entry);
        entry.isHeld = true;
      },
      resume: () => {
        if (!entry.isHeld) return;
        entry.isHeld = false;
        this.#countDown(entry);
      },
      stop: () => this.#rest(entry),
    };
  }

  /** All timers stand still until the returned function is called, for `livenessPauseMs` at most. */
  pauseAll(reason: string): () => void {
    if (this.#isOver) return () => {};
    if (!this.isPaused) for (const entry of this.#entries) this.#halt(entry);
    const pause = setTimeout(() => {
      this.#release(pause);
      this.#onPauseExpired(reason);
    }, this.#livenessPauseMs);
    this.#pauses.add(pause);
    return () => this.#release(pause);
  }

  /** The end of all timers and pauses. */
  stop(): void {
    this.#isOver = true;
    for (const pause of this.#pauses) clearTimeout(pause);
    this.#pauses.clear();
    for (const entry of this.#entries) this.#rest(entry);
  }

  #release(pause: NodeJS.Timeout): void {
    clearTimeout(pause);
    if (!this.#pauses.delete(pause) || this.isPaused) return;
    for (const entry of this.#entries) this.#countDown(entry);
  }

  #countDown(entry: Entry): void {
    if (this.isPaused || entry.isHeld || entry.leftMs === null) return;
    entry.sinceMs = this.#nowMs();
    entry.timeout = setTimeout(() => {
      this.#rest(entry);
      entry.onExpired();
    }, entry.leftMs);
  }

  /** Keeps what is left. */
  #halt(entry: Entry): void {
    entry.leftMs = this.#leftOf(entry);
    clearTimeout(entry.timeout);
    entry.timeout = undefined;
  }

  #rest(entry: Entry): void {
    this.#halt(entry);
    entry.leftMs = null;
  }

  #leftOf({ leftMs, sinceMs, timeout }: Entry): number | null {
    if (leftMs === null || !timeout) return leftMs;
    return Math.max(0, leftMs - (this.#nowMs() - sinceMs));
  }
}
