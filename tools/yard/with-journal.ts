import type { JournalBooking } from '../journal/booking.ts';
import type { Inventory, SheetBooking, Unit } from './equipment.ts';
import { itemKey } from './item-id.ts';

/** The fields of the journal's booking by which it holds its unit. */
export type HeldBooking = Pick<
  JournalBooking,
  'bookingId' | 'itemId' | 'itemName' | 'start' | 'end' | 'state' | 'isChanging'
>;

/**
 * The yard's list with what was booked on the phone and is not in the sheet yet, or was not when it
 * was read: such a booking holds its unit as one in the sheet does. Of a booking that is in both,
 * the sheet's row stands, unless the caller has cancelled it meanwhile, or changed it. A row that
 * staff copied, code and all, is one of theirs, and holds what it says.
 */
export function withJournal(inventory: Inventory, journal: readonly HeldBooking[]): Inventory {
  // Most ids are as they were: a look at each of thousands of machines would be felt in a call.
  const ids = new Set(inventory.units.map(({ itemId }) => itemId));
  const known = new Map(
    journal.map((booking) => {
      const isListed = ids.has(booking.itemId);
      const itemId = isListed ? booking.itemId : currentId(booking, inventory.units);
      return [booking.bookingId, { ...booking, itemId, wasId: booking.itemId }] as const;
    }),
  );
  const rowsById = Map.groupBy(inventory.bookings, ({ bookingId }) => bookingId);
  const inSheet = new Set<string>();
  const rows = inventory.bookings.map((row): SheetBooking => {
    const booking = known.get(row.bookingId);
    if (!booking) return row;
    const { itemId, start, end, wasId, state, isChanging } = booking;
    const isPlace = [itemId, wasId].includes(row.itemId) && row.start === start && row.end === end;
    if (!isPlace && (rowsById.get(row.bookingId)?.length ?? 0) > 1) return row;
    inSheet.add(row.bookingId);
    if (state === 'cancelled') return { ...row, status: 'CANCELLED' };
    if (isChanging) return { ...row, itemId, start, end };
    return row.itemId === wasId ? { ...row, itemId } : row;
  });
  const added = [...known.values()].filter(
    (booking) => isLive(booking) && !inSheet.has(booking.bookingId),
  );
  return { ...inventory, bookings: [...rows, ...added.map(asRow)] };
}

/** The id of a booking's machine now: staff may have given it another one, under the same name. */
export function currentId(
  { itemId, itemName }: Pick<HeldBooking, 'itemId' | 'itemName'>,
  units: readonly Unit[],
): string {
  // Staff may write the id in another way by now.
  const same = units.find((unit) => itemKey(unit.itemId) === itemKey(itemId));
  if (same) return same.itemId;
  const named = units.filter(({ name }) => keyOf(name) === keyOf(itemName));
  return named.length === 1 ? (named[0]?.itemId ?? itemId) : itemId;
}

function keyOf(name: string): string {
  return name.trim().replaceAll(/\s+/g, ' ').toLowerCase();
}

/** A conflict holds nothing: staff gave the unit away, and their sheet says to whom. */
function isLive({ state }: HeldBooking): boolean {
  return state === 'pending' || state === 'confirmed';
}

function asRow({ bookingId, itemId, start, end }: HeldBooking): SheetBooking {
  return { bookingId, itemId, start, end, status: 'CONFIRMED' };
}
