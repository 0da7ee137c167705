import { z } from 'zod';
import { feeOf, type BookingDelivery, type BookingDetails } from '../journal/booking-details.ts';
import type { JournalBooking } from '../journal/booking.ts';
import type { ToolAnswer } from '../tool.ts';
import { deliveryFee, windowOf, windowsSentence, type DeliveryFee } from '../yard/delivery.ts';
import type { Yard } from '../yard/equipment.ts';
import { sheetText } from '../yard/sheet-text.ts';
import type { Confirmation } from './confirmation.ts';
import { plainWords } from './repetition.ts';

const maxAddressLength = 120;
const maxFieldLength = 60;
const maxNotesLength = 240;

/** Delivery and what staff need to know, among the arguments of `book_equipment`. */
export const detailArgs = {
  deliverTo: z
    .string()
    .max(400)
    .nullish()
    .describe(
      'Only if the caller wants it delivered: street with number, town, and the ZIP code in digits.',
    ),
  deliveryMiles: z
    .number()
    .nullish()
    .describe('Miles from the yard to there, only if the caller named a number.'),
  deliveryWindow: z
    .string()
    .max(100)
    .nullish()
    .describe('The time of day at which the caller wants the delivery, if they named one.'),
  job: z
    .string()
    .max(200)
    .nullish()
    .describe('The name of the job or site, if the caller gave it.'),
  purchaseOrder: z.string().max(100).nullish().describe('Their PO number, if the caller gave one.'),
  notes: z.string().max(600).nullish().describe('Anything else that the yard must know.'),
};

/** The part of a call's memory that deliveries need. */
export type DeliveryTalk = {
  readonly confirmation: Confirmation;
  /** Addresses that the caller has heard and agreed to. */
  readonly agreedAddresses: Set<string>;
  /** Addresses of which the miles were asked for. */
  readonly askedMiles: Set<string>;
};

type DetailArgs = z.infer<z.ZodObject<typeof detailArgs>>;

/** The caller's delivery, with its fee by the yard's table; null when there is none. */
export type WishedDelivery = {
  readonly address: string;
  readonly fee: Exclude<DeliveryFee, { kind: 'distance' }>;
  readonly window: string | null;
};

/** Details of a wish; what the caller did not speak of is absent. */
export type WishedDetails = {
  readonly delivery?: WishedDelivery | undefined;
  readonly kept: BookingDetails;
};

/** The delivery of what is booked, with its fee as it was agreed; undefined when there is none. */
export function deliveryOfRentals(rentals: readonly JournalBooking[]): WishedDetails | undefined {
  const deliveries = rentals.flatMap(({ details }) => details?.delivery ?? []);
  const [first] = deliveries;
  if (!first) return undefined;
  const { address, window } = first;
  const fees = deliveries.map(({ feeCents }) => feeCents);
  const fee = fees.includes(null)
    ? ({ kind: 'yard' } as const)
    : ({
        kind: 'known',
        totalCents: rentals.reduce((sum, of) => sum + feeOf(of.details), 0),
        isEachWay: false,
      } as const);
  const delivery = { address, fee, window };
  return { delivery, kept: { delivery: keptDelivery(delivery) } };
}

const noDelivery = /\bno deliver|\b(?:don't|do not|doesn't) deliver|\bpick-?up only\b/i;
/** A model that has nothing to say says so in words. */
const nothing = /^(?:null|none|n\/?a|no|undefined|unknown|pick-?up|customer pick-?up|-)?$/i;

function textOf(given: string | null | undefined, maxLength: number): string | undefined {
  const text = sheetText(given ?? '', maxLength);
  return nothing.test(text) ? undefined : text;
}

