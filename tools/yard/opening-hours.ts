import type { IsoDate } from './equipment.ts';
import { clockRange, dayNames, daysFrom, everyDay, type DutyHours } from './on-duty.ts';
import { addDays, dayNumber } from './rental-dates.ts';
import type { RentalRules } from './rental-rules.ts';

const dayWord = '(?:sun|mon|tue|wed|thu|fri|sat)(?:s|nes|rs|urs|ur|r)?(?:days?)?\\b\\.?';
const clock = '(?:noon|midnight|\\d{1,2})(?:[:.]\\d\\d)? ?(?:am|pm|a|p)?\\b';
const to = ' ?(?:-|to|through|thru|until|till) ?';

type Piece =
  | { readonly kind: 'days'; readonly days: readonly number[] }
  | { readonly kind: 'times'; readonly from: number; readonly until: number }
  | { readonly kind: 'closed' };

/** Days by one letter, as in `M-F` and `M-Sat`; T alone is Tuesday or Thursday. */
const letters: Readonly<Record<string, string>> = {
  m: 'mon',
  w: 'wed',
  f: 'fri',
  th: 'thu',
  tu: 'tue',
  sa: 'sat',
  su: 'sun',
};

/**
 * Reads the hours that owners type, whatever comes first: `Mon-Fri 7:00-17:30, Sat 8:00-12:00,
 * closed Sunday`, `7am-5pm M-F`, `24/7`. Days that are not named are closed, unless none is. Null when a
 * word of it is not understood.
 */
export function readOpeningHours(typed: string): readonly DutyHours[] | null {
  const closed = new Set<number>();
  const open: DutyHours[] = [];
  let waiting: number[] = [];
  let last: readonly number[] = [];
  let wasClosed = false;
  for (const clause of typed.split(/[,;|\n]+|\.(?=\s|$)(?<![ap]\.m\.|[ap]\.)/i)) {
    if (clause.trim() === '') continue;
    const pieces = piecesOf(clause);
    if (!pieces) return null;
    const days = pieces.flatMap((piece) => (piece.kind === 'days' ? piece.days : []));
    const times = pieces.filter((piece) => piece.kind === 'times');
    if (pieces.some(({ kind }) => kind === 'closed')) {
      if (times.length > 0 || days.length + waiting.length === 0) return null;
      for (const day of [...waiting, ...days]) closed.add(day);
      [waiting, wasClosed] = [[], true];
    } else if (times.length === 0) {
      waiting.push(...days);
    } else {
      const spans = spansOf(pieces, { waiting, last });
      if (!spans) return null;
      open.push(...spans);
      last = spans.at(-1)?.days ?? [];
      [waiting, wasClosed] = [[], false];
    }
  }
  if (waiting.length > 0 && !wasClosed) return null;
  for (const day of waiting) closed.add(day);
  const hours = open
    .map((of) => ({
      ...of,
      days: (of.days.length > 0 ? of.days : everyDay).filter((day) => !closed.has(day)),
    }))
    .filter(({ days }) => days.length > 0);
  return hours.length > 0 ? hours : null;
}

/** The hours of one clause, which may go on with the days of the clauses before it. */
function spansOf(
  pieces: readonly Piece[],
  { waiting, last }: { readonly waiting: readonly number[]; readonly last: readonly number[] },
): readonly DutyHours[] | null {
  const spans: DutyHours[] = [];
  const isTimesFirst =
    waiting.length === 0 && pieces[0]?.kind === 'times' && pieces[1]?.kind === 'days';
  let time: Extract<Piece, { kind: 'times' }> | null = null;
  let days = waiting;
  let isUsed = false;
  for (const piece of pieces) {
    if (piece.kind === 'days') {
      days = isUsed ? piece.days : [...days, ...piece.days];
      isUsed = false;
    } else if (piece.kind === 'times') {
      time = piece;
      if (isTimesFirst) continue;
    }
    if (!time || (piece.kind === 'days' && !isTimesFirst)) continue;
    const of = days.length > 0 ? days : last;
    spans.push({ days: of, fromMinute: time.from, toMinute: time.until });
    isUsed = true;
  }
  return isUsed ? spans : null;
}

