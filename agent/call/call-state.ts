import type { JobOutcome } from '../ipc/messages.ts';
import type { Termination } from '../ipc/termination.ts';

/** Where a call stands in its job. Each member carries only what is true in it. */
export type CallState =
  | { readonly name: 'admitted' }
  | { readonly name: 'connecting' }
  | { readonly name: 'starting'; readonly callId: string }
  /** Listens, beside the job that still has the call and is about to hand it over. */
  | { readonly name: 'standby'; readonly callId: string }
  | { readonly name: 'live'; readonly callId: string; readonly answeredAtMs: number }
  | { readonly name: 'closing'; readonly termination: Termination }
  | { readonly name: 'closed'; readonly termination: Termination }
  /** This job left and the call did not end: another has it, or will have it. */
  | { readonly name: 'left'; readonly outcome: Exclude<JobOutcome, 'ended'> };

const allowed: Record<CallState['name'], readonly CallState['name'][]> = {
  admitted: ['connecting', 'left'],
  connecting: ['starting', 'standby', 'left'],
  standby: ['live', 'closing', 'left'],
  starting: ['live', 'closing', 'left'],
  live: ['closing', 'left'],
  closing: ['closed'],
  closed: [],
  left: [],
};

/** @throws {Error} when a call cannot go from `from` to `to`; that is a bug, never a caller's doing. */
export function assertTransition(from: CallState, to: CallState): void {
  if (!allowed[from.name].includes(to.name)) {
    throw new Error(`A call cannot go from ${from.name} to ${to.name}`);
  }
}
