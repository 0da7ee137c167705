/** Days as ISO dates, both included. */
export type DayRange = { readonly start: string; readonly end: string };
/** What an utterance says about days: a range, or only how many there are. */
export type SpokenDays = DayRange | { readonly days: number };

const DAY_MS = 86_400_000;
const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const weekdays = 'sun mon tue wed thu fri sat'.split(' ');
const MONTH =
  '(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';
const WEEKDAY =
  '(mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?|r)?|fri(?:day)?|sat(?:urday)?|sunday)';
const DAY = '(\\d{1,2})(?:st|nd|rd|th)?';
const ORDINAL = '(\\d{1,2})(?:st|nd|rd|th)';

/** A day in the text. `day` is what is known when the month is not said: it comes from a neighbour. */
type Day =
  | {
      readonly date: number;
      /** The end of a day's own range: a weekend, a week. */
      readonly last?: number;
      /** Said by name alone, so that a range may move it: `friday to monday`. */
      readonly weekday?: number;
      /** Names the week for the other end of a range too: `tuesday to thursday next week`. */
      readonly namesWeek?: boolean;
    }
  | { readonly day: number };
type Point = Day & { readonly at: number; readonly until: number };
type Reading = (match: readonly (string | undefined)[], todayMs: number) => Day | undefined;

/** The ways to say a day, the most explicit first; text that one has taken is not read again. */
const readings: readonly (readonly [RegExp, Reading])[] = [
  [/\b(\d{4})-(\d{2})-(\d{2})\b/g, ([iso]) => ({ date: Date.parse(iso ?? '') })],
  [
    new RegExp(`\\b(?:${WEEKDAY},? )?(?:the )?${DAY} (?:of )?${MONTH}\\b(?: (20\\d\\d))?`, 'g'),
    ([, , day, month, year], today) => ({ date: dateOf(month, day, today, year) }),
  ],
  [
    new RegExp(`\\b(?:${WEEKDAY},? )?${MONTH} (?:the )?${DAY}(?!\\d)\\b(?:,? (20\\d\\d))?`, 'g'),
    ([, , month, day, year], today) => ({ date: dateOf(month, day, today, year) }),
  ],
  [/\b(\d{1,2})\/(\d{1,2})\b/g, ([, month, day], today) => usDate(Number(month), day, today)],
  [new RegExp(`\\b${WEEKDAY},? the ${DAY}\\b`, 'g'), ([, , day]) => ({ day: Number(day) })],
  [/\bday after tomorrow\b/g, (_, today) => ({ date: today + 2 * DAY_MS })],
  [
    /\b(?:in )?(\d{1,2}|a) (day|week)s?(?: from (?:now|today))\b|\bin (\d{1,2}|a) (day|week)s?\b/g,
    ([, count, unit, inCount, inUnit], today) => ({
      date: today + daysOf(count ?? inCount, unit ?? inUnit) * DAY_MS,
    }),
  ],
  [/\btomorrow\b/g, (_, today) => ({ date: today + DAY_MS })],
  [/\b(?:today|tonight|right now|this (?:morning|afternoon))\b/g, (_, today) => ({ date: today })],
  [
    /\b(this|next|the|coming) weekend\b/g,
    ([, which], today) => weekend(today + (which === 'next' ? 7 : 0) * DAY_MS, today),
  ],
  [
    new RegExp(`\\b(?:(this|next|coming|following) )?${WEEKDAY}\\b(?: (of )?next week)?`, 'g'),
    ([text = '', which, name], today) => weekdayAfter(name, today, text, which),
  ],
  [/\bnext week\b/g, (_, today) => span(weekStart(today) + 7 * DAY_MS, 5)],
  [
    new RegExp(`\\b(?:the|on|from|to|through|until|till?|and) (?:the )?${ORDINAL}\\b`, 'g'),
    ([, day]) => ({ day: Number(day) }),
  ],
];

const RANGE = /\b(to|through|thru|until|till?|and|back|return|returning|ending)\b|-/;
const CORRECTION = /\b(no|sorry|actually|i mean|rather|instead|make that|or)\b/;

/**
 * What a normalised utterance says about days, seen from `today` (ISO): `next tuesday`, `from the 3rd
 * to the 5th of december`, `for 3 days from monday`, `tomorrow`, `for a week`. Null when nothing.
 */
export function spokenDays(text: string, today: string): SpokenDays | null {
  const todayMs = Date.parse(today);
  const [first, ...others] = points(text, todayMs);
  const days = duration(text);
  if (!first) return days === undefined ? null : { days };
  const second = others.at(0) ?? bareEnd(text, first);
  const between = second ? text.slice(first.until, second.at + 8) : '';
  if (second && CORRECTION.test(text.slice(first.until, second.at))) {
    return rangeFrom(resolve(second, todayMs, first), days);
  }
  if (second && RANGE.test(between)) {
    const end = resolve(second, todayMs, first);
    const start = resolve(first, todayMs, second);
    const startMs =
      start.weekday !== undefined && end.namesWeek
        ? weekdayBefore(end.date, start.weekday)
        : start.date;
    return toRange(startMs, inOrder(startMs, end));
  }
  return rangeFrom(resolve(first, todayMs, second), days);
}

/** The range of `days` days that begins on `start`. */
export function rangeOfDays(start: string, days: number): DayRange {
  return toRange(Date.parse(start), Date.parse(start) + (days - 1) * DAY_MS);
}

