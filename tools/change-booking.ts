import { llm } from '@livekit/agents';
import { z } from 'zod';
import { settle } from './book-equipment.ts';
import { rentalSentences } from './find-booking.ts';
import { planRental, type RentalWish } from './dialogue/change-rental.ts';
import { newestSnapshot, type BookingTalk } from './dialogue/dialogue-memory.ts';
import { answerDueMs, type BookingUse } from './dialogue/make-booking.ts';
import {
  given,
  isNamed,
  meantRental,
  notFound,
  ownRentals,
  rentalArgs,
  type Rental,
} from './dialogue/own-rentals.ts';
import {
  confirmAddress,
  deliveryOfRentals,
  detailArgs,
  readDetails,
  type WishedDelivery,
} from './dialogue/delivery-wish.ts';
import { planRequest } from './dialogue/staff-request.ts';
import { termOf } from './journal/booking.ts';
import type { RentalDeed } from './journal/rental-state.ts';
import { modelArguments } from './model-arguments.ts';
import { runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import { bookingUnsure } from './yard/booking-words.ts';
import { limitsOf } from './yard/equipment.ts';
import { findUnit } from './yard/interchangeable-units.ts';
import {
  addDays,
  daysIn,
  dayNumber,
  isSameTerm,
  rentalDates,
  withTimesOf,
  writtenDay,
  type RentalRange,
} from './yard/rental-dates.ts';
import { timeArgs, withTimes } from './yard/rental-times.ts';
import { regionOf } from './yard/phone.ts';
import { listUnreachable, type Snapshot } from './yard/snapshot.ts';
import { spokenList } from './yard/spoken.ts';
import { spokenItem } from './yard/unit-facts.ts';

const changeBookingArgs = modelArguments({
  ...rentalArgs,
  machine: z
    .string()
    .max(100)
    .nullish()
    .describe('Which machine of the booking, by its name, if only one of several is meant.'),
  start: z.string().max(40).nullish().describe('The new first day, YYYY-MM-DD, if it changes.'),
  end: z.string().max(40).nullish().describe('The new last day, YYYY-MM-DD, if it changes.'),
  itemId: z
    .string()
    .max(100)
    .nullish()
    .describe('The `itemId` of the machine that they want instead, if another.'),
  quantity: z.number().nullish().describe('How many of the machine it is to be, if that changes.'),
  ...timeArgs,
  deliverTo: z
    .string()
    .max(400)
    .nullish()
    .describe(
      'The new delivery address, with street, town and ZIP code, if it is to be delivered.',
    ),
  deliveryMiles: detailArgs.deliveryMiles,
  deliveryWindow: detailArgs.deliveryWindow,
  noDelivery: z.boolean().nullish().describe('True if they no longer want it delivered.'),
});

type ChangeBookingArgs = z.infer<typeof changeBookingArgs>;

const cannotChange = {
  say:
    "I'm sorry, I can't change anything right now, so it stands as it was. " +
    'Shall I take a message, so that someone calls you back?',
  problem: 'cannot-change',
} as const;

/**
 * Changes a rental of the caller's own: days, machine or number before it begins, the last day while
 * it is out. It is read back, and done after a yes.
 * @throws {StoreError} when the store fails: then nothing is changed; {UnsureError} when it may be.
 */
async function changeBooking(
  deps: ToolDeps,
  args: ChangeBookingArgs,
  use: {
    readonly talk: BookingTalk;
    readonly signal: AbortSignal;
    readonly keepFloor?: () => void;
  },
): Promise<ToolAnswer> {
  const { talk, signal, keepFloor = () => {} } = use;
  const { desk } = deps;
  if (!desk) return notFound;
  const snapshot = newestSnapshot(deps, talk);
  if (!snapshot) return listUnreachable;
  const found = await ownRentals(deps, desk, { args, talk });
  if ('answer' in found) return found.answer;
  const machine = given(args.machine);
  const asked = {
    start: writtenDay(given(args.start), snapshot.today, regionOf(snapshot.yard)),
    end: writtenDay(given(args.end), snapshot.today, regionOf(snapshot.yard)),
    itemId: given(args.itemId),
    quantity: args.quantity ?? null,
    times: { pickUpAt: args.pickUpAt, returnBy: args.returnBy, halfDay: args.halfDay },
  };
  const deeds: readonly RentalDeed[] = ['change', 'extend', 'return-early'];
  const meant = meantRental(deps, found.rentals, { deed: deeds, machine });
  if ('answer' in meant) return meant.answer;
  const unsureOf = talk.unsureOf.has('booking') ? kindAsked(talk) : null;
  const delivery = readDelivery(meant.rental, args, { yard: snapshot.yard, talk });
  if (delivery && 'say' in delivery) return delivery;
  const wish = readWish(meant.rental, { ...asked, machine, unsureOf, delivery }, snapshot);
  if (wish === 'as-it-is') {
    const say = `${rentalSentences(deps, meant.rental).join(' ')} Is there anything else?`;
    return { say };
  }
  if ('say' in wish) return wish;
  const address = confirmAddress(talk, wish.delivery ?? undefined);
  if (address) return address;
  const booking: BookingUse = {
    deps,
    desk,
    talk,
    signal,
    keepFloor,
    answerByMs: answerDueMs(deps),
  };
  const isByStaff = wish.meant.some((of) => of.isByStaff);
  const plan = isByStaff ? planRequest : planRental;
  return settle(booking, (now) => plan(booking, wish, now), snapshot);
}

/** The change that may have been made: the caller was asked for it last. */
function kindAsked({ confirmation }: BookingTalk): RentalWish['kind'] | null {
  if (confirmation.asked?.about === 'extending') return 'extend';
  return confirmation.asked?.about === 'changing' ? 'change' : null;
}

type Asked = {
  readonly start: string;
  readonly end: string;
  readonly itemId: string;
  readonly quantity: number | null;
  readonly machine: string;
  readonly times: Parameters<typeof withTimes>[1];
  readonly delivery: WishedChange | null;
};

/** The delivery that is wished, or none any more; `note` is for staff. */
type WishedChange = {
  readonly delivery: WishedDelivery | null;
  readonly note?: string | undefined;
};

/** The delivery as the caller wants it; null when they did not speak of it. */
function readDelivery(
  rental: readonly Rental[],
  args: ChangeBookingArgs,
  about: Parameters<typeof readDetails>[1],
): WishedChange | ToolAnswer | null {
  const before = deliveryOfRentals(rental)?.delivery;
  if (args.noDelivery && before) return { delivery: null };
  const isSpokenOf = [args.deliverTo, args.deliveryWindow].some((of) => given(of) !== '');
  if (!isSpokenOf) return null;
  if (before) about.talk.agreedAddresses.add(before.address);
  const deliverTo = given(args.deliverTo) || before?.address;
  const isSameAddress = before !== undefined && deliverTo === before.address;
  if (isSameAddress) about.talk.askedMiles.add(before.address);
  const { deliveryMiles, deliveryWindow } = args;
  const details = readDetails({ deliverTo, deliveryMiles, deliveryWindow }, about);
  if ('say' in details) return details;
  const { delivery, kept } = details;
  if (!delivery) return null;
  const isAsItIs =
    isSameAddress && (delivery.window ?? before.window) === before.window && !kept.notes;
  if (isAsItIs) return null;
  return {
    delivery: isSameAddress ? { ...delivery, fee: before.fee } : delivery,
    note: kept.notes,
  };
}

/** The rental as it is to be; or an answer when something is missing, or cannot be. */
function readWish(
  rental: readonly Rental[],
  { unsureOf, delivery, ...asked }: Asked & { readonly unsureOf: RentalWish['kind'] | null },
  snapshot: Snapshot,
): RentalWish | ToolAnswer | 'as-it-is' {
  const { start, end, itemId, quantity, machine, times } = asked;
  const { today, units, yard } = snapshot;
  // A delivery is one of all machines of a booking.
  const meant = machine === '' || delivery ? rental : rental.filter((of) => isNamed(of, machine));
  const [first] = meant;
  if (!first) return whichMachine(rental);
  const unit = itemId === '' ? null : findUnit(units, itemId);
  if (unit === undefined)
    return { say: 'Which machine would you like instead?', problem: 'unknown-item' };
  const isOther = unit !== null && meant.some((of) => of.itemId !== unit.itemId);
  const count = quantity === null ? meant.length : Math.trunc(quantity);
  const isMore = count !== meant.length;
  const hasTimes = Object.values(times).some((of) => of !== null && of !== undefined && of !== '');
  if (start === '' && end === '' && !isOther && !isMore && !delivery && !hasTimes) {
    const say = 'What would you like to change: the days, the machine, or how many?';
    return { say, problem: 'change-missing' };
  }
  const names = new Set(meant.map((of) => of.itemName));
  if (names.size > 1 && (isOther || isMore)) return whichMachine(rental);
  if (count < 1) return { say: 'Would you like to cancel it, then?', problem: 'cancel-instead' };
  const ofFirst = rangeOf(first, { start, end });
  const dates = isMovable(first, today)
    ? rentalDates(ofFirst.start, ofFirst.end, today, limitsOf(yard), regionOf(yard))
    : lastDay(ofFirst, { today, yard });
  const timed = withTimes(dates, times);
  if (!timed.ok) return { say: timed.say, problem: timed.problem };
  const named = termOf({ ...timed.range, start: '', end: '' });
  const range = (of: Rental) => withTimesOf({ ...named, ...rangeOf(of, { start, end }) }, of);
  const isOtherTime = !isSameTerm(
    { ...named, start: '', end: '' },
    { ...first, start: '', end: '' },
  );
  const kind = kindOf(first, ofFirst, {
    isOther: isOther || isMore || delivery !== null,
    isOtherTime,
    today,
  });
  if (kind === null) return alreadyOut(first);
  const { code } = first;
  const wish = { code, meant, range, ...delivery };
  const isSame = meant.every((of) => isSameTerm(range(of), of));
  if (isSame && !isOther && !isMore && !delivery) {
    // It can be read, but may not outlive a power cut: the same change again says once it does.
    return unsureOf === null ? 'as-it-is' : { ...wish, unit: null, quantity: null, kind: unsureOf };
  }
  return { ...wish, unit: isOther ? unit : null, quantity: isMore ? count : null, kind };
}

/** A first day alone, past the last one, moves the whole term. */
function rangeOf(
  of: Rental,
  { start, end }: { readonly start: string; readonly end: string },
): RentalRange {
  const first = start === '' ? of.start : start;
  if (end !== '') return { start: first, end };
  const moves = start > of.end && dayNumber(start) !== null;
  return { start: first, end: moves ? addDays(start, daysIn(of) - 1) : of.end };
}

/** On its first day the machine may still be in the yard. */
function isMovable({ start }: Rental, today: string): boolean {
  return start >= today;
}

/** The last day of a rental that has begun. */
function lastDay(
  { start, end }: RentalRange,
  { today, yard }: Pick<Snapshot, 'today' | 'yard'>,
): ReturnType<typeof rentalDates> {
  // A model names the days that the term would have from now on.
  const from = start < today ? today : start;
  const dates = rentalDates(from > end ? end : from, end, today, undefined, regionOf(yard));
  if (!dates.ok) return dates;
  const { daysPerBooking } = limitsOf(yard);
  return rentalDates(today, end, today, { daysPerBooking, daysAhead: daysPerBooking });
}

function kindOf(
  of: Rental,
  to: RentalRange,
  about: { readonly isOther: boolean; readonly isOtherTime: boolean; readonly today: string },
): RentalWish['kind'] | null {
  const { isOther, isOtherTime, today } = about;
  if (isOther || (isMovable(of, today) && (to.start !== of.start || isOtherTime))) {
    return isMovable(of, today) ? 'change' : null;
  }
  if (to.end > of.end || (isOtherTime && to.end === of.end)) return 'extend';
  return isMovable(of, today) ? 'change' : 'return-early';
}

function whichMachine(rental: readonly Rental[]): ToolAnswer {
  const names = spokenList(
    rental.map(({ itemName }) => `the ${spokenItem(itemName)}`),
    'or',
  );
  return { say: `Which machine shall I change: ${names}?`, problem: 'which-machine' };
}

function alreadyOut({ itemName }: Rental): ToolAnswer {
  return {
    say:
      `The ${spokenItem(itemName)} is out with you already, so I can only change its last day. ` +
      'Shall I take a message, so that someone calls you back?',
    problem: 'already-out',
  };
}

/** `change_booking`, as the model sees it. */
export function changeBookingTool(deps: ToolDeps, talk: BookingTalk) {
  return llm.tool({
    description:
      "Changes the caller's own booking or rental, also one of an earlier call: keeps a machine " +
      'longer, takes other days or times, another machine or another number of them, delivers it or ' +
      'no longer does, or ends it early. ' +
      'It reads the change back and asks; call it again with the same values after the caller has ' +
      'answered. Nothing is changed until `say` says so.',
    parameters: changeBookingArgs,
    execute: (args, { ctx, abortSignal }) =>
      runTool(
        deps,
        {
          name: 'change_booking',
          abortSignal,
          whenFailed: () => (talk.unsureOf.has('booking') ? bookingUnsure : cannotChange),
          whenLate: bookingUnsure,
        },
        (signal) =>
          changeBooking(deps, args, { talk, signal, keepFloor: () => ctx.disallowInterruptions() }),
      ),
  });
}
