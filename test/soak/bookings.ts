import timers from 'node:timers/promises';
import { linePath } from '../../agent/ipc/client.ts';
import { readLease } from '../../agent/infra/store/leases.ts';
import { sheetWriterLease } from '../../tools/sheet/write/writer-lease.ts';
import type { BookingCalls, ToolResult } from '../faults/booking-calls.ts';
import { BookingOffice } from '../faults/booking-office.ts';
import { seeded } from '../stack/scripts.ts';
import { exampleSheetOfSeveral, exampleSheetTimes } from '../harness/yard/example-sheet.ts';
import type { Service } from '../harness/yard/service.ts';

/** What the soak found. `lost`: spoken as booked and not in the sheet; `doubled`: rows too many. */
export type BookingsSoak = {
  readonly callers: number;
  readonly booked: number;
  readonly refused: number;
  readonly rowsInSheet: number;
  readonly doubled: number;
  readonly lost: number;
  readonly kills: number;
  readonly processes: number;
  readonly store: 'sqlite' | 'postgres';
  readonly seconds: number;
  readonly ok: boolean;
};

const itemId = 'EX-01';
/** Google is a network away: a kill finds the writer at work, and not always between two requests. */
const sheetLatencyMs = 150;
const killWithinMs = 1_200;

/** Callers who all want the same at once, while the supervisor that writes the sheet is killed. */
export async function soakBookings(options: {
  readonly callers: number;
  readonly units: number;
  /** The units are one row of the sheet, with their number. */
  readonly isClass: boolean;
  readonly machines: number;
  readonly processes: number;
  readonly kills: number;
  readonly seed: number;
  readonly databaseUrl: string | undefined;
  readonly onProgress: (line: string) => void;
}): Promise<BookingsSoak> {
  const { callers, units, machines, databaseUrl, onProgress } = options;
  const startedMs = performance.now();
  const random = seeded(options.seed);
  const sheet = options.isClass ? exampleSheetOfSeveral(units) : exampleSheetTimes(units);
  await using office = await BookingOffice.open({ sheet, databaseUrl });
  const supervisors: Service[] = [];
  for (let n = 0; n < machines; n += 1) supervisors.push(await office.startSupervisor());
  onProgress(`${machines} supervisors are up; starting ${options.processes} processes with calls`);
  const processes = Array.from({ length: options.processes }, (_, n) =>
    office.startCalls({ linePath: linePath(office.place.dataDir, 1 + (n % machines)) }),
  );
  const calls = Array.from({ length: callers }, (_, n) => ({
    callId: `call-${n}`,
    process: processes[n % processes.length] as BookingCalls,
  }));
  const wish = { itemId, start: office.day(1), end: office.day(3) };
  const book = (call: (typeof calls)[number], words: string) =>
    call.process.use({
      callId: call.callId,
      tool: 'book_equipment',
      args: { ...wish, customer: `Caller ${call.callId}` },
      words,
    });
  await Promise.all(calls.map((call) => book(call, "I'd like to book it, please.")));
  office.sheets.setLatency(sheetLatencyMs);
  onProgress('everybody has heard it read back and says yes');

  const killer = { kills: 0, isLast: false };
  const killing = (async () => {
    while (!killer.isLast || killer.kills < options.kills) {
      await timers.setTimeout(killWithinMs * random());
      if (await killWriter(office, supervisors)) killer.kills += 1;
    }
  })();
  const results = await Promise.all(
    calls.map(async (call) => {
      const result = await book(call, 'Yes, please book it.');
      // "I can't say yet whether it went through. Shall I look once more?"
      return result.answer.problem === 'timed-out' ? book(call, 'Yes, please.') : result;
    }),
  );
  killer.isLast = true;
  await killing;
  await office.delivered();
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  return {
    ...judge(office, results, options),
    kills: killer.kills,
    processes: processes.length,
    seconds,
  };
}

/** Kills the supervisor that writes the sheet, if one does now, and starts another. */
async function killWriter(office: BookingOffice, supervisors: Service[]): Promise<boolean> {
  const lease = await readLease(office.store, sheetWriterLease);
  const pid = Number(lease?.holder.split('/')[1]);
  const at = supervisors.findIndex((supervisor) => supervisor.pid === pid);
  const writer = supervisors[at];
  if (!writer) return false;
  writer.signal('SIGKILL');
  await writer.exited;
  supervisors[at] = await office.startSupervisor();
  return true;
}

function judge(
  office: BookingOffice,
  results: readonly ToolResult[],
  { units, isClass }: { readonly units: number; readonly isClass: boolean },
): Omit<BookingsSoak, 'kills' | 'processes' | 'seconds'> {
  const promised = results.flatMap(({ answer: { booking } }) =>
    booking && booking.state !== 'conflict' ? [booking] : [],
  );
  const [header = [], ...rows] = office.sheets.rows('Bookings');
  const timesIn = (column: string, value: string) =>
    rows.filter((row) => row[header.indexOf(column)] === value).length;
  const extra = (column: string) =>
    [...new Set(rows.map((row) => String(row[header.indexOf(column)])))]
      .map((value) => timesIn(column, value) - 1)
      .reduce((sum, more) => sum + more, 0);
  const found = {
    callers: results.length,
    booked: promised.length,
    refused: results.length - promised.length,
    rowsInSheet: rows.length,
    // All want the same days: two rows of one unit are one too many, as are two of one code.
    doubled: Math.max(extra('Item ID') - (isClass ? units - 1 : 0), extra('Booking ID'), 0),
    lost: promised.filter(({ code }) => timesIn('Booking ID', code) === 0).length,
  };
  const { booked, rowsInSheet, doubled, lost } = found;
  const holds = booked === Math.min(units, results.length) && rowsInSheet === booked;
  return { ...found, store: office.store.dialect, ok: holds && doubled === 0 && lost === 0 };
}
