import type { GapEnd } from './gap-detector.ts';
import { RecoveryLadder } from './recovery-ladder.ts';
import type { EmitGap, LadderDeps, LadderEnd } from './recovery-ladder.ts';
import type { CallTimers } from '../call-timers.ts';
import { emptyFigures, recoveredBy } from './gap-figures.ts';
import type { RecoveryFigures } from './gap-figures.ts';

/** The recovery so far, for a later job of the call. Times are Unix milliseconds. */
export type SavedRecovery = {
  readonly attemptsUsed: number;
  readonly lastAttemptAtMs: number | null;
  /** The last packet before the gap that an attempt is made on; null when none is. */
  readonly openSinceMs: number | null;
  readonly figures: RecoveryFigures;
};

/** A gap that may be healing is looked at again so soon. */
const pollMs = 250;

/** The reasons that a gap is no attempt. */
type Refusal = 'cooldown' | 'attempts-used';

type Decision = { readonly attempt: number | null; readonly refusal: Refusal | null };

type GapRecoveryDeps = LadderDeps & {
  readonly timers: Pick<CallTimers, 'pauseAll'>;
  readonly gapCooldownMs: number;
  readonly gapMaxAttempts: number;
  readonly saved?: SavedRecovery;
};

/**
 * Deals with gaps: each attempt is one walk of the ladder, done before the gateway hangs up.
 * During the cooldown a gap is only watched, and dealt with when it outlasts it; so is one on a leg
 * that still showed life when the walk was over. When all attempts are used up a gap gets the polite
 * end alone, at the time a walk would have come to it. Packets at any time end the walk.
 */
export class GapRecovery {
  readonly #deps: GapRecoveryDeps;
  readonly #nowMs: () => number;
  #figures: RecoveryFigures;
  #attemptsUsed: number;
  #lastAttemptMs: number | null = null;
  /** The open gap's walk. */
  #walk: RecoveryLadder | null = null;
  #isWalking = false;
  /** The open gap is dealt with again then. */
  #again: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(deps: GapRecoveryDeps) {
    const { saved, nowMs = () => performance.now() } = deps;
    const emit: EmitGap = (event, ...told) => {
      if (!this.#isOver) deps.emit(event, ...told);
    };
    this.#deps = { ...deps, emit };
    this.#nowMs = nowMs;
    this.#attemptsUsed = saved?.attemptsUsed ?? 0;
    this.#figures = saved?.figures ?? emptyFigures;
    if (typeof saved?.lastAttemptAtMs === 'number') {
      this.#lastAttemptMs = nowMs() - (Date.now() - saved.lastAttemptAtMs);
    }
  }

  get figures(): RecoveryFigures {
    return this.#figures;
  }

  get saved(): SavedRecovery {
    const unixMs = (atMs: number) => Math.round(Date.now() - (this.#nowMs() - atMs));
    const walk = this.#isWalking ? this.#walk : null;
    return {
      attemptsUsed: this.#attemptsUsed,
      lastAttemptAtMs: this.#lastAttemptMs === null ? null : unixMs(this.#lastAttemptMs),
      openSinceMs: walk ? unixMs(walk.openSinceMs) : null,
      figures: this.#figures,
    };
  }

  /** Ends the walk that led to this job, if one did: with packets, or with the polite end. */
  carryOn(): void {
    const openSinceMs = this.#deps.saved?.openSinceMs ?? null;
    if (openSinceMs === null || this.#isOver) return;
    const silentMs = Date.now() - openSinceMs;
    const walk = new RecoveryLadder(this.#deps, { attempt: this.#attemptsUsed, silentMs });
    void this.#attempt(walk, () => walk.finish());
  }

  /** The detector's word that no packets come. */
  gapOpened({ silentMs }: { readonly silentMs: number }): void {
    if (this.#isOver) return;
    this.#figures = { ...this.#figures, gaps: this.#figures.gaps + 1 };
    this.#deal(silentMs, ({ attempt, refusal }) =>
      this.#deps.emit('gap.detected', {
        silentMs: Math.round(silentMs),
        attempt,
        refusal,
        sign: this.#deps.signOfLife(),
      }),
    );
  }

  /** The detector's word that the gap is over. */
  gapEnded({ lengthMs, packetsAreBack }: GapEnd): void {
    const walk = this.#walk;
    if (this.#isOver || !walk) return;
    this.#walk = null;
    clearTimeout(this.#again);
    walk.cancel('The gap is over');
    const { attempt, last, openSinceMs } = walk;
    if (!packetsAreBack) {
      if (this.#isWalking) walk.gaveUp('overtaken');
      return;
    }
    if (attempt !== null && last) {
      this.#figures = recoveredBy(this.#figures, { step: last.step, lengthMs });
    }
    this.#deps.emit('gap.recovered', {
      attempt,
      step: last?.step ?? null,
      afterMs: last && Math.max(0, Math.round(openSinceMs + lengthMs - last.atMs)),
      lengthMs: Math.round(lengthMs),
    });
  }

  /** The end of the call, or of this job in it. */
  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#again);
    this.#walk?.cancel('The call is over');
  }

  /** Deals with the open gap as far as it may now; `tell` hears of it before. */
  #deal(silentMs: number, tell: (decided: Decision) => void = () => {}): void {
    const refusal = this.#refusal();
    const attempt = refusal ? null : (this.#attemptsUsed += 1);
    this.#figures = { ...this.#figures, attempts: this.#attemptsUsed };
    tell({ attempt, refusal });
    const walk = new RecoveryLadder(this.#deps, { attempt, silentMs });
    this.#walk = walk;
    if (refusal === null) void this.#attempt(walk, () => walk.run());
    else if (refusal === 'attempts-used') void walk.run();
    else this.#dealAfterCooldown(walk);
  }

  /** Packets that come at that moment, perhaps for good, are no reason for another attempt. */
  #dealAfterCooldown(walk: RecoveryLadder): void {
    const dueMs = (this.#lastAttemptMs ?? 0) + this.#deps.gapCooldownMs;
    const deal = () => {
      if (this.#deps.mustWait()) this.#dealAfterCooldown(walk);
      else this.#deal(this.#nowMs() - walk.openSinceMs);
    };
    this.#again = setTimeout(deal, Math.max(pollMs, dueMs - this.#nowMs()));
  }

  #refusal(): Refusal | null {
    if (this.#attemptsUsed >= this.#deps.gapMaxAttempts) return 'attempts-used';
    const agoMs = this.#nowMs() - (this.#lastAttemptMs ?? -Infinity);
    return agoMs < this.#deps.gapCooldownMs ? 'cooldown' : null;
  }

  /** Meanwhile no other timer may end the call. */
  async #attempt(walk: RecoveryLadder, run: () => Promise<LadderEnd>): Promise<void> {
    this.#walk = walk;
    this.#isWalking = true;
    this.#lastAttemptMs = this.#nowMs();
    const release = this.#deps.timers.pauseAll('audio gap');
    let end: LadderEnd | undefined;
    try {
      end = await run();
    } finally {
      release();
      this.#isWalking = false;
      this.#lastAttemptMs = this.#nowMs();
    }
    // A fresh job has the call: whatever comes next is its affair.
    if (end === 'given') this.stop();
    const isOpen = this.#walk === walk && !this.#isOver;
    if (end === 'leg-alive' && isOpen) this.#dealAfterCooldown(walk);
  }
}
