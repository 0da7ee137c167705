import { llm } from '@livekit/agents';
import type { z } from 'zod';
import { withDeadline } from '../agent/infra/deadline.ts';
import { newestSnapshot, type BookingTalk } from './dialogue/dialogue-memory.ts';
import {
  bookEquipmentArgs,
  freeUnit,
  offerOf,
  proposalOf,
  readWish,
  type Wish,
} from './dialogue/booking-request.ts';
import {
  bookingFacts,
  makeBooking,
  notFree,
  refusedAs,
  type BookEquipmentAnswer,
  type BookingUse,
  type Chosen,
} from './dialogue/make-booking.ts';
import { plainWords } from './dialogue/repetition.ts';
import { findEquipment } from './find-equipment.ts';
import { runTool, type ToolDeps } from './tool.ts';
import type { Unit } from './yard/equipment.ts';
import { alreadyMadeSentence, bookingUnsure, cannotBook, readBack } from './yard/booking-words.ts';
import { overdueCaveat } from './yard/found-words.ts';
import { listUnreachable, staleListCaveat, type Snapshot } from './yard/snapshot.ts';
import { findUnit, withTwins } from './yard/interchangeable-units.ts';
import { checkUnit } from './yard/unit-facts.ts';

/** A look at the sheet that takes longer would leave no time for the confirmation. */
const freshLookMs = 2_000;
/** Time to word the answer, within the tool's own deadline. */
const reserveMs = 300;

/**
 * Books a unit once the caller has heard everything read back and has said yes to it; until then it
 * answers with what is missing, or with the read-back.
 * @throws {StoreError} when the store fails: then nothing is booked; {UnsureError} when it may be.
 */
export async function bookEquipment(
  deps: ToolDeps,
  args: z.infer<typeof bookEquipmentArgs>,
  use: {
    readonly talk: BookingTalk;
    readonly signal: AbortSignal;
    readonly keepFloor?: () => void;
  },
): Promise<BookEquipmentAnswer> {
  const { talk, signal, keepFloor = () => {} } = use;
  if (!deps.desk) return cannotBook;
  const snapshot = newestSnapshot(deps, talk);
  if (!snapshot) return listUnreachable;
  const wish = readWish(deps, args, snapshot);
  if ('say' in wish) return wish;
  const answerByMs = performance.now() + deps.toolMs - reserveMs;
  const booking = { deps, desk: deps.desk, talk, signal, keepFloor, answerByMs };
  return (await alreadyMade(booking, wish, snapshot)) ?? book(booking, wish, snapshot);
}

/** A booking of this call for the same unit, days and name: asked for twice, it is made once. */
async function alreadyMade(
  booking: BookingUse,
  wish: Wish,
  snapshot: Snapshot,
): Promise<BookEquipmentAnswer | null> {
  const { deps, desk, talk } = booking;
  const { unit, range, customer, phone } = wish;
  const isFree = checkUnit(unit, snapshot, range).availability.free;
  const same = isFree ? [unit] : withTwins(unit, snapshot.units);
  const ids = new Set(same.map(({ itemId }) => itemId));
  const found = (await desk.find({ phone, customer })).find(
    (made) =>
      made.callId === deps.callId &&
      (made.state === 'pending' || made.state === 'confirmed') &&
      ids.has(made.itemId) &&
      made.start === range.start &&
      made.end === range.end,
  );
  if (!found) return null;
  const held = findUnit(same, found.itemId);
  if (held && talk.unsureOf.has('booking')) {
    // It can be read, but may not outlive a power cut: the commit says once it does.
    const again = { ...wish, unit: held, customer: found.customer };
    return makeBooking(booking, {
      wish: again,
      checked: checkUnit(held, snapshot, range),
      snapshot,
    });
  }
  return {
    say: alreadyMadeSentence(found, snapshot),
    booking: bookingFacts(found, found.state),
  };
}

