import { defaultTimeZone, type Yard } from '../../yard/equipment.ts';
import type { Parsed } from './equipment-sheet.ts';
import { readText } from './sheet-cells.ts';
import { nameKey, type Cell, type RowProblem, type SheetRows } from './sheet-table.ts';

/** What the yard is called when its tab does not say. */
const DEFAULT_NAME = 'the rental yard';

const TAB = 'Yard';

/** The keys of the tab, each with the other words that owners use for it. */
const keys = {
  name: ['name', 'yard name', 'business name'],
  timeZone: ['time zone'],
  openingHours: ['opening hours', 'hours'],
  address: ['address'],
  delivery: ['delivery', 'delivery rules'],
  depositRules: ['deposit', 'deposit rules'],
  identificationRules: ['identification', 'identification rules', 'id'],
  transferTo: ['transfer to', 'who to transfer to'],
  greeting: ['greeting'],
} as const satisfies Record<keyof Yard, readonly string[]>;

const fieldByKey = new Map(
  Object.entries(keys).flatMap(([field, names]) => names.map((name) => [nameKey(name), field])),
);

type Entry = { readonly row: number; readonly cells: readonly Cell[] };

/** What the tab says. Defaults look the same whether they are meant or not, so it is told apart. */
export type ParsedYard = Parsed<Yard> & {
  /** None of the keys has anything beside it. */
  readonly isSilent: boolean;
  readonly hasTimeZone: boolean;
};

/** The `Yard` tab: a key in the first column, its value beside it. What it does not say is null. */
export function parseYard(rows: SheetRows): ParsedYard {
  const problems: RowProblem[] = [];
  const report = (row: number, column: string, problem: string) =>
    void problems.push({ tab: TAB, row, column, problem });
  const entries = findEntries(rows, report);
  const text = (field: keyof Yard) => readText(entries.get(field)?.cells[0] ?? null);
  const timeZone = readTimeZone(entries.get('timeZone'), report);
  const value: Yard = {
    name: text('name') ?? DEFAULT_NAME,
    timeZone: timeZone ?? defaultTimeZone,
    openingHours: text('openingHours'),
    address: text('address'),
    delivery: text('delivery'),
    depositRules: text('depositRules'),
    identificationRules: text('identificationRules'),
    transferTo: readNumbers(entries.get('transferTo'), report),
    greeting: text('greeting'),
  };
  if (text('name') === null) report(0, 'name', `missing; "${DEFAULT_NAME}" is used`);
  const cells = [...entries.values()].flatMap((entry) => entry.cells);
  const isSilent = cells.every((cell) => readText(cell) === null);
  return { value, problems, isSilent, hasTimeZone: timeZone !== null };
}

type Report = (row: number, column: string, problem: string) => void;

function findEntries(rows: SheetRows, report: Report): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [index, [key = null, ...cells]] of rows.entries()) {
    const row = index + 1;
    const field = fieldByKey.get(nameKey(key));
    // Titles and notes of the owner's own have no value beside them, or stand in the first row.
    if (field === undefined) {
      if (index > 0 && nameKey(key) !== '' && readText(cells[0] ?? null) !== null) {
        report(row, 'key', 'unknown');
      }
      continue;
    }
    if (entries.has(field)) report(row, field, 'a second row with the same key');
    else entries.set(field, { row, cells });
  }
  return entries;
}

function readTimeZone(entry: Entry | undefined, report: Report): string | null {
  const zone = readText(entry?.cells[0] ?? null);
  if (zone !== null && isTimeZone(zone)) return zone;
  const what = zone === null ? 'missing' : 'not an IANA time zone';
  report(entry?.row ?? 0, 'time zone', `${what}; ${defaultTimeZone} is used`);
  return null;
}

function isTimeZone(zone: string): boolean {
  // Offsets such as "+05:00" are taken too, but know no summer time: "today" would drift.
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return Intl.DateTimeFormat('en-US', { timeZone: zone }) instanceof Intl.DateTimeFormat;
  } catch {
    return false;
  }
}

/** The numbers of a row, in one cell or in several, as E.164; US numbers may lack their `+1`. */
function readNumbers(entry: Entry | undefined, report: Report): readonly string[] {
  if (entry === undefined) return [];
  const texts = entry.cells.flatMap((cell) => (readText(cell) ?? '').split(/[,;\n]/));
  const numbers = texts.filter((text) => text.trim() !== '').map(toE164);
  if (numbers.includes(null)) report(entry.row, 'transfer to', 'not a telephone number');
  return [...new Set(numbers.filter((number) => number !== null))];
}

function toE164(text: string): string | null {
  const bare = text.replaceAll(/[\s().-]/g, '');
  if (/^\+[1-9]\d{7,14}$/.test(bare)) return bare;
  if (/^1[2-9]\d{9}$/.test(bare)) return `+${bare}`;
  return /^[2-9]\d{9}$/.test(bare) ? `+1${bare}` : null;
}
