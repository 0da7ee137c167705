/** What a cell can hold. */
export type CellValue = string | number | boolean | null;

/** A cell: its value, and what a person sees or typed where that differs from the value. */
export type SheetCell = {
  readonly value: CellValue;
  readonly shown?: string;
  readonly formula?: string;
  readonly isDate?: boolean;
  readonly isPercent?: boolean;
};

/** What a test puts into a cell: a value as it is, or a cell as a person has made it. */
export type CellInput = CellValue | SheetCell;

/** The cell of an input; an empty string is an empty cell. */
export function cellOf(input: CellInput): SheetCell {
  if (typeof input === 'object' && input !== null) return input;
  return input === '' ? EMPTY : { value: input };
}

/** A real date, shown in the sheet's manner. */
export function dateCell(iso: string, shown: string): SheetCell {
  const serial = (Date.parse(iso) - Date.UTC(1899, 11, 30)) / 86_400_000;
  return { value: serial, shown, isDate: true };
}

/** A share as a person formats it: `percentCell(20)` is 0.2, shown as `20%`. */
export function percentCell(percent: number): SheetCell {
  return { value: percent / 100, shown: `${percent}%`, isPercent: true };
}

/** A formula that failed: `errorCell('#N/A')`. */
export function errorCell(error: string): SheetCell {
  return { value: error, formula: '=VLOOKUP(A1,B:C,2)' };
}

/** A cell as `spreadsheets.get` gives it with grid data. */
export function gridCell(cell: SheetCell): object {
  const { value, isDate, isPercent } = cell;
  if (value === null) return {};
  const isError = cell.formula !== undefined && typeof value === 'string' && value.startsWith('#');
  const type = isDate ? 'DATE' : isPercent ? 'PERCENT' : null;
  return {
    formattedValue: cell.shown ?? shownAs(value),
    effectiveValue: isError
      ? { errorValue: { type: 'N_A', message: 'Did not find value' } }
      : { [`${typeof value === 'boolean' ? 'bool' : typeof value}Value`]: value },
    ...(type ? { effectiveFormat: { numberFormat: { type } } } : {}),
  };
}

/** A cell with nothing in it. */
export const EMPTY: SheetCell = { value: null };

/** The two ways Sheets takes input: as it is, or as if a person had typed it. */
export type ValueInput = 'RAW' | 'USER_ENTERED';

/** How a reader wants the cells. */
export type Rendering = {
  readonly values: 'FORMATTED_VALUE' | 'UNFORMATTED_VALUE' | 'FORMULA';
  readonly dates: 'SERIAL_NUMBER' | 'FORMATTED_STRING';
};

/** The cell that an input becomes. With USER_ENTERED text may turn into a number, date or formula. */
export function toCell(input: CellValue, option: ValueInput, locale = 'en_US'): SheetCell {
  if (typeof input !== 'string' || option === 'RAW') return { value: input === '' ? null : input };
  return typed(input, locale);
}

/** What a reader gets for the cell; an empty one is an empty string, as with Google. */
export function renderCell(cell: SheetCell, rendering: Rendering): string | number | boolean {
  if (rendering.values === 'FORMULA' && cell.formula !== undefined) return cell.formula;
  if (cell.value === null) return '';
  if (rendering.values === 'FORMATTED_VALUE') return cell.shown ?? shownAs(cell.value);
  if (cell.isDate && rendering.dates === 'FORMATTED_STRING') return cell.shown ?? '';
  return cell.value;
}

function shownAs(value: string | number | boolean): string {
  return typeof value === 'boolean' ? String(value).toUpperCase() : String(value);
}

function typed(text: string, locale: string): SheetCell {
  const trimmed = text.trim();
  if (text.startsWith("'")) return { value: text.slice(1) };
  if (trimmed.startsWith('=')) return formula(trimmed);
  if (/^(true|false)$/i.test(trimmed)) return { value: trimmed.toLowerCase() === 'true' };
  const number = typedNumber(trimmed);
  if (number !== undefined) return number;
  const date = typedDate(trimmed, locale);
  if (date !== undefined) return date;
  // A leading plus is how spreadsheets of old began a formula, and Sheets still takes it so.
  if (/^\+./.test(trimmed)) return formula(`=${trimmed}`);
  return { value: text === '' ? null : text };
}

/** Formulas are not computed: a cell that asks for it shows that something was evaluated. */
function formula(text: string): SheetCell {
  const constant = /^=[+-]?\d+(\.\d+)?$/.test(text) ? Number(text.slice(1)) : '#NAME?';
  return { value: constant, formula: text };
}

function typedNumber(text: string): SheetCell | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return { value: Number(text) };
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text)) {
    return { value: Number(text.replaceAll(',', '')), shown: text };
  }
  if (/^\$\s?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/.test(text)) {
    return { value: Number(text.replaceAll(/[$,\s]/g, '')), shown: text };
  }
  if (/^-?\d+(\.\d+)?%$/.test(text)) {
    return { value: Number(text.slice(0, -1)) / 100, shown: text, isPercent: true };
  }
  return undefined;
}

function typedDate(text: string, locale: string): SheetCell | undefined {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  const [, first, second, yearText] = slashed ?? [];
  const isAmerican = locale === 'en_US';
  const [year, month, day] = iso
    ? iso.slice(1)
    : slashed
      ? [yearText, isAmerican ? first : second, isAmerican ? second : first]
      : [];
  const atMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Undefined parts give NaN; the thirtieth of February gives another day, and stays text.
  if (Number.isNaN(atMs) || new Date(atMs).getUTCDate() !== Number(day)) return undefined;
  const serial = Math.round((atMs - Date.UTC(1899, 11, 30)) / 86_400_000);
  return { value: serial, shown: text, isDate: true };
}
