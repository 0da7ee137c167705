import { currentBookings } from '../../tools/bookings/journal.ts';
import { inventoryFromJson, inventorySnapshot } from '../../tools/inventory/inventory-snapshot.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { todayIn } from '../../tools/yard/rental-dates.ts';
import { withJournal } from '../../tools/yard/with-journal.ts';
import type { Config } from '../config.ts';
import { withDeadline } from '../deadline.ts';
import type { Log } from '../log.ts';
import { phraseKey } from '../speech/phrases.ts';
import type { PhraseAudio } from '../speech/phrases.ts';
import {
  recordCallAnswered,
  recordCallClose,
  recordCallEvent,
  recordCallStart,
} from '../store/calls.ts';
import type { Store, StoreQueries } from '../store/database.ts';
import { callLeaseName, claimLease, releaseLease, renewLease } from '../store/leases.ts';
import type { Lease } from '../store/leases.ts';
import { readPhrase } from '../store/phrases.ts';
import { readSnapshot } from '../store/snapshots.ts';

/** A job that died is replaced within seconds; its lease must not outlast that by much. */
const leaseMs = 10_000;
const renewMs = 3_000;
/** Takes 5 ms; a store that needs longer than this must not keep a caller ringing. */
const claimMs = 1_000;
/** How long a close waits, in all, for what is still to be written; then the process leaves. */
const flushMs = 1_000;

/**
 * Writes wait this long for others: on SQLite each commit stops the process for a sync of the disk,
 * and the first ones fall between the ring and the first word.
 */
const gatherMs = 250;

type Write = (store: StoreQueries) => Promise<unknown>;

/** Whose the call is. `unknown`: the store could not be asked in time. */
export type Claim = 'ours' | 'taken' | 'unknown';

/**
 * What one call reads from the store and writes to it. Writes are queued and never waited for while
 * the caller is there; nothing is written before the call is claimed, so that a job which loses the
 * claim leaves no trace in another job's call. After `unknown` it writes all the same, once it can.
 */
export class CallStore {
  readonly #open: () => Promise<Store>;
  readonly #voice: Config['voice'];
  #log: Log;
  readonly #held: (() => void)[] = [];
  #callId = '';
  #jobId = '';
  #lease: Lease | null = null;
  #start: Parameters<typeof recordCallStart>[1] | undefined;
  readonly #gathered: Write[] = [];
  #gathering: NodeJS.Timeout | undefined;
  #writes: Promise<void> = Promise.resolve();
  #renewals: NodeJS.Timeout | undefined;
  #renewing = false;
  #flushed = true;

  constructor(options: {
    readonly open: () => Promise<Store>;
    readonly voice: Config['voice'];
    readonly log: Log;
  }) {
    this.#open = options.open;
    this.#voice = options.voice;
    this.#log = options.log;
  }

