import type { ListedCaller, Rooms } from './rooms.ts';
import { WatchedCall } from './guardian/watched-call.ts';

/** A call that is over is not taken for a new one while its room is still listed (20 s). */
const closedMs = 60_000;
/** Jobs of an earlier supervisor look for the line again every 2 s at most. */
const settleMs = 2_000;

/** The calls that the guardian knows of, by room, and those that were over a moment ago. */
export class WatchedCalls {
  readonly #rooms: Pick<Rooms, 'findCaller'>;
  readonly #pickupMs: number;
  readonly #nowMs: () => number;
  /** Before that a call without a job may be one whose job is still to come back. */
  readonly #settledAtMs: number;
  readonly #calls = new Map<string, WatchedCall>();
  readonly #closedUntilMs = new Map<string, number>();

  constructor(options: {
    readonly rooms: Pick<Rooms, 'findCaller'>;
    readonly pickupMs: number;
    readonly nowMs: () => number;
  }) {
    this.#rooms = options.rooms;
    this.#pickupMs = options.pickupMs;
    this.#nowMs = options.nowMs;
    this.#settledAtMs = options.nowMs() + settleMs;
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
    const call = new WatchedCall({
      room,
      firstSeenAtMs: Date.now() - ageMs,
      awaitingUntilMs: Math.max(this.#nowMs() + this.#pickupMs - ageMs, this.#settledAtMs),
    });
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

  /** Whether the call in `room` was over a moment ago, and no other has begun there. */
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
    } catch {
      // The sweep looks again.
    }
  }
}
