/** A calendar day in the yard's time zone, `YYYY-MM-DD`. */
export type IsoDate = string;

/** Whether a unit can go out, as staff keep it in the sheet's `Status` column. */
export type UnitStatus = 'AVAILABLE' | 'RENTED' | 'MAINTENANCE';

/** One rentable machine: one row of the `Equipment` tab. Money is in cents. */
export type Unit = {
  readonly itemId: string;
  readonly name: string;
  readonly category: string | null;
  readonly dailyRateCents: number;
  readonly weeklyRateCents: number | null;
  readonly fourWeekRateCents: number | null;
  readonly depositCents: number | null;
  readonly status: UnitStatus;
  readonly dueBack: IsoDate | null;
  readonly notes: string | null;
};

/** One row of the `Bookings` tab. Both days are included; `CANCELLED` ones hold nothing. */
export type SheetBooking = {
  readonly bookingId: string;
  readonly itemId: string;
  readonly start: IsoDate;
  readonly end: IsoDate;
  readonly status: 'CONFIRMED' | 'CANCELLED';
};

/** What the `Yard` tab says about the business; the owner changes it without a deploy. */
export type Yard = {
  readonly name: string;
  /** IANA name, such as `America/Chicago`: it decides what "today" is. */
  readonly timeZone: string;
  readonly openingHours: string | null;
  readonly address: string | null;
  readonly delivery: string | null;
  readonly depositRules: string | null;
  readonly identificationRules: string | null;
  readonly transferTo: readonly string[];
  readonly greeting: string | null;
};

/** All that a call knows of the yard, as read from the sheet at `fetchedAtMs` (Unix time). */
export type Inventory = {
  readonly units: readonly Unit[];
  readonly bookings: readonly SheetBooking[];
  /** False when the sheet has no tab for them. */
  readonly hasBookingsTab: boolean;
  readonly yard: Yard;
  readonly fetchedAtMs: number;
};

/** The time zone of a yard that names none, or whose sheet was never read. */
export const defaultTimeZone = 'America/Chicago';
