import type { IsoDate, Unit } from './equipment.ts';
import { isClosedOn } from './opening-hours.ts';
import { cheapestPrice, type BilledBlocks, type Price } from './prices.ts';
import { dayNumber, daysIn, isoDate, type RentalRange } from './rental-dates.ts';
import type { RentalRules } from './rental-rules.ts';

/** The rates that price a rental under a yard's rules. */
export type RuledRates = Pick<
  Unit,
  'dailyRateCents' | 'weeklyRateCents' | 'fourWeekRateCents' | 'otherRates'
>;

/** The price of a term: the rent, what comes on top of it, and both in all (`totalCents`). */
export type TermPrice = Price & {
  readonly rentCents: number;
  readonly waiverCents: number;
  readonly taxCents: number;
  /** The days that are charged. */
  readonly days: number;
  /** Closed days that are not charged. */
  readonly freeDays: readonly IsoDate[];
  readonly isMinimum: boolean;
  /** The term, with the times of day that its price needs. */
  readonly range: RentalRange;
};

const dayMinutes = 1_440;
const weekMinutes = 7 * dayMinutes;
/** Day 0 was a Thursday. */
const epochWeekday = 4;
const fridayAfternoon = { fromDay: 5, fromMinute: 15 * 60, toDay: 1, toMinute: 9 * 60 };
const usualHalfDayHours = 4;

/**
 * The price of a whole term under the yard's rules: the cheapest lawful combination of its rates.
 * Null for a unit without a daily rate. A weekend without times is one from the beginning of the
 * yard's weekend to its end, when that is cheaper; `range` then has these times.
 * @throws {RangeError} when an end is not a day, or the term ends before it begins.
 */
export function termPrice(
  unit: RuledRates,
  range: RentalRange,
  { rules = {} }: { readonly rules?: RentalRules | undefined } = {},
): TermPrice | null {
  const { dailyRateCents } = unit;
  if (dailyRateCents === null) return null;
  const rates = { ...unit, dailyRateCents };
  const asked = priceOf(rates, range, rules);
  const timed = withWeekendTimes(range, rules);
  const atTimes = weekendRate(rates, rules) !== null && timed ? priceOf(rates, timed, rules) : null;
  return atTimes && atTimes.totalCents < asked.totalCents ? atTimes : asked;
}

type Rates = RuledRates & { readonly dailyRateCents: number };

function weekendRate({ otherRates }: Rates, { weekendRateCents }: RentalRules): number | null {
  return otherRates?.weekendCents ?? weekendRateCents ?? null;
}

function priceOf(rates: Rates, range: RentalRange, rules: RentalRules): TermPrice {
  if (daysIn(range) < 1) throw new RangeError('A rental ends before it begins');
  const { charged, freeDays, isMinimum } = slotsOf(range, rules);
  const rent = isPlain(rates, rules)
    ? cheapestPrice(rates, charged.length)
    : cheapestCover(rates, charged, { range, rules });
  const { billed } = rent;
  return {
    billed,
    ...withCharges(rent.totalCents, charged.length, rules),
    days: charged.length,
    freeDays,
    isMinimum,
    range,
  };
}

function withCharges(rentCents: number, days: number, { waiver, taxPercent }: RentalRules) {
  const share = (cents: number, percent: number) => Math.round((cents * percent) / 100);
  const waiverCents = !waiver
    ? 0
    : 'percent' in waiver
      ? share(rentCents, waiver.percent)
      : waiver.centsPerDay * days;
  const taxCents = share(rentCents + waiverCents, taxPercent ?? 0);
  return { rentCents, waiverCents, taxCents, totalCents: rentCents + waiverCents + taxCents };
}

function isPlain(rates: Rates, rules: RentalRules): boolean {
  const { month, closedDays } = rules;
  return (
    weekendRate(rates, rules) === null &&
    (rates.otherRates?.halfDayCents ?? null) === null &&
    month !== 'calendar' &&
    closedDays !== 'free'
  );
}

/** One rental day, in minutes since 1970 of the yard's own clock; of the last, what is used of it. */
type Slot = { readonly from: number; readonly to: number };

