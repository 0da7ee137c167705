import { readsAsClaim } from '../guardrail/guardrail.ts';
import { availabilityOf, freeCount, nextFreeStart, type Availability } from './availability.ts';
import type { IsoDate, Unit, UnitStatus } from './equipment.ts';
import { spokenSizes } from './measures.ts';
import type { RentalRange } from './rental-dates.ts';
import type { RentalRules } from './rental-rules.ts';
import { isSpeakable, maxNameLength, maxNoteLength, sheetText } from './sheet-text.ts';
import type { Snapshot } from './snapshot.ts';
import { spokenMoney } from './spoken.ts';

/** A unit as the model is told of it. Money is worded; text from the sheet is cleaned and cut. */
export type UnitFacts = {
  readonly itemId: string;
  readonly name: string;
  readonly category: string | null;
  readonly status: UnitStatus;
  /** True when the unit is free on all the days asked for, or today when none were. */
  readonly free: boolean;
  /** Of a row of several machines, how many are. */
  readonly freeCount?: number;
  /** A code for the reason that it is not free; null when it is. */
  readonly reason: string | null;
  /** The first day from which the unit is free for as long; null when nothing says when. */
  readonly freeFrom: IsoDate | null;
  readonly dailyRate: string | null;
  readonly weeklyRate: string | null;
  readonly fourWeekRate: string | null;
  readonly deposit: string | null;
  readonly notes: string | null;
};

/** A unit with its availability on the days that the answer is about. */
export type CheckedUnit = {
  readonly unit: Unit;
  readonly availability: Availability;
  /** The machines of the row that are free on those days. */
  readonly count: number;
  readonly freeFrom: IsoDate | null;
  /** The yard's rules, by which it is priced. */
  readonly rules?: RentalRules | undefined;
};

/**
 * Looks up whether the unit is free on `range`, and when it next will be; of a row of several, whether
 * `needed` of them are.
 */
export function checkUnit(
  unit: Unit,
  { bookings, today, yard: { rules } }: Snapshot,
  range: RentalRange,
  needed = 1,
): CheckedUnit {
  return {
    unit,
    ...(rules ? { rules } : {}),
    availability: availabilityOf(unit, bookings, range, today, needed),
    count: freeCount(unit, bookings, range, today),
    freeFrom: nextFreeStart(unit, bookings, range, today),
  };
}

/** Words a unit's money and cuts its text, for the model. */
export function unitFacts(
  { unit, availability, count, freeFrom }: CheckedUnit,
  currency: string,
): UnitFacts {
  const money = (cents: number | null) => (cents === null ? null : spokenMoney(cents, currency));
  return {
    itemId: unit.itemId,
    name: spokenName(unit),
    category: unit.category === null ? null : sheetText(unit.category, maxNameLength),
    status: unit.status,
    free: availability.free,
    ...((unit.quantity ?? 1) > 1 && { freeCount: count }),
    reason: availability.free ? null : availability.reason,
    freeFrom,
    dailyRate: money(unit.dailyRateCents),
    weeklyRate: money(unit.weeklyRateCents),
    fourWeekRate: money(unit.fourWeekRateCents),
    deposit: money(unit.depositCents),
    notes:
      unit.notes !== null && isSpeakable(unit.notes) ? sheetText(unit.notes, maxNoteLength) : null,
  };
}

/** The name of a booked machine as people say it, from the journal or a row of staff. */
export function spokenItem(itemName: string): string {
  return spokenName({ name: itemName, category: null });
}

/** The unit's name as people say it, fit to be spoken; its category when the name is an error value, or reads like a claim. */
export function spokenName({ name, category }: Pick<Unit, 'name' | 'category'>): string {
  const names = [name, category ?? ''].map((text) => sheetText(text, maxNameLength));
  const spoken = names.find((text) => text !== '' && isSpeakable(text) && !readsAsClaim(text));
  return spoken === undefined ? 'machine' : spokenSizes(spoken);
}
