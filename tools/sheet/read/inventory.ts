import { isDeepStrictEqual } from 'node:util';
import {
  lastDay,
  type Inventory,
  type IsoDate,
  type SheetBooking,
  type StaffRental,
  type Unit,
  type Yard,
} from '../../yard/equipment.ts';
import { heldDaysOf } from '../../yard/held-days.ts';
import { todayIn } from '../../yard/rental-dates.ts';
import { toDoAbout } from '../client/sheet-advice.ts';
import type { SheetsClient } from '../client/sheets-client.ts';
import { parseBookings } from './bookings-sheet.ts';
import { parseEquipment } from './equipment-sheet.ts';
import { lostTab, missingTab } from './lost-tabs.ts';
import type { Parsed } from './row-report.ts';
import type { SheetProblem } from './sheet-problems.ts';
import { isBlank, SheetFormatError, type SheetRows } from './sheet-table.ts';
import { readSheetTabs, type SheetTabs, type TabName } from './sheet-tabs.ts';
import { parseYard } from './yard-sheet.ts';

/** The yard as read from the sheet, and what its owner should see to in it. */
export type LoadedInventory = {
  readonly inventory: Inventory;
  readonly problems: readonly SheetProblem[];
  /** The fault for which a tab was taken from the last good list; null when none was. */
  readonly failure: SheetFormatError | null;
};

/** A reading's memory: the list to fall back on, and the rows that were settled by hand. */
export type ReadingMemory = {
  /** The list that calls read now; null when there is none. */
  readonly lastGood?: () => Promise<Inventory | null>;
  /** Fingerprints of the rows that `bookings --settle` dealt with. */
  readonly settled?: () => Promise<ReadonlySet<string>>;
};

/**
 * Reads the whole sheet, within `timeoutMs`: one request, a few when a tab is missing. A tab that
 * cannot be used is taken from the last good list, which then is as old as that; so is what the
 * `Yard` tab said before it lost it.
 * @throws {SheetsError} when Google does not answer, {SheetFormatError} when a tab cannot be used and
 *   there is no last good list, and what the memory throws.
 */
export async function loadInventory(
  options: ReadingMemory & {
    readonly client: SheetsClient;
    readonly clock: { nowMs(): number };
    readonly signal: AbortSignal;
    readonly timeoutMs: number;
  },
): Promise<LoadedInventory> {
  const { client, clock, signal, timeoutMs } = options;
  // The age of what is read counts from before the request: it may be as old as that.
  const fetchedAtMs = clock.nowMs();
  const sheet = await readSheetTabs(client, ['Equipment', 'Bookings', 'Yard'], () => ({
    signal,
    timeoutMs: Math.max(1, timeoutMs - (clock.nowMs() - fetchedAtMs)),
  }));
  return readInventory(sheet, { ...options, fetchedAtMs });
}

/** Reads the yard from the tabs' cells. @throws as `loadInventory`, but for Google's failures. */
export async function readInventory(
  sheet: SheetTabs,
  options: ReadingMemory & { readonly fetchedAtMs: number; readonly today?: IsoDate },
): Promise<LoadedInventory> {
  const { fetchedAtMs, settled = async () => new Set<string>() } = options;
  const reading = new Reading(sheet, options.lastGood ?? (async () => null));
  const yard = await reading.yard();
  const today = options.today ?? todayIn(yard.timeZone, { nowMs: () => fetchedAtMs });
  const context = (tab: TabName) => ({
    locale: sheet.locale,
    today,
    title: sheet.tabs.get(tab)?.title,
  });
  const machines = await reading.tab(
    'Equipment',
    (rows) => parseEquipment(rows, context('Equipment')),
    (list) => list.units,
  );
  const settledRows = await settled();
  let rentals: readonly StaffRental[] | undefined;
  const bookings = await reading.tab(
    'Bookings',
    (rows) => {
      const of = { ...context('Bookings'), units: machines, settled: settledRows };
      const parsed = parseBookings(rows, of);
      ({ rentals } = parsed);
      return parsed;
    },
    (list) => {
      ({ rentals } = list);
      return list.bookings;
    },
  );
  const { kept, failure } = reading;
  const problems = [...reading.problems, ...overbooked(sheet, machines, bookings, today)];
  return {
    inventory: {
      units: machines.filter(({ status }) => status !== 'SOLD'),
      bookings,
      rentals,
      hasBookingsTab: await reading.hasBookingsTab(),
      yard,
      fetchedAtMs: kept?.fetchedAtMs ?? fetchedAtMs,
    },
    problems,
    failure,
  };
}

/** Rows of several machines of which more are booked than there are: staff took some away. */
function overbooked(
  sheet: SheetTabs,
  units: readonly Unit[],
  bookings: readonly SheetBooking[],
  today: IsoDate,
): readonly SheetProblem[] {
  const tab = sheet.tabs.get('Equipment')?.title ?? 'Equipment';
  return units.flatMap(({ itemId, quantity = 1 }) => {
    const most = heldDaysOf(bookings, itemId).most({ start: today, end: lastDay });
    if (quantity <= 1 || most <= quantity) return [];
    return {
      tab,
      row: 0,
      column: 'Quantity',
      what: `${most} machines of ${itemId} are booked on one day, and there are ${quantity}`,
      why: 'no further one is given away on those days, and some customer may go without',
      remedy: 'correct Quantity, or call one of the customers in the bookings tab',
    };
  });
}

