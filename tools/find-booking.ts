import { llm } from '@livekit/agents';
import { z } from 'zod';
import type { BookingTalk } from './dialogue/dialogue-memory.ts';
import type { BookingState, JournalBooking } from './journal/booking.ts';
import { numbersOf, runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import { bookingSentence } from './yard/booking-words.ts';
import { defaultCurrency, defaultTimeZone, type IsoDate } from './yard/equipment.ts';
import { todayIn } from './yard/rental-dates.ts';
import { underName } from './yard/same-customer.ts';

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

/** After so many codes that are nobody's a caller is guessing. */
export const maxWrongCodes = 3;
const maxSpoken = 3;

const noneFound =
  "I can't find a booking with that. It needs the code, or the name it is under and a call from " +
  'the number it was made with. Shall I take a message?';

/** Reads a caller their own bookings: by code, or by the number they call from and a name. */
export async function findBooking(
  deps: ToolDeps,
  args: z.infer<typeof findBookingArgs>,
  talk: BookingTalk,
): Promise<FindBookingAnswer> {
  const { code, customer } = args;
  if (!deps.desk) return { say: noneFound, problem: 'not-found', bookings: [] };
  if (!code?.trim() && !customer?.trim()) {
    const say = 'What is the code of the booking, or the name that it is under?';
    return { say, problem: 'code-missing', bookings: [] };
  }
  const found = code?.trim() ? await byCode(deps, code, talk) : await byName(deps, customer ?? '');
  const yard = deps.inventory()?.yard;
  const today = todayIn(yard?.timeZone ?? defaultTimeZone, deps.clock);
  const currency = yard?.currency ?? defaultCurrency;
  const current = found.filter(({ end, state }) => end >= today && state !== 'cancelled');
  const told = (current.length > 0 ? current : found).slice(0, maxSpoken);
  if (told.length === 0) return { say: noneFound, problem: 'not-found', bookings: [] };
  return {
    say: told.map((booking) => bookingSentence(booking, { today, currency })).join(' '),
    bookings: told.map(({ bookingId, itemName, start, end, state }) => ({
      code: bookingId,
      item: itemName,
      start,
      end,
      state,
    })),
  };
}

/** The code is the caller's proof; whoever tries several has none. */
async function byCode(
  { desk }: ToolDeps,
  code: string,
  talk: BookingTalk,
): Promise<readonly JournalBooking[]> {
  if (talk.wrongCodes >= maxWrongCodes) return [];
  const found = (await desk?.find({ code })) ?? [];
  if (found.length === 0) talk.wrongCodes += 1;
  return found.slice(0, 1);
}

/** Only the number that the call comes from: one that was dictated proves nothing. */
async function byName(deps: ToolDeps, customer: string): Promise<readonly JournalBooking[]> {
  const { own: phone } = numbersOf(deps);
  if (phone === null) return [];
  const found = (await deps.desk?.find({ phone, customer })) ?? [];
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
