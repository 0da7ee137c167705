import type { ResumeKind } from '../ipc/client.ts';
import type { CallLease } from './persistence/call-lease.ts';
import type { CallRecord } from './call-record.ts';
import type { CallDeps } from './call-context.ts';
import type { Conversation } from './conversation/conversation.ts';
import { handOver } from './ownership/handover.ts';
import type { PromptCache } from './conversation/prompt-cache.ts';
import type { SavedCall } from './persistence/call-snapshot.ts';

/** A planned hand-over that came to nothing is tried again. */
const againMs = 30_000;

type HandingOverDeps = Pick<CallDeps, 'ctx' | 'config' | 'store' | 'askForFreshJob'> & {
  readonly claim: CallLease | undefined;
  readonly record: CallRecord;
  readonly conversation: Conversation;
  readonly phrases: PromptCache;
  readonly signal: AbortSignal;
  /** Something is under way that only this job can finish. */
  readonly isBusy: () => boolean;
  readonly state: () => SavedCall;
  /** The call is another job's. */
  readonly onGiven: () => void;
};

/** The hand-overs of one job: planned ones at an age of the call, and others on demand. */
export class HandingOver {
  readonly #deps: HandingOverDeps;
  #current: Promise<boolean> | undefined;
  #givenAway: Promise<boolean> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** When the one that is under way waits no longer for the end of a turn. */
  #dueAtMs = Infinity;

  constructor(deps: HandingOverDeps) {
    this.#deps = deps;
  }

  /** Begins the wait for the planned one, if there is to be one. */
  start(): void {
    const { afterMs } = this.#deps.config.handover;
    if (afterMs !== null) this.#plan(afterMs, true);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** True once the call is being given away: what is written from then on is the fresh job's. */
  get isGiving(): boolean {
    return this.#givenAway !== undefined;
  }

  /** Whether the call was given away, once that is known; at once while nothing is under way. */
  async wasGiven(): Promise<boolean> {
    return (await this.#givenAway) ?? false;
  }

  /**
   * Gives the call to a fresh job: between two turns, or in the middle of one after `withinMs`.
   * False when it stayed here.
   */
  async now(
    kind: ResumeKind,
    { notice = null, withinMs = Infinity }: { notice?: string | null; withinMs?: number } = {},
  ): Promise<boolean> {
    const { claim, record, signal, isBusy, onGiven } = this.#deps;
    if (!claim || signal.aborted || isBusy()) return false;
    this.#dueAtMs = Math.min(this.#dueAtMs, performance.now() + withinMs);
    this.#current ??= this.#give(kind, claim, notice);
    const isGiven = await this.#current;
    if (!isGiven) {
      this.#current = this.#givenAway = undefined;
      this.#dueAtMs = Infinity;
    } else if (!signal.aborted) {
      record.log.info({ event: 'job.handed-over', kind }, 'call handed over to a fresh job');
      onGiven();
    }
    return isGiven;
  }

  async #give(kind: ResumeKind, claim: CallLease, notice: string | null): Promise<boolean> {
    const { ctx, store, record, signal, askForFreshJob, conversation, phrases, state, isBusy } =
      this.#deps;
    try {
      return await handOver(kind, {
        room: ctx.room,
        jobId: ctx.job.id,
        store,
        claim,
        log: record.log,
        signal,
        ask: askForFreshJob,
        announce: async () => {
          if (notice) await conversation.sayGoodbye(phrases.get(notice));
        },
        onTransfer: (isGiven) => {
          this.#givenAway = isGiven;
        },
        isBusy,
        isBetweenTurns: () => conversation.isBetweenTurns,
        dueAtMs: () => this.#dueAtMs,
        fallSilent: () => conversation.fallSilent(),
        state,
      });
    } catch {
      // The call ended meanwhile.
      return false;
    }
  }

  #plan(ms: number, isFirst = false): void {
    const { config, record, signal } = this.#deps;
    const giveOrPlan = async () => {
      if (isFirst) {
        record.log.info({ event: 'handover.due', afterMs: ms }, 'job reached HANDOVER_AFTER_MS');
      }
      const isGiven = await this.now('handover', { notice: config.handover.notice });
      if (!isGiven && !signal.aborted) this.#plan(againMs);
    };
    this.#timer = setTimeout(() => void giveOrPlan(), ms);
    this.#timer.unref();
  }
}
