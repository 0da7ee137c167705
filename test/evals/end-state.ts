import type { Store } from '../../agent/infra/store/database.ts';
import type { SheetsEmulator } from '../harness/emulators/sheets.ts';
import { eventually } from '../harness/eventually.ts';

/** A booking as the journal has it, and as the sheet does. */
type EndBooking = {
  readonly item: string;
  readonly from: string;
  readonly to: string;
  readonly customer: string;
  readonly state: string;
  readonly total: number;
  /** The status in its one row of the sheet; null when there is no such row, or more. */
  readonly inSheet: string | null;
};

/** What calls have left in journal and sheet. */
export type EndState = {
  readonly bookings: readonly EndBooking[];
  /** Rows of `Bookings` that the journal knows nothing of. */
  readonly strayRows: number;
  readonly messages: readonly string[];
};

/** The sheet writer looks again within half a second; a busy machine takes longer. */
const deliveredMs = 30_000;

/** Reads what is left, once all of it is delivered. `staffIds`: of rows that staff wrote. */
export async function readEnd(
  store: Store,
  sheets: SheetsEmulator,
  staffIds: readonly string[],
): Promise<EndState> {
  await eventually(
    'all is in the sheet',
    async () => (await store.db.selectFrom('outbox').select('id').execute()).length === 0,
    deliveredMs,
  );
  const journal = await store.db
    .selectFrom('bookings')
    .selectAll()
    .orderBy('createdAtMs')
    .execute();
  const kept = await store.db.selectFrom('messages').selectAll().orderBy('createdAtMs').execute();
  const statusAt = (sheets.rows('Bookings')[0] ?? []).indexOf('Status');
  const rows = sheets.rows('Bookings').slice(1);
  // The tab is made with the first message.
  const messageRows = kept.length > 0 ? sheets.rows('Messages').slice(1) : [];
  const known = [...journal.map(({ bookingId }) => bookingId), ...staffIds];
  return {
    bookings: journal.map((of) => {
      const own = rows.filter((row) => row.includes(of.bookingId));
      const [cells = []] = own;
      const isOne = own.length === 1 && cells.includes(of.itemId);
      return {
        item: of.itemId,
        from: of.startDay,
        to: of.endDay,
        customer: of.customer,
        state: of.state,
        total: of.totalCents / 100,
        inSheet: isOne ? String(cells[statusAt]) : null,
      };
    }),
    strayRows: rows.filter((row) => !known.some((id) => row.includes(id))).length,
    messages: kept
      .filter(({ code }) => messageRows.some((row) => row.includes(code)))
      .map(({ text }) => text),
  };
}
