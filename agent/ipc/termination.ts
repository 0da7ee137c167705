import { DeadlineError } from '../infra/deadline.ts';

/** The side whose doing the end of a call was. `unknown` is counted, never guessed. */
export type TerminationResult = 'completed' | 'caller' | 'upstream' | 'failed' | 'unknown';

const reasonsByResult = {
  completed: ['agent-goodbye', 'caller-hangup', 'transferred'],
  caller: ['cancelled-while-ringing', 'caller-silent', 'blocked', 'over-limit'],
  upstream: ['media-lost', 'room-closed', 'provider-failure', 'link-lost'],
  failed: ['connect-timeout', 'session-start-timeout', 'start-failed', 'crash', 'stuck'],
  unknown: ['unattributed'],
} as const satisfies Record<TerminationResult, readonly string[]>;

/** The event that ended a call, from a closed list. */
export type TerminationReason = (typeof reasonsByResult)[TerminationResult][number];

/** All reasons. */
export const terminationReasons: readonly TerminationReason[] =
  Object.values(reasonsByResult).flat();

/** A call's end: every ending, whatever its cause, becomes one of these. */
export type Termination = {
  readonly result: TerminationResult;
  readonly reason: TerminationReason;
};

/** The termination for a reason; each reason belongs to one result. */
export function termination(reason: TerminationReason): Termination {
  for (const [result, reasons] of Object.entries(reasonsByResult)) {
    if ((reasons as readonly string[]).includes(reason)) {
      return { result: result as TerminationResult, reason };
    }
  }
  throw new Error(`No result has the reason ${reason}`);
}

/** The side that ended a call; null for neither. */
type EndedBy = 'agent' | 'caller' | null;

const agentsOwn: ReadonlySet<TerminationReason> = new Set([
  'agent-goodbye',
  'caller-silent',
  'over-limit',
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
