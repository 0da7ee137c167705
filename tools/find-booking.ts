import { llm } from '@livekit/agents';
import { z } from 'zod';
import type { BookingTalk } from './dialogue/dialogue-memory.ts';
import { mayGuess, noteMiss } from './dialogue/guesses.ts';
import type { BookingService } from './journal/booking-service.ts';
import type { BookingState, JournalBooking } from './journal/booking.ts';
import { numbersOf, runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import { bookingSentences } from './yard/booking-words.ts';
import { defaultCurrency, defaultTimeZone, type IsoDate } from './yard/equipment.ts';
import { todayIn } from './yard/rental-dates.ts';
import { isNoName, underName } from './yard/same-customer.ts';

const findBookingArgs = z.object({
  code: z.string().max(40).nullish().describe("The booking's code, if the caller has it."),
  customer: z.string().max(200).nullish().describe('The name that it is under, without a code.'),
});

/** Bookings that may be read to this caller, without the name and number that they are under. */
export type FindBookingAnswer = ToolAnswer & {
  readonly bookings: readonly {
    readonly code: string;
    readonly item: string;
    readonly start: IsoDate;
    readonly end: IsoDate;
    readonly state: BookingState;
  }[];
};

const maxSpoken = 3;

const noneFound =
  "I can't find a booking with that. It needs the code, or the name it is under and a call from " +
  'the number it was made with. Shall I take a message?';

const severalFound = {
  say: 'There is more than one booking under that name. What is the full name, first and last?',
  problem: 'name-unclear',
  bookings: [],
} as const;

/** Reads a caller their own bookings: by code, or by the number they call from and a name. */
export async function findBooking(
  deps: ToolDeps,
  args: z.infer<typeof findBookingArgs>,
  talk: BookingTalk,
): Promise<FindBookingAnswer> {
  const code = args.code?.trim() ?? '';
  const customer = isNoName(args.customer ?? '') ? '' : (args.customer ?? '');
  const notFound = { say: noneFound, problem: 'not-found', bookings: [] };
  const { desk } = deps;
  if (!desk) return notFound;
  if (code === '' && customer === '') {
    const say = 'What is the code of the booking, or the name that it is under?';
    return { say, problem: 'code-missing', bookings: [] };
  }
  if (!(await mayGuess(deps, desk, talk))) return notFound;
  const { theirs: found, several } =
    code === '' ? await byName(deps, desk, customer) : await byCode(desk, code);
  if (several) return severalFound;
  if (found.length === 0) {
    await noteMiss(deps, desk, talk);
    return notFound;
  }
  const yard = deps.inventory()?.yard;
  const today = todayIn(yard?.timeZone ?? defaultTimeZone, deps.clock);
  const currency = yard?.currency ?? defaultCurrency;
  const current = found.filter(({ end, state }) => end >= today && state !== 'cancelled');
  const told = firstCodes(current.length > 0 ? current : found);
  return {
    say: bookingSentences(told, { today, currency }).join(' '),
    bookings: told.map(({ code: ofIt, itemName, start, end, state }) => {
      return { code: ofIt, item: itemName, start, end, state };
    }),
  };
}

/** All machines of the newest few bookings. */
function firstCodes(found: readonly JournalBooking[]): readonly JournalBooking[] {
  const codes = [...new Set(found.map(({ code }) => code))].slice(0, maxSpoken);
  return found.filter(({ code }) => codes.includes(code));
}

type Found = { readonly theirs: readonly JournalBooking[]; readonly several: boolean };

/** The code is the caller's proof. */
async function byCode(desk: BookingService, code: string): Promise<Found> {
  return { theirs: await desk.find({ code }), several: false };
}

/** Bookings of the number that calls, under that name: a number that is dictated proves nothing. */
async function byName(deps: ToolDeps, desk: BookingService, customer: string): Promise<Found> {
  const { own: phone } = numbersOf(deps);
  if (phone === null) return { theirs: [], several: false };
  const found = await desk.find({ phone });
  return underName(
    customer,
    found.filter((booking) => booking.phone === phone),
  );
}

/** `find_booking`, as the model sees it. */
export function findBookingTool(deps: ToolDeps, talk: BookingTalk) {
  return llm.tool({
    description:
      "Looks up the caller's own booking, by its code or by the name it is under. It never tells " +
      "of another customer's. Tell the caller what `say` says.",
    parameters: findBookingArgs,
    execute: (args, { abortSignal }) =>
      runTool(deps, { name: 'find_booking', abortSignal }, () => findBooking(deps, args, talk)),
  });
}
