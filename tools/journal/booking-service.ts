import type { Schema } from '../../agent/infra/store/schema.ts';
import type { Inventory, IsoDate } from '../yard/equipment.ts';
import type { Availability } from '../yard/availability.ts';
import type { RentalRange } from '../yard/rental-dates.ts';
import type { JournalBooking } from './booking.ts';
import type { BookingDelivery, BookingDetails } from './booking-details.ts';

/**
 * The bookings of one call, for its tools. Every method rejects with a `StoreError` when the store
 * fails and nothing was booked, cancelled or taken down; one that writes rejects with an
 * `UnsureError` when nobody can tell: doing the same again settles it.
 */
export type BookingService = {
  /**
   * The yard's list as the sheet has it now, or null when the sheet did not answer within the
   * supervisor's budget (`equipmentLoadMs`) or no supervisor is there: go on with the snapshot.
   */
  freshInventory(options: { readonly signal: AbortSignal }): Promise<Inventory | null>;
  /** Writes the booking down for good, or refuses it. The same request again gives the same booking. */
  commit(request: BookingRequest): Promise<CommitResult>;
  /**
   * The state of a booking's lines within `ms`: a `conflict` of one is one of all, and `pending`
   * means that the sheet has not confirmed all by then.
   */
  waitForState(
    bookingIds: readonly string[],
    options: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<'confirmed' | 'conflict' | 'pending'>;
  /** Bookings made on the phone, newest first; the tool decides to whom they may be read. */
  find(query: BookingQuery): Promise<readonly JournalBooking[]>;
  /** Cancels all lines of a booking; twice is once. The tool has checked whose booking it is. */
  cancel(code: string): Promise<CancelResult>;
  /** Changes lines of one booking of this call, all or none. The same change again is no other. */
  change(change: BookingChange): Promise<ChangeResult>;
  /** Calls rentals off rent, each once: one that was called off before keeps its number. */
  callOffRent(request: OffRentRequest): Promise<OffRent>;
  /** The call-offs of these rentals, by key. */
  findOffRents(rentalKeys: readonly string[]): Promise<readonly OffRent[]>;
  /** The last word on texts to this number; null when whoever has it was never asked. */
  texts(phone: string): Promise<boolean | null>;
  /** Keeps the caller's word on texts to a number, for the booking with that code and all later ones. */
  keepTexts(word: TextConsent): Promise<void>;
  /** Counts the codes and names of nobody that this number has tried within the last hour. */
  recentMisses(phone: string | null): Promise<number>;
  /** Notes one more code or name of nobody. */
  noteMiss(phone: string | null): Promise<void>;
  /** Keeps a message for the staff, the same one once; `code` is what the caller may refer to. */
  takeMessage(message: MessageRequest): Promise<{ readonly code: string }>;
};

/** One machine of a booking, with its days and times. */
export type BookingLine = RentalRange & {
  readonly itemId: string;
  /** The rental's, without a delivery. */
  readonly totalCents: number;
  /** Tells lines of one row of several machines apart: 0 (or left out) for the first, then 1. */
  readonly nth?: number;
};

/**
 * The caller has confirmed these lines: at least one, all of different machines. The answer rests
 * on `inventory`, as fresh as it came.
 */
export type BookingRequest = {
  readonly lines: readonly BookingLine[];
  readonly customer: string;
  readonly phone: string;
  readonly details?: BookingDetails | undefined;
  /** The number that the call comes from; null when it is withheld. */
  readonly callerPhone?: string | null;
  readonly inventory: Inventory;
  /** The days continue a rental that staff wrote: they get `note`, and confirm. */
  readonly continues?: { readonly bookingId: string; readonly note: string };
};

/** `repeated` is true when this very booking had been made before, by a call of the tool or a job. */
export type CommitResult =
  | {
      readonly kind: 'committed';
      /** One for each line, in order. */
      readonly bookings: readonly JournalBooking[];
      readonly repeated: boolean;
    }
  | Refused;

/** Nothing was done to any line; `itemId` is the machine that stands in the way. */
export type Refused = {
  readonly kind: 'refused';
  readonly itemId: string;
  readonly refusal: Refusal;
};

/** A booking as it is to be. Lines that are left out keep their machine, days and times. */
export type BookingChange = {
  readonly code: string;
  readonly lines: readonly (BookingLine & { readonly bookingId: string })[];
  /** Further machines, as lines of their own. */
  readonly added?: readonly BookingLine[];
  /** The ids of lines that are given up. */
  readonly dropped?: readonly string[];
  /** The delivery as it is to be; null for none. Left out, it stays. */
  readonly delivery?: BookingDelivery | null | undefined;
  /** Staff get this message with the change. */
  readonly note?: string;
  readonly customer: string;
  readonly phone: string;
  readonly inventory: Inventory;
};

/** `gone`: a line of it is no longer held; nothing was changed. */
export type ChangeResult =
  | { readonly kind: 'changed'; readonly bookings: readonly JournalBooking[] }
  | { readonly kind: 'gone' }
  | Refused;

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

/**
 * Bookings are found by the code that the caller was given, in any spelling; by the call that made
 * them; or by number: the one to reach the customer on, or the one that the call came from.
 */
export type BookingQuery =
  { readonly code: string } | { readonly callId: string } | { readonly phone: string };

/** `over`: its last day has passed. `bookings` are its lines as they are after the cancelling. */
export type CancelResult =
  | { readonly kind: 'cancelled'; readonly bookings: readonly JournalBooking[] }
  | { readonly kind: 'over'; readonly bookings: readonly JournalBooking[] }
  | { readonly kind: 'not-found' };

/** A caller's yes or no to texts. */
export type TextConsent = {
  readonly phone: string;
  readonly code: string | null;
  readonly isWelcome: boolean;
};

/** A message for the staff. `phone` is where they can call back. */
export type MessageRequest = {
  readonly customer: string | null;
  readonly phone: string | null;
  readonly text: string;
  /** As in the store; absent: what somebody wants to be passed on. */
  readonly kind?: Exclude<Schema['messages']['kind'], null>;
};

/** Machines that the caller is done with: staff are to fetch them. */
export type OffRentRequest = {
  readonly rentals: readonly {
    /** The booking's line, or the key of a rental that staff wrote. */
    readonly rentalKey: string;
    readonly itemId: string;
    readonly itemName: string;
  }[];
  readonly customer: string;
  readonly phone: string;
  /** The message for staff, without the number of the call-off. */
  readonly note: string;
};

/** A call-off: `code` is the off-rent number, `calledAtMs` when it was first called. */
export type OffRent = {
  readonly rentalKey: string;
  readonly code: string;
  readonly calledAtMs: number;
};
