import { createHash } from 'node:crypto';
import {
  firstDay,
  lastDay,
  type IsoDate,
  lateDays,
  type SheetBooking,
  type StaffRental,
  type Unit,
} from '../../yard/equipment.ts';
import { UnitIndex, type NamedUnits } from '../../yard/item-id.ts';
import { addDays, daysIn, maxRentalDays, type RentalRange } from '../../yard/rental-dates.ts';
import {
  dayFromWords,
  firstFrom,
  nearestTo,
  readDateCell,
  type DateReading,
  type Recurring,
} from './date-cells.ts';
import type { ReadingContext } from './equipment-sheet.ts';
import { reporter, reportIgnored, type Parsed, type Report } from './row-report.ts';
import { isErrorValue, readAmount, readQuantity, readText } from './sheet-cells.ts';
import type { SheetProblem } from './sheet-problems.ts';
import {
  isBlank,
  nameKey,
  openTable,
  type Cell,
  type SheetRows,
  type Table,
  type TableRow,
} from './sheet-table.ts';
import { readBookingStatus } from './status-words.ts';

/** The columns of `Bookings` that are read; the writer needs those that are required all. */
export const readBookingColumns = {
  required: ['Booking ID', 'Item ID', 'Start', 'End', 'Status'],
  optional: ['Item', 'Customer', 'Phone', 'Total', 'Created at', 'Call ID', 'Quantity'],
} as const;
type Column = (typeof readBookingColumns)[keyof typeof readBookingColumns][number];
type Row = TableRow<Column>;

/** Columns that are written for a call and never read. */
const written = ['Delivery', 'Address', 'Job', 'PO', 'Notes', 'Pick-up time', 'Return time'];
const isWritten = (column: string) => written.some((of) => nameKey(of) === nameKey(column));

/** A machine, by its id or its name, a start and an end are enough to hold it. */
const sparing = {
  ...readBookingColumns,
  isSpared: (missing: Column, found: ReadonlyMap<Column, number>) =>
    missing === 'Booking ID' ||
    missing === 'Status' ||
    (missing === 'Item ID' && found.has('Item')),
};

/** The yard as its rows of bookings are read by it. */
export type BookingsContext = ReadingContext & {
  /** The machines that there are, sold ones included. */
  readonly units: readonly Unit[];
  /** Fingerprints of rows that the yard has settled: they hold nothing more. */
  readonly settled?: ReadonlySet<string>;
};

/** The dates of a row, as far as it goes by itself. */
type Dates = {
  readonly row: Row;
  readonly start: DateReading | null | undefined;
  readonly end: DateReading | null | undefined;
  readonly createdAt: IsoDate | null;
};

/**
 * The `Bookings` tab: one booking for each machine that a row names; without a row there are none. A
 * row that cannot be read whole is `UNCLEAR` and holds its machine from its readable day on, unless
 * it was cancelled, came back, is wholly past or was settled. A row whose machine cannot be told is
 * reported as holding none.
 * @throws {SheetFormatError} when the columns do not tell machine, start and end.
 */
