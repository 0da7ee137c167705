import { parseArgs } from 'node:util';
import { toBooking, type BookingRow } from '../../tools/journal/journal.ts';
import { retryNow, type MessageRow } from '../../tools/journal/outbox.ts';
import {
  readOverview,
  resolveCode,
  type OffRentRow,
  type Overview,
} from '../../tools/journal/overview.ts';
import { rentalState } from '../../tools/journal/rental-state.ts';
import { readLastGood } from '../../tools/sheet/read/last-good.ts';
import { settleRow } from '../../tools/sheet/read/settled-rows.ts';
import { defaultCurrency, defaultTimeZone } from '../../tools/yard/equipment.ts';
import { todayIn } from '../../tools/yard/rental-dates.ts';
import { writtenMoney } from '../../tools/yard/spoken.ts';
import type { Config } from '../config/config.ts';
import { openStore } from '../infra/store/database.ts';
import type { Store } from '../infra/store/database.ts';
import { StoreError } from '../infra/store/store-error.ts';

const usage = `Usage: npm run bookings -- [--json] [--retry] [--resolve CODE] [--settle ROW] [--help]

  --retry         try now to bring to the sheet what waits
  --resolve CODE  the customer of a conflict was called back, or a message was dealt with
  --settle ROW    the row of the tab of bookings that cannot be read holds nothing more
  --json          one JSON object a line
`;

/** The reach of `recent`: one week. */
const recentMs = 7 * 86_400_000;

/**
 * Lists what waits for the sheet, whom to call back, what was booked lately, and messages, from the
 * store. Resolves with the exit code: 0 done, 1 not done, 2 wrong options.
 */
export async function runBookings(options: {
  readonly store: () => Config['store'];
  readonly args: readonly string[];
  readonly write: (text: string) => void;
  readonly nowMs?: number;
}): Promise<number> {
  const { args, write, nowMs = Date.now() } = options;
  const wanted = readOptions(args);
  if (typeof wanted === 'string' || wanted.help) {
    write(typeof wanted === 'string' ? `${wanted}\n` : usage);
    return typeof wanted === 'string' ? 2 : 0;
  }
  const report = (line: Readonly<Record<string, unknown>>, text: string) =>
    write(`${wanted.json ? JSON.stringify(line) : text}\n`);
  try {
    await using store = await openStore(options.store());
    if (wanted.resolve !== null) return await resolve(store, wanted.resolve, { report, nowMs });
    if (wanted.settle !== null) return await settle(store, wanted.settle, { report, nowMs });
    if (wanted.retry) await retryNow(store);
    const overview = await readOverview(store, { sinceMs: nowMs - recentMs });
    const list = await readLastGood(store);
    const today = todayIn(list?.yard.timeZone ?? defaultTimeZone, { nowMs: () => nowMs });
    const currency = list?.yard.currency ?? defaultCurrency;
    const at = { today, bookings: list?.bookings ?? [], rentals: list?.rentals, currency };
    for (const line of wanted.json ? jsonLines(overview, at) : tables(overview, at)) {
      write(`${line}\n`);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const { code, message } = error;
    report({ ok: false, code, message }, message);
    return 1;
  }
}

type Report = (line: Readonly<Record<string, unknown>>, text: string) => void;

async function resolve(
  store: Store,
  code: string,
  { report, nowMs }: { readonly report: Report; readonly nowMs: number },
): Promise<number> {
  const ok = await resolveCode(store, code, nowMs);
  report({ ok, code }, ok ? `${code} is resolved.` : `No conflict and no message ${code}.`);
  return ok ? 0 : 1;
}

/** The row is known by its cells from here on: changed again, it holds again. */
async function settle(
  store: Store,
  text: string,
  { report, nowMs }: { readonly report: Report; readonly nowMs: number },
): Promise<number> {
  const row = Number(text);
  const ok = await settleRow(store, row, nowMs);
  report(
    { ok, row: Number.isInteger(row) ? row : null },
    ok
      ? `Row ${row} is settled: as it stands it holds nothing from the next reading on.`
      : `No row ${text} of the bookings is reported as unreadable.`,
  );
  return ok ? 0 : 1;
}

/** The options, or one line that says which of them there is not. */
function readOptions(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        retry: { type: 'boolean', default: false },
        resolve: { type: 'string' },
        settle: { type: 'string' },
      },
    });
    return { ...values, resolve: values.resolve ?? null, settle: values.settle ?? null };
  } catch (error) {
    const why = error instanceof Error ? error.message.split('. ')[0] : String(error);
    return `${why}; npm run bookings -- --help lists the options`;
  }
}

/** The yard's day and its rows: by these a rental is out, or back. What is paid is in `currency`. */
type At = Parameters<typeof rentalState>[1] & { readonly currency: string };

