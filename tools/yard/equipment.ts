import type { Contact } from './on-duty.ts';
import type { RentalRules } from './rental-rules.ts';

/** A calendar day in the yard's time zone, `YYYY-MM-DD`. */
export type IsoDate = string;

/**
 * Staff's word on a unit in the sheet's `Status` column, whichever words they use. `RESERVED` and
 * `UNCLEAR` (words that nobody can place) are not offered; `SOLD` ones are not listed.
 */
export type UnitStatus = 'AVAILABLE' | 'RENTED' | 'MAINTENANCE' | 'RESERVED' | 'SOLD' | 'UNCLEAR';

/** One row of the `Equipment` tab: a machine, or several alike. Money is in cents. */
export type Unit = {
  readonly itemId: string;
  readonly name: string;
  readonly category: string | null;
  /** Null when the sheet has none that can be read: it is offered, and somebody calls with the price. */
  readonly dailyRateCents: number | null;
  readonly weeklyRateCents: number | null;
  readonly fourWeekRateCents: number | null;
  readonly depositCents: number | null;
  readonly status: UnitStatus;
  readonly dueBack: IsoDate | null;
  readonly notes: string | null;
  /** Other names that callers have for it, parted by commas. */
  readonly alsoCalled?: string | null;
  /** The machines that the row stands for; one when left out. */
  readonly quantity?: number;
  /** Rates for other times than days and weeks; left out when there are none. */
  readonly otherRates?: OtherRates | undefined;
};

/** The prices of half a day and of the yard's weekend, in cents. */
export type OtherRates = {
  readonly halfDayCents?: number | undefined;
  readonly weekendCents?: number | undefined;
};

/**
 * One machine of a row of the `Bookings` tab. Both days are included; `CANCELLED` ones hold nothing.
 * `UNCLEAR` is a row that could not be read whole: it holds from its readable day on (`firstDay` when
 * there is none) through `lastDay`, until somebody settles it.
 */
export type SheetBooking = {
  readonly bookingId: string;
  readonly itemId: string;
  readonly start: IsoDate;
  readonly end: IsoDate;
  readonly status: 'CONFIRMED' | 'CANCELLED' | 'UNCLEAR';
  /** The machines of its row that it holds on each day; one when left out. */
  readonly quantity?: number;
};

/** A rental of a row of `Bookings` that is not over, and whom it is of; the caller's own alone is told. */
export type StaffRental = {
  /** The row's id; empty when it has none. */
  readonly bookingId: string;
  readonly itemId: string;
  readonly start: IsoDate;
  readonly end: IsoDate;
  readonly customer: string;
  /** As it stands in the sheet. */
  readonly phone: string;
  readonly totalCents: number | null;
};

/** A machine that nobody marked as returned is still out for so long after its last day. */
export const lateDays = 14;

/** A day before all that a booking can have. */
export const firstDay: IsoDate = '2000-01-01';
/** A day after all that a booking can have. */
export const lastDay: IsoDate = '2099-12-31';

/** One area with its fee, by ZIP codes or by the name of a town. */
export type DeliveryZone = {
  readonly place: { readonly from: string; readonly to: string } | { readonly town: string };
  readonly cents: number;
};

/** The yard's table of delivery fees. Money is in cents, and for one way when `isEachWay`. */
export type DeliveryRules = {
  readonly zones?: readonly DeliveryZone[] | undefined;
  readonly baseCents?: number | undefined;
  /** Miles that the base covers. */
  readonly includedMiles?: number | undefined;
  readonly perMileCents?: number | undefined;
  readonly isEachWay?: boolean | undefined;
  /** The yard's own hours of the day, as it writes them. */
  readonly windows?: readonly string[] | undefined;
};

/** A row of the `Yard` tab that no code reads, as callers may hear it. */
export type YardFact = readonly [key: string, text: string];

/** The business by its `Yard` tab, which the owner changes without a deploy. */
export type Yard = {
  readonly name: string;
  /** IANA name, such as `America/Chicago`: it decides what "today" is. */
  readonly timeZone: string;
  /** ISO 4217 code of what prices are in. */
  readonly currency: string;
  readonly openingHours: string | null;
  readonly address: string | null;
  /** The number that customers get with a confirmation, E.164. */
  readonly phone?: string | undefined;
  readonly delivery: string | null;
  readonly depositRules: string | null;
  readonly identificationRules: string | null;
  /** Who takes calls, in the order in which they are rung. */
  readonly transferTo: readonly Contact[];
  readonly greeting: string | null;
  /** The yard's own words for the notices of the greeting; an empty `ai` is left out. */
  readonly notices?:
    { readonly ai?: string | undefined; readonly recording?: string | undefined } | undefined;
  /** Who is rung when a machine breaks down on site. */
  readonly breakdown?: readonly Contact[] | undefined;
  /** The yard's own words to a caller in an emergency. */
  readonly emergency?: string | undefined;
  /** The table of delivery fees, as far as code can read it. */
  readonly deliveryRules?: DeliveryRules | undefined;
  /** What else the tab says. */
  readonly facts?: readonly YardFact[] | undefined;
  /** The yard's own rules of renting. */
  readonly rules?: RentalRules | undefined;
  /** The limits that the tab names. */
  readonly limits?:
    { readonly [Key in keyof YardLimits]?: YardLimits[Key] | undefined } | undefined;
};

/** All that a call knows of the yard, as read from the sheet at `fetchedAtMs` (Unix time). */
export type Inventory = {
  readonly units: readonly Unit[];
  readonly bookings: readonly SheetBooking[];
  /** The rows of rentals that are not over, with their customers; absent in an older snapshot. */
  readonly rentals?: readonly StaffRental[] | undefined;
  /** False when the sheet has no tab for them. */
  readonly hasBookingsTab: boolean;
  readonly yard: Yard;
  readonly fetchedAtMs: number;
};

/** The time zone of a yard that names none, or whose sheet was never read. */
export const defaultTimeZone = 'America/Chicago';

/** The currency of a yard that names none, in a sheet whose locale has none of its own. */
export const defaultCurrency = 'USD';

/** The most that one caller may have written down by themselves; past it a person is asked. */
export type YardLimits = {
  readonly machinesPerCall: number;
  readonly daysPerBooking: number;
  readonly bookingsPerNumberPerDay: number;
  readonly messagesPerCall: number;
  readonly daysAhead: number;
  /** E.164. For calls from these there is no end of machines a call and bookings a day. */
  readonly trustedNumbers: readonly string[];
  /** E.164. Calls from these are turned away before the answer. */
  readonly blockedNumbers: readonly string[];
};

/** One call booked 40 of 40 machines for a year each, and left 500 messages. */
export const defaultLimits: YardLimits = {
  machinesPerCall: 6,
  daysPerBooking: 60,
  bookingsPerNumberPerDay: 6,
  messagesPerCall: 3,
  daysAhead: 365,
  trustedNumbers: [],
  blockedNumbers: [],
};

/** The limits of a yard: those that its tab does not name are the default ones. */
export function limitsOf(yard: Pick<Yard, 'limits'> | undefined): YardLimits {
  const named = Object.entries(yard?.limits ?? {}).filter(([, limit]) => limit !== undefined);
  return { ...defaultLimits, ...(Object.fromEntries(named) as Partial<YardLimits>) };
}