function piecesOf(typed: string): readonly Piece[] | null {
  let rest = typed
    .toLowerCase()
    .replaceAll(/[–—]/g, '-')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/([ap])\.m\.?/g, '$1m')
    .replaceAll(/\b(su|sa|th|tu|[mwf])\b\.?/g, (day) => letters[day.replace('.', '')] ?? day)
    .trim();
  const days = new RegExp(`^(${dayWord})(?:${to}(${dayWord}))?`);
  const times = new RegExp(`^(${clock})${to}(${clock})`);
  const pieces: Piece[] = [];
  while (rest !== '') {
    const day = days.exec(rest);
    const time = times.exec(rest);
    const named = /^(weekdays?|week ?days|weekends?|daily|every ?day|7 days(?: a week)?)\b/.exec(
      rest,
    );
    const always = /^(?:24\/7|24 ?h(?:ou)?rs?(?: a day)?|24 hours|always open)\b/.exec(rest);
    const closed = /^(?:closed|not open)\b/.exec(rest);
    const filler =
      /^(?:[,;.:|/&()+]|-|(?:we(?:'re| are)|open(?:ing)?|otherwise|hours|from|on|and|at|is|are|all day)\b) ?/.exec(
        rest,
      );
    if (time) {
      const range = clockRange(time[1] ?? '', time[2] ?? '');
      if (!range) return null;
      pieces.push({ kind: 'times', from: range[0], until: range[1] });
    } else if (day) pieces.push({ kind: 'days', days: daysFrom(day[1] ?? '', day[2]) });
    else if (named) pieces.push({ kind: 'days', days: namedDays(named[0]) });
    else if (always) pieces.push({ kind: 'times', from: 0, until: 24 * 60 });
    else if (closed) pieces.push({ kind: 'closed' });
    else if (!filler) return null;
    const [whole] = time ?? day ?? named ?? always ?? closed ?? filler ?? [''];
    rest = rest.slice(whole.length).trim();
  }
  return pieces.length > 0 ? pieces : null;
}

function namedDays(name: string): readonly number[] {
  if (/^week ?days?/.test(name)) return [1, 2, 3, 4, 5];
  return name.startsWith('weekend') ? [0, 6] : everyDay;
}

/** Closed days by name, in the year of a day. Weekdays as in `Date`. */
const holidays: Readonly<Record<string, (year: number) => IsoDate>> = {
  "new year's day": (year) => `${year}-01-01`,
  'martin luther king day': (year) => nthWeekday(year, 1, { weekday: 1, nth: 3 }),
  "presidents' day": (year) => nthWeekday(year, 2, { weekday: 1, nth: 3 }),
  'good friday': (year) => addDays(easter(year), -2),
  easter,
  'easter monday': (year) => addDays(easter(year), 1),
  'memorial day': (year) => nthWeekday(year, 5, { weekday: 1, nth: -1 }),
  juneteenth: (year) => `${year}-06-19`,
  'canada day': (year) => `${year}-07-01`,
  'independence day': (year) => `${year}-07-04`,
  'labor day': (year) => nthWeekday(year, 9, { weekday: 1, nth: 1 }),
  'columbus day': (year) => nthWeekday(year, 10, { weekday: 1, nth: 2 }),
  'veterans day': (year) => `${year}-11-11`,
  thanksgiving: (year) => nthWeekday(year, 11, { weekday: 4, nth: 4 }),
  'the day after thanksgiving': (year) => addDays(nthWeekday(year, 11, { weekday: 4, nth: 4 }), 1),
  'christmas eve': (year) => `${year}-12-24`,
  christmas: (year) => `${year}-12-25`,
  'boxing day': (year) => `${year}-12-26`,
  "new year's eve": (year) => `${year}-12-31`,
};

/** Other words for a holiday, as a pattern. */
const holidayWords: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^new ?years? ?eve$/, "new year's eve"],
  [/^new ?years?(?: day)?$/, "new year's day"],
  [/^(?:mlk|martin luther king)(?: jr)?(?: day)?$/, 'martin luther king day'],
  [/^presidents?(?: day)?$|^washingtons birthday$/, "presidents' day"],
  [/^good friday$/, 'good friday'],
  [/^easter monday$/, 'easter monday'],
  [/^easter(?: sunday)?$/, 'easter'],
  [/^memorial(?: day)?$/, 'memorial day'],
  [/^juneteenth$/, 'juneteenth'],
  [/^canada day$/, 'canada day'],
  [/^(?:independence day|(?:the )?(?:4th|fourth) of july)$/, 'independence day'],
  [/^labou?r(?: day)?$/, 'labor day'],
  [/^columbus day$|^indigenous peoples day$/, 'columbus day'],
  [/^veterans?(?: day)?$/, 'veterans day'],
  [/^(?:the )?day after thanksgiving$|^black friday$/, 'the day after thanksgiving'],
  [/^thanksgiving(?: day)?$/, 'thanksgiving'],
  [/^(?:christmas|xmas) eve$/, 'christmas eve'],
  [/^(?:christmas|xmas)(?: day)?$/, 'christmas'],
  [/^boxing day$/, 'boxing day'],
];

/** `nth` from the end when below zero. */
function nthWeekday(
  year: number,
  month: number,
  { weekday, nth }: { readonly weekday: number; readonly nth: number },
): IsoDate {
  const lastDate = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const days = Array.from({ length: lastDate }, (_, at) => addDays(`${year}-${two(month)}-01`, at));
  return days.filter((day) => weekdayOf(day) === weekday).at(nth > 0 ? nth - 1 : nth) ?? '';
}

