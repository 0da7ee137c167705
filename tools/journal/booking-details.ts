import { z } from 'zod';

const text = z.string();

const bookingDetails = z.object({
  /** `feeCents` is null when the yard is yet to name it, 0 on the further machines of a booking. */
  delivery: z
    .object({ address: text, feeCents: z.number().nullable(), window: text.nullable() })
    .optional(),
  job: text.optional(),
  po: text.optional(),
  notes: text.optional(),
});

/** The words of a booking beside machine, days and customer. */
export type BookingDetails = Readonly<z.infer<typeof bookingDetails>>;

/** The details as the journal keeps them. */
export function detailsToText(details: BookingDetails | undefined): string | null {
  return details && Object.keys(details).length > 0 ? JSON.stringify(details) : null;
}

/** The details as the journal kept them. */
export function detailsFromText(kept: string | null): BookingDetails | undefined {
  return kept === null ? undefined : bookingDetails.parse(JSON.parse(kept));
}
