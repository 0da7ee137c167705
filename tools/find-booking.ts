import { llm } from '@livekit/agents';
import type { z } from 'zod';
import type { BookingTalk } from './dialogue/dialogue-memory.ts';
import { notFound, ownRentals, rentalArgs, todayOf, type Rental } from './dialogue/own-rentals.ts';
import type { BookingService } from './journal/booking-service.ts';
import type { BookingState } from './journal/booking.ts';
import { rentalState, type RentalState } from './journal/rental-state.ts';
import { modelArguments } from './model-arguments.ts';
import { runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import { bookedMachines, bookingSentences } from './yard/booking-words.ts';
import { defaultCurrency, type IsoDate } from './yard/equipment.ts';
import { calledOffSentence, dueSentence } from './yard/rental-words.ts';
import { spokenItem } from './yard/unit-facts.ts';

const findBookingArgs = modelArguments(rentalArgs);

/** Bookings that may be read to this caller, without the name and number that they are under. */
export type FindBookingAnswer = ToolAnswer & {
  readonly bookings: readonly {
    readonly code: string;
    readonly item: string;
    readonly start: IsoDate;
    readonly end: IsoDate;
    readonly state: BookingState;
    /** Where it is in its life today. */
    readonly rental: RentalState;
  }[];
};

const maxSpoken = 3;

/** Reads a caller their own rentals: by code, or by name on a call from its number; also those that staff wrote. */
export async function findBooking(
  deps: ToolDeps,
  args: z.infer<typeof findBookingArgs>,
  talk: BookingTalk,
): Promise<FindBookingAnswer> {
  const { desk } = deps;
  if (!desk) return { ...notFound, bookings: [] };
  const read = await ownRentals(deps, desk, { args, talk, toRead: true });
  if ('answer' in read) return { ...read.answer, bookings: [] };
  const found = await withOffRents(desk, read.rentals);
  const about = todayOf(deps);
  const states = new Map(found.map((of) => [of, rentalState(of, about)] as const));
  const isOpen = (of: Rental) => !['cancelled', 'returned'].includes(states.get(of) ?? '');
  const current = found.filter(
    (of) => isOpen(of) && (of.end >= about.today || states.get(of) !== 'conflict'),
  );
  const told = firstCodes(current.length > 0 ? current : found);
  return {
    say: rentalSentences(deps, told).join(' '),
    bookings: told.map((of) => {
      const { code, itemName, start, end, state } = of;
      return {
        code,
        item: spokenItem(itemName),
        start,
        end,
        state,
        rental: states.get(of) ?? 'held',
      };
    }),
  };
}

/** Staff's own rows do not say that the customer has called one off; the journal does. */
async function withOffRents(
  desk: BookingService,
  rentals: readonly Rental[],
): Promise<readonly Rental[]> {
  const keys = rentals.flatMap(({ isByStaff, rentalKey }) => (isByStaff ? [rentalKey] : []));
  const called = keys.length === 0 ? [] : await desk.findOffRents(keys);
  return rentals.map((rental) => {
    const code = called.find(({ rentalKey }) => rentalKey === rental.rentalKey)?.code;
    return code === undefined ? rental : { ...rental, offRentCode: code };
  });
}

/** All machines of the newest few bookings. */
function firstCodes(found: readonly Rental[]): readonly Rental[] {
  const codes = [...new Set(found.map(({ code }) => code))].slice(0, maxSpoken);
  return found.filter(({ code }) => codes.includes(code));
}

/** The caller's rentals as they are: a sentence for the machines that are at one point of their life. */
export function rentalSentences(deps: ToolDeps, told: readonly Rental[]): readonly string[] {
  const about = todayOf(deps);
  const states = new Map(told.map((of) => [of, rentalState(of, about)] as const));
  const { today } = about;
  const speaking = { today, currency: deps.inventory()?.yard.currency ?? defaultCurrency };
  const groups = Map.groupBy(told, (of) => `${of.code} ${states.get(of)} ${of.end}`);
  return [...groups.values()].flatMap((lines) => {
    const [first] = lines;
    if (!first) return [];
    const names = lines.map(({ itemName }) => spokenItem(itemName));
    const totalCents = lines.reduce((sum, line) => sum + line.totalCents, 0);
    switch (states.get(first)) {
      case 'out':
        // What the sheet does not show yet is not promised.
        if (first.state === 'pending') return bookingSentences(lines, speaking);
        return [dueSentence({ names, range: first, totalCents }, speaking)];
      case 'off-rent-called':
        return [calledOffSentence(names, first.offRentCode ?? '')];
      default:
        return first.isByStaff
          ? [`You have ${bookedMachines(lines, speaking.today)} booked.`]
          : bookingSentences(lines, speaking);
    }
  });
}

/** `find_booking`, as the model sees it. */
export function findBookingTool(deps: ToolDeps, talk: BookingTalk) {
  return llm.tool({
    description:
      "Looks up the caller's own booking or rental, and when it is due back, by its code or by the " +
      "name it is under. It never tells of another customer's. Tell the caller what `say` says.",
    parameters: findBookingArgs,
    execute: (args, { abortSignal }) =>
      runTool(deps, { name: 'find_booking', abortSignal }, () => findBooking(deps, args, talk)),
  });
}
