import { z } from 'zod';
import type { JournalBooking } from '../journal/booking.ts';
import type { BookingService } from '../journal/booking-service.ts';
import { isNothing } from '../model-arguments.ts';
import { may, rentalState, type RentalDeed } from '../journal/rental-state.ts';
import { numbersOf, type ToolAnswer, type ToolDeps } from '../tool.ts';
import { bookedMachines } from '../yard/booking-words.ts';
import { defaultTimeZone, type IsoDate, type StaffRental } from '../yard/equipment.ts';
import { dialableNumber, regionOf } from '../yard/phone.ts';
import { spokenList } from '../yard/spoken.ts';
import { todayIn } from '../yard/rental-dates.ts';
import { isNoName, provesName, underName } from '../yard/same-customer.ts';
import type { BookingTalk } from './dialogue-memory.ts';
import { mayGuess, noteMiss } from './guesses.ts';
import { spokenItem } from '../yard/unit-facts.ts';

/** One machine of a caller's rental: a line of the journal, or a row that staff wrote. */
export type Rental = JournalBooking & {
  /** The row is staff's own: what is asked of it is for them to do. */
  readonly isByStaff: boolean;
  /** The rental is called off rent under this. */
  readonly rentalKey: string;
};

/** The arguments by which a caller's rental is found. */
export const rentalArgs = {
  code: z
    .string()
    .max(40)
    .nullish()
    .describe('The code of the booking, or the number on the contract, if the caller has it.'),
  customer: z.string().max(200).nullish().describe('The name that it is under, if it was said.'),
};

type RentalArgs = z.infer<z.ZodObject<typeof rentalArgs>>;

/** An argument as the caller gave it; empty for what a model writes in place of one. */
export function given(text: string | null | undefined): string {
  const trimmed = text?.trim() ?? '';
  return isNothing(trimmed) || /^unknown$/i.test(trimmed) ? '' : trimmed;
}

const needsProof =
  "I can't find a booking with that. It takes its code, or the name and a call from its number. " +
  'Shall I take a message?';

/** An answer that tells no caller whether there is such a booking. */
export const notFound = { say: needsProof, problem: 'not-found' } as const;

const severalFound = {
  say: 'There is more than one booking under that name. What is the full name, first and last?',
  problem: 'name-unclear',
} as const;

/**
 * The caller's own rentals. To read one, its code is the proof; to do something with it, the code
 * with the name or with a call from its number. Without a code: the name and a call from its number;
 * one that is dictated proves nothing, it stands beside the name on any business card. The number on
 * a staff's contract is soon guessed, and is none without the name or the number. Misses are counted,
 * and have an end.
 */
export async function ownRentals(
  deps: ToolDeps,
  desk: BookingService,
  {
    args,
    talk,
    toRead = false,
  }: { readonly args: RentalArgs; readonly talk: BookingTalk; readonly toRead?: boolean },
): Promise<{ readonly rentals: readonly Rental[] } | { readonly answer: ToolAnswer }> {
  const code = given(args.code);
  const customer = isNoName(given(args.customer)) ? '' : given(args.customer);
  if (code === '' && customer === '') {
    const say = 'What is the code of the booking, or the name that it is under?';
    return { answer: { say, problem: 'code-missing' } };
  }
  const coded = code === '' ? [] : await desk.find({ code });
  // What this call has booked is its caller's, whatever was guessed.
  if (!toRead && coded.length > 0 && coded.every((of) => of.callId === deps.callId)) {
    return { rentals: coded.map(fromJournal) };
  }
  if (!(await mayGuess(deps, desk, talk))) return { answer: notFound };
  const { rentals, several } =
    code === ''
      ? await byName(deps, desk, customer)
      : { rentals: ofCode(deps, coded, { code, customer, toRead }), several: false };
  if (several) return { answer: severalFound };
  if (rentals.length > 0) return { rentals };
  await noteMiss(deps, desk, talk);
  return { answer: notFound };
}

function ofCode(
  deps: ToolDeps,
  coded: readonly JournalBooking[],
  {
    code,
    customer,
    toRead,
  }: { readonly code: string; readonly customer: string; readonly toRead: boolean },
): readonly Rental[] {
  const { own } = numbersOf(deps);
  const isTheirs = (of: JournalBooking) =>
    (own !== null && of.phone === own) || provesName(customer, of.customer);
  if (coded.length > 0) {
    return toRead || coded.every(isTheirs) ? coded.map(fromJournal) : [];
  }
  return staffRentals(deps).filter((of) => signs(of.bookingId) === signs(code) && isTheirs(of));
}

/** An id as it is read out or typed. */
function signs(id: string): string {
  return id.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
}

async function byName(
  deps: ToolDeps,
  desk: BookingService,
  customer: string,
): Promise<{ readonly rentals: readonly Rental[]; readonly several: boolean }> {
  const { own } = numbersOf(deps);
  if (own === null) return { rentals: [], several: false };
  const booked = await desk.find({ phone: own });
  const written = staffRentals(deps).filter((of) => of.phone === own);
  const ours = await idsInJournal(desk, written, booked);
  const { theirs, several } = underName(customer, [
    ...booked.filter((of) => of.phone === own).map(fromJournal),
    ...written.filter(({ bookingId }) => !ours.has(bookingId)),
  ]);
  return { rentals: theirs, several };
}

