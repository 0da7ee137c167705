import type { JournalBooking } from '../journal/booking.ts';
import type { Refusal } from '../journal/booking-service.ts';
import type { Alternatives } from './alternatives.ts';
import type { Availability } from './availability.ts';
import { notFreeSentence, offeredUnit, priceToCome } from './found-words.ts';
import { spokenCode, spokenPhone } from './phone.ts';
import { daysIn, type RentalRange } from './rental-dates.ts';
import { maxNameLength, sheetText } from './sheet-text.ts';
import {
  capitalised,
  spokenCount,
  spokenDate,
  spokenList,
  spokenMoney,
  spokenRange,
  type Speaking,
} from './spoken.ts';

/** What the caller hears when nothing can be booked at all, and is true whatever went wrong. */
export const cannotBook = {
  say:
    "I'm sorry, I can't take a booking right now, so nothing is booked. " +
    'Shall I take a message, so that someone calls you back?',
  problem: 'cannot-book',
} as const;

/** What the caller hears when nobody can tell whether it was written down. */
export const bookingUnsure = {
  say:
    "I'm sorry, something is slow on our side, and I can't say yet whether it went through. " +
    'Shall I look once more?',
  problem: 'timed-out',
} as const;

/** What the caller hears of a machine that nobody can book without its price being known. */
export function noPriceSentence(name: string): string {
  return `I don't have the price of the ${name}. ${capitalised(priceToCome)}. Shall I take a message?`;
}

/** What the caller agrees to when they say yes. */
export type Offer = {
  readonly name: string;
  readonly range: RentalRange;
  readonly totalCents: number;
  readonly depositCents: number | null;
  readonly customer: string;
  readonly phone: string;
  /** The number that the caller rings from, which need not be read out. */
  readonly isOwnPhone: boolean;
};

/** All of a booking, read back before it is made, and the question that a yes answers. */
export function readBack(offer: Offer, { today, currency }: Speaking): string {
  const { name, range, totalCents, depositCents, customer, phone, isOwnPhone } = offer;
  const deposit = depositCents ? ` plus a ${spokenMoney(depositCents, currency)} deposit` : '';
  const number = isOwnPhone ? "the number you're calling from" : spokenPhone(phone);
  return [
    `That's the ${name} ${spokenRange(range, today)}, ${spokenCount(daysIn(range), 'day')},`,
    `for ${spokenMoney(totalCents, currency)}${deposit}, for ${customer} at ${number}.`,
    'Shall I book it?',
  ].join(' ');
}

/** What the caller hears of a booking that was made: `confirmed` only after the sheet was read. */
export function madeSentence(state: 'confirmed' | 'pending', code: string): string {
  const spoken = spokenCode(code);
  return state === 'confirmed'
    ? `You're booked. Your code is ${spoken}. Is there anything else?`
    : `I've taken your request, and we'll confirm it. Your code is ${spoken}. ` +
        'Someone calls you if anything stands in the way. Is there anything else?';
}

/** What the caller hears of a booking of this very call that is asked for again. */
export function alreadyMadeSentence(booking: JournalBooking, about: Speaking): string {
  return `${bookingSentence(booking, about)} Is there anything else?`;
}

/** Why it was not booked, and what could be had instead. */
export function refusedSentence(
  refusal: Refusal | Exclude<Availability, { free: true }>,
  about: Speaking & {
    readonly name: string;
    readonly range: RentalRange;
    readonly alternatives: Alternatives;
  },
): string {
  const { name, range, today } = about;
  if (refusal.reason === 'no-such-unit') {
    return `The ${name} has just gone from our list, so I can't book it. ${instead(about)}`;
  }
  if (refusal.reason === 'booked' && 'own' in refusal && refusal.own) {
    const { start, end, bookingId } = refusal.own;
    return (
      `You already have the ${name} ${spokenRange({ start, end }, today)}, under the code ` +
      `${spokenCode(bookingId)}. To change the days, I would cancel that first. Shall I?`
    );
  }
  const when = spokenRange(range, today);
  return `${notFreeSentence(name, refusal, { when, today })} ${instead(about)}`;
}

/** What the caller hears when staff gave the unit away before the sheet could take the booking. */
export function conflictSentence(
  name: string,
  about: Speaking & { readonly alternatives: Alternatives },
): string {
  return `I'm sorry, the ${name} has just gone out at the yard, so it isn't booked. ${instead({ name, ...about })}`;
}

function instead(
  about: Speaking & { readonly name: string; readonly alternatives: Alternatives },
): string {
  const { others, sameAt } = about.alternatives;
  const offers = [
    ...others.map(({ unit }) => offeredUnit(unit, about.currency)),
    ...(sameAt ? [`the ${about.name} from ${spokenDate(sameAt.start, about.today)}`] : []),
  ];
  if (offers.length === 0) return 'Shall I take a message, so that someone calls you back?';
  return `You could have ${spokenList(offers, 'or')}. Would you like that?`;
}

/** One booking as it stands, without the name and the number that it is under. */
export function bookingSentence(booking: JournalBooking, { today, currency }: Speaking): string {
  const { start, end, bookingId } = booking;
  const name = sheetText(booking.itemName, maxNameLength);
  const what = `the ${name} ${spokenRange({ start, end }, today)}`;
  const code = `under the code ${spokenCode(bookingId)}`;
  switch (booking.state) {
    case 'confirmed':
      return `You have ${what} booked, ${code}, for ${spokenMoney(booking.totalCents, currency)}.`;
    case 'pending':
      return `Your request for ${what} is taken, ${code}, and will be confirmed.`;
    case 'conflict':
      return `There is a problem with your request for ${what}, ${code}: someone will call you about it.`;
    case 'cancelled':
      return `Your booking of ${what} is cancelled.`;
    default:
      return booking.state satisfies never;
  }
}
