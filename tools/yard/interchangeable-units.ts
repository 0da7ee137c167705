import type { Unit } from './equipment.ts';

/** The unit with that id, in any case; undefined for an id that is not in the list. */
export function findUnit(units: readonly Unit[], itemId: string): Unit | undefined {
  const wanted = itemId.trim().toLowerCase();
  return units.find((unit) => unit.itemId.toLowerCase() === wanted);
}

/** The unit, then those that a caller cannot tell from it: the same name at the same price. */
export function withTwins(unit: Unit, units: readonly Unit[]): readonly Unit[] {
  return [unit, ...units.filter((other) => other !== unit && isTwin(other, unit))];
}

function isTwin(a: Unit, b: Unit): boolean {
  return (
    a.name === b.name &&
    a.dailyRateCents === b.dailyRateCents &&
    a.weeklyRateCents === b.weeklyRateCents &&
    a.fourWeekRateCents === b.fourWeekRateCents &&
    a.depositCents === b.depositCents
  );
}
