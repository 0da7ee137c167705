import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type { Store } from '../../../agent/infra/store/database.ts';
import { HeldLease } from '../../../agent/infra/store/held-lease.ts';
import { readLease } from '../../../agent/infra/store/leases.ts';

/** The lease that makes one process of all the writer of the sheet. */
export const sheetWriterLease = 'sheet-writer';

/** Tells this process from an earlier one with its pid, as every restart of a container has. */
const processId = `${os.hostname()}/${process.pid}/${randomUUID()}`;

/** Another process is the writer now. */
export class NotTheWriterError extends Error {
  override readonly name = 'NotTheWriterError';

  constructor() {
    super('Another process writes the sheet');
  }
}

/** The writer's lease, as one writer asks for it, keeps it and may lose it. */
export class WriterLease {
  /**
   * The store as the writer uses it: a transaction has an effect only while the lease is held, and
   * throws `NotTheWriterError` else. What a deposed writer saw is no longer how the sheet is.
   */
  readonly store: Store;
  readonly #store: Store;
  readonly #holder = `${processId}/${randomUUID()}`;
  readonly #lease: HeldLease;

  constructor({ store, leaseMs }: { readonly store: Store; readonly leaseMs: number }) {
    this.#store = store;
    this.#lease = new HeldLease({ name: sheetWriterLease, holder: this.#holder, ttlMs: leaseMs });
    this.store = {
      ...store,
      transaction: (work) =>
        store.transaction(async (tx) => {
          // Renewed and not only looked at: that keeps the next one out until the transaction ends.
          if (!(await this.#lease.renew(tx))) throw new NotTheWriterError();
          return work(tx);
        }),
    };
  }

  /** The lease was ours when the store was last asked. */
  get isHeld(): boolean {
    return this.#lease.isHeld;
  }

  /** Takes the lease if it is free or its holder dead; the epoch, or null when another has it. */
  async claim(): Promise<number | null> {
    const current = await readLease(this.#store, sheetWriterLease);
    const supersedes = current && this.#isDead(current.holder) ? current.holder : undefined;
    if (current && current.holder !== this.#holder && !supersedes) return null;
    return (await this.#lease.claim(this.#store, supersedes)) ? this.#lease.epoch : null;
  }

  /**
   * Renews the lease when a third of it is over: each renewal is a write to the disk.
   * @throws {NotTheWriterError} when it was lost.
   */
  async keep(): Promise<void> {
    if (!(await this.#lease.keep(this.#store))) throw new NotTheWriterError();
  }

  /** Makes the lease last anew. @throws {NotTheWriterError} when it was lost. */
  async renew(): Promise<void> {
    if (!(await this.#lease.renew(this.#store))) throw new NotTheWriterError();
  }

  /** Frees the lease for the next writer, which else waits until it expires. */
  async release(): Promise<void> {
    await this.#lease.release(this.#store).catch(() => {});
  }

  /** A SQLite file is one machine's: a dead holder is seen without waiting for its lease. */
  #isDead(holder: string): boolean {
    const [host, pid] = holder.split('/');
    if (this.#store.dialect !== 'sqlite' || host !== os.hostname()) return false;
    if (Number(pid) === process.pid) return !holder.startsWith(processId);
    try {
      process.kill(Number(pid), 0);
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'ESRCH';
    }
  }
}
