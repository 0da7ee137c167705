import { llm } from '@livekit/agents';
import { z } from 'zod';
import { settle } from './book-equipment.ts';
import { newestSnapshot, writing, type BookingTalk } from './dialogue/dialogue-memory.ts';
import { answerDueMs, type BookingUse, type Plan } from './dialogue/make-booking.ts';
import {
  given,
  isNamed,
  meantRental,
  notFound,
  ownRentals,
  rentalArgs,
  type Rental,
} from './dialogue/own-rentals.ts';
import type { OffRent } from './journal/booking-service.ts';
import { rentalState } from './journal/rental-state.ts';
import { modelArguments } from './model-arguments.ts';
import { runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import { offRentReadBack, offRentSentence, spokenMoment } from './yard/rental-words.ts';
import { sheetText } from './yard/sheet-text.ts';
import { listUnreachable, type Snapshot } from './yard/snapshot.ts';
import { spokenItem } from './yard/unit-facts.ts';

const maxAddressLength = 120;

const callOffRentArgs = modelArguments({
  ...rentalArgs,
  machine: z
    .string()
    .max(100)
    .nullish()
    .describe('Which machine of the booking, by its name, if they keep the others.'),
  address: z
    .string()
    .max(300)
    .nullish()
    .describe('Where the machine stands, as the caller says it; ask for it.'),
});

/** `offRent` is the off-rent number, once there is one. */
type CallOffRentAnswer = ToolAnswer & { readonly offRent?: string };

const cannotCallOff = {
  say:
    "I'm sorry, I can't call anything off right now, so the rental goes on. " +
    'Shall I take a message, so that someone calls you back?',
  problem: 'cannot-call-off',
} as const;

const callOffUnsure = {
  say:
    "I'm sorry, something is slow on our side, and I can't say yet whether that is noted. " +
    'Shall I try once more?',
  problem: 'unsure',
} as const;

/**
 * Calls a rental of the caller's own off rent, once they have heard the machine and the address read
 * back and have said yes. The same rental has one number, whoever asks again.
 * @throws {StoreError} when the store fails: then the rental goes on; {UnsureError} when it may not.
 */
async function callOffRent(
  deps: ToolDeps,
  args: z.infer<typeof callOffRentArgs>,
  use: {
    readonly talk: BookingTalk;
    readonly signal: AbortSignal;
    readonly keepFloor?: () => void;
  },
): Promise<CallOffRentAnswer> {
  const { talk, signal, keepFloor = () => {} } = use;
  const { desk } = deps;
  if (!desk) return notFound;
  const snapshot = newestSnapshot(deps, talk);
  if (!snapshot) return listUnreachable;
  const found = await ownRentals(deps, desk, { args, talk });
  if ('answer' in found) return found.answer;
  const machine = given(args.machine);
  const before = await calledBefore(desk, found.rentals, { machine, snapshot });
  if (before && !talk.unsureOf.has('call-off')) {
    const called = named(found.rentals, machine);
    return calledAnswer(before, { names: namesOf(called), snapshot, isRepeated: true });
  }
  const meant = meantRental(deps, found.rentals, { deed: 'call-off', machine });
  if ('answer' in meant && !before) return meant.answer;
  const all = 'answer' in meant ? found.rentals : meant.rental;
  const rentals = named(all, machine);
  const address = sheetText(given(args.address), maxAddressLength);
  if (address === '') {
    const say = 'Where is it now, so that the yard can pick it up?';
    return { say, problem: 'address-missing' };
  }
  const booking: BookingUse = {
    deps,
    desk,
    talk,
    signal,
    keepFloor,
    answerByMs: answerDueMs(deps),
  };
  return settle(booking, (now) => planCallOff(booking, { rentals, address }, now), snapshot);
}

/** The call-off of what the caller means, if all of it was called off before. */
async function calledBefore(
  desk: NonNullable<ToolDeps['desk']>,
  rentals: readonly Rental[],
  { machine, snapshot }: { readonly machine: string; readonly snapshot: Snapshot },
): Promise<OffRent | undefined> {
  const wanted = named(rentals, machine).filter((of) =>
    ['out', 'off-rent-called'].includes(rentalState(of, snapshot)),
  );
  const called = await desk.findOffRents(wanted.map(({ rentalKey }) => rentalKey));
  return called.length === wanted.length ? called[0] : undefined;
}

function named(rentals: readonly Rental[], machine: string): readonly Rental[] {
  return machine === '' ? rentals : rentals.filter((of) => isNamed(of, machine));
}

function namesOf(rentals: readonly Rental[]): readonly string[] {
  return rentals.map(({ itemName }) => spokenItem(itemName));
}

function planCallOff(
  booking: BookingUse,
  { rentals, address }: { readonly rentals: readonly Rental[]; readonly address: string },
  snapshot: Snapshot,
): Plan {
  const [first] = rentals;
  if (!first) return { answer: notFound };
  const { code, customer, phone } = first;
  const names = namesOf(rentals);
  const keys = rentals.map(({ rentalKey }) => rentalKey);
  const machines = rentals.map(({ itemId, itemName }) => `${itemId} ${itemName}`).join(', ');
  return {
    proposal: {
      about: 'off-rent',
      key: JSON.stringify([code, keys, address]),
      lines: rentals.map(({ itemName, start, end }) => ({
        machine: spokenItem(itemName),
        start,
        end,
      })),
    },
    say: offRentReadBack(names, address),
    commit: async () => {
      const { desk, talk, signal, keepFloor } = booking;
      signal.throwIfAborted();
      keepFloor();
      const offRent = await writing(talk, 'call-off', () =>
        desk.callOffRent({
          rentals,
          customer,
          phone,
          note: `${machines} (${code}). Please pick it up at: ${address}`,
        }),
      );
      talk.confirmation.drop();
      return calledAnswer(offRent, { names, snapshot, isRepeated: false });
    },
  };
}

function calledAnswer(
  { code, calledAtMs }: OffRent,
  about: {
    readonly names: readonly string[];
    readonly snapshot: Snapshot;
    readonly isRepeated: boolean;
  },
): CallOffRentAnswer {
  const { names, snapshot, isRepeated } = about;
  const { yard, today } = snapshot;
  const at = spokenMoment(calledAtMs, { timeZone: yard.timeZone, today });
  return { say: offRentSentence({ names, code, at }, isRepeated), offRent: code };
}

/** `call_off_rent`, as the model sees it. */
export function callOffRentTool(deps: ToolDeps, talk: BookingTalk) {
  return llm.tool({
    description:
      'Calls a machine off rent that the caller has and is done with, so that the yard picks it up. ' +
      'It reads machine and address back and asks; call it again with the same values after the ' +
      'caller has answered. Nothing is called off until `say` gives an off-rent number.',
    parameters: callOffRentArgs,
    execute: (args, { ctx, abortSignal }) =>
      runTool(
        deps,
        {
          name: 'call_off_rent',
          abortSignal,
          whenFailed: () => (talk.unsureOf.has('call-off') ? callOffUnsure : cannotCallOff),
          whenLate: callOffUnsure,
        },
        (signal) =>
          callOffRent(deps, args, { talk, signal, keepFloor: () => ctx.disallowInterruptions() }),
      ),
  });
}
