import type { Log } from '../../infra/log.ts';
import { lostCall } from './abandoned-calls.ts';
import type { LostCall } from './abandoned-calls.ts';
import type { ListedRoom, Rooms } from '../rooms.ts';
import { Sweep } from '../sweep.ts';
import type { WatchedCall } from './watched-call.ts';
import type { WatchedCalls } from '../watched-calls.ts';
import type { WhoServes } from './job-assignment.ts';

/** How often LiveKit's list of rooms is read. */
export const sweepMs = 2_000;

/** What the sweep needs. */
export type RoomSweepDeps = {
  readonly rooms: Rooms;
  readonly calls: WatchedCalls;
  readonly log: Log;
  readonly connectMs: number;
  readonly nowMs: () => number;
  readonly whoServes: WhoServes;
  readonly onLost: (call: LostCall) => Promise<void>;
  /** LiveKit answers again, after it did not. */
  readonly onServerBack?: () => void;
};

/**
 * The guardian's second line: it finds the calls that no worker was asked for, or that another
 * supervisor left behind, and the end of those that have no job to write it down.
 */
export class RoomSweep {
  readonly #deps: RoomSweepDeps;
  readonly #sweep: Sweep;
  /** LiveKit has not answered since. */
  #isAway = false;

  constructor(deps: RoomSweepDeps) {
    this.#deps = deps;
    this.#sweep = new Sweep({ run: () => this.#run(), everyMs: sweepMs, log: deps.log });
  }

  start(): void {
    this.#sweep.start();
  }

  stop(): void {
    this.#sweep.stop();
  }

  /** The caller is gone, and no job is there that would write it down. */
  async forget(call: WatchedCall): Promise<void> {
    const { calls, connectMs, whoServes, onLost } = this.#deps;
    if (calls.get(call.room) !== call) return;
    calls.close(call.room);
    if (whoServes.isForeign(call, await whoServes.holder(call))) return;
    const isOurs = call.attempts > 0 || Date.now() - call.firstSeenAtMs > connectMs;
    const reason = call.failure ?? (isOurs ? 'start-failed' : 'cancelled-while-ringing');
    const lost = lostCall(call, { reason, isCallerThere: false });
    if (lost) await onLost(lost);
  }

  async #run(): Promise<void> {
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
    const { rooms, whoServes, nowMs } = this.#deps;
    const isLeft = () => !whoServes.isOnLine(call) && !call.busy && nowMs() >= call.awaitingUntilMs;
    if (!isLeft()) return;
    const caller = await rooms.findCaller(call.room);
    if (caller?.isThere) call.sees(caller);
    else if (isLeft()) await this.forget(call);
  }
}
