import timers from 'node:timers/promises';
import { withDeadline } from '../../infra/deadline.ts';
import type { Events } from '../../telemetry/events.ts';
import type { GapStep } from './gap-figures.ts';

type GapEvent = 'gap.detected' | 'gap.step' | 'gap.recovered' | 'gap.gave-up';

/** Emits an event of a gap. */
export type EmitGap = <Event extends GapEvent>(event: Event, ...told: Events[Event]) => void;

/**
 * The steps that may bring packets back, the gentle ones first. Each may hang or throw; its signal is aborted
 * when packets are back, and at its deadline.
 */
export type RecoverySteps = Readonly<Record<GapStep, (signal: AbortSignal) => Promise<void>>> & {
  /** The polite end, with a note for call-back. It has no deadline of the ladder's. */
  readonly giveUp: (signal: AbortSignal) => Promise<void>;
};

/** The end of a walk: a fresh job has the call, the leg showed life to the last, or in any other way. */
export type LadderEnd = 'given' | 'leg-alive' | 'done';

/** The world that a walk acts on. */
export type LadderDeps = {
  readonly steps: RecoverySteps;
  /** The leg's last sign of life but media, if fresh: with one, only the gentle steps are taken. */
  readonly signOfLife: () => string | null;
  /** Packets come at this moment, perhaps for good, or the caller is put through: then no step is taken. */
  readonly mustWait: () => boolean;
  /** Looks for packets at once, between the looks of the packet clock. Never rejects. */
  readonly look: () => Promise<void>;
  /** False while LiveKit answers nobody: then the silence is not the caller's, who may hold on. */
  readonly isServerThere: () => Promise<boolean>;
  readonly emit: EmitGap;
  /** The gateway hangs up by itself so long after the last packet. */
  readonly mediaTimeoutMs: number;
  /** From the polite end's beginning to the latest moment before that at which the call may be over. */
  readonly politeEndMs: () => number;
  /** A clock that never jumps. */
  readonly nowMs?: () => number;
};

const ladder = ['ask', 'resubscribe', 'rejoin', 'give-up'] as const;
type Rung = (typeof ladder)[number];
const gentle: ReadonlySet<Rung> = new Set(['ask', 'resubscribe']);

/** Packets are back 0.3 s after a step that worked; that they stay is known 1.5 s later. */
const spacingMs = 3_000;
const stepMs = 2_500;
/** A job that came by rejoining sees by then packets that stay. */
const lookMs = 2_000;
const pollMs = 250;
/** A server that answers has packets stay by then (1.1 s to `reconnected` after 30 s frozen). */
const serverBackMs = 5_000;

/** One way up the ladder, for one gap. */
export class RecoveryLadder {
  /** Null when the gap is not counted as an attempt: then there is only the polite end. */
  readonly attempt: number | null;
  readonly openSinceMs: number;
  readonly #deps: LadderDeps;
  readonly #nowMs: () => number;
  readonly #abort = new AbortController();
  #last: { readonly step: GapStep; readonly atMs: number } | null = null;

  constructor(
    deps: LadderDeps,
    gap: { readonly attempt: number | null; readonly silentMs: number },
  ) {
    this.#deps = deps;
    this.#nowMs = deps.nowMs ?? (() => performance.now());
    this.attempt = gap.attempt;
    this.openSinceMs = this.#nowMs() - gap.silentMs;
  }

  /** The last step taken, by the clock that never jumps. */
  get last(): { readonly step: GapStep; readonly atMs: number } | null {
    return this.#last;
  }

  /** Walks from the first step to the polite end. Never rejects. */
  async run(): Promise<LadderEnd> {
    const startMs = this.#nowMs();
    const leftMs = this.#lastStepMs - this.#silentMs;
    // A gateway that has not hung up in its time will not do so now: nothing is to be hurried.
    const apartMs = leftMs > 0 ? Math.min(spacingMs, leftMs / (ladder.length - 1)) : spacingMs;
    for (const [index, rung] of ladder.entries()) {
      if (this.attempt === null && rung !== 'give-up') continue;
      const afterMs = rung === 'give-up' ? Math.max(leftMs, index * apartMs) : index * apartMs;
      const end = await this.#take(rung, startMs + afterMs);
      if (end) return end;
    }
    return 'done';
  }

