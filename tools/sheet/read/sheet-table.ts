/** One cell as Sheets sends it: unformatted, dates as the sheet shows them. */
export type Cell = string | number | boolean | null;

/** A tab from A1 on. Rows may be shorter than the header: trailing empty cells are left out. */
export type SheetRows = readonly (readonly Cell[])[];

/** A cell that could not be used. It never holds what the cell said: that may be personal. */
export type RowProblem = {
  readonly tab: string;
  /** As the sheet numbers it, from 1; 0 when it is about the tab as a whole. */
  readonly row: number;
  readonly column: string;
  readonly problem: string;
};

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
};

/** A tab with its columns found: `positions` counts from 0, row numbers are the sheet's. */
export type Table<Column extends string> = {
  readonly positions: ReadonlyMap<Column, number>;
  readonly rows: readonly TableRow<Column>[];
};

/**
 * Finds the columns by the names in the first row that is not blank. Case, spaces, punctuation and
 * order do not matter, and columns that nobody asked for are ignored. Blank rows are left out.
 * @throws {SheetFormatError} naming every required column that is missing, and what was found.
 */
export function openTable<Column extends string>(
  tab: string,
  rows: SheetRows,
  columns: Columns<Column>,
): Table<Column> {
  const headerIndex = rows.findIndex((row) => !isBlank(row));
  const header = rows[headerIndex] ?? [];
  const positions = findColumns(tab, header, columns);
  return {
    positions,
    rows: rows.flatMap((row, index) => {
      if (index <= headerIndex || isBlank(row)) return [];
      const cell = (column: Column) => row[positions.get(column) ?? Infinity] ?? null;
      return [{ number: index + 1, cell }];
    }),
  };
}

/** The rows of a tab that have something in them. @throws as `openTable`. */
export function readTable<Column extends string>(
  tab: string,
  rows: SheetRows,
  columns: Columns<Column>,
): readonly TableRow<Column>[] {
  return openTable(tab, rows, columns).rows;
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
  columns: Columns<Column>,
): ReadonlyMap<Column, number> {
  const keys = header.map(nameKey);
  const positions = new Map<Column, number>();
  for (const column of [...columns.required, ...columns.optional]) {
    const position = keys.indexOf(nameKey(column));
    if (position === -1) continue;
    if (keys.includes(nameKey(column), position + 1)) {
      // Which of the two is meant nobody can tell, and a guess could be a wrong price.
      const message = `Tab "${tab}" has two columns "${column}"`;
      throw new SheetFormatError('SHEET_COLUMN_TWICE', tab, message);
    }
    positions.set(column, position);
  }
  const missing = columns.required.filter((column) => !positions.has(column));
  if (missing.length > 0) throw missingColumns(tab, missing, positions.size > 0 ? header : []);
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

/** Whether a row has nothing but space in it. */
export function isBlank(row: readonly Cell[]): boolean {
  return row.every((cell) => cell === null || String(cell).trim() === '');
}
