import { changeBooking } from '../../../tools/journal/change-booking.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { confirmCancelling, keepTexts, readTexts } from '../../../tools/journal/confirmations.ts';
import { callOffRent, findOffRents } from '../../../tools/journal/off-rent.ts';
import { countMisses, noteMiss } from '../../../tools/journal/lookup-misses.ts';
import {
  cancelBooking,
  findBooking,
  findBookings,
  takeMessage,
} from '../../../tools/journal/journal.ts';
import type { JournalBooking } from '../../../tools/journal/booking.ts';
import type {
  BookingChange,
  BookingService,
  BookingQuery,
  BookingRequest,
  CancelResult,
  ChangeResult,
  CommitResult,
  MessageRequest,
  OffRent,
  OffRentRequest,
  TextConsent,
} from '../../../tools/journal/booking-service.ts';
import { defaultTimeZone } from '../../../tools/yard/equipment.ts';
import type { Inventory } from '../../../tools/yard/equipment.ts';
import { todayIn } from '../../../tools/yard/rental-dates.ts';
import type { JobOrder, JobReport, SettledState } from '../../ipc/messages.ts';
import type { Log } from '../../telemetry/events.ts';
import type { Store } from '../../infra/store/database.ts';

const clock = { nowMs: () => Date.now() };

/**
 * The bookings of one call, in its job: the journal is written here, in the store; the sheet is the
 * supervisor's, who is asked, and heard, over the line.
 */
export class BookingClient implements BookingService {
  readonly #callId: () => string;
  readonly #store: () => Promise<Store>;
  readonly #inventory: () => Promise<Inventory | null>;
  readonly #isLost: () => Promise<boolean>;
  readonly #send: (report: JobReport) => boolean;
  readonly #log: Log;
  readonly #confirms: boolean;
  readonly #asked = new Map<number, (saved: boolean) => void>();
  readonly #settled = new Map<string, SettledState>();
  readonly #waiting = new Map<string, () => void>();
  #lastId = 0;

  constructor(options: {
    /** Known once the caller is. */
    readonly callId: () => string;
    readonly store: () => Promise<Store>;
    /** The snapshot in the store, as it is now. */
    readonly inventory: () => Promise<Inventory | null>;
    /** True when another job has the call: the rest is that one's to do. */
    readonly isLost?: () => Promise<boolean>;
    /** False when no supervisor is there to hear it. */
    readonly send: (report: JobReport) => boolean;
    readonly log: Log;
    /** Customers get what was done in writing; false when left out. */
    readonly confirms?: boolean;
  }) {
    this.#callId = options.callId;
    this.#store = options.store;
    this.#inventory = options.inventory;
    this.#isLost = options.isLost ?? (async () => false);
    this.#send = options.send;
    this.#log = options.log;
    this.#confirms = options.confirms ?? false;
  }

  /** Takes an order of the supervisor; those about something else are left alone. */
  onOrder(order: JobOrder): void {
    if (order.type === 'answer') this.#asked.get(order.id)?.(order.saved);
    if (order.type !== 'booking-state') return;
    this.#settled.set(order.bookingId, order.state);
    this.#waiting.get(order.bookingId)?.();
  }

