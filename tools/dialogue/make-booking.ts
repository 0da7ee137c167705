import { newestSnapshot, writing, type BookingTalk } from './dialogue-memory.ts';
import {
  bookingLines,
  freeUnits,
  offerOf,
  proposalOf,
  type BookEquipmentAnswer,
  type CheckedLine,
  type Wish,
  type WishLine,
} from './booking-request.ts';
import type { Proposal } from './confirmation.ts';
import type { BookingState, JournalBooking } from '../journal/booking.ts';
import type { BookingChange, BookingService, Refused } from '../journal/booking-service.ts';
import { numbersOf, type ToolDeps } from '../tool.ts';
import { alternativesTo } from '../yard/alternatives.ts';
import {
  changedSentence,
  changeReadBack,
  conflictSentence,
  fewerSentence,
  madeSentence,
  readBack,
  refusedSentence,
} from '../yard/booking-words.ts';
import { overdueCaveat } from '../yard/found-words.ts';
import type { Unit } from '../yard/equipment.ts';
import { closedCaveat } from '../yard/price-words.ts';
import { findUnit } from '../yard/interchangeable-units.ts';
import type { RentalRange } from '../yard/rental-dates.ts';
import { staleListCaveat, type Snapshot } from '../yard/snapshot.ts';
import { spokenItem, checkUnit, spokenName } from '../yard/unit-facts.ts';
import { withTexts } from './text-consent.ts';
import { deliveryOfRentals } from './delivery-wish.ts';

/** One use of a booking tool works with these. */
export type BookingUse = {
  readonly deps: ToolDeps;
  readonly desk: BookingService;
  readonly talk: BookingTalk;
  readonly signal: AbortSignal;
  /** The tool calls this before it writes anything: the caller then hears the answer to its end. */
  readonly keepFloor: () => void;
  /** The answer would come too late past this (`performance.now()`). */
  readonly answerByMs: number;
};

/** Time to word the answer, within the tool's own deadline. */
const reserveMs = 300;

/** The moment by which a tool that begins now must have its answer. */
export function answerDueMs({ toolMs }: Pick<ToolDeps, 'toolMs'>): number {
  return performance.now() + toolMs - reserveMs;
}

/** A proposal that a list allows, with its deed once the caller agrees; or the answer why not. */
export type Plan =
  | { readonly answer: BookEquipmentAnswer }
  | {
      readonly proposal: Proposal;
      readonly say: string;
      readonly commit: () => Promise<BookEquipmentAnswer>;
    };

/** A new booking, by the list as `snapshot` has it. */
export function planBooking(booking: BookingUse, wish: Wish, snapshot: Snapshot): Plan {
  const lines = listedLines(wish.lines, snapshot);
  if ('answer' in lines) return lines;
  const units = freeUnits(lines.lines, snapshot);
  if (!units.free) return { answer: notEnough(units, snapshot) };
  const { free } = units;
  const say = withCaveats(free, snapshot, readBack(offerOf(wish, free), snapshot));
  const proposal = proposalOf(wish, free);
  const replan = (now: Snapshot) => planBooking(booking, wish, now);
  const commit = () => makeBooking(booking, { wish, lines: free, snapshot, replan });
  return { proposal, say, commit };
}

/** A booking of this call as it is to be. */
export type Change = {
  readonly code: string;
  /** All machines of the booking, as they are. */
  readonly booked: readonly JournalBooking[];
  /** The machines that are to have other days, with the unit that is wished. */
  readonly moved: readonly { readonly from: JournalBooking; readonly to: WishLine }[];
  readonly customer: string;
  readonly phone: string;
};

