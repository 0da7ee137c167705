import { isLive, type JournalBooking } from '../journal/booking.ts';
import type { Inventory, SheetBooking, Unit } from './equipment.ts';
import { changedBookings } from './held-days.ts';
import { findUnit } from './interchangeable-units.ts';
import { oncePerList } from './list-index.ts';

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
  // Most ids are as they were.
  const ids = idsOf(inventory.units);
  const rowsOf = rowsById(inventory.bookings);
  const known = new Map(
    journal.map((booking) => {
      const isListed = ids.has(booking.itemId);
      const itemId = isListed ? booking.itemId : currentId(booking, inventory.units);
      return [booking.bookingId, { ...booking, itemId, wasId: booking.itemId }] as const;
    }),
  );
  const inSheet = new Set<string>();
  const changes = new Map<number, SheetBooking>();
  for (const [bookingId, booking] of known) {
    const of = rowsOf.of(bookingId);
    for (const at of of) {
      const row = inventory.bookings[at];
      if (!row) continue;
      const { itemId, start, end, wasId, state, isChanging } = booking;
      const isPlace =
        [itemId, wasId].includes(row.itemId) && row.start === start && row.end === end;
      if (!isPlace && of.length > 1) continue;
      inSheet.add(bookingId);
      if (state === 'cancelled') changes.set(at, { ...row, status: 'CANCELLED' });
      else if (isChanging) changes.set(at, { ...row, itemId, start, end });
      else if (row.itemId === wasId && itemId !== wasId) changes.set(at, { ...row, itemId });
    }
  }
  const added = [...known.values()].filter(
    (booking) => isLive(booking) && !inSheet.has(booking.bookingId),
  );
  const bookings = changedBookings(inventory.bookings, changes, added.map(asRow));
  return { ...inventory, bookings };
}

const idsOf = oncePerList((units: readonly Unit[]) => new Set(units.map(({ itemId }) => itemId)));

/** Where the rows of a booking's id are, one after another: more than one when staff copied it. */
class RowsById {
  readonly #last = new Map<string, number>();
  /** From the place of a row to that of the one before it with the same id. */
  readonly #before = new Map<number, number>();

  constructor(bookings: readonly SheetBooking[]) {
    for (const [at, { bookingId }] of bookings.entries()) {
      const before = this.#last.get(bookingId);
      if (before !== undefined) this.#before.set(at, before);
      this.#last.set(bookingId, at);
    }
  }

  of(bookingId: string): readonly number[] {
    const places: number[] = [];
    let at = this.#last.get(bookingId);
    for (; at !== undefined; at = this.#before.get(at)) places.unshift(at);
    return places;
  }
}

const rowsById = oncePerList((bookings: readonly SheetBooking[]) => new RowsById(bookings));

/** The id of a booking's machine now: staff may have given it another one, under the same name. */
export function currentId(
  { itemId, itemName }: Pick<HeldBooking, 'itemId' | 'itemName'>,
  units: readonly Unit[],
): string {
  // Staff may write the id in another way by now.
  const same = findUnit(units, itemId);
  if (same) return same.itemId;
  const named = units.filter(({ name }) => keyOf(name) === keyOf(itemName));
  return named.length === 1 ? (named[0]?.itemId ?? itemId) : itemId;
}

function keyOf(name: string): string {
  return name.trim().replaceAll(/\s+/g, ' ').toLowerCase();
}

function asRow({ bookingId, itemId, start, end }: HeldBooking): SheetBooking {
  return { bookingId, itemId, start, end, status: 'CONFIRMED' };
}
