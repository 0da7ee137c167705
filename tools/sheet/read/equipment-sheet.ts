import type { IsoDate, Unit } from '../../yard/equipment.ts';
import { itemKey } from '../../yard/item-id.ts';
import { dayFromWords, nearestTo, readDateCell } from './date-cells.ts';
import { reporter, reportIgnored, textOf, type Parsed, type Report } from './row-report.ts';
import {
  isErrorValue,
  readAmount,
  readQuantity,
  readText,
  type RatePeriod,
} from './sheet-cells.ts';
import { sheetLocale, type SheetLocale } from './sheet-locale.ts';
import type { SheetProblem } from './sheet-problems.ts';
import { openTable, type Cell, type SheetRows, type TableRow } from './sheet-table.ts';
import { readUnitStatus } from './status-words.ts';

/** The sheet's locale and the yard's day, by which rows are read. */
export type ReadingContext = {
  readonly locale: SheetLocale;
  /** The yard's day. */
  readonly today: IsoDate;
  /** The tab's own name, for what is reported. */
  readonly title?: string | undefined;
};

/** The columns of `Equipment`. */
export const equipmentColumns = {
  required: ['Item ID', 'Name', 'Daily rate', 'Status'],
  optional: [
    'Category',
    'Weekly rate',
    'Four-week rate',
    'Deposit',
    'Due back',
    'Notes',
    'Quantity',
    'Half day',
    'Weekend rate',
    'Also called',
  ],
} as const;
type Column = (typeof equipmentColumns)[keyof typeof equipmentColumns][number];
type Row = TableRow<Column>;

/**
 * The `Equipment` tab. A row is left out when it has no id or no name; any other cell that cannot be
 * read costs the machine that cell alone. Of two rows with one id the first stays; headings and
 * totals between the rows are passed over.
 * @throws {SheetFormatError} when a required column is missing.
 */
export function parseEquipment(
  rows: SheetRows,
  context: ReadingContext = { locale: sheetLocale('en_US'), today: '2026-01-01' },
): Parsed<readonly Unit[]> & { readonly rowNumbers: readonly number[] } {
  const { title = 'Equipment' } = context;
  const table = openTable<Column>('Equipment', rows, equipmentColumns, title);
  const columns = [...equipmentColumns.required, ...equipmentColumns.optional];
  const problems: SheetProblem[] = [...reportIgnored(title, table, columns)];
  const units = new Map<string, Unit>();
  const rowNumbers: number[] = [];
  const machines = table.rows.filter((row) => !isHeading(row));
  const specs = specColumns(rows[table.headerRow - 1] ?? [], table.ignored);
  for (const row of machines) {
    const report = reporter<Column>(title, row, problems);
    const parsed = parseUnit(row, report, context);
    if (parsed === null) continue;
    const unit = withSpecs(parsed, specs, rows[row.number - 1] ?? []);
    const key = itemKey(unit.itemId);
    if (!units.has(key)) {
      units.set(key, unit);
      rowNumbers.push(row.number);
    } else {
      report('Item ID', {
        what: 'a second row with the same id',
        why: 'only the first of the two is offered',
        remedy: 'give each machine an id of its own',
      });
    }
  }
  const leftOut = machines.map(({ number }) => number).filter((row) => !rowNumbers.includes(row));
  return { value: [...units.values()], problems, leftOut, rowNumbers };
}

/** Columns of a yard's own that say what a machine is like, and nothing that is the yard's alone. */
const specNames =
  /^(?:(?:operating|max(?:imum)?|rated|lift|lifting|platform|working|dig(?:ging)?|tank|engine|bucket|load|tow(?:ing)?) )*(?:weight|horse ?power|hp|reach|height|depth|width|length|capacity|power|kw|watts|voltage|volts|psi|cfm|gpm|fuel(?: type)?|engine|tires|tracks|hitch|ball(?: size)?|speed|size|dimensions|bucket|includes|included|attachments|license|training|requires|requirements|tow vehicle|terrain)$/i;

type Spec = { readonly name: string; readonly position: number };

function specColumns(header: readonly Cell[], ignored: readonly string[]): readonly Spec[] {
  return header.flatMap((cell, position) => {
    const name = String(cell ?? '').trim();
    const words = name.replace(/\s*\(.*\)$/, '');
    return ignored.includes(name) && specNames.test(words) ? [{ name, position }] : [];
  });
}

