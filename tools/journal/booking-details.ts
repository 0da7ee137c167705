import { z } from 'zod';
import type { RentalRange } from '../yard/rental-dates.ts';

const text = z.string();

const bookingDetails = z.object({
  /** `feeCents` is null when the yard is yet to name it, 0 on the further machines of a booking. */
  delivery: z
    .object({ address: text, feeCents: z.number().nullable(), window: text.nullable() })
    .optional(),
  job: text.optional(),
  po: text.optional(),
  notes: text.optional(),
  /** Times of the first and the last day, in minutes; half of the one day. */
  pickUpAt: z.number().optional(),
  returnBy: z.number().optional(),
  isHalfDay: z.boolean().optional(),
});

/** The words of a booking beside machine, days and customer. */
export type BookingDetails = Readonly<z.infer<typeof bookingDetails>>;

/** The delivery of a booking: where to, its fee and when. */
export type BookingDelivery = NonNullable<BookingDetails['delivery']>;

/** The part of a line's total that is the fee of its delivery, in cents. */
export function feeOf(details: BookingDetails | undefined): number {
  return details?.delivery?.feeCents ?? 0;
}

/** The times of day that a range has, as the journal keeps them. */
export function timesOf({ pickUpAt, returnBy, isHalfDay }: Partial<RentalRange>) {
  return {
    ...(pickUpAt === undefined ? {} : { pickUpAt }),
    ...(returnBy === undefined ? {} : { returnBy }),
    ...(isHalfDay ? { isHalfDay } : {}),
  };
}

/** The details as the journal keeps them. */
export function detailsToText(details: BookingDetails | undefined): string | null {
  return details && Object.keys(details).length > 0 ? JSON.stringify(details) : null;
}

/** The details as the journal kept them. */
export function detailsFromText(kept: string | null): BookingDetails | undefined {
  return kept === null ? undefined : bookingDetails.parse(JSON.parse(kept));
}