/** Rows that Pickup wrote are the journal's, whoever's number stands there by now. */
async function idsInJournal(
  desk: BookingService,
  written: readonly Rental[],
  booked: readonly JournalBooking[],
): Promise<ReadonlySet<string>> {
  const ids = new Set(booked.map(({ bookingId }) => bookingId));
  for (const { bookingId } of written) {
    if (ids.has(bookingId)) continue;
    const found = await desk.find({ code: bookingId });
    if (found.some((of) => of.bookingId === bookingId)) ids.add(bookingId);
  }
  return ids;
}

/** A line of the journal as a caller's rental. */
export function fromJournal(booking: JournalBooking): Rental {
  return { ...booking, isByStaff: false, rentalKey: booking.bookingId };
}

/** The rows that staff wrote, of rentals that are not over, as far as they name a customer. */
function staffRentals({ inventory }: Pick<ToolDeps, 'inventory'>): readonly Rental[] {
  const list = inventory();
  const region = regionOf(list?.yard);
  return (list?.rentals ?? []).flatMap((row) => {
    const unit = list?.units.find(({ itemId }) => itemId === row.itemId);
    if (!unit) return [];
    return [fromRow(row, { name: unit.name, phone: dialableNumber(row.phone, region) ?? '' })];
  });
}

function fromRow(
  row: StaffRental,
  { name, phone }: { readonly name: string; readonly phone: string },
): Rental {
  const { bookingId, itemId, start, end, customer } = row;
  return {
    bookingId,
    code: bookingId === '' ? `${itemId} ${start}` : bookingId,
    callId: '',
    itemId,
    itemName: name,
    start,
    end,
    customer,
    phone,
    totalCents: row.totalCents ?? 0,
    state: 'confirmed',
    conflict: null,
    createdAtMs: 0,
    isByStaff: true,
    rentalKey: `sheet ${JSON.stringify([bookingId, itemId, start])}`,
  };
}

/**
 * The rental that the caller means of theirs: all machines of one booking with which they may do
 * this. An answer when there is none, or when they have to say which.
 */
export function meantRental(
  deps: ToolDeps,
  rentals: readonly Rental[],
  {
    deed,
    machine,
  }: { readonly deed: RentalDeed | readonly RentalDeed[]; readonly machine: string },
): { readonly rental: readonly Rental[] } | { readonly answer: ToolAnswer } {
  const about = todayOf(deps);
  const wanted = typeof deed === 'string' ? [deed] : deed;
  const open = rentals.filter((of) => wanted.some((one) => may(one, of, about)));
  const named = machine === '' ? open : open.filter((of) => isNamed(of, machine));
  const fitting = named.length > 0 ? named : open;
  const codes = [...new Set(fitting.map(({ code }) => code))];
  const [code] = codes;
  if (code === undefined) return { answer: notNow(rentals, wanted, about) };
  if (codes.length > 1) {
    const each = codes.map((of) =>
      bookedMachines(
        fitting.filter((line) => line.code === of),
        about.today,
      ),
    );
    const say = `You have ${spokenList(each.slice(0, 3))}. Which one do you mean?`;
    return { answer: { say, problem: 'which-rental' } };
  }
  return { rental: fitting.filter((of) => of.code === code) };
}

/** The caller names a machine by its id, or by words of its name. */
export function isNamed({ itemId, itemName }: Rental, machine: string): boolean {
  const words = (text: string): string[] => text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const name = words(`${itemName} ${spokenItem(itemName)}`);
  return (
    itemId === machine || words(machine).some((word) => word.length > 2 && name.includes(word))
  );
}

/** The yard's day, and what its sheet says of rentals. */
export function todayOf(deps: ToolDeps) {
  const list = deps.inventory();
  const today = todayIn(list?.yard.timeZone ?? defaultTimeZone, deps.clock);
  return { today, bookings: list?.bookings ?? [], rentals: list?.rentals };
}

/** The reason that none of the rentals can be had so, and what is left to do. */
function notNow(
  rentals: readonly Rental[],
  deeds: readonly RentalDeed[],
  about: { readonly today: IsoDate } & Parameters<typeof rentalState>[1],
): ToolAnswer {
  const states = rentals.map((of) => rentalState(of, about));
  const message = 'Shall I take a message, so that someone calls you back?';
  const [first] = rentals;
  if (first && states.includes('off-rent-called')) {
    return { say: `That rental is called off rent already. ${message}`, problem: 'off-rent' };
  }
  if (states.includes('out')) {
    const say = `The ${spokenItem(first?.itemName ?? 'machine')} is out with you already, so that is for the yard to do. ${message}`;
    return { say, problem: 'already-out' };
  }
  if (
    deeds.includes('call-off') &&
    states.some((state) => state === 'held' || state === 'confirmed')
  ) {
    return {
      say: "That rental hasn't begun yet. Would you like to cancel it instead?",
      problem: 'not-begun',
    };
  }
  return { say: `I can't change that booking any more. ${message}`, problem: 'cannot-change' };
}
