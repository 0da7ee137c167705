import { todayIn } from '../../../tools/yard/rental-dates.ts';
import {
  findCall,
  lastSignAtMs,
  openCalls,
  recordCallClose,
  recordCallStart,
} from '../../infra/store/calls.ts';
import type { Store } from '../../infra/store/database.ts';
import { callLeaseName, readLease } from '../../infra/store/leases.ts';
import { settleCalls, type YardTime } from '../../infra/store/settlement.ts';
import { termination } from '../../ipc/termination.ts';
import type { Rooms } from '../../livekit/room-service.ts';
import type { Log } from '../../telemetry/events.ts';

/** A ring that was seen, by whomever. */
export type Ring = {
  readonly callId: string;
  readonly room: string;
  readonly phoneNumber: string | null;
  readonly startedAtMs: number;
};

const tickMs = 500;
/** The job of a call writes its row sooner than this: for those that have one nothing is written. */
const ringMs = 500;
/** Calls without an end are looked for so often, the first time at the start. */
const orphanMs = 60_000;
/** Job, attendant or guardian write the end of a call within this of it. */
const settledMs = 30_000;
/** A store that is away for long must not cost memory. */
const mostRings = 1_000;

/**
 * Keeps the ledger: a row for each ring, an end for each call, and each call's place once it is over.
 * It looks twice a second, so that no call has anything to do for it. Never rejects.
 */
export class LedgerKeeper {
  readonly #store: Store;
  readonly #log: Log;
  readonly #rooms: Pick<Rooms, 'list'>;
  readonly #nowMs: () => number;
  readonly #rings = new Map<string, Ring>();
  /** LiveKit's word on callers who left, by the call's id. */
  readonly #left = new Map<string, number>();
  #hasFailed = false;
  #orphansDueAtMs = 0;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The yard's zone; null until it is known, and nothing is settled before. */
  timeZone: string | null = null;

  constructor(options: {
    readonly store: Store;
    readonly log: Log;
    readonly rooms: Pick<Rooms, 'list'>;
    readonly nowMs?: () => number;
  }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#rooms = options.rooms;
    this.#nowMs = options.nowMs ?? (() => Date.now());
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), tickMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** A caller rings: the row is written, unless whoever serves them does so. */
  rang(ring: Ring): void {
    if (this.#rings.size < mostRings) this.#rings.set(ring.callId, ring);
  }

  /** A caller has left: if nobody serves the call, that was its end. */
  left(callId: string, atMs: number): void {
    if (this.#left.size < mostRings) this.#left.set(callId, atMs);
    this.#orphansDueAtMs = Math.min(this.#orphansDueAtMs, this.#nowMs() + settledMs);
  }

  /** Does what is due, one look at a time: a store that hangs is not asked again. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    try {
      await this.#writeRings();
      await this.#closeOrphans();
      await this.#settle();
      this.#hasFailed = false;
    } catch (error) {
      this.#log.emit('store.failed', { error }, this.#hasFailed ? 'ledger-again' : 'ledger');
      this.#hasFailed = true;
    }
  }

  async #writeRings(): Promise<void> {
    const due = [...this.#rings.values()].filter(
      ({ startedAtMs }) => this.#nowMs() - startedAtMs >= ringMs,
    );
    for (const ring of due) {
      const { callId, room, phoneNumber, startedAtMs } = ring;
      if (!(await findCall(this.#store, callId))) {
        const row = { callId, room, callerNumber: phoneNumber, startedAtMs };
        await recordCallStart(this.#store, { ...row, jobId: null, epoch: 0 });
      }
      this.#rings.delete(callId);
    }
  }

  /** Ends the calls that nobody has, and that LiveKit has no room for: they ended while we were down. */
  async #closeOrphans(): Promise<void> {
    const nowMs = this.#nowMs();
    if (nowMs < this.#orphansDueAtMs) return;
    this.#orphansDueAtMs = nowMs + orphanMs;
    const open = (await openCalls(this.#store)).filter(
      ({ startedAtMs }) => nowMs - startedAtMs >= settledMs,
    );
    for (const [callId, atMs] of this.#left) {
      if (nowMs - atMs >= 5 * orphanMs) this.#left.delete(callId);
    }
    if (open.length === 0) return;
    const rooms = await this.#listRooms();
    if (!rooms) return;
    for (const { callId, room, startedAtMs, answeredAtMs } of open) {
      const leftAtMs = this.#left.get(callId);
      if (rooms.has(room) && (leftAtMs === undefined || nowMs - leftAtMs < settledMs)) continue;
      const lease = await readLease(this.#store, callLeaseName(callId));
      const sign = await lastSignAtMs(this.#store, callId);
      const endedAtMs = leftAtMs ?? Math.max(startedAtMs, answeredAtMs ?? 0, sign ?? 0);
      if (lease || nowMs - endedAtMs < settledMs) continue;
      const gaveUp = leftAtMs !== undefined && answeredAtMs === null;
      const ending = termination(gaveUp ? 'cancelled-while-ringing' : 'unattributed');
      const endedBy = gaveUp ? 'caller' : null;
      const summary = { durationMs: endedAtMs - startedAtMs };
      const close = { callId, ...ending, endedBy, endedAtMs, turns: 0, summary };
      if (!(await recordCallClose(this.#store, close))) continue;
      this.#log.emit('call.ended', { room, callId, ...ending, endedBy }, 'unserved');
      this.#log.emit('call.closed', { room, callId, ...ending, ...summary }, 'unserved');
    }
  }

  /** Null while LiveKit does not say: then no call is taken for over. */
  async #listRooms(): Promise<ReadonlySet<string> | null> {
    try {
      return new Set((await this.#rooms.list()).map(({ name }) => name));
    } catch {
      return null;
    }
  }

  async #settle(): Promise<void> {
    if (this.timeZone === null) return;
    const place = { yardTime: yardTimeIn(this.timeZone), nowMs: this.#nowMs() };
    for (const { callId, outcome } of await settleCalls(this.#store, place)) {
      this.#log.emit('call.settled', { callId, outcome });
    }
  }
}

/** A yard's own time, in a zone by its IANA name. */
export function yardTimeIn(timeZone: string): YardTime {
  const hours = new Intl.DateTimeFormat('en-US', { timeZone, hour: '2-digit', hourCycle: 'h23' });
  return (atMs) => ({
    day: todayIn(timeZone, { nowMs: () => atMs }),
    hour: Number(hours.format(atMs)),
  });
}
