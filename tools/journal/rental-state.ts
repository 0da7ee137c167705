import { lateDays, type Inventory, type IsoDate } from '../yard/equipment.ts';
import { addDays } from '../yard/rental-dates.ts';
import type { JournalBooking } from './booking.ts';

/**
 * A rental's place in its life; the days tell some of it, the journal and the sheet the rest.
 *
 * ```
 * held -> confirmed -> out -> off-rent-called -> returned
 *    \-> conflict  \-> cancelled
 * ```
 * - `held`: committed, not yet seen in the sheet
 * - `confirmed`: in the sheet, and not begun
 * - `out`: from its first day on, until its row is closed or it is long over
 * - `off-rent-called`: the customer is done with it, and the yard fetches it
 * - `returned`: staff closed its row, or its last day is long past
 */
export type RentalState =
  'held' | 'confirmed' | 'out' | 'off-rent-called' | 'returned' | 'cancelled' | 'conflict';

/** A caller's wish for a rental of theirs. */
export type RentalDeed = 'change' | 'extend' | 'return-early' | 'call-off' | 'cancel';

/** A caller may do this by themselves in each state; the rest is a matter for staff. */
const deeds: Readonly<Record<RentalState, readonly RentalDeed[]>> = {
  held: ['change', 'extend', 'cancel'],
  confirmed: ['change', 'extend', 'cancel'],
  out: ['extend', 'return-early', 'call-off'],
  'off-rent-called': [],
  returned: [],
  cancelled: [],
  conflict: [],
};

type Rental = Pick<
  JournalBooking,
  'bookingId' | 'itemId' | 'start' | 'end' | 'state' | 'offRentCode' | 'isChanging'
>;

/** The state of a rental on `today`, by the journal and by what the sheet's rows say of it. */
export function rentalState(
  rental: Rental,
  {
    today,
    bookings,
    rentals = [],
  }: Pick<Inventory, 'bookings' | 'rentals'> & { readonly today: IsoDate },
): RentalState {
  const { state, start, end } = rental;
  if (state === 'cancelled' || state === 'conflict') return state;
  const rows = bookings.filter((row) => row.bookingId === rental.bookingId);
  // A row whose last day has passed holds nothing; it is closed when it says so.
  const isOpen = rentals.some((row) => row.bookingId === rental.bookingId);
  const isClosed = rows.length > 0 && rows.every((row) => row.status === 'CANCELLED') && !isOpen;
  if ((isClosed && start <= today) || addDays(end, lateDays) < today) return 'returned';
  if (rental.offRentCode !== undefined) return 'off-rent-called';
  if (start <= today) return 'out';
  return state === 'pending' ? 'held' : 'confirmed';
}

/** True when the caller may do so; on its first day a rental may not have been picked up yet. */
export function may(deed: RentalDeed, rental: Rental, about: Parameters<typeof rentalState>[1]) {
  const state = rentalState(rental, about);
  const isFirstDay = state === 'out' && rental.start === about.today;
  return deeds[state].includes(deed) || (isFirstDay && deeds.confirmed.includes(deed));
}
