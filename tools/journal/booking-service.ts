import type { Inventory, IsoDate } from '../yard/equipment.ts';
import type { Availability } from '../yard/availability.ts';
import type { JournalBooking } from './booking.ts';

/**
 * What the tools of one call do with bookings. Which call it is the desk knows. All methods reject
 * with a `StoreError` when the store fails: then nothing was booked, cancelled or taken down; and
 * those that write with an `UnsureError` when that cannot be told: doing it again settles it.
 */
export type BookingService = {
  /**
   * The yard's list as the sheet has it now, or null when the sheet did not answer within the
   * supervisor's budget (`equipmentLoadMs`) or no supervisor is there: go on with the snapshot.
   */
  freshInventory(options: { readonly signal: AbortSignal }): Promise<Inventory | null>;
  /** Writes the booking down for good, or refuses it. The same request again gives the same booking. */
  commit(request: BookingRequest): Promise<CommitResult>;
  /** What became of a booking within `ms`: `pending` when the sheet has not confirmed it by then. */
  waitForState(
    bookingId: string,
    options: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<'confirmed' | 'conflict' | 'pending'>;
  /** Bookings that were made on the phone, newest first. Whom they may be read to the tool decides. */
  find(query: BookingQuery): Promise<readonly JournalBooking[]>;
  /** Whose booking it is the tool has checked. Cancelling twice is once. */
  cancel(bookingId: string): Promise<CancelResult>;
  /** Keeps a message for the staff, the same one once; `code` is what the caller may refer to. */
  takeMessage(message: MessageRequest): Promise<{ readonly code: string }>;
};

/** What the caller has confirmed. `inventory` is what the answer rests on, as fresh as it came. */
export type BookingRequest = {
  readonly itemId: string;
  readonly start: IsoDate;
  readonly end: IsoDate;
  readonly customer: string;
  readonly phone: string;
  readonly totalCents: number;
  readonly inventory: Inventory;
};

/** `repeated` is true when this very booking had been made before, by a call of the tool or a job. */
export type CommitResult =
  | { readonly kind: 'committed'; readonly booking: JournalBooking; readonly repeated: boolean }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** `own` is the booking of this same call that holds the unit, if it is one. */
export type Refusal =
  | { readonly reason: 'no-such-unit' }
  | Exclude<UnavailableFor, { readonly reason: 'booked' }>
  | {
      readonly free: false;
      readonly reason: 'booked';
      /** The last day of the latest booking in the way. */
      readonly until: IsoDate;
      readonly own: JournalBooking | null;
    };

type UnavailableFor = Exclude<Availability, { readonly free: true }>;

/** By the code that the caller was given, in any spelling; or by number together with the name. */
export type BookingQuery =
  { readonly code: string } | { readonly phone: string; readonly customer: string };

/** `over`: its last day has passed. `booking` is as it is after the cancelling. */
export type CancelResult =
  | { readonly kind: 'cancelled'; readonly booking: JournalBooking }
  | { readonly kind: 'over'; readonly booking: JournalBooking }
  | { readonly kind: 'not-found' };

/** A message for the staff. `phone` is where they can call back. */
export type MessageRequest = {
  readonly customer: string | null;
  readonly phone: string | null;
  readonly text: string;
};
