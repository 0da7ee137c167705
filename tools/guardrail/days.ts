import type { IsoDate } from '../yard/equipment.ts';
import { dayNames } from '../yard/on-duty.ts';

/** A day as far as words tell it: 0 is Sunday, and January. */
export type Day = {
  readonly weekday?: number | undefined;
  readonly month?: number | undefined;
  readonly date?: number | undefined;
  readonly word?: string | undefined;
};

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const dayName = '(?:sun|mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?)(?:day)?s?';
const monthName =
  '(?:january|february|march|april|may|june|july|august|september|october|november|december|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\\.?)';
const nth = '(\\d{1,2})(?:st|nd|rd|th)';
const pattern = new RegExp(
  [
    `\\b(${dayName})\\b(?:,? (?:the )?(?:(${monthName}) (?:the )?(\\d{1,2})(?:st|nd|rd|th)?|${nth})\\b)?`,
    `\\b(${monthName}) (?:the )?(\\d{1,2})(?:st|nd|rd|th)?\\b`,
    `\\b${nth} (?:of )?(${monthName})\\b`,
    `\\b${nth}\\b`,
    '\\b(\\d{1,2})/(\\d{1,2})(?:/\\d{2,4})?\\b',
    "\\b(today|tonight|tomorrow|yesterday|christmas(?: eve)?|thanksgiving|easter|new year's(?: eve| day)?)\\b",
  ].join('|'),
  'g',
);

const range = /^ ?(?:through|thru|to|until|till|[-–])(?: and including)? ?(?:the )?$/;

/** The days named in a text whose numbers are in digits (`inDigits`), those of a range included. */
export function daysIn(text: string, today: IsoDate | null = null): Day[] {
  return spansIn(text, today).flatMap(({ days }) => days);
}

/** The number of days of each range in a text. */
export function rangesIn(text: string): number[] {
  return spansIn(text, null)
    .filter(({ isRange }) => isRange)
    .map(({ days }) => days.length + 1);
}

/** Each day by itself; the end of a range with the days between. */
function spansIn(text: string, today: IsoDate | null) {
  const found = [...text.matchAll(pattern)].map((match) => ({
    day: dayOf(match, today),
    from: match.index,
    to: match.index + match[0].length,
  }));
  return found.map(({ day, from }, i) => {
    const previous = found[i - 1];
    if (!previous || !range.test(text.slice(previous.to, from)))
      return { days: [day], isRange: false };
    return { days: [...daysBetween(previous.day, day), day], isRange: true };
  });
}

function dayOf(match: RegExpExecArray, today: IsoDate | null): Day {
  const [, name, monthA, dateA, dateB, monthC, dateC, dateD, monthD, dateE, slashM, slashD, word] =
    match;
  if (word !== undefined) return relative(word, today);
  const month = monthA ?? monthC ?? monthD;
  const date = dateA ?? dateB ?? dateC ?? dateD ?? dateE ?? slashD;
  return {
    weekday: name === undefined ? undefined : indexIn(dayNames, name),
    month:
      month === undefined
        ? slashM === undefined
          ? undefined
          : Number(slashM) - 1
        : indexIn(months, month),
    date: date === undefined ? undefined : Number(date),
  };
}

function indexIn(names: readonly string[], name: string): number {
  return names.indexOf(name.slice(0, 3));
}

function relative(word: string, today: IsoDate | null): Day {
  const ahead = { today: 0, tonight: 0, tomorrow: 1, yesterday: -1 }[word];
  if (today === null || ahead === undefined) return { word };
  const day = new Date(Date.parse(`${today}T00:00:00Z`) + ahead * 86_400_000);
  return { weekday: day.getUTCDay(), month: day.getUTCMonth(), date: day.getUTCDate(), word };
}

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** The days between, as far as weekday and date go; a range is no longer than a month. */
function daysBetween(first: Day, last: Day): Day[] {
  const days: Day[] = [];
  const length = monthLengths[first.month ?? 0] ?? 31;
  for (let i = 1; i <= 31; i += 1) {
    const date = first.date === undefined ? undefined : first.date + i;
    const isNext = date !== undefined && date > length;
    const month = first.month === undefined ? undefined : (first.month + (isNext ? 1 : 0)) % 12;
    const day = {
      weekday: first.weekday === undefined ? undefined : (first.weekday + i) % 7,
      date: isNext ? date - length : date,
      month,
    };
    const isLast =
      last.date !== undefined && day.date !== undefined
        ? day.date === last.date
        : day.weekday === last.weekday;
    if (isLast) return days;
    days.push(day);
  }
  return [];
}

/** True when the words of `said` can mean a day of `known`. */
export function isAmong(said: Day, known: readonly Day[]): boolean {
  return known.some((day) => {
    if (said.word !== undefined && said.word === day.word) return true;
    const pairs = (['weekday', 'date', 'month'] as const).map((part) => [said[part], day[part]]);
    const isBoth = pairs.map(([a, b]) => a !== undefined && b !== undefined);
    const agrees = pairs.every(([a, b], i) => !isBoth[i] || a === b);
    return agrees && (isBoth[0] === true || isBoth[1] === true);
  });
}

/** True when weekday and date belong together, by the calendar of the year around `today`. */
export function isInCalendar({ weekday: name, month, date }: Day, today: IsoDate): boolean {
  if (date === undefined || name === undefined) return false;
  return Array.from(
    { length: 120 },
    (_, i) => new Date(Date.parse(`${today}T00:00:00Z`) + i * 86_400_000),
  ).some(
    (day) =>
      day.getUTCDate() === date &&
      day.getUTCDay() === name &&
      (month === undefined || day.getUTCMonth() === month),
  );
}