/** A change of a booking that this call has made. */
export function planChange(booking: BookingUse, change: Change, snapshot: Snapshot): Plan {
  const { code, booked, moved, customer, phone } = change;
  const own = moved.map(({ from }) => from);
  const without = withoutBookings(snapshot, own);
  const lines = listedLines(
    moved.map(({ to }) => to),
    without,
  );
  if ('answer' in lines) return { answer: standing(lines.answer) };
  const units = freeUnits(lines.lines, without);
  if (!units.free) return { answer: standing(notEnough(units, without)) };
  const { free } = units;
  const isOwnPhone = numbersOf(booking.deps).own === phone;
  const changes = {
    days: free.length > 0,
    name: booked.some((of) => of.customer !== customer),
    number: booked.some((of) => of.phone !== phone),
  };
  const about = { about: 'changing', code } as const;
  const names = booked.map(({ itemName, start, end }) => {
    return { machine: spokenItem(itemName), start, end };
  });
  const details = deliveryOfRentals(own);
  const whom = { customer, phone, isOwnPhone, ...(details && { details }) };
  const proposal = proposalOf(whom, free, about);
  const offer = offerOf(whom, free);
  const machines =
    free.length > 0
      ? offer.machines
      : names.map(({ machine: name, start, end }) => ({ name, range: { start, end } }));
  const words = changeReadBack(
    { ...offer, machines },
    {
      ...snapshot,
      changes,
      ...(free.length > 0 && {
        before: own.map(({ itemName, start, end }) => {
          return { name: spokenItem(itemName), range: { start, end } };
        }),
      }),
    },
  );
  return {
    proposal: { ...proposal, lines: free.length > 0 ? proposal.lines : names },
    say: withCaveats(free, snapshot, words),
    commit: () =>
      makeChange(booking, {
        request: {
          code,
          customer,
          phone,
          lines: bookingLines(free).map((line, at) => {
            return { ...line, bookingId: moved[at]?.from.bookingId ?? '' };
          }),
        },
        lines: free,
        snapshot,
        replan: (now) => planChange(booking, change, now),
      }),
  };
}

/** The units of a wish as the list has them now. */
function listedLines(
  lines: readonly WishLine[],
  snapshot: Snapshot,
): { readonly lines: readonly WishLine[] } | { readonly answer: BookEquipmentAnswer } {
  const listed: WishLine[] = [];
  for (const line of lines) {
    const unit = findUnit(snapshot.units, line.unit.itemId);
    if (!unit) return { answer: refusedAs({ reason: 'no-such-unit' }, line, snapshot) };
    listed.push({ unit, range: line.range });
  }
  return { lines: listed };
}

function withCaveats(lines: readonly CheckedLine[], snapshot: Snapshot, words: string): string {
  return [
    ...new Set(
      lines.flatMap(({ range, checked: { rules } }) =>
        closedCaveat(range, { today: snapshot.today, rules }),
      ),
    ),
    ...lines.flatMap(({ checked }) => overdueCaveat(checked, snapshot.today)),
    ...(snapshot.isStale ? [staleListCaveat] : []),
    words,
  ].join(' ');
}

/** The list as it is without bookings that are to be given up, and without what is out for them. */
export function withoutBookings(snapshot: Snapshot, own: readonly JournalBooking[]): Snapshot {
  const ids = new Set(own.map(({ bookingId }) => bookingId));
  const { today } = snapshot;
  const isOutForUs = ({ itemId, dueBack }: Unit) =>
    own.some(
      (of) =>
        of.itemId === itemId &&
        of.start <= today &&
        today <= of.end &&
        (dueBack === null || dueBack <= of.end),
    );
  return {
    ...snapshot,
    bookings: snapshot.bookings.filter(({ bookingId }) => !ids.has(bookingId)),
    units: snapshot.units.map((unit) =>
      unit.status === 'RENTED' && isOutForUs(unit)
        ? { ...unit, status: 'AVAILABLE', dueBack: null }
        : unit,
    ),
  };
}

const asItWas = 'Your booking stands as it was.';

/** The answer, after a word that nothing was changed. */
export function standing(answer: BookEquipmentAnswer): BookEquipmentAnswer {
  const { say } = answer;
  return say.startsWith(asItWas) ? answer : { ...answer, say: `${asItWas} ${say}` };
}

type Replan = (now: Snapshot) => Plan;