function points(text: string, todayMs: number): Point[] {
  const found: Point[] = [];
  let rest = text;
  for (const [pattern, read] of readings) {
    for (const match of rest.matchAll(pattern)) {
      const day = read(match, todayMs);
      if (!day || ('date' in day && Number.isNaN(day.date))) continue;
      const until = match.index + match[0].length;
      found.push({ ...day, at: match.index, until });
      rest = rest.slice(0, match.index) + '_'.repeat(match[0].length) + rest.slice(until);
    }
  }
  return found.sort((a, b) => a.at - b.at);
}

/** `december 3 to 5`: a number that is a day only because of what comes before it. */
function bareEnd(text: string, first: Point): Point | undefined {
  const match =
    /^ (?:to|through|thru|until|till?|-) (?:the )?(\d{1,2})(?:st|nd|rd|th)?\b(?! (?:day|week|o'clock|am|pm|dollar))/.exec(
      text.slice(first.until),
    );
  if (!match) return undefined;
  return { at: first.until, until: first.until + match[0].length, day: Number(match[1]) };
}

/** A day without a month takes it from its neighbour, or is the next such day. */
function resolve(
  point: Point,
  todayMs: number,
  neighbour: Point | undefined,
): Exclude<Day, { day: number }> {
  if ('date' in point) return point;
  if (neighbour && 'date' in neighbour) {
    const near = new Date(neighbour.date);
    return { date: Date.UTC(near.getUTCFullYear(), near.getUTCMonth(), point.day) };
  }
  const today = new Date(todayMs);
  const thisMonth = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), point.day);
  const nextMonth = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + 1, point.day);
  return { date: thisMonth >= todayMs ? thisMonth : nextMonth };
}

/** An end that would come before the start is the next one that does not. */
function inOrder(startMs: number, end: { date: number; weekday?: number }): number {
  if (end.weekday !== undefined) {
    const ahead = (end.weekday - new Date(startMs).getUTCDay() + 7) % 7;
    return startMs + ahead * DAY_MS;
  }
  if (end.date >= startMs) return end.date;
  const late = new Date(end.date);
  return Date.UTC(late.getUTCFullYear(), late.getUTCMonth() + 1, late.getUTCDate());
}

function rangeFrom(point: { date: number; last?: number }, days: number | undefined): DayRange {
  if (days !== undefined) return toRange(point.date, point.date + (days - 1) * DAY_MS);
  return toRange(point.date, point.last ?? point.date);
}

function duration(text: string): number | undefined {
  const match =
    /\b(\d{1,2}|a|an|the whole|whole|1 full|full)(?: (?:of|full|whole|or so))? (day|week|month)s?\b/.exec(
      text
        .replaceAll(/\b(?:a 2|2 of)\b/g, '2')
        .replaceAll(/\bin (?:\d{1,2}|a) (?:day|week)s?\b/g, ''),
    );
  if (match && !/\b(?:a|per|each|every) (?:day|week|month)\b.*\b(?:rate|price|cost)/.test(text)) {
    const count = /^\d/.test(match[1] ?? '') ? Number.parseInt(match[1] ?? '1', 10) : 1;
    const isRate = match[1] === 'a' && !/\bfor (?:about )?a (?:day|week|month)\b/.test(text);
    if (!isRate) return count * ({ day: 1, week: 7, month: 28 }[match[2] ?? ''] ?? 1);
  }
  return undefined;
}

function dateOf(
  monthName: string | undefined,
  day: string | undefined,
  todayMs: number,
  year?: string,
): number {
  const month = months.indexOf((monthName ?? '').slice(0, 3));
  const thisYear = new Date(todayMs).getUTCFullYear();
  if (year !== undefined) return Date.UTC(Number(year), month, Number(day));
  const date = Date.UTC(thisYear, month, Number(day));
  return date >= todayMs ? date : Date.UTC(thisYear + 1, month, Number(day));
}

function usDate(month: number, day: string | undefined, todayMs: number): Day | undefined {
  return month < 1 || month > 12 ? undefined : { date: dateOf(months[month - 1], day, todayMs) };
}

function weekdayAfter(
  name: string | undefined,
  todayMs: number,
  text: string,
  which: string | undefined,
): Day {
  const weekday = weekdays.indexOf((name ?? '').slice(0, 3));
  if (which === 'next' || text.endsWith('next week')) {
    const date = weekStart(todayMs) + (7 + ((weekday + 6) % 7)) * DAY_MS;
    return { date, namesWeek: true };
  }
  const ahead = (weekday - new Date(todayMs).getUTCDay() + 7) % 7 || 7;
  return { date: todayMs + ahead * DAY_MS, weekday };
}

/** The Monday of the week. */
function weekStart(dayMs: number): number {
  return dayMs - ((new Date(dayMs).getUTCDay() + 6) % 7) * DAY_MS;
}

function weekdayBefore(dayMs: number, weekday: number): number {
  return dayMs - ((new Date(dayMs).getUTCDay() - weekday + 7) % 7) * DAY_MS;
}

/** The Saturday and Sunday of the week, or what is left of them. */
function weekend(dayMs: number, todayMs: number): Day {
  const saturday = weekStart(dayMs) + 5 * DAY_MS;
  return { date: Math.max(saturday, todayMs), last: saturday + DAY_MS };
}

function span(startMs: number, days: number): { date: number; last: number } {
  return { date: startMs, last: startMs + (days - 1) * DAY_MS };
}

function daysOf(count: string | undefined, unit: string | undefined): number {
  return (count === 'a' ? 1 : Number(count)) * (unit === 'week' ? 7 : 1);
}

function toRange(startMs: number, endMs: number): DayRange {
  return { start: isoDay(startMs), end: isoDay(endMs) };
}

const isoDay = (ms: number) => new Date(ms).toISOString().slice(0, 10);
