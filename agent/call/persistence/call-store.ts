import type { Inventory } from '../../../tools/yard/equipment.ts';
import type { Voice } from '../../config/config.ts';
import { withDeadline } from '../../infra/deadline.ts';
import type { Log } from '../../telemetry/events.ts';
import { readPhraseAudio } from '../../speech/prompts/phrase.ts';
import type { PhraseAudio } from '../../speech/prompts/phrase.ts';
import {
  findCall,
  recordCallAnswered,
  recordCallClose,
  recordCallEvent,
  recordCallStart,
  dropCallState,
  readCallState,
  saveCallState,
} from '../../infra/store/calls.ts';
import type { Store, StoreQueries } from '../../infra/store/database.ts';
import { CallLease } from './call-lease.ts';
import { savedCallFrom } from '../../ipc/saved-call.ts';
import type { SavedCall } from '../../ipc/saved-call.ts';
import { currentBookings } from '../../../tools/journal/journal.ts';
import {
  inventoryFromJson,
  inventorySnapshot,
} from '../../../tools/sheet/read/inventory-snapshot.ts';
import { addToTranscript } from '../../infra/store/transcripts.ts';
import type { TranscriptEntry } from '../../infra/store/transcripts.ts';
import { todayIn } from '../../../tools/yard/rental-dates.ts';
import { withJournal } from '../../../tools/yard/with-journal.ts';
import { readSnapshot, readSnapshotTime } from '../../infra/store/snapshots.ts';

/** A close waits so long, in all, for what is still to be written; then the process leaves. */
const flushMs = 1_000;

/**
 * Writes wait this long for others: on SQLite each commit stops the process for a sync of the disk,
 * and the first ones fall between the ring and the first word.
 */
const gatherMs = 250;

/** A store that is away must not cost memory: a turn has some three entries, a minute ten. */
const mostEntries = 400;

type Write = (store: StoreQueries) => Promise<unknown>;

/**
 * The store as one call reads and writes it. Writes are queued and never waited for while
 * the caller is there; nothing is written before the call is claimed, so that a job which loses the
 * claim leaves no trace in another job's call. After `unknown` it writes all the same, once it can.
 */
export class CallStore {
  readonly #open: () => Promise<Store>;
  readonly #yardList: YardList;
  readonly #voice: Voice;
  #log: Log;
  readonly #held: (() => void)[] = [];
  #callId = '';
  #jobId = '';
  #claim: CallLease | undefined;
  #start: Omit<Parameters<typeof recordCallStart>[1], 'epoch'> | undefined;
  readonly #gathered: Write[] = [];
  #gathering: NodeJS.Timeout | undefined;
  #writes: Promise<void> = Promise.resolve();
  /** The newest one that is not written yet. */
  #state: SavedCall | undefined;
  #flushed = true;
  /** Entries of the transcript that are not written yet. */
  readonly #transcript: TranscriptEntry[] = [];
  #hasLostEntries = false;

  constructor(options: {
    readonly open: () => Promise<Store>;
    readonly voice: Voice;
    readonly log: Log;
  }) {
    this.#open = options.open;
    this.#yardList = new YardList(options.open);
    this.#voice = options.voice;
    this.#log = options.log;
  }

  /** Whose call it is; nothing is written before it is claimed. */
  identify(call: { readonly callId: string; readonly jobId: string }): CallLease {
    this.#callId = call.callId;
    this.#jobId = call.jobId;
    this.#log = this.#log.child({ callId: call.callId });
    this.#claim = new CallLease({ ...call, open: this.#open, log: this.#log });
    return this.#claim;
  }

