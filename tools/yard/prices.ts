import type { Unit } from './equipment.ts';

/** A unit's prices per block of days, in cents. */
export type Rates = Pick<Unit, 'dailyRateCents' | 'weeklyRateCents' | 'fourWeekRateCents'>;

/** Rates that any number of days can be priced by. */
export type FullRates = Rates & { readonly dailyRateCents: number };

/** The billed blocks of each length. Together they cover the rental, and may cover more days. */
export type BilledBlocks = {
  readonly fourWeeks: number;
  readonly weeks: number;
  readonly days: number;
  /** Calendar months, of a yard that rents by them. */
  readonly months?: number;
  /** Weekends of the yard, at its weekend rate. */
  readonly weekends?: number;
  readonly halfDays?: number;
};

/** The price of a rental, without its deposit. */
export type Price = { readonly totalCents: number; readonly billed: BilledBlocks };

const daysPerWeek = 7;
const daysPerFourWeeks = 28;

/**
 * The price of a rental, or null for a unit without a daily rate: its other rates alone would make
 * one day cost a week. @throws {RangeError} as `cheapestCover`.
 */
export function cheapestPrice(rates: FullRates, days: number): Price;
export function cheapestPrice(rates: Rates, days: number): Price | null;
export function cheapestPrice(rates: Rates, days: number): Price | null {
  const { dailyRateCents } = rates;
  return dailyRateCents === null ? null : cheapestCover({ ...rates, dailyRateCents }, days);
}

/**
 * The cheapest way to cover `days` with the blocks that the unit has a rate for; a bigger block is
 * billed when it costs less than the days it replaces. At the same price the one that covers the
 * fewest days too many is taken, then the one with the fewest blocks.
 * @throws {RangeError} when `days` is not a positive integer.
 */
function cheapestCover(rates: FullRates, days: number): Price {
  if (!Number.isInteger(days) || days < 1) throw new RangeError(`Cannot price ${days} days`);
  let best = priceOf(rates, { fourWeeks: 0, weeks: 0, days });
  for (const billed of coverings(rates, days)) {
    const price = priceOf(rates, billed);
    if (isBetter(price, best)) best = price;
  }
  return best;
}

/** Every sensible covering: so many four-week blocks, so many weeks, the rest by the day. */
function* coverings(rates: Rates, days: number): Generator<BilledBlocks> {
  const maxFourWeeks = rates.fourWeekRateCents === null ? 0 : Math.ceil(days / daysPerFourWeeks);
  for (let fourWeeks = 0; fourWeeks <= maxFourWeeks; fourWeeks += 1) {
    const afterFourWeeks = Math.max(0, days - fourWeeks * daysPerFourWeeks);
    const maxWeeks = rates.weeklyRateCents === null ? 0 : Math.ceil(afterFourWeeks / daysPerWeek);
    for (let weeks = 0; weeks <= maxWeeks; weeks += 1) {
      yield { fourWeeks, weeks, days: Math.max(0, afterFourWeeks - weeks * daysPerWeek) };
    }
  }
}

function priceOf(rates: FullRates, billed: BilledBlocks): Price {
  const totalCents =
    billed.fourWeeks * (rates.fourWeekRateCents ?? 0) +
    billed.weeks * (rates.weeklyRateCents ?? 0) +
    billed.days * rates.dailyRateCents;
  return { totalCents, billed };
}

function isBetter(a: Price, b: Price): boolean {
  if (a.totalCents !== b.totalCents) return a.totalCents < b.totalCents;
  const surplus = coveredDays(a.billed) - coveredDays(b.billed);
  return surplus === 0 ? blockCount(a.billed) < blockCount(b.billed) : surplus < 0;
}

/** The days that the billed blocks cover. */
export function coveredDays({ fourWeeks, weeks, days }: BilledBlocks): number {
  return fourWeeks * daysPerFourWeeks + weeks * daysPerWeek + days;
}

function blockCount({ fourWeeks, weeks, days }: BilledBlocks): number {
  return fourWeeks + weeks + days;
}
