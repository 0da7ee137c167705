import { z } from 'zod';

const minuteOfDay = z.number();
/** Weekdays as in `Date`, 0 is Sunday. */
const weekdays = z.array(z.number()).readonly();

/** The yard's own rules of renting, from its `Yard` tab; what it leaves out changes nothing. */
export const rentalRules = z
  .object({
    /** Left out: a calendar day. */
    rentalDay: z.enum(['calendar', '24-hours']),
    minimumDays: z.number(),
    /** What the monthly rate is for; left out: 28 days. */
    month: z.enum(['28-days', 'calendar']),
    /** Left out: Friday 3 PM to Monday 9 AM. */
    weekend: z.object({
      fromDay: z.number(),
      fromMinute: minuteOfDay,
      toDay: z.number(),
      toMinute: minuteOfDay,
    }),
    /** For machines without a weekend rate of their own. */
    weekendRateCents: z.number(),
    /** Left out: 4. */
    halfDayHours: z.number(),
    openingHours: z
      .array(z.object({ days: weekdays, fromMinute: minuteOfDay, toMinute: minuteOfDay }))
      .readonly(),
    /** Closed days as `readClosures` gives them. */
    closed: z.array(z.string()).readonly(),
    /** Left out: charged. */
    closedDays: z.enum(['charged', 'free']),
    /** Null for a tax whose percentage the tab does not say. */
    taxPercent: z.number().nullable(),
    /** A damage waiver that each rental has: a percentage of it, or an amount for each billed day. */
    waiver: z.object({ percent: z.number() }).or(z.object({ centsPerDay: z.number() })),
  })
  .partial();

export type RentalRules = z.infer<typeof rentalRules>;
