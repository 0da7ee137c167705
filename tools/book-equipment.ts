import { llm } from '@livekit/agents';
import type { z } from 'zod';
import { withDeadline } from '../agent/infra/deadline.ts';
import { newestSnapshot, type BookingTalk } from './dialogue/dialogue-memory.ts';
import {
  bookEquipmentArgs,
  freeUnits,
  proposalOf,
  readWish,
  type BookEquipmentAnswer,
  type Wish,
  type WishLine,
} from './dialogue/booking-request.ts';
import {
  answerDueMs,
  bookingFacts,
  makeBooking,
  planBooking,
  planChange,
  type BookingUse,
  type Change,
  type Plan,
} from './dialogue/make-booking.ts';
import { planRental, type RentalWish } from './dialogue/change-rental.ts';
import { fromJournal } from './dialogue/own-rentals.ts';
import { confirmAddress } from './dialogue/delivery-wish.ts';
import { plainWords } from './dialogue/repetition.ts';
import { findEquipment } from './find-equipment.ts';
import { isLive, termOf, type JournalBooking } from './journal/booking.ts';
import { maxLines } from './journal/booking-code.ts';
import { numbersOf, runTool, type ToolDeps } from './tool.ts';
import { alreadyMadeSentence, bookingUnsure, cannotBook } from './yard/booking-words.ts';
import { overlaps } from './yard/availability.ts';
import { limitsOf } from './yard/equipment.ts';
import { isSameRange, isSameTerm, todayIn, withTimesOf } from './yard/rental-dates.ts';
import { sameCustomer } from './yard/same-customer.ts';
import { listUnreachable, type Snapshot } from './yard/snapshot.ts';
import { findUnit, withTwins } from './yard/interchangeable-units.ts';
import { checkUnit, spokenName } from './yard/unit-facts.ts';

/** A look at the sheet that takes longer would leave no time for the confirmation. */
const freshLookMs = 2_000;

/**
 * Books units once the caller has heard everything read back and has said yes to it, or changes what
 * this call has booked; until then it answers with what is missing, or with the read-back.
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
  const asked = readWish(deps, args, snapshot, talk);
  if ('say' in asked) return asked;
  const turn = talk.confirmation.callerTurns;
  const before = talk.lastUse?.turn === turn ? talk.lastUse : null;
  if (before?.answer.booking && isPartOf(asked, before.wish)) return before.answer;
  const wish = asAsked(talk, before ? together(before.wish, asked) : asked, snapshot);
  const address = confirmAddress(talk, wish.details?.delivery);
  if (address) return address;
  const booking = { deps, desk: deps.desk, talk, signal, keepFloor, answerByMs: answerDueMs(deps) };
  const answer = await answerTo(booking, wish, snapshot);
  talk.lastUse = { turn, wish, answer };
  return answer;
}

/** A model that calls once for each machine means all of them: one read-back, one yes. */
function together(before: Wish, now: Wish): Wish {
  if (before.customer !== now.customer || before.phone !== now.phone) return now;
  const kept = before.lines.filter(({ unit }) => !now.lines.some((of) => of.unit === unit));
  // The second of several calls may leave out what the first one said of the delivery.
  const details = now.details?.delivery ? now.details : before.details;
  return { ...now, lines: [...kept, ...now.lines], ...(details && { details }) };
}

function isPartOf(now: Wish, whole: Wish): boolean {
  const isIn = ({ unit, range }: WishLine) =>
    whole.lines.some((of) => of.unit.itemId === unit.itemId && isSameRange(of.range, range));
  return now.lines.every(isIn) && now.customer === whole.customer;
}

/** The booking as it was read back: after the answer a model may name only one of its machines. */
function asAsked(talk: BookingTalk, wish: Wish, snapshot: Snapshot): Wish {
  const { asked } = talk.confirmation;
  if (asked?.about !== 'booking' || asked.lines.length <= wish.lines.length) return wish;
  if (talk.confirmation.answerTo(asked) === 'unclear') return wish;
  const lines = asked.lines.flatMap(({ machine, start, end }) => {
    const named = wish.lines.find(({ unit }) => spokenName(unit) === machine)?.unit;
    const unit = named ?? snapshot.units.find((of) => spokenName(of) === machine);
    return unit ? [{ unit, range: { start, end } }] : [];
  });
  const whole = { ...wish, lines };
  const units = freeUnits(lines, snapshot);
  return units.free && proposalOf(whole, units.free).key === asked.key ? whole : wish;
}

