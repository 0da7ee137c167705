import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { openStore, type Store } from '../../../agent/infra/store/database.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { parseBookings } from '../../../tools/sheet/read/bookings-sheet.ts';
import { sheetLocale } from '../../../tools/sheet/read/sheet-locale.ts';
import type { Cell } from '../../../tools/sheet/read/sheet-table.ts';
import { addDays, todayIn } from '../../../tools/yard/rental-dates.ts';
import { inventory, nowMs, unit } from '../yard/example-yard.ts';

const clock = { nowMs: () => nowMs };
const today = todayIn('America/Chicago', clock);
const header = ['Booking ID', 'Item ID', 'Item', 'Start', 'End', 'Status', 'Customer'];

type Written = { readonly cell: Cell; readonly first: string; readonly last: string };

const dayOffset = fc.integer({ min: -12, max: 12 });

/** A day from now on as staff write it, by which days it may be read as. */
const staffDay = fc.tuple(dayOffset, fc.integer({ min: 0, max: 7 })).map(([offset, manner]) => {
  const day = addDays(today, offset);
  const [year = '', month = '', date = ''] = day.split('-');
  const name = new Intl.DateTimeFormat('en-US', { month: 'short', timeZone: 'UTC' });
  const short = name.format(new Date(`${day}T12:00:00Z`));
  const serial = Math.round(Date.parse(`${day}T00:00:00Z`) / 86_400_000) + 25_569;
  const manners: readonly Cell[] = [
    day,
    serial,
    `${month}/${date}/${year}`,
    `${Number(month)}/${Number(date)}`,
    `${short} ${Number(date)}`,
    `${Number(date)}-${short}-${year.slice(2)}`,
    `${year}/${month}/${date}`,
    `${Number(month)}/${Number(date)}/${year.slice(2)} 8:00 AM`,
  ];
  return { cell: manners[manner] ?? day, first: day, last: day } satisfies Written;
});

/** What is no day: the row may be for any. */
const noDay = fc
  .constantFrom<Cell>('', 'TBD', '#REF!', '#N/A', 'next week', '13/45', 'asap', false, '12/4-12/6')
  .map((cell): Written => ({ cell, first: '2000-01-01', last: '2099-12-31' }));

const anyDay = fc.oneof({ weight: 4, arbitrary: staffDay }, { weight: 1, arbitrary: noDay });

/** Each machine with ids and names that mean it, and ids that mean none. */
const machines: readonly (readonly [string | null, readonly (readonly [Cell, Cell])[]])[] = [
  [
    'EX-1',
    [
      ['EX-1', ''],
      ['ex 1', ''],
      ['', 'Mini digger'],
      ['EX\u20131', 'x'],
    ],
  ],
  [
    '0007',
    [
      [7, ''],
      ['0007', ''],
      ['', 'Trencher'],
      ['#N/A', 'trencher'],
    ],
  ],
  [
    'T2',
    [
      ['T2', 'Roller'],
      ['t-2', ''],
    ],
  ],
  [
    null,
    [
      ['E999', ''],
      ['', 'Lift'],
      ['#REF!', ''],
      ['', ''],
    ],
  ],
];
const anyMachine = fc.oneof(
  ...machines.map(([itemId, ways]) =>
    fc.constantFrom(...ways).map(([id, item]) => ({ itemId, id, item })),
  ),
);
const takenBack = ['CANCELLED', 'canceled', 'Returned', 'Cancelled - rain'];
const anyStatus = fc.constantFrom('CONFIRMED', '', 'Booked', 'deposit paid', 'hm', ...takenBack);

const staffRow = fc.record({
  machine: anyMachine,
  start: anyDay,
  end: anyDay,
  status: anyStatus,
});
type StaffRow = typeof staffRow extends fc.Arbitrary<infer Row> ? Row : never;

const heading: readonly Cell[] = ['', '', 'DECEMBER', '', '', '', ''];
const phoneCall = fc.record({
  itemId: fc.constantFrom('EX-1', '0007', 'T2'),
  offset: fc.integer({ min: 0, max: 12 }),
  length: fc.integer({ min: 1, max: 5 }),
});

const units = [
  unit({ itemId: 'EX-1', name: 'Mini digger' }),
  unit({ itemId: '0007', name: 'Trencher' }),
  unit({ itemId: 'T2', name: 'Roller' }),
];

