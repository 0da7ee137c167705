import { isDeepStrictEqual } from 'node:util';
import type { Store } from '../../../agent/infra/store/database.ts';
import type { IsoDate } from '../../yard/equipment.ts';
import { todayIn } from '../../yard/rental-dates.ts';
import { appendRows, isOnItsWay } from './append.ts';
import type { BookingState } from '../../journal/booking.ts';
import { codeOf } from '../../journal/booking-code.ts';
import { takeBackChange } from '../../journal/change-booking.ts';
import { supersededBy } from '../../journal/journal.ts';
import { putOff, settle, type DueBooking, type Outcome } from '../../journal/outbox.ts';
import type { SheetHand } from './guarded-sheet.ts';
import { refuseLostTab } from './missing-rows.ts';
import { followRenames } from './reconcile.ts';
import { followMoves } from './staff-moves.ts';
import {
  bookingCells,
  cancelling,
  cellsInPlace,
  cellsToRewrite,
  isCancelled,
  isKnownPlace,
  ownRow,
  ownRows,
  placeOf,
  readBookingRow,
  rowsToAppend,
  saysCancelled,
} from './sheet-rows.ts';
import { bookingHeader, type SheetView, type StatusCell } from './sheet-view.ts';
import { conflictOf, readGone, type GoneBooking } from './booking-conflicts.ts';
import { readMarks } from './unit-status.ts';
import type { SheetLog } from './sheet-events.ts';

/** A delivery works with these. */
export type DeliveryDeps = {
  readonly store: Store;
  readonly hand: SheetHand;
  readonly log: SheetLog;
  readonly clock: { nowMs(): number };
  /** A row whose answer was lost may still come in for so long before it is sent again. */
  readonly settleMs: number;
  readonly onState: (bookingId: string, state: BookingState) => void;
};

/** The next step for one booking, by what the sheet shows before anything is written. */
type Step =
  | 'append'
  | 'check'
  | 'rewrite'
  | 'cancel'
  | 'wait'
  | 'none'
  | Extract<Outcome, { state: 'conflict' }>;

type Judgement = {
  readonly view: SheetView;
  readonly today: IsoDate;
  readonly gone: readonly GoneBooking[];
  readonly ourUnits: ReadonlySet<string>;
};

/**
 * Brings the sheet up to date with what is due: looks for each row first, adds what is missing in
 * one request, reads back, and only then writes down what became of it.
 * Resolves with the sheet as it is then.
 * @throws {SheetsError} and {SheetFormatError}; what was not settled stays due.
 */
export async function deliverBookings(
  deps: DeliveryDeps,
  due: readonly DueBooking[],
): Promise<SheetView> {
  const { store, hand } = deps;
  const before = await hand.read();
  await refuseLostTab(store, before);
  const renamed = await followRenames(
    deps,
    before,
    due.flatMap(({ booking }) => (booking.state === 'pending' ? [booking] : [])),
  );
  const current = due.filter(({ booking }) => !renamed.has(booking.bookingId));
  const judge = await prepare(deps, current);
  const plans = withAll(current.map((of) => ({ ...of, step: stepFor(of, judge(before), deps) })));
  for (const plan of plans) {
    if (typeof plan.step === 'object') await finish(deps, plan, plan.step);
    if (plan.step === 'none') {
      const isInSheet = statusesOf(before, plan).length > 0;
      await finish(deps, plan, { state: 'unchanged', isInSheet });
    }
    if (plan.step === 'wait') {
      await putOff(store, plan.outboxIds, (plan.booking.sentAtMs ?? 0) + deps.settleMs);
    }
  }
  const bookings = plans.filter(({ step }) => step === 'append');
  await appendBookings(deps, before, bookings);
  const cancellations = plans
    .filter(({ step }) => step === 'cancel')
    .flatMap((plan) => {
      const rows = statusesOf(before, plan).map(({ row }) => row);
      return cancelling(plan.booking.bookingId, rows);
    });
  const wrote = bookings.length + cancellations.length > 0;
  let view = wrote ? await hand.changeStatuses(before, cancellations) : before;
  const changed = plans.filter(({ step }) => step === 'rewrite');
  const taken = await takeBack(deps, changed, judge(view));
  const cells = changed.flatMap((plan) => {
    const row = taken.has(plan) ? undefined : ownRow(view, plan.booking);
    return row && !isCancelled(row) ? cellsToRewrite(view, row, plan.booking) : [];
  });
  if (cells.length > 0) view = await hand.rewrite(view, cells);

  const sent = plans.filter(
    (plan) =>
      plan.step === 'append' ||
      plan.step === 'check' ||
      (plan.step === 'rewrite' && !taken.has(plan)),
  );
  if (await putInPlace(deps, view, sent)) view = await hand.read();
  const outcomes: { readonly plan: DueBooking; readonly outcome: Outcome }[] = [];
  for (const plan of sent) {
    const outcome = await outcomeOf(deps, plan, judge(view));
    if (outcome === 'told') continue;
    if (outcome) outcomes.push({ plan, outcome });
    else await later(deps, plan);
  }
  // Of machines that were asked for together none is promised before all are.
  const isConflict = ({ outcome }: { outcome: Outcome }) => outcome.state === 'conflict';
  for (const { plan, outcome } of outcomes.toSorted((a, b) => +isConflict(b) - +isConflict(a))) {
    await finish(deps, plan, outcome);
  }
  for (const plan of plans.filter(({ step }) => step === 'cancel')) {
    if (statusesOf(view, plan).every(({ status }) => saysCancelled(status))) {
      await finish(deps, plan, { state: 'unchanged', isInSheet: true });
    } else await later(deps, plan);
  }
  return view;
}

