import { DeadlineError } from '../infra/deadline.ts';

/** The side whose doing the end of a call was. `unknown` is counted, never guessed. */
export type TerminationResult = 'completed' | 'caller' | 'upstream' | 'failed' | 'unknown';

const reasonsByResult = {
  completed: ['agent-goodbye', 'caller-hangup', 'transferred'],
  caller: ['cancelled-while-ringing', 'caller-silent', 'blocked', 'over-limit', 'overflow'],
  upstream: ['media-lost', 'room-closed', 'provider-failure', 'link-lost'],
  failed: [
    'connect-timeout',
    'session-start-timeout',
    'start-failed',
    'crash',
    'stuck',
    'overflow',
  ],
  unknown: ['unattributed'],
} as const satisfies Record<TerminationResult, readonly string[]>;

/** The event that ended a call, from a closed list. */
export type TerminationReason = (typeof reasonsByResult)[TerminationResult][number];

/** A call's end: every ending, whatever its cause, becomes one of these. */
export type Termination = {
  readonly result: TerminationResult;
  readonly reason: TerminationReason;
};

/** All ends that a call can have. */
export const terminations: readonly Termination[] = Object.entries(reasonsByResult).flatMap(
  ([result, reasons]) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.entries forgets which keys
    reasons.map((reason) => ({ result: result as TerminationResult, reason })),
);

/**
 * The termination for a reason; each but `overflow` belongs to one result. That one is ours, since we
 * were full, unless the caller's own flood was to blame: then `result` says so.
 */
export function termination(
  reason: TerminationReason,
  result: TerminationResult = reason === 'overflow' ? 'failed' : resultOf(reason),
): Termination {
  return { result, reason };
}

function resultOf(reason: TerminationReason): TerminationResult {
  const found = terminations.find((one) => one.reason === reason);
  if (!found) throw new Error(`No result has the reason ${reason}`);
  return found.result;
}

/** The side that ended a call; null for neither. */
type EndedBy = 'agent' | 'caller' | null;

const agentsOwn: ReadonlySet<TerminationReason> = new Set([
  'agent-goodbye',
  'caller-silent',
  'over-limit',
  'overflow',
  'transferred',
]);

/** The side that meant the end; null when something broke. */
export function endedBy(reason: TerminationReason): EndedBy {
  if (agentsOwn.has(reason)) return 'agent';
  return reason === 'caller-hangup' || reason === 'cancelled-while-ringing' ? 'caller' : null;
}

/** Connecting to the call's room took longer than `connectMs`. */
export class ConnectDeadlineError extends DeadlineError {}

/** The reason for which a job could not take its call. */
export function reasonOfFailure(error: unknown): TerminationReason {
  if (error instanceof ConnectDeadlineError) return 'connect-timeout';
  return error instanceof DeadlineError ? 'session-start-timeout' : 'start-failed';
}
