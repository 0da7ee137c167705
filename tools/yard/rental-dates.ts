import type { IsoDate } from './equipment.ts';

/** A calendar day as an integer: days since 1 January 1970. Adding 7 is always one week later. */
export type DayNumber = number;

/** The days a machine is out. Both ends are included: a rental of one day has `start === end`. */
export type RentalRange = {
  readonly start: IsoDate;
  readonly end: IsoDate;
  /** Minutes of the first day, when the caller named a time or the price needs one. */
  readonly pickUpAt?: number | undefined;
  /** Minutes of the last day. */
  readonly returnBy?: number | undefined;
  /** Half of the one day. */
  readonly isHalfDay?: boolean | undefined;
};

/** The faults for which dates cannot be rented. */
export type RentalDatesProblem =
  'not-a-time' | 'not-a-date' | 'reversed' | 'past' | 'too-long' | 'too-far';

/** Dates that can be rented, or what is wrong with them, worded for the caller. */
export type RentalDates =
  | { readonly ok: true; readonly range: RentalRange }
  | { readonly ok: false; readonly problem: RentalDatesProblem; readonly say: string };

/** Longer rentals are agreed with a person; a longer range is more likely a date heard wrong. */
export const maxRentalDays = 366;
/** Bookings further ahead are agreed with a person, for the same reason. */
export const maxDaysAhead = 730;

const msPerDay = 86_400_000;
const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The day that `YYYY-MM-DD` names, or null when it is written otherwise or no such day exists. */
export function dayNumber(iso: string): DayNumber | null {
  const [, year, month, date] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(iso) ?? [];
  if (!year || !month || !date) return null;
  const day = Date.UTC(Number(year), Number(month) - 1, Number(date)) / msPerDay;
  // Date.UTC turns 30 February into 2 March: only a real day comes back as it was written.
  return isoDate(day) === iso ? day : null;
}

/** The day as `YYYY-MM-DD`. */
export function isoDate(day: DayNumber): IsoDate {
  const known = isoDates.get(day);
  if (known !== undefined) return known;
  const iso = new Date(day * msPerDay).toISOString().slice(0, 10);
  if (isoDates.size < mostIsoDates) isoDates.set(day, iso);
  return iso;
}

/** One answer goes over the same few hundred days thousands of times. */
const isoDates = new Map<DayNumber, IsoDate>();
const mostIsoDates = 5_000;

/**
 * The day `days` later (earlier when negative).
 * @throws {RangeError} when `iso` is not a day.
 */
export function addDays(iso: IsoDate, days: number): IsoDate {
  return isoDate(knownDay(iso) + days);
}

/**
 * The days of a rental, both ends included.
 * @throws {RangeError} when an end is not a day.
 */
export function daysIn(range: RentalRange): number {
  return knownDay(range.end) - knownDay(range.start) + 1;
}

/** The days of a rental, one by one. @throws as `daysIn`. */
export function daysOf(range: RentalRange): readonly IsoDate[] {
  return Array.from({ length: daysIn(range) }, (_, offset) => addDays(range.start, offset));
}

/**
 * The range with the times of day that another one had, where it names none of its own. What cannot
 * be of one day alone is left out.
 */
export function withTimesOf(range: RentalRange, before: RentalRange): RentalRange {
  const isOneDay = range.start === range.end;
  const pickUpAt = range.pickUpAt ?? before.pickUpAt;
  const returnBy = range.returnBy ?? before.returnBy;
  const isHalfDay = range.isHalfDay ?? before.isHalfDay;
  const isReversed = isOneDay && (pickUpAt ?? 0) >= (returnBy ?? Infinity);
  return {
    ...range,
    ...(pickUpAt !== undefined && !isReversed && { pickUpAt }),
    ...(returnBy !== undefined && !isReversed && { returnBy }),
    ...(isHalfDay && isOneDay && { isHalfDay }),
  };
}

/** The range is of these days, at these times as far as it names any. */
export function isSameTerm(range: RentalRange, other: RentalRange): boolean {
  const same = (a: unknown, b: unknown) => a === undefined || a === b;
  return (
    isSameRange(range, other) &&
    same(range.pickUpAt, other.pickUpAt) &&
    same(range.returnBy, other.returnBy) &&
    same(range.isHalfDay, other.isHalfDay)
  );
}

/** Two rentals are of the same days, whatever their times. */
export function isSameRange(a: RentalRange, b: RentalRange): boolean {
  return a.start === b.start && a.end === b.end;
}

/**
 * The English name of the day of the week.
 * @throws {RangeError} when `iso` is not a day.
 */
export function weekday(iso: IsoDate): string {
  // Day 0 was a Thursday. The second remainder keeps days before 1970 positive.
  return weekdays[(((knownDay(iso) + 4) % 7) + 7) % 7] ?? '';
}

/**
 * Today's date in the yard's zone (an IANA name such as `America/Chicago`).
 * @throws {RangeError} when there is no such zone.
 */
