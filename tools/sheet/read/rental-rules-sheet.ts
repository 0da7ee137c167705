import { readClosures, readOpeningHours } from '../../yard/opening-hours.ts';
import { clockMinute, dayNames } from '../../yard/on-duty.ts';
import type { RentalRules } from '../../yard/rental-rules.ts';
import { readDateCell } from './date-cells.ts';
import type { Told } from './row-report.ts';
import { isErrorValue, readAmount, readText } from './sheet-cells.ts';
import type { SheetLocale } from './sheet-locale.ts';
import type { Cell } from './sheet-table.ts';

/** The keys of the `Yard` tab that hold rental rules, each with the other words for it. */
export const ruleKeys = {
  rentalDay: ['rental day', 'a day is', 'day rate is for'],
  minimumDays: ['minimum days', 'minimum rental', 'minimum'],
  month: ['month', 'a month is', 'rental month'],
  weekend: ['weekend', 'weekend hours', 'weekend window'],
  weekendRate: ['weekend rate'],
  halfDay: ['half day', 'a half day is'],
  closed: ['closed', 'closed on', 'closed dates'],
  holidays: ['holidays', 'holiday', 'holidays closed'],
  closedDays: ['closed days', 'closed days are'],
  tax: ['tax', 'sales tax', 'taxes', 'rental tax'],
  damageWaiver: ['damage waiver', 'waiver', 'ldw', 'rental protection', 'rental protection plan'],
} as const;

type Entry = { readonly row: number; readonly cells: readonly Cell[] };
type Reader<T> = (text: string, cell: Cell) => T | undefined;

/**
 * The rental rules of a tab's rows, by their keys. A row that cannot be read as a rule is only
 * spoken, and reported; null for a tab without any.
 */
export function readRentalRules(
  entries: ReadonlyMap<string, Entry>,
  {
    locale,
    report,
  }: {
    readonly locale: SheetLocale;
    readonly report: (row: number, column: string, told: Told) => void;
  },
): RentalRules | null {
  const rule = <T>(field: string, read: Reader<T>, remedy: string): T | undefined => {
    const entry = entries.get(field);
    const cell = entry?.cells[0] ?? null;
    const text = readText(cell);
    if (!entry || text === null || isErrorValue(cell)) return undefined;
    const value = read(text.toLowerCase().replaceAll(/\s+/g, ' '), cell);
    if (value === undefined) {
      report(entry.row, field === 'openingHours' ? 'opening hours' : ruleName(field), {
        what: 'words that Pickup cannot read as a rule',
        why: 'callers hear them, and prices and days go by the usual rule',
        remedy,
        isNotice: true,
      });
    }
    return value;
  };
  const readDay = (text: string) => readDateOf(text, locale);
  const closures = (field: 'closed' | 'holidays') =>
    rule(
      field,
      (_, cell) => {
        const { closed, hasUnread } = readClosures(dateText(cell, locale), readDay);
        return hasUnread ? undefined : closed;
      },
      'write days and holidays, as in Dec 25, Thanksgiving, July 4',
    ) ?? [];
  const closed = [...new Set([...closures('closed'), ...closures('holidays')])];
  const rules: RentalRules = {
    rentalDay: rule('rentalDay', rentalDay, 'write calendar day, or 24 hours'),
    minimumDays: rule('minimumDays', minimumDays, 'write the number alone, as in 2'),
    month: rule('month', month, 'write 28 days, or calendar month'),
    weekend: rule('weekend', weekend, 'write it as in Friday 3 pm to Monday 9 am'),
    weekendRateCents: rule(
      'weekendRate',
      (_, cell) => readAmount(cell, 'none', locale)?.cents ?? undefined,
      'write the amount alone, as in 375.00',
    ),
    halfDayHours: rule('halfDay', halfDayHours, 'write its hours, as in 4 hours'),
    openingHours: rule(
      'openingHours',
      (text) => readOpeningHours(text) ?? undefined,
      'write them as in Mon-Fri 7:00-17:00, Sat 8:00-12:00, closed Sunday',
    ),
    closed: closed.length > 0 ? closed : undefined,
    closedDays: rule('closedDays', closedDays, 'write charged, or free'),
    taxPercent: rule('tax', taxPercent, 'write the percentage, as in 8.25%'),
    waiver: rule(
      'damageWaiver',
      (text, cell) => waiver(text, cell, locale),
      'write it as in 15%, or 12.00 a day',
    )?.required,
  };
  const said = Object.entries(rules).filter(([, value]) => value !== undefined);
  return said.length > 0 ? Object.fromEntries(said) : null;
}

function ruleName(field: string): string {
  return Object.entries(ruleKeys).find(([key]) => key === field)?.[1][0] ?? field;
}