export function parseBookings(
  rows: SheetRows,
  context: BookingsContext,
): Parsed<readonly SheetBooking[]> & {
  readonly rowNumbers: readonly number[];
  /** The rentals that are not over, or only late, each with its customer. */
  readonly rentals: readonly StaffRental[];
} {
  if (rows.every(isBlank)) {
    return { value: [], problems: [], leftOut: [], rowNumbers: [], rentals: [] };
  }
  const { title = 'Bookings' } = context;
  const table = openTable<Column>('Bookings', rows, sparing, title);
  const columns = [...readBookingColumns.required, ...readBookingColumns.optional];
  const problems: SheetProblem[] = [
    ...reportIgnored(title, table, columns).filter(({ column }) => !isWritten(column)),
    ...reportMissing(title, table),
  ];
  const index = new UnitIndex(context.units);
  const dates = table.rows.map((row) => datesOf(row, context));
  const seen = new Set<string>();
  const leftOut: number[] = [];
  const rowNumbers: number[] = [];
  const rentals: StaffRental[] = [];
  const latest = addDays(context.today, -lateDays);
  const bookings = dates.flatMap((of, at): readonly SheetBooking[] => {
    const { row } = of;
    const named = machinesOf(row, index);
    if (isHeading(row, named)) return [];
    const rowKey = fingerprint(rows[row.number - 1] ?? []);
    const report = reporter<Column>(title, row, problems);
    const bookingId = readText(row.cell('Booking ID')) ?? `row ${row.number}`;
    if (seen.has(bookingId)) reportSecond(report);
    seen.add(bookingId);
    const status = readBookingStatus(row.cell('Status'));
    const range = rangeOf(of, { dates, at, today: context.today });
    const itemIds = named.units.map(({ itemId }) => itemId);
    rowNumbers.push(...itemIds.map(() => row.number));
    const whole = range.start !== null && range.end !== null && range.start <= range.end;
    const isOver = status.status === 'CANCELLED' || context.settled?.has(rowKey);
    if (whole && !isOver && plain(range).end >= latest) {
      const rental = rentalOf(row, plain(range), context);
      // The total of several machines is of all of them.
      const own = itemIds.length > 1 ? { ...rental, totalCents: null } : rental;
      rentals.push(...itemIds.map((itemId) => ({ ...own, itemId })));
    }
    if (isOver || isPast(range, context)) {
      const days = whole ? plain(range) : { start: firstDay, end: firstDay };
      return itemIds.map((itemId) => ({
        bookingId,
        itemId,
        ...days,
        status: 'CANCELLED' as const,
      }));
    }
    const told = {
      report,
      row: row.number,
      rowKey,
      holds: itemIds.length > 0,
      today: context.today,
    };
    reportMachine(row, named, told);
    if (itemIds.length === 0) leftOut.push(row.number);
    if (!status.isKnown) reportStatus(report);
    if (!whole) reportDates(of, range, told);
    else reportLength(plain(range), told);
    // What is not placed may be another machine, but which nobody can tell: those named are held.
    const held = whole ? plain(range) : { start: earliest(range), end: lastDay };
    const quantity = readQuantity(row.cell('Quantity'));
    if (quantity === undefined) reportQuantity(report);
    return named.units.map(({ itemId, quantity: all = 1 }) => ({
      bookingId,
      itemId,
      ...held,
      status: whole ? ('CONFIRMED' as const) : ('UNCLEAR' as const),
      // A row of one machine holds that one, whatever it says; what cannot be read holds all.
      ...heldOf(quantity ?? all, all),
    }));
  });
  return { value: bookings, problems, leftOut, rowNumbers, rentals };
}

function rentalOf(
  row: Row,
  { start, end }: RentalRange,
  { locale }: ReadingContext,
): Omit<StaffRental, 'itemId'> {
  const text = (column: Column) =>
    isErrorValue(row.cell(column)) ? '' : readText(row.cell(column));
  return {
    start,
    end,
    bookingId: text('Booking ID') ?? '',
    customer: text('Customer') ?? '',
    phone: text('Phone') ?? '',
    totalCents: readAmount(row.cell('Total'), 'none', locale)?.cents ?? null,
  };
}

/** A fingerprint of a row, by which it is known again wherever it is moved. */
function fingerprint(cells: readonly Cell[]): string {
  const texts = cells.map((cell) => readText(cell) ?? '');
  const last = texts.findLastIndex((text) => text !== '');
  return createHash('sha256')
    .update(JSON.stringify(texts.slice(0, last + 1)))
    .digest('hex')
    .slice(0, 16);
}

/** The machines of a row's id; without one that fits, of a name that only one machine has. */
function machinesOf(row: Row, index: UnitIndex): NamedUnits {
  const [id, item] = [usable(row.cell('Item ID')), usable(row.cell('Item'))];
  const byId = id === null ? null : index.find(id);
  if (byId && (byId.fault === null || byId.units.length > 0)) return byId;
  const byName = item === null ? null : index.find(item);
  if (byName && byName.units.length > 0) return byName;
  return byId ?? byName ?? { units: [], fault: 'unknown' };
}

function usable(cell: Cell): string | null {
  return isErrorValue(cell) || typeof cell === 'boolean' ? null : readText(cell);
}

