import { parseBookings } from '../read/bookings-sheet.ts';
import { parseEquipment } from '../read/equipment-sheet.ts';
import { readText } from '../read/sheet-cells.ts';
import type { SheetLocale } from '../read/sheet-locale.ts';
import {
  isBlank,
  openTable,
  unlessUnusable,
  type Cell,
  type SheetRows,
  type Table,
  type TableRow,
} from '../read/sheet-table.ts';
import type { SheetsClient, SheetsRequestOptions } from '../client/sheets-client.ts';
import { readSheetTabs, type TabName } from '../read/sheet-tabs.ts';
import { parseYard } from '../read/yard-sheet.ts';
import type { SheetBooking, Unit } from '../../yard/equipment.ts';
import { itemKey } from '../../yard/item-id.ts';
import { todayIn } from '../../yard/rental-dates.ts';

const equipmentColumns = { required: ['Item ID', 'Status'], optional: [] } as const;

/** The columns of `Bookings` as we write them; those that a yard does without are left out. */
export const bookingColumns = {
  required: ['Booking ID', 'Item ID', 'Start', 'End', 'Status'],
  optional: [
    'Item',
    'Customer',
    'Phone',
    'Total',
    'Created at',
    'Call ID',
    'Delivery',
    'Address',
    'Job',
    'PO',
    'Notes',
    'Pick-up time',
    'Return time',
  ],
} as const;
export type BookingColumn = (typeof bookingColumns)[keyof typeof bookingColumns][number];

/** The columns of `Messages`, which is our tab. */
export const messageColumns = {
  required: ['Message ID', 'Message'],
  optional: ['Created at', 'Customer', 'Phone', 'Call ID'],
} as const;
export type MessageColumn = (typeof messageColumns)[keyof typeof messageColumns][number];

/** A tab that we make ourselves gets this header. */
export const bookingHeader: readonly BookingColumn[] = [
  'Booking ID',
  'Item ID',
  'Item',
  'Start',
  'End',
  'Status',
  'Customer',
  'Phone',
  'Total',
  'Created at',
  'Call ID',
];
export const messageHeader: readonly MessageColumn[] = [
  'Message ID',
  'Created at',
  'Customer',
  'Phone',
  'Message',
  'Call ID',
];

/** The tabs in which a cell named `Status` is changed, each row found by its id. */
export type StatusTab = 'Equipment' | 'Bookings';

/** The `Status` cell of the row with the id `key`. `row` is the sheet's, `column` counts from 0. */
export type StatusCell = {
  readonly tab: StatusTab;
  readonly key: string;
  readonly row: number;
  readonly column: number;
  /** The cell's text in capitals. */
  readonly status: string;
};

/** A tab to which rows are added. `table` is null while it is empty, or is not there. */
export type Ledger<Column extends string> = {
  /** Null when there is no such tab. */
  readonly sheetId: number | null;
  readonly title: string;
  readonly table: Table<Column> | null;
  /** The last row that has an id, else the header's; 0 while the tab is empty. */
  readonly lastRow: number;
  /** The rows with that id; if there is none, those that came in with it while columns were moved. */
  rowsWith(id: string): readonly TableRow<Column>[];
  /** The texts of a row, in whichever columns. */
  textsAt(row: number): readonly string[];
  /** The tab as it was read, from its first row on. */
  readonly cells: SheetRows;
};

/** The sheet as the writer saw it at one moment. */
export type SheetView = {
  readonly units: readonly Unit[];
  readonly bookings: readonly SheetBooking[];
  readonly timeZone: string;
  readonly locale: SheetLocale;
  /** False when the tab of equipment cannot be read: nothing is known of any unit then. */
  readonly hasEquipment: boolean;
  readonly ledger: Ledger<BookingColumn>;
  readonly messages: Ledger<MessageColumn>;
  readonly statuses: (tab: StatusTab) => readonly StatusCell[];
  /** The first of several rows with that id. */
  readonly statusOf: (tab: StatusTab, key: string) => StatusCell | undefined;
  readonly statusAt: (tab: StatusTab, row: number) => StatusCell | undefined;
  readonly titleOf: (tab: StatusTab) => string;
};

/**
 * Reads what the writer needs, in one request; in a few when a tab is missing. Equipment that cannot
 * be read holds nothing up. @throws {SheetsError}, and {SheetFormatError} when `Bookings` or, with
 * them, `Messages` lack a required column; for messages alone `Bookings` may.
 */
