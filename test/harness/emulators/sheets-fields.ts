import { invalid } from './sheets-error.ts';

/** Fields of a resource that a mask may name, whether an answer has them or not. */
export type FieldTree = { readonly [name: string]: FieldTree };

/** The fields of a spreadsheet that this emulator knows, as Google names them. */
export const spreadsheetFields: FieldTree = {
  spreadsheetId: {},
  spreadsheetUrl: {},
  properties: { title: {}, locale: {}, timeZone: {} },
  sheets: {
    properties: {
      sheetId: {},
      title: {},
      index: {},
      sheetType: {},
      gridProperties: { rowCount: {}, columnCount: {} },
    },
    data: {
      startRow: {},
      startColumn: {},
      rowData: {
        values: {
          formattedValue: {},
          effectiveValue: { numberValue: {}, stringValue: {}, boolValue: {}, errorValue: {} },
          userEnteredValue: {},
          effectiveFormat: { numberFormat: { type: {}, pattern: {} } },
        },
      },
    },
  },
};

/**
 * Cuts an answer down to a field mask, such as `sheets.properties.title` or
 * `properties(locale,timeZone)`. What the answer does not have is left out.
 * @throws {GoogleError} 400 for a field that there is not.
 */
export function selectFields(answer: object, mask: string | null, known: FieldTree): object {
  if (mask === null || mask === '*') return answer;
  return cut(answer, parseMask(mask, known)) as object;
}

/** Whether the mask asks for the cells. */
export function asksForGrid(mask: string | null, known: FieldTree): boolean {
  if (mask === null) return false;
  return 'data' in (parseMask(mask, known)['sheets'] ?? {});
}

function cut(value: unknown, wanted: FieldTree): unknown {
  if (Array.isArray(value)) return value.map((item) => cut(item, wanted));
  if (typeof value !== 'object' || value === null || Object.keys(wanted).length === 0) return value;
  const entries = Object.entries(value).flatMap(([name, field]) => {
    const below = wanted[name];
    return below ? [[name, cut(field, below)]] : [];
  });
  return Object.fromEntries(entries) as object;
}

type Tree = { [name: string]: Tree };

/** Paths with dots, and lists in brackets, joined by commas. */
function parseMask(mask: string, known: FieldTree): Tree {
  const refuse = () => invalid(`Request contains an invalid argument: field mask "${mask}"`);
  const root: Tree = {};
  let rest = mask;
  const readList = (into: Tree, fields: FieldTree) => {
    do {
      readPath(into, fields);
    } while (accept(','));
  };
  const readPath = (into: Tree, fields: FieldTree) => {
    const name = /^\w+/.exec(rest)?.[0] ?? '';
    const below = fields[name];
    if (!below) throw refuse();
    rest = rest.slice(name.length);
    const tree = (into[name] ??= {});
    if (accept('.')) readPath(tree, below);
    else if (accept('(')) {
      readList(tree, below);
      if (!accept(')')) throw refuse();
    }
  };
  const accept = (sign: string) => {
    if (!rest.startsWith(sign)) return false;
    rest = rest.slice(1);
    return true;
  };
  readList(root, known);
  if (rest !== '') throw refuse();
  return root;
}
