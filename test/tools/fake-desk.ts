import type { JournalBooking } from '../../tools/journal/booking.ts';
import { codeOf, lineIds } from '../../tools/journal/booking-code.ts';
import type {
  BookingChange,
  BookingService,
  BookingLine,
  BookingQuery,
  BookingRequest,
  CancelResult,
  ChangeResult,
  CommitResult,
  MessageRequest,
  OffRent,
  OffRentRequest,
  Refusal,
  TextConsent,
} from '../../tools/journal/booking-service.ts';
import { availabilityOf } from '../../tools/yard/availability.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { withJournal } from '../../tools/yard/with-journal.ts';
import { nowMs } from './yard/example-yard.ts';

/** A desk in memory for one call; what the sheet and the store do is set by the test. */
export class FakeDesk implements BookingService {
  readonly bookings: JournalBooking[] = [];
  readonly messages: MessageRequest[] = [];
  readonly offRents: OffRent[] = [];
  readonly consents: TextConsent[] = [];
  /** What the sheet says when it is asked anew; null when it does not answer. */
  fresh: Inventory | null = null;
  /** What becomes of a booking while the caller waits. */
  outcome: 'confirmed' | 'conflict' | 'pending' = 'confirmed';
  /** Thrown by all that reads or writes the store. */
  broken: Error | null = null;
  /** Runs before a booking is written down: another caller may be quicker. */
  beforeCommit = () => {};
  beforeChange = () => {};
  commits = 0;
  changes = 0;
  /** Codes and names of nobody that this number has tried. */
  misses = 0;
  readonly callId: string;

  constructor(callId: string) {
    this.callId = callId;
  }

  /** A booking that is in the journal already; each test overrides what it is about. */
  add(overrides: Partial<JournalBooking> = {}): JournalBooking {
    const bookingId = overrides.bookingId ?? `K7M4Q${this.bookings.length + 2}`;
    const booking: JournalBooking = {
      bookingId,
      code: codeOf(bookingId),
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
    const { lines, customer, phone, inventory, details } = request;
    const same = lines.flatMap(
      (line) => this.#ofCall().find((of) => isLine(of, line) && of.customer === customer) ?? [],
    );
    if (same.length === lines.length) return { kind: 'committed', bookings: same, repeated: true };
    for (const line of lines) {
      const refusal = this.#refusal(line, inventory, []);
      if (refusal) return { kind: 'refused', itemId: line.itemId, refusal };
    }
    const ids = lineIds(`K7M4Q${this.bookings.length + 2}`, lines.length);
    const bookings = lines.map((line, at) => {
      const itemName = inventory.units.find(({ itemId }) => itemId === line.itemId)?.name ?? '';
      const totalCents = line.totalCents + (at === 0 ? (details?.delivery?.feeCents ?? 0) : 0);
      const whom = { customer, phone, itemName, callId: this.callId };
      const made = { ...line, totalCents, ...whom, details };
      return this.add({ ...made, bookingId: ids[at] ?? '', state: 'pending' });
    });
    return { kind: 'committed', bookings, repeated: false };
  }

  async change(change: BookingChange): Promise<ChangeResult> {
    this.#check();
    this.changes += 1;
    this.beforeChange();
    const { code, lines, added = [], dropped = [], customer, phone, inventory } = change;
    const own = this.bookings.filter((of) => of.code === code && of.state !== 'cancelled');
    if (own.length === 0) return { kind: 'gone' };
    for (const line of [...lines, ...added]) {
      const refusal = this.#refusal(line, inventory, own);
      if (refusal) return { kind: 'refused', itemId: line.itemId, refusal };
    }
    if (change.note !== undefined) this.messages.push({ customer, phone, text: change.note });
    for (const id of dropped) this.#change(id, 'cancelled');
    const more = added.map((line, at) => {
      const itemName = inventory.units.find(({ itemId }) => itemId === line.itemId)?.name ?? '';
      const bookingId = `${code}-${own.length + at + 1}`;
      return this.add({ ...line, bookingId, itemName, customer, phone, state: 'pending' });
    });
    const kept = own.filter(({ bookingId }) => !dropped.includes(bookingId));
    const bookings = kept.map((booking) => {
      const line = lines.find(({ bookingId }) => bookingId === booking.bookingId);
      const itemName =
        inventory.units.find(({ itemId }) => itemId === line?.itemId)?.name ?? booking.itemName;
      const { delivery: before, ...others } = booking.details ?? {};
      const delivery = change.delivery === undefined ? before : change.delivery;
      const rentCents = line?.totalCents ?? booking.totalCents - (before?.feeCents ?? 0);
      const changed = {
        ...booking,
        ...line,
        totalCents: rentCents + (delivery?.feeCents ?? 0),
        details: { ...others, ...(delivery && { delivery }) },
        itemName,
        customer,
        phone,
        state: 'pending',
      } as const;
      this.bookings[this.bookings.indexOf(booking)] = changed;
      return changed;
    });
    return { kind: 'changed', bookings: [...bookings, ...more] };
  }

  async callOffRent(request: OffRentRequest): Promise<OffRent> {
    this.#check();
    const keys = request.rentals.map(({ rentalKey }) => rentalKey);
    const before = this.offRents.filter(({ rentalKey }) => keys.includes(rentalKey));
    const made = keys
      .filter((key) => before.every(({ rentalKey }) => rentalKey !== key))
      .map((rentalKey) => ({ rentalKey, code: 'QRT234', calledAtMs: nowMs }));
    this.offRents.push(...made);
    for (const { rentalKey, code: offRentCode } of made) {
      const at = this.bookings.findIndex(({ bookingId }) => bookingId === rentalKey);
      const booking = this.bookings[at];
      if (booking) this.bookings[at] = { ...booking, offRentCode };
    }
    const { customer, phone, note: text } = request;
    if (made.length > 0) this.messages.push({ customer, phone, text });
    const [first] = [...before, ...made];
    if (!first) throw new Error('No rental was called off');
    return first;
  }

  async findOffRents(keys: readonly string[]): Promise<readonly OffRent[]> {
    return this.offRents.filter(({ rentalKey }) => keys.includes(rentalKey));
  }

  async texts(phone: string): Promise<boolean | null> {
    this.#check();
    return this.consents.findLast((of) => of.phone === phone)?.isWelcome ?? null;
  }

  async keepTexts(word: TextConsent): Promise<void> {
    this.#check();
    this.consents.push(word);
  }

  async recentMisses(): Promise<number> {
    return this.misses;
  }

  async noteMiss(): Promise<void> {
    this.misses += 1;
  }

  #ofCall(): readonly JournalBooking[] {
    return this.bookings.filter(
      ({ callId, state }) => callId === this.callId && state !== 'cancelled',
    );
  }