/** Reads delivery, job, order number and notes; an answer asks for what is missing. */
export function readDetails(
  args: DetailArgs,
  { yard, talk }: { readonly yard: Yard; readonly talk: DeliveryTalk },
): WishedDetails | ToolAnswer {
  const address = textOf(args.deliverTo, maxAddressLength);
  const wanted = textOf(args.deliveryWindow, maxFieldLength);
  const job = textOf(args.job, maxFieldLength);
  const po = textOf(args.purchaseOrder, maxFieldLength);
  const said = textOf(args.notes, maxNotesLength);
  if (address === undefined) {
    return { kept: { ...(job && { job }), ...(po && { po }), ...(said && { notes: said }) } };
  }
  if (noDelivery.test(yard.delivery ?? '')) {
    const say = "We don't deliver: it's picked up at the yard. Shall I go on without delivery?";
    return { say, problem: 'no-delivery' };
  }
  if (!/\p{L}/u.test(address) || !/[\s,]/.test(address)) {
    const say = "What's the delivery address, with the street, the town and the ZIP code?";
    return { say, problem: 'address-missing' };
  }
  const rules = yard.deliveryRules;
  const { windows = [] } = rules ?? {};
  const window = wanted === undefined ? undefined : windowOf(windows, wanted);
  if (wanted !== undefined && window === undefined && windows.length > 0) {
    return { say: windowsSentence(windows), problem: 'window-unknown' };
  }
  const fee = deliveryFee(rules, { address, miles: args.deliveryMiles });
  if (fee.kind === 'distance' && !talk.askedMiles.has(address)) {
    talk.askedMiles.add(address);
    return { say: 'About how many miles is that from the yard?', problem: 'distance-missing' };
  }
  // No hour is promised that the yard does not offer: the wish is the yard's to answer.
  const wish = wanted !== undefined && window === undefined ? `Wishes delivery: ${wanted}` : null;
  const notes = [said, wish].filter(Boolean).join('; ');
  const delivery = {
    address,
    fee: fee.kind === 'distance' ? ({ kind: 'yard' } as const) : fee,
    window: window ?? null,
  };
  return {
    delivery,
    kept: {
      delivery: keptDelivery(delivery),
      ...(job && { job }),
      ...(po && { po }),
      ...(notes && { notes }),
    },
  };
}

/** The delivery as the journal keeps it. */
export function keptDelivery({ address, fee, window }: WishedDelivery): BookingDelivery {
  return { address, feeCents: fee.kind === 'known' ? fee.totalCents : null, window };
}

/**
 * Has the caller agree to the address, in a turn of its own; null once they have. Their yes to it is
 * no yes to the booking, which is read back after it.
 */
export function confirmAddress(
  talk: DeliveryTalk,
  delivery: WishedDelivery | undefined,
): ToolAnswer | null {
  if (!delivery || talk.agreedAddresses.has(delivery.address)) return null;
  const { address } = delivery;
  const { confirmation } = talk;
  const proposal = { about: 'address', key: address, lines: [] } as const;
  const answer = confirmation.answerTo(proposal);
  if (answer === 'yes' || isSaidAgain(talk, address)) {
    talk.agreedAddresses.add(address);
    confirmation.drop();
    return null;
  }
  if (answer === 'no') {
    confirmation.drop();
    return { say: 'What is the right address?', problem: 'address-missing' };
  }
  const question = `I have ${address.replace(/[.\s]+$/, '')} for the delivery. Shall I put that down?`;
  return { say: confirmation.ask(proposal, question), problem: 'not-confirmed' };
}

const agrees = /^(?:yes|yeah|yep|yup|correct|right|that is (?:right|correct|it)|exactly)\b/;
const fillers = new Set(
  'yes yeah yep yup correct right that is it exactly the address sir maam'.split(' '),
);

/** `Yes, 12 Mill Road`: a yes with words of the address alone. */
function isSaidAgain({ confirmation }: DeliveryTalk, address: string): boolean {
  const { asked } = confirmation;
  if (!confirmation.isOpen || asked?.about !== 'address' || asked.key !== address) return false;
  const words = plainWords(confirmation.callerWords);
  const known = new Set(plainWords(address).split(' '));
  return (
    agrees.test(words) && words.split(' ').every((word) => fillers.has(word) || known.has(word))
  );
}
