import type { JournalBooking } from '../bookings/booking.ts';
import type { Inventory, SheetBooking } from './equipment.ts';

/**
 * The yard's list with what was booked on the phone and is not in the sheet yet, or was not when it
 * was read: such a booking holds its unit as one in the sheet does. Of a booking that is in both,
 * the sheet's row stands, unless the caller has cancelled it meanwhile.
 */
export function withJournal(inventory: Inventory, journal: readonly JournalBooking[]): Inventory {
  const cancelled = new Set(
    journal.filter(({ state }) => state === 'cancelled').map(({ bookingId }) => bookingId),
  );
  const inSheet = new Set(inventory.bookings.map(({ bookingId }) => bookingId));
  const added = journal.filter((booking) => isLive(booking) && !inSheet.has(booking.bookingId));
  return {
    ...inventory,
    bookings: [
      ...inventory.bookings.map((row): SheetBooking =>
        cancelled.has(row.bookingId) ? { ...row, status: 'CANCELLED' } : row,
      ),
      ...added.map(asRow),
    ],
  };
}

/** A conflict holds nothing: staff gave the unit away, and their sheet says to whom. */
function isLive({ state }: JournalBooking): boolean {
  return state === 'pending' || state === 'confirmed';
}

function asRow({ bookingId, itemId, start, end }: JournalBooking): SheetBooking {
  return { bookingId, itemId, start, end, status: 'CONFIRMED' };
}