/** Writes the booking down, and waits a little for the sheet to confirm it. */
export async function makeBooking(
  booking: BookingUse,
  chosen: {
    readonly wish: Pick<Wish, 'customer' | 'phone' | 'details'>;
    readonly lines: readonly CheckedLine[];
    readonly snapshot: Snapshot;
    readonly replan: Replan;
  },
): Promise<BookEquipmentAnswer> {
  const { deps, desk, talk, signal } = booking;
  const { wish, lines, snapshot } = chosen;
  signal.throwIfAborted();
  booking.keepFloor();
  const { customer, phone } = wish;
  const result = await writing(talk, 'booking', () =>
    desk.commit({
      lines: bookingLines(lines),
      customer,
      phone,
      ...(wish.details && { details: wish.details.kept }),
      callerPhone: numbersOf(deps).own,
      inventory: snapshot,
    }),
  );
  if (result.kind === 'refused') return refused(booking, chosen, result);
  talk.confirmation.drop();
  const [first] = result.bookings;
  if (!first) throw new Error('A booking without a machine');
  const state = await stateWithin(booking, result.bookings);
  if (state === 'conflict') return inConflict(booking, { ...chosen, bookings: result.bookings });
  return {
    say: await withTexts(booking, madeSentence(state, first.code), first),
    booking: bookingFacts(result.bookings, state),
  };
}

async function inConflict(
  { deps, desk, talk }: BookingUse,
  {
    lines,
    snapshot,
    bookings,
  }: {
    readonly lines: readonly CheckedLine[];
    readonly snapshot: Snapshot;
    readonly bookings: readonly JournalBooking[];
  },
): Promise<BookEquipmentAnswer> {
  const code = bookings[0]?.code ?? '';
  const now = await desk.find({ code }).catch(() => bookings);
  const gone = now.filter(({ conflict }) => conflict !== null && conflict !== 'other-line');
  const isGone = ({ checked }: CheckedLine) =>
    gone.some(({ itemId }) => itemId === checked.unit.itemId);
  for (const line of lines.filter(isGone)) {
    remember(talk, { ...line.range, itemId: line.checked.unit.itemId });
  }
  const [first] = [...lines.filter(isGone), ...lines];
  if (!first) throw new Error('A booking without a machine');
  if (gone.length === 0) remember(talk, { ...first.range, itemId: first.checked.unit.itemId });
  const { unit } = first.checked;
  const list = newestSnapshot(deps, talk) ?? snapshot;
  const say = conflictSentence(spokenName(unit), {
    alternatives: alternativesTo(unit, first.range, list),
    today: list.today,
    currency: list.currency,
    isOneOfSeveral: lines.length > 1,
  });
  return { say, problem: 'conflict', booking: bookingFacts(bookings, 'conflict') };
}

/** Changes a booking as the caller has agreed, and waits a little for the sheet to confirm it. */
export async function makeChange(
  booking: BookingUse,
  chosen: {
    readonly request: Omit<BookingChange, 'inventory'>;
    /** The machines that are to have days, as checked. */
    readonly lines: readonly CheckedLine[];
    readonly snapshot: Snapshot;
    readonly replan: Replan;
    readonly done?: (state: 'confirmed' | 'pending', code: string) => string;
  },
): Promise<BookEquipmentAnswer> {
  const { desk, talk, signal } = booking;
  const { request, snapshot, done = changedSentence } = chosen;
  const { code } = request;
  signal.throwIfAborted();
  booking.keepFloor();
  const result = await writing(talk, 'booking', () =>
    desk.change({ ...request, inventory: snapshot }),
  );
  if (result.kind === 'refused') return standing(await refused(booking, chosen, result));
  talk.confirmation.drop();
  if (result.kind === 'gone') return { say: changeImpossible, problem: 'cannot-change' };
  const state = await stateWithin(booking, result.bookings);
  const now = state === 'pending' ? result.bookings : await desk.find({ code });
  const wasTakenBack = result.bookings.some((wanted) => {
    const found = now.find(({ bookingId }) => bookingId === wanted.bookingId);
    return found && (found.start !== wanted.start || found.end !== wanted.end);
  });
  const facts = bookingFacts(
    now.filter((of) => of.state !== 'cancelled'),
    state,
  );
  if (state === 'conflict') return { say: changeLost, problem: 'conflict', booking: facts };
  if (wasTakenBack) return { say: changeTakenBack, problem: 'conflict', booking: facts };
  return { say: done(state, code), booking: facts };
}

const changeImpossible =
  "I can't change that booking any more. Shall I take a message, so that someone calls you back?";