/** A heading, a total, checkboxes or formulas down to the end: it says nothing of a rental. */
function isHeading(row: Row, named: NamedUnits): boolean {
  if (named.units.length > 0) return false;
  const names: readonly Column[] = [
    'Booking ID',
    'Item ID',
    'Item',
    'Start',
    'End',
    'Customer',
    'Phone',
  ];
  const cells = names.map((column) => row.cell(column));
  const filled = cells.filter(
    (cell) => readText(cell) !== null && typeof cell !== 'boolean' && cell !== 0,
  );
  if (filled.some((cell) => /^(?:sub|grand )?totals?\b/i.test(String(cell)))) return true;
  const texts = filled.filter((cell) => !isErrorValue(cell));
  return texts.length === 0 ? filled.length < 2 : filled.length === 1;
}

function datesOf(row: Row, context: ReadingContext): Dates {
  const created = readDateCell(row.cell('Created at'), context);
  return {
    row,
    start: readDateCell(row.cell('Start'), context),
    end: readDateCell(row.cell('End'), context),
    createdAt: created && 'day' in created ? created.day : null,
  };
}

type Range = {
  readonly start: IsoDate | null;
  readonly end: IsoDate | null;
  /** The end has no year, and lies before the start in the start's own. */
  readonly isReversed?: boolean;
};

/** A rental into the next year whose end has no year is shorter; else the end was mistyped. */
const maxIntoNextYearDays = 180;

/**
 * Completes the days of a row. A missing year follows `Created at`, then the row's other day, then
 * the rows beside it, then the day that is nearest; words such as `tomorrow` follow `Created at`.
 */
function rangeOf(
  { start, end, createdAt }: Dates,
  around: { readonly dates: readonly Dates[]; readonly at: number; readonly today: IsoDate },
): Range {
  const wholeEnd = end && 'day' in end ? end.day : null;
  const first = start ? startOf(start, { createdAt, wholeEnd, around }) : null;
  if (first && end && 'month' in end && isReversed(end, first)) {
    return { start: first, end: null, isReversed: true };
  }
  const last = wholeEnd ?? (end && first !== null && 'month' in end ? firstFrom(end, first) : null);
  const alone = end && 'month' in end && first === null ? yearBeside(end, around) : null;
  return { start: first ?? null, end: last ?? alone ?? null };
}

function isReversed(end: Recurring, start: IsoDate): boolean {
  // In its own year the end is before the start, whatever weekday stands beside it.
  const next = firstFrom({ ...end, weekday: undefined }, start);
  return (
    next !== undefined &&
    next.slice(0, 4) !== start.slice(0, 4) &&
    daysIn({ start, end: next }) > maxIntoNextYearDays
  );
}

function startOf(
  start: DateReading,
  by: {
    readonly createdAt: IsoDate | null;
    readonly wholeEnd: IsoDate | null;
    readonly around: Parameters<typeof rangeOf>[1];
  },
): IsoDate | null {
  if ('day' in start) return start.day;
  const { createdAt, wholeEnd, around } = by;
  if (!('month' in start)) return createdAt === null ? null : dayFromWords(start, createdAt);
  if (wholeEnd !== null) {
    // The last such day before the end, unless that is longer than a rental lasts.
    const day = nearestTo(start, [wholeEnd]);
    if (day !== undefined && day <= wholeEnd) return day;
  }
  // It may have been written down some days late.
  if (createdAt !== null) return firstFrom(start, addMonthBefore(createdAt)) ?? null;
  return yearBeside(start, around) ?? null;
}

/** A month earlier, by the calendar's numbers: near enough to tell one year from the other. */
function addMonthBefore(day: IsoDate): IsoDate {
  const [year = '', month = '', date = ''] = day.split('-');
  return month === '01'
    ? `${Number(year) - 1}-12-${date}`
    : `${year}-${String(Number(month) - 1).padStart(2, '0')}-${date}`;
}

/** The year that brings the day nearest to whole days in rows beside it; without any, to today. */
function yearBeside(
  recurring: Recurring,
  { dates, at, today }: Parameters<typeof rangeOf>[1],
): IsoDate | undefined {
  const dayOf = ({ start, end }: Dates) =>
    start && 'day' in start ? start.day : end && 'day' in end ? end.day : undefined;
  const above = dates
    .slice(0, at)
    .toReversed()
    .map(dayOf)
    .find((day) => day !== undefined);
  const below = dates
    .slice(at + 1)
    .map(dayOf)
    .find((day) => day !== undefined);
  const beside = [above, below].filter((day) => day !== undefined);
  return nearestTo(recurring, beside.length > 0 ? beside : [today]);
}

