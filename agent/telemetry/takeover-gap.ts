import type { JobOutcome } from '../ipc/messages.ts';
import type { JobPeer } from '../ipc/server.ts';

/**
 * Causes for which a call left its job: the process died, was silent on the line before it was gone,
 * said that it failed, or gave the call away. `unknown`: this supervisor did not see it.
 */
export const moveCauses = ['died', 'fell-silent', 'failed', 'planned', 'unknown'] as const;

/** One of `moveCauses`. */
export type MoveCause = (typeof moveCauses)[number];

/** A beat comes every 250 ms. */
const silentMs = 1_000;
/** A call that left its job so long ago was not moved: it ended with nobody to say so. */
const forgottenMs = 120_000;
/** Rooms that nobody closed are forgotten when there are so many newer ones. */
const mostRooms = 1_000;

type Left = { readonly atMs: number; readonly cause: MoveCause };
type Room = { readonly servedBy: string | null; readonly left: Left | null };

/** Measures how long calls are without a job that may speak, on their way from one to the next. */
export class TakeoverGaps {
  readonly #rooms = new Map<string, Room>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** The job gave its call away. */
  gaveAway(job: JobPeer): void {
    this.#leave(job, { atMs: job.lastBeatMs, cause: 'planned' });
  }

  /** A job that is still there has been silent for `forMs`, too long to wait for it. */
  fellSilent(room: string, forMs: number): void {
    const servedBy = this.#rooms.get(room)?.servedBy ?? null;
    this.#set(room, { servedBy, left: { atMs: this.#nowMs() - forMs, cause: 'fell-silent' } });
  }

  /** The job is gone; `outcome` is null when it said no word. */
  gone(job: JobPeer, outcome: JobOutcome | null): void {
    if (outcome === 'ended' && job.call) this.#rooms.delete(job.call.room);
    if (outcome === 'failed') this.#leave(job, { atMs: job.lastBeatMs, cause: 'failed' });
    if (outcome !== null) return;
    const wasSilent = this.#nowMs() - job.lastBeatMs > silentMs;
    this.#leave(job, { atMs: job.lastBeatMs, cause: wasSilent ? 'fell-silent' : 'died' });
  }

  /** The job goes on with its call. The gap counts from the last sign of the one before. */
  resumed({ call }: JobPeer): { readonly cause: MoveCause; readonly gapMs: number | null } {
    if (!call) return { cause: 'unknown', gapMs: null };
    const left = this.#rooms.get(call.room)?.left;
    this.#set(call.room, { servedBy: call.jobId, left: null });
    const gapMs = left ? Math.max(0, this.#nowMs() - left.atMs) : Infinity;
    if (!left || gapMs > forgottenMs) return { cause: 'unknown', gapMs: null };
    return { cause: left.cause, gapMs };
  }

  /** Only the job that has the call leaves it, and of several reasons the first counts. */
  #leave({ call, stage }: JobPeer, left: Left): void {
    if (!call || stage !== 'live') return;
    const { servedBy = null, left: before = null } = this.#rooms.get(call.room) ?? {};
    if (before !== null || (servedBy !== null && servedBy !== call.jobId)) return;
    this.#set(call.room, { servedBy, left });
  }

  #set(name: string, room: Room): void {
    this.#rooms.delete(name);
    this.#rooms.set(name, room);
    const [oldest] = this.#rooms.keys();
    if (this.#rooms.size > mostRooms && oldest !== undefined) this.#rooms.delete(oldest);
  }
}