/** One reading of the sheet: tabs that cannot be used are taken from the last good list. */
class Reading {
  readonly problems: SheetProblem[] = [];
  /** The first tab's fault. */
  failure: SheetFormatError | null = null;
  /** The list from which a tab was taken. */
  kept: Inventory | null = null;
  readonly #sheet: SheetTabs;
  readonly #lastGood: () => Promise<Inventory | null>;
  #last: Promise<Inventory | null> | undefined;

  constructor(sheet: SheetTabs, lastGood: () => Promise<Inventory | null>) {
    this.#sheet = sheet;
    this.#lastGood = lastGood;
  }

  async tab<T>(
    tab: 'Equipment' | 'Bookings',
    parse: (rows: SheetRows) => Parsed<readonly T[]>,
    ofLast: (list: Inventory) => readonly T[],
  ): Promise<readonly T[]> {
    try {
      await this.#refuseMissing(tab);
      const parsed = parse(this.#rows(tab));
      refuseSpoiled(tab, parsed);
      this.problems.push(...parsed.problems);
      return parsed.value;
    } catch (error) {
      if (!(error instanceof SheetFormatError)) throw error;
      const last = await this.#lastList();
      if (last === null) throw error;
      this.kept = last;
      this.#fail(error, 'what was read of the tab before stays in use, and grows old');
      return ofLast(last);
    }
  }

  /** A silent tab or lost time zone is as it last was; a zone never told is the sheet's own. */
  async yard(): Promise<Yard> {
    const { locale, timeZone, tabs, titles } = this.#sheet;
    const title = tabs.get('Yard')?.title;
    const { value, problems, isSilent, hasTimeZone } = parseYard(this.#rows('Yard'), {
      locale,
      timeZone,
      title,
    });
    this.problems.push(...problems);
    if (hasTimeZone && !isSilent) return value;
    const last = (await this.#lastList())?.yard;
    if (!last) return value;
    const silent = parseYard([], { locale, timeZone }).value;
    if (isSilent && !isDeepStrictEqual(last, silent)) {
      this.#fail(lostTab('Yard', titles, 'holds none of what it said before'), keptYard);
      return last;
    }
    if (last.timeZone !== value.timeZone) {
      const message = `Tab "Yard" has no IANA time zone; it was ${last.timeZone}`;
      this.#fail(new SheetFormatError('SHEET_TIME_ZONE_UNKNOWN', 'Yard', message), keptYard);
    }
    return { ...value, timeZone: last.timeZone };
  }

  async hasBookingsTab(): Promise<boolean> {
    return !this.#isBlank('Bookings') || ((await this.#lastList())?.hasBookingsTab ?? false);
  }

  async #refuseMissing(tab: 'Equipment' | 'Bookings'): Promise<void> {
    const { tabs, titles } = this.#sheet;
    if (tab === 'Equipment') {
      if (!tabs.has(tab)) throw missingTab(tab, titles ?? []);
    } else if (this.#isBlank(tab) && (await this.#lastList())?.hasBookingsTab) {
      throw lostTab(tab, titles, 'is empty, without even its first row');
    }
  }

  #fail(error: SheetFormatError, why: string): void {
    this.failure ??= error;
    this.problems.push(problemOf(error, why));
  }

  #rows(tab: TabName): SheetRows {
    return this.#sheet.tabs.get(tab)?.rows ?? [];
  }

  #isBlank(tab: TabName): boolean {
    return this.#rows(tab).every(isBlank);
  }

  /** Most readings need no list to fall back on. */
  #lastList(): Promise<Inventory | null> {
    return (this.#last ??= this.#lastGood());
  }
}

const keptYard = 'what the tab said before stays in use';

/** A tab that cannot be used, as a thing for its owner to see to. */
function problemOf(error: SheetFormatError, why: string): SheetProblem {
  const remedy = toDoAbout(error) ?? '';
  return { tab: error.tab, row: 0, column: '', what: error.message, why, remedy };
}

/** Fewer than these may be what staff are at work on. */
const leastSpoiled = 5;

/**
 * A tab most of whose rows went bad was sorted, pasted over or emptied by mistake: less of it would
 * be offered than there is, or more be free than is.
 */
function refuseSpoiled(
  tab: 'Equipment' | 'Bookings',
  { value, leftOut, problems }: Parsed<readonly unknown[]>,
): void {
  const isEmpty = tab === 'Equipment' && value.length + leftOut.length === 0;
  const least = tab === 'Equipment' ? 1 : leastSpoiled;
  if (!isEmpty && (leftOut.length <= value.length || leftOut.length < least)) return;
  const first = problems.find(({ isNotice }) => !isNotice);
  const example = first ? `; row ${first.row}, column "${first.column}": ${first.what}` : '';
  const message = isEmpty
    ? `Tab "${tab}" has no rows below its first one`
    : `Tab "${tab}" has ${value.length + leftOut.length} rows, and ${leftOut.length} of them cannot be used${example}`;
  throw new SheetFormatError('SHEET_ROWS_UNUSABLE', tab, message);
}