const rentalDay: Reader<'calendar' | '24-hours'> = (text) => {
  if (/\b24[ -]?h/.test(text)) return '24-hours';
  return /\bcalendar\b/.test(text) ? 'calendar' : undefined;
};

const minimumDays: Reader<number> = (text) => {
  const [, count] = /^(\d{1,2})(?: days?(?: minimum)?)?$/.exec(text) ?? [];
  return count && Number(count) > 0 ? Number(count) : undefined;
};

const month: Reader<'28-days' | 'calendar'> = (text) => {
  if (/\b(?:28|four[ -]weeks?|4[ -]?w)/.test(text)) return '28-days';
  return /\bcalendar\b/.test(text) ? 'calendar' : undefined;
};

const halfDayHours: Reader<number> = (text) => {
  const [, hours] = /^(?:up to )?(\d{1,2})(?: ?h(?:ou)?rs?)?$/.exec(text) ?? [];
  return hours && Number(hours) > 0 && Number(hours) < 24 ? Number(hours) : undefined;
};

const closedDays: Reader<'charged' | 'free'> = (text) => {
  if (/^(?:free|not charged|no charge|uncharged|not billed)$/.test(text)) return 'free';
  return /^(?:charged|billed)$/.test(text) ? 'charged' : undefined;
};

const weekend: Reader<NonNullable<RentalRules['weekend']>> = (text) => {
  const end = String.raw`(sun|mon|tue|wed|thu|fri|sat)[a-z]*\.?,? ?(?:at |after |by |from )?(.+?)`;
  const found = new RegExp(`^(?:from )?${end} ?(?:-|–|to|through|until|till) ?${end}$`).exec(text);
  const [, from = '', fromTime = '', until = '', untilTime = ''] = found ?? [];
  const clock = (time: string) => clockMinute(time.replaceAll('.', ''));
  const [fromMinute, toMinute] = [clock(fromTime), clock(untilTime)];
  const [fromDay, toDay] = [dayNames.indexOf(from), dayNames.indexOf(until)];
  return fromMinute === null || toMinute === null || fromDay === toDay
    ? undefined
    : { fromDay, fromMinute, toDay, toMinute };
};

/** Null for a tax that is charged without its percentage being told. */
const taxPercent: Reader<number | null> = (text, cell) => {
  // A cell in per cent holds the fraction.
  if (typeof cell === 'number') return cell > 0 && cell < 1 ? cell * 100 : percentOf(`${cell}%`);
  if (/^(?:plus|\+) ?(?:sales |local )?tax(?:es)?$|^(?:not included|extra|excluded)$/.test(text)) {
    return null;
  }
  if (/\bincl/.test(text) && !/\bnot incl/.test(text)) return undefined;
  return percentOf(text);
};

/** The one percentage of a text that says nothing but what it is for. */
function percentOf(text: string): number | undefined {
  const words =
    '(?:plus|add|\\+|sales|state|local|rental|tax(?:es)?|damage|waiver|of (?:the )?(?:rental|rent|rate)(?: rate| charge)?|required|mandatory|optional|is|:|,|\\.|\\(|\\)|not included|extra)';
  const [, percent] =
    new RegExp(
      `^(?:${words} ?)*(\\d{1,2}(?:\\.\\d{1,4})?) ?(?:%|percent\\b) ?(?:${words} ?)*$`,
    ).exec(text) ?? [];
  return percent && Number(percent) > 0 ? Number(percent) : undefined;
}

/** `required` is left out for a waiver that the caller may do without: it is only spoken. */
function waiver(
  text: string,
  cell: Cell,
  locale: SheetLocale,
): { readonly required?: NonNullable<RentalRules['waiver']> } | undefined {
  const isRequired =
    /\b(?:required|mandatory|always)\b/.test(text) && !/\bnot (?:required|mandatory)\b/.test(text);
  if (!isRequired) return {};
  const percent = percentOf(text);
  if (percent !== undefined) return { required: { percent } };
  const bare = text.replace(/[,;(]? ?(?:is )?(?:required|mandatory)\)?/, '').trim();
  const cents = readAmount(typeof cell === 'number' ? cell : bare, 'day', locale)?.cents;
  return cents ? { required: { centsPerDay: cents } } : undefined;
}

/** A day as `readClosures` takes it. A date cell is a whole day; text without a year recurs. */
function readDateOf(text: string, locale: SheetLocale): string | null {
  const read = readDateCell(text, { locale });
  if (read && 'day' in read) return read.day;
  if (!read || !('month' in read)) return null;
  return `${String(read.month).padStart(2, '0')}-${String(read.date).padStart(2, '0')}`;
}

function dateText(cell: Cell, locale: SheetLocale): string {
  const read = typeof cell === 'number' ? readDateCell(cell, { locale }) : null;
  return read && 'day' in read ? read.day : (readText(cell) ?? '');
}
