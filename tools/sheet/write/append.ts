import type { Store } from '../../../agent/infra/store/database.ts';
import { SheetsError, type SheetsErrorCode } from '../client/sheets-error.ts';
import type { SheetRows } from '../read/sheet-table.ts';
import { markSent, unmarkSent } from '../../journal/outbox.ts';
import type { SheetHand } from './guarded-sheet.ts';
import type { Ledger } from './sheet-view.ts';

/** Google refused the request as a whole, so none of it is on its way. */
const refusals: readonly SheetsErrorCode[] = [
  'SHEETS_BAD_CREDENTIALS',
  'SHEETS_FORBIDDEN',
  'SHEETS_NOT_FOUND',
  'SHEETS_BAD_RANGE',
  'SHEETS_PROTECTED',
  'SHEETS_RATE_LIMITED',
];

/**
 * Adds rows to a tab, which is made if need be, below its last row that has an id; a total or note
 * further down moves down. The rows are marked as sent first: after a lost answer, or in another
 * process, they are not sent again until they would have come in.
 */
export async function appendRows<Column extends string>(
  {
    store,
    hand,
    clock,
  }: { readonly store: Store; readonly hand: SheetHand; readonly clock: { nowMs(): number } },
  ledger: Ledger<Column>,
  {
    rows,
    sent,
  }: {
    readonly rows: SheetRows;
    readonly sent: { readonly bookingIds: readonly string[]; readonly codes: readonly string[] };
  },
): Promise<void> {
  const sheetId = ledger.sheetId ?? (await hand.addTab(ledger.title));
  await markSent(store, { ...sent, nowMs: clock.nowMs() });
  try {
    await hand.insert({ sheetId, afterRow: ledger.lastRow }, rows);
  } catch (error) {
    if (error instanceof SheetsError && refusals.includes(error.code)) {
      await unmarkSent(store, sent);
    }
    throw error;
  }
}

/** A row that got no answer may still come in for `settleMs` after it was sent. */
export function isOnItsWay(
  sentAtMs: number | null,
  { clock, settleMs }: { readonly clock: { nowMs(): number }; readonly settleMs: number },
): boolean {
  return sentAtMs !== null && clock.nowMs() < sentAtMs + settleMs;
}
