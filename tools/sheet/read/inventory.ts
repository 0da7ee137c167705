import type { Inventory } from '../../yard/equipment.ts';
import { parseBookings, parseEquipment } from './equipment-sheet.ts';
import { missingTab, refuseLost } from './lost-tabs.ts';
import {
  isBlank,
  nameKey,
  SheetFormatError,
  type RowProblem,
  type SheetRows,
} from './sheet-table.ts';
import type { SheetsClient, SheetsRequestOptions } from '../client/sheets-client.ts';
import { SheetsError } from '../client/sheets-error.ts';
import { parseYard } from './yard-sheet.ts';

const TABS = ['Equipment', 'Bookings', 'Yard'] as const;
type Tab = (typeof TABS)[number];

type Sheet = {
  readonly rows: Readonly<Record<Tab, SheetRows>>;
  /** All tabs there are, when one of ours is missing. */
  readonly titles: readonly string[] | null;
};

/** The yard as read from the sheet, and every cell of it that could not be used. */
export type LoadedInventory = {
  readonly inventory: Inventory;
  readonly problems: readonly RowProblem[];
};

/**
 * Reads the whole sheet, within `timeoutMs`. One request; three when a tab is missing. With
 * `lastGood`, the list that calls read now, a sheet that lost a tab or the time zone is unusable.
 * @throws {SheetsError} when Google does not answer, {SheetFormatError} when the sheet is unusable,
 *   and what `lastGood` throws.
 */
export async function loadInventory(options: {
  readonly client: SheetsClient;
  readonly clock: { nowMs(): number };
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly lastGood?: () => Promise<Inventory | null>;
}): Promise<LoadedInventory> {
  const { client, clock, signal, timeoutMs, lastGood } = options;
  // The age of what is read counts from before the request: it may be as old as that.
  const fetchedAtMs = clock.nowMs();
  const { rows, titles } = await readSheet(client, () => ({
    signal,
    timeoutMs: Math.max(1, timeoutMs - (clock.nowMs() - fetchedAtMs)),
  }));
  const equipment = parseEquipment(rows.Equipment);
  const bookings = parseBookings(rows.Bookings);
  const yard = parseYard(rows.Yard);
  refuseSpoiled('Equipment', rows.Equipment, equipment);
  refuseSpoiled('Bookings', rows.Bookings, bookings);
  const hasBookingsTab = !rows.Bookings.every(isBlank);
  await refuseLost({ hasBookingsTab, yard, titles }, lastGood);
  return {
    inventory: {
      units: equipment.value,
      bookings: bookings.value,
      hasBookingsTab,
      yard: yard.value,
      fetchedAtMs,
    },
    problems: [...equipment.problems, ...bookings.problems, ...yard.problems],
  };
}

/**
 * A tab most of whose rows went bad was sorted, pasted over or emptied by mistake: less of it would
 * be offered than there is, or more be free than is.
 */
function refuseSpoiled(
  tab: Tab,
  rows: SheetRows,
  { value, problems }: { value: readonly unknown[]; problems: readonly RowProblem[] },
): void {
  const total = Math.max(0, rows.filter((row) => !isBlank(row)).length - 1);
  const unusable = total - value.length;
  const isEmpty = tab === 'Equipment' && total === 0;
  if (unusable <= value.length && !isEmpty) return;
  const first = problems[0];
  const example = first ? `; row ${first.row}, column "${first.column}": ${first.problem}` : '';
  const message = isEmpty
    ? `Tab "${tab}" has no rows below its first one`
    : `Tab "${tab}" has ${total} rows, and ${unusable} of them cannot be used${example}`;
  throw new SheetFormatError('SHEET_ROWS_UNUSABLE', tab, message);
}

async function readSheet(
  client: SheetsClient,
  remaining: () => SheetsRequestOptions,
): Promise<Sheet> {
  try {
    const rows = await client.readTabs(TABS, remaining());
    return { rows: toRecord((tab) => rows.get(tab)), titles: null };
  } catch (error) {
    // One missing tab makes Google refuse them all, so ask which there are.
    if (!(error instanceof SheetsError) || error.code !== 'SHEETS_BAD_RANGE') throw error;
    return readTabsThatExist(client, remaining);
  }
}

async function readTabsThatExist(
  client: SheetsClient,
  remaining: () => SheetsRequestOptions,
): Promise<Sheet> {
  const titles = await client.listTabs(remaining());
  const titleOf = (tab: Tab) => titles.find((title) => nameKey(title) === nameKey(tab));
  if (titleOf('Equipment') === undefined) throw missingTab('Equipment', titles);
  const existing = TABS.map(titleOf).filter((title) => title !== undefined);
  const rows = await client.readTabs(existing, remaining());
  return { rows: toRecord((tab) => rows.get(titleOf(tab) ?? '')), titles };
}

function toRecord(rowsOf: (tab: Tab) => SheetRows | undefined): Sheet['rows'] {
  return {
    Equipment: rowsOf('Equipment') ?? [],
    Bookings: rowsOf('Bookings') ?? [],
    Yard: rowsOf('Yard') ?? [],
  };
}
