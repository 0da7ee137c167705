import type { IsoDate } from '../yard/equipment.ts';

/**
 * Where a booking is on its way to the sheet.
 * - `pending`: committed, not yet seen in the sheet
 * - `confirmed`: read back from the sheet
 * - `conflict`: staff gave the unit away meanwhile; somebody calls the customer back
 * - `cancelled`: holds nothing any more
 */
export type BookingState = 'pending' | 'confirmed' | 'conflict' | 'cancelled';

/** Why staff's sheet and a booking do not go together. */
export type ConflictReason =
  'unit-gone' | 'maintenance' | 'booked' | 'rented' | 'cancelled-by-staff';

/** One booking made on the phone, as the journal keeps it. Money is in cents. */
export type JournalBooking = {
  /** The code that the caller hears, and the `Booking ID` in the sheet. */
  readonly bookingId: string;
  readonly callId: string;
  readonly itemId: string;
  readonly itemName: string;
  readonly start: IsoDate;
  readonly end: IsoDate;
  readonly customer: string;
  readonly phone: string;
  readonly totalCents: number;
  readonly state: BookingState;
  /** Set while `state` is `conflict`. */
  readonly conflict: ConflictReason | null;
  readonly createdAtMs: number;
};
