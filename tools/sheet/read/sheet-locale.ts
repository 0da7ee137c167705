import { defaultCurrency } from '../../yard/equipment.ts';

/** The ways to write numbers and dates in the sheet's locale. */
export type SheetLocale = {
  /** The order in `3/12/2026`; `null` where both are usual. */
  readonly dayAndMonth: 'month-first' | 'day-first' | null;
  /** True where `1.250,00` is what elsewhere is `1,250.00`. */
  readonly hasDecimalComma: boolean;
  /** ISO 4217 code. */
  readonly currency: string;
  /** Month and weekday by the first letters of its name, in English and in the sheet's language. */
  readonly months: ReadonlyMap<string, number>;
  readonly weekdays: ReadonlyMap<string, number>;
};

const monthFirst = ['US', 'PH', 'BZ', 'JP', 'CN', 'TW', 'KR', 'HU', 'LT'];
/** Countries that write `3/12` for both, so that nobody can tell. */
const mixed = ['CA', 'ZA', 'KE', 'SE'];

const currencies: Readonly<Record<string, readonly string[]>> = {
  EUR: 'AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK'.split(' '),
  ...Object.fromEntries(
    (
      'USD:US GBP:GB CAD:CA AUD:AU NZD:NZ INR:IN MXN:MX ZAR:ZA CHF:CH SEK:SE NOK:NO DKK:DK PLN:PL ' +
      'JPY:JP CNY:CN SGD:SG HKD:HK PHP:PH BRL:BR CZK:CZ HUF:HU ILS:IL AED:AE KES:KE MYR:MY THB:TH'
    )
      .split(' ')
      .map((pair) => pair.split(':'))
      .map(([code = '', region = '']) => [code, [region]]),
  ),
};

const known = new Map<string, SheetLocale>();

/** The locale of a sheet by its name as Sheets gives it: `en_GB`, `de_DE`, `en`. */
export function sheetLocale(name: string): SheetLocale {
  const made = known.get(name) ?? makeLocale(name);
  known.set(name, made);
  return made;
}

function makeLocale(name: string): SheetLocale {
  const tag = readTag(name);
  const region = tag.maximize().region ?? 'US';
  const decimal = new Intl.NumberFormat(tag.toString())
    .formatToParts(1.5)
    .find(({ type }) => type === 'decimal');
  const currency = Object.entries(currencies).find(([, regions]) => regions.includes(region));
  return {
    dayAndMonth: mixed.includes(region)
      ? null
      : monthFirst.includes(region)
        ? 'month-first'
        : 'day-first',
    hasDecimalComma: decimal?.value === ',',
    currency: currency?.[0] ?? defaultCurrency,
    months: namesOf(tag, 12, { month: 'long' }, (n) => Date.UTC(2026, n, 15)),
    // The first of February 2026 was a Sunday.
    weekdays: namesOf(tag, 7, { weekday: 'long' }, (n) => Date.UTC(2026, 1, 1 + n)),
  };
}

function readTag(name: string): Intl.Locale {
  try {
    return new Intl.Locale(name.replaceAll('_', '-'));
  } catch {
    return new Intl.Locale('en-US');
  }
}

/** Each name in lower case without accents, by which a cell's word is found as its beginning. */
function namesOf(
  tag: Intl.Locale,
  count: number,
  format: Intl.DateTimeFormatOptions,
  at: (n: number) => number,
): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const language of [tag.toString(), 'en-US']) {
    const formatter = new Intl.DateTimeFormat(language, { ...format, timeZone: 'UTC' });
    for (let n = 0; n < count; n += 1) names.set(wordKey(formatter.format(at(n))), n);
  }
  return names;
}

/** A word in lower case, without accents and dots. */
export function wordKey(word: string): string {
  return word
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\p{M}.]/gu, '');
}
