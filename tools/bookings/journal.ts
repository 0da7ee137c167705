import type { Selectable } from 'kysely';
import type { Store, StoreQueries } from '../../agent/store/database.ts';
import type { Schema } from '../../agent/store/schema.ts';
import { StoreError } from '../../agent/store/store-error.ts';
import { availabilityOf } from '../yard/availability.ts';
import type { Inventory, IsoDate, SheetBooking } from '../yard/equipment.ts';
import { addDays, daysIn, todayIn } from '../yard/rental-dates.ts';
import { newBookingCode, readBookingCode } from './booking-code.ts';
import type { ConflictReason, JournalBooking } from './booking.ts';
import type {
  BookingQuery,
  BookingRequest,
  CancelResult,
  CommitResult,
  MessageRequest,
  Refusal,
} from './desk.ts';
import { notifyOutbox } from './notices.ts';
import { plainText } from './safe-cell.ts';

/** One row of the journal. */
export type BookingRow = Selectable<Schema['bookings']>;

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
  const idempotencyKey = keyOf(callId, request);
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
    customer: plainText(request.customer),
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
  await store.transaction(async (tx) => {
    await tx.db.insertInto('bookings').values(row).execute();
    await tx.db.insertInto('bookedDays').values(days).execute();
    await addToOutbox(tx, { kind: 'booking', ref: row.bookingId, nowMs });
  });
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

/** The booking with that code, or undefined. The code may be spelled in any way. */
export async function findBooking(
  { db }: StoreQueries,
  code: string,
): Promise<JournalBooking | undefined> {
  const row = await db
    .selectFrom('bookings')
    .selectAll()
    .where('bookingId', '=', readBookingCode(code))
    .executeTakeFirst();
  return row && toBooking(row);
}

/** Bookings by code, or by number together with the name; newest first. */
export async function findBookings(
  store: StoreQueries,
  query: BookingQuery,
): Promise<readonly JournalBooking[]> {
  if ('code' in query) {
    const booking = await findBooking(store, query.code);
    return booking ? [booking] : [];
  }
  const key = phoneKey(query.phone);
  const name = customerKey(query.customer);
  if (key === '' || name === '') return [];
  const rows = await store.db
    .selectFrom('bookings')
    .selectAll()
    .where('phoneKey', '=', key)
    .orderBy('createdAtMs', 'desc')
    .execute();
  return rows.filter((row) => customerKey(row.customer) === name).map(toBooking);
}

/**
 * Bookings that may be missing in a snapshot of the sheet, or be out of date there: those that end
 * on `today` or later, cancelled ones included.
 */
export async function currentBookings(
  { db }: StoreQueries,
  today: IsoDate,
): Promise<readonly JournalBooking[]> {
  const rows = await db.selectFrom('bookings').selectAll().where('endDay', '>=', today).execute();
  return rows.map(toBooking);
}

/** Cancels a booking whose last day has not passed, and frees its days at once. */
export async function cancelBooking(
  store: Store,
  { code, today, clock }: { readonly code: string; readonly today: IsoDate; readonly clock: Clock },
): Promise<CancelResult> {
  return store.transaction(async (tx) => {
    const booking = await findBooking(tx, code);
    if (!booking) return { kind: 'not-found' };
    if (booking.state === 'cancelled') return { kind: 'cancelled', booking };
    if (booking.end < today) return { kind: 'over', booking };
    const nowMs = clock.nowMs();
    await endBooking(tx, booking.bookingId, { state: 'cancelled', conflict: null, nowMs });
    await addToOutbox(tx, { kind: 'booking', ref: booking.bookingId, nowMs });
    return { kind: 'cancelled', booking: { ...booking, state: 'cancelled', conflict: null } };
  });
}

/** Keeps a message and has it delivered to the sheet. */
export async function takeMessage(
  store: Store,
  {
    callId,
    message,
    clock,
  }: { readonly callId: string; readonly message: MessageRequest; readonly clock: Clock },
): Promise<{ readonly code: string }> {
  const code = newBookingCode();
  const nowMs = clock.nowMs();
  const { customer, phone, text } = message;
  await store.transaction(async (tx) => {
    await tx.db
      .insertInto('messages')
      .values({
        code,
        callId,
        customer: customer === null ? null : plainText(customer),
        phone: phone === null ? null : plainText(phone),
        text: plainText(text),
        createdAtMs: nowMs,
        sentAtMs: null,
        deliveredAtMs: null,
        resolvedAtMs: null,
      })
      .execute();
    await addToOutbox(tx, { kind: 'message', ref: code, nowMs });
  });
  return { code };
}

/** Takes a booking out of the days it held, as `cancelled` or as a `conflict`. */
export async function endBooking(
  { db }: StoreQueries,
  bookingId: string,
  end: {
    readonly state: 'cancelled' | 'conflict';
    readonly conflict: ConflictReason | null;
    readonly nowMs: number;
  },
): Promise<void> {
  const { state, conflict, nowMs } = end;
  await db
    .updateTable('bookings')
    .set({
      state,
      conflict,
      changedAtMs: nowMs,
      // A conflict stays what this call's request led to; after a cancelling it may be made anew.
      ...(state === 'cancelled' ? { idempotencyKey: null } : {}),
    })
    .where('bookingId', '=', bookingId)
    .execute();
  await db.deleteFrom('bookedDays').where('bookingId', '=', bookingId).execute();
}

/** Has the sheet brought up to date with a booking or a message. Part of the change's transaction. */
export async function addToOutbox(
  tx: StoreQueries,
  { kind, ref, nowMs }: { readonly kind: 'booking' | 'message'; ref: string; nowMs: number },
): Promise<void> {
  await tx.db
    .insertInto('outbox')
    .values({ kind, ref, notBeforeMs: 0, createdAtMs: nowMs })
    .execute();
  await notifyOutbox(tx);
}

/** A row of the journal as the tools see it. */
export function toBooking(row: BookingRow): JournalBooking {
  return {
    bookingId: row.bookingId,
    callId: row.callId,
    itemId: row.itemId,
    itemName: row.itemName,
    start: row.startDay,
    end: row.endDay,
    customer: row.customer,
    phone: row.phone,
    totalCents: row.totalCents,
    state: row.state,
    conflict: row.state === 'conflict' ? (row.conflict as ConflictReason) : null,
    createdAtMs: row.createdAtMs,
  };
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

/** A name as it is compared: `Ann  O'Hara ` and `ann ohara` are one. */
function customerKey(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** A number as it is compared: with and without the country's `+1`. */
function phoneKey(phone: string): string {
  return phone.replaceAll(/\D/g, '').slice(-10);
}
