import { formatA1, parseA1, type GridRange } from './sheets-a1.ts';
import {
  cellOf,
  EMPTY,
  renderCell,
  toCell,
  type CellInput,
  type CellValue,
  type Rendering,
  type SheetCell,
  type ValueInput,
} from './sheets-cell.ts';
import { invalid, protectedCell } from './sheets-error.ts';

type Tab = {
  readonly sheetId: number;
  title: string;
  rows: SheetCell[][];
  rowCount: number;
  columnCount: number;
  /** Only its owner may change it, and that is nobody who asks here. */
  isProtected: boolean;
};

const MIN_ROWS = 1_000;
const MIN_COLUMNS = 26;
const MAX_TITLE = 100;

/** Rows or columns, as `majorDimension` says. */
export type Dimension = 'ROWS' | 'COLUMNS';

/** What a write reports; `values.update` and `updates` of `values.append` send it as it is. */
export type Updated = {
  readonly spreadsheetId: string;
  readonly updatedRange: string;
  readonly updatedRows: number;
  readonly updatedColumns: number;
  readonly updatedCells: number;
};

/** The spreadsheet itself: tabs of cells, with the reading and writing rules of the values API. */
export class SheetsDocument {
  readonly id: string;
  tabs: Tab[] = [];
  locale = 'en_US';
  timeZone = 'America/Chicago';
  #nextSheetId = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Adds an empty tab. Tab names are one whatever their case. */
  addTab(title: string, sheetId?: number): Tab {
    if (title.length > MAX_TITLE) throw invalid('The sheet name is too long.');
    if (this.tabs.some((tab) => tab.sheetId === sheetId)) {
      throw invalid(`A sheet with id ${sheetId} already exists.`);
    }
    if (this.findTab(title)) {
      throw invalid(`A sheet with the name "${title}" already exists. Please enter another name.`);
    }
    const tab: Tab = {
      sheetId: sheetId ?? this.#nextSheetId,
      title,
      rows: [],
      rowCount: MIN_ROWS,
      columnCount: MIN_COLUMNS,
      isProtected: false,
    };
    this.#nextSheetId = Math.max(this.#nextSheetId, tab.sheetId) + 1;
    this.tabs.push(tab);
    return tab;
  }

  /** A copy that shares no cell: `spreadsheets.batchUpdate` is all or nothing. */
  clone(): SheetsDocument {
    const copy = new SheetsDocument(this.id);
    copy.#nextSheetId = this.#nextSheetId;
    copy.locale = this.locale;
    copy.timeZone = this.timeZone;
    copy.tabs = this.tabs.map((tab) => ({ ...tab, rows: tab.rows.map((row) => [...row]) }));
    return copy;
  }

  findTab(title: string): Tab | undefined {
    return this.tabs.find((tab) => tab.title.toLowerCase() === title.toLowerCase());
  }

  /** @throws {GoogleError} 400 for a tab that is not there. */
  tabById(sheetId: unknown): Tab {
    const tab = this.tabs.find((candidate) => candidate.sheetId === sheetId);
    if (!tab) throw invalid(`No sheet with id: ${String(sheetId)}`);
    return tab;
  }

  /** The width of the tab's grid. */
  columnCount(tab: Tab): number {
    return Math.max(tab.columnCount, ...tab.rows.map((row) => row.length));
  }

  /** The cells of a range as `values.get` sends them: trailing empty rows and cells left out. */
  read(a1: string, dimension: Dimension, rendering: Rendering): object {
    const range = this.#resolve(a1);
    const tab = this.#tabOf(range);
    const rows = tab.rows
      .slice(range.startRow, range.endRow)
      .map((row) => row.slice(range.startColumn, range.endColumn));
    const lines = dimension === 'ROWS' ? rows : transpose(rows, EMPTY);
    const values = trimEnd(
      lines.map((line) => trimEnd([...line], isEmpty).map((cell) => renderCell(cell, rendering))),
      (line) => line.length === 0,
    );
    const head = { range: formatA1(range), majorDimension: dimension };
    return values.length === 0 ? head : { ...head, values };
  }

