import { randomUUID } from 'node:crypto';
import { withDeadline } from '../../infra/deadline.ts';
import type { Log } from '../../telemetry/events.ts';
import type { Store } from '../../infra/store/database.ts';
import { HeldLease } from '../../infra/store/held-lease.ts';
import { listLeases, removeExpiredLeases } from '../../infra/store/leases.ts';

const prefix = 'ready:';
/**
 * Renewed after a third, and tried again each tick: the store may be away for 3 s before the others
 * believe that this supervisor is gone.
 */
const markMs = 5_000;
/** Supervisors know of each other with this delay at most. */
const tickMs = 500;
/** Takes 5 ms; a drain whose grace is short does not wait for a store that is away. */
const withdrawMs = 500;

/**
 * Supervisors that share a store know of each other by it: each one that takes calls keeps a lease
 * of its own there, until it drains. A store that is away shows nobody.
 */
export class ReadinessLease {
  readonly #store: Store;
  readonly #log: Log;
  readonly #isReady: () => boolean;
  readonly #id = randomUUID();
  readonly #lease: HeldLease;
  #otherIsReady = false;
  #withdrawal: Promise<void> | undefined;
  #tending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isFailing = false;

  constructor(options: {
    readonly store: Store;
    readonly log: Log;
    /** True while a call would be picked up here. */
    readonly isReady: () => boolean;
  }) {
    this.#store = options.store;
    this.#log = options.log;
    this.#isReady = options.isReady;
    this.#lease = new HeldLease({ name: `${prefix}${this.#id}`, holder: this.#id, ttlMs: markMs });
  }

  /** True while another supervisor takes calls. Looked at only after `withdraw`. */
  get otherIsReady(): boolean {
    return this.#otherIsReady;
  }

  /** Shows the others from now on whether calls are taken here. */
  start(): void {
    this.#tend(() => removeExpiredLeases(this.#store, prefix));
    this.#timer = setInterval(() => {
      this.#tend(() => (this.#withdrawal ? this.#look() : this.#mark()));
    }, tickMs);
    this.#timer.unref();
  }

  /** Withdraws this process's readiness. Resolves when others were looked at, or in 500 ms. */
  withdraw(): Promise<void> {
    this.#withdrawal ??= withDeadline(() => this.#withdrawOnce(), {
      ms: withdrawMs,
      label: 'look at other supervisors',
    }).catch(() => {
      // The next tick looks again.
    });
    return this.#withdrawal;
  }

  async stop(): Promise<void> {
    await this.withdraw();
    clearInterval(this.#timer);
    await this.#tending;
  }

  /** One at a time: a store that is slow is not asked more and more. */
  #tend(work: () => Promise<void>): void {
    this.#tending ??= this.#try(work).finally(() => (this.#tending = undefined));
  }

  async #withdrawOnce(): Promise<void> {
    await this.#tending;
    this.#tend(async () => {
      await this.#lease.release(this.#store);
      await this.#look();
    });
    await this.#tending;
  }

  async #try(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#isFailing = false;
    } catch (error) {
      this.#otherIsReady = false;
      // Said once: it goes on for as long as the store is away.
      const variant = this.#isFailing ? 'supervisors-again' : 'supervisors';
      this.#isFailing = true;
      this.#log.emit('store.failed', { error }, variant);
    }
  }

  async #mark(): Promise<void> {
    const [lease, store] = [this.#lease, this.#store];
    if (!this.#isReady()) return lease.isHeld ? lease.release(store) : undefined;
    if (!(await lease.keep(store))) await lease.claim(store);
  }

  async #look(): Promise<void> {
    const marks = await listLeases(this.#store, prefix);
    this.#otherIsReady = marks.some(({ holder }) => holder !== this.#id);
  }
}
