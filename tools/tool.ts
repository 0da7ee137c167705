import { DeadlineError, withDeadline } from '../agent/deadline.ts';
import type { Inventory } from './yard/equipment.ts';

/** What the tools of one call are given. */
export type ToolDeps = {
  /** The call's snapshot of the sheet, without waiting; null when it could not be read. */
  readonly inventory: () => Inventory | null;
  /** Wall-clock time: it decides what today is, and how old the snapshot is. */
  readonly clock: { nowMs(): number };
  /** An older snapshot is still used, but the caller hears that someone will confirm. */
  readonly inventoryMaxAgeMs: number;
  /** No tool runs longer. */
  readonly toolMs: number;
  /** Aborted when the call ends. */
  readonly signal?: AbortSignal;
  /** Told of each use; `error` says why it failed. One that the caller cut short has none. */
  readonly onToolUsed: (
    name: string,
    use: { readonly durationMs: number; readonly ok: boolean; readonly error?: unknown },
  ) => void;
  /**
   * Begins the end of the call. It must not wait for the agent to finish speaking: the framework
   * counts the running tool as a part of that speech.
   */
  readonly endCall: () => Promise<void> | void;
};

/** What a tool hands to the model: `say` is worded in code, and is what the caller hears. */
export type ToolAnswer = {
  readonly say: string;
  /** A stable code for what stands in the way; absent when nothing does. */
  readonly problem?: string;
};

/**
 * Runs a tool within `toolMs`. A failure becomes an answer that the caller can be told, and is
 * reported to `onToolUsed`.
 * @throws the reason of `abortSignal` or of `deps.signal`, at once, when the call has moved on.
 */
export async function runTool<T extends ToolAnswer | undefined>(
  deps: ToolDeps,
  { name, abortSignal }: { readonly name: string; readonly abortSignal: AbortSignal },
  work: () => T | Promise<T>,
): Promise<T | ToolAnswer> {
  const startedMs = performance.now();
  const signal = deps.signal ? AbortSignal.any([abortSignal, deps.signal]) : abortSignal;
  const durationMs = () => Math.round(performance.now() - startedMs);
  try {
    const answer = await withDeadline(async () => work(), { ms: deps.toolMs, label: name, signal });
    deps.onToolUsed(name, { durationMs: durationMs(), ok: true });
    return answer;
  } catch (error) {
    const wasCutShort = signal.aborted;
    const failure = wasCutShort ? {} : { error };
    deps.onToolUsed(name, { durationMs: durationMs(), ok: false, ...failure });
    if (wasCutShort) throw error;
    return {
      say: 'Sorry, that did not work just now. Shall I try it once more?',
      problem: error instanceof DeadlineError ? 'timed-out' : 'failed',
    };
  }
}
