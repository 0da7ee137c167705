import { createHash } from 'node:crypto';
import type { CompiledQuery, Selectable } from 'kysely';
import { phoneKey } from '../../agent/infra/phone-key.ts';
import type { Store, StoreQueries } from '../../agent/infra/store/database.ts';
import type { Schema } from '../../agent/infra/store/schema.ts';
import type { IsoDate } from '../yard/equipment.ts';
import type { HeldBooking } from '../yard/with-journal.ts';
import { z } from 'zod';
import { codeOf, lineIds, maxLines, newBookingCode, readBookingCode } from './booking-code.ts';
import type { ConflictReason, JournalBooking } from './booking.ts';
import { detailsFromText, timesOf } from './booking-details.ts';
import type { BookingQuery, CancelResult, MessageRequest } from './booking-service.ts';
import { keptText, plainText } from '../sheet/write/safe-cell.ts';
import { found, withSecondLook } from './commit-verification.ts';

/** One row of the journal. */
export type BookingRow = Selectable<Schema['bookings']>;

type Clock = { nowMs(): number };

/** The line with exactly that id, or undefined. */
export async function findBooking(
  { db }: StoreQueries,
  bookingId: string,
): Promise<JournalBooking | undefined> {
  const row = await db
    .selectFrom('bookings')
    .selectAll()
    .where('bookingId', '=', bookingId)
    .executeTakeFirst();
  return row && toBooking(row);
}

/** The lines of the booking with that code, in order. The code may be spelled in any way. */
export async function readLines({ db }: StoreQueries, code: string): Promise<BookingRow[]> {
  const ref = readBookingCode(code);
  const ids = [ref, ...lineIds(ref, maxLines)];
  const query = db.selectFrom('bookings').selectAll().where('bookingId', 'in', ids);
  const rows = await query.orderBy('createdAtMs').execute();
  return rows.toSorted((a, b) => ids.indexOf(a.bookingId) - ids.indexOf(b.bookingId));
}

/** Bookings by code, by call, or by number; newest first, the lines of one in order. */
export async function findBookings(
  store: StoreQueries,
  query: BookingQuery,
): Promise<readonly JournalBooking[]> {
  if ('code' in query) return (await readLines(store, query.code)).map(toBooking);
  const all = store.db.selectFrom('bookings').selectAll();
  const newestFirst = all.orderBy('createdAtMs', 'desc').orderBy('bookingId');
  if ('callId' in query) {
    return (await newestFirst.where('callId', '=', query.callId).execute()).map(toBooking);
  }
  const key = phoneKey(query.phone);
  if (key === '') return [];
  const rows = await newestFirst
    .where((eb) => eb.or([eb('phoneKey', '=', key), eb('callerKey', '=', key)]))
    .execute();
  return rows.map(toBooking);
}

/**
 * Bookings that may be missing in a snapshot of the sheet, or be out of date there: those that end
 * on `today` or later, cancelled ones included.
 */
export async function currentBookings(
  { db }: StoreQueries,
  today: IsoDate,
): Promise<readonly HeldBooking[]> {
  const rows = await db
    .selectFrom('bookings')
    .select(['bookingId', 'itemId', 'itemName', 'startDay as start', 'endDay as end', 'state'])
    .select('superseded')
    .where('endDay', '>=', today)
    .execute();
  return rows.map(({ superseded, ...booking }) => {
    return { ...booking, isChanging: superseded !== null };
  });
}

type Cancelling = {
  readonly code: string;
  readonly today: IsoDate;
  readonly clock: Clock;
  /** Has the customer get it in writing; a part of the transaction. */
  readonly confirm?: (
    tx: StoreQueries,
    lines: readonly JournalBooking[],
    nowMs: number,
  ) => Promise<void>;
};

/**
 * Cancels the lines of a booking whose last day has not passed, and frees their days at once.
 * @throws {StoreError} when the booking stands; {UnsureError} when that cannot be told.
 */
export async function cancelBooking(store: Store, cancelling: Cancelling): Promise<CancelResult> {
  const look = () => cancelledBooking(store, cancelling.code);
  const before = await found(store, look);
  return before ?? withSecondLook(store, { look, write: () => cancelOnce(store, cancelling) });
}

async function cancelledBooking(
  store: StoreQueries,
  code: string,
): Promise<CancelResult | undefined> {
  const bookings = (await readLines(store, code)).map(toBooking);
  const isDone = bookings.length > 0 && bookings.every(({ state }) => state === 'cancelled');
  return isDone ? { kind: 'cancelled', bookings } : undefined;
}

