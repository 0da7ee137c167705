import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { addDays, weekday } from '../../tools/yard/rental-dates.ts';
import { spokenDate } from '../../tools/yard/spoken.ts';

/** Why people call a yard. */
export const reasons = [
  'is it free',
  'price',
  'reserve',
  'deliver',
  'hours and address',
  'which machine',
  'half day, weekend',
  'keep it longer',
  'off rent',
  'deposit, ID, age',
  'terms',
  'breakdown',
  'change or cancel',
  'my rental',
  'quote in writing',
] as const;

const line = z.union([
  z.string(),
  /** Said whatever the agent has just asked. */
  z.strictObject({ insists: z.string() }),
]);
const booking = z.strictObject({
  item: z.string(),
  from: z.string(),
  to: z.string(),
  customer: z.string().default('Maria Lopez'),
  state: z.enum(['confirmed', 'cancelled']).default('confirmed'),
  total: z.number().optional(),
  /** Its status in the sheet, where it is not the same in capitals. */
  status: z.string().optional(),
  /** The number that a booking of before was made from; the caller's own if left out. */
  phone: z.string().optional(),
});

const tabs = z.record(z.string(), z.array(z.array(z.union([z.string(), z.number()]))));

const scenario = z.strictObject({
  name: z.string(),
  reason: z.enum(reasons),
  manner: z.enum(['straight', 'corrects', 'hesitates', 'wrong turn', 'hostile']),
  /** What the caller says, in order; between them they answer the agent's questions. */
  says: z.array(line).min(1),
  /** Answers to questions of the agent, by a pattern of them, before the usual ones. */
  answers: z.array(z.tuple([z.string(), z.string()])).default([]),
  /** The number that the call comes from; null when it is withheld. */
  number: z.string().nullable().default('+13125550142'),
  /** Bookings that were made on the phone before, from this number. */
  booked: z.array(booking).default([]),
  /** Rows of the sheet, by tab, beside those of the example. */
  sheet: tabs.default({}),
  /** Whole tabs, with their headers, in place of the example's. */
  tabs: tabs.default({}),
  expects: z.strictObject({
    /** All bookings in journal and sheet at the end, those of before too. */
    bookings: z.array(booking).default([]),
    /** A pattern for each message left for staff, in order. */
    messages: z.array(z.string()).default([]),
    /** The numbers that were rung. */
    rings: z.array(z.string()).default([]),
    /** Patterns of what the agent must have said, and must never have. */
    said: z.array(z.string()).default([]),
    never: z.array(z.string()).default([]),
  }),
  /** Held in sound too. */
  sound: z.boolean().default(false),
});

/** A call: who phones and why, what they say, and what must have come of it. */
export type Scenario = z.infer<typeof scenario>;

/** Reads the scenarios. Days in them (`{mon}`, `{wed+7}`) become those of a coming week. */
export async function readScenarios(today: string): Promise<readonly Scenario[]> {
  const text = await readFile(new URL('scenarios.json', import.meta.url), 'utf8');
  const filled = text
    .replaceAll(/\{iso (\w+)(?:\+(\d+))?\}/g, (_, day: string, more?: string) =>
      dayOf(day, more, today),
    )
    .replaceAll(/\{short (\w+)(?:\+(\d+))?\}/g, (_, day: string, more?: string) =>
      spokenDate(dayOf(day, more, today), today).replace(/^\w+, /, ''),
    )
    .replaceAll(/\{(\w{3}|today|tomorrow)(?:\+(\d+))?\}/g, (_, day: string, more?: string) =>
      spokenDate(dayOf(day, more, today), today),
    );
  const read = z.array(scenario).parse(JSON.parse(filled));
  const names = new Set(read.map(({ name }) => name));
  if (names.size < read.length) throw new Error('Two scenarios share a name');
  return read;
}

const names = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

/** A day of the week after next, or of the first week from then on without a holiday. */
function dayOf(name: string, more = '0', today: string): string {
  if (name === 'today') return addDays(today, Number(more));
  if (name === 'tomorrow') return addDays(today, 1 + Number(more));
  const at = names.indexOf(name);
  if (at < 0) throw new Error(`There is no day "${name}"`);
  let monday = addDays(today, 3);
  while (weekday(monday) !== 'Monday' || hasHoliday(monday)) monday = addDays(monday, 1);
  return addDays(monday, at + Number(more));
}

/** Yards close on these, in the United States. */
function hasHoliday(monday: string): boolean {
  const week = Array.from({ length: 14 }, (_, at) => addDays(monday, at));
  const isThanksgiving = (day: string) => /-11-2[2-8]/.test(day) && weekday(day) === 'Thursday';
  const isLabourOrMemorialDay = (day: string) =>
    /-(?:09-0[1-7]|05-(?:2[5-9]|3[01]))/.test(day) && weekday(day) === 'Monday';
  return week.some(
    (day) =>
      /-(?:12-2[4-6]|12-31|01-01|07-0[34])$/.test(day) ||
      isThanksgiving(day) ||
      isLabourOrMemorialDay(day),
  );
}