async function book(
  booking: BookingUse,
  wish: Wish,
  snapshot: Snapshot,
): Promise<BookEquipmentAnswer> {
  const { confirmation } = booking.talk;
  const known = freeUnit(wish, snapshot);
  if (!known) return notFree(wish, snapshot);
  const proposal = proposalOf(wish, known);
  const answer = confirmation.answerTo(proposal);
  if (answer === 'no') {
    confirmation.drop();
    return { say: "All right, I haven't booked it. What would you like instead?" };
  }
  if (answer === 'unclear') return askFor(booking, { wish, checked: known, snapshot });
  const now = await lookAgain(booking, snapshot);
  const unit = findUnit(now.units, wish.unit.itemId);
  if (!unit) return refusedAs({ reason: 'no-such-unit' }, wish, now);
  const wishNow = { ...wish, unit };
  const free = freeUnit(wishNow, now);
  if (!free) return notFree(wishNow, now);
  const chosen = { wish: wishNow, checked: free, snapshot: now };
  const isSilent = (await booking.deps.callerIsSilent?.(booking.signal)) ?? true;
  // When the price has changed, the caller agreed to words that are no longer true; and a yes that
  // goes on is none.
  const isAgreed =
    proposalOf(wishNow, free).key === proposal.key &&
    isSilent &&
    confirmation.answerTo(proposal) === 'yes';
  if (!isAgreed) return askFor(booking, chosen);
  // Should nobody know whether it was done, the caller is asked in these words.
  confirmation.put(proposal, bookingUnsure.say);
  return makeBooking(booking, chosen);
}

function askFor(
  { deps, talk }: BookingUse,
  { wish, checked, snapshot }: Chosen,
): BookEquipmentAnswer {
  const whole = [
    ...overdueCaveat(checked, snapshot.today),
    ...(snapshot.isStale ? [staleListCaveat] : []),
    readBack(offerOf(wish, checked), snapshot),
  ].join(' ');
  const say = talk.confirmation.ask(proposalOf(wish, checked), whole, (words) => {
    const other = otherMachineIn(words, checked.unit, snapshot);
    return other && findEquipment(deps, { query: other, ...wish.range }).say;
  });
  return { say, problem: 'not-confirmed' };
}

/** `Yes, and can I get a trailer with that`: a machine of the yard by the last word of its name. */
function otherMachineIn(words: string, { name }: Unit, { units }: Snapshot): string | undefined {
  const said = new Set(plainWords(words).split(' '));
  const own = plainWords(name).split(' ');
  return units
    .flatMap((unit) => plainWords(unit.name).match(/[a-z]{4,}(?=[^a-z]*$)/)?.[0] ?? [])
    .find((noun) => !own.includes(noun) && (said.has(noun) || said.has(`${noun}s`)));
}

/** The list as the sheet has it now, if it answers in time; else the one that is known. */
async function lookAgain(
  { deps, desk, talk, signal }: BookingUse,
  known: Snapshot,
): Promise<Snapshot> {
  const fresh = await withDeadline((joined) => desk.freshInventory({ signal: joined }), {
    ms: freshLookMs,
    label: 'fresh look at the sheet',
    signal,
  }).catch(() => {
    signal.throwIfAborted();
    return null;
  });
  if (fresh) talk.freshest = fresh;
  return newestSnapshot(deps, talk) ?? known;
}

/** `book_equipment`, as the model sees it. */
export function bookEquipmentTool(deps: ToolDeps, talk: BookingTalk) {
  return llm.tool({
    description:
      'Books one unit for a range of days. Use it as soon as the caller wants to book and has ' +
      'given a name: it reads everything back and asks. Call it again with the same values after ' +
      'the caller has answered; only then it books. If they said more than yes, deal with that ' +
      'first. Nothing is booked until `say` says so.',
    parameters: bookEquipmentArgs,
    execute: (args, { ctx, abortSignal }) =>
      runTool(
        deps,
        {
          name: 'book_equipment',
          abortSignal,
          whenFailed: () => (talk.unsureOf.has('booking') ? bookingUnsure : cannotBook),
          whenLate: bookingUnsure,
        },
        (signal) =>
          bookEquipment(deps, args, { talk, signal, keepFloor: () => ctx.disallowInterruptions() }),
      ),
  });
}