  /** The cells of these ranges as `spreadsheets.get` sends them: of each tab that is named. */
  grid(ranges: readonly string[]): ReadonlyMap<Tab, readonly GridRange[]> {
    return Map.groupBy(
      ranges.map((a1) => this.#resolve(a1)),
      (range) => this.#tabOf(range),
    );
  }

  /** @throws {GoogleError} 400 when the tab is protected. */
  assertMayChange(tab: Tab): void {
    if (tab.isProtected) throw protectedCell();
  }

  /** `values.update`: null leaves a cell as it is, an empty string empties it. */
  update(a1: string, lines: CellValue[][], dimension: Dimension, option: ValueInput): Updated {
    const range = this.#resolve(a1);
    const values = dimension === 'ROWS' ? lines : transpose<CellValue>(lines, null);
    const oneCell =
      range.endRow - range.startRow === 1 && range.endColumn - range.startColumn === 1;
    const widest = Math.max(0, ...values.map((row) => row.length));
    // A range of one cell is only where to begin; any other one is a fence.
    if (!oneCell && range.startRow + values.length > range.endRow) {
      throw triedOutside(range, 'row', String(range.endRow + 1));
    }
    if (!oneCell && range.startColumn + widest > range.endColumn) {
      const letters = /([A-Z]+)\d/.exec(
        formatA1({ ...range, startColumn: range.endColumn, endColumn: range.endColumn + 1 }),
      );
      throw triedOutside(range, 'column', letters?.[1] ?? '');
    }
    return this.#write(this.#tabOf(range), range.startRow, range.startColumn, values, option);
  }

  /** `values.append`: the values go below the last table that the range touches. */
  append(a1: string, lines: CellValue[][], option: ValueInput, insertRows: boolean): object {
    const range = this.#resolve(a1);
    const tab = this.#tabOf(range);
    this.assertMayChange(tab);
    const table = lastTable(tab, range);
    const startRow = table?.endRow ?? range.startRow;
    const startColumn = table?.startColumn ?? range.startColumn;
    if (insertRows) tab.rows.splice(startRow, 0, ...lines.map(() => []));
    tab.rowCount = Math.max(tab.rowCount, startRow + lines.length);
    const updates = this.#write(tab, startRow, startColumn, lines, option);
    return {
      spreadsheetId: this.id,
      ...(table ? { tableRange: formatA1(table) } : {}),
      updates,
    };
  }

  /** `values.clear`: empties a range. */
  clear(a1: string): object {
    const range = this.#resolve(a1);
    const tab = this.#tabOf(range);
    this.assertMayChange(tab);
    for (const row of tab.rows.slice(range.startRow, range.endRow)) {
      row.fill(EMPTY, range.startColumn, Math.min(range.endColumn, row.length));
    }
    return { spreadsheetId: this.id, clearedRange: formatA1(range) };
  }

  /** Puts cells into a tab, making room as needed. */
  put(tab: Tab, rowIndex: number, columnIndex: number, cells: readonly (SheetCell | null)[]): void {
    while (tab.rows.length <= rowIndex) tab.rows.push([]);
    const row = tab.rows[rowIndex] ?? [];
    for (const [offset, cell] of cells.entries()) {
      while (row.length <= columnIndex + offset) row.push(EMPTY);
      if (cell !== null) row[columnIndex + offset] = cell;
    }
    tab.rowCount = Math.max(tab.rowCount, tab.rows.length);
  }

  #write(
    tab: Tab,
    startRow: number,
    startColumn: number,
    values: CellValue[][],
    option: ValueInput,
  ): Updated {
    this.assertMayChange(tab);
    for (const [offset, row] of values.entries()) {
      const cells = row.map((value) =>
        value === null ? null : toCell(value, option, this.locale),
      );
      this.put(tab, startRow + offset, startColumn, cells);
    }
    const updatedColumns = Math.max(0, ...values.map((row) => row.length));
    const written: GridRange = {
      tab: tab.title,
      startRow,
      endRow: startRow + Math.max(1, values.length),
      startColumn,
      endColumn: startColumn + Math.max(1, updatedColumns),
    };
    return {
      spreadsheetId: this.id,
      updatedRange: formatA1(written),
      updatedRows: values.length,
      updatedColumns,
      updatedCells: values.flat().filter((value) => value !== null).length,
    };
  }

