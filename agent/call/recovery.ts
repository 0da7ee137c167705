import type { GapEnd } from './audio-gap.ts';
import { GapWalk } from './gap-walk.ts';
import type { GapEvent, WalkDeps } from './gap-walk.ts';
import type { Liveness } from './liveness.ts';
import { emptyFigures, recoveredBy } from './recovery-figures.ts';
import type { RecoveryFigures } from './recovery-figures.ts';

/** What a later job of the call must know. Times are Unix milliseconds. */
export type SavedRecovery = {
  readonly attemptsUsed: number;
  readonly lastAttemptAtMs: number | null;
  /** The last packet before the gap that an attempt is made on; null when none is. */
  readonly openSinceMs: number | null;
  /** Left out by a release that did not keep them. */
  readonly figures?: RecoveryFigures | undefined;
};

type RecoveryDeps = WalkDeps & {
  readonly liveness: Pick<Liveness, 'pauseAll'>;
  readonly gapCooldownMs: number;
  readonly gapMaxAttempts: number;
  readonly saved?: SavedRecovery;
};

/**
 * What is done about gaps: each attempt is one walk of the ladder, done before the gateway hangs up.
 * During the cooldown a gap is only watched; when all attempts are used up it gets the polite end
 * alone, at the time a walk would have come to it. Packets at any time end the walk.
 */
export class Recovery {
  readonly #deps: RecoveryDeps;
  readonly #nowMs: () => number;
  #figures: RecoveryFigures;
  #attemptsUsed: number;
  #lastAttemptMs: number | null = null;
  /** Of the gap that is open. */
  #walk: GapWalk | null = null;
  #isWalking = false;
  #isOver = false;

  constructor(deps: RecoveryDeps) {
    const { saved, nowMs = () => performance.now() } = deps;
    const note = (event: GapEvent, fields: Readonly<Record<string, unknown>>) => {
      if (!this.#isOver) deps.note(event, fields);
    };
    this.#deps = { ...deps, note };
    this.#nowMs = nowMs;
    this.#attemptsUsed = saved?.attemptsUsed ?? 0;
    this.#figures = saved?.figures ?? { ...emptyFigures, attempts: this.#attemptsUsed };
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
    const walk = new GapWalk(this.#deps, { attempt: this.#attemptsUsed, silentMs });
    void this.#attempt(walk, () => walk.finish());
  }

  /** The detector's word that no packets come. */
  gapOpened({ silentMs }: { readonly silentMs: number }): void {
    if (this.#isOver) return;
    const refusal = this.#refusal();
    const attempt = refusal ? null : (this.#attemptsUsed += 1);
    const gaps = this.#figures.gaps + 1;
    this.#figures = { ...this.#figures, gaps, attempts: this.#attemptsUsed };
    this.#deps.note('gap.detected', {
      silentMs: Math.round(silentMs),
      attempt,
      refusal,
      sign: this.#deps.signOfLife(),
    });
    const walk = new GapWalk(this.#deps, { attempt, silentMs });
    this.#walk = walk;
    if (refusal === null) void this.#attempt(walk, () => walk.run());
    else if (refusal === 'attempts-used') void walk.run();
  }

  /** The detector's word that the gap is over. */
  gapEnded({ lengthMs, packetsAreBack }: GapEnd): void {
    const walk = this.#walk;
    if (this.#isOver || !walk) return;
    this.#walk = null;
    walk.cancel('The gap is over');
    const { attempt, last, openSinceMs } = walk;
    if (!packetsAreBack) {
      if (this.#isWalking) walk.gaveUp('overtaken');
      return;
    }
    if (attempt !== null && last) this.#figures = recoveredBy(this.#figures, last.step);
    this.#deps.note('gap.recovered', {
      attempt,
      step: last?.step ?? null,
      afterMs: last && Math.max(0, Math.round(openSinceMs + lengthMs - last.atMs)),
      lengthMs: Math.round(lengthMs),
    });
  }

  /** The end of the call, or of this job in it. */
  stop(): void {
    this.#isOver = true;
    this.#walk?.cancel('The call is over');
  }

  #refusal(): 'cooldown' | 'attempts-used' | null {
    if (this.#attemptsUsed >= this.#deps.gapMaxAttempts) return 'attempts-used';
    const agoMs = this.#nowMs() - (this.#lastAttemptMs ?? -Infinity);
    return agoMs < this.#deps.gapCooldownMs ? 'cooldown' : null;
  }

  /** Meanwhile no other timer may end the call. */
  async #attempt(walk: GapWalk, run: () => Promise<boolean>): Promise<void> {
    this.#walk = walk;
    this.#isWalking = true;
    this.#lastAttemptMs = this.#nowMs();
    const release = this.#deps.liveness.pauseAll('audio gap');
    try {
      // A fresh job has the call: whatever comes next is its affair.
      if (await run()) this.stop();
    } finally {
      release();
      this.#isWalking = false;
      this.#lastAttemptMs = this.#nowMs();
    }
  }
}
