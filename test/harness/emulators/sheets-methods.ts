import { z } from 'zod';
import { EMPTY, gridCell, type CellValue } from './sheets-cell.ts';
import type { Dimension, SheetsDocument } from './sheets-document.ts';
import { invalid, unknownName } from './sheets-error.ts';
import { Query } from './sheets-query.ts';
import { asksForGrid, selectFields, spreadsheetFields } from './sheets-fields.ts';
import { applyRequests } from './sheets-structure.ts';

/** A request that names a method of the API, before its parameters are looked at. */
export type SheetsRoute = {
  /** As Google names it, such as `values.batchGet`. */
  readonly kind: string;
  readonly method: Method;
  readonly writes: boolean;
  readonly spreadsheetId: string;
  /** From the path, the query, or (batch writes) nothing: those name them in the body. */
  readonly ranges: readonly string[];
  readonly query: URLSearchParams;
};

type Call = { readonly document: SheetsDocument; readonly query: Query; readonly body: string };
type Method = {
  readonly verb: string;
  readonly writes: boolean;
  readonly path: RegExp;
  readonly parameters: readonly string[];
  /** Returns the answer; a method that replaces the document returns that too. */
  run(call: Call, range: string): object | { document: SheetsDocument; body: object };
};

const ID = String.raw`/v4/spreadsheets/([^/:]+)`;
const RANGE = '/values/([^/]+?)';

/** Parameters that every method of every Google API takes. */
const COMMON = ['alt', 'fields', 'key', 'prettyPrint', 'quotaUser', 'access_token', '$.xgafv'];
const RENDERING = ['majorDimension', 'valueRenderOption', 'dateTimeRenderOption'];
const WRITING = [
  'valueInputOption',
  'includeValuesInResponse',
  'responseValueRenderOption',
  'responseDateTimeRenderOption',
];

const methods: Readonly<Record<string, Method>> = {
  'values.batchGet': {
    verb: 'GET',
    writes: false,
    path: new RegExp(`^${ID}/values:batchGet$`),
    parameters: ['ranges', ...RENDERING],
    run({ document, query }) {
      const read = query.reading();
      const valueRanges = query
        .all('ranges')
        .map((range) => document.read(range, read.dimension, read.rendering));
      return { spreadsheetId: document.id, valueRanges };
    },
  },
  'values.get': {
    verb: 'GET',
    writes: false,
    path: new RegExp(`^${ID}${RANGE}$`),
    parameters: RENDERING,
    run({ document, query }, range) {
      const read = query.reading();
      return document.read(range, read.dimension, read.rendering);
    },
  },
  'values.update': {
    verb: 'PUT',
    writes: true,
    path: new RegExp(`^${ID}${RANGE}$`),
    parameters: WRITING,
    run({ document, query, body }, range) {
      const input = parseBody(valueRangeSchema, body);
      return document.update(range, cells(input), dimensionOf(input), query.valueInput());
    },
  },
  'values.append': {
    verb: 'POST',
    writes: true,
    path: new RegExp(`^${ID}${RANGE}:append$`),
    parameters: [...WRITING, 'insertDataOption'],
    run({ document, query, body }, range) {
      const input = parseBody(valueRangeSchema, body);
      const insert = query.oneOf('insertDataOption', ['OVERWRITE', 'INSERT_ROWS']);
      return document.append(range, cells(input), query.valueInput(), insert === 'INSERT_ROWS');
    },
  },
  'values.clear': {
    verb: 'POST',
    writes: true,
    path: new RegExp(`^${ID}${RANGE}:clear$`),
    parameters: [],
    run: ({ document }, range) => document.clear(range),
  },
  'values.batchUpdate': {
    verb: 'POST',
    writes: true,
    path: new RegExp(`^${ID}/values:batchUpdate$`),
    parameters: [],
    run({ document, body }) {
      const { data, valueInputOption } = parseBody(batchUpdateSchema, body);
      const next = document.clone();
      const responses = data.map((input) =>
        next.update(input.range, cells(input), dimensionOf(input), valueInputOption),
      );
      const total = (key: 'updatedRows' | 'updatedColumns' | 'updatedCells') =>
        responses.reduce((sum, response) => sum + response[key], 0);
      return {
        document: next,
        body: {
          spreadsheetId: document.id,
          totalUpdatedRows: total('updatedRows'),
          totalUpdatedColumns: total('updatedColumns'),
          totalUpdatedCells: total('updatedCells'),
          totalUpdatedSheets: new Set(responses.map((r) => r.updatedRange.split('!')[0])).size,
          responses,
        },
      };
    },
  },
  'spreadsheets.get': {
    verb: 'GET',
    writes: false,
    path: new RegExp(`^${ID}$`),
    parameters: ['ranges', 'includeGridData', 'excludeTablesInBandedRanges'],
    run({ document, query }) {
      const mask = query.one('fields');
      // A mask has the last word, as with Google.
      const hasGrid =
        mask === null
          ? query.one('includeGridData') === 'true'
          : asksForGrid(mask, spreadsheetFields);
      const described = describe(document, query.all('ranges'), hasGrid);
      return selectFields(described, mask, spreadsheetFields);
    },
  },
  'spreadsheets.batchUpdate': {
    verb: 'POST',
    writes: true,
    path: new RegExp(`^${ID}:batchUpdate$`),
    parameters: [],
    run({ document, body }) {
      const next = document.clone();
      const replies = applyRequests(next, parseBody(requestsSchema, body).requests);
      return { document: next, body: { spreadsheetId: document.id, replies } };
    },
  },
};

const cellSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const valueRangeSchema = z.strictObject({
  range: z.string().optional(),
  majorDimension: z.enum(['ROWS', 'COLUMNS']).optional(),
  values: z.array(z.array(cellSchema)).optional(),
});
const batchUpdateSchema = z.strictObject({
  valueInputOption: z.enum(['RAW', 'USER_ENTERED']),
  data: z.array(valueRangeSchema.extend({ range: z.string() })),
  includeValuesInResponse: z.boolean().optional(),
});
const requestsSchema = z.strictObject({ requests: z.array(z.unknown()).default([]) });

/** Which method a request is for; undefined where Google has its page of 404. */
export function routeOf(verb: string, url: URL): SheetsRoute | undefined {
  for (const [kind, method] of Object.entries(methods)) {
    const match = method.verb === verb ? method.path.exec(url.pathname) : null;
    if (!match) continue;
    const inPath = match[2] === undefined ? [] : [decodeURIComponent(match[2])];
    return {
      kind,
      method,
      writes: method.writes,
      spreadsheetId: decodeURIComponent(match[1] ?? ''),
      ranges: [...inPath, ...url.searchParams.getAll('ranges')],
      query: url.searchParams,
    };
  }
  return undefined;
}

/**
 * Does what the request asks for. The document that comes back replaces the one passed in.
 * @throws {GoogleError} what Google would refuse it with; nothing has changed then.
 */
export function handleSheetsRequest(
  document: SheetsDocument,
  route: SheetsRoute,
  body: string,
): { document: SheetsDocument; body: object } {
  const { method } = route;
  const query = new Query(route.query);
  query.assertKnown([...method.parameters, ...COMMON]);
  const result = method.run({ document, query, body }, route.ranges[0] ?? '');
  return 'document' in result ? result : { document, body: result };
}

type ValueRange = z.infer<typeof valueRangeSchema>;

function cells(input: ValueRange): CellValue[][] {
  return input.values ?? [];
}

function dimensionOf(input: ValueRange): Dimension {
  return input.majorDimension ?? 'ROWS';
}

function parseBody<T>(schema: z.ZodType<T>, body: string): T {
  let json: unknown;
  try {
    json = JSON.parse(body || '{}');
  } catch {
    throw invalid('Invalid JSON payload received. Unexpected end of string.');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join('.') ?? '';
  if (issue?.code === 'unrecognized_keys') {
    throw unknownName(issue.keys[0] ?? '', `${at ? ` at '${at}'` : ''}: Cannot find field.`);
  }
  throw invalid(`Invalid value at '${at}'`);
}

/** With ranges only the tabs that they name, in the order of the tabs. */
function describe(document: SheetsDocument, ranges: readonly string[], hasGrid: boolean): object {
  const asked = ranges.length > 0 ? ranges : document.tabs.map(({ title }) => quoted(title));
  const byTab = document.grid(asked);
  return {
    spreadsheetId: document.id,
    properties: { title: 'Emulated yard', locale: document.locale, timeZone: document.timeZone },
    sheets: document.tabs.flatMap((tab, index) => {
      const wanted = byTab.get(tab);
      if (!wanted) return [];
      const properties = {
        sheetId: tab.sheetId,
        title: tab.title,
        index,
        sheetType: 'GRID',
        gridProperties: { rowCount: tab.rowCount, columnCount: document.columnCount(tab) },
      };
      if (!hasGrid) return [{ properties }];
      const data = wanted.map((range) => ({
        rowData: tab.rows.slice(range.startRow, range.endRow).map((row) => ({
          values: Array.from(
            { length: Math.min(range.endColumn, row.length) - range.startColumn },
            (_, column) => gridCell(row[range.startColumn + column] ?? EMPTY),
          ),
        })),
      }));
      return [{ properties, data }];
    }),
    spreadsheetUrl: `https://docs.google.com/spreadsheets/d/${document.id}/edit`,
  };
}

function quoted(title: string): string {
  return `'${title.replaceAll("'", "''")}'`;
}
