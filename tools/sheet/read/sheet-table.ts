import { headerKey, otherNames } from './header-names.ts';

/** One cell: text, a number, a checkbox. A date cell is its ISO text, a percentage and an error as shown. */
export type Cell = string | number | boolean | null;

/** A tab from A1 on. Rows may be shorter than the header: trailing empty cells are left out. */
export type SheetRows = readonly (readonly Cell[])[];

/** A tab that is gone, or whose header or most of whose rows cannot be used. The last good list stays. */
export class SheetFormatError extends Error {
  override readonly name = 'SheetFormatError';
  readonly code:
    | 'SHEET_TAB_MISSING'
    | 'SHEET_COLUMN_MISSING'
    | 'SHEET_COLUMN_TWICE'
    | 'SHEET_ROWS_UNUSABLE'
    | 'SHEET_TIME_ZONE_UNKNOWN';
  readonly tab: string;

  constructor(code: SheetFormatError['code'], tab: string, message: string) {
    super(message);
    this.code = code;
    this.tab = tab;
  }
}

/** One row that has something in it, with its cells found by column name. */
export type TableRow<Column extends string> = {
  readonly number: number;
  cell(column: Column): Cell;
};

/** The columns that a reader of a tab asks for, by name. */
export type Columns<Column extends string> = {
  readonly required: readonly Column[];
  readonly optional: readonly Column[];
  /** True when, by the columns found, the tab can be read without this required one. */
  readonly isSpared?: (missing: Column, found: ReadonlyMap<Column, number>) => boolean;
};

/** The columns alone, of any reader. */
type AnyColumns = Pick<Columns<string>, 'required' | 'optional'>;

/** A tab with its columns found: `positions` counts from 0, row numbers are the sheet's. */
export type Table<Column extends string> = {
  readonly headerRow: number;
  readonly positions: ReadonlyMap<Column, number>;
  readonly rows: readonly TableRow<Column>[];
  /** Names in the header that are no column of ours, or one too many. */
  readonly ignored: readonly string[];
};

/** A title, and the remarks below it, stand above the header in this many rows at most. */
const mostRowsAbove = 20;

/**
 * Finds the header, the first of the rows that has most of the columns, and the columns by their
 * names or those that yards give them. Case, spaces, punctuation and order do not matter. Blank rows
 * are left out.
 * @throws {SheetFormatError} naming every required column that is missing, and what was found.
 *   `title` is the tab's own name.
 */
export function openTable<Column extends string>(
  tab: string,
  rows: SheetRows,
  columns: Columns<Column>,
  title = tab,
): Table<Column> {
  const headerIndex = findHeader(tab, rows, columns);
  const header = rows[headerIndex] ?? [];
  const positions = findColumns(tab, header, { columns, title });
  const used = new Set(positions.values());
  return {
    headerRow: headerIndex + 1,
    positions,
    rows: rows.flatMap((row, index) => {
      if (index <= headerIndex || isBlank(row)) return [];
      const cell = (column: Column) => row[positions.get(column) ?? Infinity] ?? null;
      return [{ number: index + 1, cell }];
    }),
    ignored: header.flatMap((name, index) =>
      used.has(index) || headerKey(name) === '' ? [] : [String(name).trim()],
    ),
  };
}

/**
 * The header of a tab as `openTable` finds it: its row, by the sheet's number, and our columns that
 * it lacks. One that is there under two names is not lacking: which is meant its owner must say.
 */
export function lackingColumns<Column extends string>(
  tab: string,
  rows: SheetRows,
  columns: Columns<Column>,
): { readonly headerRow: number; readonly lacking: readonly Column[] } {
  const headerIndex = findHeader(tab, rows, columns);
  const header = rows[headerIndex] ?? [];
  const positions = locate(tab, header, columns);
  const keys = header.map(headerKey);
  const lacking = [...columns.required, ...columns.optional].filter(
    (column) => !positions.has(column) && !keys.includes(headerKey(column)),
  );
  return { headerRow: headerIndex + 1, lacking };
}

/** Counts the tab's columns that a header has. */
export function countColumns(tab: string, header: readonly Cell[], columns: AnyColumns) {
  return locate(tab, header, columns).size;
}

function findHeader(tab: string, rows: SheetRows, columns: AnyColumns): number {
  const first = rows.findIndex((row) => !isBlank(row));
  const counts = rows
    .slice(0, first + mostRowsAbove)
    .map((row, index) => ({ index, count: countColumns(tab, row, columns) }));
  const most = Math.max(0, ...counts.map(({ count }) => count));
  return most === 0 ? first : (counts.find(({ count }) => count === most)?.index ?? first);
}

/** A header, tab or key name with all that does not matter taken away: `Item ID` is `itemid`. */
export function nameKey(name: Cell): string {
  return String(name ?? '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

function findColumns<Column extends string>(
  tab: string,
  header: readonly Cell[],
  { columns, title }: { readonly columns: Columns<Column>; readonly title: string },
): ReadonlyMap<Column, number> {
  const keys = header.map(headerKey);
  for (const column of columns.required) {
    const key = headerKey(column);
    if (keys.indexOf(key) === keys.lastIndexOf(key)) continue;
    // Which of the two is meant nobody can tell, and a guess could be a wrong price.
    const message = `Tab "${title}" has two columns "${column}"`;
    throw new SheetFormatError('SHEET_COLUMN_TWICE', title, message);
  }
  const positions = locate(tab, header, columns);
  const missing = columns.required.filter((column) => !positions.has(column));
  if (missing.some((column) => !columns.isSpared?.(column, positions))) {
    throw missingColumns(title, missing, positions.size > 0 ? header : []);
  }
  return positions;
}

/**
 * A column by its own name first, then by the likeliest other one that no column has taken. One that
 * is there twice is none: a guess could be a wrong price.
 */
function locate<Column extends string>(
  tab: string,
  header: readonly Cell[],
  { required, optional }: Pick<Columns<Column>, 'required' | 'optional'>,
): ReadonlyMap<Column, number> {
  const keys = header.map(headerKey);
  const positions = new Map<Column, number>();
  const taken = new Set<number>();
  const take = (column: Column, names: readonly string[]) => {
    if (positions.has(column)) return;
    for (const name of names) {
      const position = keys.findIndex((key, index) => key === name && !taken.has(index));
      if (name === '' || position === -1) continue;
      if (keys.includes(name, position + 1)) return;
      positions.set(column, position);
      taken.add(position);
      return;
    }
  };
  const all = [...required, ...optional];
  for (const column of all) take(column, [headerKey(column)]);
  for (const column of all) take(column, (otherNames[tab]?.[column] ?? '').split(' '));
  return positions;
}

/** `header` is empty when not one column was known: such a row is data, and may be personal. */
function missingColumns(
  tab: string,
  missing: readonly string[],
  header: readonly Cell[],
): SheetFormatError {
  const named = missing.map((column) => `"${column}"`).join(', ');
  const found = header.filter((cell) => nameKey(cell) !== '').map((cell) => `"${cell}"`);
  const message =
    `Tab "${tab}" lacks the column${missing.length > 1 ? 's' : ''} ${named}; ` +
    `its first row has ${found.length > 0 ? found.join(', ') : 'no column name'}`;
  return new SheetFormatError('SHEET_COLUMN_MISSING', tab, message);
}

/** True for a row with nothing but space in it. */
export function isBlank(row: readonly Cell[]): boolean {
  return row.every((cell) => cell === null || String(cell).trim() === '');
}

/** Null for a tab that cannot be used. */
export function unlessUnusable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof SheetFormatError) return null;
    throw error;
  }
}
