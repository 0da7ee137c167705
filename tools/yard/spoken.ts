import type { IsoDate } from './equipment.ts';
import type { BilledBlocks } from './prices.ts';
import { dayNumber, weekday, type RentalRange } from './rental-dates.ts';

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Past this many days a date without its year could be taken for another one. */
const sayYearAfterDays = 300;

/** The yard's day, and the currency of its prices (ISO 4217): sentences about rentals need both. */
export type Speaking = { readonly today: IsoDate; readonly currency: string };

/** Money as a voice reads it well: `$450`, `£1,250`, and cents only when there are any: `$89.50`. */
export function spokenMoney(cents: number, currency: string): string {
  const digits = cents % 100 === 0 ? 0 : 2;
  const key = `${currency} ${digits}`;
  let format = moneyFormats.get(key);
  if (!format) {
    format = new Intl.NumberFormat('en-US', {
      style: 'currency',
      currency,
      // A caller in Toronto hears dollars, not "CA dollars".
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    moneyFormats.set(key, format);
  }
  return format.format(cents / 100);
}

/** Money as a table shows it, always with cents: `$1,250.00`, `£89.50`. */
export function writtenMoney(cents: number, currency: string): string {
  let format = moneyFormats.get(currency);
  if (!format) {
    format = new Intl.NumberFormat('en-US', {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      minimumFractionDigits: 2,
      maximumFractionDigits: 2,
    });
    moneyFormats.set(currency, format);
  }
  return format.format(cents / 100);
}

/** Making one takes longer than all the rest of an answer. */
const moneyFormats = new Map<string, Intl.NumberFormat>();

/** A day as people say it: `Tuesday, December 1st`, with its year when that is not plain. */
export function spokenDate(iso: IsoDate, today: IsoDate): string {
  const [year = '', month = '', date = ''] = iso.split('-');
  const daysAhead = (dayNumber(iso) ?? 0) - (dayNumber(today) ?? 0);
  const name = `${weekday(iso)}, ${months[Number(month) - 1]} ${ordinal(Number(date))}`;
  return Math.abs(daysAhead) > sayYearAfterDays ? `${name}, ${year}` : name;
}

/**
 * A rental as people say it: `on Tuesday, December 1st`, or `from Tuesday, December 1st through
 * Thursday the 3rd`; the month is said again when it changes.
 */
export function spokenRange({ start, end }: RentalRange, today: IsoDate): string {
  const first = spokenDate(start, today);
  if (start === end) return `on ${first}`;
  return `from ${first} through ${shortDate(end, start, today)}`;
}

/** A day after another one: `Thursday the 3rd` in the same month, else with its month. */
export function shortDate(day: IsoDate, after: IsoDate, today: IsoDate): string {
  return day.slice(0, 7) === after.slice(0, 7)
    ? `${weekday(day)} the ${ordinal(Number(day.slice(8)))}`
    : spokenDate(day, today);
}

/** `the Skid Steer and 2 of the Trailer`. */
export function spokenMachines(names: readonly string[]): string {
  return spokenList(
    [...Map.groupBy(names, (name) => name)].map(([name, of]) =>
      of.length === 1 ? `the ${name}` : `${of.length} of the ${name}`,
    ),
  );
}

/** `a`, `a and b`, `a, b and c`. */
export function spokenList(items: readonly string[], last: 'and' | 'or' = 'and'): string {
  if (items.length < 2) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`;
}

/** A phrase as the beginning of a sentence. */
export function capitalised(phrase: string): string {
  return phrase.charAt(0).toUpperCase() + phrase.slice(1);
}

/** `1 day`, `3 days`. */
export function spokenCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** The billed blocks in words: `2 weeks and 3 days`; four weeks are `1 four-week block`. */
export function spokenBlocks(billed: BilledBlocks): string {
  const { fourWeeks, weeks, weekends = 0, days, halfDays = 0 } = billed;
  const parts: [number, string][] = [
    [billed.months ?? 0, 'month'],
    [fourWeeks, 'four-week block'],
    [weeks, 'week'],
    [weekends, 'weekend'],
    [days, 'day'],
    [halfDays, 'half day'],
  ];
  return spokenList(
    parts.filter(([count]) => count > 0).map(([count, noun]) => spokenCount(count, noun)),
  );
}

const dayNames: Record<string, string> = {
  mon: 'Monday',
  tue: 'Tuesday',
  tues: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  thur: 'Thursday',
  thurs: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
};

/**
 * Opening hours as staff type them, as people say them: `Mon-Fri 7:00-17:30` becomes
 * `Monday to Friday 7 AM to 5:30 PM`. What is not a day or a clock time stays as it is.
 */
export function spokenHours(typed: string): string {
  return typed
    .replace(/\b(mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)\b\.?/gi, (day) => {
      return dayNames[day.toLowerCase().replace('.', '')] ?? day;
    })
    .replace(/\b(\d{1,2})(?::(\d\d)(?!\d))?(?:\s*([ap])\.?m\b\.?)?/gi, clockTime)
    .replace(/(?<=day|[AP]M|noon|midnight)\s*[-–—]\s*(?=\d|noon|midnight|[A-Z][a-z]+day)/g, ' to ');
}

/** A bare number is no time: it must have minutes, or a.m. or p.m. */
function clockTime(typed: string, hourText: string, minutes?: string, half?: string): string {
  const typedHour = Number(hourText);
  if (minutes === undefined && half === undefined) return typed;
  if (typedHour > (half ? 12 : 24) || Number(minutes ?? 0) > 59) return typed;
  const afternoon = half ? half.toLowerCase() === 'p' : typedHour % 24 >= 12;
  const hour = typedHour % 12;
  const onTheHour = minutes === undefined || minutes === '00';
  if (hour === 0 && onTheHour) return afternoon ? 'noon' : 'midnight';
  return `${hour === 0 ? 12 : hour}${onTheHour ? '' : `:${minutes}`} ${afternoon ? 'PM' : 'AM'}`;
}

/** Minutes of a day as people say them: `3 PM`, `7:30 AM`, `noon`. */
export function spokenTime(minutes: number): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return clockTime('', String(Math.floor(minutes / 60)), two(minutes % 60));
}

function ordinal(date: number): string {
  const teen = date >= 11 && date <= 13;
  const suffix = teen ? 'th' : (['th', 'st', 'nd', 'rd'][date % 10] ?? 'th');
  return `${date}${suffix}`;
}
