import { defaultTimeZone, firstDay, type Unit } from '../../yard/equipment.ts';
import type { SheetsClient, SheetsRequestOptions } from '../client/sheets-client.ts';
import { SheetsError } from '../client/sheets-error.ts';
import { parseBookings, readBookingColumns } from './bookings-sheet.ts';
import { equipmentColumns, parseEquipment } from './equipment-sheet.ts';
import { sheetLocale, type SheetLocale } from './sheet-locale.ts';
import { countColumns, nameKey, unlessUnusable, type SheetRows } from './sheet-table.ts';
import { countYardKeys } from './yard-sheet.ts';

/** The tabs that are ours by what they hold, whatever they are called. */
export type TabName = 'Equipment' | 'Bookings' | 'Yard' | 'Messages';

/** The sheet at one moment. */
export type SheetTabs = {
  readonly locale: SheetLocale;
  /** The spreadsheet's own. */
  readonly timeZone: string;
  /** The tabs that were found, each with its own title. */
  readonly tabs: ReadonlyMap<
    TabName,
    { readonly title: string; readonly sheetId: number; readonly rows: SheetRows }
  >;
  /** All tabs there are, when one of ours is missing; else null. */
  readonly titles: readonly string[] | null;
};

type Titles = ReadonlyMap<TabName, string>;

/** The tabs that are there, and for those that are missing the ones that come nearest to them. */
type Found = { readonly found: Titles; readonly near: Titles };

/** Tabs as a client found them, and among which: it looks again only when those have changed. */
const lastFound = new WeakMap<
  SheetsClient,
  Found & { readonly missing: readonly TabName[]; readonly among: string }
>();

/** A header stands in one of the first rows. */
const headRows = 20;
/** A tab with fewer of the columns in its header is somebody's own list. */
const leastColumns = 4;
const leastKeys = 3;
/** A tab with as many of the required columns, and all but one, is meant as the equipment. */
const leastRequired = equipmentColumns.required.length - 1;

/**
 * Reads these tabs: one request once they are found. A tab that has not the name is looked for by
 * its header; one that comes near to it is read in its place. @throws as `SheetsClient.readTabs`.
 */
export async function readSheetTabs(
  client: SheetsClient,
  wanted: readonly TabName[],
  remaining: () => SheetsRequestOptions,
): Promise<SheetTabs> {
  const last = lastFound.get(client);
  if (!wanted.some((tab) => last?.missing.includes(tab))) {
    try {
      const titleOf = new Map(wanted.map((tab) => [tab, last?.found.get(tab) ?? tab]));
      return await readTitled(client, titleOf, { remaining, titles: null });
    } catch (error) {
      // One missing tab makes Google refuse them all, so ask which there are.
      if (!(error instanceof SheetsError) || error.code !== 'SHEETS_BAD_RANGE') throw error;
    }
  }
  const titles = await client.listTabs(remaining());
  const among = JSON.stringify(titles);
  const isSame =
    last?.among === among &&
    wanted.every((tab) => last.found.has(tab) || last.missing.includes(tab));
  const ofWanted = (of: Titles) => new Map([...of].filter(([tab]) => wanted.includes(tab)));
  const { found, near } = isSame
    ? { found: ofWanted(last.found), near: ofWanted(last.near) }
    : await findTabs(client, { wanted, titles, remaining });
  const missing = wanted.filter((tab) => !found.has(tab));
  if (!isSame) {
    const all = new Map([...(last?.found ?? []), ...found]);
    lastFound.set(client, { found: all, near, missing, among });
  }
  const isWhole = missing.length === 0;
  const toRead = new Map([...found, ...near]);
  if (toRead.size === 0) {
    return { locale: sheetLocale('en_US'), timeZone: defaultTimeZone, tabs: new Map(), titles };
  }
  return readTitled(client, toRead, { remaining, titles: isWhole ? null : titles });
}

async function readTitled(
  client: SheetsClient,
  titleOf: ReadonlyMap<TabName, string>,
  about: { readonly remaining: () => SheetsRequestOptions; readonly titles: SheetTabs['titles'] },
): Promise<SheetTabs> {
  const read = await client.readTabs([...new Set(titleOf.values())], about.remaining());
  const tabs = [...titleOf].flatMap(([tab, title]) => {
    const found = read.tabs.get(title);
    return found ? [[tab, { title, ...found }] as const] : [];
  });
  const { locale, timeZone } = read;
  return { locale: sheetLocale(locale), timeZone, tabs: new Map(tabs), titles: about.titles };
}

