import type { StoreQueries } from '../../../agent/infra/store/database.ts';
import { availabilityOf } from '../../yard/availability.ts';
import type { IsoDate } from '../../yard/equipment.ts';
import { findUnit } from '../../yard/interchangeable-units.ts';
import { itemKey } from '../../yard/item-id.ts';
import { readUnitStatus } from '../read/status-words.ts';
import type { ConflictReason } from '../../journal/booking.ts';
import type { BookingRow } from '../../journal/journal.ts';
import type { SheetView } from './sheet-view.ts';

/**
 * Whether staff's sheet leaves room for a booking that the journal holds, or why not. `gone` are
 * bookings that the journal no longer holds and the sheet may still show; `rentedByUs` says that the
 * unit is `RENTED` because we set it, for a booking that is among the others or over.
 */
export function conflictOf(
  view: SheetView,
  booking: BookingRow,
  context: {
    readonly today: IsoDate;
    readonly gone: ReadonlySet<string>;
    readonly rentedByUs: boolean;
  },
): ConflictReason | null {
  const { itemId, bookingId, startDay: start, endDay: end } = booking;
  const cell = view.statusOf('Equipment', itemId);
  if (!cell && view.hasEquipment) return 'unit-gone';
  const status = cell && readUnitStatus(cell.status).status;
  if (status === 'SOLD') return 'unit-gone';
  if (status === 'MAINTENANCE') return 'maintenance';
  const others = view.bookings.filter(
    (other) => other.bookingId !== bookingId && !context.gone.has(other.bookingId),
  );
  const taken = others.some(
    (other) =>
      itemKey(other.itemId) === itemKey(itemId) &&
      other.status !== 'CANCELLED' &&
      other.start <= end &&
      start <= other.end,
  );
  if (taken) return 'booked';
  const unit = findUnit(view.units, itemId);
  // A row with an unusable price is no reason to give a customer up.
  if (!unit) return null;
  if (context.rentedByUs && (unit.dueBack === null || unit.dueBack < start)) return null;
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

/** Of these bookings, those that the journal no longer holds. */
export async function readGone(
  { db }: StoreQueries,
  itemIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (itemIds.length === 0) return new Set();
  const rows = await db
    .selectFrom('bookings')
    .select('bookingId')
    .where('itemId', 'in', itemIds)
    .where('state', 'in', ['cancelled', 'conflict'])
    .execute();
  return new Set(rows.map(({ bookingId }) => bookingId));
}
