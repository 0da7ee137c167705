import timers from 'node:timers/promises';
import pRetry from 'p-retry';

/** The growth of waits between attempts. `jitter` 0 gives the bare curve, 1 anything from 0 to it. */
export type BackOff = {
  readonly initialMs: number;
  readonly multiplier: number;
  readonly maxMs: number;
  readonly jitter: number;
};

/** Milliseconds to wait before attempt `attempt` (1 is the first retry). */
export function backOffMs(
  backOff: BackOff,
  attempt: number,
  random: () => number = Math.random,
): number {
  // A power that overflows must not make a NaN of no wait at all.
  const growth = Math.min(backOff.multiplier ** Math.max(0, attempt - 1), Number.MAX_VALUE);
  const bareMs = Math.min(backOff.maxMs, backOff.initialMs * growth);
  return Math.round(bareMs * (1 - backOff.jitter * random()));
}

/**
 * Calls `run` until it succeeds, at most `attempts` times, with jittered exponential waits that end
 * at once when `signal` aborts. Rejects with the last error, or with the signal's reason.
 */
export async function retry<T>(
  run: (attempt: number) => Promise<T>,
  options: {
    readonly attempts: number;
    readonly backOff: BackOff;
    readonly signal?: AbortSignal;
    readonly shouldRetry?: (error: unknown) => boolean;
    readonly onFailed?: (error: unknown, attempt: number) => void;
  },
): Promise<T> {
  const { attempts, backOff, signal, shouldRetry, onFailed } = options;
  return pRetry(run, {
    retries: attempts - 1,
    // Its own jitter only makes waits longer, so the wait is ours: asked last, before each retry.
    minTimeout: 0,
    ...(signal ? { signal } : {}),
    onFailedAttempt: ({ error, attemptNumber }) => onFailed?.(error, attemptNumber),
    shouldRetry: async ({ error, attemptNumber }) => {
      if (shouldRetry && !shouldRetry(error)) return false;
      await wait(backOffMs(backOff, attemptNumber), signal);
      return true;
    },
  });
}

/** Ends early when the signal aborts; p-retry then rejects with the signal's reason. */
async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await timers.setTimeout(ms, undefined, signal ? { signal } : {});
  } catch (error) {
    if (!signal?.aborted) throw error;
  }
}
