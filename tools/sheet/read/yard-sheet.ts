import { readContacts, toE164 } from './contacts.ts';
import { defaultTimeZone, type Yard, type YardLimits } from '../../yard/equipment.ts';
import { readDeliveryRules, type DeliveryRows } from './delivery-rows.ts';
import { readRentalRules, ruleKeys } from './rental-rules-sheet.ts';
import { readNotices } from './notices.ts';
import type { Parsed, Told } from './row-report.ts';
import { isErrorValue, readText } from './sheet-cells.ts';
import { sheetLocale, type SheetLocale } from './sheet-locale.ts';
import type { SheetProblem } from './sheet-problems.ts';
import { nameKey, type Cell, type SheetRows } from './sheet-table.ts';
import { YardFacts } from './yard-facts.ts';

/** The yard's name when its tab does not say. */
const DEFAULT_NAME = 'the rental yard';

/** The keys of the tab, each with the other words that owners use for it. */
const keys = {
  name: ['name', 'yard name', 'business name', 'company', 'company name', 'yard'],
  timeZone: ['time zone', 'timezone'],
  currency: ['currency', 'prices in'],
  openingHours: ['opening hours', 'hours', 'opening times', 'open', 'business hours'],
  address: ['address', 'location'],
  delivery: ['delivery', 'delivery rules', 'delivery charge', 'delivery charges'],
  deliveryZones: ['delivery zones', 'delivery zone', 'zones'],
  deliveryPerMile: ['delivery per mile', 'delivery a mile', 'per mile'],
  deliveryBase: ['delivery base', 'delivery base fee'],
  deliveryMiles: ['delivery included miles', 'included miles', 'delivery miles'],
  deliveryWindows: ['delivery windows', 'delivery window', 'delivery times'],
  depositRules: ['deposit', 'deposits', 'deposit rules'],
  identificationRules: ['identification', 'identification rules', 'id', 'id required'],
  transferTo: ['transfer to', 'who to transfer to', 'transfer'],
  greeting: ['greeting'],
  aiNotice: ['ai notice'],
  recordingNotice: ['recording notice'],
  phone: ['phone', 'phone number', 'telephone', 'our phone', 'yard phone', 'main number'],
  breakdown: ['breakdown', 'breakdowns', 'service', 'service number', 'road service'],
  emergency: ['emergency', 'emergencies'],
  machinesPerCall: ['machines a call', 'machines per call'],
  daysPerBooking: ['days a booking', 'days per booking'],
  bookingsPerNumberPerDay: ['bookings a number a day', 'bookings per number per day'],
  messagesPerCall: ['messages a call', 'messages per call'],
  daysAhead: ['days ahead'],
  trustedNumbers: ['trusted numbers'],
  blockedNumbers: ['blocked', 'blocked numbers', 'block'],
  ...ruleKeys,
} as const satisfies Record<
  | Exclude<keyof Yard, 'limits' | 'facts' | 'rules' | 'deliveryRules' | 'notices'>
  | keyof YardLimits
  | 'aiNotice'
  | 'recordingNotice'
  | keyof typeof ruleKeys
  | keyof DeliveryRows,
  readonly string[]
>;

const fieldByKey = new Map(
  Object.entries(keys).flatMap(([field, names]) => names.map((name) => [nameKey(name), field])),
);

/** Keys that are told by a line of their own, or never; what any other row says is a fact. */
const noFacts: ReadonlySet<string> = new Set([
  'name',
  'timeZone',
  'currency',
  'openingHours',
  'address',
  'delivery',
  'depositRules',
  'identificationRules',
  'transferTo',
  'greeting',
  'aiNotice',
  'recordingNotice',
  'phone',
  'breakdown',
  'emergency',
  'machinesPerCall',
  'daysPerBooking',
  'bookingsPerNumberPerDay',
  'messagesPerCall',
  'daysAhead',
  'trustedNumbers',
  'blockedNumbers',
]);

type Entry = { readonly row: number; readonly cells: readonly Cell[] };