export async function readSheetView(
  client: SheetsClient,
  {
    withMessages,
    clock,
    settled,
  }: {
    readonly withMessages: boolean;
    readonly clock: { nowMs(): number };
    readonly settled: ReadonlySet<string>;
  },
  options: SheetsRequestOptions,
): Promise<SheetView> {
  const tabs: readonly TabName[] = [
    'Equipment',
    'Bookings',
    'Yard',
    ...(withMessages ? (['Messages'] as const) : []),
  ];
  const {
    tabs: read,
    locale,
    timeZone: ownZone,
  } = await readSheetTabs(client, tabs, () => options);
  const rowsOf = (tab: TabName) => read.get(tab)?.rows ?? [];
  const titleOf = (tab: TabName) => read.get(tab)?.title ?? tab;
  const named = (tab: TabName) => ({ tab, title: titleOf(tab) });
  const { timeZone } = parseYard(rowsOf('Yard'), { locale, timeZone: ownZone }).value;
  const context = { locale, today: todayIn(timeZone, clock) };
  const equipment = unlessUnusable(() => ({
    table: openTable('Equipment', rowsOf('Equipment'), equipmentColumns),
    units: parseEquipment(rowsOf('Equipment'), context).value,
  }));
  const units = equipment?.units ?? [];
  const ledgerRows = withMessages ? usableLedger(rowsOf('Bookings')) : rowsOf('Bookings');
  const ledger: Ledger<BookingColumn> = {
    sheetId: read.get('Bookings')?.sheetId ?? null,
    title: titleOf('Bookings'),
    ...openLedger<BookingColumn>(named('Bookings'), ledgerRows, bookingColumns, 'Booking ID'),
  };
  const messages: Ledger<MessageColumn> = {
    sheetId: read.get('Messages')?.sheetId ?? null,
    title: titleOf('Messages'),
    ...openLedger<MessageColumn>(
      named('Messages'),
      rowsOf('Messages'),
      messageColumns,
      'Message ID',
    ),
  };
  const statuses: Readonly<Record<StatusTab, readonly StatusCell[]>> = {
    Equipment: equipment ? statusCells('Equipment', equipment.table, 'Item ID') : [],
    Bookings: ledger.table ? statusCells('Bookings', ledger.table, 'Booking ID') : [],
  };
  return {
    units,
    bookings: parseBookings(ledgerRows, { ...context, units, settled }).value,
    timeZone,
    locale,
    hasEquipment: equipment !== null,
    ledger,
    messages,
    statuses: (tab) => statuses[tab],
    statusOf: (tab, key) =>
      tab === 'Equipment'
        ? statuses[tab].find((cell) => itemKey(cell.key) === itemKey(key))
        : statuses[tab].find((cell) => cell.key === key),
    statusAt: (tab, row) => statuses[tab].find((cell) => cell.row === row),
    titleOf,
  };
}

function openLedger<Column extends string>(
  { tab, title }: { readonly tab: TabName; readonly title: string },
  rows: SheetRows,
  columns: { readonly required: readonly Column[]; readonly optional: readonly Column[] },
  idColumn: Column,
) {
  const table = rows.every(isBlank) ? null : openTable<Column>(tab, rows, columns, title);
  const byId = Map.groupBy(table?.rows ?? [], (row) => readText(row.cell(idColumn)));
  const rowsOfUse = (table?.rows ?? []).filter((row) => {
    const id = row.cell(idColumn);
    return (
      readText(id) !== null &&
      typeof id !== 'boolean' &&
      !/^(?:sub|grand )?totals?\b/i.test(String(id))
    );
  });
  return {
    table,
    lastRow: rowsOfUse.at(-1)?.number ?? table?.headerRow ?? 0,
    rowsWith: (id: string) =>
      byId.get(id) ??
      (table?.rows ?? []).filter(({ number }) => (rows[number - 1] ?? []).includes(id)),
    cells: rows,
    textsAt: (row: number) => (rows[row - 1] ?? []).map((cell) => readText(cell) ?? ''),
  };
}

function statusCells<Column extends string>(
  tab: StatusTab,
  table: Table<Column | 'Status'>,
  keyColumn: Column,
): readonly StatusCell[] {
  const column = table.positions.get('Status') ?? 0;
  return table.rows.flatMap((row) => {
    const key = readText(row.cell(keyColumn));
    if (key === null) return [];
    return [{ tab, key, row: row.number, column, status: upper(row.cell('Status')) }];
  });
}

/** A cell's text in capitals; empty for an empty one. */
export function upper(cell: Cell): string {
  return (readText(cell) ?? '').toUpperCase();
}

/** Messages wait for no tab but their own. */
function usableLedger(rows: SheetRows): SheetRows {
  const isUsable = unlessUnusable(
    () => rows.every(isBlank) || openTable('Bookings', rows, bookingColumns),
  );
  return isUsable === null ? [] : rows;
}
