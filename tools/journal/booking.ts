import type { RentalRange } from '../yard/rental-dates.ts';
import { feeOf, timesOf, type BookingDetails } from './booking-details.ts';

/**
 * A booking's place on its way to the sheet.
 * - `pending`: committed, not yet seen in the sheet
 * - `confirmed`: read back from the sheet
 * - `conflict`: staff gave the unit away meanwhile; somebody calls the customer back
 * - `cancelled`: holds nothing any more
 */
export type BookingState = 'pending' | 'confirmed' | 'conflict' | 'cancelled';

/** True for a booking that holds its machine. A conflict holds nothing: staff gave the machine away. */
export function isLive({ state }: { readonly state: BookingState }): boolean {
  return state === 'pending' || state === 'confirmed';
}

/**
 * Staff's sheet and a booking do not go together for this reason. `other-line`: the machine was
 * asked for together with one that could not be had.
 */
export type ConflictReason =
  'unit-gone' | 'maintenance' | 'booked' | 'rented' | 'cancelled-by-staff' | 'other-line';

/** One machine of a booking made on the phone, as the journal keeps it. Money is in cents. */
export type JournalBooking = RentalRange & {
  /** The `Booking ID` in the sheet. */
  readonly bookingId: string;
  /** The caller hears this code, which all machines of one booking share. */
  readonly code: string;
  readonly callId: string;
  readonly itemId: string;
  readonly itemName: string;
  readonly customer: string;
  readonly phone: string;
  /** With the fee of a delivery, which stands with the first machine. */
  readonly totalCents: number;
  readonly state: BookingState;
  /** Set while `state` is `conflict`. */
  readonly conflict: ConflictReason | null;
  /** The sheet's row may still show what it was before a change. */
  readonly isChanging?: boolean;
  /** The off-rent number, once the rental was called off. */
  readonly offRentCode?: string;
  /** Staff's own rental that these days continue, until staff confirm. */
  readonly continues?: string;
  readonly details?: BookingDetails | undefined;
  readonly createdAtMs: number;
};

/** The price of a machine without its delivery. */
export function rentOf({ totalCents, details }: JournalBooking): number {
  return totalCents - feeOf(details);
}

/** The days and times of a machine, and nothing else of its booking. */
export function termOf(booking: RentalRange): RentalRange {
  return { start: booking.start, end: booking.end, ...timesOf(booking) };
}
