import { z } from 'zod';
import type { SheetCell } from './sheets-cell.ts';
import type { SheetsDocument } from './sheets-document.ts';
import { invalid, unknownName } from './sheets-error.ts';

const extendedValue = z.strictObject({
  stringValue: z.string().optional(),
  numberValue: z.number().optional(),
  boolValue: z.boolean().optional(),
  formulaValue: z.string().optional(),
});
const rowData = z.strictObject({
  values: z.array(z.strictObject({ userEnteredValue: extendedValue.optional() })).default([]),
});
const dimensionRange = z.strictObject({
  sheetId: z.int(),
  dimension: z.literal('ROWS'),
  startIndex: z.int().nonnegative(),
  endIndex: z.int().positive(),
});
const onlyValues = z.string().regex(/^(\*|userEnteredValue)$/);

type Apply = (document: SheetsDocument, request: unknown, at: string) => object;

/** One kind of request: its fields, and what it does. Its answer is `{}` unless it says otherwise. */
function kind<T>(
  schema: z.ZodType<T>,
  apply: (document: SheetsDocument, request: T) => object | void,
): Apply {
  return (document, request, at) => {
    const parsed = schema.safeParse(request);
    if (!parsed.success) throw invalid(`Invalid ${at}: ${z.prettifyError(parsed.error)}`);
    return apply(document, parsed.data) ?? {};
  };
}

/** The requests of `spreadsheets.batchUpdate` that this emulator knows, as Google names them. */
const kinds = new Map<string, Apply>([
  [
    'addSheet',
    kind(
      z.strictObject({
        properties: z.strictObject({ title: z.string().min(1), sheetId: z.int().optional() }),
      }),
      (document, { properties }) => {
        const { sheetId, title } = document.addTab(properties.title, properties.sheetId);
        return { addSheet: { properties: { sheetId, title } } };
      },
    ),
  ],
  [
    'deleteSheet',
    kind(z.strictObject({ sheetId: z.int() }), (document, { sheetId }) => {
      const tab = document.tabById(sheetId);
      if (document.tabs.length === 1) {
        throw invalid("You can't remove all the sheets in a document.");
      }
      document.tabs = document.tabs.filter((other) => other !== tab);
    }),
  ],
  [
    'updateSheetProperties',
    kind(
      z.strictObject({
        properties: z.strictObject({ sheetId: z.int(), title: z.string().min(1) }),
        fields: z.literal('title'),
      }),
      (document, { properties }) => {
        document.tabById(properties.sheetId).title = properties.title;
      },
    ),
  ],
  [
    'appendCells',
    kind(
      z.strictObject({ sheetId: z.int(), rows: z.array(rowData), fields: onlyValues }),
      (document, { sheetId, rows }) => {
        const tab = document.tabById(sheetId);
        document.assertMayChange(tab);
        const lastFull = tab.rows.findLastIndex((row) => row.some((cell) => cell.value !== null));
        for (const [offset, row] of rows.entries()) {
          document.put(tab, lastFull + 1 + offset, 0, toCells(row));
        }
      },
    ),
  ],
  [
    'updateCells',
    kind(
      z.strictObject({
        start: z.strictObject({
          sheetId: z.int(),
          rowIndex: z.int().nonnegative().default(0),
          columnIndex: z.int().nonnegative().default(0),
        }),
        rows: z.array(rowData),
        fields: onlyValues,
      }),
      (document, { start, rows }) => {
        const tab = document.tabById(start.sheetId);
        document.assertMayChange(tab);
        assertInGrid(document, start, rows);
        for (const [offset, row] of rows.entries()) {
          document.put(tab, start.rowIndex + offset, start.columnIndex, toCells(row));
        }
      },
    ),
  ],
  [
    'insertDimension',
    kind(
      z.strictObject({ range: dimensionRange, inheritFromBefore: z.boolean().optional() }),
      (document, { range }) => {
        const tab = document.tabById(range.sheetId);
        document.assertMayChange(tab);
        if (range.startIndex > tab.rowCount) {
          throw invalid(
            `Invalid requests: insertDimension.range.startIndex must be at most ${tab.rowCount}`,
          );
        }
        const inserted = Array.from({ length: range.endIndex - range.startIndex }, () => []);
        tab.rows.splice(range.startIndex, 0, ...inserted);
        tab.rowCount += inserted.length;
      },
    ),
  ],
  [
    'appendDimension',
    kind(
      z.strictObject({
        sheetId: z.int(),
        dimension: z.enum(['ROWS', 'COLUMNS']),
        length: z.int().positive(),
      }),
      (document, { sheetId, dimension, length }) => {
        const tab = document.tabById(sheetId);
        document.assertMayChange(tab);
        if (dimension === 'ROWS') tab.rowCount += length;
        else tab.columnCount = document.columnCount(tab) + length;
      },
    ),
  ],
  [
    'deleteDimension',
    kind(z.strictObject({ range: dimensionRange }), (document, { range }) => {
      const { rows } = document.tabById(range.sheetId);
      rows.splice(range.startIndex, range.endIndex - range.startIndex);
    }),
  ],
]);

const requestSchema = z.record(z.string(), z.unknown());

/**
 * Applies the requests to `document`, in order, and returns the replies.
 * @throws {GoogleError} 400 at the first bad one; the caller then throws `document` away.
 */
export function applyRequests(document: SheetsDocument, requests: readonly unknown[]): object[] {
  if (requests.length === 0) throw invalid('Must specify at least one request.');
  return requests.map((request, index) => {
    const at = `requests[${index}]`;
    const entries = Object.entries(requestSchema.safeParse(request).data ?? {});
    const [[name, fields] = ['', null], ...others] = entries;
    if (name === '' || others.length > 0) throw invalid(`Invalid ${at}: needs exactly one kind.`);
    const apply = kinds.get(name);
    if (!apply) throw unknownName(name, ` at '${at}': Cannot find field.`);
    return apply(document, fields, `${at}.${name}`);
  });
}

/** @throws {GoogleError} 400 for cells beyond the tab's last row or column, which makes no room. */
function assertInGrid(
  document: SheetsDocument,
  start: { readonly sheetId: number; readonly rowIndex: number; readonly columnIndex: number },
  rows: readonly z.infer<typeof rowData>[],
): void {
  const tab = document.tabById(start.sheetId);
  const lastRow = start.rowIndex + rows.length - 1;
  const lastColumn = start.columnIndex + Math.max(0, ...rows.map((row) => row.values.length)) - 1;
  const beyond =
    lastRow >= tab.rowCount
      ? `row: ${lastRow}, beyond the last requested row of: ${tab.rowCount - 1}`
      : lastColumn >= document.columnCount(tab)
        ? `column: ${lastColumn}, beyond the last requested column of: ${document.columnCount(tab) - 1}`
        : null;
  if (beyond !== null) throw invalid(`Invalid updateCells: Attempting to write ${beyond}`);
}

function toCells(row: z.infer<typeof rowData>): SheetCell[] {
  return row.values.map(({ userEnteredValue: entered }) => {
    if (entered?.formulaValue !== undefined) {
      return { value: '#NAME?', formula: entered.formulaValue };
    }
    return { value: entered?.stringValue ?? entered?.numberValue ?? entered?.boolValue ?? null };
  });
}
