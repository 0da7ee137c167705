import { randomInt } from 'node:crypto';
import { auth as googleAuth, sheets as sheetsApi } from 'googleapis/build/src/apis/sheets/index.js';
import { z } from 'zod';
import { DeadlineError, withDeadline } from '../../../agent/infra/deadline.ts';
import type { Cell, SheetRows } from '../read/sheet-table.ts';
import { readServiceAccount, type SheetsAuth } from './sheets-credentials.ts';
import { codeForStatus, SheetsError } from './sheets-error.ts';

/** A request's time in all, sign-in included, and the signal that calls it off. */
export type SheetsRequestOptions = { readonly signal: AbortSignal; readonly timeoutMs: number };

/** One spreadsheet. Each method is one request: no retries, its own deadline. */
export type SheetsClient = {
  /**
   * The cells of whole tabs, or of their first `firstRows`, at one moment, and how the sheet writes;
   * trailing empty cells and rows left out.
   * @throws {SheetsError}; the signal's reason when it was called off.
   */
  readTabs(
    tabs: readonly string[],
    options: SheetsRequestOptions & { readonly firstRows?: number },
  ): Promise<ReadTabs>;
  /** The names of all tabs. @throws as `readTabs`. */
  listTabs(options: SheetsRequestOptions): Promise<readonly string[]>;
  /**
   * Makes room for new rows and fills them, at once: nothing that is there is written over. Text
   * stays text. After any failure but a refusal they may be there all the same. @throws as `readTabs`.
   */
  insertRows(place: RowPlace, rows: SheetRows, options: SheetsRequestOptions): Promise<void>;
  /** Writes single cells, all or none; text stays text. @throws as `readTabs`. */
  updateCells(cells: readonly CellUpdate[], options: SheetsRequestOptions): Promise<void>;
  /**
   * Adds a tab, empty or with these rows, and resolves with its id. @throws as `readTabs`;
   * `SHEETS_BAD_RANGE` when there is one.
   */
  addTab(
    tab: string,
    options: SheetsRequestOptions & { readonly rows?: SheetRows },
  ): Promise<number>;
  /**
   * Makes room for further columns and writes their names into a row of the sheet's number;
   * `column` is the first one's, from 0, and to the right of all that is there. @throws as `readTabs`.
   */
  addColumns(
    place: { readonly sheetId: number; readonly row: number; readonly column: number },
    names: readonly string[],
    options: SheetsRequestOptions,
  ): Promise<void>;
};

/** The place of new rows: below the row of that number, 0 for the top. */
export type RowPlace = { readonly sheetId: number; readonly afterRow: number };

/** Google's answer to a request for tabs; `tabs` is by each tab's name as it was given. */
export type ReadTabs = {
  /** Google's name of it: `en_US`, `de_DE`. */
  readonly locale: string;
  /** The spreadsheet's own, an IANA name. */
  readonly timeZone: string;
  readonly tabs: ReadonlyMap<string, { readonly sheetId: number; readonly rows: SheetRows }>;
};

/** A cell and what to put into it. `row` is as the sheet numbers it; `column` counts from 0. */
export type CellUpdate = {
  readonly tab: string;
  readonly row: number;
  readonly column: number;
  readonly value: Cell;
};

const SCOPE = 'https://www.googleapis.com/auth/spreadsheets';

/** A cell with its value, what the sheet shows, and what kind of number it is. */
const gridCellSchema = z.object({
  formattedValue: z.string().optional(),
  effectiveValue: z
    .object({
      numberValue: z.number().optional(),
      stringValue: z.string().optional(),
      boolValue: z.boolean().optional(),
      errorValue: z.object({}).optional(),
    })
    .optional(),
  effectiveFormat: z.object({ numberFormat: z.object({ type: z.string() }).optional() }).optional(),
});
type GridCell = z.infer<typeof gridCellSchema>;
const gridSchema = z.object({
  properties: z.object({ locale: z.string(), timeZone: z.string() }),
  sheets: z.array(
    z.object({
      properties: z.object({ title: z.string(), sheetId: z.number() }),
      data: z
        .array(
          z.object({
            rowData: z.array(z.object({ values: z.array(gridCellSchema).default([]) })).default([]),
          }),
        )
        .default([]),
    }),
  ),
});
/** One request gives values, texts and formats that belong together, which two would not. */
const gridFields =
  'properties(locale,timeZone),sheets(properties(title,sheetId),data(rowData(values(formattedValue,' +
  'effectiveValue,effectiveFormat(numberFormat(type))))))';