async function findTabs(
  client: SheetsClient,
  {
    wanted,
    titles,
    remaining,
  }: {
    readonly wanted: readonly TabName[];
    readonly titles: readonly string[];
    readonly remaining: () => SheetsRequestOptions;
  },
): Promise<Found> {
  const [found, near] = [new Map<TabName, string>(), new Map<TabName, string>()];
  for (const tab of wanted) {
    const title = titles.find((candidate) => nameKey(candidate) === nameKey(tab));
    if (title !== undefined) found.set(tab, title);
  }
  const named = new Set<string>([
    ...found.values(),
    ...titles.filter((of) => nameKey(of) === 'messages'),
  ]);
  const others = titles.filter((title) => !named.has(title));
  if (others.length === 0 || wanted.every((tab) => found.has(tab) || tab === 'Messages')) {
    return { found, near };
  }
  const heads = await client.readTabs(others, { ...remaining(), firstRows: headRows });
  const best = (fit: (rows: SheetRows) => number) =>
    others
      .filter((title) => ![...found.values()].includes(title))
      .map((title) => ({ title, fit: fit(heads.tabs.get(title)?.rows ?? []) }))
      .filter((of) => of.fit > 0)
      .toSorted((a, b) => b.fit - a.fit)[0]?.title;
  for (const tab of wanted) {
    const title = found.has(tab) ? undefined : best((rows) => fitOf(tab, rows));
    if (title !== undefined) found.set(tab, title);
  }
  const fleet = found.get('Equipment');
  if (fleet === undefined && wanted.includes('Equipment')) {
    const title = best(nearEquipment);
    if (title !== undefined) near.set('Equipment', title);
  }
  if (fleet !== undefined && wanted.includes('Bookings') && !found.has('Bookings')) {
    const locale = sheetLocale(heads.locale);
    const isCandidate = (rows: SheetRows) => nearBookings(rows, { units: null, locale }) > 0;
    if (best((rows) => +isCandidate(rows)) === undefined) return { found, near };
    const read = await client.readTabs([fleet], remaining());
    const units = machinesIn(read.tabs.get(fleet)?.rows ?? [], locale);
    const title = best((rows) => nearBookings(rows, { units, locale }));
    if (title !== undefined) near.set('Bookings', title);
  }
  return { found, near };
}

/** A tab's fit: the columns or keys in its first rows that we look for; 0 for another list. */
function fitOf(tab: TabName, rows: SheetRows): number {
  if (tab === 'Messages') return 0;
  if (tab === 'Yard') {
    const keys = countYardKeys(rows);
    return keys >= leastKeys ? keys : 0;
  }
  const columns = tab === 'Equipment' ? equipmentColumns : readBookingColumns;
  const isWhole = mostOf(tab, rows, columns.required) === columns.required.length;
  const most = mostOf(tab, rows, [...columns.required, ...columns.optional]);
  return most >= leastColumns && isWhole ? most : 0;
}

/** As `fitOf`, for a list of machines that lacks one column. */
function nearEquipment(rows: SheetRows): number {
  const { required, optional } = equipmentColumns;
  const isNear = mostOf('Equipment', rows, required) >= leastRequired;
  return isNear ? mostOf('Equipment', rows, [...required, ...optional]) : 0;
}

const rateColumns = ['Daily rate', 'Weekly rate', 'Four-week rate'];

/**
 * As `fitOf`, for staff's own list of machines and days: its rows name machines of the yard, and
 * days. One that is still empty has who rents. Without `units` the header alone is looked at.
 */
function nearBookings(
  rows: SheetRows,
  { units, locale }: { readonly units: readonly Unit[] | null; readonly locale: SheetLocale },
): number {
  const { required, optional } = readBookingColumns;
  const most = mostOf('Bookings', rows, [...required, ...optional]);
  const isFleet =
    mostOf('Equipment', rows, rateColumns) > 0 &&
    mostOf('Equipment', rows, [...equipmentColumns.required, ...equipmentColumns.optional]) >= most;
  if (isFleet) return 0;
  const context = { locale, today: firstDay, units: units ?? [] };
  const list = unlessUnusable(() => parseBookings(rows, context));
  if (list === null || rows.length === 0) return 0;
  const { value, leftOut } = list;
  if (units === null) return most;
  const isEmpty = value.length + leftOut.length === 0;
  const isMeant = isEmpty
    ? most >= leastColumns && mostOf('Bookings', rows, ['Customer', 'Phone']) > 0
    : value.length >= leftOut.length &&
      value.some(({ status, start }) => status !== 'UNCLEAR' || start > firstDay);
  return isMeant ? most : 0;
}

function machinesIn(rows: SheetRows, locale: SheetLocale): readonly Unit[] {
  return unlessUnusable(() => parseEquipment(rows, { locale, today: firstDay }).value) ?? [];
}

/** The most of these columns that one of the rows has. */
function mostOf(tab: TabName, rows: SheetRows, columns: readonly string[]): number {
  const counts = rows.map((row) => countColumns(tab, row, { required: columns, optional: [] }));
  return Math.max(0, ...counts);
}
