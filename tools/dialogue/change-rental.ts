import type { BookingChange } from '../journal/booking-service.ts';
import { feeOf } from '../journal/booking-details.ts';
import { rentOf, termOf as termOfBooking, type JournalBooking } from '../journal/booking.ts';
import { numbersOf } from '../tool.ts';
import { alternativesTo } from '../yard/alternatives.ts';
import { availabilityOf } from '../yard/availability.ts';
import { changeReadBack } from '../yard/booking-words.ts';
import type { IsoDate, Unit } from '../yard/equipment.ts';
import { findUnit, withTwins } from '../yard/interchangeable-units.ts';
import { addDays, isSameTerm, withTimesOf, type RentalRange } from '../yard/rental-dates.ts';
import {
  earlyReadBack,
  extendedSentence,
  extensionReadBack,
  heldAfterSentence,
  swapReadBack,
  type Term,
} from '../yard/rental-words.ts';
import type { Snapshot } from '../yard/snapshot.ts';
import { spokenItem, checkUnit, spokenName } from '../yard/unit-facts.ts';
import {
  bookingLines,
  freeUnits,
  offerOf,
  proposalOf,
  termAsPriced,
  totalOf,
  type CheckedLine,
  type WishLine,
} from './booking-request.ts';
import type { Proposal } from './confirmation.ts';
import {
  deliveryOfRentals,
  keptDelivery,
  type WishedDelivery,
  type WishedDetails,
} from './delivery-wish.ts';
import { makeChange, notEnough, standing, withoutBookings } from './make-booking.ts';
import type { BookingUse, Plan } from './make-booking.ts';
import type { Rental } from './own-rentals.ts';

/** The rental as the caller wishes it to be; what is left out stays. */
export type RentalWish = {
  readonly code: string;
  /** The machines of it that are meant. */
  readonly meant: readonly Rental[];
  readonly range: (of: Rental) => RentalRange;
  /** Another machine instead. */
  readonly unit: Unit | null;
  /** So many of the machine that is meant. */
  readonly quantity: number | null;
  /** The delivery that it is to have; null for none, left out when it stays. */
  readonly delivery?: WishedDelivery | null;
  /** Staff get this message with the change. */
  readonly note?: string | undefined;
  readonly kind: 'change' | 'extend' | 'return-early';
};

/** Plans a change of a rental by the list as `snapshot` has it. */
export function planRental(booking: BookingUse, wish: RentalWish, snapshot: Snapshot): Plan {
  const plan = {
    change: planAnew,
    extend: planExtension,
    'return-early': planEarlyReturn,
  } as const;
  return plan[wish.kind](booking, wish, snapshot);
}

type Line = CheckedLine & { readonly from: JournalBooking; readonly totalCents: number };

/** Other days, another machine or another number of them, before the rental begins. */
function planAnew(booking: BookingUse, wish: RentalWish, snapshot: Snapshot): Plan {
  const { meant, unit, quantity } = wish;
  const [first] = meant;
  if (!first) return goneAnswer;
  const kept = meant.slice(0, quantity ?? meant.length);
  const dropped = meant.slice(kept.length);
  const lines: WishLine[] = [];
  for (const of of kept) {
    const wanted = unit ?? findUnit(snapshot.units, of.itemId);
    if (!wanted) return goneAnswer;
    lines.push({ unit: wanted, range: wish.range(of) });
  }
  const [line] = lines;
  if (!line) return goneAnswer;
  const more = Array.from({ length: Math.max(0, (quantity ?? 0) - kept.length) }, () => line);
  const without = withoutBookings(snapshot, meant);
  const units = freeUnits([...lines, ...more], without);
  if (!units.free) return { answer: standing(notEnough(units, without)) };
  const changed = units.free.slice(0, kept.length).flatMap((checked, at) => {
    const from = kept[at];
    if (!from) return [];
    // What stays as it is stays at its price.
    const isSame = checked.checked.unit.itemId === from.itemId && isSameTerm(checked.range, from);
    const totalCents = isSame
      ? rentOf(from)
      : totalOf(checked.checked.unit, checked.range, checked.checked.rules);
    return [{ ...checked, from, totalCents }];
  });
  const added = units.free.slice(kept.length);
  const totalCents = [
    ...changed.map((of) => of.totalCents),
    ...added.map((of) => totalOf(of.checked.unit, of.range, of.checked.rules)),
  ].reduce((sum, cents) => sum + cents, 0);
  const details = detailsOf(wish, meant);
  const customer = { ...customerOf(booking, first), ...(details && { details }) };
  const offer = offerOf(customer, units.free);
  const withFee = { ...offer, totalCents: totalCents + feeOf(details?.kept) };
  const isOther = changed.some(
    ({ checked, range, from }) =>
      checked.unit.itemId !== from.itemId || !isSameTerm(range, from) || added.length > 0,
  );
  const changes = {
    days: isOther || dropped.length > 0,
    name: false,
    number: false,
    delivery: wish.delivery !== undefined,
  };
  const before = meant.map((of) => ({ name: spokenItem(of.itemName), range: termOfBooking(of) }));
  return planOf(booking, {
    wish,
    snapshot,
    about: 'changing',
    lines: changed,
    added,
    dropped: dropped.map(({ bookingId }) => bookingId),
    totalCents: withFee.totalCents,
    note: wish.note,
    say: changeReadBack(withFee, { ...snapshot, changes, before }),
  });
}