  /** Ends the walk that led to this job: with packets, or with the polite end. */
  async finish(): Promise<LadderEnd> {
    this.#last = { step: 'rejoin', atMs: this.#nowMs() };
    const leftMs = Math.max(lookMs, this.#lastStepMs - this.#silentMs);
    return (await this.#take('give-up', this.#nowMs() + leftMs)) ?? 'done';
  }

  cancel(why: string): void {
    this.#abort.abort(new Error(why));
  }

  gaveUp(why: string, more: { readonly error?: unknown } = {}): void {
    const silentMs = Math.round(this.#silentMs);
    this.#deps.emit('gap.gave-up', { attempt: this.attempt, why, silentMs, ...more });
  }

  get #silentMs(): number {
    return this.#nowMs() - this.openSinceMs;
  }

  /** The last step may come so long after the last packet. */
  get #lastStepMs(): number {
    return this.#deps.mediaTimeoutMs - this.#deps.politeEndMs();
  }

  /** Null when the next one is to be taken. */
  async #take(rung: Rung, dueMs: number): Promise<LadderEnd | null> {
    const { signal } = this.#abort;
    await this.#pause(dueMs - this.#nowMs());
    // A caller whose packets came back a moment ago is not told goodbye.
    if (rung === 'give-up') await this.#deps.look();
    const isWise = await this.#waitUntilWise(rung);
    if (signal.aborted) return 'done';
    if (!isWise) {
      this.gaveUp('leg-alive');
      return 'leg-alive';
    }
    if (rung === 'give-up') {
      await this.#giveUp();
      return 'done';
    }
    const isTaken = await this.#try(rung);
    if (isTaken && rung === 'rejoin') return 'given';
    return signal.aborted ? 'done' : null;
  }

  /** False when the leg showed life for as long as there was time for another step. */
  async #waitUntilWise(rung: Rung): Promise<boolean> {
    const { mustWait, signOfLife } = this.#deps;
    while (!this.#abort.signal.aborted) {
      const isLegAlive = !gentle.has(rung) && signOfLife() !== null;
      if (!isLegAlive && !mustWait()) {
        // A track that is left while the server is frozen is not had again when it thaws.
        if (rung === 'ask' || (await this.#wasServerThere())) return true;
        continue;
      }
      if (isLegAlive && this.#silentMs >= this.#lastStepMs) return false;
      await this.#pause(pollMs);
    }
    return false;
  }

  /**
   * Waits for a server that is away, and then for the packets that come back with it; one that stays
   * away ends the connection.
   */
  async #wasServerThere(): Promise<boolean> {
    if (await this.#deps.isServerThere()) return true;
    do await this.#pause(pollMs);
    while (!this.#abort.signal.aborted && !(await this.#deps.isServerThere()));
    await this.#pause(serverBackMs);
    return false;
  }

  async #try(step: GapStep): Promise<boolean> {
    const { attempt } = this;
    const { emit, steps } = this.#deps;
    const { signal } = this.#abort;
    this.#last = { step, atMs: this.#nowMs() };
    emit('gap.step', { attempt, step, silentMs: Math.round(this.#silentMs) });
    try {
      const options = { ms: stepMs, label: `gap ${step}`, signal };
      await withDeadline(async (own) => steps[step](own), options);
      return true;
    } catch (error) {
      if (!signal.aborted) emit('gap.step', { attempt, step, error });
      return false;
    }
  }

  async #giveUp(): Promise<void> {
    this.gaveUp(this.attempt === null ? 'attempts-used' : 'ladder-walked');
    try {
      await this.#deps.steps.giveUp(this.#abort.signal);
    } catch (error) {
      // The call's other limits still hold.
      this.gaveUp('end-failed', { error });
    }
  }

  /** Ends early when the walk does. */
  async #pause(ms: number): Promise<void> {
    if (ms <= 0) return;
    await timers.setTimeout(ms, undefined, { signal: this.#abort.signal }).catch(() => {});
  }
}
