import type { StoreQueries } from '../../../agent/infra/store/database.ts';
import { availabilityOf } from '../../yard/availability.ts';
import type { IsoDate } from '../../yard/equipment.ts';
import { findUnit } from '../../yard/interchangeable-units.ts';
import { itemKey } from '../../yard/item-id.ts';
import { readUnitStatus } from '../read/status-words.ts';
import type { ConflictReason } from '../../journal/booking.ts';
import { supersededBy, type BookingRow } from '../../journal/journal.ts';
import { isKnownPlace } from './sheet-rows.ts';
import type { SheetView } from './sheet-view.ts';

/**
 * The reason in staff's sheet against a booking that the journal holds; null when there is room.
 * `gone` are bookings that the sheet may still show; `rentedByUs` says that the unit is `RENTED`
 * because we set it, for a booking that is among the others or over.
 */
export function conflictOf(
  view: SheetView,
  booking: BookingRow,
  context: {
    readonly today: IsoDate;
    readonly gone: readonly GoneBooking[];
    readonly rentedByUs: boolean;
  },
): ConflictReason | null {
  const { itemId, startDay: start, endDay: end } = booking;
  const cell = view.statusOf('Equipment', itemId);
  if (!cell && view.hasEquipment) return 'unit-gone';
  const status = cell && readUnitStatus(cell.status).status;
  if (status === 'SOLD') return 'unit-gone';
  if (status === 'MAINTENANCE') return 'maintenance';
  const rows = Map.groupBy(view.bookings, (row) => row.bookingId);
  const others = view.bookings.filter((other) => {
    const known = [booking, ...context.gone].find((of) => of.bookingId === other.bookingId);
    // A copy, code and all, is staff's own.
    const isOnly = rows.get(other.bookingId)?.length === 1;
    return !known || !(isOnly || isKnownPlace(known, other));
  });
  const taken = others.some(
    (other) =>
      itemKey(other.itemId) === itemKey(itemId) &&
      other.status !== 'CANCELLED' &&
      other.start <= end &&
      start <= other.end,
  );
  const unit = findUnit(view.units, itemId);
  if (taken && (unit?.quantity ?? 1) === 1) return 'booked';
  // A row with an unusable price is no reason to give a customer up.
  if (!unit) return null;
  if (context.rentedByUs && (unit.dueBack === null || unit.dueBack < start)) return null;
  if (unit.status === 'RENTED' && isOutWith(unit, booking, context.today)) return null;
  const availability = availabilityOf(unit, others, { start, end }, context.today);
  if (availability.free) return null;
  switch (availability.reason) {
    case 'maintenance':
      return 'maintenance';
    case 'booked':
    case 'reserved':
    case 'unclear':
      return 'booked';
    case 'rented':
    case 'rented-no-date':
      return 'rented';
    default:
      return availability satisfies never;
  }
}

/** The machine is out for this very booking, whose row has had it since before the change. */
function isOutWith(
  { dueBack }: { readonly dueBack: IsoDate | null },
  booking: BookingRow,
  today: IsoDate,
): boolean {
  return supersededBy(booking).some(
    ({ itemId, startDay, endDay }) =>
      itemKey(itemId) === itemKey(booking.itemId) &&
      startDay <= today &&
      today <= endDay &&
      (dueBack === null || dueBack <= endDay),
  );
}

/** A booking that the journal no longer holds, and the sheet may still show. */
export type GoneBooking = Pick<
  BookingRow,
  'bookingId' | 'itemId' | 'startDay' | 'endDay' | 'superseded'
>;

/** Bookings of these machines that the journal no longer holds. */
export async function readGone(
  { db }: StoreQueries,
  itemIds: readonly string[],
): Promise<readonly GoneBooking[]> {
  if (itemIds.length === 0) return [];
  return db
    .selectFrom('bookings')
    .select(['bookingId', 'itemId', 'startDay', 'endDay', 'superseded'])
    .where('itemId', 'in', itemIds)
    .where('state', 'in', ['cancelled', 'conflict'])
    .execute();
}