export function todayIn(timeZone: string, clock: { nowMs(): number }): IsoDate {
  const parts = dateFormat(timeZone).formatToParts(clock.nowMs());
  const part = (type: 'year' | 'month' | 'day') => parts.find((p) => p.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/** Kept, because making one takes several times as long as using it. */
const dateFormats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(timeZone: string): Intl.DateTimeFormat {
  const known = dateFormats.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  dateFormats.set(timeZone, made);
  return made;
}

/**
 * Checks the dates a caller asked for, as the model wrote them down, against the yard's today, and
 * against what may be booked without a person when that is what they are for. `country` is the yard's:
 * where `1/12` may be either of two days, the caller is asked.
 */
export function rentalDates(
  start: string,
  end: string,
  today: IsoDate,
  limits?: { readonly daysPerBooking: number; readonly daysAhead: number },
  country = 'US',
): RentalDates {
  const first = dayNumber(writtenDay(start, today, country));
  const last = dayNumber(writtenDay(end, today, country));
  const now = knownDay(today);
  if (first === null) return notADate(start, country);
  if (last === null) return notADate(end, country);
  if (last < first) {
    return refuse('reversed', 'The return date is before the start date. Which days do you need?');
  }
  if (first < now) {
    return refuse('past', 'That start date has already passed. Which day would you like to start?');
  }
  if (first - now > maxDaysAhead) {
    return refuse('too-far', 'That is too far ahead for me to look up. Which date do you need?');
  }
  if (last - first + 1 > maxRentalDays) {
    return refuse(
      'too-long',
      'A rental of more than a year is arranged with our staff. Is there a shorter time you need?',
    );
  }
  if (limits && first - now > limits.daysAhead) {
    const say = `I can't book more than ${limits.daysAhead} days ahead. ${askMessage}`;
    return refuse('too-far', say);
  }
  if (limits && last - first + 1 > limits.daysPerBooking) {
    const say = `A rental of more than ${limits.daysPerBooking} days is arranged with our staff. ${askMessage}`;
    return refuse('too-long', say);
  }
  return { ok: true, range: { start: isoDate(first), end: isoDate(last) } };
}

const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
/** A model's date that is longer past has the year of before in it; a caller means the days to come. */
const lastYearDays = 180;

/** Countries in which `12/1` is the first of December; in all others nobody can tell. */
const monthFirst = ['US', 'PR', 'GU', 'VI', 'PH', 'BZ'];
const slashed = /^(\d{1,2})[/-](\d{1,2})(?:[/-](\d{4}|\d\d))?$/;

/** Month and day of `12/1/2026`, in the order of the country; null when both are possible there. */
function slashedDay(text: string, country: string): readonly [month: string, day: string] | null {
  const [, first = '', second = ''] = slashed.exec(text) ?? [];
  if (first === '') return null;
  if (Number(first) > 12) return [second, first];
  if (Number(second) > 12 || first === second || monthFirst.includes(country)) {
    return [first, second];
  }
  return null;
}

/**
 * A day as models write one, as `YYYY-MM-DD`: with a time behind it, `12/01/2026`, `Dec 1`,
 * or with last year's number where the same day of the coming half year is meant. What cannot be
 * mistaken is taken; else it is returned as it came, which is no date, or one that is past.
 */
export function writtenDay(written: string, today: IsoDate, country = 'US'): string {
  const text = written.trim().toLowerCase();
  const [, isoYear, isoMonth, isoDay] = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ].*)?$/.exec(text) ?? [];
  const [slashMonth, slashDay] = slashedDay(text, country) ?? [];
  const slashYear = slashed.exec(text)?.[3];
  const [, , before, name, after, namedYear] =
    /^((?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?(?:(\d{1,2})(?:st|nd|rd|th)? (?:of )?)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?(?: (\d{1,2})(?:st|nd|rd|th)?)?(?:,? (\d{4}))?$/.exec(
      text,
    ) ?? [];
  const month = isoMonth ?? slashMonth ?? (name && String(months.indexOf(name) + 1));
  const date = isoDay ?? slashDay ?? before ?? after;
  const year = isoYear ?? slashYear ?? namedYear;
  if (month === undefined || date === undefined || (before && after)) return written;
  const two = (part: string) => part.padStart(2, '0');
  const inYear = (of: string | number) => `${of}-${two(month)}-${two(date)}`;
  const thisYear = Number(today.slice(0, 4));
  if (year === undefined) {
    return [thisYear, thisYear + 1].map(inYear).find((day) => day >= today) ?? written;
  }
  const day = inYear(year.length === 2 ? `20${year}` : year);
  const now = knownDay(today);
  const passed = now - (dayNumber(day) ?? now);
  if (passed <= lastYearDays || passed > 2 * 366) return day;
  const coming = [thisYear, thisYear + 1].map(inYear).find((of) => of >= today) ?? day;
  return (dayNumber(coming) ?? Infinity) - now <= lastYearDays ? coming : day;
}

const askMessage = 'Shall I take a message, so that someone calls you back?';

function notADate(written: string, country: string): RentalDates {
  const text = written.trim();
  const [, first, second] = slashed.exec(text) ?? [];
  if (first !== undefined && second !== undefined && slashedDay(text, country) === null) {
    const [one, other] = [monthAndDay(first, second), monthAndDay(second, first)];
    return refuse('not-a-date', `Is that ${one}, or ${other}?`);
  }
  const looksLikeADate = /^\d{4}-\d\d-\d\d/.test(written);
  return refuse(
    'not-a-date',
    looksLikeADate
      ? 'That date is not on the calendar. Which day do you mean?'
      : 'I did not get the date. Which day do you need it?',
  );
}

/** `January 12`. */
function monthAndDay(month: string, day: string): string {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: 'UTC',
    month: 'long',
    day: 'numeric',
  });
  return format.format(Date.UTC(2028, Number(month) - 1, Number(day)));
}

function refuse(problem: RentalDatesProblem, say: string): RentalDates {
  return { ok: false, problem, say };
}

function knownDay(iso: IsoDate): DayNumber {
  const day = dayNumber(iso);
  if (day === null) throw new RangeError(`Not a calendar day: ${iso}`);
  return day;
}
