import type { Store, StoreQueries } from '../../agent/infra/store/database.ts';
import { takeDays } from './booked-days.ts';
import type { ConflictReason } from './booking.ts';
import { addToOutbox, endBooking, type BookingRow } from './journal.ts';
import type { Place } from '../sheet/write/sheet-rows.ts';

/** A booking that staff moved in the sheet. */
export type Move = {
  readonly booking: BookingRow;
  readonly to: Place & {
    readonly itemName: string;
    /** The machines of the row it was moved to; one when left out. */
    readonly quantity?: number | undefined;
  };
};

/** Confirmed bookings that still hold days at `today` or later. */
export async function readConfirmed(
  store: StoreQueries,
  today: string,
): Promise<readonly BookingRow[]> {
  return notOver(store, today).where('state', '=', 'confirmed').execute();
}

/** Bookings that ended before a row that was sent for them was seen: it may still come in. */
export async function readUnseen(
  store: StoreQueries,
  today: string,
): Promise<readonly BookingRow[]> {
  return notOver(store, today)
    .where('state', 'in', ['cancelled', 'conflict'])
    .where('sentAtMs', 'is not', null)
    .execute();
}

function notOver({ db }: StoreQueries, today: string) {
  return db.selectFrom('bookings').selectAll().where('endDay', '>=', today);
}

/** Follows what staff did to a confirmed booking in the sheet. False when it changed meanwhile. */
export async function followStaff(
  store: Store,
  bookingId: string,
  change: {
    readonly state: 'cancelled' | 'conflict';
    readonly reason: ConflictReason | null;
    readonly nowMs: number;
  },
): Promise<boolean> {
  const { state, reason, nowMs } = change;
  return store.transaction(async (tx) => {
    const current = await tx.db
      .selectFrom('bookings')
      .select('state')
      .where('bookingId', '=', bookingId)
      .executeTakeFirst();
    if (current?.state !== 'confirmed') return false;
    await endBooking(tx, bookingId, { state, conflict: reason, nowMs });
    return true;
  });
}

/** Bookings that hold what staff gave them, and those whose new days another booking has. */
export type Moved = { readonly moved: readonly Move[]; readonly taken: readonly Move[] };

/**
 * Has bookings hold the units and days that staff moved them to, all at once: two may have been
 * swapped. One whose new days another live booking has is a conflict, and its row is to be marked.
 * A booking that changed meanwhile is left as it is.
 */
export async function moveBookings(
  store: Store,
  moves: readonly Move[],
  nowMs: number,
): Promise<Moved> {
  if (moves.length === 0) return { moved: [], taken: [] };
  const ids = moves.map(({ booking }) => booking.bookingId);
  return store.transaction(async (tx) => {
    const { db } = tx;
    const rows = await db
      .selectFrom('bookings')
      .select(['bookingId', 'state'])
      .where('bookingId', 'in', ids)
      .execute();
    const states = new Map(rows.map(({ bookingId, state }) => [bookingId, state]));
    const current = moves.filter(({ booking }) => states.get(booking.bookingId) === booking.state);
    for (const { booking } of current) {
      await db.deleteFrom('bookedDays').where('bookingId', '=', booking.bookingId).execute();
    }
    const moved: Move[] = [];
    const taken: Move[] = [];
    for (const move of current) {
      const isTaken = !(await moveOne(tx, move, nowMs));
      (isTaken ? taken : moved).push(move);
    }
    return { moved, taken };
  });
}

async function moveOne(tx: StoreQueries, { booking, to }: Move, nowMs: number): Promise<boolean> {
  const { bookingId } = booking;
  const { itemId, itemName, start, end } = to;
  if (!(await takeDays(tx, { bookingId, itemId, start, end }, () => to.quantity ?? 1))) {
    await endBooking(tx, bookingId, { state: 'conflict', conflict: 'booked', nowMs });
    await addToOutbox(tx, { kind: 'booking', ref: bookingId, nowMs });
    return false;
  }
  await tx.db
    .updateTable('bookings')
    .set({ itemId, itemName, startDay: start, endDay: end, changedAtMs: nowMs })
    .where('bookingId', '=', bookingId)
    .execute();
  return true;
}
