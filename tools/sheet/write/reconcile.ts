import type { Store } from '../../../agent/infra/store/database.ts';
import type { IsoDate, SheetBooking } from '../../yard/equipment.ts';
import { findUnit } from '../../yard/interchangeable-units.ts';
import { currentId } from '../../yard/with-journal.ts';
import { todayIn } from '../../yard/rental-dates.ts';
import type { BookingState } from '../../journal/booking.ts';
import { followRename } from '../../journal/change-booking.ts';
import { addToOutbox, type BookingRow } from '../../journal/journal.ts';
import { SheetsError } from '../client/sheets-error.ts';
import { LostRows } from './missing-rows.ts';
import { followMoves } from './staff-moves.ts';
import type { SheetHand } from './guarded-sheet.ts';
import {
  cancelling,
  isCancelled,
  isSamePlace,
  ownRow,
  ownRows,
  readBookingRow,
} from './sheet-rows.ts';
import type { SheetView } from './sheet-view.ts';
import { followStaff, readConfirmed, readUnseen } from '../../journal/staff-changes.ts';
import { planStatuses, readMarks, saveMarks } from './unit-status.ts';
import type { SheetLog } from './sheet-events.ts';

/** The reconciler works with these. */
export type ReconcileDeps = {
  readonly store: Store;
  readonly hand: SheetHand;
  readonly log: SheetLog;
  readonly clock: { nowMs(): number };
  readonly onState: (bookingId: string, state: BookingState) => void;
};

/** Staff can sort the rows once between our reading and our writing, not each time. */
const attempts = 3;

/** Keeps the journal and the sheet in step with each other, and the units with both. */
export class Reconciler {
  readonly #deps: ReconcileDeps;
  readonly #lost: LostRows;
  /** Bookings whose further rows were dealt with: what staff make of them is theirs. */
  readonly #doubled = new Set<string>();

  constructor(deps: ReconcileDeps) {
    this.#deps = deps;
    this.#lost = new LostRows(deps.log);
  }