async function answerTo(
  booking: BookingUse,
  wish: Wish,
  snapshot: Snapshot,
): Promise<BookEquipmentAnswer> {
  const { deps, desk, talk } = booking;
  const ofCall = await desk.find({ callId: deps.callId });
  const mine = ofCall.filter((of) => isLive(of) && of.end >= snapshot.today);
  const { made, open } = matched(wish, mine, snapshot);
  if (open.length === 0) {
    const change = customerChange(wish, made, mine);
    if (change) return settle(booking, (now) => planChange(booking, change, now), snapshot);
    const otherDelivery = deliveryChange(wish, made, mine);
    if (otherDelivery) {
      return settle(booking, (now) => planRental(booking, otherDelivery, now), snapshot);
    }
    return alreadyMade(booking, wish, made, snapshot);
  }
  const rest = { ...wish, lines: open };
  const change = daysChange(wish, open, { mine, made, snapshot });
  const fresh = planBooking(booking, rest, snapshot);
  const isOpen = !('answer' in fresh) && fresh.proposal.key === talk.confirmation.asked?.key;
  if (change && !isOpen && !wantsAnother(talk.confirmation.callerWords)) {
    return settle(booking, (now) => planChange(booking, change, now), snapshot);
  }
  const instead = isOpen ? null : machineChange(wish, open, mine);
  if (instead) {
    const plan = planChange(booking, instead, snapshot);
    const isAsked = !('answer' in plan) && plan.proposal.key === talk.confirmation.asked?.key;
    if (isAsked || wantsInstead(talk.confirmation.callerWords)) {
      return settle(booking, (now) => planChange(booking, instead, now), snapshot);
    }
  }
  const past = await pastLimit(booking, rest, mine);
  if (past) return past;
  return settle(booking, (now) => planBooking(booking, rest, now), snapshot);
}

/** Reads back what is not agreed to, and does it once it is, by the list as it is then. */
export async function settle(
  booking: BookingUse,
  planBy: (snapshot: Snapshot) => Plan,
  snapshot: Snapshot,
): Promise<BookEquipmentAnswer> {
  const { confirmation } = booking.talk;
  const plan = planBy(snapshot);
  if ('answer' in plan) return plan.answer;
  const answer = confirmation.answerTo(plan.proposal);
  if (answer === 'no') {
    confirmation.drop();
    const say =
      plan.proposal.about === 'booking'
        ? "All right, I haven't booked it. What would you like instead?"
        : plan.proposal.about === 'changing'
          ? 'All right, your booking stays as it is. What else can I do for you?'
          : 'All right, it stays as it is. What else can I do for you?';
    return { say };
  }
  if (answer === 'unclear') return askFor(booking, plan, snapshot);
  const list = await lookAgain(booking, snapshot);
  const now = planBy(list);
  if ('answer' in now) return now.answer;
  const isSilent = (await booking.deps.callerIsSilent?.(booking.signal)) ?? true;
  // When the price has changed, the caller agreed to words that are no longer true; and a yes that
  // goes on is none.
  const isAgreed =
    now.proposal.key === plan.proposal.key &&
    isSilent &&
    confirmation.answerTo(plan.proposal) === 'yes';
  if (!isAgreed) return askFor(booking, now, list);
  // Should nobody know whether it was done, the caller is asked in these words.
  confirmation.put(now.proposal, bookingUnsure.say);
  return now.commit();
}

function askFor(
  { deps, talk }: BookingUse,
  { proposal, say }: Exclude<Plan, { readonly answer: unknown }>,
  snapshot: Snapshot,
): BookEquipmentAnswer {
  const words = talk.confirmation.ask(proposal, say, (said) => {
    const [first] = proposal.lines;
    const other = first && otherMachineIn(said, proposal.lines, snapshot);
    if (!other) return undefined;
    return findEquipment(deps, { query: other, start: first.start, end: first.end }).say;
  });
  return { say: words, problem: 'not-confirmed' };
}

