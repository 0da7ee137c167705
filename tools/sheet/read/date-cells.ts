import { firstDay, lastDay, type IsoDate } from '../../yard/equipment.ts';
import { addDays, dayNumber, isoDate } from '../../yard/rental-dates.ts';
import { readText } from './sheet-cells.ts';
import { sheetLocale, wordKey, type SheetLocale } from './sheet-locale.ts';
import type { Cell } from './sheet-table.ts';

/** The locale and the day that a date in a cell may need to be understood. */
export type DateContext = {
  readonly locale: SheetLocale;
  /** Decides between two readings that are both written that way; else only the first counts. */
  readonly today?: IsoDate;
};

/**
 * A day as it stands in a cell: whole, or as it recurs each year, or in words that depend on when
 * they were written. Null for an empty cell, undefined for what is no day of this century.
 */
export type DateReading =
  | { readonly day: IsoDate }
  | Recurring
  | { readonly weekday: number }
  | { readonly daysAfter: number };

/** A day without its year; `weekday`, 0 for Sunday, when it stands beside it. */
export type Recurring = {
  readonly month: number;
  readonly date: number;
  readonly weekday?: number | undefined;
};

/** Day 0 of a spreadsheet's serial dates (ecosystem-facts 2.2). */
const serialEpoch = dayNumber('1899-12-30') ?? 0;

const americans: DateContext = { locale: sheetLocale('en_US') };

/**
 * A whole day, for readers that have nothing to complete another by: null for an empty cell,
 * undefined for what is no day, or not a whole one.
 */
export function readDate(cell: Cell, context: DateContext = americans): IsoDate | null | undefined {
  const reading = readDateCell(cell, context);
  return reading && ('day' in reading ? reading.day : undefined);
}

/** Reads the date in a cell, in any of the ways in which people write one; a time is ignored. */
export function readDateCell(cell: Cell, context: DateContext): DateReading | null | undefined {
  if (typeof cell === 'number') return fromNumber(cell);
  const text = readText(cell);
  if (text === null) return null;
  const { locale } = context;
  const words = withoutTime(text)
    .replaceAll(/\([^)]*\)/g, ' ')
    .replaceAll(/(\d)(?:st|nd|rd|th)\b/gi, '$1')
    .trim();
  const relative = /^(today|tomorrow|tmrw|tomorow)$/i.exec(words)?.[1];
  if (relative) return { daysAfter: relative.toLowerCase() === 'today' ? 0 : 1 };
  const { bare, weekday } = partWeekday(words, locale);
  if (bare === '') return weekday === undefined ? undefined : { weekday };
  const reading = numericDate(bare, context) ?? namedDate(bare, locale);
  if (reading === undefined || weekday === undefined) return reading;
  if ('month' in reading) return { ...reading, weekday };
  // One of the two was mistyped, or it is not read as it was meant.
  return 'day' in reading && weekdayOf(reading.day) === weekday ? reading : undefined;
}

function weekdayOf(day: IsoDate): number {
  // Day 0, 1 January 1970, was a Thursday.
  return ((dayNumber(day) ?? 0) + 4) % 7;
}

function fromNumber(value: number): DateReading | undefined {
  // 20261203, as some people and programs write it.
  const packed = /^(20\d\d)(\d\d)(\d\d)$/.exec(String(value));
  if (packed) return whole(packed[1], packed[2], packed[3]);
  if (!Number.isFinite(value) || Math.abs(value) > 1e6) return undefined;
  const day = isoDate(Math.floor(value) + serialEpoch);
  return isInCentury(day) ? { day } : undefined;
}

/** `8:00 AM`, `8am`, `@ 7`, `noon`, `T10:00:00Z`, before the date or after it. */
function withoutTime(text: string): string {
  const clock = String.raw`(?:\d{1,2}(?::\d\d){1,2}(?:\.\d+)?\s*(?:[ap]\.?m?\.?)?|\d{1,2}\s*[ap]\.?m\.?|noon|midnight|am|pm)`;
  const before = new RegExp(`^${clock}[,\\s]+(?:on\\s+)?(?=\\S)`, 'i');
  const after = new RegExp(
    `(?:T|[,\\s]\\s*(?:at\\s+|@\\s*)?|@\\s*)${clock}\\s*(?:Z|[+-]\\d\\d:?\\d\\d|[A-Z]{2,4})?$`,
    'i',
  );
  return text
    .replace(after, '')
    .replace(/\s*@\s*\d{1,2}$/, '')
    .replace(before, '');
}

/** Takes the weekday's name away, before the date or after it. */
function partWeekday(text: string, { weekdays }: SheetLocale) {
  const parts = text.split(/[,\s]+/).filter((part) => part !== '');
  const rest = parts.filter((part) => nameIn(weekdays, part) === undefined);
  const named = parts.filter((part) => !rest.includes(part));
  const [weekday] = named.map((part) => nameIn(weekdays, part));
  return named.length > 1 ? { bare: text, weekday: undefined } : { bare: rest.join(' '), weekday };
}

