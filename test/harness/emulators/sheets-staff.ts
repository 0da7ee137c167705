import { parseA1 } from './sheets-a1.ts';
import type { CellInput, CellValue, SheetCell } from './sheets-cell.ts';
import { toCells, type SheetsDocument } from './sheets-document.ts';

/** What a person does in the sheet's window. Rows are numbered from 1, as that window does. */
export function staffHands(documentNow: () => SheetsDocument) {
  const tabOf = (title: string) => {
    const tab = documentNow().findTab(title);
    if (!tab) throw new Error(`The emulated sheet has no tab "${title}"`);
    return tab;
  };
  const columnOf = (title: string, column: string) => {
    const index = tabOf(title).rows[0]?.findIndex((cell) => cell.value === column) ?? -1;
    if (index === -1) throw new Error(`Tab "${title}" has no column "${column}"`);
    return index;
  };
  return {
    /** All rows of a tab with their values as stored: a formula shows its result. */
    rows(title: string): CellValue[][] {
      return tabOf(title).rows.map((row) => row.map((cell) => cell.value));
    },
    /** Whether a cell such as `B2` holds a formula. */
    isFormula(title: string, a1: string): boolean {
      const { row, column } = position(title, a1);
      return tabOf(title).rows[row]?.[column]?.formula !== undefined;
    },
    /** Puts a value into a cell such as `B2`. */
    setCell(title: string, a1: string, value: CellInput): void {
      const { row, column } = position(title, a1);
      documentNow().put(tabOf(title), row, column, toCells([value]));
    },
    insertRow(title: string, rowNumber: number, values: readonly CellInput[]): void {
      const tab = tabOf(title);
      tab.rows.splice(rowNumber - 1, 0, toCells(values));
      tab.rowCount += 1;
    },
    deleteRow(title: string, rowNumber: number): void {
      tabOf(title).rows.splice(rowNumber - 1, 1);
    },
    /** Sorts the rows below the header by a column. */
    sortBy(title: string, column: string, order: 'ascending' | 'descending' = 'ascending'): void {
      const index = columnOf(title, column);
      const sign = order === 'ascending' ? 1 : -1;
      const keyOf = (row: SheetCell[]) => String(row[index]?.value ?? '');
      const tab = tabOf(title);
      const [header = [], ...rows] = tab.rows;
      const sorted = rows.toSorted(
        (a, b) => sign * keyOf(a).localeCompare(keyOf(b), 'en', { numeric: true }),
      );
      tab.rows = [header, ...sorted];
    },
    renameColumn(title: string, from: string, to: string): void {
      documentNow().put(tabOf(title), 0, columnOf(title, from), toCells([to]));
    },
    addTab(title: string, rows: readonly (readonly CellInput[])[] = []): void {
      documentNow().addTab(title).rows = rows.map(toCells);
    },
    renameTab(title: string, to: string): void {
      tabOf(title).title = to;
    },
    /** Deletes the columns to the right of the last one that has something in it. */
    trimColumns(title: string): void {
      const tab = tabOf(title);
      tab.columnCount = Math.max(...tab.rows.map((row) => row.length));
    },
    /** Protects a tab against the account that asks, or takes the protection away. */
    protect(title: string, isProtected = true): void {
      tabOf(title).isProtected = isProtected;
    },
    /** File, Settings: how the sheet writes dates and amounts. */
    setLocale(locale: string, timeZone = documentNow().timeZone): void {
      Object.assign(documentNow(), { locale, timeZone });
    },
    removeTab(title: string): void {
      const tab = tabOf(title);
      const document = documentNow();
      document.tabs = document.tabs.filter((other) => other !== tab);
    },
  };
}

function position(title: string, a1: string): { readonly row: number; readonly column: number } {
  const range = parseA1(a1, () => undefined, title);
  if (!range) throw new Error(`"${a1}" is not a cell`);
  return { row: range.startRow, column: range.startColumn };
}
