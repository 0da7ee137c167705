import type { Unit } from './equipment.ts';
import { itemKey } from './item-id.ts';
import { oncePerList } from './list-index.ts';

/** Of two with one key the first stands. */
const unitsByKey = oncePerList(
  (units: readonly Unit[]) =>
    new Map(units.toReversed().map((unit) => [itemKey(unit.itemId), unit] as const)),
);
const unitsByName = oncePerList((units: readonly Unit[]) => Map.groupBy(units, ({ name }) => name));

/** The unit with that id as people mean it; undefined for an id that is not in the list. */
export function findUnit(units: readonly Unit[], itemId: string): Unit | undefined {
  return unitsByKey(units).get(itemKey(itemId));
}

/** The unit, then those that a caller cannot tell from it: the same name at the same price. */
export function withTwins(unit: Unit, units: readonly Unit[]): readonly Unit[] {
  const named = unitsByName(units).get(unit.name) ?? [];
  return [unit, ...named.filter((other) => other !== unit && isTwin(other, unit))];
}

function isTwin(a: Unit, b: Unit): boolean {
  return (
    a.name === b.name &&
    a.dailyRateCents === b.dailyRateCents &&
    a.weeklyRateCents === b.weeklyRateCents &&
    a.fourWeekRateCents === b.fourWeekRateCents &&
    a.depositCents === b.depositCents &&
    a.otherRates?.halfDayCents === b.otherRates?.halfDayCents &&
    a.otherRates?.weekendCents === b.otherRates?.weekendCents
  );
}
