import { randomUUID } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { todayIn } from '../../../tools/yard/rental-dates.ts';
import {
  dropCallState,
  findCall,
  lastSignAtMs,
  openCalls,
  recordCallClose,
  recordCallStart,
} from '../../infra/store/calls.ts';
import { recordingsFolder } from '../../infra/recordings.ts';
import type { Store } from '../../infra/store/database.ts';
import { costOfDay } from '../../infra/store/digest.ts';
import { callLeaseName, claimLease, readLease } from '../../infra/store/leases.ts';
import { sweepStore } from '../../infra/store/retention.ts';
import { readSnapshot, saveSnapshot } from '../../infra/store/snapshots.ts';
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
  readonly isTest?: boolean;
};

const tickMs = 500;
/** The day's cost is summed so often. */
const spendingMs = 30_000;
/** The job of a call writes its row sooner than this: for those that have one nothing is written. */
const ringMs = 500;
/** Calls without an end are looked for so often, the first time at the start. */
const orphanMs = 60_000;
/** Job, attendant or guardian write the end of a call within this of it. */
const settledMs = 30_000;
/** A store that is away for long must not cost memory. */
const mostRings = 1_000;

const dayMs = 86_400_000;
/** The yard's hour after which what is too old is removed, once a day. */
const sweepHour = 3;
const sweepCheckMs = 600_000;
/** A sweep of a year's calls takes minutes; another process looks again after this. */
const sweepLeaseMs = 3_600_000;
const sweepName = 'retention';
const recordingDays = 30;

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
  #sweepDueAtMs = 0;
  #sweeping: Promise<void> | undefined;
  readonly #holder = randomUUID();
  readonly #dataDir: string;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** US dollars that the settled calls of the yard's day have cost; null until it is known. */
  #spentUsd: number | null = null;
  #spentDueAtMs = 0;
  /** The yard's zone; null until it is known, and nothing is settled before. */
  timeZone: string | null = null;

  constructor(options: {
    readonly store: Store;
    readonly log: Log;
    readonly rooms: Pick<Rooms, 'list'>;
    /** Recordings are kept in it. */
    readonly dataDir: string;
    readonly nowMs?: () => number;
  }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#rooms = options.rooms;
    this.#dataDir = options.dataDir;
    this.#nowMs = options.nowMs ?? (() => Date.now());
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), tickMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await this.#sweeping;
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
      await this.#sumSpending();
      // Calls are settled meanwhile.
      this.#sweeping ??= this.sweep().finally(() => (this.#sweeping = undefined));
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
      const { callId, room, phoneNumber, startedAtMs, isTest = false } = ring;
      if (!(await findCall(this.#store, callId))) {
        const row = { callId, room, callerNumber: phoneNumber, startedAtMs, isTest };
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
      await dropCallState(this.#store, callId);
      this.#log.emit('call.ended', { room, callId, ...ending, endedBy }, 'unserved');
      this.#log.emit('call.closed', { room, callId, ...ending, ...summary }, 'unserved');
    }
  }

  /** The yard's day; null until its zone is known. */
  get today(): string | null {
    return this.timeZone === null ? null : yardTimeIn(this.timeZone)(this.#nowMs()).day;
  }

  /** US dollars that the calls of today have cost so far; null while that is not known. */
  get spentTodayUsd(): number | null {
    return this.#spentUsd;
  }

  async #sumSpending(): Promise<void> {
    const nowMs = this.#nowMs();
    if (this.timeZone === null || nowMs < this.#spentDueAtMs) return;
    this.#spentDueAtMs = nowMs + spendingMs;
    this.#spentUsd = await costOfDay(this.#store, yardTimeIn(this.timeZone)(nowMs).day);
  }

  /** Removes what is too old, once each night of the yard's, by one process. Never rejects. */
  async sweep(): Promise<void> {
    const nowMs = this.#nowMs();
    if (this.timeZone === null || nowMs < this.#sweepDueAtMs) return;
    this.#sweepDueAtMs = nowMs + sweepCheckMs;
    const { day, hour } = yardTimeIn(this.timeZone)(nowMs);
    if (hour < sweepHour) return;
    try {
      const last = await readSnapshot(this.#store, sweepName);
      if (last?.json === day) return;
      const claim = { name: sweepName, holder: this.#holder, ttlMs: sweepLeaseMs };
      if (!(await claimLease(this.#store, claim))) return;
      const swept = await sweepStore(this.#store, nowMs);
      const recordings = await this.#sweepRecordings(nowMs - recordingDays * dayMs);
      await saveSnapshot(this.#store, { name: sweepName, json: day, savedAtMs: nowMs });
      this.#log.emit('retention.swept', { ...swept, recordings });
    } catch (error) {
      this.#log.emit('store.failed', { error }, 'retention');
    }
  }

  async #sweepRecordings(beforeMs: number): Promise<number> {
    const folder = recordingsFolder(this.#dataDir);
    const names = await readdir(folder).catch(() => []);
    let removed = 0;
    for (const name of names) {
      const file = path.join(folder, name);
      if ((await stat(file)).mtimeMs >= beforeMs) continue;
      await rm(file, { recursive: true, force: true });
      removed += 1;
    }
    return removed;
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
