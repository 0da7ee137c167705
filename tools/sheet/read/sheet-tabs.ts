import { defaultTimeZone } from '../../yard/equipment.ts';
import type { SheetsClient, SheetsRequestOptions } from '../client/sheets-client.ts';
import { SheetsError } from '../client/sheets-error.ts';
import { readBookingColumns } from './bookings-sheet.ts';
import { equipmentColumns } from './equipment-sheet.ts';
import { sheetLocale, type SheetLocale } from './sheet-locale.ts';
import { countColumns, nameKey, type SheetRows } from './sheet-table.ts';
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

/** Where a client found the tabs, among which: it need not look again until those have changed. */
const lastFound = new WeakMap<
  SheetsClient,
  { readonly found: Titles; readonly missing: readonly TabName[]; readonly among: string }
>();

/** A header stands in one of the first rows. */
const headRows = 20;
/** A tab with fewer of the columns in its header is somebody's own list. */
const leastColumns = 4;
const leastKeys = 3;

/**
 * Reads these tabs: one request once they are found. A tab that has not the name is looked for by
 * its header. @throws as `SheetsClient.readTabs`.
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
  const found = isSame
    ? new Map([...last.found].filter(([tab]) => wanted.includes(tab)))
    : await findTabs(client, { wanted, titles, remaining });
  const missing = wanted.filter((tab) => !found.has(tab));
  if (!isSame)
    lastFound.set(client, { found: new Map([...(last?.found ?? []), ...found]), missing, among });
  const isWhole = missing.length === 0;
  if (found.size === 0) {
    return { locale: sheetLocale('en_US'), timeZone: defaultTimeZone, tabs: new Map(), titles };
  }
  return readTitled(client, found, { remaining, titles: isWhole ? null : titles });
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
): Promise<Titles> {
  const found = new Map<TabName, string>();
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
    return found;
  }
  const heads = await client.readTabs(others, { ...remaining(), firstRows: headRows });
  for (const tab of wanted) {
    if (found.has(tab)) continue;
    const fitting = others
      .filter((title) => ![...found.values()].includes(title))
      .map((title) => ({ title, fit: fitOf(tab, heads.tabs.get(title)?.rows ?? []) }))
      .toSorted((a, b) => b.fit - a.fit)[0];
    if (fitting && fitting.fit > 0) found.set(tab, fitting.title);
  }
  return found;
}

/** How well a tab's first rows fit what is looked for; 0 when it is another list. */
function fitOf(tab: TabName, rows: SheetRows): number {
  if (tab === 'Messages') return 0;
  if (tab === 'Yard') {
    const keys = countYardKeys(rows);
    return keys >= leastKeys ? keys : 0;
  }
  const columns = tab === 'Equipment' ? equipmentColumns : readBookingColumns;
  const counts = rows.map((row) => countColumns(tab, row, columns));
  const isWhole = (row: SheetRows[number]) =>
    countColumns(tab, row, { required: columns.required, optional: [] }) ===
    columns.required.length;
  const most = Math.max(0, ...counts);
  return most >= leastColumns && rows.some(isWhole) ? most : 0;
}
