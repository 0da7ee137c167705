import type { Selectable } from 'kysely';
import type { Store, StoreQueries } from '../../agent/infra/store/database.ts';
import type { Schema } from '../../agent/infra/store/schema.ts';
import { lineIds, maxLines, readBookingCode } from './booking-code.ts';
import type { BookingRow } from './journal.ts';
import type { MessageRow } from './outbox.ts';

/** One machine that was called off rent, as stored. */
export type OffRentRow = Selectable<Schema['offRents']>;

/** Staff look through what waits, what needs a person, and what was done lately. */
export type Overview = {
  /** Bookings, and cancellations, that are not in the sheet yet; oldest first. */
  readonly pending: readonly BookingRow[];
  /** Nobody has called the customer back yet, oldest first. */
  readonly conflicts: readonly BookingRow[];
  /** Other bookings that changed since `sinceMs`, newest first. */
  readonly recent: readonly BookingRow[];
  /** Rentals that were called off rent since `sinceMs`, those of staff's own rows too; newest first. */
  readonly offRents: readonly OffRentRow[];
  /** Messages that are not resolved, and all since `sinceMs`; newest first. */
  readonly messages: readonly MessageRow[];
};

/** Reads the overview; `sinceMs` (Unix milliseconds) bounds what was done lately. */
export async function readOverview(
  { db }: StoreQueries,
  { sinceMs }: { readonly sinceMs: number },
): Promise<Overview> {
  const unsent = db.selectFrom('outbox').select('ref').where('kind', '=', 'booking');
  const waiting = new Set((await unsent.execute()).map(({ ref }) => ref));
  const bookings = await db
    .selectFrom('bookings')
    .selectAll()
    .where((eb) =>
      eb.or([
        eb('state', '=', 'pending'),
        eb('bookingId', 'in', unsent),
        eb.and([eb('state', '=', 'conflict'), eb('resolvedAtMs', 'is', null)]),
        eb('changedAtMs', '>=', sinceMs),
      ]),
    )
    .orderBy('createdAtMs')
    .orderBy('bookingId')
    .execute();
  const messages = await db
    .selectFrom('messages')
    .selectAll()
    .where((eb) => eb.or([eb('resolvedAtMs', 'is', null), eb('createdAtMs', '>=', sinceMs)]))
    .orderBy('createdAtMs', 'desc')
    .execute();
  const offRents = await db
    .selectFrom('offRents')
    .selectAll()
    .where('calledAtMs', '>=', sinceMs)
    .orderBy('calledAtMs', 'desc')
    .orderBy('rentalKey')
    .execute();
  const isOpen = (row: BookingRow) => row.state === 'conflict' && row.resolvedAtMs === null;
  const isPending = ({ state, bookingId }: BookingRow) =>
    state === 'pending' || (state === 'cancelled' && waiting.has(bookingId));
  return {
    pending: bookings.filter(isPending),
    conflicts: bookings.filter(isOpen),
    recent: bookings.filter((row) => !isPending(row) && !isOpen(row)).toReversed(),
    offRents,
    messages,
  };
}

/** Work that waits for the sheet or for a person, and since when (Unix milliseconds). */
export type Backlog = {
  readonly outboxRows: number;
  readonly outboxSinceMs: number | null;
  readonly pendingSinceMs: number | null;
  /** Nobody has called the customer back yet. */
  readonly conflicts: number;
};

/** Reads the backlog from the store. */
export async function readBacklog({ db }: StoreQueries): Promise<Backlog> {
  const outbox = await db
    .selectFrom('outbox')
    .select(({ fn }) => [fn.countAll<number>().as('rows'), fn.min('createdAtMs').as('sinceMs')])
    .executeTakeFirst();
  const pending = await db
    .selectFrom('bookings')
    .select(({ fn }) => fn.min('createdAtMs').as('sinceMs'))
    .where('state', '=', 'pending')
    .executeTakeFirst();
  const conflicts = await db
    .selectFrom('bookings')
    .select(({ fn }) => fn.countAll<number>().as('rows'))
    .where('state', '=', 'conflict')
    .where('resolvedAtMs', 'is', null)
    .executeTakeFirst();
  return {
    outboxRows: outbox?.rows ?? 0,
    outboxSinceMs: outbox?.sinceMs ?? null,
    pendingSinceMs: pending?.sinceMs ?? null,
    conflicts: conflicts?.rows ?? 0,
  };
}

/** Notes that a person dealt with a conflict or a message. False: there is none with that code. */
export async function resolveCode(
  store: Store,
  code: string,
  resolvedAtMs: number,
): Promise<boolean> {
  const ref = readBookingCode(code);
  return store.transaction(async ({ db }) => {
    const booking = await db
      .updateTable('bookings')
      .set({ resolvedAtMs })
      .where('bookingId', 'in', [ref, ...lineIds(ref, maxLines)])
      .where('state', '=', 'conflict')
      .executeTakeFirst();
    const message = await db
      .updateTable('messages')
      .set({ resolvedAtMs })
      .where('code', '=', ref)
      .executeTakeFirst();
    return booking.numUpdatedRows + message.numUpdatedRows > 0n;
  });
}
