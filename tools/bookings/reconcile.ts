import type { Log } from '../../agent/log.ts';
import type { Store } from '../../agent/store/database.ts';
import { todayIn } from '../yard/rental-dates.ts';
import type { BookingState } from './booking.ts';
import { followStaff, readConfirmed } from './outbox.ts';
import type { SheetHand } from './sheet-hand.ts';
import { isCancelled } from './sheet-rows.ts';
import type { SheetView } from './sheet-view.ts';
import { planStatuses, readMarks, saveMarks } from './unit-status.ts';

/** What keeping journal and sheet in step works with. */
export type ReconcileDeps = {
  readonly store: Store;
  readonly hand: SheetHand;
  readonly log: Log;
  readonly clock: { nowMs(): number };
  readonly onState: (bookingId: string, state: BookingState) => void;
};

/**
 * Follows what staff did to confirmed bookings: one they cancelled in the sheet is cancelled, and
 * one whose row they deleted is for a person to look at. Both hold their unit no longer.
 */
export async function followSheet(deps: ReconcileDeps, view: SheetView): Promise<void> {
  const { store, log, clock, onState } = deps;
  // A tab that was emptied, or is gone, is not staff's word on each of its bookings.
  if (!view.ledger.table) return;
  const nowMs = clock.nowMs();
  for (const booking of await readConfirmed(store, todayIn(view.timeZone, clock))) {
    const { bookingId, callId, itemId } = booking;
    const rows = view.ledger.rowsWith(bookingId);
    if (rows.some((row) => !isCancelled(row))) {
      if (rows.length > 1) {
        const fields = { event: 'booking.duplicated', bookingId, rows: rows.length } as const;
        log.warn(fields, 'a booking has more than one row in the sheet');
      }
      continue;
    }
    const state = rows.length > 0 ? 'cancelled' : 'conflict';
    const reason = state === 'conflict' ? 'cancelled-by-staff' : null;
    if (!(await followStaff(store, bookingId, { state, reason, nowMs }))) continue;
    const fields = { bookingId, callId, itemId, reason };
    if (state === 'cancelled') {
      log.info({ event: 'booking.cancelled', ...fields }, 'staff cancelled a booking in the sheet');
    } else {
      log.warn({ event: 'booking.conflict', ...fields }, 'the row of a booking was deleted');
    }
    onState(bookingId, state);
  }
}

/** Staff can sort the rows once between our reading and our writing, not each time. */
const attempts = 3;

/**
 * Sets units `RENTED` whose booking covers today, and sets back those that we set and none covers.
 * True when it changed anything.
 */
export async function updateStatuses(deps: ReconcileDeps, view: SheetView): Promise<boolean> {
  const { store, hand, log, clock } = deps;
  const today = todayIn(view.timeZone, clock);
  let current = view;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const { marks, changes } = planStatuses(current, await readMarks(store), today);
    // Before the cells: a unit that was set and not written down would never be set back.
    if (marks.length > 0) await saveMarks(store, marks, today);
    if (changes.length === 0) break;
    current = await hand.changeStatuses(current, changes);
    for (const { tab, key, to } of changes) {
      if (current.statusOf(tab, key)?.status !== to) continue;
      log.info({ event: 'unit.status-set', itemId: key, status: to }, 'status of a unit was set');
    }
  }
  return current !== view;
}
