import { termOf, type JournalBooking } from '../journal/booking.ts';
import type { Refusal } from '../journal/booking-service.ts';
import type { Alternatives } from './alternatives.ts';
import type { Availability } from './availability.ts';
import type { IsoDate } from './equipment.ts';
import { spokenWindow } from './delivery.ts';
import { notFreeSentence, offeredUnit, priceToCome } from './found-words.ts';
import { spokenCode, toldPhone } from './phone.ts';
import { spokenTerm } from './price-words.ts';
import { daysIn, type RentalRange } from './rental-dates.ts';
import {
  capitalised,
  spokenCount,
  spokenDate,
  spokenList,
  spokenMachines,
  spokenMoney,
  spokenRange,
  type Speaking,
} from './spoken.ts';
import { spokenItem } from './unit-facts.ts';

/** A refusal for when nothing can be booked at all, true whatever went wrong. */
export const cannotBook = {
  say:
    "I'm sorry, I can't take a booking right now, so nothing is booked. " +
    'Shall I take a message, so that someone calls you back?',
  problem: 'cannot-book',
} as const;

/** An answer for when nobody can tell whether the booking was written down. */
export const bookingUnsure = {
  say:
    "I'm sorry, something is slow on our side, and I can't say yet whether it went through. " +
    'Shall I look once more?',
  problem: 'timed-out',
} as const;

/** An offer to take a message about a machine that nobody can book without its price. */
export function noPriceSentence(name: string): string {
  return `I don't have the price of the ${name}. ${capitalised(priceToCome)}. Shall I take a message?`;
}

/** The booking that the caller agrees to when they say yes. */
export type Offer = {
  /** At least one. */
  readonly machines: readonly { readonly name: string; readonly range: RentalRange }[];
  readonly totalCents: number;
  /** Charges in the total beside the rent, or on top of it. */
  readonly charges?: string;
  readonly depositCents: number | null;
  readonly customer: string;
  readonly phone: string;
  /** The number that the caller rings from, which need not be read out. */
  readonly isOwnPhone: boolean;
  /** `feeCents` is a part of the total; null when the yard is yet to name it. */
  readonly delivery?: { readonly feeCents: number | null; readonly window: string | null };
};

/** All of a booking, read back before it is made, and the question that a yes answers. */
export function readBack(offer: Offer, about: Speaking): string {
  const { machines, customer } = offer;
  return [
    `That's ${machinesAndDays(machines, about.today)}, for ${spokenPrice(offer, about.currency)},`,
    `for ${customer} at ${toldPhone(offer.phone, offer.isOwnPhone)}.`,
    `Shall I book ${itOrThem(machines)}?`,
  ].join(' ');
}

/** The booking as the change would make it, and the question that a yes answers. */
export function changeReadBack(
  offer: Offer,
  about: {
    /** The parts of the booking that are to be others than they are. */
    readonly changes: {
      readonly days: boolean;
      readonly name: boolean;
      readonly number: boolean;
      readonly delivery?: boolean;
    };
    /** The machines as they are, where others come for them. */
    readonly before?: Offer['machines'];
  } & Speaking,
): string {
  const { machines, customer } = offer;
  const { changes, today, currency, before = machines } = about;
  const names = spokenMachines(before.map(({ name }) => name));
  const isSame =
    machines.length === 1 && spokenMachines(machines.map(({ name }) => name)) === names;
  const parts = [
    ...(changes.days
      ? [
          `to ${isSame ? `be ${termAndDays(machines, today)}` : machinesAndDays(machines, today)}, for ${spokenPrice(offer, currency)}`,
        ]
      : []),
    ...(changes.delivery && !(changes.days && offer.delivery)
      ? [
          `to be ${offer.delivery ? 'delivered' : 'picked up at the yard'}` +
            (changes.days ? '' : `, for ${spokenPrice(offer, currency)}`),
        ]
      : []),
    ...(changes.name ? [`to the name ${customer}`] : []),
    ...(changes.number
      ? [`to ${offer.isOwnPhone ? '' : 'the number '}${toldPhone(offer.phone, offer.isOwnPhone)}`]
      : []),
  ];
  return `I'd change your booking of ${names} ${spokenList(parts)}. Shall I change it?`;
}

/** An answer to a changed booking; `pending` while the change is on its way to the sheet. */
export function changedSentence(state: 'confirmed' | 'pending', code: string): string {
  const spoken = spokenCode(code);
  return state === 'confirmed'
    ? `I've changed your booking. Your code is still ${spoken}. Is there anything else?`
    : `I've noted the change, and we'll confirm it. Your code is still ${spoken}. ` +
        'Someone calls you if anything stands in the way. Is there anything else?';
}

function spokenPrice(
  { totalCents, depositCents, charges = '', delivery }: Offer,
  currency: string,
): string {
  const deposit = depositCents ? ` plus a ${spokenMoney(depositCents, currency)} deposit` : '';
  const when = delivery?.window ? ` ${spokenWindow(delivery.window)}` : '';
  const fee = delivery?.feeCents ? ` for ${spokenMoney(delivery.feeCents, currency)}` : '';
  const delivered = !delivery
    ? ''
    : delivery.feeCents === null
      ? `, delivered${when} for a fee that the yard will confirm`
      : ` including delivery${when}${fee}`;
  return `${spokenMoney(totalCents, currency)}${delivered}${charges}${deposit && delivered ? `,${deposit}` : deposit}`;
}