function cancelOnce(
  store: Store,
  { code, today, clock, confirm }: Cancelling,
): Promise<CancelResult> {
  return store.transaction(async (tx) => {
    const bookings = (await readLines(tx, code)).map(toBooking);
    if (bookings.length === 0) return { kind: 'not-found' };
    const held = bookings.filter(({ state, end }) => state !== 'cancelled' && end >= today);
    if (held.length === 0 && bookings.some(({ state }) => state !== 'cancelled')) {
      return { kind: 'over', bookings };
    }
    const nowMs = clock.nowMs();
    for (const { bookingId: ref } of held) {
      await endBooking(tx, ref, { state: 'cancelled', conflict: null, nowMs });
      await addToOutbox(tx, { kind: 'booking', ref, nowMs });
    }
    await confirm?.(tx, held, nowMs);
    const after = (await readLines(tx, code)).map(toBooking);
    return { kind: 'cancelled', bookings: after };
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
  const { customer, phone, text, kind = null } = message;
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
  const row = { ...kept, code, idempotencyKey, kind };
  const queries = messageQueries(store, row, clock.nowMs());
  const write = async () => {
    await store.writeAll(queries);
    return { code };
  };
  return (await found(store, look)) ?? withSecondLook(store, { write, look });
}

/** The queries that keep a message, and have it delivered. */
export function messageQueries(
  store: StoreQueries,
  message: Pick<
    Selectable<Schema['messages']>,
    'code' | 'callId' | 'customer' | 'phone' | 'text' | 'idempotencyKey'
  > &
    Partial<Pick<Selectable<Schema['messages']>, 'kind'>>,
  nowMs: number,
): readonly CompiledQuery[] {
  const later = { sentAtMs: null, deliveredAtMs: null, resolvedAtMs: null };
  const row = { kind: null, ...message, ...later, createdAtMs: nowMs };
  return [
    store.db.insertInto('messages').values(row).compile(),
    ...outboxQueries(store, { kind: 'message', ref: message.code, nowMs }),
  ];
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

/** Has the sheet follow a booking or a message, as a part of the change's transaction. */
export async function addToOutbox(tx: StoreQueries, entry: OutboxEntry): Promise<void> {
  for (const query of outboxQueries(tx, entry)) await tx.db.executeQuery(query);
}

/** The queries of `addToOutbox`, for a change that is written with `Store.writeAll`. */
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
  const details = detailsFromText(row.details);
  return {
    bookingId: row.bookingId,
    code: codeOf(row.bookingId),
    callId: row.callId,
    itemId: row.itemId,
    itemName: row.itemName,
    start: row.startDay,
    end: row.endDay,
    ...timesOf(details ?? {}),
    customer: row.customer,
    phone: row.phone,
    totalCents: row.totalCents,
    state: row.state,
    conflict: row.state === 'conflict' ? (row.conflict as ConflictReason) : null,
    createdAtMs: row.createdAtMs,
    ...(row.superseded === null ? {} : { isChanging: true }),
    ...(row.offRentCode === null ? {} : { offRentCode: row.offRentCode }),
    ...(row.continues === null ? {} : { continues: row.continues }),
    ...(details && { details }),
  };
}

const writtenRow = z.object({
  itemId: z.string(),
  itemName: z.string(),
  startDay: z.string(),
  endDay: z.string(),
  customer: z.string(),
  phone: z.string(),
  totalCents: z.number(),
  offRentCode: z.string().nullable().default(null),
  continues: z.string().nullable().default(null),
  details: z.string().nullable().default(null),
});

/** The values that the cells of a row were written from. */
export type WrittenRow = z.infer<typeof writtenRow>;

/** Earlier values that a booking's row in the sheet may still show, oldest first. */
export function supersededBy(row: Pick<BookingRow, 'superseded'>): readonly WrittenRow[] {
  return row.superseded === null ? [] : z.array(writtenRow).parse(JSON.parse(row.superseded));
}

/** The earlier values once a booking changes: its present ones join them. */
export function supersede(row: BookingRow): string {
  return JSON.stringify([...supersededBy(row), writtenRow.parse(row)]);
}

/** A name as it is compared: `Ann  O'Hara ` and `ann ohara` are one. */
export function customerKey(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
}
