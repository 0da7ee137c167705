import { randomUUID } from 'node:crypto';
import os from 'node:os';
import type { Log } from '../../agent/log.ts';
import { backOffMs, type BackOff } from '../../agent/retry.ts';
import type { Store } from '../../agent/store/database.ts';
import { claimLease, readLease, releaseLease, renewLease } from '../../agent/store/leases.ts';
import type { Lease } from '../../agent/store/leases.ts';
import { SheetFormatError } from '../inventory/sheet-table.ts';
import type { SheetsClient } from '../inventory/sheets-client.ts';
import { refusalOf, SheetsError, type SheetsErrorCode } from '../inventory/sheets-error.ts';
import { defaultTimeZone } from '../yard/equipment.ts';
import { todayIn } from '../yard/rental-dates.ts';
import type { BookingState } from './booking.ts';
import { deliverBookings, type DeliveryDeps } from './delivery.ts';
import { deliverMessages } from './message-delivery.ts';
import { countOutbox, putOff, readDue, takeRetry, type DueMessage } from './outbox.ts';
import { followSheet, updateStatuses } from './reconcile.ts';
import { SheetHand } from './sheet-hand.ts';
import type { SheetView } from './sheet-view.ts';

/** The lease that makes one process of all the writer of the sheet. */
export const sheetWriterLease = 'sheet-writer';

/** The times of the writer, in milliseconds. */
export type WriterBudgets = {
  /** One request to Google. */
  readonly requestMs: number;
  /** After this long a request that got no answer is taken not to come in any more. */
  readonly settleMs: number;
  /** Longer than a request, so that no other process writes while one of ours is under way. */
  readonly leaseMs: number;
  /** How often the outbox and the lease are looked at without being told to. */
  readonly idleMs: number;
  /** How often the whole sheet is gone through without being told to. */
  readonly reconcileMs: number;
  /** After a refusal that passes by itself (429, 5xx, no answer). */
  readonly busyBackOff: BackOff;
  /** After one that somebody has to do something about (403, 404, a renamed column). */
  readonly refusedBackOff: BackOff;
};

/** Google's own limit for a request is 180 s, but one that is not done in 8 s seldom comes in later. */
export const defaultWriterBudgets: WriterBudgets = {
  requestMs: 8_000,
  settleMs: 10_000,
  leaseMs: 15_000,
  idleMs: 500,
  reconcileMs: 300_000,
  busyBackOff: { initialMs: 1_000, multiplier: 2, maxMs: 60_000, jitter: 0.5 },
  refusedBackOff: { initialMs: 15_000, multiplier: 2, maxMs: 300_000, jitter: 0.5 },
};

/** Rows of one request: what the outbox gathered in an outage goes out in few. */
const batchRows = 25;

/** What a writer needs. */
export type SheetWriterDeps = {
  readonly store: Store;
  readonly client: SheetsClient;
  readonly log: Log;
  readonly clock?: { nowMs(): number };
  readonly budgets?: Partial<WriterBudgets>;
  /** Told of each booking that this writer moved on. */
  readonly onState?: (bookingId: string, state: BookingState) => void;
  /** Told when the sheet is no longer what the snapshot says. */
  readonly onWritten?: () => void;
};

/** Tells this process from an earlier one with its pid, as every restart of a container has. */
const processId = `${os.hostname()}/${process.pid}/${randomUUID()}`;

/** Another process is the writer now. */
class NotTheWriterError extends Error {
  override readonly name = 'NotTheWriterError';
}

/**
 * Delivers what the outbox holds to the sheet. Every supervisor has one; the one that holds the
 * lease works, and makes sure of it before each request that changes something.
 */
export class SheetWriter {
  readonly #store: Store;
  readonly #client: SheetsClient;
  readonly #log: Log;
  readonly #clock: { nowMs(): number };
  readonly #budgets: WriterBudgets;
  readonly #onState: (bookingId: string, state: BookingState) => void;
  readonly #onWritten: () => void;
  readonly #abort = new AbortController();
  readonly #holder = `${processId}/${randomUUID()}`;
  readonly #hand: SheetHand;
  #lease: Lease | null = null;
  #renewedMs = 0;
  #running: Promise<void> | undefined;
  #wake = () => {};
  #poked = false;
  #failures = 0;
  #refusal: SheetsErrorCode | null = null;
  #blockedUntilMs = 0;
  #timeZone = defaultTimeZone;
  #reconciledDay = '';
  #reconcileAtMs = 0;