  /** True when another job has the call by now: one read. */
  async isLost(): Promise<boolean> {
    return (await this.#claim?.isLost()) ?? false;
  }

  /** The yard's last good snapshot with the journal's bookings, or null when there was never one. */
  inventory(): Promise<Inventory | null> {
    return this.#yardList.read();
  }

  /** The audio of a phrase, if it was synthesised for the voice in use. */
  async phrase(text: string): Promise<PhraseAudio | undefined> {
    return readPhraseAudio(await this.#open(), this.#voice, text);
  }

  recordStart(start: {
    readonly room: string;
    readonly callerNumber: string | null;
    readonly startedAtMs: number;
    readonly isTest?: boolean;
  }): void {
    const row = { callId: this.#callId, jobId: this.#jobId, ...start };
    this.#start = row;
    this.#writeOwn((store, epoch) => recordCallStart(store, { ...row, epoch }));
    for (const write of this.#held.splice(0)) write();
  }

  recordAnswer(answeredAtMs: number): void {
    const answer = { callId: this.#callId, answeredAtMs };
    this.#writeOwn((store, epoch) => recordCallAnswered(store, { ...answer, epoch }));
  }

  recordEvent(event: string, data: Readonly<Record<string, unknown>>): void {
    const atMs = Date.now();
    const write = () =>
      this.#write((store) => recordCallEvent(store, { callId: this.#callId, atMs, event, data }));
    if (this.#start) write();
    else this.#held.push(write);
  }

  /** Keeps an entry of the transcript. Past a bound it is lost, which is told of once. */
  addToTranscript(entry: TranscriptEntry): void {
    if (this.#transcript.length >= mostEntries) {
      if (!this.#hasLostEntries) this.#log.emit('store.failed', {}, 'transcript');
      this.#hasLostEntries = true;
      return;
    }
    this.#transcript.push(entry);
    if (this.#transcript.length > 1) return;
    let taken: readonly TranscriptEntry[] = [];
    const write = () =>
      this.#write(async (store) => {
        // A write may run twice: what it has taken, it keeps.
        taken = [...taken, ...this.#transcript.splice(0)];
        await addToTranscript(store, this.#callId, taken);
      });
    if (this.#start) write();
    else this.#held.push(write);
  }

  /** Writes how the call ended, and waits for it and for all that was written before, for a time. */
  async recordClose(
    close: Omit<Parameters<typeof recordCallClose>[1], 'callId' | 'epoch'>,
  ): Promise<void> {
    const start = this.#start;
    this.#writeOwn(async (store, epoch) => {
      // The row is there, unless writing it failed.
      if (start) await recordCallStart(store, { ...start, epoch });
      await recordCallClose(store, { callId: this.#callId, ...close, epoch });
      await dropCallState(store, this.#callId, { epoch });
    });
    await this.#flush();
  }

  /** Keeps where the call stands, for a job that may have to go on with it. The newest counts. */
  saveState(state: SavedCall): void {
    if (!this.#state) {
      let newest: SavedCall | undefined;
      this.#writeOwn(async (store, epoch) => {
        // A write may run twice: what it has taken, it keeps.
        newest = this.#state ?? newest;
        this.#state = undefined;
        const json = JSON.stringify(newest);
        await saveCallState(store, { callId: this.#callId, epoch, json });
      });
    }
    this.#state = state;
  }

  /** True when a job of the call has written down its end. A store that is away says no. */
  async isClosed(): Promise<boolean> {
    try {
      const read = async () => findCall(await this.#open(), this.#callId);
      const call = await withDeadline(read, { ms: flushMs, label: 'end of the call' });
      return (call?.endedAtMs ?? null) !== null;
    } catch (error) {
      this.#log.emit('store.failed', { error }, 'call');
      return false;
    }
  }

  /** The call so far; undefined when an earlier job could not keep it. Rejects with the store. */
  async savedCall(): Promise<SavedCall | undefined> {
    const json = await readCallState(await this.#open(), this.#callId);
    return json === undefined ? undefined : savedCallFrom(json);
  }

  /**
   * Writes what is still to be written, keeps `state`, and gives the call to another job, all or
   * nothing. False when the call was not ours any more.
   */
  async handTo(jobId: string, state: SavedCall, signal: AbortSignal): Promise<boolean> {
    this.#commit();
    await this.#writes;
    signal.throwIfAborted();
    const { epoch = 0 } = this.#claim ?? {};
    const json = JSON.stringify(state);
    return (await this.#open()).transaction(async (tx) => {
      await saveCallState(tx, { callId: this.#callId, epoch, json });
      const isGiven = (await this.#claim?.handTo(tx, jobId)) ?? false;
      // Past its time the old job speaks on: then nothing of it may stand.
      signal.throwIfAborted();
      return isGiven;
    });
  }

  /** Stops renewing, frees the claim and closes the store. Never rejects. */
  async end(): Promise<void> {
    const claim = this.#claim;
    claim?.stop();
    if (claim) this.#write((store) => claim.release(store));
    this.#commit();
    this.#writes = this.#writes.then(() => this.#closeStore());
    // A store that did not take the record in its time gets no second one.
    if (this.#flushed) await this.#flush();
  }

  async #closeStore(): Promise<void> {
    try {
      await (await this.#open()).close();
    } catch (error) {
      this.#log.emit('store.failed', { error }, 'close');
    }
  }

  /** Writes what only the job may write that has the call. */
  #writeOwn(write: (store: StoreQueries, epoch: number) => Promise<unknown>): void {
    this.#write(async (store) => write(store, (await this.#claim?.epochIn(store)) ?? 0));
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
        this.#log.emit('store.failed', { error }, 'record');
      }
    }
  }

  async #flush(): Promise<void> {
    this.#commit();
    try {
      await withDeadline(() => this.#writes, { ms: flushMs, label: 'store flush' });
    } catch (error) {
      this.#flushed = false;
      this.#log.emit('store.failed', { error }, 'record-late');
    }
  }
}

/** The yard's list as a job reads it, after every turn: unpacked only when it has changed. */
export class YardList {
  readonly #open: () => Promise<Store>;
  #unpacked: { readonly savedAtMs: number; readonly inventory: Inventory } | undefined;

  constructor(open: () => Promise<Store>) {
    this.#open = open;
  }

  /**
   * The yard's last good snapshot with the journal's bookings, or null when there was never one.
   * @throws {StoreError} when the store cannot be asked, {SnapshotError} when it has another release's.
   */
  async read(): Promise<Inventory | null> {
    const store = await this.#open();
    const inventory = await this.#snapshot(store);
    if (!inventory) return null;
    const today = todayIn(inventory.yard.timeZone, { nowMs: () => Date.now() });
    return withJournal(inventory, await currentBookings(store, today));
  }

  async #snapshot(store: Store): Promise<Inventory | null> {
    const savedAtMs = await readSnapshotTime(store, inventorySnapshot);
    if (this.#unpacked && this.#unpacked.savedAtMs === savedAtMs) return this.#unpacked.inventory;
    const snapshot = await readSnapshot(store, inventorySnapshot);
    if (!snapshot) return null;
    const inventory = inventoryFromJson(snapshot.json);
    this.#unpacked = { savedAtMs: snapshot.savedAtMs, inventory };
    return inventory;
  }
}
