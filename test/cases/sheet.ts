import { createSheetsClient } from '../../tools/sheet/client/sheets-client.ts';
import { parseBookings } from '../../tools/sheet/read/bookings-sheet.ts';
import { parseEquipment } from '../../tools/sheet/read/equipment-sheet.ts';
import { missingTab } from '../../tools/sheet/read/lost-tabs.ts';
import type { SheetProblem } from '../../tools/sheet/read/sheet-problems.ts';
import { SheetFormatError } from '../../tools/sheet/read/sheet-table.ts';
import { readSheetTabs, type SheetTabs, type TabName } from '../../tools/sheet/read/sheet-tabs.ts';
import { parseYard } from '../../tools/sheet/read/yard-sheet.ts';
import { availabilityOf } from '../../tools/yard/availability.ts';
import { dayNumber, todayIn } from '../../tools/yard/rental-dates.ts';
import { startSheetsEmulator } from '../harness/emulators/sheets.ts';
import { UsageError } from '../harness/command-line.ts';
import { readTabs } from './tabs.ts';

/**
 * CSV files named `PREFIX--Tab.csv` as the tabs of a sheet, read through the real client: each row
 * that was read, each thing to report, and for each live row of a booking what it holds.
 */
export async function run(
  target: string,
  options: Readonly<Record<string, string | boolean | undefined>>,
): Promise<boolean> {
  const { json, locale = 'en_US', today } = options;
  if (typeof today === 'string' && dayNumber(today) === null) {
    throw new UsageError('--today must be a day such as 2026-11-30');
  }
  const tabs = await readTabs(target);
  const sheets = await startSheetsEmulator({ spreadsheetId: 'cases', tabs });
  sheets.setLocale(String(locale));
  const client = createSheetsClient({
    spreadsheetId: 'cases',
    auth: { kind: 'none' },
    baseUrl: sheets.baseUrl,
  });
  const write = (line: Readonly<Record<string, unknown>>) =>
    console.log(json ? JSON.stringify(line) : textOf(line));
  try {
    const { signal } = new AbortController();
    const wanted: readonly TabName[] = ['Equipment', 'Bookings', 'Yard'];
    const read = await readSheetTabs(client, wanted, () => ({ signal, timeoutMs: 30_000 }));
    report(read, { write, today: typeof today === 'string' ? today : null });
    return true;
  } catch (error) {
    if (!(error instanceof SheetFormatError)) throw error;
    write({ unusable: error.tab, code: error.code, why: error.message });
    return false;
  } finally {
    await sheets.close();
  }
}

type Report = {
  readonly write: (line: Readonly<Record<string, unknown>>) => void;
  readonly today: string | null;
};

function report({ locale, timeZone, tabs, titles }: SheetTabs, options: Report): void {
  const { write } = options;
  const rowsOf = (tab: TabName) => tabs.get(tab)?.rows ?? [];
  const titleOf = (tab: TabName) => tabs.get(tab)?.title ?? tab;
  if (!tabs.has('Equipment')) throw missingTab('Equipment', titles ?? []);
  const yard = parseYard(rowsOf('Yard'), { locale, timeZone, title: titleOf('Yard') });
  const clock = { nowMs: () => Date.now() };
  const today = options.today ?? todayIn(yard.value.timeZone, clock);
  const context = (tab: TabName) => ({ locale, today, title: titleOf(tab) });
  const equipment = parseEquipment(rowsOf('Equipment'), context('Equipment'));
  const units = equipment.value;
  const bookings = parseBookings(rowsOf('Bookings'), { ...context('Bookings'), units });
  const { name, currency } = yard.value;
  write({ yard: name, timeZone: yard.value.timeZone, currency, today, tabs: [...tabs.keys()] });
  for (const [at, unit] of units.entries()) {
    const row = equipment.rowNumbers[at] ?? null;
    const free = availabilityOf(unit, bookings.value, { start: today, end: today }, today).free;
    const offered = !['SOLD', 'RESERVED', 'UNCLEAR'].includes(unit.status);
    write({
      tab: titleOf('Equipment'),
      row,
      read: true,
      offered,
      freeToday: offered && free,
      ...unit,
    });
  }
  const reported = [...yard.problems, ...equipment.problems, ...bookings.problems];
  for (const problem of reported) write(problemLine(problem));
  for (const [at, booking] of bookings.value.entries()) {
    const { itemId, bookingId, start, end, status } = booking;
    const row = bookings.rowNumbers[at] ?? null;
    const isHeld = status !== 'CANCELLED' && end >= today;
    write({
      tab: titleOf('Bookings'),
      row,
      read: status !== 'UNCLEAR',
      bookingId,
      itemId,
      start,
      end,
      status,
    });
    if (status === 'CANCELLED') continue;
    write({ booking: row, holds: isHeld ? itemId : null, from: start, through: end, status });
  }
  for (const row of bookings.leftOut)
    write({ booking: row, holds: null, from: null, through: null, status: null });
  write({
    rowsRead: units.length + new Set(bookings.rowNumbers).size,
    rowsLeftOut: equipment.leftOut.length + bookings.leftOut.length,
    reported: reported.filter(({ isNotice }) => !isNotice).length,
    notices: reported.filter(({ isNotice }) => isNotice).length,
  });
}

function problemLine({ tab, row, column, what, why, remedy, isNotice = false }: SheetProblem) {
  return { problem: what, tab, row, column, why, remedy, isNotice };
}

function textOf(line: Readonly<Record<string, unknown>>): string {
  return Object.entries(line)
    .map(([key, value]) => `${key} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
