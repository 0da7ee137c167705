import type { Store } from '../../../agent/infra/store/database.ts';
import type { IsoDate } from '../../yard/equipment.ts';
import { todayIn } from '../../yard/rental-dates.ts';
import { appendRows, isOnItsWay } from './append.ts';
import type { BookingState } from '../../journal/booking.ts';
import { putOff, settle, type DueBooking, type Outcome } from '../../journal/outbox.ts';
import type { SheetHand } from './guarded-sheet.ts';
import { refuseLostTab } from './missing-rows.ts';
import { followMoves } from './staff-moves.ts';
import {
  bookingCells,
  cancelling,
  cellsInPlace,
  isCancelled,
  readBookingRow,
  rowsToAppend,
  saysCancelled,
} from './sheet-rows.ts';
import { bookingHeader, type SheetView, type StatusCell } from './sheet-view.ts';
import { conflictOf, readGone } from './booking-conflicts.ts';
import { readMarks } from './unit-status.ts';
import type { SheetLog } from './sheet-events.ts';

/** What a delivery works with. */
export type DeliveryDeps = {
  readonly store: Store;
  readonly hand: SheetHand;
  readonly log: SheetLog;
  readonly clock: { nowMs(): number };
  /** How long a row whose answer was lost may still come in before it is sent again. */
  readonly settleMs: number;
  readonly onState: (bookingId: string, state: BookingState) => void;
};

/** What is to be done about one booking, by what the sheet shows before anything is written. */
type Step =
  'append' | 'check' | 'cancel' | 'wait' | 'none' | Extract<Outcome, { state: 'conflict' }>;

type Judgement = {
  readonly view: SheetView;
  readonly today: IsoDate;
  readonly gone: ReadonlySet<string>;
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
  const judge = await prepare(deps, due);
  const plans = due.map((of) => ({ ...of, step: stepFor(of, judge(before), deps) }));
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

  const sent = plans.filter(({ step }) => step === 'append' || step === 'check');
  if (await putInPlace(deps, view, sent)) view = await hand.read();
  for (const plan of sent) {
    const outcome = await outcomeOf(deps, plan, judge(view));
    if (outcome === 'told') continue;
    if (outcome) await finish(deps, plan, outcome);
    else await later(deps, plan);
  }
  for (const plan of plans.filter(({ step }) => step === 'cancel')) {
    if (statusesOf(view, plan).every(({ status }) => saysCancelled(status))) {
      await finish(deps, plan, { state: 'unchanged', isInSheet: true });
    } else await later(deps, plan);
  }
  return view;
}

/** The sheet did not show what was written to it: it is looked at again when that has settled. */
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

function stepFor(due: DueBooking, judgement: Judgement, deps: DeliveryDeps): Step {
  const { booking } = due;
  const mayStillCome = isOnItsWay(booking.sentAtMs, deps);
  switch (booking.state) {
    case 'pending': {
      if (judgement.view.ledger.rowsWith(booking.bookingId).length > 0) return 'check';
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
      return 'none';
    default:
      return booking.state satisfies never;
  }
}

/** The rows whose `Status` can be changed: a note that names the code is none. */
function statusesOf(view: SheetView, { booking }: DueBooking): readonly StatusCell[] {
  return view.statuses('Bookings').filter(({ key }) => key === booking.bookingId);
}

/**
 * Judged by the first row that was not taken back. Null: nothing can be said yet, and the next
 * delivery looks again. `told`: staff moved it to days that it cannot have.
 */
async function outcomeOf(
  deps: DeliveryDeps,
  { booking }: DueBooking,
  judgement: Judgement,
): Promise<Outcome | 'told' | null> {
  const { view } = judgement;
  const rows = view.ledger.rowsWith(booking.bookingId);
  if (rows.length === 0) return null;
  const row = rows.find((candidate) => !isCancelled(candidate));
  if (!row) return { state: 'conflict', reason: 'cancelled-by-staff', isInSheet: false };
  const reading = readBookingRow(view, row, booking);
  switch (reading.kind) {
    case 'as-written': {
      const reason = conflict(booking, judgement);
      return reason ? { state: 'conflict', reason, isInSheet: true } : { state: 'confirmed' };
    }
    case 'moved': {
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
    const row = view.ledger.rowsWith(booking.bookingId).find((of) => !isCancelled(of));
    if (!row || readBookingRow(view, row, booking).kind !== 'misplaced') return [];
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