function jsonLines(
  { pending, conflicts, recent, offRents, messages }: Overview,
  at: At,
): readonly string[] {
  return [
    ...[...pending, ...conflicts, ...recent].map((row) => ({
      kind: 'booking',
      ...bookingJson(row, at),
    })),
    ...offRents.map((row) => ({ kind: 'off-rent', ...offRentJson(row) })),
    ...messages.map((row) => ({ kind: 'message', ...messageJson(row) })),
  ].map((line) => JSON.stringify(line));
}

function bookingJson(row: BookingRow, at: At) {
  return {
    code: row.bookingId,
    state: row.state,
    rental: rentalState(toBooking(row), at),
    offRent: row.offRentCode,
    continues: row.continues,
    conflict: row.conflict,
    itemId: row.itemId,
    item: row.itemName,
    start: row.startDay,
    end: row.endDay,
    customer: row.customer,
    phone: row.phone,
    totalCents: row.totalCents,
    currency: at.currency,
    createdAt: isoTime(row.createdAtMs),
    resolvedAt: isoTime(row.resolvedAtMs),
    callId: row.callId,
  };
}

function offRentJson(row: OffRentRow) {
  return {
    code: row.code,
    rental: rentalId(row),
    itemId: row.itemId,
    item: row.itemName,
    customer: row.customer,
    phone: row.phone,
    calledAt: isoTime(row.calledAtMs),
    callId: row.callId,
  };
}

/** The booking's id, or that of the row which staff wrote. */
function rentalId({ rentalKey }: OffRentRow): string {
  return /^sheet \["([^"]*)"/.exec(rentalKey)?.[1] ?? rentalKey;
}

function messageJson(row: MessageRow) {
  return {
    code: row.code,
    customer: row.customer,
    phone: row.phone,
    text: row.text,
    createdAt: isoTime(row.createdAtMs),
    deliveredAt: isoTime(row.deliveredAtMs),
    resolvedAt: isoTime(row.resolvedAtMs),
    callId: row.callId,
  };
}

function isoTime(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}

const bookingHeader = ['Code', 'State', 'Item', 'Start', 'End', 'Customer', 'Phone', 'Total'];

function tables(
  { pending, conflicts, recent, offRents, messages }: Overview,
  at: At,
): readonly string[] {
  const cells = (rows: readonly BookingRow[]) => rows.map((row) => bookingCells(row, at));
  return [
    ...section('Not in the sheet yet', bookingHeader, cells(pending)),
    ...section('To be called back', bookingHeader, cells(conflicts)),
    ...section('Of the last seven days', bookingHeader, cells(recent)),
    ...(offRents.length === 0
      ? []
      : section(
          'Called off rent',
          ['Number', 'Called', 'Item', 'Rental', 'Customer', 'Phone'],
          offRents.map(offRentCells),
        )),
    ...section(
      'Messages',
      ['Code', 'Received', 'Customer', 'Phone', 'Message'],
      messages.map(messageCells),
    ),
  ];
}

function offRentCells(row: OffRentRow): readonly string[] {
  const { code, itemId, itemName, customer, phone, calledAtMs } = row;
  return [code, minuteOf(calledAtMs), `${itemId} ${itemName}`, rentalId(row), customer, phone];
}

/** The state of the journal while it is on its way or at odds; else where the rental is. */
function stateOf(row: BookingRow, at: At): string {
  if (row.conflict !== null) return `${row.state}: ${row.conflict}`;
  return row.state === 'confirmed' ? rentalState(toBooking(row), at) : row.state;
}

function bookingCells(row: BookingRow, at: At): readonly string[] {
  return [
    row.bookingId,
    stateOf(row, at),
    `${row.itemId} ${row.itemName}`,
    row.startDay,
    row.endDay,
    row.customer,
    row.phone,
    writtenMoney(row.totalCents, at.currency),
  ];
}

function messageCells(row: MessageRow): readonly string[] {
  const receivedAt = minuteOf(row.createdAtMs);
  const marks = [
    ...(row.resolvedAtMs === null ? [] : ['(resolved)']),
    ...(row.deliveredAtMs === null ? ['(not in the sheet yet)'] : []),
  ];
  const text = [...marks, row.text].join(' ');
  return [row.code, receivedAt, row.customer ?? '', row.phone ?? '', text];
}

function minuteOf(atMs: number): string {
  return (isoTime(atMs) ?? '').slice(0, 16).replace('T', ' ');
}

function section(
  title: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  if (rows.length === 0) return [`${title}: none`, ''];
  const lines = [header, ...rows.map((cells) => cells.map(printable))];
  const widths = header.map((_, column) =>
    Math.max(...lines.map((cells) => (cells[column] ?? '').length)),
  );
  const format = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [`${title}: ${rows.length}`, ...lines.map((cells) => `  ${format(cells)}`), ''];
}

/** A caller's words without control characters, which could move the cursor of the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}+/gu, ' ');
}
