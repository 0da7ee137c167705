import type { TerminationReason } from '../call/termination.ts';
import type { ListedCaller } from './rooms.ts';

/** A call as the guardian knows it, from its first sign to its end, whoever serves it. */
export class WatchedCall {
  readonly room: string;
  /** Unix milliseconds; the other times are the guardian's. */
  readonly firstSeenAtMs: number;
  caller: ListedCaller | null;
  /** A job was dispatched or accepted, and has until then to show up on the line. */
  awaitingUntilMs: number;
  notBeforeMs = 0;
  /** The guardian's dispatches. */
  attempts = 0;
  /** Nothing has come of the last dispatch yet: no job, no refusal. */
  dispatchIsOpen = false;
  gaveUp = false;
  /** The jobs that failed, died or got stuck: their lease may be taken over. */
  readonly lostJobs = new Set<string>();
  /** What went wrong last. */
  failure: TerminationReason | null = null;
  /** It is being looked after just now. */
  busy = false;

  constructor(first: Pick<WatchedCall, 'room' | 'firstSeenAtMs' | 'caller' | 'awaitingUntilMs'>) {
    this.room = first.room;
    this.firstSeenAtMs = first.firstSeenAtMs;
    this.caller = first.caller;
    this.awaitingUntilMs = first.awaitingUntilMs;
  }
}