const dayOf = ({ from }: Slot) => Math.floor(from / dayMinutes);

/** The days of a term as the yard counts them. */
function slotsOf(range: RentalRange, rules: RentalRules) {
  const slots = daysOf(range, rules);
  const free =
    rules.closedDays === 'free'
      ? slots.filter((slot) => isClosedOn(isoDate(dayOf(slot)), rules))
      : [];
  // A term of closed days alone is one day.
  const charged =
    free.length === slots.length ? slots.slice(0, 1) : slots.filter((of) => !free.includes(of));
  const missing = (rules.minimumDays ?? 1) - charged.length;
  const end = Math.max(...slots.map(({ from }) => from));
  const more = Array.from({ length: Math.max(0, missing) }, (_, at) => {
    const from = end + (at + 1) * dayMinutes;
    return { from, to: from + dayMinutes };
  });
  return {
    charged: [...charged, ...more],
    freeDays: slots.filter((of) => !charged.includes(of)).map((of) => isoDate(dayOf(of))),
    isMinimum: more.length > 0,
  };
}

function daysOf({ start, end, pickUpAt, returnBy }: RentalRange, rules: RentalRules): Slot[] {
  const first = dayNumber(start) ?? 0;
  const last = dayNumber(end) ?? 0;
  const from = first * dayMinutes + (pickUpAt ?? 0);
  const to = last * dayMinutes + (returnBy ?? dayMinutes);
  if (rules.rentalDay === '24-hours' && pickUpAt !== undefined && returnBy !== undefined) {
    const count = Math.max(1, Math.ceil((to - from) / dayMinutes));
    return Array.from({ length: count }, (_, at) => ({
      from: from + at * dayMinutes,
      to: Math.min(to, from + (at + 1) * dayMinutes),
    }));
  }
  return Array.from({ length: last - first + 1 }, (_, at) => ({
    from: Math.max(from, (first + at) * dayMinutes),
    to: Math.min(to, (first + at + 1) * dayMinutes),
  }));
}