/** `Yes, and can I get a trailer with that`: a machine of the yard by the last word of its name. */
function otherMachineIn(
  words: string,
  asked: readonly { readonly machine: string }[],
  { units }: Snapshot,
): string | undefined {
  const said = new Set(plainWords(words).split(' '));
  const own = asked.flatMap(({ machine }) => plainWords(machine).split(' '));
  return units
    .flatMap((unit) => plainWords(unit.name).match(/[a-z]{4,}(?=[^a-z]*$)/)?.[0] ?? [])
    .find((noun) => !own.includes(noun) && (said.has(noun) || said.has(`${noun}s`)));
}

/**
 * Which machines of a wish this call has booked for just those days, and which it has not. A unit
 * that is free is not the one that was booked: another one is wanted.
 */
function matched(
  wish: Wish,
  mine: readonly JournalBooking[],
  snapshot: Snapshot,
): { readonly made: readonly JournalBooking[]; readonly open: readonly WishLine[] } {
  const made: JournalBooking[] = [];
  const open = wish.lines.filter(({ unit, range }) => {
    const isOurs = mine.some(
      (of) => of.itemId === unit.itemId && of.start <= range.end && range.start <= of.end,
    );
    const isFree = !isOurs && checkUnit(unit, snapshot, range).availability.free;
    const ids = new Set(
      (isFree ? [unit] : withTwins(unit, snapshot.units)).map(({ itemId }) => itemId),
    );
    const found = mine.find(
      (of) => !made.includes(of) && ids.has(of.itemId) && isSameTerm(range, of),
    );
    if (found) made.push(found);
    return !found;
  });
  return { made, open };
}

/** Another name or number for what was booked: of one booking, with all its machines. */
function customerChange(
  wish: Wish,
  made: readonly JournalBooking[],
  mine: readonly JournalBooking[],
): Change | null {
  const other = made.find(
    ({ customer, phone }) =>
      !sameCustomer(wish.customer, customer) || (wish.isPhoneGiven && wish.phone !== phone),
  );
  if (!other) return null;
  return {
    ...changed(wish, other),
    booked: mine.filter(({ code }) => code === other.code),
    moved: [],
  };
}

/** Another place or time of day for the delivery of what was booked; of one booking. */
function deliveryChange(
  { details }: Wish,
  [first]: readonly JournalBooking[],
  mine: readonly JournalBooking[],
): RentalWish | null {
  const delivery = details?.delivery;
  if (!first || !delivery) return null;
  const before = first.details?.delivery;
  const isSameWindow = delivery.window === null || delivery.window === before?.window;
  if (delivery.address === before?.address && isSameWindow) return null;
  const { code } = first;
  const meant = mine.filter((of) => of.code === code).map(fromJournal);
  const rest = { range: termOf, unit: null, quantity: null, kind: 'change' } as const;
  return { code, meant, delivery, note: details.kept.notes, ...rest };
}

/** Other days or times for machines that were booked; of one booking. */
function daysChange(
  wish: Wish,
  open: readonly WishLine[],
  about: {
    readonly mine: readonly JournalBooking[];
    readonly made: readonly JournalBooking[];
    readonly snapshot: Snapshot;
  },
): Change | null {
  const { mine, made, snapshot } = about;
  const used = new Set(made);
  const moved = open.flatMap(({ unit, range }) => {
    const ids = new Set(withTwins(unit, snapshot.units).map(({ itemId }) => itemId));
    const from = mine.find((of) => !used.has(of) && ids.has(of.itemId) && !isSameTerm(range, of));
    if (!from) return [];
    used.add(from);
    const to = { unit: findUnit(snapshot.units, from.itemId) ?? unit };
    return [{ from, to: { ...to, range: withTimesOf(range, from) } }];
  });
  const [first] = moved;
  if (!first) return null;
  const { code } = first.from;
  return {
    ...changed(wish, first.from),
    booked: mine.filter((of) => of.code === code),
    moved: moved.filter(({ from }) => from.code === code),
  };
}

/** Another machine in place of the one that this call has booked for those days. */
function machineChange(
  wish: Wish,
  [line, ...others]: readonly WishLine[],
  mine: readonly JournalBooking[],
): Change | null {
  const [from, ...more] = mine.filter(
    ({ start, end }) => line && overlaps({ start, end }, line.range),
  );
  if (!line || !from || others.length > 0 || more.length > 0) return null;
  const { code } = from;
  const booked = mine.filter((of) => of.code === code);
  return { ...changed(wish, from), booked, moved: [{ from, to: line }] };
}