const changeLost =
  "I'm sorry, there is a problem with your booking at the yard: someone will call you about it.";
const changeTakenBack =
  "I'm sorry, that has just gone out at the yard, so your booking stands as it was. Someone will " +
  'call you about it.';

/** Somebody on another line was first: a twin, which the caller has agreed to as well, may do. */
async function refused(
  booking: BookingUse,
  chosen: {
    readonly lines: readonly CheckedLine[];
    readonly snapshot: Snapshot;
    readonly replan: Replan;
  },
  { itemId, refusal }: Refused,
): Promise<BookEquipmentAnswer> {
  const { deps, talk } = booking;
  const { lines, snapshot, replan } = chosen;
  const agreed = talk.confirmation.asked;
  const line = lines.find(({ checked }) => checked.unit.itemId === itemId);
  const { unit } = line?.checked ?? {};
  if (!line || !unit) throw new Error('A refusal of a machine that was not asked for');
  if (refusal.reason !== 'booked' || refusal.own !== null) {
    talk.confirmation.drop();
    return refusedAs(refusal, { unit, range: line.range }, snapshot);
  }
  remember(talk, { itemId, start: line.range.start, end: refusal.until });
  const now = newestSnapshot(deps, talk) ?? snapshot;
  const plan = replan(now);
  if (!('answer' in plan) && plan.proposal.key === agreed?.key) return plan.commit();
  talk.confirmation.drop();
  return 'answer' in plan ? plan.answer : notFree({ unit, range: line.range }, now);
}

/** The list does not say yet that the unit is taken: for the rest of the call we know. */
function remember({ taken }: BookingTalk, held: RentalRange & { readonly itemId: string }): void {
  taken.push({ ...held, bookingId: `taken-${taken.length + 1}`, status: 'CONFIRMED' });
}

/** The booking is written down: what fails from here on leaves it pending, and the outbox delivers. */
async function stateWithin(
  { deps, desk, signal, answerByMs }: BookingUse,
  bookings: readonly JournalBooking[],
): Promise<'confirmed' | 'conflict' | 'pending'> {
  const leftMs = Math.max(0, answerByMs - performance.now());
  const ms = Math.min(deps.confirmBookingMs, leftMs);
  try {
    const ids = bookings.map(({ bookingId }) => bookingId);
    return await desk.waitForState(ids, { ms, signal });
  } catch {
    signal.throwIfAborted();
    return 'pending';
  }
}

/** The caller hears that there are none, or fewer than they want. */
export function notEnough(
  { missing, ofItFree }: { readonly missing: WishLine; readonly ofItFree: number },
  snapshot: Snapshot,
): BookEquipmentAnswer {
  if (ofItFree === 0) return notFree(missing, snapshot);
  const { unit, range } = missing;
  const say = fewerSentence(spokenName(unit), { count: ofItFree, range, today: snapshot.today });
  return { say, problem: 'not-enough' };
}

/** The caller hears why the unit cannot go out on their days. */
function notFree(line: WishLine, snapshot: Snapshot): BookEquipmentAnswer {
  const { availability } = checkUnit(line.unit, snapshot, line.range);
  return refusedAs(availability.free ? { reason: 'no-such-unit' } : availability, line, snapshot);
}

/** The caller hears the refusal, with what could be had instead. */
function refusedAs(
  refusal: Parameters<typeof refusedSentence>[0],
  { unit, range }: WishLine,
  snapshot: Snapshot,
): BookEquipmentAnswer {
  const alternatives = alternativesTo(unit, range, snapshot);
  const about = { ...snapshot, name: spokenName(unit), range, alternatives };
  return { say: refusedSentence(refusal, about), problem: refusal.reason };
}

/** The model is told these facts of a booking. */
export function bookingFacts(
  bookings: readonly JournalBooking[],
  state: BookingState,
): NonNullable<BookEquipmentAnswer['booking']> {
  const [first] = bookings;
  if (!first) throw new Error('A booking without a machine');
  const { code, itemId, start, end } = first;
  const items = bookings.map((of) => of.itemId);
  return { code, itemId, start, end, state, ...(items.length > 1 ? { items } : {}) };
}
