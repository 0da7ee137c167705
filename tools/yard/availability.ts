import type { IsoDate, SheetBooking, Unit } from './equipment.ts';
import { heldDaysOf } from './held-days.ts';
import { addDays, daysIn, type RentalRange } from './rental-dates.ts';

/** A unit's freedom on a range of days, or the reason that it cannot go out. */
export type Availability =
  | {
      readonly free: true;
      /** Set when staff wrote a return date that has passed while the unit is still out. */
      readonly overdueSince: IsoDate | null;
    }
  | { readonly free: false; readonly reason: 'maintenance' }
  /** Staff keep it for somebody, without saying when. */
  | { readonly free: false; readonly reason: 'reserved' }
  /** The unit's status, or a row of a booking of it, cannot be read: somebody must look. */
  | { readonly free: false; readonly reason: 'unclear' }
  /** A booking holds it on one of the days; `until` is the last day of the latest such booking. */
  | { readonly free: false; readonly reason: 'booked'; readonly until: IsoDate }
  /** Staff expect the unit back on `until`, which is not before the first day. */
  | { readonly free: false; readonly reason: 'rented'; readonly until: IsoDate }
  /** Staff rented it out by hand, and nothing says when the unit comes back. */
  | { readonly free: false; readonly reason: 'rented-no-date' };

/**
 * A unit is free when nothing holds it on any day of `range`, both ends included; a row of several is
 * when `needed` of them are. A `RENTED` one is free once it is back: before `range` begins by its
 * `Due back`, which staff keep and so wins, or else by the booking that has it out today. ISO dates
 * compare as text. What the bookings hold is worked out once for each list.
 */
export function availabilityOf(
  unit: Unit,
  bookings: readonly SheetBooking[],
  range: RentalRange,
  today: IsoDate,
  needed = 1,
): Availability {
  if (unit.status === 'MAINTENANCE') return { free: false, reason: 'maintenance' };
  if (unit.status === 'RESERVED') return { free: false, reason: 'reserved' };
  if (unit.status === 'UNCLEAR' || unit.status === 'SOLD')
    return { free: false, reason: 'unclear' };
  const held = heldDaysOf(bookings, unit.itemId);
  const total = unit.quantity ?? 1;
  const most = held.most(range);
  if (most + needed > total) {
    const until = held.lastEnd(range);
    if (until !== null) return { free: false, reason: 'booked', until };
  }
  // Which of several alike an unreadable row is of, and how many, nobody can tell.
  if (most + held.unclear(range) + needed > total) return { free: false, reason: 'unclear' };
  if (unit.status === 'AVAILABLE') return { free: true, overdueSince: null };
  return whenBack(unit, held.lastEnd({ start: today, end: today }), { range, today });
}

/** The machines of the row that are free on all days of `range`: of one machine, one or none. */
export function freeCount(
  unit: Unit,
  bookings: readonly SheetBooking[],
  range: RentalRange,
  today: IsoDate,
): number {
  if (!availabilityOf(unit, bookings, range, today).free) return 0;
  const held = heldDaysOf(bookings, unit.itemId);
  return (unit.quantity ?? 1) - held.most(range) - held.unclear(range);
}

function whenBack(
  { dueBack }: Unit,
  bookedUntil: IsoDate | null,
  { range, today }: { range: RentalRange; today: IsoDate },
): Availability {
  const back = dueBack ?? bookedUntil;
  if (back === null) return { free: false, reason: 'rented-no-date' };
  if (back >= range.start) return { free: false, reason: 'rented', until: back };
  return { free: true, overdueSince: bookedUntil === null && back < today ? back : null };
}

/**
 * The first day from `range.start` on from which the unit is free for as many days as `range` has,
 * or null when nothing says when that will be.
 */
export function nextFreeStart(
  unit: Unit,
  bookings: readonly SheetBooking[],
  range: RentalRange,
  today: IsoDate,
): IsoDate | null {
  const length = daysIn(range);
  // It becomes free only on the day after something ends; what nobody can read has no known end.
  const ends = heldDaysOf(bookings, unit.itemId).endsFrom(range.start);
  const starts = [...ends, ...(unit.dueBack === null ? [] : [unit.dueBack])]
    .map((end) => addDays(end, 1))
    .filter((start) => start > range.start);
  return (
    [range.start, ...starts.sort()].find((start) => {
      const shifted = { start, end: addDays(start, length - 1) };
      return availabilityOf(unit, bookings, shifted, today).free;
    }) ?? null
  );
}

/** Two rentals share a day; both days of each count. */
export function overlaps(a: RentalRange, b: RentalRange): boolean {
  return a.start <= b.end && b.start <= a.end;
}
