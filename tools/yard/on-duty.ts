/** Hours in which somebody takes calls. Weekdays as in `Date`, 0 is Sunday; `to` may pass midnight. */
export type DutyHours = {
  readonly days: readonly number[];
  readonly fromMinute: number;
  readonly toMinute: number;
};

/** Somebody who takes calls: a number (E.164) at all hours, or in those that are named. */
export type Contact = string | { readonly number: string; readonly hours: readonly DutyHours[] };

const dayMinutes = 24 * 60;
/** Weekdays as in `Date`, by the letters that every way to write them begins with. */
export const dayNames: readonly string[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
export const everyDay: readonly number[] = [0, 1, 2, 3, 4, 5, 6];
const namedDays: Readonly<Record<string, readonly number[]>> = {
  weekday: [1, 2, 3, 4, 5],
  weekend: [0, 6],
  daily: everyDay,
  'every day': everyDay,
  'all day': everyDay,
  nights: everyDay,
};

const day = '(sun|mon|tue|wed|thu|fri|sat)(?:s|nes|rs|urs|ur|r)?(?:day)?s?';
const time = '(noon|midnight|\\d{1,2})(?:[:.h](\\d\\d))? ?(am|pm|a|p)?';
const to = ' ?(?:-|to|through|thru|until|till) ?';
const piece = new RegExp(
  `^(?:${day}(?:${to}${day})?|(weekday|weekend|daily|every day|all day)s?|(always|24/7|24 ?h(?:ou)?rs|any ?time)|${time}${to}${time})(?:[, ]|and|&|from|at|:)*`,
);

/** The numbers of those who take calls at `nowMs` (Unix), in the yard's time zone; in order. */
export function onDuty(
  contacts: readonly Contact[] | undefined,
  timeZone: string,
  nowMs: number,
): readonly string[] {
  return (contacts ?? []).flatMap((contact) => {
    if (typeof contact === 'string') return [contact];
    return contact.hours.some((hours) => isWithin(hours, timeZone, nowMs)) ? [contact.number] : [];
  });
}

/** The numbers of all of them. */
export function allNumbers(contacts: readonly Contact[] | undefined): readonly string[] {
  return (contacts ?? []).map((contact) =>
    typeof contact === 'string' ? contact : contact.number,
  );
}

/** Reads hours as people type them: `Mon-Fri 7-17, Sat 8 to noon`, `24/7`; null when they are none. */
export function readDutyHours(typed: string): readonly DutyHours[] | null {
  let rest = typed.toLowerCase().replaceAll(/[–—]/g, '-').replaceAll(/\s+/g, ' ').trim();
  rest = rest.replaceAll(/([ap])\.m\.?/g, '$1m').replaceAll(/ ?- ?/g, '-');
  const read: DutyHours[] = [];
  let days: number[] = [];
  let isTimed = true;
  while (rest !== '') {
    const match = piece.exec(rest);
    if (!match) return null;
    const [whole, first, last, named, always] = match;
    rest = rest.slice(whole.length);
    if (first !== undefined || named !== undefined) {
      // Days after a time begin anew.
      if (isTimed) days = [];
      isTimed = false;
      days.push(...(first === undefined ? (namedDays[named ?? ''] ?? []) : daysFrom(first, last)));
      continue;
    }
    const [fromMinute, toMinute] = always ? [0, dayMinutes] : rangeOf(match.slice(5));
    if (fromMinute === null || toMinute === null) return null;
    read.push({ days: days.length > 0 ? days : everyDay, fromMinute, toMinute });
    isTimed = true;
  }
  if (!isTimed) read.push({ days, fromMinute: 0, toMinute: dayMinutes });
  return read.length > 0 ? read : null;
}

/** The weekdays from one to another, however long their names are written. */
export function daysFrom(first: string, last = first): readonly number[] {
  const from = dayNames.indexOf(first.slice(0, 3));
  const count = ((dayNames.indexOf(last.slice(0, 3)) - from + 7) % 7) + 1;
  return Array.from({ length: count }, (_, at) => (from + at) % 7);
}

/** The minutes of a day from one time of it to another, as in `7am` and `5`; null when one is none. */
export function clockRange(from: string, until: string): readonly [number, number] | null {
  const [a, b] = [clockParts(from), clockParts(until)];
  const [fromMinute, toMinute] = rangeOf([...a, ...b]);
  return fromMinute === null || toMinute === null ? null : [fromMinute, toMinute];
}

/** The minutes of a day that a time of it names, such as `3 pm`, `15:00`, `noon`; null when it is none. */
export function clockMinute(typed: string): number | null {
  const [hour, minutes, half] = clockParts(typed);
  if (hour === undefined) return null;
  return minuteOf(hour, minutes, half);
}

function clockParts(typed: string): readonly (string | undefined)[] {
  const pattern = /^(noon|midnight|\d{1,2})(?:[:.h](\d\d))?(?::\d\d)? ?(am|pm|a|p)?$/;
  const [, hour, minutes, half] = pattern.exec(typed.trim()) ?? [];
  return [hour, minutes, half];
}

function rangeOf([hour, minute, half, toHour, toMin, toHalf]: readonly (string | undefined)[]) {
  // `6-10 pm` begins in the evening, `7-5 pm` in the morning.
  const isSameHalf = toHalf === 'am' || Number(hour) % 12 < Number(toHour) % 12;
  const from = minuteOf(hour, minute, half ?? (isSameHalf ? toHalf : toHalf && 'am'));
  let until = minuteOf(toHour, toMin, toHalf);
  if (from === null || until === null) return [null, null] as const;
  if (until <= from) {
    // `8-5` ends in the afternoon, `17-7` the next morning.
    const isAfternoon = toHalf === undefined && half !== 'pm' && from < dayMinutes / 2;
    until += isAfternoon && until + dayMinutes / 2 > from ? dayMinutes / 2 : dayMinutes;
  }
  return [from, until] as const;
}

function minuteOf(hourText = '', minutes = '0', half?: string): number | null {
  if (hourText === 'noon') return dayMinutes / 2;
  if (hourText === 'midnight') return dayMinutes;
  const hour = Number(hourText);
  if (hour > (half ? 12 : 24) || Number(minutes) > 59) return null;
  const ofDay = half ? (hour % 12) + (half.startsWith('p') ? 12 : 0) : hour;
  return ofDay * 60 + Number(minutes);
}

function isWithin(hours: DutyHours, timeZone: string, nowMs: number): boolean {
  const { weekday, minute } = clockIn(timeZone, nowMs);
  const { days, fromMinute, toMinute } = hours;
  const isToday = days.includes(weekday) && minute >= fromMinute && minute < toMinute;
  const lateMinute = minute + dayMinutes;
  return isToday || (days.includes((weekday + 6) % 7) && lateMinute < toMinute);
}

function clockIn(timeZone: string, nowMs: number): { weekday: number; minute: number } {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(nowMs);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return {
    weekday: dayNames.indexOf(of('weekday').toLowerCase()),
    minute: Number(of('hour')) * 60 + Number(of('minute')),
  };
}