/** Easter Sunday, by the Gregorian computus of Meeus. */
function easter(year: number): IsoDate {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d =
    (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30;
  const e = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - d - (c % 4)) % 7;
  const f = d + e - 7 * Math.floor((a + 11 * d + 22 * e) / 451) + 114;
  return `${year}-${two(Math.floor(f / 31))}-${two((f % 31) + 1)}`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

function weekdayOf(day: IsoDate): number {
  return ((((dayNumber(day) ?? 0) + 4) % 7) + 7) % 7;
}

/** A day as a list of closed days names it: whole, or without its year. */
export type ReadDay = (text: string) => string | null;

/**
 * Reads the closed days that owners list: `Dec 25, Thanksgiving, July 4, Sundays, Dec 24-26`. A
 * closure is a name of `holidays`, a weekday's first letters, `MM-DD` or `YYYY-MM-DD`; `readDay` reads
 * the last two. `hasUnread` when a word of it is not understood.
 */
export function readClosures(
  typed: string,
  readDay: ReadDay,
): { readonly closed: readonly string[]; readonly hasUnread: boolean } {
  const parts = typed
    .replaceAll(/[–—]/g, '-')
    .split(/[;\n]|,(?! ?\d{4}\b)| and | & /i)
    .map((part) =>
      part
        .trim()
        .replace(/^(?:closed |on |all )+/i, '')
        .replace(/\.$/, ''),
    )
    .filter((part) => part !== '');
  const read = parts.map((part) => closureOf(part, readDay));
  return {
    closed: [...new Set(read.flatMap((of) => of ?? []))],
    hasUnread: read.includes(null),
  };
}

function closureOf(part: string, readDay: ReadDay): readonly string[] | null {
  const words = part.toLowerCase().replaceAll(/['’.]/g, '').replaceAll(/\s+/g, ' ').trim();
  if (/^(?:none|no|never|n\/a)$/.test(words)) return [];
  const holiday = holidayWords.find(([pattern]) => pattern.test(words));
  if (holiday) return [holiday[1]];
  if (new RegExp(`^(?:every )?${dayWord}$`).test(words)) {
    return [words.replace('every ', '').slice(0, 3)];
  }
  const day = readDay(part);
  if (day) return [day];
  const [, first = '', last = ''] = /^(.+?) ?(?:-|to|through|thru) ?(.+)$/i.exec(part) ?? [];
  const from = first && readDay(first);
  // "Dec 24-26": the month is that of the first.
  const until = from && (readDay(last) ?? readDay(first.replace(/\d{1,2}(?=\D*$)/, last)));
  return from && until ? daysBetween(from, until) : null;
}

function daysBetween(from: string, until: string): readonly string[] | null {
  if (from.length !== until.length) return null;
  const isYearly = from.length === 5;
  const first = isYearly ? `2024-${from}` : from;
  const same = isYearly ? `2024-${until}` : until;
  const last = same < first && isYearly ? `2025-${until}` : same;
  const count = (dayNumber(last) ?? 0) - (dayNumber(first) ?? 0) + 1;
  if (count < 1 || count > 60) return null;
  return Array.from({ length: count }, (_, at) => addDays(first, at).slice(isYearly ? 5 : 0));
}

/** A closed date's name, or an empty text; null for a day that is open, or closed every week. */
export function holidayOn(day: IsoDate, rules: RentalRules | undefined): string | null {
  const dates = rules?.closed?.filter((of) => !dayNames.includes(of));
  return closureOn(day, { closed: dates });
}

/** A closed day's name, such as `christmas`, or an empty text for one without; null when it is open. */
export function closureOn(day: IsoDate, rules: RentalRules | undefined): string | null {
  const { closed = [], openingHours } = rules ?? {};
  const year = Number(day.slice(0, 4));
  const holiday = closed.find((name) => holidays[name]?.(year) === day);
  if (holiday !== undefined) return holiday;
  const weekday = weekdayOf(day);
  const isListed = [day, day.slice(5), dayNames[weekday] ?? ''].some((of) => closed.includes(of));
  const isShut = openingHours && !openingHours.some(({ days }) => days.includes(weekday));
  return isListed || isShut ? '' : null;
}

/** True when the yard is closed all day. */
export function isClosedOn(day: IsoDate, rules: RentalRules | undefined): boolean {
  return closureOn(day, rules) !== null;
}

/** The first day from `day` on on which the yard is open; null when there is none in two months. */
export function nextOpenDay(day: IsoDate, rules: RentalRules | undefined): IsoDate | null {
  const days = Array.from({ length: 62 }, (_, at) => addDays(day, at));
  return days.find((of) => !isClosedOn(of, rules)) ?? null;
}