  #refusal(
    { itemId, start, end }: BookingLine,
    inventory: Inventory,
    own: readonly JournalBooking[],
  ): Refusal | null {
    const unit = inventory.units.find((listed) => listed.itemId === itemId);
    if (!unit) return { reason: 'no-such-unit' };
    const others = this.bookings.map((of): JournalBooking => {
      return own.includes(of) ? { ...of, state: 'cancelled' } : of;
    });
    const { bookings } = withJournal(inventory, others);
    const availability = availabilityOf(unit, bookings, { start, end }, '2026-11-22');
    if (availability.free) return null;
    if (availability.reason !== 'booked') return availability;
    const ours = this.#ofCall().find((of) => of.itemId === itemId && !own.includes(of)) ?? null;
    return { free: false, reason: 'booked', until: availability.until, own: ours };
  }

  async waitForState(ids: readonly string[]): Promise<'confirmed' | 'conflict' | 'pending'> {
    const { outcome } = this;
    if (outcome !== 'pending') for (const id of ids) this.#change(id, outcome);
    return outcome;
  }

  async find(query: BookingQuery): Promise<readonly JournalBooking[]> {
    this.#check();
    if ('code' in query) {
      const code = query.code.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
      return this.bookings.filter((of) => of.code === code);
    }
    if ('callId' in query) {
      return this.bookings.filter(({ callId }) => callId === query.callId);
    }
    // It finds more than may be told: what may be is the tool's to decide.
    return this.bookings;
  }

  async cancel(code: string): Promise<CancelResult> {
    this.#check();
    const lines = this.bookings.filter((of) => of.code === code);
    if (lines.length === 0) return { kind: 'not-found' };
    const bookings = lines.flatMap((of) => this.#change(of.bookingId, 'cancelled') ?? []);
    return { kind: 'cancelled', bookings };
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

function isLine(of: JournalBooking, line: BookingLine): boolean {
  return of.itemId === line.itemId && of.start === line.start && of.end === line.end;
}
