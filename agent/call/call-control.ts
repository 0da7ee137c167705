import type { ResumeKind } from '../ipc/messages.ts';
import type { Caller } from './leg/join-room.ts';
import type { CallLease, Claim } from './persistence/call-lease.ts';
import type { CallRecord } from './call-record.ts';
import type { CallDeps } from './call-context.ts';
import type { Conversation } from './conversation/conversation.ts';
import { Fencing } from './ownership/fencing.ts';
import { liveKitAnswers, liveKitLists } from '../livekit/room-service.ts';
import type { CallTimers } from './call-timers.ts';
import type { PromptCache } from './conversation/prompt-cache.ts';
import { watchReconnects } from './ownership/reconnect-watchdog.ts';
import type { SavedCall } from './persistence/call-snapshot.ts';
import type { TerminationReason } from '../ipc/termination.ts';
import { Transfer, transferCaller } from './leg/transfer.ts';
import { handOver } from './ownership/handover.ts';

type CallControlDeps = Pick<CallDeps, 'ctx' | 'config' | 'store' | 'askForFreshJob'> & {
  readonly caller: Caller;
  readonly claim: CallLease | undefined;
  readonly record: CallRecord;
  readonly conversation: Conversation;
  readonly phrases: PromptCache;
  readonly timers: CallTimers;
  readonly signal: AbortSignal;
  /** The call's last words are being said. */
  readonly isOver: () => boolean;
  readonly state: () => SavedCall;
  readonly end: (reason: TerminationReason) => void;
  readonly leave: (outcome: 'yielded' | 'failed') => void;
};

/** Where a call can go from here, to a person or to a fresh job; and whether it is still ours. */
export class CallControl {
  readonly #deps: CallControlDeps;
  readonly #transfer: Transfer;
  readonly #handingOver: HandingOver;
  #stopWatching = () => {};

  constructor(deps: CallControlDeps) {
    this.#deps = deps;
    this.#transfer = createTransfer({ ...deps, onTransferred: () => deps.end('transferred') });
    this.#handingOver = new HandingOver({
      ...deps,
      isBusy: () => deps.isOver() || this.isTransferring,
      onGiven: () => deps.leave('yielded'),
    });
  }

  get isTransferring(): boolean {
    return this.#transfer.isUnderWay;
  }

  /** True once the call is being given away: what is written from then on is the fresh job's. */
  get isGiving(): boolean {
    return this.#handingOver.isGiving;
  }

  /** The call is live: planned hand-overs begin, and our own place in the room is looked after. */
  start(): void {
    const { ctx, record, conversation, isOver, signal } = this.#deps;
    this.#handingOver.start();
    new Fencing({
      room: ctx.room,
      log: record.log,
      check: () => this.checkClaim(),
      pause: () => conversation.pause(),
      // Last words that were broken off are not begun anew: the call ends with them.
      fallSilent: () => (isOver() ? () => {} : conversation.fallSilent()),
      signal,
    }).start();
    this.#watchReconnects();
  }

  stop(): void {
    this.#handingOver.stop();
    this.#stopWatching();
  }

  /** Puts the caller through to the first of these numbers that takes the call. */
  transfer(numbers: readonly string[]): void {
    this.#transfer.begin(numbers);
  }

  /** Gives the call to a fresh job: between two turns, or in the middle of one after `withinMs`. */
  handOver(kind: ResumeKind, withinMs: number): void {
    void this.#handingOver.now(kind, { withinMs });
  }

  /** The same for a caller whose voice does not arrive; rejects when no fresh job took the call. */
  async rejoin(): Promise<void> {
    if (!(await this.#handingOver.now('rejoin'))) throw new Error('No fresh job took the call');
  }

  /** Before each answer, and whenever in doubt. A job that lost the call leaves by itself. */
  async checkClaim(): Promise<Claim> {
    // What is on its way to a fresh job is not lost, and its end is waited for elsewhere.
    if (await this.wasGiven()) return 'taken';
    return (await this.#deps.claim?.check()) ?? 'unknown';
  }

  /** Whether the call was given away, once that is known; at once while nothing is under way. */
  async wasGiven(): Promise<boolean> {
    return this.#handingOver.wasGiven();
  }

  /** What was under way when the caller left, once it is known. */
  async settled(): Promise<'handed-over' | 'transferred' | null> {
    if (await this.wasGiven()) return 'handed-over';
    return (await this.#transfer.tookCaller()) ? 'transferred' : null;
  }

  #watchReconnects(): void {
    const { ctx, config, caller, record, leave } = this.#deps;
    const { identity } = caller;
    this.#stopWatching = watchReconnects({
      room: ctx.room,
      callerIdentity: identity,
      log: record.log,
      isServerThere: () => liveKitAnswers(config),
      isCallerThere: () => liveKitLists(config, { room: ctx.job.room?.name ?? '', identity }),
      isBusy: () => this.isGiving || this.isTransferring,
      // A fresh job is in the room within a second.
      onStuck: (outage) => {
        const fields = { event: 'job.failed', reason: 'link-lost', ...outage } as const;
        record.log.error(fields, 'job could not come back into its room');
        leave('failed');
      },
    });
  }
}

/** The transfers of a call: while one rings nothing is heard, and no timer ends the call. */
export function createTransfer(
  deps: Pick<CallDeps, 'ctx' | 'config'> & {
    readonly caller: Caller;
    readonly record: CallRecord;
    readonly conversation: Conversation;
    readonly phrases: PromptCache;
    readonly timers: CallTimers;
    readonly signal: AbortSignal;
    /** The caller is with somebody else. */
    readonly onTransferred: () => void;
  },
): Transfer {
  const { config, ctx, caller, record, conversation, phrases, timers, signal } = deps;
  let release = () => {};
  return new Transfer({
    talk: {
      sayThrough: (words) => conversation.sayGoodbye(phrases.get(words)),
      say: (words) => void conversation.say(phrases.get(words)),
      setHearing: (isOn) => {
        conversation.session.input.setAudioEnabled(isOn);
        release();
        release = isOn ? () => {} : timers.pauseAll('transfer');
      },
    },
    refer: (number) =>
      transferCaller({
        config,
        room: ctx.job.room?.name ?? '',
        callerIdentity: caller.identity,
        number,
        ringMs: config.timeouts.transferMs,
        signal,
      }),
    onResult: (result) => {
      record.transferred(result);
      if (result.outcome === 'transferred') deps.onTransferred();
    },
    signal,
  });
}

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
