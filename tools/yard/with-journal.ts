import type { JournalBooking } from '../journal/booking.ts';
import type { Inventory, SheetBooking } from './equipment.ts';
import { findUnit } from './interchangeable-units.ts';

/** What counts of a booking of the journal. */
export type HeldBooking = Pick<JournalBooking, 'bookingId' | 'itemId' | 'start' | 'end' | 'state'>;

/**
 * The yard's list with what was booked on the phone and is not in the sheet yet, or was not when it
 * was read: such a booking holds its unit as one in the sheet does. Of a booking that is in both,
 * the sheet's row stands, unless the caller has cancelled it meanwhile.
 */
export function withJournal(inventory: Inventory, journal: readonly HeldBooking[]): Inventory {
  const states = new Map(journal.map(({ bookingId, state }) => [bookingId, state]));
  const inSheet = new Set<string>();
  const rows = inventory.bookings.map((row): SheetBooking => {
    const state = states.get(row.bookingId);
    if (!state) return row;
    inSheet.add(row.bookingId);
    return state === 'cancelled' ? { ...row, status: 'CANCELLED' } : row;
  });
  const added = journal.filter((booking) => isLive(booking) && !inSheet.has(booking.bookingId));
  return { ...inventory, bookings: [...rows, ...added.map((of) => asRow(of, inventory))] };
}

/** A conflict holds nothing: staff gave the unit away, and their sheet says to whom. */
function isLive({ state }: HeldBooking): boolean {
  return state === 'pending' || state === 'confirmed';
}

/** Staff may write the unit's id in another way by now. */
function asRow(booking: HeldBooking, { units }: Inventory): SheetBooking {
  const { bookingId, start, end } = booking;
  const itemId = findUnit(units, booking.itemId)?.itemId ?? booking.itemId;
  return { bookingId, itemId, start, end, status: 'CONFIRMED' };
}
