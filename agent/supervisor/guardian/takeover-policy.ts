import type { Loss, WatchedCall } from './watched-call.ts';

/** Jobs for a caller who hears it ring, beyond LiveKit's own; then the call rings out. */
const maxWhileRinging = 3;
/** Takeovers of one call; what kills its agent a fourth time will do so again. */
const maxTakeovers = 3;
/** Events in a minute, over all calls: beyond that something is wrong that no takeover cures. */
const maxEvents = 3;
const windowMs = 60_000;
/** Jobs that go down within a second go down for one reason. */
const togetherMs = 1_000;
/** A job that would apologise is looked for so long. */
const apologyMs = 20_000;
/** A caller is left waiting so long for a worker that can take the call. */
const hopelessMs = 60_000;

/** The next thing for a call without a job: a fresh one, one that only apologises, or nothing more. */
export type NextStep = 'takeover' | 'apology' | 'give-up';

/** Limits how often calls are taken over before it must be another way. Times are the guardian's. */
export class TakeoverPolicy {
  #events: Loss[] = [];
  readonly #counted = new WeakSet<Loss>();

  /**
   * True when no further job is sent for: the caller hears it ring until they give up. One with whom
   * an attendant talks is told when it has been long enough.
   */
  ringsOut({ wasAnswered, attempts, attendant }: WatchedCall): boolean {
    return !wasAnswered && attendant === null && attempts >= maxWhileRinging;
  }

  /** True when nothing can be done for the call any more, also without a worker to do it. */
  isHopeless(call: WatchedCall, nowMs: number): boolean {
    const { wasAnswered, apologyDueAtMs, apologyFailed, loss } = call;
    if (!wasAnswered) return false;
    if (apologyFailed) return true;
    if (apologyDueAtMs !== null) return nowMs > apologyDueAtMs + apologyMs;
    return loss !== null && nowMs > loss.atMs + hopelessMs;
  }

  /** Decides what is done for the call now; `canServe` says that a job can be had. */
  next(call: WatchedCall, nowMs: number, canServe: boolean): NextStep {
    if (!call.wasAnswered) return 'takeover';
    // A worker that comes late is still in time, unless even the apology failed.
    const isInTime = canServe && call.apologyDueAtMs === null;
    if (!isInTime && this.isHopeless(call, nowMs)) return 'give-up';
    if (call.takeovers >= maxTakeovers || !this.#admits(call.loss, nowMs)) {
      call.apologyDueAtMs ??= nowMs;
    }
    return call.apologyDueAtMs === null ? 'takeover' : 'apology';
  }

  /** Counts each loss once, however many dispatches it takes, and those that belong together once. */
  #admits(loss: Loss | null, nowMs: number): boolean {
    if (loss === null || this.#counted.has(loss)) return true;
    this.#counted.add(loss);
    this.#events = this.#events.filter(({ atMs }) => nowMs - atMs < windowMs);
    const isPartOf = (event: Loss) =>
      loss.isShared && event.isShared && Math.abs(event.atMs - loss.atMs) <= togetherMs;
    if (this.#events.some(isPartOf)) return true;
    if (this.#events.length >= maxEvents) return false;
    this.#events.push(loss);
    return true;
  }
}