  /**
   * Takes rows back that came in twice, and sets the units; with `follows` also does in the journal
   * what staff did in the sheet. True when it changed anything in the sheet.
   */
  async run(view: SheetView, { follows }: { readonly follows: boolean }): Promise<boolean> {
    const { store, clock } = this.#deps;
    const today = todayIn(view.timeZone, clock);
    const confirmed = await readConfirmed(store, today);
    const lost = this.#lost.find(view, confirmed);
    const tidied = await this.#takeBackCopies(view, confirmed);
    if (follows) {
      const kept = confirmed.filter((booking) => !lost.includes(booking));
      await followSheet(this.#deps, tidied, kept);
      await followRenames(this.#deps, tidied, kept);
      await findLateRows(this.#deps, tidied, today);
    }
    return (await this.#updateStatuses(tidied, { today, confirmed })) || tidied !== view;
  }

  /** Google may apply an append after it was sent again, and staff may copy a row, code and all. */
  async #takeBackCopies(view: SheetView, confirmed: readonly BookingRow[]): Promise<SheetView> {
    const { hand, log } = this.#deps;
    const doubled = confirmed.flatMap((booking) => {
      const { bookingId } = booking;
      const live = view.ledger.rowsWith(bookingId).filter((row) => !isCancelled(row));
      if (live.length < 2 || this.#doubled.has(bookingId)) return [];
      const [first, ...more] = ownRows(view, booking).filter((row) => !isCancelled(row));
      const copies = first ? more.filter((row) => isSamePlace(view, row, first)) : [];
      return [{ bookingId, rows: live.length, copies: copies.map(({ number }) => number) }];
    });
    const changes = doubled.flatMap(({ bookingId, copies }) => cancelling(bookingId, copies));
    const after = changes.length > 0 ? await hand.changeStatuses(view, changes) : view;
    for (const { bookingId, rows, copies } of doubled) {
      this.#doubled.add(bookingId);
      log.emit('booking.duplicated', { bookingId, rows, cancelled: copies.length });
    }
    return after;
  }

  /**
   * Sets units `RENTED` whose booking covers today, and sets back those that we set and none covers.
   * Bookings whose rows are lost count. True when it changed anything.
   */
  async #updateStatuses(
    view: SheetView,
    { today, confirmed }: { readonly today: IsoDate; readonly confirmed: readonly BookingRow[] },
  ): Promise<boolean> {
    const { store, hand, log } = this.#deps;
    let current = view;
    for (let attempt = 1; attempt <= attempts; attempt += 1) {
      // Each view anew: the rows may have been lost since the one before.
      const lost = this.#lost.find(current, confirmed).map(toSheetBooking);
      const seen = { ...current, bookings: [...current.bookings, ...lost] };
      const { marks, changes } = planStatuses(seen, await readMarks(store), today);
      // Before the cells: a unit that was set and not written down would never be set back.
      if (marks.length > 0) await saveMarks(store, marks, today);
      if (changes.length === 0) break;
      try {
        current = await hand.changeStatuses(current, changes);
      } catch (error) {
        // Bookings hold their days without it, and go on.
        if (error instanceof SheetsError && error.code === 'SHEETS_PROTECTED') break;
        throw error;
      }
      for (const { tab, key, to } of changes) {
        if (current.statusOf(tab, key)?.status !== to) continue;
        log.emit('unit.status-set', { itemId: key, status: to });
      }
    }
    return current !== view;
  }
}

/**
 * Follows what staff did to confirmed bookings: one they cancelled in the sheet is cancelled, one
 * they moved is moved, and one whose row they deleted is for a person to look at.
 */
async function followSheet(
  deps: ReconcileDeps,
  view: SheetView,
  confirmed: readonly BookingRow[],
): Promise<void> {
  const { store, log, clock, onState } = deps;
  const nowMs = clock.nowMs();
  for (const booking of confirmed) {
    const { bookingId, callId, itemId } = booking;
    const all = view.ledger.rowsWith(bookingId);
    const rows = ownRows(view, booking);
    // Nobody can tell which of several is meant: the days stay booked.
    if (rows.length === 0 && all.length > 0) continue;
    if (rows.some((row) => !isCancelled(row))) continue;
    const state = rows.length > 0 ? 'cancelled' : 'conflict';
    const reason = state === 'conflict' ? 'cancelled-by-staff' : null;
    if (!(await followStaff(store, bookingId, { state, reason, nowMs }))) continue;
    const fields = { bookingId, callId, itemId };
    if (state === 'cancelled') {
      log.emit('booking.cancelled', { ...fields, reason: null }, 'by-staff');
    } else {
      log.emit('booking.conflict', { ...fields, reason }, 'deleted');
    }
    onState(bookingId, state);
  }
  const moves = confirmed.flatMap((booking) => {
    const row = ownRow(view, booking);
    // A change that is on its way to the sheet is not to be taken for staff's.
    if (!row || isCancelled(row) || booking.superseded !== null) return [];
    const reading = readBookingRow(view, row, booking);
    return reading.kind === 'moved' ? [{ booking, to: reading.to }] : [];
  });
  await followMoves(deps, view, moves);
}

/**
 * A machine that staff gave another id keeps its bookings: it is known by its name. Those that were
 * changed for it are due anew.
 */
export async function followRenames(
  { store, log, clock }: Pick<ReconcileDeps, 'store' | 'log' | 'clock'>,
  view: SheetView,
  bookings: readonly BookingRow[],
): Promise<ReadonlySet<string>> {
  const followed = new Set<string>();
  for (const booking of bookings) {
    const { bookingId, callId, itemId } = booking;
    const to = currentId(booking, view.units);
    if (to === itemId || view.statusOf('Equipment', itemId)) continue;
    const { quantity = 1 } = findUnit(view.units, to) ?? {};
    if (!(await followRename(store, booking, { to, quantity, nowMs: clock.nowMs() }))) continue;
    log.emit('booking.moved', { bookingId, callId, itemId: to });
    followed.add(bookingId);
  }
  return followed;
}

/** A row that came in after its booking had ended is to be taken back. */
async function findLateRows(
  { store, clock }: ReconcileDeps,
  view: SheetView,
  today: IsoDate,
): Promise<void> {
  for (const booking of await readUnseen(store, today)) {
    if (ownRows(view, booking).every(isCancelled)) continue;
    const entry = { kind: 'booking', ref: booking.bookingId, nowMs: clock.nowMs() } as const;
    await store.transaction((tx) => addToOutbox(tx, entry));
  }
}

function toSheetBooking({ bookingId, itemId, startDay, endDay }: BookingRow): SheetBooking {
  return { bookingId, itemId, start: startDay, end: endDay, status: 'CONFIRMED' };
}
