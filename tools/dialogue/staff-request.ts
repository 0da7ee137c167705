import { numbersOf, type ToolAnswer } from '../tool.ts';
import { availabilityOf } from '../yard/availability.ts';
import { findUnit } from '../yard/interchangeable-units.ts';
import { addDays, daysIn, type RentalRange } from '../yard/rental-dates.ts';
import { askedSentence, askReadBack, heldAfterSentence } from '../yard/rental-words.ts';
import { spokenTerm } from '../yard/price-words.ts';
import type { Snapshot } from '../yard/snapshot.ts';
import { spokenName } from '../yard/unit-facts.ts';
import { totalOf } from './booking-request.ts';
import type { RentalWish } from './change-rental.ts';
import { writing } from './dialogue-memory.ts';
import type { BookingUse, Plan } from './make-booking.ts';
import type { Proposal } from './confirmation.ts';

/**
 * Plans a request about a rental that staff wrote themselves: its row is theirs to change. The days
 * of an extension are held meanwhile, so that nobody else books them; all else is a message.
 */
export function planRequest(booking: BookingUse, wish: RentalWish, snapshot: Snapshot): Plan {
  const [from] = wish.meant;
  const unit = from && findUnit(snapshot.units, from.itemId);
  if (!from || !unit || wish.meant.length > 1 || wish.kind !== 'extend') {
    return planMessage(booking, wish, snapshot);
  }
  const range = wish.range(from);
  const rest = { start: addDays(from.end, 1), end: range.end };
  const through = freeThrough(rest.end);
  if (through < rest.end) {
    const name = spokenName(unit);
    const say = `${heldAfterSentence(name, { through, ...snapshot })} Shall I take a message, so that someone calls you back?`;
    return { answer: { say, problem: 'booked' } };
  }
  const { rules } = snapshot.yard;
  const agreedCents = from.totalCents > 0 ? from.totalCents : totalOf(unit, from, rules);
  const totalCents = Math.max(agreedCents, totalOf(unit, range, rules));
  const term = { names: [spokenName(unit)], range, totalCents, agreedCents };
  const note =
    `asks to keep ${unit.itemId} ${unit.name} (${from.bookingId}) through ${range.end}, ` +
    `${daysIn(range)} days for ${totalCents / 100} in all. The days are held in the row ` +
    'with HOLD; please confirm with the customer.';
  return {
    proposal: proposalOf(wish, { machine: unit.name, ...range, totalCents }),
    say: askReadBack(term, snapshot),
    commit: async () => {
      const { deps, desk, talk } = booking;
      begin(booking);
      const result = await writing(talk, 'booking', () =>
        desk.commit({
          lines: [{ itemId: unit.itemId, ...rest, totalCents: totalCents - agreedCents }],
          customer: from.customer,
          phone: from.phone,
          callerPhone: numbersOf(deps).own,
          inventory: snapshot,
          continues: { bookingId: from.bookingId, note },
        }),
      );
      talk.confirmation.drop();
      if (result.kind === 'refused') {
        const say = `The ${spokenName(unit)} has just been taken for those days. Shall I take a message, so that someone calls you back?`;
        return { say, problem: 'booked' };
      }
      return { say: askedSentence(result.bookings[0]?.code ?? '') };
    },
  };

  /** The last day of the extension through which nothing else has the machine. */
  function freeThrough(last: string): string {
    if (!unit || !from) return '';
    let day = from.end;
    while (day < last) {
      const next = addDays(day, 1);
      const others = snapshot.bookings.filter((of) => of.bookingId !== from.bookingId);
      // It is out with this very customer until then.
      const there = { ...unit, status: 'AVAILABLE', dueBack: null } as const;
      const isUsable = unit.status === 'AVAILABLE' || unit.status === 'RENTED';
      const days = { start: next, end: next };
      if (!isUsable || !availabilityOf(there, others, days, snapshot.today).free) return day;
      day = next;
    }
    return day;
  }
}

/** Anything else that the caller wishes of it goes to staff in words. */
function planMessage(booking: BookingUse, wish: RentalWish, { today, units }: Snapshot): Plan {
  const [from] = wish.meant;
  if (!from) return { answer: nothing };
  const { unit, quantity, delivery, note = '' } = wish;
  const range = wish.range(from);
  const names = [...new Set(wish.meant.map(({ itemName }) => itemName))].join(', ');
  const to = unit ? `to the ${spokenName(unit)} ` : '';
  const many = quantity === null ? '' : `to ${quantity} of them `;
  const term = spokenTerm(range, today);
  const deliver =
    delivery === undefined
      ? ''
      : delivery
        ? `, delivered to ${delivery.address}`
        : ', without delivery';
  const what = `change your ${names} ${to}${many}${term}${deliver}`;
  const text =
    `${from.bookingId} ${names}: asks for ${unit ? `${unit.itemId} ${unit.name}, ` : ''}` +
    `${quantity === null ? '' : `${quantity} of them, `}${range.start} to ${range.end} ` +
    `instead of ${from.start} to ${from.end} (${term}${deliver}${delivery?.window ? `, ${delivery.window}` : ''}). ` +
    `${note === '' ? '' : `${note}. `}Please confirm with the customer.`;
  const machine = unit?.name ?? findUnit(units, from.itemId)?.name ?? names;
  return requestOfStaff(booking, {
    proposal: proposalOf(wish, { machine, ...range, totalCents: null }),
    what,
    text,
    customer: from,
  });
}

/** A plan to leave staff a message once the caller agrees; `what` completes "I'd ask the yard to". */
export function requestOfStaff(
  booking: BookingUse,
  of: {
    readonly proposal: Proposal;
    readonly what: string;
    readonly text: string;
    readonly customer: { readonly customer: string; readonly phone: string };
  },
): Plan {
  const { customer, phone } = of.customer;
  return {
    proposal: of.proposal,
    say: `The yard wrote that rental up itself, so I'd ask them to ${of.what}. Shall I ask them?`,
    commit: async () => {
      const { desk, talk } = booking;
      begin(booking);
      const message = { text: of.text, customer, phone: phone === '' ? null : phone };
      const { code } = await writing(talk, 'message', () => desk.takeMessage(message));
      talk.confirmation.drop();
      return { say: askedSentence(code) };
    },
  };
}

function begin({ signal, keepFloor }: BookingUse): void {
  signal.throwIfAborted();
  keepFloor();
}

function proposalOf(
  { code, kind, quantity, delivery }: RentalWish,
  line: {
    readonly machine: string;
    readonly start: string;
    readonly end: string;
    readonly totalCents: number | null;
  } & RentalRange,
): Proposal {
  const { machine, start, end, totalCents } = line;
  const { pickUpAt, returnBy, isHalfDay } = line;
  const rest = [pickUpAt, returnBy, isHalfDay, delivery].filter((of) => of !== undefined);
  return {
    about: 'asking',
    key: JSON.stringify([code, kind, quantity, machine, start, end, totalCents, ...rest]),
    lines: [{ machine, start, end }],
    totalCents,
  };
}

const nothing = {
  say: "I can't find that rental any more.",
  problem: 'not-found',
} as const satisfies ToolAnswer;
