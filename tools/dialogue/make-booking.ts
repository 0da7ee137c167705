import { newestSnapshot, writing, type BookingTalk } from './dialogue-memory.ts';
import { freeUnit, totalOf, type Wish } from './booking-request.ts';
import type { BookingState, JournalBooking } from '../journal/booking.ts';
import type { BookingService, Refusal } from '../journal/booking-service.ts';
import type { ToolAnswer, ToolDeps } from '../tool.ts';
import { alternativesTo } from '../yard/alternatives.ts';
import { conflictSentence, madeSentence, refusedSentence } from '../yard/booking-words.ts';
import type { IsoDate } from '../yard/equipment.ts';
import type { RentalRange } from '../yard/rental-dates.ts';
import type { Snapshot } from '../yard/snapshot.ts';
import { checkUnit, spokenName, type CheckedUnit } from '../yard/unit-facts.ts';

/** A booking as the model is told of it; absent as long as none was made. */
export type BookEquipmentAnswer = ToolAnswer & {
  readonly booking?: {
    readonly code: string;
    readonly itemId: string;
    readonly state: BookingState;
    readonly start: IsoDate;
    readonly end: IsoDate;
  };
};

/** What one use of the tool works with. */
export type BookingUse = {
  readonly deps: ToolDeps;
  readonly desk: BookingService;
  readonly talk: BookingTalk;
  readonly signal: AbortSignal;
  /** Called before anything is written: from then on the caller hears the answer to its end. */
  readonly keepFloor: () => void;
  /** By `performance.now()`: past it the answer would come too late. */
  readonly answerByMs: number;
};

/** What the caller asked for, the unit that it would be, and the list that says so. */
export type Chosen = {
  readonly wish: Wish;
  readonly checked: CheckedUnit;
  readonly snapshot: Snapshot;
};

/** Writes the booking down, and waits a little for the sheet to confirm it. */
export async function makeBooking(
  booking: BookingUse,
  { wish, checked, snapshot }: Chosen,
): Promise<BookEquipmentAnswer> {
  const { deps, desk, talk, signal } = booking;
  const { unit } = checked;
  signal.throwIfAborted();
  booking.keepFloor();
  const { customer, phone, range } = wish;
  const request = { itemId: unit.itemId, ...range, customer, phone, inventory: snapshot };
  const totalCents = totalOf(unit, range);
  const result = await writing(talk, 'booking', () => desk.commit({ ...request, totalCents }));
  if (result.kind === 'refused')
    return refused(booking, { wish, checked, snapshot }, result.refusal);
  talk.confirmation.drop();
  const { bookingId } = result.booking;
  const leftMs = Math.max(0, booking.answerByMs - performance.now());
  const ms = Math.min(deps.confirmBookingMs, leftMs);
  const state = await stateWithin(desk, bookingId, { ms, signal });
  if (state === 'conflict') {
    remember(talk, { ...range, itemId: unit.itemId });
    const now = newestSnapshot(deps, talk) ?? snapshot;
    const about = { ...now, alternatives: alternativesTo(unit, range, now) };
    const say = conflictSentence(spokenName(unit), about);
    return { say, problem: 'conflict', booking: bookingFacts(result.booking, state) };
  }
  return { say: madeSentence(state, bookingId), booking: bookingFacts(result.booking, state) };
}

/** Somebody on another line was first: a twin, which the caller has agreed to as well, may do. */
async function refused(
  booking: BookingUse,
  { wish, checked, snapshot }: Chosen,
  refusal: Refusal,
): Promise<BookEquipmentAnswer> {
  const { deps, talk } = booking;
  const { unit } = checked;
  if (refusal.reason !== 'booked' || refusal.own !== null) {
    talk.confirmation.drop();
    return refusedAs(refusal, { ...wish, unit }, snapshot);
  }
  remember(talk, { itemId: unit.itemId, start: wish.range.start, end: refusal.until });
  const now = newestSnapshot(deps, talk) ?? snapshot;
  const twin = freeUnit(wish, now);
  if (twin) return makeBooking(booking, { wish, checked: twin, snapshot: now });
  talk.confirmation.drop();
  return notFree({ ...wish, unit }, now);
}

/** The list does not say yet that the unit is taken: for the rest of the call we know. */
function remember({ taken }: BookingTalk, held: RentalRange & { readonly itemId: string }): void {
  taken.push({ ...held, bookingId: `taken-${taken.length + 1}`, status: 'CONFIRMED' });
}

/** The booking is written down: what fails from here on leaves it pending, and the outbox delivers. */
async function stateWithin(
  desk: BookingService,
  bookingId: string,
  options: { readonly ms: number; readonly signal: AbortSignal },
): Promise<'confirmed' | 'conflict' | 'pending'> {
  try {
    return await desk.waitForState(bookingId, options);
  } catch {
    options.signal.throwIfAborted();
    return 'pending';
  }
}

/** What the caller hears when the unit cannot go out on their days. */
export function notFree(wish: Wish, snapshot: Snapshot): BookEquipmentAnswer {
  const { availability } = checkUnit(wish.unit, snapshot, wish.range);
  return refusedAs(availability.free ? { reason: 'no-such-unit' } : availability, wish, snapshot);
}

/** What the caller hears of a refusal, with what could be had instead. */
export function refusedAs(
  refusal: Parameters<typeof refusedSentence>[0],
  { unit, range }: Wish,
  snapshot: Snapshot,
): BookEquipmentAnswer {
  const alternatives = alternativesTo(unit, range, snapshot);
  const about = { ...snapshot, name: spokenName(unit), range, alternatives };
  return { say: refusedSentence(refusal, about), problem: refusal.reason };
}

/** What the model is told of a booking. */
export function bookingFacts(
  { bookingId, itemId, start, end }: JournalBooking,
  state: BookingState,
) {
  return { code: bookingId, itemId, start, end, state };
}