/** The sheet did not show what was written to it: the next look comes when that has settled. */
async function later({ store, clock, settleMs }: DeliveryDeps, { outboxIds }: DueBooking) {
  await putOff(store, outboxIds, clock.nowMs() + settleMs);
}

async function prepare(
  { store, clock }: DeliveryDeps,
  due: readonly DueBooking[],
): Promise<(view: SheetView) => Judgement> {
  const gone = await readGone(
    store,
    due.map(({ booking }) => booking.itemId),
  );
  const marks = await readMarks(store);
  const ourUnits = new Set(
    marks.filter(({ state }) => state !== 'released').map(({ itemId }) => itemId),
  );
  return (view) => ({ view, today: todayIn(view.timeZone, clock), gone, ourUnits });
}

/** A machine is not written when another that was asked for together with it cannot be had. */
function withAll<Plan extends DueBooking & { readonly step: Step }>(
  plans: readonly Plan[],
): readonly (Plan & { readonly step: Step })[] {
  const refused = new Set(
    plans.filter(({ step }) => typeof step === 'object').map((of) => codeOf(of.booking.bookingId)),
  );
  return plans.map((plan) =>
    plan.step === 'append' && refused.has(codeOf(plan.booking.bookingId))
      ? { ...plan, step: { state: 'conflict', reason: 'other-line', isInSheet: false } }
      : plan,
  );
}

/**
 * Gives up changes that cannot be made: the new days are staff's by now, or staff have moved the row
 * themselves. The booking is what its row shows, and a message asks for a call to the customer.
 */
async function takeBack<Plan extends DueBooking>(
  { store, log, clock, onState }: DeliveryDeps,
  changed: readonly Plan[],
  judgement: Judgement,
): Promise<ReadonlySet<Plan>> {
  const taken = new Set<Plan>();
  const { view } = judgement;
  for (const plan of changed) {
    const { booking } = plan;
    const row = ownRow(view, booking);
    const place = row && placeOf(row, view.locale);
    if (!row || !place || isCancelled(row) || !isMoved(booking)) continue;
    const { itemId, startDay: start, endDay: end } = booking;
    const isThere = isDeepStrictEqual(place, { itemId, start, end });
    const isOurs = isKnownPlace(booking, place);
    // A confirmed one keeps its machine, which has another id now.
    const hasRoom = booking.state === 'confirmed' || conflict(booking, judgement) === null;
    if (isThere || (isOurs && hasRoom)) continue;
    const unit = view.units.find((of) => of.itemId === place.itemId);
    if (!unit && !isOurs) continue;
    taken.add(plan);
    const to = { ...place, itemName: unit?.name ?? booking.itemName, quantity: unit?.quantity };
    const stands = await takeBackChange(store, booking, { to, nowMs: clock.nowMs() });
    const { bookingId, callId } = booking;
    log.emit('booking.conflict', { bookingId, callId, itemId, reason: 'change' }, 'given-away');
    if (!stands) onState(bookingId, 'conflict');
  }
  return taken;
}

/** The change is one of machine or days; where staff have moved another is followed. */
function isMoved(booking: DueBooking['booking']): boolean {
  const { itemId, startDay, endDay } = booking;
  return supersededBy(booking).some(
    (of) => !isDeepStrictEqual([of.itemId, of.startDay, of.endDay], [itemId, startDay, endDay]),
  );
}

