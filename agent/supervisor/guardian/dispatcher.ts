import type { JobCall, ResumeKind } from '../../ipc/messages.ts';
import type { Log } from '../../telemetry/events.ts';
import { backOffMs } from '../../infra/retry.ts';
import type { Rooms } from '../../livekit/room-service.ts';
import type { WatchedCall } from './watched-call.ts';

/** Between the dispatches of one call: the first comes at once. */
const backOff = { initialMs: 500, multiplier: 3, maxMs: 1_500, jitter: 0.3 };

/** Sends for jobs. That a dispatch was taken proves nothing: the job that reports in does. */
export class Dispatcher {
  readonly #rooms: Rooms;
  readonly #log: Log;
  readonly #pickupMs: number;
  readonly #nowMs: () => number;

  constructor(options: {
    readonly rooms: Rooms;
    readonly log: Log;
    readonly pickupMs: number;
    readonly nowMs: () => number;
  }) {
    this.#rooms = options.rooms;
    this.#log = options.log;
    this.#pickupMs = options.pickupMs;
    this.#nowMs = options.nowMs;
  }

  /** A fresh job for a call that has none; `supersedes` is the lost one whose lease it may take. */
  async takeOver(
    call: WatchedCall,
    supersedes: string | null,
    resume: 'takeover' | 'apology',
  ): Promise<void> {
    call.dispatched();
    call.awaitingUntilMs = this.#nowMs() + this.#pickupMs;
    call.notBeforeMs = this.#nowMs() + backOffMs(backOff, call.takeovers || call.attempts);
    const { room, attempts, takeovers, caller, firstSeenAtMs, failure } = call;
    this.#log.emit('guardian.dispatched', {
      room,
      callId: caller?.callId ?? null,
      resume,
      attempt: attempts,
      takeovers,
      cause: failure,
      waitedMs: Date.now() - firstSeenAtMs,
    });
    try {
      // A living attendant gives its call away: nothing is taken from it.
      const lost = supersedes === call.attendant ? null : supersedes;
      await this.#rooms.dispatch(room, JSON.stringify({ supersedes: lost, resume }));
    } catch (error) {
      call.takeBack();
      throw error;
    }
  }

  /** A fresh job for one that gives its call away. */
  async handOver({ room, callId, jobId }: JobCall, kind: ResumeKind): Promise<void> {
    const log = this.#log;
    try {
      await this.#rooms.dispatch(room, JSON.stringify({ supersedes: jobId, resume: kind }));
      log.emit('guardian.handover', { room, callId, kind });
    } catch (error) {
      log.emit('guardian.failed', { room, callId, error }, 'dispatch');
    }
  }
}