function changed(wish: Wish, { code, customer, phone }: JournalBooking) {
  return {
    code,
    customer: sameCustomer(wish.customer, customer) ? customer : wish.customer,
    phone: wish.isPhoneGiven ? wish.phone : phone,
  };
}

/** "I also need it the week after" is another booking; "one more day" is a change of this one. */
function wantsAnother(words: string): boolean {
  return /\b(?:also|as well|additional|in addition|besides|separate|separately|both|too[.!?]?$|(?:another|one more|an extra)\b(?! (?:day|week|night|number|name|date|time)))/i.test(
    words.trim(),
  );
}

/** "The trencher instead" changes what was booked. */
function wantsInstead(words: string): boolean {
  return /\b(?:instead|rather|switch|swap|replace|in place of)\b|\bchange (?:it|that|my booking) (?:to|for)\b/i.test(
    words,
  );
}

/** A booking of this call that is asked for again is told, not made twice. */
function alreadyMade(
  booking: BookingUse,
  wish: Wish,
  made: readonly JournalBooking[],
  snapshot: Snapshot,
): Promise<BookEquipmentAnswer> | BookEquipmentAnswer {
  const [first] = made;
  const lines = made.flatMap(({ itemId, start, end }) => {
    const unit = findUnit(snapshot.units, itemId);
    const range = { start, end };
    return unit ? [{ range, checked: checkUnit(unit, snapshot, range) }] : [];
  });
  if (first && lines.length === made.length && booking.talk.unsureOf.has('booking')) {
    // It can be read, but may not outlive a power cut: the commit says once it does.
    const again = { ...wish, customer: first.customer, phone: first.phone };
    const replan = (now: Snapshot) => planBooking(booking, again, now);
    return makeBooking(booking, { wish: again, lines, snapshot, replan });
  }
  return {
    say: alreadyMadeSentence(made, snapshot),
    booking: bookingFacts(made, first?.state ?? 'pending'),
  };
}

/** A refusal past the limits of one caller; null within them. */
async function pastLimit(
  { deps, desk }: BookingUse,
  wish: Wish,
  mine: readonly JournalBooking[],
): Promise<BookEquipmentAnswer | null> {
  const yard = deps.inventory()?.yard;
  const { machinesPerCall, bookingsPerNumberPerDay, trustedNumbers } = limitsOf(yard);
  const { own } = numbersOf(deps);
  const isTrusted = own !== null && trustedNumbers.includes(own);
  const count = wish.lines.length + mine.length;
  if (wish.lines.length > maxLines || (count > machinesPerCall && !isTrusted)) {
    const most = isTrusted ? maxLines : machinesPerCall;
    return pastLimitAnswer(`more than ${most} machines in one call`);
  }
  if (isTrusted || !yard) return null;
  const dayOf = (nowMs: number) => todayIn(yard.timeZone, { nowMs: () => nowMs });
  const today = dayOf(deps.clock.nowMs());
  const made = await desk.find({ phone: own ?? wish.phone });
  const ofToday = made.filter((of) => of.state !== 'cancelled' && dayOf(of.createdAtMs) === today);
  return new Set(ofToday.map(({ code }) => code)).size >= bookingsPerNumberPerDay
    ? pastLimitAnswer(`more than ${bookingsPerNumberPerDay} bookings a day`)
    : null;
}

function pastLimitAnswer(what: string): BookEquipmentAnswer {
  const say = `I can't take ${what}, so someone has to look after that. Shall I take a message, so that they call you back?`;
  return { say, problem: 'past-limit' };
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
  /** One after the other: calls of one reply are put to the caller together. */
  let before: Promise<unknown> = Promise.resolve();
  return llm.tool({
    description:
      'Books one or several units for a range of days. Use it as soon as the caller wants to book ' +
      'and has given a name: it reads everything back and asks. Call it again with the same values ' +
      'after the caller has answered; only then it books. To change the days, the name or the ' +
      'number of a booking that was made in this call, call it with the new values. Nothing is ' +
      'booked or changed until `say` says so. If they said more than yes, deal with that first.',
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
        (signal) => {
          const keepFloor = () => ctx.disallowInterruptions();
          const answer = before.then(() => bookEquipment(deps, args, { talk, signal, keepFloor }));
          before = answer.catch(() => {});
          return answer;
        },
      ),
  });
}