function stepFor(due: DueBooking, judgement: Judgement, deps: DeliveryDeps): Step {
  const { booking } = due;
  const mayStillCome = isOnItsWay(booking.sentAtMs, deps);
  switch (booking.state) {
    case 'pending': {
      if (judgement.view.ledger.rowsWith(booking.bookingId).length > 0) {
        return booking.superseded === null ? 'check' : 'rewrite';
      }
      if (mayStillCome) return 'wait';
      const reason = conflict(booking, judgement);
      return reason ? { state: 'conflict', reason, isInSheet: false } : 'append';
    }
    case 'cancelled':
    case 'conflict': {
      const rows = statusesOf(judgement.view, due);
      if (rows.length === 0) return mayStillCome ? 'wait' : 'none';
      return rows.every(({ status }) => saysCancelled(status)) ? 'none' : 'cancel';
    }
    case 'confirmed':
      return booking.superseded === null ? 'none' : 'rewrite';
    default:
      return booking.state satisfies never;
  }
}

/** The rows whose `Status` can be changed: a note that names the code is none. */
function statusesOf(view: SheetView, { booking }: DueBooking): readonly StatusCell[] {
  const own = new Set(ownRows(view, booking).map(({ number }) => number));
  return view
    .statuses('Bookings')
    .filter(({ key, row }) => key === booking.bookingId && own.has(row));
}

/**
 * The first row that was not taken back decides. Null: nothing can be said yet, and the next
 * delivery looks again. `told`: staff moved the booking to days that it cannot have.
 */
async function outcomeOf(
  deps: DeliveryDeps,
  { booking }: DueBooking,
  judgement: Judgement,
): Promise<Outcome | 'told' | null> {
  const { view } = judgement;
  const row = ownRow(view, booking);
  if (!row) return null;
  if (isCancelled(row))
    return { state: 'conflict', reason: 'cancelled-by-staff', isInSheet: false };
  const reading = readBookingRow(view, row, booking);
  switch (reading.kind) {
    case 'as-written': {
      const reason = booking.state === 'confirmed' ? null : conflict(booking, judgement);
      return reason ? { state: 'conflict', reason, isInSheet: true } : { state: 'confirmed' };
    }
    case 'moved': {
      // What was written to it is not to be seen yet.
      if (isKnownPlace(booking, reading.to)) return null;
      const { taken } = await followMoves(deps, view, [{ booking, to: reading.to }]);
      return taken.length > 0 ? 'told' : { state: 'confirmed' };
    }
    case 'misplaced':
    case 'unclear':
      return null;
    default:
      return reading satisfies never;
  }
}

function conflict(booking: DueBooking['booking'], judgement: Judgement) {
  const { view, today, gone, ourUnits } = judgement;
  return conflictOf(view, booking, { today, gone, rentedByUs: ourUnits.has(booking.itemId) });
}

async function appendBookings(
  deps: DeliveryDeps,
  view: SheetView,
  plans: readonly DueBooking[],
): Promise<void> {
  if (plans.length === 0) return;
  const cells = plans.map(({ booking }) => bookingCells(booking, view.timeZone));
  const bookingIds = plans.map(({ booking }) => booking.bookingId);
  const rows = rowsToAppend(view.ledger, bookingHeader, cells);
  await appendRows(deps, view.ledger, { rows, sent: { bookingIds, codes: [] } });
}

/** Rows that came in while staff moved columns are written over, whole: they are ours. */
async function putInPlace(
  { hand }: DeliveryDeps,
  view: SheetView,
  sent: readonly DueBooking[],
): Promise<boolean> {
  const cells = sent.flatMap(({ booking }) => {
    const row = ownRow(view, booking);
    if (!row || isCancelled(row) || readBookingRow(view, row, booking).kind !== 'misplaced')
      return [];
    return cellsInPlace(view.ledger, row.number, bookingCells(booking, view.timeZone));
  });
  await hand.updateCells(cells);
  return cells.length > 0;
}

async function finish(deps: DeliveryDeps, of: DueBooking, outcome: Outcome): Promise<void> {
  const { store, log, clock, onState } = deps;
  const changed = await settle(store, of, { outcome, nowMs: clock.nowMs() });
  const { bookingId, callId, itemId } = of.booking;
  const fields = { bookingId, callId, itemId };
  if (!changed) return;
  if (outcome.state === 'unchanged') {
    if (of.booking.state === 'cancelled') {
      log.emit('booking.cancelled', fields, 'by-phone');
    }
    return;
  }
  if (outcome.state === 'confirmed') {
    log.emit('booking.confirmed', fields);
  } else {
    log.emit('booking.conflict', { ...fields, reason: outcome.reason }, 'given-away');
  }
  onState(bookingId, outcome.state);
}