/** The machine with its own columns as notes, `Weight (lb): 8000`, which callers may hear. */
function withSpecs(unit: Unit, specs: readonly Spec[], cells: readonly Cell[]): Unit {
  const told = specs.flatMap(({ name, position }) => {
    const text = readText(cells[position] ?? null);
    return text === null || isErrorValue(text) ? [] : [`${name}: ${text}`];
  });
  return told.length === 0
    ? unit
    : { ...unit, notes: [...(unit.notes === null ? [] : [unit.notes]), ...told].join('; ') };
}

/** A heading, a total, or checkboxes down to the end: it says nothing of a machine. */
function isHeading(row: Row): boolean {
  const names: readonly Column[] = ['Item ID', 'Name', 'Category', 'Status', 'Notes', 'Due back'];
  const texts = names.flatMap((column) => wordsOf(row, column));
  if (texts.some((text) => /^(?:sub|grand )?totals?\b/i.test(text))) return true;
  const rates: readonly Column[] = ['Daily rate', 'Weekly rate', 'Four-week rate', 'Deposit'];
  const hasRates = rates.some(
    (column) => Number(row.cell(column)) !== 0 && wordsOf(row, column).length > 0,
  );
  return texts.length === 0 || (texts.length === 1 && !hasRates);
}

/** The cell's text unless it is a checkbox, or the nothing that a formula gives. */
function wordsOf(row: Row, column: Column): readonly string[] {
  const cell = row.cell(column);
  const text = readText(cell);
  return text === null || typeof cell === 'boolean' || isErrorValue(cell) ? [] : [text];
}

function parseUnit(row: Row, report: Report<Column>, context: ReadingContext): Unit | null {
  const itemId = required(row, 'Item ID', report);
  const name = required(row, 'Name', report);
  if (itemId === null || name === null) return null;
  const { locale } = context;
  const alsoCalled = textOf(row, 'Also called', report);
  const dailyRateCents = dailyRate(row, report, locale);
  const weeklyRateCents = longRate(row, 'Weekly rate', { report, locale, least: dailyRateCents });
  const least = weeklyRateCents ?? dailyRateCents;
  const unit: Unit = {
    itemId,
    name,
    category: textOf(row, 'Category', report),
    dailyRateCents,
    weeklyRateCents,
    fourWeekRateCents: longRate(row, 'Four-week rate', { report, locale, least }),
    depositCents: amount(row, 'Deposit', { report, locale, period: 'none' }),
    status: statusOf(row, report),
    dueBack: dueBackOf(row, report, context),
    notes: textOf(row, 'Notes', report),
    ...(alsoCalled === null ? {} : { alsoCalled }),
    ...quantityOf(row, report),
    ...otherRates(row, report, locale),
  };
  reportAllOut(unit, row, report);
  return unit;
}

/** A rate of nothing is none. */
function otherRates(
  row: Row,
  report: Report<Column>,
  locale: SheetLocale,
): Pick<Unit, 'otherRates'> {
  const halfDayCents = amount(row, 'Half day', { report, locale, period: 'half-day' });
  const weekendCents = amount(row, 'Weekend rate', { report, locale, period: 'weekend' });
  const rates = {
    ...(halfDayCents ? { halfDayCents } : {}),
    ...(weekendCents ? { weekendCents } : {}),
  };
  return Object.keys(rates).length > 0 ? { otherRates: rates } : {};
}

function required(row: Row, column: 'Item ID' | 'Name', report: Report<Column>): string | null {
  const text = textOf(row, column, report);
  if (text === null && !isErrorValue(row.cell(column))) {
    report(column, {
      what: 'empty',
      why: 'the machine is not offered',
      remedy: column === 'Name' ? "write the machine's name" : 'give the machine an id of its own',
    });
  }
  return text;
}

/** Of several machines `RENTED` says neither how many are out nor until when: none is offered. */
function reportAllOut({ status, quantity = 1 }: Unit, row: Row, report: Report<Column>): void {
  if (status !== 'RENTED' || quantity <= 1 || readText(row.cell('Due back')) !== null) return;
  report('Status', {
    what: 'several machines that are out, without a date',
    why: 'none of them is offered until a booking that is out now ends',
    remedy: 'write a row of Bookings for those that are out, and AVAILABLE here',
  });
}

