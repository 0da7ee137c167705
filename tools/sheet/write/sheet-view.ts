import { parseBookings, parseEquipment } from '../read/equipment-sheet.ts';
import { readText } from '../read/sheet-cells.ts';
import {
  isBlank,
  nameKey,
  openTable,
  type Cell,
  type SheetRows,
  type Table,
  type TableRow,
} from '../read/sheet-table.ts';
import type { SheetsClient, SheetsRequestOptions } from '../client/sheets-client.ts';
import { SheetsError } from '../client/sheets-error.ts';
import { parseYard } from '../read/yard-sheet.ts';
import type { SheetBooking, Unit } from '../../yard/equipment.ts';

const equipmentColumns = { required: ['Item ID', 'Status'], optional: [] } as const;

/** The columns of `Bookings` as we write them; those that a yard does without are left out. */
export const bookingColumns = {
  required: ['Booking ID', 'Item ID', 'Start', 'End', 'Status'],
  optional: ['Item', 'Customer', 'Phone', 'Total', 'Created at', 'Call ID'],
} as const;
export type BookingColumn = (typeof bookingColumns)[keyof typeof bookingColumns][number];

/** The columns of `Messages`, which is our tab. */
export const messageColumns = {
  required: ['Message ID', 'Message'],
  optional: ['Created at', 'Customer', 'Phone', 'Call ID'],
} as const;
export type MessageColumn = (typeof messageColumns)[keyof typeof messageColumns][number];

/** The header of a tab that we make ourselves, in the order that DESIGN section 4 gives. */
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
  /** In capitals. */
  readonly status: string;
};

/** A tab to which rows are added. `table` is null while it is empty, or is not there. */
export type Ledger<Column extends string> = {
  readonly exists: boolean;
  readonly title: string;
  readonly table: Table<Column> | null;
  /** The rows with that id; if there is none, those that came in with it while columns were moved. */
  rowsWith(id: string): readonly TableRow<Column>[];
  /** What stands in a row, wherever. */
  textsAt(row: number): readonly string[];
};

/** The sheet as the writer saw it at one moment. */
export type SheetView = {
  readonly units: readonly Unit[];
  readonly bookings: readonly SheetBooking[];
  readonly timeZone: string;
  readonly ledger: Ledger<BookingColumn>;
  readonly messages: Ledger<MessageColumn>;
  readonly statuses: (tab: StatusTab) => readonly StatusCell[];
  /** Of several rows with that id, the first. */
  readonly statusOf: (tab: StatusTab, key: string) => StatusCell | undefined;
  readonly statusAt: (tab: StatusTab, row: number) => StatusCell | undefined;
  readonly titleOf: (tab: StatusTab) => string;
};

type Tab = StatusTab | 'Yard' | 'Messages';
type Rows = ReadonlyMap<Tab, { readonly title: string; readonly rows: SheetRows }>;

/**
 * Reads what the writer needs, in one request; in three when a tab is missing.
 * @throws {SheetsError}, and {SheetFormatError} when a required column is missing.
 */
export async function readSheetView(
  client: SheetsClient,
  { withMessages }: { readonly withMessages: boolean },
  options: SheetsRequestOptions,
): Promise<SheetView> {
  const tabs: readonly Tab[] = [
    'Equipment',
    'Bookings',
    'Yard',
    ...(withMessages ? (['Messages'] as const) : []),
  ];
  const read = await readTabs(client, tabs, options);
  const rowsOf = (tab: Tab) => read.get(tab)?.rows ?? [];
  const titleOf = (tab: Tab) => read.get(tab)?.title ?? tab;
  const equipment = openTable('Equipment', rowsOf('Equipment'), equipmentColumns);
  const ledgerRows = rowsOf('Bookings');
  const ledger: Ledger<BookingColumn> = {
    exists: read.has('Bookings'),
    title: titleOf('Bookings'),
    ...openLedger<BookingColumn>('Bookings', ledgerRows, bookingColumns, 'Booking ID'),
  };
  const messages: Ledger<MessageColumn> = {
    exists: read.has('Messages'),
    title: titleOf('Messages'),
    ...openLedger<MessageColumn>('Messages', rowsOf('Messages'), messageColumns, 'Message ID'),
  };
  const statuses: Readonly<Record<StatusTab, readonly StatusCell[]>> = {
    Equipment: statusCells('Equipment', equipment, 'Item ID'),
    Bookings: ledger.table ? statusCells('Bookings', ledger.table, 'Booking ID') : [],
  };
  return {
    units: parseEquipment(rowsOf('Equipment')).value,
    bookings: parseBookings(ledgerRows).value,
    timeZone: parseYard(rowsOf('Yard')).value.timeZone,
    ledger,
    messages,
    statuses: (tab) => statuses[tab],
    statusOf: (tab, key) => statuses[tab].find((cell) => cell.key === key),
    statusAt: (tab, row) => statuses[tab].find((cell) => cell.row === row),
    titleOf,
  };
}

function openLedger<Column extends string>(
  tab: string,
  rows: SheetRows,
  columns: { readonly required: readonly Column[]; readonly optional: readonly Column[] },
  idColumn: Column,
) {
  const table = rows.every(isBlank) ? null : openTable<Column>(tab, rows, columns);
  const byId = Map.groupBy(table?.rows ?? [], (row) => readText(row.cell(idColumn)));
  return {
    table,
    rowsWith: (id: string) =>
      byId.get(id) ??
      (table?.rows ?? []).filter(({ number }) => (rows[number - 1] ?? []).includes(id)),
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

async function readTabs(
  client: SheetsClient,
  tabs: readonly Tab[],
  options: SheetsRequestOptions,
): Promise<Rows> {
  try {
    const rows = await client.readTabs(tabs, options);
    return new Map(tabs.map((tab) => [tab, { title: tab, rows: rows.get(tab) ?? [] }]));
  } catch (error) {
    // One missing tab makes Google refuse them all, so ask which there are.
    if (!(error instanceof SheetsError) || error.code !== 'SHEETS_BAD_RANGE') throw error;
  }
  const titles = await client.listTabs(options);
  const found = tabs.flatMap((tab) => {
    const title = titles.find((candidate) => nameKey(candidate) === nameKey(tab));
    return title === undefined ? [] : [[tab, title] as const];
  });
  const rows = await client.readTabs(
    found.map(([, title]) => title),
    options,
  );
  return new Map(found.map(([tab, title]) => [tab, { title, rows: rows.get(title) ?? [] }]));
}