  /** The supervisor is gone, and with it what it was asked. */
  onLineLost(): void {
    for (const answer of this.#asked.values()) answer(false);
  }

  async freshInventory({ signal }: { readonly signal: AbortSignal }): Promise<Inventory | null> {
    signal.throwIfAborted();
    const id = (this.#lastId += 1);
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#asked.set(id, resolve);
    try {
      if (!this.#send({ type: 'ask', id, what: 'fresh-inventory' })) return null;
      return (await promise) ? await this.#inventory() : null;
    } finally {
      this.#asked.delete(id);
      signal.removeEventListener('abort', onAbort);
    }
  }

  async commit(request: BookingRequest): Promise<CommitResult> {
    await this.#assertOurs();
    const callId = this.#callId();
    const confirms = this.#confirms;
    const result = await commitBooking(await this.#store(), { callId, request, clock, confirms });
    if (result.kind === 'refused') return result;
    for (const { bookingId, itemId, start, end } of result.bookings) {
      const fields = { bookingId, itemId, start, end, repeated: result.repeated };
      this.#log.emit('booking.committed', { callId, ...fields });
      this.#send({ type: 'booking-committed', bookingId });
    }
    return result;
  }

  async change(change: BookingChange): Promise<ChangeResult> {
    await this.#assertOurs();
    const callId = this.#callId();
    // What becomes of it from now on is about what it is now.
    for (const { bookingId } of change.lines) this.#settled.delete(bookingId);
    const confirms = this.#confirms;
    const result = await changeBooking(await this.#store(), { callId, change, clock, confirms });
    if (result.kind !== 'changed') return result;
    this.#send({ type: 'booking-committed', bookingId: null });
    for (const { bookingId, itemId, start, end } of result.bookings) {
      const fields = { bookingId, itemId, start, end };
      this.#log.emit('booking.changed', { callId, ...fields });
      this.#send({ type: 'booking-committed', bookingId });
    }
    return result;
  }

  async waitForState(
    bookingIds: readonly string[],
    { ms, signal }: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<'confirmed' | 'conflict' | 'pending'> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    const isSettled = () => bookingIds.every((id) => this.#settled.has(id));
    const look = () => {
      const oneFails = bookingIds.some((id) => this.#settled.get(id) === 'conflict');
      if (oneFails || isSettled()) resolve();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    for (const id of bookingIds) this.#waiting.set(id, look);
    const timer = setTimeout(resolve, ms);
    try {
      look();
      await promise;
    } finally {
      clearTimeout(timer);
      for (const id of bookingIds) this.#waiting.delete(id);
      signal.removeEventListener('abort', onAbort);
    }
    // Once, at the end: the word of it may have been lost with a supervisor.
    const states = await Promise.all(
      bookingIds.map(async (id) => this.#settled.get(id) ?? (await this.#storedState(id))),
    );
    if (states.includes('conflict')) return 'conflict';
    return states.every((state) => state === 'confirmed') ? 'confirmed' : 'pending';
  }

  async find(query: BookingQuery): Promise<readonly JournalBooking[]> {
    return findBookings(await this.#store(), query);
  }

  async callOffRent(request: OffRentRequest): Promise<OffRent> {
    await this.#assertOurs();
    const callId = this.#callId();
    const confirms = this.#confirms;
    const offRent = await callOffRent(await this.#store(), { callId, request, clock, confirms });
    for (const { rentalKey: bookingId, itemId } of request.rentals) {
      this.#log.emit('booking.off-rent', { callId, bookingId, itemId, code: offRent.code });
    }
    this.#send({ type: 'booking-committed', bookingId: null });
    return offRent;
  }

  async findOffRents(rentalKeys: readonly string[]): Promise<readonly OffRent[]> {
    return findOffRents(await this.#store(), rentalKeys);
  }

  async texts(phone: string): Promise<boolean | null> {
    return readTexts(await this.#store(), phone);
  }

  async keepTexts(word: TextConsent): Promise<void> {
    await this.#assertOurs();
    const callId = this.#callId();
    await keepTexts(await this.#store(), { ...word, callId, nowMs: clock.nowMs() });
  }

  async recentMisses(phone: string | null): Promise<number> {
    return countMisses(await this.#store(), phone, clock.nowMs());
  }

  async noteMiss(phone: string | null): Promise<void> {
    await noteMiss(await this.#store(), phone, clock.nowMs());
  }

  async cancel(code: string): Promise<CancelResult> {
    await this.#assertOurs();
    const { timeZone } = (await this.#inventory())?.yard ?? { timeZone: defaultTimeZone };
    const today = todayIn(timeZone, clock);
    const result = await cancelBooking(await this.#store(), {
      code,
      today,
      clock,
      ...(this.#confirms && { confirm: confirmCancelling }),
    });
    if (result.kind === 'cancelled') this.#send({ type: 'booking-committed', bookingId: null });
    return result;
  }

  async takeMessage(message: MessageRequest): Promise<{ readonly code: string }> {
    await this.#assertOurs();
    const callId = this.#callId();
    const taken = await takeMessage(await this.#store(), { callId, message, clock });
    this.#send({ type: 'booking-committed', bookingId: null });
    return taken;
  }

  async #assertOurs(): Promise<void> {
    if (await this.#isLost()) throw new Error('The call is with another job: nothing is written');
  }

  async #storedState(bookingId: string): Promise<JournalBooking['state'] | undefined> {
    try {
      return (await findBooking(await this.#store(), bookingId))?.state;
    } catch (error) {
      this.#log.emit('store.failed', { bookingId, error }, 'booking');
      return undefined;
    }
  }
}
