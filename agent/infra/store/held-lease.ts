import type { StoreQueries } from './database.ts';
import { claimLease, handLease, releaseLease, renewLease, type Lease } from './leases.ts';

/**
 * A lease as one holder claims it, keeps it, may lose it and gives it back. Each method runs where
 * `queries` does, a transaction too, and rejects as the store does: then nothing is known anew.
 */
export class HeldLease {
  readonly #name: string;
  readonly #holder: string;
  readonly #ttlMs: number;
  readonly #nowMs: () => number;
  /** Stays when it is lost: what is still written under its epoch must be told from the next one's. */
  #lease: Lease | null = null;
  #isHeld = false;
  #renewedMs = 0;

  constructor(options: {
    readonly name: string;
    readonly holder: string;
    readonly ttlMs: number;
    /** This process's clock; the lease itself expires by the database's. */
    readonly nowMs?: () => number;
  }) {
    this.#name = options.name;
    this.#holder = options.holder;
    this.#ttlMs = options.ttlMs;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** True while it was ours when it was asked about last. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** The lease's epoch when it was last ours; 0 when it never was. */
  get epoch(): number {
    return this.#lease?.epoch ?? 0;
  }

  /** Takes it if it is free, expired, ours or held by `supersedes`; false when it is another's. */
  async claim(queries: StoreQueries, supersedes?: string): Promise<boolean> {
    const askedMs = this.#nowMs();
    const [name, holder, ttlMs] = [this.#name, this.#holder, this.#ttlMs];
    const lease = await claimLease(queries, { name, holder, ttlMs, supersedes });
    this.#isHeld = lease !== null;
    if (!lease) return false;
    this.#lease = lease;
    this.#renewedMs = askedMs;
    return true;
  }

  /** Makes it last anew; false when another has had it since: it is lost. */
  async renew(queries: StoreQueries): Promise<boolean> {
    const askedMs = this.#nowMs();
    const lease = this.#lease;
    this.#isHeld = lease !== null && (await renewLease(queries, lease, { ttlMs: this.#ttlMs }));
    if (this.#isHeld) this.#renewedMs = askedMs;
    return this.#isHeld;
  }

  /** Renews the lease once a third of its time is over: each renewal is a write to the disk. */
  async keep(queries: StoreQueries): Promise<boolean> {
    const isYoung = this.#nowMs() - this.#renewedMs <= this.#ttlMs / 3;
    return this.#isHeld && (isYoung || this.renew(queries));
  }

  /** Gives it to another holder, in a new epoch; false when it was not ours to give. */
  async handTo(queries: StoreQueries, holder: string): Promise<boolean> {
    const lease = this.#lease;
    return lease !== null && handLease(queries, lease, { to: holder, ttlMs: this.#ttlMs });
  }

  /** Frees it for the next one, which else waits for it to expire. */
  async release(queries: StoreQueries): Promise<void> {
    this.#isHeld = false;
    if (this.#lease) await releaseLease(queries, this.#lease);
  }
}
