import type { Store } from '../../agent/store/database.ts';
import { StoreError } from '../../agent/store/store-error.ts';
import { availabilityOf } from '../yard/availability.ts';
import type { Inventory, IsoDate, SheetBooking } from '../yard/equipment.ts';
import { addDays, daysIn, todayIn } from '../yard/rental-dates.ts';
import { newBookingCode } from './booking-code.ts';
import type { BookingRequest, CommitResult, Refusal } from './desk.ts';
import { customerKey, outboxQueries, phoneKey, toBooking, type BookingRow } from './journal.ts';
import { keptText, plainText } from './safe-cell.ts';
import { found, withSecondLook } from './second-look.ts';

type Clock = { nowMs(): number };

/** A commit that lost a race is tried again and then sees what it lost against. */
const commitAttempts = 5;

/**
 * Commits a booking, or refuses it. Whoever comes second finds the day taken, by the key of
 * `booked_days`, on both databases. The same request of the same call gives the same booking again.
 * The sheet's own bookings count as `request.inventory` has them.
 * @throws {StoreError} when nothing was committed; {UnsureError} when that cannot be told.
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

/**
 * Does all of a commit but the commit, for a process that is warmed before its call: the first one
 * takes 20 ms of a processor more than those after it.
 */
export async function warmCommit(store: Store): Promise<void> {
  const day = '2000-01-01';
  const row = { ...emptyRow, startDay: day, endDay: day };
  commitQueries(store, { row, days: [{ itemId: '', day, bookingId: '' }] });
  todayIn('America/New_York', { nowMs: () => Date.now() });
  await rowsOf(store, { itemId: '', fromDay: day, idempotencyKey: '' });
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
  const fromDay = start < today ? start : today;
  const rows = await rowsOf(store, { itemId, fromDay, idempotencyKey });
  const made = rows.find((row) => row.idempotencyKey === idempotencyKey);
  const kept = await found(store, async () => made);
  if (kept) return { kind: 'committed', booking: toBooking(kept), repeated: true };
  const refusal = refusalOf(rows, { callId, request, today });
  if (refusal) return { kind: 'refused', refusal };
  const nowMs = clock.nowMs();
  const row: BookingRow = {
    ...emptyRow,
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
    createdAtMs: nowMs,
    changedAtMs: nowMs,
  };
  const days = daysOf(request).map((day) => ({ itemId, day, bookingId: row.bookingId }));
  // Ready before anything is locked.
  const queries = commitQueries(store, { row, days });
  const committed = await withSecondLook(store, {
    write: async () => {
      await store.writeAll(queries);
      return row;
    },
    look: () => rowWithKey(store, idempotencyKey),
  });
  const repeated = committed.bookingId !== row.bookingId;
  return { kind: 'committed', booking: toBooking(committed), repeated };
}

const emptyRow: BookingRow = {
  bookingId: '',
  idempotencyKey: null,
  callId: '',
  itemId: '',
  itemName: '',
  startDay: '',
  endDay: '',
  customer: '',
  phone: '',
  phoneKey: '',
  totalCents: 0,
  state: 'pending',
  conflict: null,
  createdAtMs: 0,
  changedAtMs: 0,
  sentAtMs: null,
  resolvedAtMs: null,
};

/** What may stand in the way of a booking from `fromDay` on, or be the same booking. */
function rowsOf(
  { db }: Store,
  asked: { readonly itemId: string; readonly fromDay: IsoDate; readonly idempotencyKey: string },
): Promise<BookingRow[]> {
  return db
    .selectFrom('bookings')
    .selectAll()
    .where('itemId', '=', asked.itemId)
    .where((eb) =>
      eb.or([eb('endDay', '>=', asked.fromDay), eb('idempotencyKey', '=', asked.idempotencyKey)]),
    )
    .execute();
}

function rowWithKey({ db }: Store, key: string): Promise<BookingRow | undefined> {
  return db.selectFrom('bookings').selectAll().where('idempotencyKey', '=', key).executeTakeFirst();
}

function commitQueries(
  store: Store,
  made: {
    readonly row: BookingRow;
    readonly days: readonly { itemId: string; day: IsoDate; bookingId: string }[];
  },
) {
  const { row, days } = made;
  const { bookingId: ref, createdAtMs: nowMs } = row;
  return [
    store.db.insertInto('bookings').values(row).compile(),
    store.db.insertInto('bookedDays').values(days).compile(),
    ...outboxQueries(store, { kind: 'booking', ref, nowMs }),
  ];
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
