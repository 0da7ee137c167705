import { inventoryFromJson, inventorySnapshot } from '../../tools/inventory/inventory-snapshot.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import type { Config } from '../config.ts';
import { withDeadline } from '../deadline.ts';
import type { Log } from '../log.ts';
import { phraseKey } from '../speech/phrases.ts';
import type { PhraseAudio } from '../speech/phrases.ts';
import { recordCallAnswered, recordCallClose, recordCallEvent, recordCallStart } from '../store/calls.ts';
import type { Store } from '../store/database.ts';
import { callLeaseName, claimLease, releaseLease, renewLease } from '../store/leases.ts';
import type { Lease } from '../store/leases.ts';
import { readPhrase } from '../store/phrases.ts';
import { readSnapshot } from '../store/snapshots.ts';

/** A job that died is replaced within seconds; its lease must not outlast that by much. */
const leaseMs = 10_000;
const renewMs = 3_000;
/** How long a close waits for what is still to be written; then the process leaves without it. */
const flushMs = 1_000;

/**
 * What one call reads from the store and writes to it. Writes are queued and never waited for while
 * the caller is there; nothing is written before the call is claimed, so that a job which loses the
 * claim leaves no trace in another job's call.
 */
export class CallStore {
  readonly #open: () => Promise<Store>;
  readonly #voice: Config['voice'];
  readonly #log: Log;
  readonly #held: (() => void)[] = [];
  #callId = '';
  #claimed = false;
  #writes: Promise<void> = Promise.resolve();
  #renewals: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly open: () => Promise<Store>;
    readonly voice: Config['voice'];
    readonly log: Log;
  }) {
    this.#open = options.open;
    this.#voice = options.voice;
    this.#log = options.log;
  }

  begin(callId: string): void {
    this.#callId = callId;
  }

  /** Null when another job has the call. `supersedes` is a job that the guardian gave up on. */
  async claim(
    jobId: string,
    supersedes: string | undefined,
    signal: AbortSignal,
  ): Promise<Lease | null> {
    const store = await this.#open();
    signal.throwIfAborted();
    const name = callLeaseName(this.#callId);
    return claimLease(store, { name, holder: jobId, ttlMs: leaseMs, supersedes });
  }

  /** Renews the lease until `end`. `onLost` is called when another job has taken it. */
  keepLease(lease: Lease, onLost: () => void): void {
    this.#renewals = setInterval(() => {
      void (async () => {
        try {
          if (!(await renewLease(await this.#open(), lease, { ttlMs: leaseMs }))) onLost();
        } catch (error) {
          // Nobody else can take the lease either while the store is away.
          this.#log.warn({ event: 'store.failed', error }, 'call lease could not be renewed');
        }
      })();
    }, renewMs);
  }

  /** The yard's last good snapshot, or null when there was never one. */
  async inventory(): Promise<Inventory | null> {
    const snapshot = await readSnapshot(await this.#open(), inventorySnapshot);
    return snapshot ? inventoryFromJson(String(snapshot.json)) : null;
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

  recordStart(start: Omit<Parameters<typeof recordCallStart>[1], 'callId'>): void {
    this.#claimed = true;
    this.#write((store) => recordCallStart(store, { callId: this.#callId, ...start }));
    for (const write of this.#held.splice(0)) write();
  }

  recordAnswer(answeredAtMs: number): void {
    this.#write((store) => recordCallAnswered(store, { callId: this.#callId, answeredAtMs }));
  }

  recordEvent(event: string, data: Readonly<Record<string, unknown>>): void {
    const atMs = Date.now();
    const write = () =>
      this.#write((store) => recordCallEvent(store, { callId: this.#callId, atMs, event, data }));
    if (this.#claimed) write();
    else this.#held.push(write);
  }

  /** Writes how the call ended, and waits for it and for all that was written before, for a time. */
  async recordClose(close: Omit<Parameters<typeof recordCallClose>[1], 'callId'>): Promise<void> {
    if (!this.#claimed) return;
    this.#write((store) => recordCallClose(store, { callId: this.#callId, ...close }));
    await this.#flush();
  }

  /** Stops renewing, frees the lease and closes the store. */
  async end(lease: Lease | undefined): Promise<void> {
    clearInterval(this.#renewals);
    if (lease) this.#write((store) => releaseLease(store, lease));
    this.#write((store) => store.close());
    await this.#flush();
  }

  #write(run: (store: Store) => Promise<unknown>): void {
    this.#writes = this.#writes
      .then(async () => void (await run(await this.#open())))
      .catch((error: unknown) =>
        this.#log.error({ event: 'store.failed', error }, 'call could not be written down'),
      );
  }

  async #flush(): Promise<void> {
    try {
      await withDeadline(() => this.#writes, { ms: flushMs, label: 'store flush' });
    } catch (error) {
      this.#log.error({ event: 'store.failed', error }, 'call is not fully written down');
    }
  }
}
