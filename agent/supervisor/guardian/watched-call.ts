import { sharedTimes } from '../../config/timeouts.ts';
import type { TerminationReason } from '../../ipc/termination.ts';
import type { ListedCaller, Rooms } from '../../livekit/room-service.ts';

/** A call that is over is not taken for a new one while its room is still listed (20 s). */
const closedMs = 60_000;

/** A job that a call has lost. */
export type Loss = {
  /** The guardian's clock. */
  readonly atMs: number;
  /** Others may have gone with it in the same second: one event, not several. */
  readonly isShared: boolean;
};

/** A call as the guardian knows it, from its first sign to its end, whoever serves it. */
export class WatchedCall {
  readonly room: string;
  /** Unix milliseconds; the other times are the guardian's. */
  readonly firstSeenAtMs: number;
  caller: ListedCaller | null = null;
  /** The same, by the guardian's clock. */
  readonly firstSeenMs: number;
  /** A worker accepted a job for it, which has not been on the line yet. */
  acceptedAtMs: number | null = null;
  /** A worker of ours turned a job for it down. */
  wasRefused = false;
  /** An attendant was sent: that the gateway has answered proves no job. */
  wasAttended = false;
  /** The attendant that has it, as the holder of its lease. */
  attendant: string | null = null;
  /** The last one, which died of it. */
  lostAttendant: string | null = null;
  /** It is one of a flood: its caller gets the attendant, and no job. */
  isFlood = false;
  /** Its caller was looked at as one of many. */
  isJudged = false;
  /** Its number is blocked, and it is being ended. */
  isTurnedAway = false;
  /** Its caller has said something to the attendant. */
  hasSpoken = false;
  /** Its caller has talked with us before; null: not looked up. */
  isKnown: boolean | null = null;
  /** No attendant is sent before then. */
  attendantNotBeforeMs = 0;
  /** A worker of ours was asked to take it. */
  wasOffered = false;
  /** No caller was in its room when it was first looked into. */
  isEmpty = false;
  /** Without a store: no agent is in its room since then, by the guardian's clock. */
  aloneSinceMs: number | null = null;
  /** An agent has spoken with the caller, or could have: from then on silence is a broken call. */
  wasAnswered = false;
  /** A job was dispatched or accepted, and has until then to show up on the line. */
  awaitingUntilMs: number;
  notBeforeMs = 0;
  /** A worker of ours took a job for it, which is not on the line yet. */
  isAccepted = false;
  /** The guardian's dispatches. */
  attempts = 0;
  /** The guardian's dispatches after the answer. */
  takeovers = 0;
  /** The caller hears it ring until they give up: no job could be had. */
  ringsOut = false;
  /** All that is left is to apologise, since then. */
  apologyDueAtMs: number | null = null;
  /** Even the apology came to nothing. */
  apologyFailed = false;
  /** The jobs that failed, died or got stuck: their lease may be taken over. */
  readonly lostJobs = new Set<string>();
  /** The last of them. */
  loss: Loss | null = null;
  /** The last thing that went wrong. */
  failure: TerminationReason | null = null;
  /** The guardian looks after it just now. */
  busy = false;
  /** The last dispatch, while nothing has come of it: no job, no refusal. */
  #open: 'ringing' | 'takeover' | null = null;
  readonly #onRing: (call: WatchedCall) => void;

  constructor(
    first: Pick<WatchedCall, 'room' | 'firstSeenAtMs' | 'firstSeenMs' | 'awaitingUntilMs'>,
    onRing: (call: WatchedCall) => void = () => {},
  ) {
    this.#onRing = onRing;
    this.room = first.room;
    this.firstSeenAtMs = first.firstSeenAtMs;
    this.firstSeenMs = first.firstSeenMs;
    this.awaitingUntilMs = first.awaitingUntilMs;
  }

  /** LiveKit lists the caller so. */
  sees(caller: ListedCaller): void {
    const isFirst = this.caller === null;
    this.caller = caller;
    this.wasAnswered ||= caller.wasAnswered && !this.wasAttended;
    if (isFirst) this.#onRing(this);
  }

  /** A job reported in: that is what a dispatch was for. */
  hasJob(): void {
    this.awaitingUntilMs = 0;
    this.isAccepted = false;
    this.#open = null;
  }