  /** Asks for the call. `supersedes` is a job that the guardian gave up on. Never rejects. */
  async claim(call: {
    readonly callId: string;
    readonly jobId: string;
    readonly supersedes: string | undefined;
  }): Promise<Claim> {
    this.#callId = call.callId;
    this.#jobId = call.jobId;
    this.#log = this.#log.child({ callId: call.callId });
    try {
      this.#lease = await withDeadline(() => this.#claimLease(call.supersedes), {
        ms: claimMs,
        label: 'claim',
      });
      return this.#lease ? 'ours' : 'taken';
    } catch (error) {
      this.#log.error({ event: 'store.failed', error }, 'call could not be claimed');
      return 'unknown';
    }
  }

  /** Keeps the claim until `end`. `onLost` is called once, when another job has taken the call. */
  keepClaim(onLost: () => void): void {
    this.#renewals = setInterval(() => void this.#renew(onLost), renewMs);
  }

  /** The yard's last good snapshot with the journal's bookings, or null when there was never one. */
  async inventory(): Promise<Inventory | null> {
    const store = await this.#open();
    const snapshot = await readSnapshot(store, inventorySnapshot);
    if (!snapshot) return null;
    const inventory = inventoryFromJson(String(snapshot.json));
    const today = todayIn(inventory.yard.timeZone, { nowMs: () => Date.now() });
    return withJournal(inventory, await currentBookings(store, today));
  }

  /** The audio of a phrase, if it was synthesised for the voice in use. */
  async phrase(text: string): Promise<PhraseAudio | undefined> {
    const phrase = await readPhrase(await this.#open(), phraseKey(this.#voice, text));
    if (!phrase) return undefined;
    const { buffer, byteOffset, byteLength } = phrase.pcm;
    return {
      sampleRateHz: phrase.sampleRateHz,
      pcm: new Int16Array(buffer, byteOffset, byteLength / Int16Array.BYTES_PER_ELEMENT),
    };
  }

  recordStart(start: {
    readonly room: string;
    readonly callerNumber: string | null;
    readonly startedAtMs: number;
  }): void {
    const epoch = this.#lease?.epoch ?? 0;
    const row = { callId: this.#callId, jobId: this.#jobId, epoch, ...start };
    this.#start = row;
    this.#write((store) => recordCallStart(store, row));
    for (const write of this.#held.splice(0)) write();
  }

  recordAnswer(answeredAtMs: number): void {
    this.#write((store) => recordCallAnswered(store, { callId: this.#callId, answeredAtMs }));
  }

  recordEvent(event: string, data: Readonly<Record<string, unknown>>): void {
    const atMs = Date.now();
    const write = () =>
      this.#write((store) => recordCallEvent(store, { callId: this.#callId, atMs, event, data }));
    if (this.#start) write();
    else this.#held.push(write);
  }

  /** Writes how the call ended, and waits for it and for all that was written before, for a time. */
  async recordClose(close: Omit<Parameters<typeof recordCallClose>[1], 'callId'>): Promise<void> {
    const start = this.#start;
    this.#write(async (store) => {
      // The row is there, unless writing it failed.
      if (start) await recordCallStart(store, start);
      await recordCallClose(store, { callId: this.#callId, ...close });
    });
    await this.#flush();
  }

  /** False when another job has taken the call: what it still says must not be cut off. */
  async isStillOurs(): Promise<boolean> {
    try {
      return await withDeadline(() => this.#renewLease(), { ms: claimMs, label: 'claim' });
    } catch (error) {
      this.#log.warn({ event: 'store.failed', error }, 'claim of the call could not be renewed');
      // Nobody else can take the call either while the store is away.
      return true;
    }
  }

  /** Stops renewing, frees the claim and closes the store. Never rejects. */
  async end(): Promise<void> {
    this.#stopRenewing();
    const lease = this.#lease;
    if (lease) this.#write((store) => releaseLease(store, lease));
    this.#commit();
    this.#writes = this.#writes.then(() => this.#closeStore());
    // A store that did not take the record in its time gets no second one.
    if (this.#flushed) await this.#flush();
  }

  async #closeStore(): Promise<void> {
    try {
      await (await this.#open()).close();
    } catch (error) {
      this.#log.error({ event: 'store.failed', error }, 'store could not be closed');
    }
  }

  async #claimLease(supersedes?: string): Promise<Lease | null> {
    const name = callLeaseName(this.#callId);
    return claimLease(await this.#open(), {
      name,
      holder: this.#jobId,
      ttlMs: leaseMs,
      supersedes,
    });
  }

  async #renew(onLost: () => void): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    const isOurs = await this.isStillOurs();
    this.#renewing = false;
    if (isOurs || !this.#renewals) return;
    this.#stopRenewing();
    onLost();
  }

  #stopRenewing(): void {
    clearInterval(this.#renewals);
    this.#renewals = undefined;
  }

  async #renewLease(): Promise<boolean> {
    if (this.#lease) return renewLease(await this.#open(), this.#lease, { ttlMs: leaseMs });
    this.#lease = await this.#claimLease();
    return this.#lease !== null;
  }

  #write(write: Write): void {
    this.#gathered.push(write);
    this.#gathering ??= setTimeout(() => this.#commit(), gatherMs);
  }

  /** Hands on what was gathered, behind what is being written. */
  #commit(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const writes = this.#gathered.splice(0);
    if (writes.length > 0) this.#writes = this.#writes.then(() => this.#writeAll(writes));
  }

  async #writeAll(writes: readonly Write[]): Promise<void> {
    try {
      const store = await this.#open();
      await store.transaction(async (tx) => {
        for (const write of writes) await write(tx);
      });
    } catch (error) {
      // What cannot be written must not take the rest with it.
      const [only, ...others] = writes;
      if (only && others.length > 0) {
        for (const write of writes) await this.#writeAll([write]);
      } else {
        this.#log.error({ event: 'store.failed', error }, 'call could not be written down');
      }
    }
  }

  async #flush(): Promise<void> {
    this.#commit();
    try {
      await withDeadline(() => this.#writes, { ms: flushMs, label: 'store flush' });
    } catch (error) {
      this.#flushed = false;
      this.#log.error({ event: 'store.failed', error }, 'call is not fully written down');
    }
  }
}