/** The end of the yard's weekend in which the slot wholly lies; null when it does not. */
function weekendEnd({ from, to }: Slot, { weekend = fridayAfternoon }: RentalRules): number | null {
  const begins = weekend.fromDay * dayMinutes + weekend.fromMinute;
  const length = modulo(weekend.toDay * dayMinutes + weekend.toMinute - begins, weekMinutes);
  const passed = modulo(from + epochWeekday * dayMinutes - begins, weekMinutes);
  const end = from - passed + length;
  return passed < length && to <= end ? end : null;
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/** The term from the beginning of the yard's weekend, or to its end, where it has no times. */
function withWeekendTimes(range: RentalRange, rules: RentalRules): RentalRange | null {
  const { fromDay, fromMinute, toDay, toMinute } = rules.weekend ?? fridayAfternoon;
  const weekdayOf = (day: IsoDate) => modulo((dayNumber(day) ?? 0) + epochWeekday, 7);
  const begins = range.pickUpAt === undefined && weekdayOf(range.start) === fromDay;
  const ends = range.returnBy === undefined && weekdayOf(range.end) === toDay;
  const timed = {
    ...range,
    ...(begins ? { pickUpAt: fromMinute } : {}),
    ...(ends ? { returnBy: toMinute } : {}),
  };
  const slots = daysOf(timed, rules);
  const [first] = slots;
  const end = first ? weekendEnd(first, rules) : null;
  const isOne = end !== null && slots.every((slot) => weekendEnd(slot, rules) === end);
  return (begins || ends) && isOne ? timed : null;
}

type Cover = {
  readonly totalCents: number;
  /** Days that are paid for and not used. */
  readonly surplus: number;
  readonly count: number;
  readonly billed: BilledBlocks;
};

/**
 * The cheapest blocks that cover the days, from the last day back. A block begins on the first day
 * that is not covered yet: beginning it sooner would cover no more.
 */
function cheapestCover(
  rates: Rates,
  slots: readonly Slot[],
  about: { readonly range: RentalRange; readonly rules: RentalRules },
): Cover {
  const none: Cover = {
    totalCents: 0,
    surplus: 0,
    count: 0,
    billed: { fourWeeks: 0, weeks: 0, days: 0 },
  };
  const best: Cover[] = Array.from({ length: slots.length + 1 }, () => none);
  for (let at = slots.length - 1; at >= 0; at -= 1) {
    const covers = blocksFrom(rates, slots, { at, ...about }).map((block): Cover => {
      const rest = best[block.next] ?? none;
      return {
        totalCents: rest.totalCents + block.cents,
        surplus: rest.surplus + block.days - (block.next - at),
        count: rest.count + 1,
        billed: { ...rest.billed, [block.name]: (rest.billed[block.name] ?? 0) + 1 },
      };
    });
    best[at] = covers.reduce((a, b) => (isBetter(b, a) ? b : a));
  }
  return best[0] ?? none;
}

function isBetter(a: Cover, b: Cover): boolean {
  if (a.totalCents !== b.totalCents) return a.totalCents < b.totalCents;
  return a.surplus === b.surplus ? a.count < b.count : a.surplus < b.surplus;
}

type Block = {
  readonly name: keyof BilledBlocks;
  readonly cents: number;
  readonly days: number;
  /** The first day after it. */
  readonly next: number;
};

function blocksFrom(
  rates: Rates,
  slots: readonly Slot[],
  about: { readonly at: number; readonly range: RentalRange; readonly rules: RentalRules },
): readonly Block[] {
  const { at, rules } = about;
  const slot = slots[at];
  if (!slot) return [];
  const first = dayOf(slot);
  const until = (isIn: (of: Slot) => boolean) => {
    const next = slots.findIndex((of, index) => index > at && !isIn(of));
    return next === -1 ? slots.length : next;
  };
  const long = (name: 'weeks' | 'fourWeeks' | 'months', days: number, cents: number | null) =>
    cents === null ? [] : [{ name, cents, days, next: until((of) => dayOf(of) < first + days) }];
  const weekend = weekendRate(rates, rules);
  const end = weekend === null ? null : weekendEnd(slot, rules);
  const inWeekend = until((of) => weekendEnd(of, rules) === end);
  const halfDay = isHalfDay(slot, slots, about) ? (rates.otherRates?.halfDayCents ?? null) : null;
  const isMonthly = rules.month === 'calendar';
  const monthDays = isMonthly ? daysToSameDate(first) : 28;
  return [
    { name: 'days', cents: rates.dailyRateCents, days: 1, next: at + 1 },
    ...(halfDay === null
      ? []
      : [{ name: 'halfDays' as const, cents: halfDay, days: 1, next: at + 1 }]),
    ...(weekend === null || end === null
      ? []
      : [{ name: 'weekends' as const, cents: weekend, days: inWeekend - at, next: inWeekend }]),
    ...long('weeks', 7, rates.weeklyRateCents),
    ...long(isMonthly ? 'months' : 'fourWeeks', monthDays, rates.fourWeekRateCents),
  ];
}

function isHalfDay(
  slot: Slot,
  slots: readonly Slot[],
  { range, rules }: { readonly range: RentalRange; readonly rules: RentalRules },
): boolean {
  if (slots.length === 1 && range.isHalfDay) return true;
  const isTimed = range.pickUpAt !== undefined && range.returnBy !== undefined;
  // Of calendar days only a single one can be a half.
  const canBeHalf = slot === slots.at(-1) && (rules.rentalDay === '24-hours' || slots.length === 1);
  const hours = rules.halfDayHours ?? usualHalfDayHours;
  return isTimed && canBeHalf && slot.to - slot.from <= hours * 60;
}

/** The days until the same date of the next month, or the last that it has. */
function daysToSameDate(day: number): number {
  const from = new Date(day * dayMinutes * 60_000);
  const [year, month, date] = [from.getUTCFullYear(), from.getUTCMonth(), from.getUTCDate()];
  const lastDate = new Date(Date.UTC(year, month + 2, 0)).getUTCDate();
  return Date.UTC(year, month + 1, Math.min(date, lastDate)) / (dayMinutes * 60_000) - day;
}
