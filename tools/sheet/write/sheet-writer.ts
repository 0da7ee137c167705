import { backOffMs, type BackOff } from '../../../agent/infra/retry.ts';
import type { Store } from '../../../agent/infra/store/database.ts';
import { FailureMemory } from '../client/failure-memory.ts';
import { needsPerson, toDoAbout } from '../client/sheet-advice.ts';
import { SheetFormatError } from '../read/sheet-table.ts';
import type { SheetsClient } from '../client/sheets-client.ts';
import { refusalOf, SheetsError, type SheetsErrorCode } from '../client/sheets-error.ts';
import { defaultTimeZone } from '../../yard/equipment.ts';
import { todayIn } from '../../yard/rental-dates.ts';
import type { BookingState } from '../../journal/booking.ts';
import { deliverBookings, type DeliveryDeps } from './delivery.ts';
import { deliverMessages } from './message-delivery.ts';
import {
  countOutbox,
  heedClock,
  putOff,
  readDue,
  takeRetry,
  type DueMessage,
} from '../../journal/outbox.ts';
import { Reconciler } from './reconcile.ts';
import { SheetHand } from './guarded-sheet.ts';
import type { SheetView } from './sheet-view.ts';
import { NotTheWriterError, WriterLease } from './writer-lease.ts';
import type { SheetLog } from './sheet-events.ts';

/** The times of the writer, in milliseconds. */
export type WriterBudgets = {
  /** One request to Google. */
  readonly requestMs: number;
  /** A request that got no answer is taken not to come in any more after this long. */
  readonly settleMs: number;
  /** The lease outlasts a request, so that no other process writes while ours is under way. */
  readonly leaseMs: number;
  /**
   * The outbox and the lease are looked at this often without being told to: what another machine
   * commits waits so long for the writer, within the 2.5 s that a caller waits (`confirmBookingMs`).
   */
  readonly idleMs: number;
  /** The writer goes through the whole sheet this often without being told to. */
  readonly reconcileMs: number;
  /** The pause after a refusal that passes by itself (429, 5xx, no answer). */
  readonly busyBackOff: BackOff;
  /** The pause after one that needs a person (403, 404, a renamed column). */
  readonly refusedBackOff: BackOff;
};

/** Google's own limit for a request is 180 s, but one that is not done in 8 s seldom comes in later. */
export const defaultWriterBudgets: WriterBudgets = {
  requestMs: 8_000,
  settleMs: 10_000,
  leaseMs: 15_000,
  idleMs: 250,
  reconcileMs: 300_000,
  busyBackOff: { initialMs: 1_000, multiplier: 2, maxMs: 60_000, jitter: 0.5 },
  refusedBackOff: { initialMs: 15_000, multiplier: 2, maxMs: 300_000, jitter: 0.5 },
};

/** Smaller steps of the clock hold nothing up that a person would notice. */
const clockStepMs = 1_000;
/** Rows of one request: what the outbox gathered in an outage goes out in few. */
const batchRows = 25;

/** A writer works with these. */
export type SheetWriterDeps = {
  readonly store: Store;
  readonly client: SheetsClient;
  readonly log: SheetLog;
  readonly clock?: { nowMs(): number };
  readonly budgets?: Partial<WriterBudgets>;
  /** The writer tells of each booking that it moved on. */
  readonly onState?: (bookingId: string, state: BookingState) => void;
  /** The writer tells that the sheet is no longer what the snapshot says. */
  readonly onWritten?: () => void;
};

/**
 * Delivers what the outbox holds to the sheet. Every supervisor has one; the one that holds the
 * lease works, and makes sure of it before each request that changes something.
 */
export class SheetWriter {
  readonly #store: Store;
  readonly #log: SheetLog;
  readonly #clock: { nowMs(): number };
  readonly #budgets: WriterBudgets;
  readonly #onWritten: () => void;
  readonly #abort = new AbortController();
  readonly #lease: WriterLease;
  readonly #delivery: DeliveryDeps;
  readonly #reconciler: Reconciler;
  readonly #failure = new FailureMemory();
  readonly #messageFailure = new FailureMemory();
  #running: Promise<void> | undefined;
  #wake = () => {};
  #poked = false;
  #failures = 0;
  #refusal: SheetsErrorCode | null = null;
  #blockedUntilMs = 0;
  #bookingsBlockedUntilMs = 0;
  #timeZone = defaultTimeZone;
  #reconciledDay = '';
  #reconcileAtMs = 0;
  /** The clock at the last look; before any it may have been set back while nobody looked. */
  #lookedAtMs = Infinity;