  constructor(deps: SheetWriterDeps) {
    this.#store = deps.store;
    this.#client = deps.client;
    this.#log = deps.log;
    this.#clock = deps.clock ?? { nowMs: () => Date.now() };
    this.#budgets = { ...defaultWriterBudgets, ...deps.budgets };
    this.#onState = deps.onState ?? (() => {});
    this.#onWritten = deps.onWritten ?? (() => {});
    this.#hand = new SheetHand({
      client: this.#client,
      guard: () => this.#renew(),
      signal: this.#abort.signal,
      requestMs: this.#budgets.requestMs,
    });
  }

  /** Whether this process is the one that writes. */
  get isLeading(): boolean {
    return this.#lease !== null;
  }

  /** Why Google does not let the sheet be written; null when it does, as far as is known. */
  get refusal(): SheetsErrorCode | null {
    return this.#refusal;
  }

  /** Begins to deliver, at once what was left by an earlier process. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** There is something new in the outbox. */
  poke(): void {
    this.#poked = true;
    this.#wake();
  }

  /** Ends for good, and frees the lease. A request that is under way is called off. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('The sheet is no longer written'));
    this.#wake();
    await this.#running;
    const lease = this.#lease;
    this.#lease = null;
    if (lease) await releaseLease(this.#store, lease).catch(() => {});
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      let more = false;
      try {
        if (await this.#lead()) more = await this.#work();
      } catch (error) {
        this.#failed(error);
      }
      if (!more) await this.#pause();
    }
  }

  /** True when this process is the writer, for another `leaseMs`. */
  async #lead(): Promise<boolean> {
    const { leaseMs } = this.#budgets;
    if (this.#lease) {
      // Each renewal is a write to the disk; requests renew it anyway.
      if (performance.now() - this.#renewedMs > leaseMs / 3) await this.#renew();
      return true;
    }
    const name = sheetWriterLease;
    const current = await readLease(this.#store, name);
    const supersedes = current && this.#isDead(current.holder) ? current.holder : undefined;
    if (current && !supersedes) return false;
    const claim = { name, holder: this.#holder, ttlMs: leaseMs, supersedes };
    this.#renewedMs = performance.now();
    this.#lease = await claimLease(this.#store, claim);
    if (!this.#lease) return false;
    this.#log.info(
      { event: 'sheet.writing', epoch: this.#lease.epoch },
      'this process writes the sheet',
    );
    this.#blockedUntilMs = 0;
    this.#reconcileAtMs = 0;
    return true;
  }

  /** A SQLite file is one machine's, so its processes can be asked after: no need to wait for the lease. */
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

  /** @throws {NotTheWriterError} when the lease was lost. */
  async #renew(): Promise<void> {
    this.#abort.signal.throwIfAborted();
    const lease = this.#lease;
    const renewedMs = performance.now();
    if (lease && (await renewLease(this.#store, lease, { ttlMs: this.#budgets.leaseMs }))) {
      this.#renewedMs = renewedMs;
      return;
    }
    this.#lease = null;
    throw new NotTheWriterError('Another process writes the sheet');
  }

  /** True when there may be more to do at once. */
  async #work(): Promise<boolean> {
    const store = this.#store;
    if (await takeRetry(store)) this.#blockedUntilMs = 0;
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#blockedUntilMs) return false;
    const due = await readDue(store, { nowMs, limit: batchRows });
    const hasDue = due.bookings.length + due.messages.length > 0;
    const isNewDay = todayIn(this.#timeZone, this.#clock) !== this.#reconciledDay;
    const reconciles = isNewDay || nowMs >= this.#reconcileAtMs;
    if (!hasDue && !reconciles) return false;
    const deps: DeliveryDeps = {
      store,
      hand: this.#hand,
      log: this.#log,
      clock: this.#clock,
      settleMs: this.#budgets.settleMs,
      onState: this.#onState,
    };
    if (due.bookings.length > 0 || reconciles) {
      const view = await deliverBookings(deps, due.bookings);
      if (reconciles) await followSheet(deps, view);
      const changed = await updateStatuses(deps, view);
      if (reconciles) this.#reconciled(view, nowMs);
      if (due.bookings.length > 0 || changed) this.#onWritten();
    }
    if (due.messages.length > 0) await this.#deliverMessages(deps, due.messages);
    this.#failures = 0;
    this.#refusal = null;
    return hasDue;
  }

  /** A `Messages` tab that cannot be used must not hold up bookings. */
  async #deliverMessages(deps: DeliveryDeps, due: readonly DueMessage[]): Promise<void> {
    try {
      await deliverMessages(deps, due);
    } catch (error) {
      if (!(error instanceof SheetFormatError)) throw error;
      const retryInMs = this.#budgets.refusedBackOff.maxMs;
      const outboxIds = due.flatMap((message) => message.outboxIds);
      await putOff(this.#store, outboxIds, this.#clock.nowMs() + retryInMs);
      await this.#report(error, retryInMs);
    }
  }

  /** Counted from before the work: the day may have changed during it. */
  #reconciled({ timeZone }: SheetView, startedAtMs: number): void {
    this.#timeZone = timeZone;
    this.#reconciledDay = todayIn(timeZone, { nowMs: () => startedAtMs });
    this.#reconcileAtMs = startedAtMs + this.#budgets.reconcileMs;
  }

  #failed(error: unknown): void {
    if (this.#abort.signal.aborted || error instanceof NotTheWriterError) return;
    this.#failures += 1;
    // A timeout says nothing of a permission.
    this.#refusal = refusalOf(error) ?? this.#refusal;
    const { busyBackOff, refusedBackOff } = this.#budgets;
    const isRefused =
      error instanceof SheetFormatError || (error instanceof SheetsError && !error.retryable);
    const retryInMs = backOffMs(isRefused ? refusedBackOff : busyBackOff, this.#failures);
    this.#blockedUntilMs = this.#clock.nowMs() + retryInMs;
    void this.#report(error, retryInMs);
  }

  async #report(error: unknown, retryInMs: number): Promise<void> {
    let waiting: number | null = null;
    try {
      waiting = await countOutbox(this.#store);
    } catch {
      // The store is what failed.
    }
    const fields = { error, failures: this.#failures, waiting, retryInMs };
    this.#log.warn({ event: 'sheet.write-failed', ...fields }, 'sheet could not be written');
  }

  async #pause(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    if (!this.#poked) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, this.#budgets.idleMs);
      await promise;
      clearTimeout(timer);
      this.#wake = () => {};
    }
    this.#poked = false;
  }
}
