import { createHash } from 'node:crypto';
import type { CompiledQuery, Selectable } from 'kysely';
import type { Store, StoreQueries } from '../../agent/infra/store/database.ts';
import type { Schema } from '../../agent/infra/store/schema.ts';
import type { IsoDate } from '../yard/equipment.ts';
import { underName } from '../yard/same-customer.ts';
import type { HeldBooking } from '../yard/with-journal.ts';
import { newBookingCode, readBookingCode } from './booking-code.ts';
import type { ConflictReason, JournalBooking } from './booking.ts';
import type { BookingQuery, CancelResult, MessageRequest } from './booking-service.ts';
import { keptText, plainText } from '../sheet/write/safe-cell.ts';
import { found, withSecondLook } from './commit-verification.ts';

/** One row of the journal. */
export type BookingRow = Selectable<Schema['bookings']>;

type Clock = { nowMs(): number };

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

/** Bookings by code, or by number together with the name of one customer; newest first. */
export async function findBookings(
  store: StoreQueries,
  query: BookingQuery,
): Promise<readonly JournalBooking[]> {
  if ('code' in query) {
    const booking = await findBooking(store, query.code);
    return booking ? [booking] : [];
  }
  const key = phoneKey(query.phone);
  if (key === '') return [];
  const rows = await store.db
    .selectFrom('bookings')
    .selectAll()
    .where('phoneKey', '=', key)
    .orderBy('createdAtMs', 'desc')
    .execute();
  return underName(query.customer, rows.map(toBooking));
}

/**
 * Bookings that may be missing in a snapshot of the sheet, or be out of date there: those that end
 * on `today` or later, cancelled ones included.
 */
export async function currentBookings(
  { db }: StoreQueries,
  today: IsoDate,
): Promise<readonly HeldBooking[]> {
  return db
    .selectFrom('bookings')
    .select(['bookingId', 'itemId', 'startDay as start', 'endDay as end', 'state'])
    .where('endDay', '>=', today)
    .execute();
}

/**
 * Cancels a booking whose last day has not passed, and frees its days at once.
 * @throws {StoreError} when the booking stands; {UnsureError} when that cannot be told.
 */
export async function cancelBooking(
  store: Store,
  cancelling: { readonly code: string; readonly today: IsoDate; readonly clock: Clock },
): Promise<CancelResult> {
  const look = () => cancelledBooking(store, cancelling.code);
  const before = await found(store, look);
  return before ?? withSecondLook(store, { look, write: () => cancelOnce(store, cancelling) });
}

async function cancelledBooking(
  store: StoreQueries,
  code: string,
): Promise<CancelResult | undefined> {
  const booking = await findBooking(store, code);
  return booking?.state === 'cancelled' ? { kind: 'cancelled', booking } : undefined;
}

function cancelOnce(
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

/**
 * Keeps a message and has it delivered to the sheet; the same message of the same call is kept once.
 * @throws {StoreError} when it was not kept; {UnsureError} when that cannot be told.
 */
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
  const kept = {
    callId,
    customer: customer === null ? null : keptText(customer),
    phone: phone === null ? null : plainText(phone),
    text: keptText(text),
  };
  const idempotencyKey = createHash('sha256').update(JSON.stringify(kept)).digest('hex');
  const look = () =>
    store.db
      .selectFrom('messages')
      .select('code')
      .where('idempotencyKey', '=', idempotencyKey)
      .executeTakeFirst();
  const row = {
    ...kept,
    code,
    idempotencyKey,
    createdAtMs: nowMs,
    sentAtMs: null,
    deliveredAtMs: null,
    resolvedAtMs: null,
  };
  const queries = [
    store.db.insertInto('messages').values(row).compile(),
    ...outboxQueries(store, { kind: 'message', ref: code, nowMs }),
  ];
  const write = async () => {
    await store.writeAll(queries);
    return { code };
  };
  return (await found(store, look)) ?? withSecondLook(store, { write, look });
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
export async function addToOutbox(tx: StoreQueries, entry: OutboxEntry): Promise<void> {
  for (const query of outboxQueries(tx, entry)) await tx.db.executeQuery(query);
}

/** What `addToOutbox` does, for a change that is written with `Store.writeAll`. */
export function outboxQueries(
  store: StoreQueries,
  { kind, ref, nowMs }: OutboxEntry,
): readonly CompiledQuery[] {
  const row = { kind, ref, notBeforeMs: 0, createdAtMs: nowMs };
  return [store.db.insertInto('outbox').values(row).compile()];
}

type OutboxEntry = {
  readonly kind: 'booking' | 'message';
  readonly ref: string;
  readonly nowMs: number;
};

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

/** A name as it is compared: `Ann  O'Hara ` and `ann ohara` are one. */
export function customerKey(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** A number as it is compared: with and without the country's `+1`, without an extension. */
export function phoneKey(phone: string): string {
  return phone
    .replace(/;ext=.*$/, '')
    .replaceAll(/\D/g, '')
    .slice(-10);
}
