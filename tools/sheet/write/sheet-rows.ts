import { isDeepStrictEqual } from 'node:util';
import { readDate } from '../read/date-cells.ts';
import { readText } from '../read/sheet-cells.ts';
import type { SheetLocale } from '../read/sheet-locale.ts';
import { readBookingStatus } from '../read/status-words.ts';
import type { Cell, TableRow } from '../read/sheet-table.ts';
import type { CellUpdate } from '../client/sheets-client.ts';
import type { IsoDate } from '../../yard/equipment.ts';
import { findUnit } from '../../yard/interchangeable-units.ts';
import { itemKey } from '../../yard/item-id.ts';
import { spokenTime } from '../../yard/spoken.ts';
import { daysIn, maxRentalDays } from '../../yard/rental-dates.ts';
import { detailsFromText } from '../../journal/booking-details.ts';
import { supersededBy, type BookingRow, type WrittenRow } from '../../journal/journal.ts';
import type { MessageRow } from '../../journal/outbox.ts';
import { safePhone, safeText } from './safe-cell.ts';
import {
  upper,
  type BookingColumn,
  type Ledger,
  type MessageColumn,
  type SheetView,
} from './sheet-view.ts';
import type { StatusChange } from './status-changes.ts';

/** A booking's cells, by column. */
export function bookingCells(
  booking: BookingRow,
  timeZone: string,
): Readonly<Record<BookingColumn, Cell>> {
  return {
    'Booking ID': booking.bookingId,
    ...ownCells(booking),
    'Created at': localTime(booking.createdAtMs, timeZone),
    'Call ID': safeText(booking.callId),
  };
}

/** Times, delivery and the like, which stand as the caller gave them. */
function detailCells({ details }: Pick<WrittenRow, 'details'>) {
  const {
    delivery,
    job = '',
    po = '',
    notes = '',
    pickUpAt,
    returnBy,
    isHalfDay,
  } = detailsFromText(details) ?? {};
  const time = (minutes: number | undefined) => (minutes === undefined ? '' : spokenTime(minutes));
  const fee = delivery?.feeCents === null ? 'fee to confirm' : (delivery?.feeCents ?? 0) / 100;
  return {
    Delivery: delivery
      ? `${delivery.window ? `${safeText(delivery.window)}, ` : ''}${fee || 'included'}`
      : '',
    Address: safeText(delivery?.address ?? ''),
    Job: safeText(job),
    PO: safeText(po),
    Notes: safeText(notes),
    'Pick-up time': isHalfDay && pickUpAt === undefined ? 'half a day' : time(pickUpAt),
    'Return time': time(returnBy),
  };
}

/** The cells that follow a change of the booking. */
function ownCells(of: WrittenRow) {
  return {
    'Item ID': of.itemId,
    Item: safeText(of.itemName),
    Start: of.startDay,
    End: of.endDay,
    Customer: safeText(of.customer),
    Phone: safePhone(of.phone),
    Total: of.totalCents / 100,
    Status: statusOf(of),
    ...detailCells(of),
  };
}

/** `HOLD`: staff are yet to confirm the days, by a row of their own. */
function statusOf({ offRentCode, continues }: WrittenRow): string {
  if (offRentCode !== null) return 'OFF RENT CALLED';
  return continues === null ? 'CONFIRMED' : 'HOLD';
}

/**
 * The cells of a row that a change is to rewrite: those that still hold what was written for the
 * booking before it. Whatever else stands there is staff's, and stays.
 */
export function cellsToRewrite(
  { ledger, locale }: SheetView,
  row: TableRow<BookingColumn>,
  booking: BookingRow,
): readonly CellUpdate[] {
  const before = supersededBy(booking).map(ownCells);
  return Object.entries(ownCells(booking)).flatMap(([name, value]) => {
    const column = name as keyof ReturnType<typeof ownCells>;
    const position = ledger.table?.positions.get(column);
    const shown = row.cell(column);
    if (position === undefined || isSameCell(column, shown, { written: value, locale })) return [];
    if (!before.some((cells) => isSameCell(column, shown, { written: cells[column], locale })))
      return [];
    return [{ tab: ledger.title, row: row.number, column: position, value }];
  });
}

