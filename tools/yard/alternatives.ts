import { availabilityOf } from './availability.ts';
import type { IsoDate, Unit } from './equipment.ts';
import { addDays, daysIn, type RentalRange } from './rental-dates.ts';
import type { Snapshot } from './snapshot.ts';
import { withTwins } from './interchangeable-units.ts';
import { alikeUnits } from './search.ts';
import { checkUnit, type CheckedUnit } from './unit-facts.ts';

/** Offers to a caller whose unit is not free on the days they need. */
export type Alternatives = {
  /** Other machines that do the same and are free on the same days, each name once. */
  readonly others: readonly CheckedUnit[];
  /** The same machine for as long, as near to the days as there is; null when nothing is known. */
  readonly sameAt: RentalRange | null;
};

const maxOthers = 2;
/** A rental that could begin this much sooner or later is no longer the same job. */
const maxDaysAway = 60;

/** Looks for machines that do the same on the same days, and for the same machine on the nearest days. */
export function alternativesTo(unit: Unit, range: RentalRange, snapshot: Snapshot): Alternatives {
  return { others: othersFree(unit, range, snapshot), sameAt: nearest(unit, range, snapshot) };
}

function othersFree(unit: Unit, range: RentalRange, snapshot: Snapshot): CheckedUnit[] {
  const twins = new Set(withTwins(unit, snapshot.units));
  const others = new Map<string, CheckedUnit>();
  // A huge yard has thousands that are alike, and two of them are said.
  for (const other of alikeUnits(unit, snapshot.units)) {
    if (others.size === maxOthers) break;
    const name = keyOf(other.name);
    if (twins.has(other) || others.has(name) || !isFree(other, snapshot, range)) continue;
    others.set(name, checkUnit(other, snapshot, range));
  }
  return [...others.values()];
}

/** Day by day outwards from the days asked for, never before today; of two as near, the later. */
function nearest(unit: Unit, range: RentalRange, snapshot: Snapshot): RentalRange | null {
  const twins = withTwins(unit, snapshot.units);
  for (let away = 1; away <= maxDaysAway; away += 1) {
    for (const days of [away, -away]) {
      const shifted = startingAt(addDays(range.start, days), daysIn(range));
      if (shifted.start < snapshot.today) continue;
      if (twins.some((twin) => isFree(twin, snapshot, shifted))) return shifted;
    }
  }
  return null;
}

function isFree(unit: Unit, { bookings, today }: Snapshot, range: RentalRange): boolean {
  return availabilityOf(unit, bookings, range, today).free;
}

function startingAt(start: IsoDate, days: number): RentalRange {
  return { start, end: addDays(start, days - 1) };
}

function keyOf(text: string | null): string {
  return (text ?? '').trim().replaceAll(/\s+/g, ' ').toLowerCase();
}
