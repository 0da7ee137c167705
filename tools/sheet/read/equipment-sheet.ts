import type { SheetBooking, Unit, UnitStatus } from '../../yard/equipment.ts';
import { readCents, readDate, readText } from './sheet-cells.ts';
import {
  isBlank,
  readTable,
  type RowProblem,
  type SheetRows,
  type TableRow,
} from './sheet-table.ts';

/** What a tab held, and the cells in it that could not be used. */
export type Parsed<T> = { readonly value: T; readonly problems: readonly RowProblem[] };

const equipmentColumns = {
  required: ['Item ID', 'Name', 'Daily rate', 'Status'],
  optional: ['Category', 'Weekly rate', 'Four-week rate', 'Deposit', 'Due back', 'Notes'],
} as const;
type EquipmentColumn = (typeof equipmentColumns)[keyof typeof equipmentColumns][number];

const bookingColumns = {
  required: ['Booking ID', 'Item ID', 'Start', 'End', 'Status'],
  optional: [],
} as const;
type BookingColumn = (typeof bookingColumns)['required'][number];

type Report<Column extends string> = (column: Column, problem: string) => void;

/**
 * The `Equipment` tab. A row whose id, name, status or an amount cannot be used is left out: a unit
 * that is not offered costs less than a wrong price. Of two rows with one id the first stays.
 * @throws {SheetFormatError} when a required column is missing.
 */
export function parseEquipment(rows: SheetRows): Parsed<readonly Unit[]> {
  const problems: RowProblem[] = [];
  const units = new Map<string, Unit>();
  for (const row of readTable<EquipmentColumn>('Equipment', rows, equipmentColumns)) {
    const report = reporter<EquipmentColumn>('Equipment', row, problems);
    const unit = parseUnit(row, report);
    if (unit === null) continue;
    if (units.has(unit.itemId)) report('Item ID', 'a second row with the same id');
    else units.set(unit.itemId, unit);
  }
  return { value: [...units.values()], problems };
}

function parseUnit(row: TableRow<EquipmentColumn>, report: Report<EquipmentColumn>): Unit | null {
  const itemId = required(row, 'Item ID', report);
  const name = required(row, 'Name', report);
  const dailyRateCents = requiredRate(row, report);
  const weeklyRateCents = amount(row, 'Weekly rate', report);
  const fourWeekRateCents = amount(row, 'Four-week rate', report);
  const depositCents = amount(row, 'Deposit', report);
  const status = parseStatus(row, report);
  if (
    itemId === undefined ||
    name === undefined ||
    dailyRateCents === undefined ||
    weeklyRateCents === undefined ||
    fourWeekRateCents === undefined ||
    depositCents === undefined ||
    status === undefined
  ) {
    return null;
  }
  const dueBack = readDate(row.cell('Due back'));
  // A rented unit with no date is not free, so the row can stay.
  if (dueBack === undefined) report('Due back', 'not a date');
  return {
    itemId,
    name,
    category: readText(row.cell('Category')),
    dailyRateCents,
    weeklyRateCents,
    fourWeekRateCents,
    depositCents,
    status,
    dueBack: dueBack ?? null,
    notes: readText(row.cell('Notes')),
  };
}

/**
 * The `Bookings` tab; without a row in it there are none. A row that staff wrote by hand, with no
 * booking id or an unknown status, still holds its unit: the unit must not go out twice.
 * @throws {SheetFormatError} when a required column is missing.
 */
export function parseBookings(rows: SheetRows): Parsed<readonly SheetBooking[]> {
  if (rows.every(isBlank)) return { value: [], problems: [] };
  const problems: RowProblem[] = [];
  const seen = new Set<string>();
  const bookings = readTable<BookingColumn>('Bookings', rows, bookingColumns).flatMap((row) => {
    const report = reporter<BookingColumn>('Bookings', row, problems);
    const booking = parseBooking(row, report);
    if (booking === null) return [];
    if (seen.has(booking.bookingId)) report('Booking ID', 'a second row with the same id');
    seen.add(booking.bookingId);
    return [booking];
  });
  return { value: bookings, problems };
}

function parseBooking(
  row: TableRow<BookingColumn>,
  report: Report<BookingColumn>,
): SheetBooking | null {
  const itemId = required(row, 'Item ID', report);
  const start = requiredDate(row, 'Start', report);
  const end = requiredDate(row, 'End', report);
  if (itemId === undefined || start === undefined || end === undefined) return null;
  if (end < start) {
    report('End', 'before the start');
    return null;
  }
  const bookingId = required(row, 'Booking ID', report) ?? `row ${row.number}`;
  return { bookingId, itemId, start, end, status: bookingStatus(row, report) };
}

function bookingStatus(
  row: TableRow<BookingColumn>,
  report: Report<BookingColumn>,
): SheetBooking['status'] {
  const status = (readText(row.cell('Status')) ?? '').toUpperCase();
  if (status === 'CANCELLED' || status === 'CANCELED') return 'CANCELLED';
  if (status !== 'CONFIRMED') report('Status', 'neither CONFIRMED nor CANCELLED');
  return 'CONFIRMED';
}

const statuses: readonly UnitStatus[] = ['AVAILABLE', 'RENTED', 'MAINTENANCE'];

function parseStatus(
  row: TableRow<EquipmentColumn>,
  report: Report<EquipmentColumn>,
): UnitStatus | undefined {
  const text = (readText(row.cell('Status')) ?? '').toUpperCase();
  const status = statuses.find((known) => known === text);
  if (status === undefined) report('Status', `none of ${statuses.join(', ')}`);
  return status;
}

function required<Column extends string>(
  row: TableRow<Column>,
  column: Column,
  report: Report<Column>,
): string | undefined {
  const text = readText(row.cell(column));
  if (text === null) report(column, 'empty');
  return text ?? undefined;
}

function requiredDate<Column extends string>(
  row: TableRow<Column>,
  column: Column,
  report: Report<Column>,
): string | undefined {
  const date = readDate(row.cell(column));
  if (date === null) report(column, 'empty');
  if (date === undefined) report(column, 'not a date');
  return date ?? undefined;
}

function requiredRate(
  row: TableRow<EquipmentColumn>,
  report: Report<EquipmentColumn>,
): number | undefined {
  const cents = amount(row, 'Daily rate', report);
  if (cents === undefined) return undefined;
  if (cents !== null && cents > 0) return cents;
  report('Daily rate', cents === null ? 'empty' : 'zero');
  return undefined;
}

function amount(
  row: TableRow<EquipmentColumn>,
  column: EquipmentColumn,
  report: Report<EquipmentColumn>,
): number | null | undefined {
  const cents = readCents(row.cell(column));
  if (cents === undefined) report(column, 'not an amount of money');
  return cents;
}

function reporter<Column extends string>(
  tab: string,
  row: TableRow<Column>,
  problems: RowProblem[],
): Report<Column> {
  return (column, problem) => problems.push({ tab, row: row.number, column, problem });
}
