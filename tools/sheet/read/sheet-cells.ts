import type { SheetLocale } from './sheet-locale.ts';
import type { Cell } from './sheet-table.ts';

/** The cell's text without space around it, or null for an empty one. Numbers become text. */
export function readText(cell: Cell): string | null {
  const text = String(cell ?? '').trim();
  return text === '' ? null : text;
}

/** True for the text of a failed formula, such as `#N/A`. */
export function isErrorValue(cell: Cell): boolean {
  return typeof cell === 'string' && /^\s*#(?:N\/A|[A-Z0-9/]+[!?])/.test(cell);
}

/** An amount as a cell holds it. */
export type Amount = {
  /** Null when the cell says that there is none: empty, a dash, `n/a`. */
  readonly cents: number | null;
  /** Something stands beside the amount that is not understood, such as `+ blade wear`. */
  readonly hasMore: boolean;
};

/** A rate's period: text that says it is for something else is not read as a rate. */
export type RatePeriod = 'day' | 'week' | 'four-week' | 'half-day' | 'weekend' | 'none';

const periods: Readonly<Record<RatePeriod, RegExp>> = {
  day: /^(?:days?|daily|d|dy|24 ?h(?:ou)?rs?)$/,
  week: /^(?:weeks?|weekly|wk|w|7 ?days?)$/,
  'four-week': /^(?:4[- ]?w(?:ee)?ks?|four[- ]weeks?|months?|monthly|mo|mth|28 ?days?)$/,
  'half-day': /^(?:half[- ]?days?|1\/2 day|4 ?h(?:ou)?rs?)$/,
  weekend: /^(?:weekends?|wknd)$/,
  none: /^$/,
};

const currencySign = String.raw`(?:usd|cad|aud|nzd|gbp|eur|us\$|ca?\$|au?\$|nz\$|[$£€¥₹]|rs\.?|kr\.?|r(?=\d))`;

/**
 * An amount of money in whole cents: a number, or text such as `$1,250.00`, `65/day`, `£110 + VAT`.
 * Undefined when it is no amount, below zero, a percentage, or for another time than `period`.
 */
export function readAmount(
  cell: Cell,
  period: RatePeriod,
  { hasDecimalComma }: Pick<SheetLocale, 'hasDecimalComma'> = { hasDecimalComma: false },
): Amount | undefined {
  if (typeof cell === 'number') return amount(toCents(cell));
  if (typeof cell === 'boolean') return undefined;
  const text = readText(cell)?.normalize('NFKC').toLowerCase() ?? null;
  if (text === null || /^(?:[-\u2012-\u2015]+|n\/?a|none|nil|no)$/.test(text)) return amount(null);
  const [, digits = '', rest = ''] =
    new RegExp(
      `^${currencySign}?\\s*(\\d[\\d.,'\u00a0 ]*?)\\s*(?:${currencySign}\\s*)?((?:[^\\d.,].*)?)$`,
    ).exec(text) ?? [];
  const cents = toCents(toNumber(digits, hasDecimalComma));
  if (cents === undefined) return undefined;
  if (rest === '') return amount(cents);
  // "$8O" is no $8.
  if (/^[a-z]/.test(rest) && text.endsWith(`${digits}${rest}`)) return undefined;
  const [, per = '', note = ''] =
    /^(?:(?:\/|per |a |each |p\/|-(?=[a-z]))\s*([a-z0-9 -]*?[a-z])(?=$|[^a-z-]))?\s*(.*)$/.exec(
      rest,
    ) ?? [];
  if (per !== '' && !periods[period].test(per.trim())) return undefined;
  // A range, a condition, a share of something: no price to promise.
  if (/^[%\u2010-\u2015?~-]|^(?:to|or|x|k|m|hrs?|hours?)\b|\?/.test(note)) return undefined;
  // "2 for 50", "1 250": digits belong to a price unless they are plainly a remark beside it.
  if (/\d/.test(note) && !/^(?:[+(]|plus\b)/.test(note)) return undefined;
  return { cents, hasMore: note !== '' };
}

function amount(cents: number | null | undefined): Amount | undefined {
  return cents === undefined ? undefined : { cents, hasMore: false };
}

/** Separators only where they part thousands: "1,25" is somebody's decimal comma, and not 125. */
function toNumber(digits: string, hasDecimalComma: boolean): number {
  const plain = hasDecimalComma
    ? digits.replaceAll(/[.,]/g, (mark) => (mark === ',' ? '.' : ','))
    : digits;
  if (!/^(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d{1,2})?$/.test(plain)) return Number.NaN;
  return Number(plain.replaceAll(',', ''));
}

function toCents(amountOfMoney: number): number | undefined {
  const cents = Math.round(amountOfMoney * 100);
  return Number.isSafeInteger(cents) && cents >= 0 ? cents : undefined;
}

/** A number of machines, as in `5`, `x5` or `5 units`; one for an empty cell, undefined for other words. */
export function readQuantity(cell: Cell): number | undefined {
  const text = readText(cell);
  if (text === null) return 1;
  const [, digits] =
    /^(?:x|×|qty:?)?\s*(\d{1,4})(?:\.0+)?\s*(?:x|×|ea|each|pcs?|units?|machines?)?\.?$/i.exec(
      text,
    ) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
