import type { Store } from '../../../agent/infra/store/database.ts';
import type { BookingState } from '../../journal/booking.ts';
import type { BookingRow } from '../../journal/journal.ts';
import type { Place } from './sheet-rows.ts';
import type { SheetView } from './sheet-view.ts';
import { moveBookings, type Moved } from '../../journal/staff-changes.ts';
import type { SheetLog } from './sheet-events.ts';

/** Follows where staff moved bookings in the sheet, and says what became of each. */
export async function followMoves(
  deps: {
    readonly store: Store;
    readonly log: SheetLog;
    readonly clock: { nowMs(): number };
    readonly onState: (bookingId: string, state: BookingState) => void;
  },
  view: SheetView,
  moves: readonly { readonly booking: BookingRow; readonly to: Place }[],
): Promise<Moved> {
  const { store, log, clock, onState } = deps;
  const named = moves.map(({ booking, to }) => {
    const unit = view.units.find(({ itemId }) => itemId === to.itemId);
    // The row of the unit that it was moved to may lack a name; that it is there was seen.
    return { booking, to: { ...to, itemName: unit?.name ?? to.itemId, quantity: unit?.quantity } };
  });
  const result = await moveBookings(store, named, clock.nowMs());
  for (const { booking, to } of result.moved) {
    const { bookingId, callId } = booking;
    log.emit('booking.moved', { bookingId, callId, itemId: to.itemId });
  }
  for (const { booking, to } of result.taken) {
    const { bookingId, callId } = booking;
    const fields = { bookingId, callId, itemId: to.itemId, reason: 'booked' };
    log.emit('booking.conflict', fields, 'moved');
    onState(bookingId, 'conflict');
  }
  return result;
}
