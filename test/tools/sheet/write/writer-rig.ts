import timers from 'node:timers/promises';
import { createLog } from '../../../../agent/infra/log.ts';
import { eventLog } from '../../../../agent/telemetry/events.ts';
import type { Store } from '../../../../agent/infra/store/database.ts';
import type { JournalBooking } from '../../../../tools/journal/booking.ts';
import type { BookingLine, BookingRequest } from '../../../../tools/journal/booking-service.ts';
import { commitBooking } from '../../../../tools/journal/commit-booking.ts';
import { findBooking } from '../../../../tools/journal/journal.ts';
import { SheetWriter } from '../../../../tools/sheet/write/sheet-writer.ts';
import { createSheetsClient } from '../../../../tools/sheet/client/sheets-client.ts';
import type { Inventory } from '../../../../tools/yard/equipment.ts';
import { todayIn } from '../../../../tools/yard/rental-dates.ts';
import type { CellInput, CellValue } from '../../../harness/emulators/sheets-cell.ts';
import { startSheetsEmulator, type SheetsEmulator } from '../../../harness/emulators/sheets.ts';
import { exampleSheet } from '../../../harness/yard/example-sheet.ts';
import { inventory, unit, yard } from '../../yard/example-yard.ts';
import { runningClock, spreadsheetId, testBudgets } from './writer-settings.ts';
import type { WriterBudgets } from '../../../../tools/sheet/write/sheet-writer.ts';

/** The list as a call that read it at this moment has it. */
export const exampleInventory: Inventory = inventory(
  ['SS-01', 'EX-01', 'SL-01', 'GN-01', 'TR-01', 'PC-01'].map((itemId) =>
    unit({ itemId, name: 'Some machine' }),
  ),
  { yard: { ...yard, timeZone: 'America/Chicago' } },
);

/** What a caller wants who has just read that list: one of its units, for today at the yard. */
export function requestForToday(): BookingRequest {
  const clock = { nowMs: () => Date.now() };
  const today = todayIn(exampleInventory.yard.timeZone, clock);
  return {
    lines: [{ itemId: 'EX-01', start: today, end: today, totalCents: 30_000 }],
    customer: 'Jordan Sample',
    phone: '+15553010142',
    inventory: { ...exampleInventory, fetchedAtMs: clock.nowMs() },
  };
}

/** The sheet, a store, and hands on both. */
export class WriterRig implements AsyncDisposable {
  readonly sheets: SheetsEmulator;
  readonly store: Store;
  readonly clock = runningClock();
  /** Every line of the writers' logs. */
  readonly lines: Record<string, unknown>[] = [];
  readonly #writers: SheetWriter[] = [];

  private constructor(sheets: SheetsEmulator, store: Store) {
    this.sheets = sheets;
    this.store = store;
  }

  static async open(
    store: Store,
    tabs: Readonly<Record<string, readonly (readonly CellInput[])[]>> = exampleSheet,
  ): Promise<WriterRig> {
    const sheets = await startSheetsEmulator({ spreadsheetId, tabs });
    sheets.setQuota(null);
    return new WriterRig(sheets, store);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.stop()));
    await this.sheets.close();
    await this.store.close();
  }

  /** A writer, as a supervisor has one; started. */
  writer(budgets: Partial<WriterBudgets> = {}): SheetWriter {
    const log = eventLog(
      createLog({
        level: 'debug',
        write: (line) => this.lines.push(JSON.parse(line) as Record<string, unknown>),
      }),
    );
    const writer = new SheetWriter({
      store: this.store,
      log,
      clock: this.clock,
      budgets: { ...testBudgets, ...budgets },
      client: createSheetsClient({
        spreadsheetId,
        auth: { kind: 'none' },
        baseUrl: this.sheets.baseUrl,
      }),
    });
    this.#writers.push(writer);
    writer.start();
    return writer;
  }

  /** A booking in the journal: the mini excavator from today on, unless it says otherwise. */
  async book(overrides: Partial<BookingRequest & BookingLine> = {}): Promise<JournalBooking> {
    const [booking] = await this.bookAll(overrides);
    if (!booking) throw new Error('A booking without a machine');
    return booking;
  }

  /** The same, with all its lines. */
  async bookAll({
    itemId = 'EX-01',
    start = '2026-11-22',
    end = '2026-11-24',
    totalCents = 90_000,
    ...overrides
  }: Partial<BookingRequest & BookingLine> = {}): Promise<readonly JournalBooking[]> {
    const result = await commitBooking(this.store, {
      callId: 'call-1',
      clock: this.clock,
      request: {
        lines: [{ itemId, start, end, totalCents }],
        customer: 'Jordan Sample',
        phone: '+15553010142',
        inventory: exampleInventory,
        ...overrides,
      },
    });
    if (result.kind === 'refused') throw new Error(`Not booked: ${result.refusal.reason}`);
    return result.bookings;
  }

  /** Waits until the booking is in that state. */
  async until(bookingId: string, state: JournalBooking['state']): Promise<void> {
    await waitFor(async () => (await findBooking(this.store, bookingId))?.state === state);
  }

  /** The rows of `Bookings` below its header that hold the code. */
  rowsOf(bookingId: string): CellValue[][] {
    return this.sheets.rows('Bookings').filter((row) => row.includes(bookingId));
  }

  /** What the sheet says of a unit. */
  statusOf(itemId: string): CellValue | undefined {
    const [header = [], ...rows] = this.sheets.rows('Equipment');
    return rows.find((row) => row[header.indexOf('Item ID')] === itemId)?.[
      header.indexOf('Status')
    ];
  }

  /** Whether nothing is left to be delivered. */
  async isDelivered(): Promise<boolean> {
    return (await this.store.db.selectFrom('outbox').select('id').execute()).length === 0;
  }

  /** Waits until the writers have looked at the sheet so often from now on. */
  async looks(times: number): Promise<void> {
    const { faults } = this.sheets;
    // One may be under way already.
    const until = faults.count('spreadsheets.get') + times + 1;
    await waitFor(() => faults.count('spreadsheets.get') >= until);
  }

  /** How often this event is in the log. */
  logged(event: string): number {
    return this.lines.filter((line) => line['event'] === event).length;
  }
}

/** Does something at the sheet when a request of ours is under way and not yet served, once. */
export function during(
  rig: WriterRig,
  endpoint: string,
  act: () => void,
  { when = () => true }: { readonly when?: () => boolean } = {},
): void {
  let done = false;
  rig.sheets.faults.next(
    (kind) => {
      if (kind !== endpoint || done || !when()) return false;
      done = true;
      act();
      return true;
    },
    { do: 'delay', delayMs: 0 },
  );
}

/** Waits until it holds; the machine may be slow, so the bound is only there to end a failed test. */
export async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`Never came true: ${condition.toString()}`);
    await timers.setTimeout(10);
  }
}