/** `the Skid Steer and the Trailer from ... through ..., 3 days`; days that differ are told apart. */
function machinesAndDays(machines: Offer['machines'], today: IsoDate): string {
  const byDays = Map.groupBy(machines, ({ range }) => spokenTerm(range, today));
  return spokenList(
    [...byDays.values()].map(
      (same) => `${spokenMachines(same.map(({ name }) => name))} ${termAndDays(same, today)}`,
    ),
  );
}

/** `from ... through ..., 3 days`, of machines that all have the same days. */
function termAndDays([first]: Offer['machines'], today: IsoDate): string {
  const range = first?.range ?? { start: today, end: today };
  const hasTimes = range.pickUpAt !== undefined || range.isHalfDay;
  return spokenTerm(range, today) + (hasTimes ? '' : `, ${spokenCount(daysIn(range), 'day')}`);
}

function itOrThem(machines: readonly unknown[]): string {
  return machines.length === 1 ? 'it' : 'them';
}

/** An answer to a booking that was made: `confirmed` only after the sheet was read. */
export function madeSentence(state: 'confirmed' | 'pending', code: string): string {
  const spoken = spokenCode(code);
  return state === 'confirmed'
    ? `You're booked. Your code is ${spoken}. Is there anything else?`
    : `I've taken your request, and we'll confirm it. Your code is ${spoken}. ` +
        'Someone calls you if anything stands in the way. Is there anything else?';
}

/** A caller's own booking of this very call, told again when they ask for it twice. */
export function alreadyMadeSentence(lines: readonly JournalBooking[], about: Speaking): string {
  return `${bookingSentences(lines, about).join(' ')} Is there anything else?`;
}

/** An offer of the machines of a kind that are free, where the caller wants more. */
export function fewerSentence(
  name: string,
  {
    count,
    range,
    today,
  }: { readonly count: number; readonly range: RentalRange; readonly today: IsoDate },
): string {
  const which = count === 1 ? 'that one' : 'those';
  return `I have only ${count} of the ${name} free ${spokenRange(range, today)}. Shall I book ${which}?`;
}

/** The reason that nothing was booked, and other machines or days instead. */
export function refusedSentence(
  refusal: Refusal | Exclude<Availability, { free: true }>,
  about: Speaking & {
    readonly name: string;
    readonly alternatives: Alternatives;
  },
): string {
  const { name, today } = about;
  if (refusal.reason === 'no-such-unit') {
    return `The ${name} has just gone from our list, so I can't book it. ${instead(about)}`;
  }
  if (refusal.reason === 'booked' && 'own' in refusal && refusal.own) {
    const { start, end, code } = refusal.own;
    return (
      `You already have the ${name} ${spokenRange({ start, end }, today)}, under the code ` +
      `${spokenCode(code)}. Would you like to change that booking?`
    );
  }
  return `${notFreeSentence(name, refusal, { when: 'then', today })} ${instead(about)}`;
}

/** A refusal of a unit that staff gave away before the sheet could take the booking. */
export function conflictSentence(
  name: string,
  about: Speaking & {
    readonly alternatives: Alternatives;
    /** Others were asked for together with it. */
    readonly isOneOfSeveral: boolean;
  },
): string {
  const so = about.isOneOfSeveral ? 'nothing is booked' : "it isn't booked";
  return `I'm sorry, the ${name} has just gone out at the yard, so ${so}. ${instead({ name, ...about })}`;
}

function instead(
  about: Speaking & { readonly name: string; readonly alternatives: Alternatives },
): string {
  const { others, sameAt } = about.alternatives;
  const same = others.length > 0 ? `the ${about.name}` : 'it';
  const offers = [
    ...others.map(({ unit }) => offeredUnit(unit, about.currency)),
    ...(sameAt ? [`${same} from ${spokenDate(sameAt.start, about.today)}`] : []),
  ];
  if (offers.length === 0) return 'Shall I take a message, so that someone calls you back?';
  return `You could have ${spokenList(offers, 'or')}. Would you like that?`;
}

/** Bookings as they stand, without the name and the number that they are under; one sentence each. */
export function bookingSentences(
  lines: readonly JournalBooking[],
  about: Speaking,
): readonly string[] {
  const together = Map.groupBy(lines, ({ code, state }) => `${code} ${state}`);
  return [...together.values()].flatMap((of) => bookingSentence(of, about) ?? []);
}

/** The machines of bookings, each with its days: `the Skid Steer and the Trailer on ...`. */
export function bookedMachines(lines: readonly JournalBooking[], today: IsoDate): string {
  const machines = lines.map((of) => ({ name: spokenItem(of.itemName), range: termOf(of) }));
  const byDays = Map.groupBy(machines, ({ range }) => spokenTerm(range, today));
  return spokenList(
    [...byDays].map(([days, same]) => `${spokenMachines(same.map(({ name }) => name))} ${days}`),
  );
}

function bookingSentence(
  lines: readonly JournalBooking[],
  { today, currency }: Speaking,
): string | undefined {
  const [booking] = lines;
  if (!booking) return undefined;
  const what = bookedMachines(lines, today);
  const code = `under the code ${spokenCode(booking.code)}`;
  const totalCents = lines.reduce((sum, line) => sum + line.totalCents, 0);
  switch (booking.state) {
    case 'confirmed':
      return `You have ${what} booked, ${code}, for ${spokenMoney(totalCents, currency)}.`;
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
