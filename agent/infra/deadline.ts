import pTimeout from 'p-timeout';

/** A step did not finish in its time. `code` is `DEADLINE_EXCEEDED`; `label` names the step. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  readonly code = 'DEADLINE_EXCEEDED';
  readonly label: string;
  readonly ms: number;

  constructor(label: string, ms: number) {
    super(`${label} did not finish within ${ms} ms`);
    this.label = label;
    this.ms = ms;
  }
}

/**
 * Runs `run` for at most `ms`; its signal is aborted at the deadline, and when `signal` is.
 * @throws {DeadlineError} at the deadline; the reason of `signal` when that was first.
 */
export async function withDeadline<T>(
  run: (signal: AbortSignal) => Promise<T>,
  options: {
    readonly ms: number;
    readonly label: string;
    readonly signal?: AbortSignal;
    /** A class of its own, for callers who tell deadlines apart. */
    readonly error?: typeof DeadlineError;
  },
): Promise<T> {
  const { ms, label, signal, error: Exceeded = DeadlineError } = options;
  signal?.throwIfAborted();
  const own = new AbortController();
  const exceeded = new Exceeded(label, ms);
  const joined = signal ? AbortSignal.any([signal, own.signal]) : own.signal;
  const work = run(joined);
  try {
    return await pTimeout(work, {
      milliseconds: ms,
      message: exceeded,
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    own.abort(error);
    // What was given up on may still fail later; nobody is left to hear of it.
    work.catch(() => {});
    throw error;
  }
}