/** The yard by its tab. Defaults look the same whether meant or not, so flags tell them apart. */
export type ParsedYard = Omit<Parsed<Yard>, 'leftOut'> & {
  /** None of the keys has anything beside it. */
  readonly isSilent: boolean;
  readonly hasTimeZone: boolean;
};

/** The `Yard` tab: a key in the first column, its value beside it. What it does not say is null. */
export function parseYard(
  rows: SheetRows,
  {
    locale = sheetLocale('en_US'),
    timeZone: ownZone = defaultTimeZone,
    title = 'Yard',
  }: {
    readonly locale?: SheetLocale;
    /** The spreadsheet's own time zone, for a yard that names none. */
    readonly timeZone?: string;
    readonly title?: string | undefined;
  } = {},
): ParsedYard {
  const problems: SheetProblem[] = [];
  const report: Report = (row, column, told) =>
    void problems.push({ tab: title, row, column, ...told });
  const facts = new YardFacts();
  const entries = findEntries(rows, facts, report);
  const text = (field: keyof Yard) => {
    const cell = entries.get(field)?.cells[0] ?? null;
    return isErrorValue(cell) ? null : readText(cell);
  };
  const timeZone = readTimeZone(entries.get('timeZone'), ownZone, report);
  const rules = readRentalRules(entries, { locale, report });
  const value: Yard = {
    name: text('name') ?? DEFAULT_NAME,
    timeZone: timeZone ?? ownZone,
    currency: readCurrency(entries.get('currency'), locale, report),
    openingHours: text('openingHours'),
    address: text('address'),
    delivery: text('delivery'),
    depositRules: text('depositRules'),
    identificationRules: text('identificationRules'),
    transferTo: readContacts(entries.get('transferTo'), 'transfer to', report),
    greeting: text('greeting'),
    ...readNotices((field) => entries.get(field)?.cells[0] ?? null, {
      report: (field, told) => report(entries.get(field)?.row ?? 0, keys[field][0], told),
    }),
    ...readPeople(entries, report),
    ...readLimits(entries, report),
    ...(facts.facts.length > 0 ? { facts: facts.facts } : {}),
    ...(rules ? { rules } : {}),
    ...deliveryRulesOf(entries, report),
  };
  for (const [field, { row, cells }] of entries) {
    if (!isErrorValue(cells[0] ?? null)) continue;
    report(row, field, {
      what: 'shows the error of a formula',
      why: 'callers hear nothing of it',
      remedy: 'mend the formula, or type the value',
    });
  }
  if (text('name') === null) {
    report(0, 'name', {
      what: 'missing',
      why: `callers hear "${DEFAULT_NAME}"`,
      remedy: 'add a row with Name and the name of the yard',
    });
  }
  const cells = [...entries.values()].flatMap((entry) => entry.cells);
  const isSilent = cells.every((cell) => readText(cell) === null) && facts.facts.length === 0;
  return { value, problems, isSilent, hasTimeZone: timeZone !== null };
}

function deliveryRulesOf(
  entries: ReadonlyMap<string, Entry>,
  report: Report,
): Pick<Yard, 'deliveryRules'> {
  const cell = (field: keyof DeliveryRows) => {
    const value = entries.get(field)?.cells[0] ?? null;
    return isErrorValue(value) ? null : value;
  };
  const rows: DeliveryRows = {
    delivery: cell('delivery'),
    deliveryZones: cell('deliveryZones'),
    deliveryPerMile: cell('deliveryPerMile'),
    deliveryBase: cell('deliveryBase'),
    deliveryMiles: cell('deliveryMiles'),
    deliveryWindows: cell('deliveryWindows'),
  };
  const deliveryRules = readDeliveryRules(rows, (field, told) =>
    report(entries.get(field)?.row ?? 0, keys[field][0], told),
  );
  return deliveryRules ? { deliveryRules } : {};
}

type Report = (row: number, column: string, told: Told) => void;