/** The number of the name that the word begins, with three letters at least. */
function nameIn(names: ReadonlyMap<string, number>, word: string): number | undefined {
  const key = wordKey(word);
  if (!/^\p{L}{3,}$/u.test(key)) return undefined;
  if (key === 'sept') return names.get('september');
  const found = [...names].filter(([name]) => name.startsWith(key));
  const numbers = new Set(found.map(([, n]) => n));
  const exact = names.get(key);
  if (exact !== undefined) return exact;
  return numbers.size === 1 ? found[0]?.[1] : undefined;
}

function numericDate(text: string, context: DateContext): DateReading | undefined {
  const yearFirst =
    /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})$/.exec(text) ?? /^(20\d\d)()(\d\d)(\d\d)$/.exec(text);
  if (yearFirst) return whole(yearFirst[1], yearFirst[3], yearFirst[4]);
  const [, a = '', mark = '', b = '', year] =
    /^(\d{1,2})\s?([-/.])\s?(\d{1,2})\.?(?:\s?\2\s?(\d{4}|\d\d))?$/.exec(text) ?? [];
  if (a === '') return undefined;
  const monthFirst = () => dateOf(year, a, b);
  const dayFirst = () => dateOf(year, b, a);
  const order =
    mark === '.' && context.locale.dayAndMonth === 'month-first'
      ? null
      : context.locale.dayAndMonth;
  if (order === 'month-first') return monthFirst();
  if (order === 'day-first') return dayFirst();
  return onlyReading(dayFirst(), monthFirst(), context);
}

/** Dots are day-first nearly everywhere; of two readings the one that is not past is meant. */
function onlyReading(
  first: DateReading | undefined,
  second: DateReading | undefined,
  { today }: DateContext,
): DateReading | undefined {
  if (!first || !second) return first ?? second;
  if (!('day' in first) || !('day' in second)) return undefined;
  if (first.day === second.day) return first;
  if (today === undefined) return undefined;
  const ahead = [first, second].filter(({ day }) => day >= today);
  if (ahead.length === 0) return first;
  return ahead.length === 1 ? ahead[0] : undefined;
}

function namedDate(text: string, { months }: SheetLocale): DateReading | undefined {
  const parts = text.split(/[\s,/-]+|\.\s*|(?<=\p{L})(?=\d)|(?<=\d)(?=\p{L})/u);
  const words = parts.filter((part) => part !== '' && !/^(?:of|de|the|del)$/i.test(part));
  const at = words.findIndex((word) => /\p{L}/u.test(word));
  const month = nameIn(months, words[at] ?? '');
  const numbers = words.toSpliced(at, 1);
  if (month === undefined || !numbers.every((word) => /^\d{1,4}$/.test(word))) return undefined;
  const [first = '', second, ...more] = numbers;
  if (more.length > 0 || first === '') return undefined;
  const isYearFirst = first.length === 4;
  const date = isYearFirst ? second : first;
  const year = isYearFirst ? first : second;
  // "Dec 2026" is no day, and "3 of 12" none either.
  if (date === undefined || date.length > 2 || year?.length === 1 || year?.length === 3) {
    return undefined;
  }
  return dateOf(year, String(month + 1), date);
}

function dateOf(year: string | undefined, month: string, date: string): DateReading | undefined {
  if (year !== undefined) return whole(year.length === 2 ? `20${year}` : year, month, date);
  // A leap year, so that 29 February is a day.
  const reading = whole('2024', month, date);
  return reading && { month: Number(month), date: Number(date) };
}

/** Undefined for a day that no calendar has, such as the thirtieth of February. */
function whole(
  year: string | undefined = '',
  month: string | undefined = '',
  date: string | undefined = '',
): { readonly day: IsoDate } | undefined {
  const day = `${year}-${month.padStart(2, '0')}-${date.padStart(2, '0')}`;
  return dayNumber(day) !== null && isInCentury(day) ? { day } : undefined;
}

function isInCentury(day: IsoDate): boolean {
  return day >= firstDay && day <= lastDay;
}

/** The days that a month and a date can be, within a year of `near`. */
function occurrences({ month, date, weekday }: Recurring, near: IsoDate) {
  const year = Number(near.slice(0, 4));
  return [year - 1, year, year + 1, year + 2].flatMap((of) => {
    const reading = dateOf(String(of), String(month), String(date));
    if (!reading || !('day' in reading)) return [];
    return weekday === undefined || weekdayOf(reading.day) === weekday ? [reading.day] : [];
  });
}

/** The occurrence that is nearest to all of `days`. */
export function nearestTo(recurring: Recurring, days: readonly IsoDate[]): IsoDate | undefined {
  const distance = (day: IsoDate) =>
    days.reduce((sum, other) => sum + Math.abs((dayNumber(day) ?? 0) - (dayNumber(other) ?? 0)), 0);
  const candidates = days.flatMap((day) => occurrences(recurring, day));
  return candidates.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** The first occurrence on `from` or after it. */
export function firstFrom(recurring: Recurring, from: IsoDate): IsoDate | undefined {
  return occurrences(recurring, from).find((day) => day >= from);
}

/** The day that words such as `Fri` or `tomorrow` mean when they are written on `writtenOn`. */
export function dayFromWords(
  words: { readonly weekday: number } | { readonly daysAfter: number },
  writtenOn: IsoDate,
): IsoDate {
  if ('daysAfter' in words) return addDays(writtenOn, words.daysAfter);
  return addDays(writtenOn, (words.weekday - weekdayOf(writtenOn) + 7) % 7);
}
