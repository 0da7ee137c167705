import { daysFrom, everyDay } from '../yard/on-duty.ts';

/** A yard's hours, real or said to be, in minutes of the day; null when nothing is said of them. */
export type Hours = {
  readonly days: readonly number[];
  readonly opens: Clock | null;
  readonly closes: Clock | null;
  readonly isClosed: boolean;
};

/** `isSure` when morning and afternoon are told apart. */
type Clock = { readonly minutes: number; readonly isSure: boolean };

const dayName = '(?:sun|mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?)(?:day)?s?';
const dayRange = new RegExp(
  `\\b(${dayName})\\b\\.?(?: ?(?:to|through|thru|until|till|-|–|—) ?(${dayName})\\b)?`,
  'g',
);
const clock =
  /\b(?<!\$)(\d{1,2})(?:[:. ]?([0-5]\d)(?!\d))? ?(a\.?m\.?|p\.?m\.?|o'clock)?(?! ?(?:days|hours)\b|[\d/%]|st\b|nd\b|rd\b|th\b)|\b(noon|midnight)\b/g;

const allDay = /\b24\/7\b|\b24 hours\b|\baround the clock\b/;

/** Reads opening hours from a text whose numbers are in digits (`inDigits`). */
export function hoursIn(text: string): Hours[] {
  const found: Hours[] = [];
  let days: readonly number[] = [];
  /** Days whose hours are still to come: "Monday and Tuesday 8 to 5". */
  let waiting: readonly number[] = [];
  const parts = text
    .replaceAll(/\bhalf past (\d{1,2})\b/g, '$1:30')
    .split(/[,;\n]+|\.(?=\s|$)| and (?=on |closed|sun|mon|tue|wed|thu|fri|sat|weekends?\b)| but /);
  for (const part of parts) {
    const own = [...waiting, ...daysOf(part)];
    const isClosed =
      /\bclosed\b|\bnot open\b|\b(?:don't|aren't|isn't|never) open\b|n't open\b/.test(part);
    const times = timesOf(part);
    const isTold = isClosed || times.length > 0 || allDay.test(part);
    waiting = isTold ? [] : own;
    if (!isTold) continue;
    if (own.length > 0) days = own;
    const span = isClosed ? { opens: null, closes: null } : spanOf(part, times);
    found.push({ days, ...span, isClosed });
  }
  if (waiting.length === 0) return found;
  // "Closed on Sunday and Monday": of the last day nothing else is said.
  const isClosed = found.at(-1)?.isClosed ?? false;
  return [...found, { days: waiting, opens: null, closes: null, isClosed }];
}

function daysOf(part: string): readonly number[] {
  if (/\b(?:weekdays|week ?days|work ?days)\b/.test(part)) return [1, 2, 3, 4, 5];
  if (/\bweekends?\b/.test(part)) return [0, 6];
  if (/\b(?:every ?day|daily|all week|(?:7|seven) days|24\/7)\b/.test(part)) return everyDay;
  return [...part.matchAll(dayRange)].flatMap(([, from = '', to]) => daysFrom(from, to));
}

function timesOf(part: string): Clock[] {
  return [...part.matchAll(clock)].flatMap(([, hourText, minutes, half, named]) => {
    if (named !== undefined) return [{ minutes: named === 'noon' ? 720 : 1_440, isSure: true }];
    const hour = Number(hourText);
    if (hour > 24) return [];
    const isHalf = half !== undefined && half !== "o'clock";
    const afternoon = isHalf && half.startsWith('p') ? 12 : 0;
    const clockHour = isHalf ? (hour % 12) + afternoon : hour;
    return [
      { minutes: clockHour * 60 + Number(minutes ?? 0), isSure: isHalf || hour > 12 || hour === 0 },
    ];
  });
}

function spanOf(part: string, [first, second]: readonly Clock[]) {
  if (allDay.test(part)) {
    return { opens: { minutes: 0, isSure: true }, closes: { minutes: 1_440, isSure: true } };
  }
  if (first === undefined) return { opens: null, closes: null };
  if (second !== undefined) {
    const isLater = second.isSure || second.minutes > first.minutes;
    const closes = { minutes: second.minutes + (isLater ? 0 : 720), isSure: second.isSure };
    return { opens: first, closes };
  }
  const isEnd = /\bclos|\b(?:until|till|til|by)\b/.test(part);
  return isEnd ? { opens: null, closes: first } : { opens: first, closes: null };
}

/** True when `said` follows from the yard's own hours; a day that they do not name is a closed one. */
export function isWithin(said: Hours, known: readonly Hours[]): boolean {
  const open = known.filter(({ isClosed }) => !isClosed);
  const on = (day: number) => open.filter(({ days }) => days.length === 0 || days.includes(day));
  if (said.isClosed) return said.days.length > 0 && said.days.every((day) => on(day).length === 0);
  const matches = (hours: Hours) =>
    isSameTime(said.opens, hours.opens) && isSameTime(said.closes, hours.closes);
  if (said.days.length === 0) return open.some(matches);
  return said.days.every((day) => on(day).some(matches));
}

function isSameTime(said: Clock | null, known: Clock | null): boolean {
  if (said === null) return true;
  if (known === null) return false;
  const differs = Math.abs(said.minutes - known.minutes);
  return said.isSure && known.isSure ? differs === 0 : differs % 720 === 0;
}
