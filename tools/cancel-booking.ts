import { llm } from '@livekit/agents';
import { z } from 'zod';
import { settle } from './book-equipment.ts';
import { newestSnapshot, writing, type BookingTalk } from './dialogue/dialogue-memory.ts';
import { ownRentals, todayOf, type Rental } from './dialogue/own-rentals.ts';
import { requestOfStaff } from './dialogue/staff-request.ts';
import { may } from './journal/rental-state.ts';
import type { JournalBooking } from './journal/booking.ts';
import { modelArguments } from './model-arguments.ts';
import { runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import { bookedMachines } from './yard/booking-words.ts';
import type { IsoDate } from './yard/equipment.ts';
import { listUnreachable } from './yard/snapshot.ts';
import { spokenItem } from './yard/unit-facts.ts';

const cancelBookingArgs = modelArguments({
  code: z.string().max(40).describe("The booking's code, from the caller or from find_booking."),
  customer: z.string().max(200).nullish().describe('The name that it is under, if it was said.'),
});

/** `cancelled` is the code of a booking that holds nothing any more. */
export type CancelBookingAnswer = ToolAnswer & { readonly cancelled?: string };

const notFound = {
  say:
    "I can't find a booking of yours. I need its code, and its name or a call from its number. " +
    'Shall I take a message?',
  problem: 'not-found',
} as const;

const cannotCancel = {
  say:
    "I'm sorry, I can't cancel anything right now, so the booking stands. " +
    'Shall I take a message, so that someone calls you back?',
  problem: 'cannot-cancel',
} as const;

const cancelUnsure = {
  say:
    "I'm sorry, something is slow on our side, and I can't say yet whether it is cancelled. " +
    'Shall I try once more?',
  problem: 'unsure',
} as const;

/**
 * Cancels a booking of the caller's own, after it was read back and they said yes.
 * @throws {StoreError} when the store fails: then the booking stands; {UnsureError} when it may not.
 */
export async function cancelBooking(
  deps: ToolDeps,
  args: z.infer<typeof cancelBookingArgs>,
  use: {
    readonly talk: BookingTalk;
    readonly signal: AbortSignal;
    readonly keepFloor?: () => void;
  },
): Promise<CancelBookingAnswer> {
  const { talk, signal, keepFloor = () => {} } = use;
  const { desk } = deps;
  if (!desk) return notFound;
  const read = await ownRentals(deps, desk, { args, talk });
  if ('answer' in read) {
    return read.answer.problem === 'not-found' ? notFound : read.answer;
  }
  const found = read.rentals;
  const [booking] = found;
  if (!booking) return notFound;
  if (booking.isByStaff) return askStaff(deps, desk, { booking, talk, signal, keepFloor });
  const { code } = booking;
  const about = todayOf(deps);
  const { today } = about;
  const isSure = !talk.unsureOf.has('cancelling');
  const held = found.filter(({ state }) => state !== 'cancelled');
  if (held.length === 0 && isSure) return cancelledAnswer(found, today);
  if (found.every(({ end }) => end < today)) return over;
  if (isSure && !held.some((of) => of.state === 'conflict' || may('cancel', of, about))) {
    return alreadyOut;
  }
  const lines = found.map(({ itemName, start, end }) => ({
    machine: spokenItem(itemName),
    start,
    end,
  }));
  const proposal = { about: 'cancelling', key: code, lines } as const;
  const answer = talk.confirmation.answerTo(proposal);
  if (answer === 'no') {
    talk.confirmation.drop();
    return { say: 'All right, it stays booked. What else can I do for you?' };
  }
  const askFor = () => {
    const machines = bookedMachines(held.length > 0 ? held : found, today);
    const whole = `That's ${machines}. Shall I cancel ${found.length > 1 ? 'them' : 'it'}?`;
    return { say: talk.confirmation.ask(proposal, whole), problem: 'not-confirmed' };
  };
  if (answer === 'unclear') return askFor();
  const isSilent = (await deps.callerIsSilent?.(signal)) ?? true;
  if (!isSilent || talk.confirmation.answerTo(proposal) !== 'yes') return askFor();
  signal.throwIfAborted();
  // Should nobody know whether it was done, the caller is asked in these words.
  talk.confirmation.put(proposal, cancelUnsure.say);
  keepFloor();
  const result = await writing(talk, 'cancelling', () => desk.cancel(code));
  talk.confirmation.drop();
  if (result.kind === 'not-found') return notFound;
  return result.kind === 'over' ? over : cancelledAnswer(result.bookings, today);
}

const over = {
  say: 'Those days have passed, so there is nothing to cancel. Shall I take a message?',
  problem: 'over',
} as const;

const alreadyOut = {
  say: "That machine is out with you already. Shall I note that you're done with it, or bring it back sooner?",
  problem: 'already-out',
} as const;

/** A rental that staff wrote is theirs to cancel: they get a message, once the caller agrees. */
async function askStaff(
  deps: ToolDeps,
  desk: NonNullable<ToolDeps['desk']>,
  of: {
    readonly booking: Rental;
    readonly talk: BookingTalk;
    readonly signal: AbortSignal;
    readonly keepFloor: () => void;
  },
): Promise<ToolAnswer> {
  const { booking, talk, signal, keepFloor } = of;
  const snapshot = newestSnapshot(deps, talk);
  if (!snapshot) return listUnreachable;
  const { bookingId, itemId, itemName: machine, start, end } = booking;
  const answerByMs = performance.now() + deps.toolMs;
  const use = { deps, desk, talk, signal, keepFloor, answerByMs };
  const plan = requestOfStaff(use, {
    proposal: {
      about: 'asking',
      key: JSON.stringify(['cancel', bookingId, itemId]),
      lines: [{ machine: spokenItem(machine), start, end }],
    },
    what: `cancel ${bookedMachines([booking], snapshot.today)}`,
    text: `${bookingId} ${itemId} ${machine}, ${start} to ${end}: asks to cancel it. Please confirm with the customer.`,
    customer: booking,
  });
  return settle(use, () => plan, snapshot);
}

function cancelledAnswer(lines: readonly JournalBooking[], today: IsoDate): CancelBookingAnswer {
  const cancelled = lines.filter(({ state }) => state === 'cancelled');
  return {
    say: `I've cancelled ${bookedMachines(cancelled, today)}. Is there anything else?`,
    cancelled: lines[0]?.code ?? '',
  };
}

/** `cancel_booking`, as the model sees it. */
export function cancelBookingTool(deps: ToolDeps, talk: BookingTalk) {
  return llm.tool({
    description:
      "Cancels the caller's own booking. It reads the booking back and asks; call it again with " +
      'the same code after the caller has answered. Nothing is cancelled until `say` says so.',
    parameters: cancelBookingArgs,
    execute: (args, { ctx, abortSignal }) =>
      runTool(
        deps,
        {
          name: 'cancel_booking',
          abortSignal,
          whenFailed: () => (talk.unsureOf.has('cancelling') ? cancelUnsure : cannotCancel),
          whenLate: cancelUnsure,
        },
        (signal) =>
          cancelBooking(deps, args, { talk, signal, keepFloor: () => ctx.disallowInterruptions() }),
      ),
  });
}