function plain({ start, end }: Range): RentalRange {
  return { start: start ?? firstDay, end: end ?? lastDay };
}

/** True when the end can be read, and all that can be read lies behind. */
function isPast({ start, end }: Range, { today }: ReadingContext): boolean {
  return end !== null && end < today && (start === null || start < today);
}

function earliest({ start, end }: Range): IsoDate {
  if (start === null) return firstDay;
  return end !== null && end < start ? end : start;
}

/** Names each column that reading can do without and writing cannot. */
function reportMissing(
  title: string,
  { headerRow, positions }: Pick<Table<Column>, 'headerRow' | 'positions'>,
): readonly SheetProblem[] {
  const missing = readBookingColumns.required.filter((column) => !positions.has(column));
  const named = missing.map((column) => `"${column}"`).join(', ');
  return missing.map((column) => ({
    tab: title,
    row: headerRow,
    column,
    what: 'there is no such column',
    why: 'the rows hold their machines, but phone bookings cannot be put here: they wait',
    remedy: `add the column header${missing.length > 1 ? 's' : ''} ${named}`,
  }));
}

type Telling = {
  readonly report: Report<Column>;
  readonly row: number;
  readonly rowKey: string;
  readonly holds: boolean;
  readonly today: IsoDate;
};

const settle = (row: number) => `or run: npm run bookings -- --settle ${row}`;

function reportMachine(row: Row, { units, fault }: NamedUnits, telling: Telling): void {
  if (fault === null) return;
  const column =
    readText(row.cell('Item ID')) === null && readText(row.cell('Item')) !== null
      ? 'Item'
      : 'Item ID';
  const cell = row.cell(column);
  const what =
    readText(cell) === null
      ? 'empty'
      : isErrorValue(cell)
        ? 'shows the error of a formula'
        : fault === 'several'
          ? 'a name that several machines have'
          : 'fits no machine of the equipment tab';
  telling.report(column, {
    what,
    why:
      units.length > 0
        ? 'the machines that were found are held, and nothing for the rest'
        : 'the row holds no machine: it may be rented to somebody else',
    remedy: `write the machine's id as in the equipment tab, ${settle(telling.row)}`,
    rowKey: telling.rowKey,
  });
}

function reportDates({ row }: Dates, range: Range, telling: Telling): void {
  const { report, rowKey, holds, today } = telling;
  const from = range.start === null ? 'on every day' : `from ${earliest(range)} on`;
  const why = holds ? `the machine is held ${from}` : 'the row holds no machine';
  const remedy = `write the day as in ${today}, ${settle(row.number)}`;
  const told = (what: string) => ({ what, why, remedy, rowKey });
  for (const column of ['Start', 'End'] as const) {
    const isRead = (column === 'Start' ? range.start : range.end) !== null;
    if (isRead) continue;
    const isBefore = column === 'End' && range.isReversed;
    const isEmpty = readText(row.cell(column)) === null;
    report(column, told(isBefore ? 'before the start' : isEmpty ? 'empty' : 'not a date'));
  }
  if (range.start !== null && range.end !== null) report('End', told('before the start'));
}

function reportLength(range: RentalRange, { report, row, rowKey }: Telling): void {
  if (daysIn(range) <= maxRentalDays) return;
  report('End', {
    what: 'more than a year after the start',
    why: 'the machine is held all that time',
    remedy: `correct the year, ${settle(row)}`,
    rowKey,
  });
}

function reportStatus(report: Report<Column>): void {
  report('Status', {
    what: 'words that Pickup does not know',
    why: 'the machine is held as if it were CONFIRMED',
    remedy: 'write CONFIRMED, CANCELLED or RETURNED',
  });
}

function heldOf(quantity: number, all: number): Pick<SheetBooking, 'quantity'> {
  return all === 1 || quantity <= 1 ? {} : { quantity };
}

function reportQuantity(report: Report<Column>): void {
  report('Quantity', {
    what: 'not a number of machines',
    why: 'all of the row in the equipment tab are held',
    remedy: 'write the number alone, as in 2',
  });
}

function reportSecond(report: Report<Column>): void {
  report('Booking ID', {
    what: 'a second row with the same id',
    why: 'both rows hold their machines',
    remedy: 'give the row that was copied an id of its own, or none',
  });
}