  constructor(deps: SheetWriterDeps) {
    this.#log = deps.log;
    this.#clock = deps.clock ?? { nowMs: () => Date.now() };
    this.#budgets = { ...defaultWriterBudgets, ...deps.budgets };
    this.#onWritten = deps.onWritten ?? (() => {});
    this.#lease = new WriterLease({ store: deps.store, leaseMs: this.#budgets.leaseMs });
    this.#store = this.#lease.store;
    const { requestMs, settleMs } = this.#budgets;
    const { signal } = this.#abort;
    const guard = async () => {
      signal.throwIfAborted();
      await this.#lease.renew();
    };
    this.#delivery = {
      store: this.#store,
      hand: new SheetHand({
        client: deps.client,
        store: this.#store,
        clock: this.#clock,
        guard,
        signal,
        requestMs,
      }),
      log: this.#log,
      clock: this.#clock,
      settleMs,
      onState: deps.onState ?? (() => {}),
    };
    this.#reconciler = new Reconciler(this.#delivery);
  }

  /** This process is the one that writes, by its last look at the lease. */
  get isLeading(): boolean {
    return this.#lease.isHeld;
  }

  /** Google's reason against writing the sheet; null when there is none, as far as is known. */
  get refusal(): SheetsErrorCode | null {
    return this.#refusal;
  }

  /** Begins to deliver, at once what was left by an earlier process. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Wakes the writer: the outbox has something new. */
  poke(): void {
    this.#poked = true;
    this.#wake();
  }

  /** Ends for good, and frees the lease. A request that is under way is called off. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error('The sheet is no longer written'));
    this.#wake();
    await this.#running;
    await this.#lease.release();
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

  /** Keeps or claims the lease; true when this process is the writer. */
  async #lead(): Promise<boolean> {
    if (this.#lease.isHeld) {
      await this.#lease.keep();
      return true;
    }
    const epoch = await this.#lease.claim();
    if (epoch === null) return false;
    this.#log.emit('sheet.writing', { epoch });
    this.#blockedUntilMs = 0;
    this.#reconcileAtMs = 0;
    return true;
  }

  /** Delivers a batch and reconciles when due; true when there may be more to do at once. */
  async #work(): Promise<boolean> {
    const store = this.#store;
    if (await takeRetry(store)) {
      this.#blockedUntilMs = 0;
      this.#bookingsBlockedUntilMs = 0;
    }
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#lookedAtMs - clockStepMs) await this.#clockWentBack(nowMs);
    this.#lookedAtMs = nowMs;
    if (nowMs < this.#blockedUntilMs) return false;
    const due = await readDue(store, { nowMs, limit: batchRows });
    const hasDue = due.bookings.length + due.messages.length > 0;
    const isNewDay = todayIn(this.#timeZone, this.#clock) !== this.#reconciledDay;
    const reconciles = isNewDay || nowMs >= this.#reconcileAtMs;
    if (!hasDue && !reconciles) return false;
    const mayBook = nowMs >= this.#bookingsBlockedUntilMs;
    let isBlocked = !mayBook && (due.bookings.length > 0 || reconciles);
    if (mayBook && (due.bookings.length > 0 || reconciles)) {
      try {
        const view = await deliverBookings(this.#delivery, due.bookings);
        const changed = await this.#reconciler.run(view, { follows: reconciles });
        if (reconciles) this.#reconciled(view, nowMs);
        if (due.bookings.length > 0 || changed) this.#onWritten();
      } catch (error) {
        if (!isTabFault(error)) throw error;
        isBlocked = true;
        await this.#blockBookings(error);
      }
    }
    if (due.messages.length > 0) await this.#deliverMessages(due.messages);
    if (isBlocked) return false;
    this.#failures = 0;
    this.#failure.clear();
    this.#refusal = null;
    return hasDue;
  }

  /** Whatever was to wait until a time of the clock that was ahead would wait for as long as it was. */
  async #clockWentBack(nowMs: number): Promise<void> {
    this.#blockedUntilMs = 0;
    this.#bookingsBlockedUntilMs = 0;
    this.#reconcileAtMs = 0;
    const { settleMs, refusedBackOff } = this.#budgets;
    await heedClock(this.#store, { nowMs, mostMs: settleMs + 2 * refusedBackOff.maxMs });
  }

  /** A `Bookings` tab that cannot be used must not hold up messages. */
  async #blockBookings(error: unknown): Promise<void> {
    this.#failures += 1;
    const retryInMs = backOffMs(this.#budgets.refusedBackOff, this.#failures);
    this.#bookingsBlockedUntilMs = this.#clock.nowMs() + retryInMs;
    await this.#report(error, { retryInMs, isNew: this.#failure.isNew(error) });
  }

  /** A `Messages` tab that cannot be used must not hold up bookings. */
  async #deliverMessages(due: readonly DueMessage[]): Promise<void> {
    try {
      await deliverMessages(this.#delivery, due);
      this.#messageFailure.clear();
    } catch (error) {
      if (!isTabFault(error)) throw error;
      const retryInMs = this.#budgets.refusedBackOff.maxMs;
      const outboxIds = due.flatMap((message) => message.outboxIds);
      await putOff(this.#store, outboxIds, this.#clock.nowMs() + retryInMs);
      await this.#report(error, { retryInMs, isNew: this.#messageFailure.isNew(error) });
    }
  }

  /** The next run counts from before the work: the day may have changed during it. */
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
    const retryInMs = backOffMs(needsPerson(error) ? refusedBackOff : busyBackOff, this.#failures);
    this.#blockedUntilMs = this.#clock.nowMs() + retryInMs;
    void this.#report(error, { retryInMs, isNew: this.#failure.isNew(error) });
  }

  /** Logs a failure once, with what to do; the same again is only worth a line for debugging. */
  async #report(
    error: unknown,
    { retryInMs, isNew }: { readonly retryInMs: number; readonly isNew: boolean },
  ): Promise<void> {
    let waiting: number | null = null;
    try {
      waiting = await countOutbox(this.#store);
    } catch {
      // The store is what failed.
    }
    const toDo = toDoAbout(error);
    const fields = { error, toDo, failures: this.#failures, waiting, retryInMs };
    const variant = !isNew ? 'again' : needsPerson(error) ? 'person' : 'passing';
    this.#log.emit('sheet.write-failed', fields, variant);
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

/** One tab cannot be used or changed until a person mends it; the others can. */
function isTabFault(error: unknown): boolean {
  return (
    error instanceof SheetFormatError ||
    (error instanceof SheetsError && error.code === 'SHEETS_PROTECTED')
  );
}
