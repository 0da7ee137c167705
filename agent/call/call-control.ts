import { withDeadline } from '../infra/deadline.ts';
import type { ResumeKind } from '../ipc/messages.ts';
import type { TerminationReason } from '../ipc/termination.ts';
import { GOODBYE } from '../speech/prompts/prompts.ts';
import type { CallContext } from './call-context.ts';
import type { Activity } from './call-state.ts';
import type { Conversation } from './conversation/conversation.ts';
import type { PromptCache } from './conversation/prompt-cache.ts';
import type { Caller } from './leg/join-room.ts';
import { Transfer, transferCaller } from './leg/transfer.ts';
import type { TransferWords } from './leg/transfer.ts';
import { handOver } from './ownership/handover.ts';
import type { CallLease, Claim } from './persistence/call-lease.ts';
import type { SavedCall } from '../ipc/saved-call.ts';

/** A planned hand-over that came to nothing is tried again. */
const againMs = 30_000;

type CallControlDeps = {
  readonly caller: Caller;
  readonly lease: CallLease | undefined;
  readonly conversation: Conversation;
  readonly prompts: PromptCache;
  /** The call so far, for the job that goes on with it. */
  readonly saved: () => SavedCall;
};

/** One hand-over, which several may wait for. `dueAtMs`: from then on it waits for no end of a turn. */
type Attempt = { dueAtMs: number; readonly isGiven: Promise<boolean> };

/** Moves a live call: to a person, to a fresh job, or to its last words. */
export class CallControl {
  readonly #context: CallContext;
  readonly #deps: CallControlDeps;
  readonly #transfer: Transfer;
  #attempt: Attempt | undefined;
  #planned: NodeJS.Timeout | undefined;

  constructor(context: CallContext, deps: CallControlDeps) {
    this.#context = context;
    this.#deps = deps;
    this.#transfer = createTransfer(context, deps);
  }

  /** Begins the wait for the planned hand-over, if there is to be one. */
  start(): void {
    const { afterMs } = this.#context.config.handover;
    if (afterMs !== null) this.#plan(afterMs, true);
  }

  stop(): void {
    clearTimeout(this.#planned);
  }

  /**
   * Puts the caller through to the first of these numbers that takes the call; false where that
   * cannot be. A SIP REFER carries no word of what it is about: that is left as a message for who
   * takes the call, unless `words` are those of an escalation, which has left its own.
   */
  transfer(
    numbers: readonly string[],
    { about, words }: { readonly about?: string; readonly words?: TransferWords } = {},
  ): boolean {
    const isBegun = this.#transfer.begin(numbers, words);
    if (isBegun && !words) void this.#tellStaff(about ?? this.#deps.conversation.lastCallerWords);
    return isBegun;
  }

  async #tellStaff(about: string): Promise<void> {
    if (about.trim() === '') return;
    const { desk, record } = this.#context;
    const text = `Put through to you: ${about}`;
    try {
      const phone = this.#deps.caller.number;
      await desk.takeMessage({ text, customer: null, phone, kind: 'put-through' });
    } catch (error) {
      record.log.emit('store.failed', { error }, 'put-through');
    }
  }