const anyAnswerSchema = z.object({ spreadsheetId: z.string() });
const addedSchema = z.object({
  replies: z.tuple(
    [z.object({ addSheet: z.object({ properties: z.object({ sheetId: z.number() }) }) })],
    z.unknown(),
  ),
});
const titlesSchema = z.object({
  sheets: z.array(z.object({ properties: z.object({ title: z.string() }) })),
});

/**
 * Opens nothing: the first request does. `baseUrl` is an emulator's.
 * @throws {SheetsError} `SHEETS_BAD_CREDENTIALS` for an unusable key, or for no key and Google itself.
 */
export function createSheetsClient(options: {
  readonly spreadsheetId: string;
  readonly auth: SheetsAuth;
  readonly baseUrl?: string;
}): SheetsClient {
  const { spreadsheetId, baseUrl } = options;
  const jwt = createJwt(options.auth, baseUrl);
  const api = sheetsApi({
    version: 'v4',
    ...(jwt ? { auth: jwt } : {}),
    ...(baseUrl ? { rootUrl: baseUrl.replace(/\/*$/, '/') } : {}),
  });

  /** Runs one request within its deadline and turns whatever goes wrong into a SheetsError. */
  async function request<T>(
    label: string,
    schema: z.ZodType<T>,
    { signal, timeoutMs }: SheetsRequestOptions,
    send: (gaxios: { signal: AbortSignal; retry: false }) => Promise<{ data: unknown }>,
  ): Promise<T> {
    try {
      // The library's own time-out counts per attempt and leaves the sign-in out.
      const { data } = await withDeadline(
        async (joined) => {
          if (jwt) await signIn(jwt);
          return send({ signal: joined, retry: false });
        },
        { ms: timeoutMs, label, signal },
      );
      return readBody(label, schema, data);
    } catch (error) {
      signal.throwIfAborted();
      throw toSheetsError(label, error);
    }
  }

  return {
    async readTabs(tabs, requestOptions) {
      const { firstRows } = requestOptions;
      const span = firstRows === undefined ? '' : `!1:${firstRows}`;
      const query = {
        spreadsheetId,
        ranges: tabs.map((tab) => `${wholeTab(tab)}${span}`),
        fields: gridFields,
        prettyPrint: false,
      };
      const { properties, sheets } = await request(
        'Sheets read',
        gridSchema,
        requestOptions,
        (gaxios) => api.spreadsheets.get(query, gaxios),
      );
      const read = tabs.map((tab) => {
        // Google takes the name in any case, and gives it back as it is.
        const sheet = sheets.find(({ properties: { title } }) => isSameTitle(title, tab));
        if (!sheet) throw unreadable('Sheets read');
        const rows = toRows(sheet.data[0]?.rowData ?? []);
        return [tab, { sheetId: sheet.properties.sheetId, rows }] as const;
      });
      return { ...properties, tabs: new Map(read) };
    },

    async listTabs(requestOptions) {
      const query = { spreadsheetId, fields: 'sheets.properties.title' };
      const { sheets } = await request('Sheets tab list', titlesSchema, requestOptions, (gaxios) =>
        api.spreadsheets.get(query, gaxios),
      );
      return sheets.map((sheet) => sheet.properties.title);
    },

    async insertRows({ sheetId, afterRow }, rows, requestOptions) {
      const range = {
        sheetId,
        dimension: 'ROWS',
        startIndex: afterRow,
        endIndex: afterRow + rows.length,
      };
      const start = { sheetId, rowIndex: afterRow, columnIndex: 0 };
      const requests = [
        // The look of the row above, which is the header's only while there is no other.
        { insertDimension: { range, inheritFromBefore: afterRow > 1 } },
        { updateCells: { start, rows: rows.map(toRowData), fields: 'userEnteredValue' } },
      ];
      const query = { spreadsheetId, requestBody: { requests } };
      await request('Sheets append', anyAnswerSchema, requestOptions, (gaxios) =>
        api.spreadsheets.batchUpdate(query, gaxios),
      );
    },

    async updateCells(cells, requestOptions) {
      const data = cells.map(({ tab, row, column, value }) => ({
        range: `${wholeTab(tab)}!${columnLetters(column)}${row}`,
        values: [[value]],
      }));
      const query = { spreadsheetId, requestBody: { valueInputOption: 'RAW', data } };
      await request('Sheets update', anyAnswerSchema, requestOptions, (gaxios) =>
        api.spreadsheets.values.batchUpdate(query, gaxios),
      );
    },

    async addTab(tab, requestOptions) {
      const { rows = [] } = requestOptions;
      // An id of our own lets one request fill the tab that it makes.
      const sheetId = randomInt(1, 2 ** 31);
      const start = { sheetId, rowIndex: 0, columnIndex: 0 };
      const requests = [
        { addSheet: { properties: { title: tab, sheetId } } },
        ...(rows.length > 0
          ? [{ updateCells: { start, rows: rows.map(toRowData), fields: 'userEnteredValue' } }]
          : []),
      ];
      const query = { spreadsheetId, requestBody: { requests } };
      const { replies } = await request('Sheets new tab', addedSchema, requestOptions, (gaxios) =>
        api.spreadsheets.batchUpdate(query, gaxios),
      );
      return replies[0].addSheet.properties.sheetId;
    },

    async addColumns({ sheetId, row, column }, names, requestOptions) {
      const start = { sheetId, rowIndex: row - 1, columnIndex: column };
      const requests = [
        { appendDimension: { sheetId, dimension: 'COLUMNS', length: names.length } },
        { updateCells: { start, rows: [toRowData(names)], fields: 'userEnteredValue' } },
      ];
      const query = { spreadsheetId, requestBody: { requests } };
      await request('Sheets new columns', anyAnswerSchema, requestOptions, (gaxios) =>
        api.spreadsheets.batchUpdate(query, gaxios),
      );
    },
  };
}

function isSameTitle(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function toRows(rowData: readonly { readonly values: readonly GridCell[] }[]): SheetRows {
  const rows = rowData.map(({ values }) => trimEnd(values.map(toCell), (cell) => cell === null));
  return trimEnd(rows, (row) => row.length === 0);
}

function trimEnd<T>(items: readonly T[], isEmpty: (item: T) => boolean): readonly T[] {
  return items.slice(0, items.findLastIndex((item) => !isEmpty(item)) + 1);
}

/** Day 0 of a spreadsheet's serial dates (ecosystem-facts 2.2). */
const serialEpochMs = Date.UTC(1899, 11, 30);
const dayMs = 86_400_000;

function toCell({ formattedValue, effectiveValue, effectiveFormat }: GridCell): Cell {
  if (!effectiveValue) return null;
  const { numberValue, stringValue, boolValue } = effectiveValue;
  if (stringValue !== undefined) return stringValue;
  if (boolValue !== undefined) return boolValue;
  if (numberValue === undefined) return formattedValue ?? '#ERROR!';
  switch (effectiveFormat?.numberFormat?.type) {
    case 'DATE':
    case 'DATE_TIME':
      // By its number: what is shown is the third of December here and the twelfth of March there.
      return new Date(serialEpochMs + Math.floor(numberValue) * dayMs).toISOString().slice(0, 10);
    case 'PERCENT':
      return formattedValue ?? numberValue;
    default:
      // An id such as 0007 is a number that is shown with its zeros.
      return /^0\d+$/.test(formattedValue ?? '') ? (formattedValue ?? null) : numberValue;
  }
}

/** Text as it is, never as a formula. */
function toRowData(row: readonly Cell[]) {
  return {
    values: row.map((cell) => {
      if (cell === null || cell === '') return {};
      const kind = { string: 'stringValue', number: 'numberValue', boolean: 'boolValue' } as const;
      const key =
        typeof cell === 'string'
          ? kind.string
          : typeof cell === 'number'
            ? kind.number
            : kind.boolean;
      return { userEnteredValue: { [key]: cell } };
    }),
  };
}

type Jwt = InstanceType<typeof googleAuth.JWT>;

function createJwt(auth: SheetsAuth, baseUrl: string | undefined): Jwt | null {
  if (auth.kind === 'none') {
    if (baseUrl && isLoopback(baseUrl)) return null;
    throw new SheetsError('SHEETS_BAD_CREDENTIALS', 'Google Sheets needs a service account');
  }
  const account = readServiceAccount(auth);
  return new googleAuth.JWT({
    email: account.client_email,
    key: account.private_key,
    scopes: [SCOPE],
  });
}

function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
}

/** Fetches the access token if there is no fresh one; the request itself then finds it cached. */
async function signIn(jwt: Jwt): Promise<void> {
  try {
    await jwt.getAccessToken();
  } catch (error) {
    const status = httpStatus(error);
    // A token endpoint that is down or unreachable is Google's fault, a refusal or a bad key ours.
    const away = status === null ? isNetworkError(error) : status >= 500 || status === 429;
    if (away) throw new SheetsError('SHEETS_UNAVAILABLE', 'Google sign-in failed', status);
    throw new SheetsError('SHEETS_BAD_CREDENTIALS', 'Google refused the service account', status);
  }
}

function toSheetsError(label: string, error: unknown): SheetsError {
  if (error instanceof SheetsError) return error;
  if (error instanceof DeadlineError) {
    return new SheetsError('SHEETS_TIMEOUT', `${label} took longer than ${error.ms} ms`);
  }
  const status = httpStatus(error);
  if (status !== null) {
    const isProtected = error instanceof Error && /protected cell or object/.test(error.message);
    const code = isProtected ? 'SHEETS_PROTECTED' : codeForStatus(status);
    return new SheetsError(code, `${label} was refused with ${status}`, status);
  }
  return new SheetsError('SHEETS_UNAVAILABLE', `${label} did not get through`);
}

function readBody<T>(label: string, schema: z.ZodType<T>, data: unknown): T {
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw unreadable(label);
  return parsed.data;
}

function unreadable(label: string): SheetsError {
  return new SheetsError('SHEETS_UNREADABLE', `${label} was answered with something unreadable`);
}

/** The quotes keep a tab's name from being read as a cell or a named range. */
function wholeTab(tab: string): string {
  return `'${tab.replaceAll("'", "''")}'`;
}

/** 0 is `A`, 25 `Z`, 26 `AA`. */
function columnLetters(column: number): string {
  const last = String.fromCharCode(65 + (column % 26));
  return column < 26 ? last : columnLetters(Math.floor(column / 26) - 1) + last;
}

const errorSchema = z.object({ status: z.number().optional(), code: z.unknown() });

function httpStatus(error: unknown): number | null {
  const parsed = errorSchema.safeParse(error);
  return parsed.success ? (parsed.data.status ?? null) : null;
}

function errorCode(error: unknown): string {
  const parsed = errorSchema.safeParse(error);
  return parsed.success ? String(parsed.data.code) : '';
}

function isNetworkError(error: unknown): boolean {
  return /^(E[A-Z]+|ERR_STREAM_PREMATURE_CLOSE|TimeoutError)$/.test(errorCode(error));
}
