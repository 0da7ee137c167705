import { readDate, readText } from '../inventory/sheet-cells.ts';
import type { Cell, TableRow } from '../inventory/sheet-table.ts';
import type { CellUpdate } from '../inventory/sheets-client.ts';
import type { BookingRow } from './journal.ts';
import type { MessageRow } from './outbox.ts';
import { safePhone, safeText } from './safe-cell.ts';
import { upper, type BookingColumn, type Ledger, type MessageColumn } from './sheet-view.ts';

/** A booking's cells, by column. */
export function bookingCells(
  booking: BookingRow,
  timeZone: string,
): Readonly<Record<BookingColumn, Cell>> {
  return {
    'Booking ID': booking.bookingId,
    'Item ID': booking.itemId,
    Item: safeText(booking.itemName),
    Start: booking.startDay,
    End: booking.endDay,
    Status: 'CONFIRMED',
    Customer: safeText(booking.customer),
    Phone: safePhone(booking.phone),
    Total: booking.totalCents / 100,
    'Created at': localTime(booking.createdAtMs, timeZone),
    'Call ID': safeText(booking.callId),
  };
}

/** A message's cells, by column. */
export function messageCells(
  message: MessageRow,
  timeZone: string,
): Readonly<Record<MessageColumn, Cell>> {
  return {
    'Message ID': message.code,
    'Created at': localTime(message.createdAtMs, timeZone),
    Customer: safeText(message.customer ?? ''),
    Phone: safePhone(message.phone ?? ''),
    Message: safeText(message.text),
    'Call ID': safeText(message.callId),
  };
}

/** Rows for the end of a tab, in the order of its columns; the header first when it has none. */
export function rowsToAppend<Column extends string>(
  ledger: Ledger<Column>,
  header: readonly Column[],
  cells: readonly Readonly<Record<Column, Cell>>[],
): readonly (readonly Cell[])[] {
  if (!ledger.table) return [header, ...cells.map((of) => header.map((column) => of[column]))];
  const { positions } = ledger.table;
  const width = Math.max(...positions.values()) + 1;
  return cells.map((of) => {
    const row: Cell[] = Array.from({ length: width }, () => null);
    for (const [column, position] of positions) row[position] = of[column];
    return row;
  });
}

/** Whether a row of `Bookings` says of this booking what matters: which unit, and which days. */
export function isInPlace(row: TableRow<BookingColumn>, booking: BookingRow): boolean {
  return (
    readText(row.cell('Booking ID')) === booking.bookingId &&
    readText(row.cell('Item ID')) === booking.itemId &&
    readDate(row.cell('Start')) === booking.startDay &&
    readDate(row.cell('End')) === booking.endDay
  );
}

/** Whether staff, or we, took a booking back in the sheet. */
export function isCancelled(row: TableRow<BookingColumn>): boolean {
  return /^CANCELL?ED$/.test(upper(row.cell('Status')));
}

/** Puts the cells of a row that came in while columns were moved where they belong. */
export function cellsInPlace<Column extends string>(
  ledger: Ledger<Column>,
  row: number,
  cells: Readonly<Record<Column, Cell>>,
): readonly CellUpdate[] {
  return [...(ledger.table?.positions ?? [])].map(([column, position]) => ({
    tab: ledger.title,
    row,
    column: position,
    value: cells[column],
  }));
}

/** `2026-11-22 14:03` at the yard. */
function localTime(atMs: number, timeZone: string): string {
  // Swedish is the locale whose dates are written the ISO way.
  return new Intl.DateTimeFormat('sv-SE', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'short',
  }).format(atMs);
}