  /**
   * Gives the call to a fresh job: between two turns, or in the middle of one after `withinMs`.
   * False when it stayed here.
   */
  async handOver(
    kind: ResumeKind,
    { notice = null, withinMs = Infinity }: { notice?: string | null; withinMs?: number } = {},
  ): Promise<boolean> {
    const { lease } = this.#deps;
    const { state } = this.#context;
    if (!lease) return false;
    const dueAtMs = performance.now() + withinMs;
    const handing: Activity = { name: 'handing-over' };
    if (state.begin(handing)) {
      const { promise: isGiven, resolve } = Promise.withResolvers<boolean>();
      const attempt = { dueAtMs, isGiven };
      this.#attempt = attempt;
      resolve(this.#give(kind, { lease, notice, handing, attempt }));
    } else if (state.activity?.name !== 'handing-over' && state.activity?.name !== 'surrendering') {
      return false;
    }
    const attempt = this.#attempt;
    if (!attempt) return false;
    attempt.dueAtMs = Math.min(attempt.dueAtMs, dueAtMs);
    return attempt.isGiven;
  }

  /** The same for a caller whose voice does not arrive; rejects when no fresh job took the call. */
  async rejoin(): Promise<void> {
    if (!(await this.handOver('rejoin'))) throw new Error('No fresh job took the call');
  }

  /** Ends the call with the agent's last words, heard to their end or for `ms`. Never rejects. */
  async farewell(
    reason: TerminationReason,
    text = GOODBYE,
    ms = this.#context.config.timeouts.goodbyeMs,
  ): Promise<void> {
    const { state, signal, record, end } = this.#context;
    const { conversation, prompts } = this.#deps;
    // Whose call it is comes first.
    if (await this.wasGiven()) return;
    if (!state.begin({ name: 'farewell', reason })) return;
    try {
      const say = () => conversation.sayGoodbye(prompts.get(text));
      await withDeadline(say, { ms, label: 'goodbye', signal });
    } catch (error) {
      // The caller hung up meanwhile, or it could not be played out: the call ends anyway.
      if (!signal.aborted) {
        record.log.emit('provider.failed', { error }, 'goodbye');
      }
    }
    end(reason);
  }

  /** Looks at the lease: before each answer, and when in doubt. A job that lost it leaves by itself. */
  async checkClaim(): Promise<Claim> {
    // What is on its way to a fresh job is not lost, and its end is waited for elsewhere.
    if (await this.wasGiven()) return 'taken';
    return (await this.#deps.lease?.check()) ?? 'unknown';
  }

  /** True when the call was given away, once that is known; false at once while nothing is under way. */
  async wasGiven(): Promise<boolean> {
    const { activity } = this.#context.state;
    return activity?.name === 'surrendering' && (await activity.isGiven);
  }

  /** The move that was under way when the caller left, once it is known. */
  async settled(): Promise<'handed-over' | 'transferred' | null> {
    if (await this.wasGiven()) return 'handed-over';
    return (await this.#transfer.tookCaller()) ? 'transferred' : null;
  }

  async #give(
    kind: ResumeKind,
    giving: {
      readonly lease: CallLease;
      readonly notice: string | null;
      readonly handing: Activity;
      readonly attempt: Attempt;
    },
  ): Promise<boolean> {
    const { jobId, room, store, record, state, signal, askForFreshJob, leave } = this.#context;
    const { conversation, prompts, saved } = this.#deps;
    const { lease, notice, handing, attempt } = giving;
    let isGiven = false;
    try {
      isGiven = await handOver(kind, {
        room,
        jobId,
        store,
        claim: lease,
        log: record.log,
        signal,
        ask: askForFreshJob,
        announce: async () => {
          if (notice) await conversation.sayGoodbye(prompts.get(notice));
        },
        surrender: (give) => this.#surrender(handing, give),
        isBetweenTurns: () => conversation.isBetweenTurns,
        dueAtMs: () => attempt.dueAtMs,
        fallSilent: () => conversation.fallSilent(),
        state: saved,
      });
    } catch {
      // The call ended meanwhile.
    }
    if (!isGiven) state.finish(handing);
    else if (!signal.aborted) {
      record.log.emit('job.handed-over', { kind });
      leave('yielded');
    }
    return isGiven;
  }

  /** Null when something began since `handing` that only this job can finish. */
  #surrender(handing: Activity, give: () => Promise<boolean>): Promise<boolean> | null {
    const { state } = this.#context;
    if (state.activity !== handing) return null;
    const { promise: isGiven, resolve } = Promise.withResolvers<boolean>();
    const surrendering: Activity = { name: 'surrendering', isGiven };
    state.begin(surrendering);
    const settle = (result: boolean) => {
      if (!result) state.finish(surrendering);
      resolve(result);
    };
    const given = give();
    given.then(settle, () => settle(false));
    return given;
  }

  #plan(ms: number, isFirst = false): void {
    const { config, record, signal } = this.#context;
    const giveOrPlan = async () => {
      if (isFirst) record.log.emit('handover.due', { afterMs: ms });
      const isGiven = await this.handOver('handover', { notice: config.handover.notice });
      if (!isGiven && !signal.aborted) this.#plan(againMs);
    };
    this.#planned = setTimeout(() => void giveOrPlan(), ms);
    this.#planned.unref();
  }
}

/** The transfers of a call: while one rings nothing is heard. */
function createTransfer(
  { config, roomName, record, state, signal, end }: CallContext,
  { caller, conversation, prompts }: CallControlDeps,
): Transfer {
  return new Transfer({
    state,
    talk: {
      sayThrough: (words) => conversation.sayGoodbye(prompts.get(words)),
      say: (words) => void conversation.say(prompts.get(words)),
      sayTwice: (words) => conversation.sayTwice(prompts.get(words), signal),
      setHearing: (isOn) => conversation.session.input.setAudioEnabled(isOn),
    },
    refer: (number) =>
      transferCaller({
        config,
        room: roomName,
        callerIdentity: caller.identity,
        number,
        ringMs: config.timeouts.transferMs,
        signal,
      }),
    onResult: (result) => {
      record.transferred(result);
      // The caller is with somebody else.
      if (result.outcome === 'transferred') end('transferred');
    },
    signal,
  });
}
