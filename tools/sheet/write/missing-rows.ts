import type { StoreQueries } from '../../../agent/infra/store/database.ts';
import { SheetFormatError } from '../read/sheet-table.ts';
import type { BookingRow } from '../../journal/journal.ts';
import type { SheetView } from './sheet-view.ts';
import type { SheetLog } from './sheet-events.ts';

/** One deleted row is staff's decision; from here on it may be a mistake. */
const fewestLost = 2;

const toDo =
  "bring the rows back with the sheet's version history; a booking that is off is one whose Status is CANCELLED";

/**
 * The confirmed bookings whose rows went missing together. A tab that was emptied, or made anew, is
 * not staff's word on each of them: they hold their days until their rows are back or they are over.
 */
export class LostRows {
  readonly #log: SheetLog;
  #lost: ReadonlySet<string> = new Set();

  constructor(log: SheetLog) {
    this.#log = log;
  }

  /** The lost ones of the `confirmed` bookings, by the sheet as it is now; new ones are logged. */
  find(view: SheetView, confirmed: readonly BookingRow[]): readonly BookingRow[] {
    const missing = confirmed.filter((of) => view.ledger.rowsWith(of.bookingId).length === 0);
    const together = missing.length >= fewestLost && missing.length * 2 > confirmed.length;
    // Once lost together, others that come in meanwhile do not make them staff's decision.
    const lost = missing.filter(({ bookingId }) => together || this.#lost.has(bookingId));
    const isNew = lost.some(({ bookingId }) => !this.#lost.has(bookingId));
    this.#lost = new Set(lost.map(({ bookingId }) => bookingId));
    if (isNew) {
      const fields = { missing: lost.length, confirmed: confirmed.length, toDo };
      this.#log.emit('booking.rows-missing', fields);
    }
    return lost;
  }
}

/**
 * A `Bookings` tab that is gone, or lost its first row, is begun anew only when nothing was ever
 * confirmed in it. @throws {SheetFormatError} else.
 */
export async function refuseLostTab({ db }: StoreQueries, { ledger }: SheetView): Promise<void> {
  if (ledger.table) return;
  const confirmed = await db
    .selectFrom('bookings')
    .select('bookingId')
    .where('state', '=', 'confirmed')
    .limit(1)
    .executeTakeFirst();
  if (!confirmed) return;
  const which = 'in which bookings were confirmed';
  throw ledger.sheetId !== null
    ? new SheetFormatError('SHEET_ROWS_UNUSABLE', 'Bookings', `Tab "Bookings", ${which}, is empty`)
    : new SheetFormatError('SHEET_TAB_MISSING', 'Bookings', `No tab "Bookings", ${which}`);
}
