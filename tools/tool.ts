import { DeadlineError, withDeadline } from '../agent/infra/deadline.ts';
import type { BookingService } from './journal/booking-service.ts';
import { TrialCallError } from './journal/trial-bookings.ts';
import type { Inventory } from './yard/equipment.ts';
import { dialableNumber, regionOf } from './yard/phone.ts';

/** The call, the sheet, the journal and the clock, as the tools of one call see them. */
export type ToolDeps = {
  /** The same for every job of one call. */
  readonly callId: string;
  /** The caller; their number is null when it is withheld. */
  readonly caller: { readonly phoneNumber: string | null };
  /** The call's snapshot of the sheet, without waiting; null when it could not be read. */
  readonly inventory: () => Inventory | null;
  /** The keeper of bookings and messages; null when there is none: then nothing can be booked. */
  readonly desk: BookingService | null;
  /** Wall-clock time: it decides what today is, and how old the snapshot is. */
  readonly clock: { nowMs(): number };
  /** An older snapshot is still used, but the caller hears that someone will confirm. */
  readonly inventoryMaxAgeMs: number;
  /** The caller's wait for the sheet before a booking is spoken as pending. */
  readonly confirmBookingMs: number;
  /** Confirmations go to whoever sends texts; false when left out. */
  readonly sendsTexts?: boolean;
  /** The longest that a tool may run. */
  readonly toolMs: number;
  /** A tool that runs longer is covered by a few words; `defaultFillerMs` when left out. */
  readonly fillerMs?: number;
  /** Aborted when the call ends. */
  readonly signal?: AbortSignal;
  /**
   * True when the caller says nothing more, right before something is written: a yes that goes on
   * may be none. Rejects when `signal` aborts, as it does when their words are a new turn.
   */
  readonly callerIsSilent?: (signal: AbortSignal) => Promise<boolean>;
  /** Says something while a tool runs; it is not waited for. */
  readonly say: (words: string) => void;
  /** Hears of each use; `error` says why it failed. One that the caller cut short has none. */
  readonly onToolUsed: (
    name: string,
    use: { readonly durationMs: number; readonly ok: boolean; readonly error?: unknown },
  ) => void;
  /**
   * Begins the end of the call. It must not wait for the agent to finish speaking: the framework
   * counts the running tool as a part of that speech.
   */
  readonly endCall: () => Promise<void> | void;
  /**
   * Begins a transfer to the first of these numbers (E.164) that takes it, and returns at once, as
   * `endCall` does; one that is under way stands. `about`: in one sentence, for who takes it. Left out: this call cannot be transferred.
   */
  readonly transfer?: (numbers: readonly string[], about?: string) => void;
};

/** A tool's answer to the model: `say` is worded in code, and the caller hears it. */
export type ToolAnswer = {
  readonly say: string;
  /** A stable code for what stands in the way; absent when nothing does. */
  readonly problem?: string;
};

/**
 * The number that the call comes from, and the one to reach the caller on: that one, unless they
 * gave another. Null for one that nobody could dial.
 */
export function numbersOf(
  { caller, inventory }: Pick<ToolDeps, 'caller' | 'inventory'>,
  given?: string | null,
): { readonly own: string | null; readonly phone: string | null } {
  const region = regionOf(inventory()?.yard);
  const own = dialableNumber(caller.phoneNumber ?? '', region);
  // Without a digit it is no number, but words for the one that they call from.
  return { own, phone: /\d/.test(given ?? '') ? dialableNumber(given ?? '', region) : own };
}

/** Asks for a number to reach the caller on; `given` is one that cannot be dialled, if one was. */
export function askNumber(given?: string | null): ToolAnswer {
  const asked = 'What is the best number to reach you on';
  const isHalf = /\d/.test(given ?? '');
  return { say: isHalf ? `${asked}, with the area code?` : `${asked}?`, problem: 'phone-missing' };
}

/** A filler while a tool takes its time; at most one a use. */
export const FILLER = 'One moment, please.';
/** A caller takes a longer silence for a lost line (docs/reliability.md, Thinking). */
const defaultFillerMs = 1_500;

/** Said in place of all that a call which only tries the agent would have written. */
export const trialAnswer = {
  say: 'This is a trial call, so nothing is booked or written down. What else would you like to try?',
  problem: 'trial',
} as const;

const didNotWork = 'Sorry, that did not work just now. Shall I try it once more?';

/** One use of a tool. What the caller is told when it fails may be the tool's own. */
type ToolUse = {
  readonly name: string;
  readonly abortSignal: AbortSignal;
  readonly whenFailed?: ToolAnswer | (() => ToolAnswer);
  /** A tool's late work may still be done after the deadline. */
  readonly whenLate?: ToolAnswer;
};

/**
 * Runs a tool within `toolMs`, and says so when it takes its time. A failure becomes an answer that
 * the caller can be told, and is reported to `onToolUsed`.
 * @throws the reason of `abortSignal` or of `deps.signal`, at once, when the call has moved on.
 */
export async function runTool<T extends ToolAnswer | undefined>(
  deps: ToolDeps,
  use: ToolUse,
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T | ToolAnswer> {
  const { name, abortSignal } = use;
  const startedMs = performance.now();
  const signal = deps.signal ? AbortSignal.any([abortSignal, deps.signal]) : abortSignal;
  const durationMs = () => Math.round(performance.now() - startedMs);
  const filler = setTimeout(() => deps.say(FILLER), deps.fillerMs ?? defaultFillerMs);
  try {
    const answer = await withDeadline(async (joined) => work(joined), {
      ms: deps.toolMs,
      label: name,
      signal,
    });
    deps.onToolUsed(name, { durationMs: durationMs(), ok: true });
    return answer;
  } catch (error) {
    const wasCutShort = signal.aborted;
    if (error instanceof TrialCallError && !wasCutShort) {
      deps.onToolUsed(name, { durationMs: durationMs(), ok: true });
      return trialAnswer;
    }
    const failure = wasCutShort ? {} : { error };
    deps.onToolUsed(name, { durationMs: durationMs(), ok: false, ...failure });
    if (wasCutShort) throw error;
    if (error instanceof DeadlineError) {
      return use.whenLate ?? { say: didNotWork, problem: 'timed-out' };
    }
    const { whenFailed = { say: didNotWork, problem: 'failed' } } = use;
    return typeof whenFailed === 'function' ? whenFailed() : whenFailed;
  } finally {
    clearTimeout(filler);
  }
}