function findEntries(
  rows: SheetRows,
  facts: YardFacts,
  report: Report,
): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const [index, [key = null, ...cells]] of rows.entries()) {
    const row = index + 1;
    const field = fieldByKey.get(nameKey(key));
    // Titles and notes of the owner's own have no value beside them.
    const isFact = nameKey(key) !== '' && readText(cells[0] ?? null) !== null;
    if (isFact && (field === undefined || !noFacts.has(field))) {
      const told = facts.add(key, cells[0] ?? null, row);
      if (told && field === undefined) report(row, 'key', told);
    }
    if (field === undefined) continue;
    if (!entries.has(field)) entries.set(field, { row, cells });
    else {
      report(row, field, {
        what: 'a second row with the same key',
        why: 'the first of the two counts',
        remedy: 'remove one of the two rows',
      });
    }
  }
  return entries;
}

function readTimeZone(entry: Entry | undefined, ownZone: string, report: Report): string | null {
  const zone = readText(entry?.cells[0] ?? null);
  const meant = zone === null ? undefined : zoneMeant(zone);
  if (meant !== undefined) {
    report(entry?.row ?? 0, 'time zone', {
      what: 'not the name of a place',
      why: `it is taken as ${meant}, with its summer time`,
      remedy: `write ${meant}`,
    });
    return meant;
  }
  if (zone !== null && isTimeZone(zone)) return zone;
  report(entry?.row ?? 0, 'time zone', {
    what: zone === null ? 'missing' : 'not an IANA time zone',
    why: `the day is that of ${ownZone}`,
    remedy: 'write it as in America/Chicago or Europe/London',
  });
  return null;
}

/** Zones by other names; `EST` is an IANA name too, but one that is an hour off all summer. */
const zonesMeant: readonly (readonly [name: RegExp, zone: string])[] = [
  [/^(?:us\/)?eastern$|^e[sd]?t$|^est5edt$|^(?:gmt|utc)-0?5(?::?00)?$/, 'America/New_York'],
  [/^(?:us\/)?central$|^c[sd]?t$|^cst6cdt$|^(?:gmt|utc)-0?6(?::?00)?$/, 'America/Chicago'],
  [/^(?:us\/)?mountain$|^m[sd]?t$|^mst7mdt$|^(?:gmt|utc)-0?7(?::?00)?$/, 'America/Denver'],
  [/^(?:us\/)?pacific$|^p[sd]?t$|^pst8pdt$|^(?:gmt|utc)-0?8(?::?00)?$/, 'America/Los_Angeles'],
  [/^(?:us\/)?alaska$|^ak[sd]?t$/, 'America/Anchorage'],
  [/^(?:us\/)?hawaii$|^h[sd]?t$/, 'Pacific/Honolulu'],
  [/^(?:us\/)?arizona$/, 'America/Phoenix'],
  [/^(?:uk|gb|britain|bst)$/, 'Europe/London'],
];

