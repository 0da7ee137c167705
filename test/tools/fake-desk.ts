import type { JournalBooking } from '../../tools/journal/booking.ts';
import type {
  BookingService,
  BookingQuery,
  BookingRequest,
  CancelResult,
  CommitResult,
  MessageRequest,
} from '../../tools/journal/booking-service.ts';
import { availabilityOf } from '../../tools/yard/availability.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { withJournal } from '../../tools/yard/with-journal.ts';
import { nowMs } from './yard/example-yard.ts';

/** A desk in memory for one call; what the sheet and the store do is set by the test. */
export class FakeDesk implements BookingService {
  readonly bookings: JournalBooking[] = [];
  readonly messages: MessageRequest[] = [];
  /** What the sheet says when it is asked anew; null when it does not answer. */
  fresh: Inventory | null = null;
  /** What becomes of a booking while the caller waits. */
  outcome: 'confirmed' | 'conflict' | 'pending' = 'confirmed';
  /** Thrown by all that reads or writes the store. */
  broken: Error | null = null;
  /** Runs before a booking is written down: another caller may be quicker. */
  beforeCommit = () => {};
  commits = 0;
  readonly callId: string;

  constructor(callId: string) {
    this.callId = callId;
  }

  /** A booking that is in the journal already; each test overrides what it is about. */
  add(overrides: Partial<JournalBooking> = {}): JournalBooking {
    const booking: JournalBooking = {
      bookingId: `K7M4Q${this.bookings.length + 2}`,
      callId: 'another call',
      itemId: 'EX-1',
      itemName: 'Mini Excavator',
      start: '2026-12-01',
      end: '2026-12-03',
      customer: 'Maria Lopez',
      phone: '+13125550142',
      totalCents: 75_000,
      state: 'confirmed',
      conflict: null,
      createdAtMs: nowMs,
      ...overrides,
    };
    this.bookings.push(booking);
    return booking;
  }

  async freshInventory(): Promise<Inventory | null> {
    return this.fresh;
  }

  async commit(request: BookingRequest): Promise<CommitResult> {
    this.#check();
    this.commits += 1;
    this.beforeCommit();
    const { itemId, start, end, inventory } = request;
    const same = this.bookings.find(
      (made) =>
        made.callId === this.callId &&
        made.itemId === itemId &&
        made.start === start &&
        made.end === end &&
        made.customer === request.customer &&
        made.state !== 'cancelled',
    );
    if (same) return { kind: 'committed', booking: same, repeated: true };
    const unit = inventory.units.find((listed) => listed.itemId === itemId);
    if (!unit) return { kind: 'refused', refusal: { reason: 'no-such-unit' } };
    const { bookings } = withJournal(inventory, this.bookings);
    const availability = availabilityOf(unit, bookings, { start, end }, '2026-11-22');
    if (availability.free) {
      const { customer, phone, totalCents } = request;
      const made = { itemId, start, end, customer, phone, totalCents, itemName: unit.name };
      const booking = this.add({ ...made, callId: this.callId, state: 'pending' });
      return { kind: 'committed', booking, repeated: false };
    }
    if (availability.reason !== 'booked') return { kind: 'refused', refusal: availability };
    const own = this.bookings.find(
      (made) => made.callId === this.callId && made.itemId === itemId && made.state !== 'cancelled',
    );
    return {
      kind: 'refused',
      refusal: { free: false, reason: 'booked', until: availability.until, own: own ?? null },
    };
  }

  async waitForState(bookingId: string): Promise<'confirmed' | 'conflict' | 'pending'> {
    if (this.outcome !== 'pending') this.#change(bookingId, this.outcome);
    return this.outcome;
  }

  async find(query: BookingQuery): Promise<readonly JournalBooking[]> {
    this.#check();
    if ('code' in query) {
      const code = query.code.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
      return this.bookings.filter(({ bookingId }) => bookingId === code);
    }
    // It finds more than may be told: what may be is the tool's to decide.
    return this.bookings;
  }

  async cancel(bookingId: string): Promise<CancelResult> {
    this.#check();
    const booking = this.#change(bookingId, 'cancelled');
    return booking ? { kind: 'cancelled', booking } : { kind: 'not-found' };
  }

  async takeMessage(message: MessageRequest): Promise<{ readonly code: string }> {
    this.#check();
    this.messages.push(message);
    return { code: `M${this.messages.length}` };
  }

  #change(bookingId: string, state: JournalBooking['state']): JournalBooking | undefined {
    const at = this.bookings.findIndex((booking) => booking.bookingId === bookingId);
    const booking = this.bookings[at];
    if (!booking) return undefined;
    const changed = { ...booking, state };
    this.bookings[at] = changed;
    return changed;
  }

  #check(): void {
    if (this.broken) throw this.broken;
  }
}