/** The machines of a row of several; nothing for a row of one. */
function quantityOf(row: Row, report: Report<Column>): Pick<Unit, 'quantity'> {
  const quantity = readQuantity(row.cell('Quantity'));
  if (quantity === undefined) {
    report('Quantity', {
      what: 'not a number of machines',
      why: 'the row counts as one machine',
      remedy: 'write the number alone, as in 5',
    });
  }
  if (quantity === 0) {
    report('Quantity', {
      what: 'zero',
      why: 'the machine is not offered',
      remedy: 'write how many there are, or SOLD into Status',
    });
  }
  return quantity === undefined || quantity === 1 ? {} : { quantity };
}

function statusOf(row: Row, report: Report<Column>): Unit['status'] {
  const { status, isKnown } = readUnitStatus(row.cell('Status'));
  if (!isKnown) {
    report('Status', {
      what: readText(row.cell('Status')) === null ? 'empty' : 'words that Pickup does not know',
      why: 'the machine is not offered: callers hear that someone must check that one',
      remedy: 'write AVAILABLE, RENTED or MAINTENANCE',
    });
  }
  return status;
}

function dueBackOf(row: Row, report: Report<Column>, context: ReadingContext): IsoDate | null {
  const reading = readDateCell(row.cell('Due back'), context);
  if (reading === null) return null;
  if (reading !== undefined) {
    if ('day' in reading) return reading.day;
    if ('month' in reading) {
      const day = nearestTo(reading, [context.today]);
      if (day !== undefined) return day;
    } else {
      // When it was written nobody knows: it is no earlier than that.
      report('Due back', {
        what: 'a day without its date',
        why: 'it is taken as the next such day, whenever it is read',
        remedy: `write the date, as in ${context.today}`,
      });
      return dayFromWords(reading, context.today);
    }
  }
  // A rented machine with no date is not free, so the row can stay.
  report('Due back', {
    what: 'not a date',
    why: 'callers hear that there is no return date',
    remedy: `write the date, as in ${context.today}`,
  });
  return null;
}

type Money = { readonly report: Report<Column>; readonly locale: SheetLocale };

function dailyRate(row: Row, report: Report<Column>, locale: SheetLocale): number | null {
  const cents = amount(row, 'Daily rate', { report, locale, period: 'day' });
  if (cents !== null && cents > 0) return cents;
  const isUnread =
    cents === null && readAmount(row.cell('Daily rate'), 'day', locale) === undefined;
  if (!isUnread) {
    report('Daily rate', {
      what: cents === null ? 'empty' : 'zero',
      why: 'callers hear that someone calls them with the price',
      remedy: 'write the price of a day, as in 85.00',
    });
  }
  return null;
}

/** A rate of no money, or lower than that of a shorter time, is a slip of the hand. */
function longRate(
  row: Row,
  column: 'Weekly rate' | 'Four-week rate',
  { report, locale, least }: Money & { readonly least: number | null },
): number | null {
  const period = column === 'Weekly rate' ? 'week' : 'four-week';
  const cents = amount(row, column, { report, locale, period });
  if (cents === null || (cents > 0 && cents >= (least ?? 0))) return cents;
  report(column, {
    what: cents === 0 ? 'zero' : 'lower than the rate of a shorter time',
    why: 'the rate is not used: such rentals cost the shorter rates',
    remedy: 'write the rate, or empty the cell if there is none',
  });
  return null;
}

function amount(
  row: Row,
  column: Column,
  { report, locale, period }: Money & { readonly period: RatePeriod },
): number | null {
  const read = readAmount(row.cell(column), period, locale);
  const isDeposit = column === 'Deposit';
  if (read === undefined) {
    const isDaily = column === 'Daily rate';
    report(column, {
      what: 'not an amount of money',
      why: isDaily
        ? 'callers hear that someone calls them with the price'
        : isDeposit
          ? 'callers hear of no deposit for this machine'
          : 'the machine is offered without this rate',
      remedy: 'write the amount alone, as in 85.00, or empty the cell if there is none',
    });
    return null;
  }
  if (read.hasMore) {
    report(column, {
      what: 'an amount with words beside it',
      why: 'callers hear the amount alone',
      remedy: 'put the words into Notes',
    });
  }
  return read.cents;
}
