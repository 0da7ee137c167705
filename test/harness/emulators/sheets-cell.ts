/** What a cell can hold. */
export type CellValue = string | number | boolean | null;

/** A cell: its value, and what a person sees or typed where that differs from the value. */
export type SheetCell = {
  readonly value: CellValue;
  readonly shown?: string;
  readonly formula?: string;
  readonly isDate?: boolean;
};

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
export function toCell(input: CellValue, option: ValueInput): SheetCell {
  if (typeof input !== 'string' || option === 'RAW') return { value: input === '' ? null : input };
  return typed(input);
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

function typed(text: string): SheetCell {
  const trimmed = text.trim();
  if (text.startsWith("'")) return { value: text.slice(1) };
  if (trimmed.startsWith('=')) return formula(trimmed);
  if (/^(true|false)$/i.test(trimmed)) return { value: trimmed.toLowerCase() === 'true' };
  const number = typedNumber(trimmed);
  if (number !== undefined) return number;
  const date = typedDate(trimmed);
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
  if (/^-?\d+(\.\d+)?%$/.test(text)) return { value: Number(text.slice(0, -1)) / 100, shown: text };
  return undefined;
}

function typedDate(text: string): SheetCell | undefined {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  const us = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
  const [year, month, day] = iso ? iso.slice(1) : us ? [us[3], us[1], us[2]] : [];
  const atMs = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Undefined parts give NaN; the thirtieth of February gives another day, and stays text.
  if (Number.isNaN(atMs) || new Date(atMs).getUTCDate() !== Number(day)) return undefined;
  const serial = Math.round((atMs - Date.UTC(1899, 11, 30)) / 86_400_000);
  return { value: serial, shown: text, isDate: true };
}