function zoneMeant(written: string): string | undefined {
  const name = written
    .toLowerCase()
    .replace(/\s*\(.*\)$/, '')
    .replace(/\s+(?:standard |daylight |summer )?time$/, '')
    .replaceAll(/\s/g, '');
  return zonesMeant.find(([pattern]) => pattern.test(name))?.[1];
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

const counted = [
  'machinesPerCall',
  'daysPerBooking',
  'bookingsPerNumberPerDay',
  'messagesPerCall',
  'daysAhead',
] as const;

/** The limits that the tab names, if it names any. */
function readLimits(entries: ReadonlyMap<string, Entry>, report: Report): Pick<Yard, 'limits'> {
  const counts = counted.flatMap((field) => {
    const entry = entries.get(field);
    const text = readText(entry?.cells[0] ?? null);
    if (!entry || text === null) return [];
    if (/^\d{1,6}$/.test(text)) return [[field, Number(text)] as const];
    report(entry.row, keys[field][0], {
      what: 'not a whole number',
      why: 'the usual limit holds',
      remedy: 'write a number alone, as in 6',
    });
    return [];
  });
  const trustedNumbers = readNumbers(entries.get('trustedNumbers'), 'trusted numbers', report);
  const blockedNumbers = readNumbers(entries.get('blockedNumbers'), 'blocked', report);
  const limits = {
    ...Object.fromEntries(counts),
    ...(trustedNumbers.length > 0 ? { trustedNumbers } : {}),
    ...(blockedNumbers.length > 0 ? { blockedNumbers } : {}),
  };
  return Object.keys(limits).length > 0 ? { limits } : {};
}

/** Who is called when a machine breaks down, and the words in an emergency, if the tab says so. */
function readPeople(
  entries: ReadonlyMap<string, Entry>,
  report: Report,
): Pick<Yard, 'breakdown' | 'emergency' | 'phone'> {
  const breakdown = readContacts(entries.get('breakdown'), 'breakdown', report);
  const cell = entries.get('emergency')?.cells[0] ?? null;
  const emergency = isErrorValue(cell) ? null : readText(cell);
  const [phone] = entries.has('phone') ? readNumbers(entries.get('phone'), 'phone', report) : [];
  return {
    ...(breakdown.length > 0 ? { breakdown } : {}),
    ...(emergency ? { emergency } : {}),
    ...(phone === undefined ? {} : { phone }),
  };
}

/** The numbers of a row, in one cell or in several, as E.164; US numbers may lack their `+1`. */
function readNumbers(entry: Entry | undefined, key: string, report: Report): readonly string[] {
  if (entry === undefined) return [];
  const texts = entry.cells.flatMap((cell) => (readText(cell) ?? '').split(/[,;\n]/));
  const numbers = texts.filter((text) => text.trim() !== '').map(toE164);
  if (numbers.includes(null)) {
    report(entry.row, key, {
      what: 'not a telephone number',
      why: 'it is left out',
      remedy: 'write it with its country code, as in +1 312 555 0100',
    });
  }
  return [...new Set(numbers.filter((number) => number !== null))];
}

const currencyWords: Readonly<Record<string, string>> = {
  '£': 'GBP',
  pounds: 'GBP',
  sterling: 'GBP',
  '€': 'EUR',
  euro: 'EUR',
  euros: 'EUR',
  us$: 'USD',
  c$: 'CAD',
  ca$: 'CAD',
  a$: 'AUD',
  nz$: 'NZD',
  '₹': 'INR',
  rupees: 'INR',
  '¥': 'JPY',
};
const knownCurrencies = new Set(Intl.supportedValuesOf('currency'));

/** The currency by its code, sign or name; dollars are those of the sheet's locale. */
function readCurrency(entry: Entry | undefined, locale: SheetLocale, report: Report): string {
  const text = readText(entry?.cells[0] ?? null);
  if (text === null) return locale.currency;
  const word = text.toLowerCase().replaceAll(' ', '');
  const code = currencyWords[word] ?? /\b[a-z]{3}\b/i.exec(text)?.[0].toUpperCase() ?? '';
  if (knownCurrencies.has(code)) return code;
  if (/^\$|dollars?$/.test(word)) return dollarsOf(word, locale);
  report(entry?.row ?? 0, 'currency', {
    what: 'not a currency',
    why: `prices are spoken in ${locale.currency}, by the locale of the sheet`,
    remedy: 'write its code, as in USD, CAD, GBP or EUR',
  });
  return locale.currency;
}

function dollarsOf(word: string, { currency }: SheetLocale): string {
  if (word.startsWith('canad')) return 'CAD';
  if (word.startsWith('austral')) return 'AUD';
  if (word.startsWith('newzea')) return 'NZD';
  return ['CAD', 'AUD', 'NZD', 'SGD', 'HKD'].includes(currency) && !word.startsWith('us')
    ? currency
    : 'USD';
}

/** Counts the keys that stand in the first column. */
export function countYardKeys(rows: SheetRows): number {
  return new Set(rows.map(([key = null]) => fieldByKey.get(nameKey(key))).filter(Boolean)).size;
}