  /** A job is on its way: a warm process that it takes is nobody else's. */
  isSentFor(nowMs: number): boolean {
    return nowMs < this.awaitingUntilMs && (this.isAccepted || this.#open !== null);
  }

  /** A job was sent for. */
  dispatched(): void {
    this.#open = this.wasAnswered ? 'takeover' : 'ringing';
    this.attempts += 1;
    if (this.wasAnswered) this.takeovers += 1;
  }

  /** The last dispatch reached no job: it does not count. False when there was none. */
  takeBack(): boolean {
    if (this.#open === null) return false;
    this.attempts -= 1;
    if (this.#open === 'takeover') this.takeovers -= 1;
    this.#open = null;
    return true;
  }

  /** A job of the call is gone, or is to be: its lease may be taken over. */
  lost(jobId: string, loss: Loss, why: TerminationReason): void {
    this.lostJobs.add(jobId);
    this.loss = loss;
    this.failure = why;
    this.awaitingUntilMs = 0;
    if (this.apologyDueAtMs === null) return;
    // Nothing else will be tried, so nothing is waited for.
    this.apologyFailed = true;
    this.notBeforeMs = 0;
  }
}

/** The calls that the guardian knows of, by room, and those that were over a moment ago. */
export class WatchedCalls {
  readonly #rooms: Pick<Rooms, 'findCaller'>;
  readonly #pickupMs: number;
  readonly #nowMs: () => number;
  readonly #onRing: ((call: WatchedCall) => void) | undefined;
  /** A call without a job, until then, may be one whose job is still to come back. */
  readonly #settledAtMs: number;
  readonly #calls = new Map<string, WatchedCall>();
  readonly #closedUntilMs = new Map<string, number>();

  constructor(options: {
    readonly rooms: Pick<Rooms, 'findCaller'>;
    readonly pickupMs: number;
    readonly nowMs: () => number;
    /** Who calls is known. */
    readonly onRing?: (call: WatchedCall) => void;
  }) {
    this.#onRing = options.onRing;
    this.#rooms = options.rooms;
    this.#pickupMs = options.pickupMs;
    this.#nowMs = options.nowMs;
    this.#settledAtMs = options.nowMs() + sharedTimes.lineRetryMs;
  }

  [Symbol.iterator](): IterableIterator<WatchedCall> {
    return this.#calls.values();
  }

  get(room: string): WatchedCall | undefined {
    return this.#calls.get(room);
  }

  /** The call in `room`, which has been there for `ageMs` when it is new to us. */
  watch(room: string, ageMs = 0, caller: ListedCaller | null = null): WatchedCall {
    const known = this.#calls.get(room);
    if (known) return known;
    const first = {
      room,
      firstSeenAtMs: Date.now() - ageMs,
      firstSeenMs: this.#nowMs() - ageMs,
      awaitingUntilMs: Math.max(this.#nowMs() + this.#pickupMs - ageMs, this.#settledAtMs),
    };
    const call = new WatchedCall(first, this.#onRing);
    this.#calls.set(room, call);
    // A caller who hangs up before any job is in the room leaves no other trace.
    if (caller) call.sees(caller);
    else void this.#lookForCaller(call);
    return call;
  }

  /** The call is over. False when it was not watched. */
  close(room: string): boolean {
    this.#closedUntilMs.set(room, this.#nowMs() + closedMs);
    return this.#calls.delete(room);
  }

  /** True when the call in `room` was over a moment ago, and no other has begun there. */
  wasClosed(room: string): boolean {
    return this.#nowMs() < (this.#closedUntilMs.get(room) ?? 0) && !this.#calls.has(room);
  }

  /** Forgets the calls that have been over for long. */
  forgetClosed(): void {
    for (const [room, untilMs] of this.#closedUntilMs) {
      if (this.#nowMs() >= untilMs) this.#closedUntilMs.delete(room);
    }
  }

  async #lookForCaller(call: WatchedCall): Promise<void> {
    try {
      const caller = await this.#rooms.findCaller(call.room);
      if (caller && !call.caller) call.sees(caller);
      call.isEmpty = caller === null;
    } catch {
      // The sweep looks again.
    }
  }
}
