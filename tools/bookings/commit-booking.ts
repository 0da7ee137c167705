import type { Store } from '../../agent/store/database.ts';
import { StoreError } from '../../agent/store/store-error.ts';
import { availabilityOf } from '../yard/availability.ts';
import type { Inventory, IsoDate, SheetBooking } from '../yard/equipment.ts';
import { addDays, daysIn, todayIn } from '../yard/rental-dates.ts';
import { newBookingCode } from './booking-code.ts';
import type { BookingRequest, CommitResult, Refusal } from './desk.ts';
import { customerKey, outboxQueries, phoneKey, toBooking, type BookingRow } from './journal.ts';
import { keptText, plainText } from './safe-cell.ts';

type Clock = { nowMs(): number };

/** A commit that lost a race is tried again and then sees what it lost against. */
const commitAttempts = 5;

/**
 * Commits a booking, or refuses it. Whoever comes second finds the day taken, by the key of
 * `booked_days`, on both databases. The same request of the same call gives the same booking again.
 * The sheet's own bookings count as `request.inventory` has them.
 * @throws {StoreError} when nothing was committed.
 */
export async function commitBooking(
  store: Store,
  call: { readonly callId: string; readonly request: BookingRequest; readonly clock: Clock },
): Promise<CommitResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await commitOnce(store, call);
    } catch (error) {
      const lostRace = error instanceof StoreError && error.code === 'STORE_CONFLICT';
      if (!lostRace || attempt === commitAttempts) throw error;
    }
  }
}

/** Reads first, without a lock; what changes between that and the inserts, their keys refuse. */
async function commitOnce(
  store: Store,
  {
    callId,
    request,
    clock,
  }: { readonly callId: string; readonly request: BookingRequest; readonly clock: Clock },
): Promise<CommitResult> {
  const { itemId, start, end, inventory } = request;
  const today = todayIn(inventory.yard.timeZone, clock);
  const customer = keptText(request.customer);
  const idempotencyKey = keyOf(callId, { ...request, customer });
  const rows = await store.db
    .selectFrom('bookings')
    .selectAll()
    .where('itemId', '=', itemId)
    .where((eb) =>
      eb.or([
        eb('endDay', '>=', start < today ? start : today),
        eb('idempotencyKey', '=', idempotencyKey),
      ]),
    )
    .execute();
  const made = rows.find((row) => row.idempotencyKey === idempotencyKey);
  if (made) return { kind: 'committed', booking: toBooking(made), repeated: true };
  const refusal = refusalOf(rows, { callId, request, today });
  if (refusal) return { kind: 'refused', refusal };
  const nowMs = clock.nowMs();
  const row: BookingRow = {
    bookingId: newBookingCode(),
    idempotencyKey,
    callId,
    itemId,
    itemName: unitOf(inventory, itemId)?.name ?? itemId,
    startDay: start,
    endDay: end,
    customer,
    phone: plainText(request.phone),
    phoneKey: phoneKey(request.phone),
    totalCents: request.totalCents,
    state: 'pending',
    conflict: null,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    sentAtMs: null,
    resolvedAtMs: null,
  };
  const days = daysOf(request).map((day) => ({ itemId, day, bookingId: row.bookingId }));
  // Ready before anything is locked.
  await store.writeAll([
    store.db.insertInto('bookings').values(row).compile(),
    store.db.insertInto('bookedDays').values(days).compile(),
    ...outboxQueries(store, { kind: 'booking', ref: row.bookingId, nowMs }),
  ]);
  return { kind: 'committed', booking: toBooking(row), repeated: false };
}

/** Why the unit cannot be booked, or null. The journal and the sheet count together. */
function refusalOf(
  rows: readonly BookingRow[],
  {
    callId,
    request,
    today,
  }: { readonly callId: string; readonly request: BookingRequest; readonly today: IsoDate },
): Refusal | null {
  const { itemId, start, end, inventory } = request;
  const unit = unitOf(inventory, itemId);
  if (!unit) return { reason: 'no-such-unit' };
  const live = rows.filter((row) => row.state === 'pending' || row.state === 'confirmed');
  const inSheet = new Set(inventory.bookings.map(({ bookingId }) => bookingId));
  const cancelled = new Set(
    rows.filter((row) => row.state === 'cancelled').map(({ bookingId }) => bookingId),
  );
  const bookings: readonly SheetBooking[] = [
    // The sheet may still show what was cancelled on the phone a moment ago.
    ...inventory.bookings.filter(({ bookingId }) => !cancelled.has(bookingId)),
    ...live.filter(({ bookingId }) => !inSheet.has(bookingId)).map(toSheetBooking),
  ];
  const taken = live.filter((row) => row.startDay <= end && start <= row.endDay);
  const availability = availabilityOf(unit, bookings, { start, end }, today);
  if (availability.free && taken.length === 0) return null;
  if (!availability.free && availability.reason !== 'booked') return availability;
  const ends = taken.map(({ endDay }) => endDay);
  if (!availability.free) ends.push(availability.until);
  const own = taken.find((row) => row.callId === callId);
  const until = ends.sort().at(-1) ?? end;
  return { free: false, reason: 'booked', until, own: own ? toBooking(own) : null };
}

function toSheetBooking({ bookingId, itemId, startDay, endDay }: BookingRow): SheetBooking {
  return { bookingId, itemId, start: startDay, end: endDay, status: 'CONFIRMED' };
}

function unitOf({ units }: Inventory, itemId: string) {
  return units.find((unit) => unit.itemId === itemId);
}

function daysOf(range: { readonly start: IsoDate; readonly end: IsoDate }): readonly IsoDate[] {
  return Array.from({ length: daysIn(range) }, (_, offset) => addDays(range.start, offset));
}

function keyOf(callId: string, { itemId, start, end, customer }: BookingRequest): string {
  return JSON.stringify([callId, itemId, start, end, customerKey(customer)]);
}