/** The delivery as it is to be, or as it is. */
function detailsOf({ delivery }: RentalWish, meant: readonly Rental[]): WishedDetails | undefined {
  if (delivery === undefined) return deliveryOfRentals(meant);
  return delivery === null ? undefined : { delivery, kept: { delivery: keptDelivery(delivery) } };
}

/**
 * A longer term: its whole price less what was agreed. Where somebody else has the machine after it,
 * a like one is offered for the rest, or the days that there are.
 */
function planExtension(booking: BookingUse, wish: RentalWish, snapshot: Snapshot): Plan {
  const without = withoutBookings(snapshot, wish.meant);
  const lines: Line[] = [];
  for (const from of wish.meant) {
    const unit = findUnit(without.units, from.itemId);
    if (!unit) return goneAnswer;
    const range = wish.range(from);
    const own = checkUnit(unit, without, range);
    // Before it begins nobody can tell its twin from it.
    const checked =
      own.availability.free || from.start <= snapshot.today
        ? own
        : (withTwins(unit, without.units)
            .map((twin) => checkUnit(twin, without, range))
            .find(({ availability }) => availability.free) ?? own);
    if (!checked.availability.free) {
      return planRest(booking, { wish, from, unit, range }, { snapshot, without });
    }
    const totalCents = Math.max(rentOf(from), totalOf(checked.unit, range, checked.rules));
    lines.push({ range, checked, from, totalCents });
  }
  const term = termOf(lines);
  return planOf(booking, {
    wish,
    snapshot,
    about: 'extending',
    lines,
    totalCents: term.totalCents,
    say: extensionReadBack(term, snapshot),
  });
}

/** The machine is free for a part of the days at most. */
function planRest(
  booking: BookingUse,
  blocked: {
    readonly wish: RentalWish;
    readonly from: JournalBooking;
    readonly unit: Unit;
    readonly range: RentalRange;
  },
  { snapshot, without }: { readonly snapshot: Snapshot; readonly without: Snapshot },
): Plan {
  const { wish, from, unit, range } = blocked;
  const {
    today,
    yard: { rules },
  } = snapshot;
  const name = spokenName(unit);
  const through = freeThrough(unit, { from, range }, without);
  if (through === null) {
    return { answer: standing(notEnough({ missing: { unit, range }, ofItFree: 0 }, without)) };
  }
  const until = heldAfterSentence(name, { through, today });
  const rest = withTimesOf(
    { start: addDays(through, 1), end: range.end },
    { ...range, pickUpAt: undefined },
  );
  const first = withTimesOf({ start: from.start, end: through }, { ...range, returnBy: undefined });
  const own: Line = {
    from,
    range: first,
    checked: checkUnit(unit, without, first),
    totalCents: Math.max(rentOf(from), totalOf(unit, first, rules)),
  };
  const like = wish.meant.length === 1 ? likeUnit(unit, rest, without) : null;
  if (like) {
    const checked = checkUnit(like, without, rest);
    // A twin goes on with the term; another machine begins its own.
    const isTwin = withTwins(unit, without.units).includes(like);
    const whole = isTwin
      ? totalOf(unit, range, rules)
      : own.totalCents + totalOf(like, rest, rules);
    const totalCents = Math.max(own.totalCents, whole);
    const term = { names: [name], range, totalCents, agreedCents: rentOf(from) };
    const about = { ...snapshot, to: spokenName(like), from: rest.start };
    return planOf(booking, {
      wish,
      snapshot,
      about: 'changing',
      lines: [own],
      added: [{ range: rest, checked }],
      addedCents: totalCents - own.totalCents,
      totalCents,
      say: `${until} ${swapReadBack(term, about)}`,
    });
  }
  if (through <= from.end || wish.meant.length > 1) {
    const say = `${until} Your rental stands as it was. Shall I take a message, so that someone calls you back?`;
    return { answer: { say, problem: 'booked' } };
  }
  const term = termOf([own]);
  return planOf(booking, {
    wish,
    snapshot,
    about: 'extending',
    lines: [own],
    totalCents: term.totalCents,
    say: `${until} ${extensionReadBack(term, snapshot)}`,
  });
}

/** The last day through which the machine can stay; null when that is not a matter of days. */
function freeThrough(
  unit: Unit,
  { from, range }: { readonly from: JournalBooking; readonly range: RentalRange },
  { bookings, today }: Snapshot,
): IsoDate | null {
  let through: IsoDate | null = null;
  for (let end = from.end; end < range.end; end = addDays(end, 1)) {
    const days = { start: from.start, end };
    if (!availabilityOf(unit, bookings, days, today).free) break;
    through = end;
  }
  return through;
}

