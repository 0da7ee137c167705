import type { Log } from '../../telemetry/events.ts';
import { abandonedCall } from './abandoned-calls.ts';
import type { AbandonedCall } from './abandoned-calls.ts';
import type { ListedRoom, Rooms } from '../../livekit/room-service.ts';
import type { WatchedCall, WatchedCalls } from './watched-call.ts';
import type { JobAssignment } from './job-assignment.ts';

/** LiveKit's list of rooms is read so often. */
export const sweepMs = 2_000;

/** The sources of calls and their callers, and the listener for an abandoned one. */
export type RoomReconcilerDeps = {
  readonly rooms: Rooms;
  readonly calls: WatchedCalls;
  readonly log: Log;
  readonly connectMs: number;
  readonly nowMs: () => number;
  readonly assignment: JobAssignment;
  readonly onAbandoned: (call: AbandonedCall) => Promise<void>;
  /** LiveKit answers again, after it did not. */
  readonly onServerBack?: () => void;
  /** We take no call any more, on purpose: one that only rings is nobody's fault. */
  readonly isDraining?: () => boolean;
};

/**
 * The guardian's second line: it finds the calls that no worker was asked for, or that another
 * supervisor left behind, and the end of those that have no job to write it down.
 */
export class RoomReconciler {
  readonly #deps: RoomReconcilerDeps;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;
  #stopped = false;
  /** LiveKit has not answered since. */
  #isAway = false;

  constructor(deps: RoomReconcilerDeps) {
    this.#deps = deps;
  }

  /** Sweeps at once, and again `sweepMs` after each sweep ended; outlives its failures. */
  start(): void {
    void this.#sweep();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** The caller is gone, and no job is there that would write it down. */
  async forget(call: WatchedCall): Promise<void> {
    const { calls, connectMs, assignment, onAbandoned, isDraining } = this.#deps;
    if (calls.get(call.room) !== call) return;
    calls.close(call.room);
    if (assignment.isForeign(call, await assignment.holder(call))) return;
    const isLate = call.attempts > 0 || Date.now() - call.firstSeenAtMs > connectMs;
    const isFault = isLate && call.caller !== null && !isDraining?.();
    const reason = call.failure ?? (isFault ? 'start-failed' : 'cancelled-while-ringing');
    const abandoned = abandonedCall(call, { reason, isCallerThere: false });
    if (abandoned) await onAbandoned(abandoned);
  }

  async #sweep(): Promise<void> {
    try {
      await this.#sweepOnce();
      this.#failed = false;
    } catch (error) {
      // Said once: it goes on for as long as LiveKit is away.
      const variant = this.#failed ? 'sweep-again' : 'sweep';
      this.#failed = true;
      this.#deps.log.emit('guardian.failed', { error }, variant);
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#sweep(), sweepMs);
  }

  async #sweepOnce(): Promise<void> {
    const { calls } = this.#deps;
    calls.forgetClosed();
    for (const { name, createdAtMs } of await this.#list()) {
      if (!calls.wasClosed(name) && !calls.get(name)) {
        await this.#lookInto(name, Math.max(0, Date.now() - createdAtMs));
      }
    }
    for (const call of calls) await this.#lookForEnd(call);
  }

  async #list(): Promise<readonly ListedRoom[]> {
    const wasAway = this.#isAway;
    this.#isAway = true;
    const listed = await this.#deps.rooms.list();
    this.#isAway = false;
    if (wasAway) this.#deps.onServerBack?.();
    return listed;
  }

  async #lookInto(room: string, ageMs: number): Promise<void> {
    const { rooms, calls } = this.#deps;
    const caller = await rooms.findCaller(room);
    if (!caller?.isThere || !(await rooms.isOurs(room))) return;
    if (!calls.wasClosed(room)) calls.watch(room, ageMs, caller);
  }

  async #lookForEnd(call: WatchedCall): Promise<void> {
    const { rooms, assignment, nowMs } = this.#deps;
    const isLeft = () =>
      call.attendant === null &&
      !assignment.isOnLine(call) &&
      !call.busy &&
      nowMs() >= call.awaitingUntilMs;
    if (!isLeft()) return;
    const caller = await rooms.findCaller(call.room);
    if (caller?.isThere) call.sees(caller);
    else if (isLeft()) await this.forget(call);
  }
}