function isSameCell(
  column: BookingColumn,
  shown: Cell,
  { written, locale }: { readonly written: Cell; readonly locale: SheetLocale },
): boolean {
  if (column === 'Start' || column === 'End') return readDate(shown, { locale }) === written;
  if (column === 'Total') return Number(String(shown ?? '').replaceAll(/[^\d.]/g, '')) === written;
  if (column === 'Item ID') return itemKey(String(shown ?? '')) === itemKey(String(written));
  return (readText(shown) ?? '') === (readText(written) ?? '');
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

/** The unit that a booking holds, and its first and last day. */
export type Place = { readonly itemId: string; readonly start: IsoDate; readonly end: IsoDate };

/** A booking's row, set against the journal. */
export type RowReading =
  | { readonly kind: 'as-written' }
  /** Our own cells, which came in while columns were moved. */
  | { readonly kind: 'misplaced' }
  /** Staff gave it another unit, or other days. */
  | { readonly kind: 'moved'; readonly to: Place }
  /** Staff are not done with it, or wrote what holds no unit that there is. */
  | { readonly kind: 'unclear' };

/** Reads the row of a booking. */
export function readBookingRow(
  view: SheetView,
  row: TableRow<BookingColumn>,
  { bookingId, itemId, startDay, endDay }: BookingRow,
): RowReading {
  const place = placeOf(row, view.locale);
  const unit = place && findUnit(view.units, place.itemId);
  const to = place && { ...place, itemId: unit?.itemId ?? place.itemId };
  const isNamed = readText(row.cell('Booking ID')) === bookingId;
  if (
    isNamed &&
    to &&
    itemKey(to.itemId) === itemKey(itemId) &&
    to.start === startDay &&
    to.end === endDay
  ) {
    return { kind: 'as-written' };
  }
  const left = [...view.ledger.textsAt(row.number)];
  const holdsOurs = [bookingId, itemId, startDay, endDay].every((text) => {
    const index = left.indexOf(text);
    return index !== -1 && left.splice(index, 1).length > 0;
  });
  if (holdsOurs) return { kind: 'misplaced' };
  return isNamed && to && view.statusOf('Equipment', to.itemId)
    ? { kind: 'moved', to }
    : { kind: 'unclear' };
}

/** The unit and days of a row; null when they make no rental. */
export function placeOf(row: TableRow<BookingColumn>, locale: SheetLocale): Place | null {
  const itemId = readText(row.cell('Item ID'));
  const start = readDate(row.cell('Start'), { locale });
  const end = readDate(row.cell('End'), { locale });
  if (!itemId || !start || !end || end < start) return null;
  return daysIn({ start, end }) > maxRentalDays ? null : { itemId, start, end };
}

/**
 * The rows of a booking. Of several with its code these are the ones whose unit and days the journal
 * knows: staff copy a row, code and all, for somebody else, and that one is theirs.
 */
export function ownRows(view: SheetView, booking: BookingRow): readonly TableRow<BookingColumn>[] {
  const rows = view.ledger.rowsWith(booking.bookingId);
  if (rows.length < 2) return rows;
  return rows.filter((row) => {
    const place = placeOf(row, view.locale);
    if (place && isKnownPlace(booking, place)) return true;
    return readBookingRow(view, row, booking).kind === 'misplaced';
  });
}

/** The row of a booking: of several the first that was not taken back. */
export function ownRow(view: SheetView, booking: BookingRow): TableRow<BookingColumn> | undefined {
  const rows = ownRows(view, booking);
  return rows.find((row) => !isCancelled(row)) ?? rows[0];
}

/** The journal knows, or has known until now, that the booking is there. */
export function isKnownPlace(
  booking: Pick<BookingRow, 'itemId' | 'startDay' | 'endDay' | 'superseded'>,
  { itemId, start, end }: Place,
): boolean {
  return [booking, ...supersededBy(booking)].some(
    (of) => itemKey(of.itemId) === itemKey(itemId) && of.startDay === start && of.endDay === end,
  );
}

/** Both rows hold the same unit for the same days, or neither makes a rental. */
export function isSamePlace(
  { locale }: SheetView,
  a: TableRow<BookingColumn>,
  b: TableRow<BookingColumn>,
): boolean {
  return isDeepStrictEqual(placeOf(a, locale), placeOf(b, locale));
}

/** Staff, or we, took the booking back in the sheet. */
export function isCancelled(row: TableRow<BookingColumn>): boolean {
  return saysCancelled(upper(row.cell('Status')));
}

/** A `Status` takes a booking back, in whichever words; a returned machine is not taken back. */
export function saysCancelled(status: string): boolean {
  const read = readBookingStatus(status);
  return read.status === 'CANCELLED' && !read.isReturned;
}

/** Has these rows of a booking say that it was taken back. */
export function cancelling(key: string, rows: readonly number[]): readonly StatusChange[] {
  return rows.map((row) => ({ tab: 'Bookings', key, row, to: 'CANCELLED' }));
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
