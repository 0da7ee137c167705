import { withDeadline } from '../../infra/deadline.ts';
import type { Log } from '../../telemetry/events.ts';
import type { Store } from '../../infra/store/database.ts';
import { HeldLease } from '../../infra/store/held-lease.ts';
import { callLeaseName, readLease } from '../../infra/store/leases.ts';

/** A job that died is replaced within seconds; its lease must not outlast that by much. */
const leaseMs = 10_000;
const renewMs = 3_000;
/** Takes 5 ms; a store that needs longer than this must not keep a caller ringing. */
const claimMs = 1_000;

/** Whose the call is. `unknown`: the store could not be asked in time. */
export type Claim = 'ours' | 'taken' | 'unknown';

/** This job's right to speak in its call: of several jobs for one call, one has it. */
export class CallLease {
  readonly #open: () => Promise<Store>;
  readonly #callId: string;
  readonly #jobId: string;
  readonly #log: Log;
  readonly #lease: HeldLease;
  /** A job that is known to be gone, whose claim may still stand in the store. */
  #supersedes: string | undefined;
  #renewals: NodeJS.Timeout | undefined;
  #onLost = () => {};
  #looking: Promise<Claim> | undefined;

  constructor(options: {
    readonly open: () => Promise<Store>;
    readonly callId: string;
    readonly jobId: string;
    readonly log: Log;
  }) {
    this.#open = options.open;
    this.#callId = options.callId;
    this.#jobId = options.jobId;
    this.#log = options.log;
    const name = callLeaseName(options.callId);
    this.#lease = new HeldLease({ name, holder: options.jobId, ttlMs: leaseMs });
  }

  /** The lease's epoch; 0 without one. */
  get epoch(): number {
    return this.#lease.epoch;
  }

  /**
   * The lease's epoch, for a write in `tx`: a call that could not be claimed before is claimed with
   * it. 0 when another job has it.
   */
  async epochIn(tx: Pick<Store, 'db' | 'dialect'>): Promise<number> {
    if (this.#lease.epoch === 0) await this.#lease.claim(tx, this.#supersedes);
    return this.#lease.epoch;
  }

  /** Asks for the call. `supersedes` is a job that is known to be gone. Never rejects. */
  async take(supersedes?: string): Promise<Claim> {
    this.#supersedes = supersedes;
    try {
      return (await withDeadline(() => this.#claim(), { ms: claimMs, label: 'claim' }))
        ? 'ours'
        : 'taken';
    } catch (error) {
      this.#log.emit('store.failed', { error }, 'claim');
      return 'unknown';
    }
  }

  /** True when the call is ours by now: handed to us, or free. Rejects when the store cannot say. */
  async holds(): Promise<boolean> {
    if (this.#lease.epoch > 0) return true;
    return withDeadline(() => this.#claim(), { ms: claimMs, label: 'claim' });
  }

  /** Keeps the claim until `stop`. `onLost` is called once, when another job has taken the call. */
  keep(onLost: () => void): void {
    this.#onLost = onLost;
    this.#renewals = setInterval(() => void this.check(), renewMs);
  }

  /** Looks now whether the claim still stands. Never rejects; a lost one is told to `onLost`. */
  async check(): Promise<Claim> {
    this.#looking ??= this.#look();
    const claim = await this.#looking;
    this.#looking = undefined;
    if (claim === 'taken' && this.#renewals) {
      this.stop();
      this.#onLost();
    }
    return claim;
  }

  stop(): void {
    clearInterval(this.#renewals);
    this.#renewals = undefined;
  }

  /**
   * False when another job has taken the call: what it still says must not be cut off. True while
   * the store is away: nobody else can take it either.
   */
  async isStillOurs(): Promise<boolean> {
    return (await this.#look()) !== 'taken';
  }

  /** True when another job has the call: one read. A store that cannot say so says no. */
  async isLost(): Promise<boolean> {
    try {
      const holder = await withDeadline(() => this.holder(), { ms: claimMs, label: 'holder' });
      return holder !== null && holder !== this.#jobId && holder !== this.#supersedes;
    } catch {
      return false;
    }
  }

  /** Gives the call to another job. False when it was not ours to give. */
  async handTo(tx: Pick<Store, 'db' | 'dialect'>, jobId: string): Promise<boolean> {
    return this.#lease.handTo(tx, jobId);
  }

  /** The job that has the call now; null for nobody. Rejects when the store does. */
  async holder(): Promise<string | null> {
    const lease = await readLease(await this.#open(), callLeaseName(this.#callId));
    return lease?.holder ?? null;
  }

  /** Frees the call for the next job. */
  async release(store: Pick<Store, 'db' | 'dialect'>): Promise<void> {
    await this.#lease.release(store);
  }

  async #look(): Promise<Claim> {
    try {
      const isOurs = await withDeadline(() => this.#renew(), { ms: claimMs, label: 'claim' });
      return isOurs ? 'ours' : 'taken';
    } catch (error) {
      this.#log.emit('store.failed', { error }, 'renewal');
      return 'unknown';
    }
  }

  async #claim(): Promise<boolean> {
    return this.#lease.claim(await this.#open(), this.#supersedes);
  }

  async #renew(): Promise<boolean> {
    return this.#lease.epoch > 0 ? this.#lease.renew(await this.#open()) : this.holds();
  }
}
