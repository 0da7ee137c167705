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
  /**
   * What became of the lines of a booking within `ms`: `conflict` of one is one of all, and `pending`
   * when the sheet has not confirmed all by then.
   */
  waitForState(
    bookingIds: readonly string[],
    options: { readonly ms: number; readonly signal: AbortSignal },
  ): Promise<'confirmed' | 'conflict' | 'pending'>;
  /** Bookings that were made on the phone, newest first. Whom they may be read to the tool decides. */
  find(query: BookingQuery): Promise<readonly JournalBooking[]>;
  /** Whose booking it is the tool has checked. All its lines are cancelled; twice is once. */
  cancel(code: string): Promise<CancelResult>;
  /** Changes lines of one booking of this call, all or none. The same change again is no other. */
  change(change: BookingChange): Promise<ChangeResult>;
  /** How many codes and names that are nobody's this number has tried within the last hour. */
  recentMisses(phone: string | null): Promise<number>;
  /** Notes one more of them. */
  noteMiss(phone: string | null): Promise<void>;
  /** Keeps a message for the staff, the same one once; `code` is what the caller may refer to. */
  takeMessage(message: MessageRequest): Promise<{ readonly code: string }>;
};

/** One machine of a booking. */
export type BookingLine = {
  readonly itemId: string;
  readonly start: IsoDate;
  readonly end: IsoDate;
  readonly totalCents: number;
};

/**
 * What the caller has confirmed: at least one machine, all different. `inventory` is what the answer
 * rests on, as fresh as it came.
 */
export type BookingRequest = {
  readonly lines: readonly BookingLine[];
  readonly customer: string;
  readonly phone: string;
  /** The number that the call comes from; null when it is withheld. */
  readonly callerPhone?: string | null;
  readonly inventory: Inventory;
};

/** `repeated` is true when this very booking had been made before, by a call of the tool or a job. */
export type CommitResult =
  | {
      readonly kind: 'committed';
      /** By line. */
      readonly bookings: readonly JournalBooking[];
      readonly repeated: boolean;
    }
  | Refused;

/** Of no line anything was done; `itemId` is the one that stands in the way. */
export type Refused = {
  readonly kind: 'refused';
  readonly itemId: string;
  readonly refusal: Refusal;
};

/** A booking as it is to be. Lines that are left out keep their machine and days. */
export type BookingChange = {
  readonly code: string;
  readonly lines: readonly (BookingLine & { readonly bookingId: string })[];
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
 * By the code that the caller was given, in any spelling; by the call that made them; or by number:
 * the one to reach the customer on, or the one that the call came from.
 */
export type BookingQuery =
  { readonly code: string } | { readonly callId: string } | { readonly phone: string };

/** `over`: its last day has passed. `bookings` are its lines as they are after the cancelling. */
export type CancelResult =
  | { readonly kind: 'cancelled'; readonly bookings: readonly JournalBooking[] }
  | { readonly kind: 'over'; readonly bookings: readonly JournalBooking[] }
  | { readonly kind: 'not-found' };

/** A message for the staff. `phone` is where they can call back. */
export type MessageRequest = {
  readonly customer: string | null;
  readonly phone: string | null;
  readonly text: string;
};
