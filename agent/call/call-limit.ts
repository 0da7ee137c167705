import type { CallTimers, CallTimer } from './call-timers.ts';

const warningMs = 60_000;

/** An end to every call, with a warning a minute before, or half-way where that is later. */
export class CallLimit {
  readonly #timers: readonly CallTimer[];

  /**
   * Runs from now. `elapsedMs`: how long ago the call was answered, in whichever job; a warning that
   * was due before is not repeated. `warn` and `end` must not throw.
   */
  constructor(deps: {
    readonly timers: CallTimers;
    readonly maxCallMs: number;
    readonly elapsedMs: number;
    readonly warn: () => void;
    readonly end: () => void;
  }) {
    const { timers, maxCallMs, elapsedMs, warn, end } = deps;
    const dueMs = Math.max(maxCallMs - warningMs, maxCallMs / 2);
    const warnInMs = dueMs - elapsedMs;
    const endInMs = Math.max(0, maxCallMs - elapsedMs);
    this.#timers = [
      ...(warnInMs > 0
        ? [timers.timer({ name: 'over-limit-warning', ms: warnInMs, onExpired: warn })]
        : []),
      timers.timer({ name: 'over-limit', ms: endInMs, onExpired: end }),
    ];
    for (const timer of this.#timers) timer.restart();
  }

  stop(): void {
    for (const timer of this.#timers) timer.stop();
  }
}