  #resolve(a1: string): GridRange {
    const range = parseA1(a1, (name) => this.findTab(name)?.title, this.tabs[0]?.title);
    if (!range) throw invalid(`Unable to parse range: ${a1}`);
    const tab = this.#tabOf(range);
    const columnCount = this.columnCount(tab);
    if (range.startRow >= tab.rowCount || range.startColumn >= columnCount) {
      const limits = `Max rows: ${tab.rowCount}, max columns: ${columnCount}`;
      throw invalid(`Range (${a1}) exceeds grid limits. ${limits}`);
    }
    const endRow = Math.min(range.endRow, tab.rowCount);
    return { ...range, endRow, endColumn: Math.min(range.endColumn, columnCount) };
  }

  #tabOf(range: GridRange): Tab {
    const tab = this.findTab(range.tab);
    if (!tab) throw invalid(`Unable to parse range: ${range.tab}`);
    return tab;
  }
}

/** A spreadsheet with these tabs and values. */
export function createDocument(
  id: string,
  tabs: Readonly<Record<string, readonly (readonly CellInput[])[]>>,
): SheetsDocument {
  const document = new SheetsDocument(id);
  for (const [title, rows] of Object.entries(tabs)) {
    const tab = document.addTab(title);
    tab.rows = rows.map(toCells);
    tab.rowCount = Math.max(tab.rowCount, rows.length);
  }
  return document;
}

/** Inputs as cells. */
export function toCells(values: readonly CellInput[]): SheetCell[] {
  return values.map(cellOf);
}

/** A blank row or column ends a table; of those in the range, the last one counts. */
function lastTable(tab: Tab, range: GridRange): GridRange | undefined {
  const filled = (row: number, column: number) => !isEmpty(tab.rows[row]?.[column] ?? EMPTY);
  const columns = indices(range.startColumn, Math.min(range.endColumn, width(tab)));
  const rowHasData = (row: number) => columns.some((column) => filled(row, column));
  const endRow =
    indices(range.startRow, Math.min(range.endRow, tab.rows.length)).findLastIndex((row) =>
      rowHasData(row),
    ) +
    range.startRow +
    1;
  if (endRow === range.startRow) return undefined;
  let startRow = endRow - 1;
  while (startRow > range.startRow && rowHasData(startRow - 1)) startRow -= 1;
  const rows = indices(startRow, endRow);
  const used = columns.filter((column) => rows.some((row) => filled(row, column)));
  const startColumn = used[0] ?? range.startColumn;
  let endColumn = startColumn;
  while (used.includes(endColumn)) endColumn += 1;
  return { tab: tab.title, startRow, endRow, startColumn, endColumn };
}

function triedOutside(range: GridRange, what: 'row' | 'column', where: string) {
  return invalid(
    `Requested writing within range [${formatA1(range)}], but tried writing to ${what} [${where}]`,
  );
}

function width(tab: Tab): number {
  return Math.max(0, ...tab.rows.map((row) => row.length));
}

function indices(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, offset) => from + offset);
}

function isEmpty(cell: SheetCell): boolean {
  return cell.value === null;
}

function trimEnd<T>(items: T[], isDroppable: (item: T) => boolean): T[] {
  return items.slice(0, items.findLastIndex((item) => !isDroppable(item)) + 1);
}

function transpose<T>(rows: T[][], missing: T): T[][] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  return indices(0, count).map((column) => rows.map((row) => row[column] ?? missing));
}
