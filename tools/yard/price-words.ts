import type { IsoDate } from './equipment.ts';
import { closureOn, nextOpenDay } from './opening-hours.ts';
import { coveredDays } from './prices.ts';
import { daysIn, weekday, type RentalRange } from './rental-dates.ts';
import type { TermPrice } from './term-price.ts';
import type { RentalRules } from './rental-rules.ts';
import {
  capitalised,
  shortDate,
  spokenBlocks,
  spokenCount,
  spokenDate,
  spokenList,
  spokenMoney,
  spokenRange,
  spokenTime,
} from './spoken.ts';

/** A term with its times of day, if it has any: `from Friday, December 4th, 3 PM, to Monday the 7th, 9 AM`. */
export function spokenTerm(range: RentalRange, today: IsoDate): string {
  const { start, end, pickUpAt, returnBy, isHalfDay } = range;
  if (isHalfDay && pickUpAt === undefined) return `half a day ${spokenRange(range, today)}`;
  if (pickUpAt === undefined && returnBy === undefined) return spokenRange(range, today);
  const at = (minutes: number | undefined) =>
    minutes === undefined ? '' : `, ${spokenTime(minutes)}`;
  const first = `${spokenDate(start, today)}${at(pickUpAt)}`;
  if (start === end && pickUpAt !== undefined && returnBy !== undefined) {
    return `on ${first} to ${spokenTime(returnBy)}`;
  }
  if (start === end) return `on ${spokenDate(start, today)}${at(pickUpAt ?? returnBy)}`;
  const comma = pickUpAt === undefined ? '' : ',';
  return `from ${first}${comma} to ${shortDate(end, start, today)}${at(returnBy)}`;
}

/** The rule by which a price is what it is; null when it is the days at their rates. */
export function priceReason({
  billed,
  days,
  freeDays,
  isMinimum,
  range,
}: TermPrice): string | null {
  const { weekends = 0, halfDays = 0 } = billed;
  const blocks = Object.values(billed).reduce((sum, count) => sum + count, 0);
  if (isMinimum) return `our minimum is ${spokenCount(days, 'day')}`;
  if (weekends > 0) return blocks === 1 ? 'the weekend rate' : `billed as ${spokenBlocks(billed)}`;
  if (halfDays > 0) return blocks === 1 ? 'the half-day rate' : `billed as ${spokenBlocks(billed)}`;
  const isByTheDay = blocks === billed.days;
  if (freeDays.length > 0 && isByTheDay) {
    const names = freeDays.map((day) => weekday(day));
    const free =
      freeDays.length > 2
        ? "closed days aren't"
        : `${spokenList(names)} ${freeDays.length === 1 ? "isn't" : "aren't"}`;
    return `${free} charged`;
  }
  // Months cover what they are billed for by the calendar.
  const isRoundedUp = !billed.months && coveredDays(billed) > days;
  const isOtherCount = isByTheDay && days !== daysIn(range);
  return isRoundedUp || isOtherCount || billed.months ? `billed as ${spokenBlocks(billed)}` : null;
}

/** The price with what is put on top of it: `$340 plus 8.25% tax, $368.05 in all`. */
export function spokenCharges(
  price: TermPrice,
  { currency, rules = {} }: { readonly currency: string; readonly rules?: RentalRules | undefined },
): string {
  const money = (cents: number) => spokenMoney(cents, currency);
  const { taxPercent } = rules;
  if (taxPercent === null) {
    const waiver = price.waiverCents > 0 ? ' with damage waiver' : '';
    return `${money(price.totalCents)}${waiver} plus tax`;
  }
  const parts = [
    ...(price.waiverCents > 0 ? [`${money(price.waiverCents)} damage waiver`] : []),
    ...(price.taxCents > 0 ? [`${taxPercent}% tax`] : []),
  ];
  if (parts.length === 0) return money(price.totalCents);
  if (parts.length > 1) return `${money(price.totalCents)}${chargesNote(rules)}`;
  return `${money(price.rentCents)} plus ${spokenList(parts)}, ${money(price.totalCents)} in all`;
}

/** After a total that has everything in it: ` with tax and damage waiver`; empty without rules. */
export function chargesNote({ taxPercent, waiver }: RentalRules = {}): string {
  const parts = [...(taxPercent ? ['tax'] : []), ...(waiver ? ['damage waiver'] : [])];
  const within = parts.length > 0 ? ` with ${spokenList(parts)}` : '';
  return taxPercent === null ? `${within} plus tax` : within;
}

/** The first or last day of a term on which the yard is closed, with the next on which it is open. */
export function closedCaveat(
  { start, end }: RentalRange,
  { today, rules }: { readonly today: IsoDate; readonly rules: RentalRules | undefined },
): readonly string[] {
  const day = [start, end].find((of) => closureOn(of, rules) !== null);
  if (day === undefined) return [];
  const name = closureOn(day, rules);
  const next = nextOpenDay(day, rules);
  const why = name ? ` for ${holidayName(name)}` : '';
  const open = next === null ? '' : `, and open again ${shortDate(next, day, today)}`;
  return [`We're closed on ${spokenDate(day, today)}${why}${open}.`];
}

/** A holiday as people say it: `Christmas`, `the day after Thanksgiving`. */
export function holidayName(name: string): string {
  return name
    .split(' ')
    .map((word) =>
      /^(?:the|after)$/.test(word) || (word === 'day' && name.startsWith('the'))
        ? word
        : capitalised(word),
    )
    .join(' ');
}