/** A twin, else another of its category, that is free for all of the days. */
function likeUnit(unit: Unit, range: RentalRange, snapshot: Snapshot): Unit | null {
  const twin = withTwins(unit, snapshot.units)
    .filter((of) => of !== unit)
    .find((of) => checkUnit(of, snapshot, range).availability.free);
  const priced = alternativesTo(unit, range, snapshot).others.find(
    (of) => of.unit.dailyRateCents !== null,
  );
  return twin ?? priced?.unit ?? null;
}

/** The machine comes back sooner: the shorter term has its price, and staff settle the rest. */
function planEarlyReturn(booking: BookingUse, wish: RentalWish, snapshot: Snapshot): Plan {
  const lines: Line[] = [];
  for (const from of wish.meant) {
    const unit = findUnit(snapshot.units, from.itemId);
    if (!unit) return goneAnswer;
    const range = wish.range(from);
    const checked = checkUnit(unit, withoutBookings(snapshot, [from]), range);
    const totalCents = Math.min(rentOf(from), totalOf(unit, range, snapshot.yard.rules));
    lines.push({ range, checked, from, totalCents });
  }
  const term = termOf(lines);
  const note =
    `comes back early, on ${lines[0]?.range.end}: ${lines.map(({ from }) => from.itemName).join(', ')}. ` +
    `Agreed ${term.agreedCents / 100}, the shorter term is ${term.totalCents / 100}; please settle it.`;
  return planOf(booking, {
    wish,
    snapshot,
    about: 'changing',
    lines,
    totalCents: term.totalCents,
    note,
    say: earlyReadBack(term, snapshot),
  });
}

function termOf(lines: readonly Line[]): Term {
  const [first] = lines;
  const sum = (of: (line: Line) => number) => lines.reduce((total, line) => total + of(line), 0);
  return {
    names: lines.map(({ checked }) => spokenName(checked.unit)),
    range: first?.range ?? { start: '', end: '' },
    totalCents: sum((line) => line.totalCents + feeOf(line.from.details)),
    agreedCents: sum((line) => line.from.totalCents),
  };
}

function planOf(
  booking: BookingUse,
  of: {
    readonly wish: RentalWish;
    readonly snapshot: Snapshot;
    readonly about: 'changing' | 'extending';
    readonly lines: readonly Line[];
    readonly added?: readonly CheckedLine[];
    /** The price of what is added, when it is a part of a longer term. */
    readonly addedCents?: number;
    readonly dropped?: readonly string[];
    readonly totalCents: number;
    readonly note?: string | undefined;
    readonly say: string;
  },
): Plan {
  const { wish, snapshot, about, lines, added = [], addedCents, dropped = [], note } = of;
  const [first] = wish.meant;
  if (!first) return goneAnswer;
  const details = detailsOf(wish, wish.meant);
  const customer = { ...customerOf(booking, first), ...(details && { details }) };
  const { code, delivery } = wish;
  const proposed = proposalOf(customer, [...lines, ...added], { about: 'changing', code });
  const proposal: Proposal = {
    ...proposed,
    about,
    key: JSON.stringify([
      proposed.key,
      of.totalCents,
      dropped,
      ...(delivery === null ? [null] : []),
    ]),
    totalCents: of.totalCents,
    // Neither name nor number is read back: they stay.
    customer: null,
    phone: null,
  };
  const request: Omit<BookingChange, 'inventory'> = {
    code,
    customer: first.customer,
    phone: first.phone,
    lines: lines.map(({ range, checked, from, totalCents }) => {
      const { unit, rules } = checked;
      const term = termAsPriced(unit, range, rules);
      return { bookingId: from.bookingId, itemId: unit.itemId, ...term, totalCents };
    }),
    ...(delivery === undefined ? {} : { delivery: delivery && keptDelivery(delivery) }),
    added: bookingLines(added, lines).map((line) => ({
      ...line,
      ...(addedCents === undefined ? {} : { totalCents: addedCents }),
    })),
    dropped,
    ...(note === undefined ? {} : { note }),
  };
  const end = lines[0]?.range.end ?? '';
  const names = lines.map(({ checked }) => spokenName(checked.unit));
  const { today } = snapshot;
  return {
    proposal,
    say: of.say,
    commit: () =>
      makeChange(booking, {
        request,
        lines: [...lines, ...added],
        snapshot,
        replan: (now) => planRental(booking, wish, now),
        ...(about === 'extending'
          ? { done: (state, made) => extendedSentence(state, { names, code: made, end, today }) }
          : {}),
      }),
  };
}

function customerOf({ deps }: BookingUse, { customer, phone }: JournalBooking) {
  return { customer, phone, isOwnPhone: numbersOf(deps).own === phone };
}

const goneAnswer = {
  answer: {
    say: "I can't find that machine in our list any more. Shall I take a message, so that someone calls you back?",
    problem: 'no-such-unit',
  },
} as const;