function cellsOf({ machine, start, end, status }: StaffRow, at: number): readonly Cell[] {
  return [`S${at}`, machine.id, machine.item, start.cell, end.cell, status, 'Brown'];
}

/** The days on which staff meant the row to hold, by what they wrote; null when it holds nothing. */
function meant({ start, end, status }: StaffRow): { first: string; last: string } | null {
  if (takenBack.includes(status)) return null;
  const isWhole = start.first === start.last && end.first === end.last && start.first <= end.first;
  if (isWhole) return end.first < today ? null : { first: start.first, last: end.first };
  // Without its year it is next year's.
  const isNextYears = /^\d+\/\d+$|^[A-Z][a-z]+ \d+$/.test(String(end.cell));
  if (isNextYears && start.first === start.last && end.first < start.first) {
    return { first: start.first, last: addDays(start.first, 300) };
  }
  const days = [start, end].filter(({ first, last }) => first === last).map(({ first }) => first);
  // What lies behind is over, as far as it can be read, with a last day that can.
  const isOver = end.first === end.last && end.first < today;
  if (isOver && (start.first !== start.last || start.first < today)) return null;
  const first = start.first === start.last ? days.sort()[0] : undefined;
  return { first: first ?? '2000-01-01', last: '2099-12-31' };
}

async function checkYard(store: Store, rows: readonly StaffRow[], calls: readonly Call[]) {
  const cells = rows.map(cellsOf);
  const context = { units, locale: sheetLocale('en_US'), today };
  const read = parseBookings([header, heading, ...cells], context);
  const told = new Set(read.problems.map(({ row }) => row));
  const wanted = rows.map((row) => ({ row, days: meant(row) }));
  for (const [at, { row, days }] of wanted.entries()) {
    const number = at + 3;
    const holding = read.value.filter(
      (of, index) => read.rowNumbers[index] === number && of.status !== 'CANCELLED',
    );
    const label = JSON.stringify(cells[at]);
    if (days === null) continue;
    if (row.machine.itemId === null) {
      assert.ok(told.has(number), `the row that holds nothing is reported: ${label}`);
      continue;
    }
    const [held] = holding;
    assert.equal(held?.itemId, row.machine.itemId, `the row holds its machine: ${label}`);
    assert.ok(held.start <= days.first && days.last <= held.end, `on its days: ${label}`);
    if (held.status === 'UNCLEAR') assert.ok(told.has(number), `and is reported: ${label}`);
  }
  const list = inventory(units, { bookings: read.value });
  const made: { itemId: string; start: string; end: string }[] = [];
  for (const [at, { itemId, offset, length }] of calls.entries()) {
    const start = addDays(today, offset);
    const end = addDays(start, length - 1);
    const result = await commitBooking(store, {
      callId: `call-${at}`,
      clock,
      request: {
        lines: [{ itemId, start, end, totalCents: 100 }],
        customer: 'Ann',
        phone: `+1555301${1_000 + at}`,
        inventory: list,
      },
    });
    if (result.kind === 'committed') made.push({ itemId, start, end });
  }
  const byStaff = wanted.flatMap(({ row, days }) =>
    days && row.machine.itemId !== null
      ? [{ itemId: row.machine.itemId, start: days.first, end: days.last }]
      : [],
  );
  for (const [at, booked] of made.entries()) {
    for (const other of [...byStaff, ...made.slice(0, at)]) {
      const isSold =
        other.itemId === booked.itemId && other.start <= booked.end && booked.start <= other.end;
      assert.ok(!isSold, `${JSON.stringify(booked)} beside ${JSON.stringify(other)}`);
    }
  }
  return made.length;
}
type Call = typeof phoneCall extends fc.Arbitrary<infer Of> ? Of : never;

test('whatever staff write and callers book, no machine is sold twice and no row is lost in silence', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-no-double-sale-'));
  let booked = 0;
  try {
    await using store = await openStore({ dataDir: folder });
    await fc.assert(
      fc.asyncProperty(
        fc.array(staffRow, { maxLength: 4 }),
        fc.array(phoneCall, { minLength: 1, maxLength: 8 }),
        async (rows, calls) => {
          for (const table of ['bookedDays', 'bookings', 'outbox'] as const) {
            await store.db.deleteFrom(table).execute();
          }
          booked += await checkYard(store, rows, calls);
        },
      ),
      { numRuns: 150 },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  assert.ok(booked > 0, 'some calls do book');
});
