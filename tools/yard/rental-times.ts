import { z } from 'zod';
import { clockMinute } from './on-duty.ts';
import type { RentalDates } from './rental-dates.ts';

/** The times of day of a rental, as a model is asked for them. */
export const timeArgs = {
  pickUpAt: z
    .string()
    .max(40)
    .nullish()
    .describe('Time on the first day, HH:MM, if they named one.'),
  returnBy: z
    .string()
    .max(40)
    .nullish()
    .describe('Time on the last day, HH:MM, if they named one.'),
  halfDay: z.boolean().nullish().describe('True if they want it for half of that one day.'),
};

type Times = { readonly [Name in keyof typeof timeArgs]?: z.infer<(typeof timeArgs)[Name]> };

/** Parts of a day by the hour that is read back for them. */
const partsOfDay: Readonly<Record<string, number>> = {
  morning: 8,
  midday: 12,
  afternoon: 15,
  evening: 17,
};

/** The dates with the times that the caller named; asked for in words when they cannot be. */
export function withTimes(dates: RentalDates, { pickUpAt, returnBy, halfDay }: Times): RentalDates {
  if (!dates.ok) return dates;
  const times = { pickUpAt: minuteOf(pickUpAt), returnBy: minuteOf(returnBy) };
  if (times.pickUpAt === null || times.returnBy === null) {
    return {
      ok: false,
      problem: 'not-a-time',
      say: 'I did not get the time. What time of day is that?',
    };
  }
  const { start, end } = dates.range;
  const isOneDay = start === end;
  if (isOneDay && (times.pickUpAt ?? 0) >= (times.returnBy ?? Infinity)) {
    const say = 'The return is before the pick-up. What time would you bring it back?';
    return { ok: false, problem: 'reversed', say };
  }
  const named = {
    ...(times.pickUpAt === undefined ? {} : { pickUpAt: times.pickUpAt }),
    ...(times.returnBy === undefined ? {} : { returnBy: times.returnBy }),
    ...(halfDay && isOneDay && times.returnBy === undefined ? { isHalfDay: true } : {}),
  };
  return { ok: true, range: { ...dates.range, ...named } };
}

/** Undefined for no time, null for words that are none. */
function minuteOf(typed: string | null | undefined): number | null | undefined {
  const text = (typed ?? '').toLowerCase().replaceAll('.', '').trim();
  // A day in its place names no time.
  if (text === '' || /^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const hour = Object.entries(partsOfDay).find(([part]) => text.includes(part))?.[1];
  // A date-time has its time behind the T; midnight there is no time that a caller named.
  const [, ofDay] = /^\d{4}-\d\d-\d\d[t ](\d\d:\d\d)/.exec(text) ?? [];
  if (ofDay === '00:00') return undefined;
  return hour === undefined ? clockMinute(ofDay ?? text) : hour * 60;
}
