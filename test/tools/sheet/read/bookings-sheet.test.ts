import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseBookings } from '../../../../tools/sheet/read/bookings-sheet.ts';
import { sheetLocale } from '../../../../tools/sheet/read/sheet-locale.ts';
import type { Cell } from '../../../../tools/sheet/read/sheet-table.ts';
import { availabilityOf } from '../../../../tools/yard/availability.ts';
import { addDays } from '../../../../tools/yard/rental-dates.ts';
import { unit } from '../../yard/example-yard.ts';

const header = [
  'Booking ID',
  'Item ID',
  'Item',
  'Start',
  'End',
  'Status',
  'Customer',
  'Created at',
];
const today = '2026-11-30';
const units = [
  unit({ itemId: 'E131', name: 'Stump grinder' }),
  unit({ itemId: 'E130', name: 'Equipment trailer' }),
  unit({ itemId: '0007', name: 'Trencher' }),
  unit({ itemId: 'S1', name: 'Skid steer' }),
  unit({ itemId: 'S2', name: 'Skid steer' }),
];

function parse(
  rows: readonly (readonly Cell[])[],
  locale = 'en_US',
  settled?: ReadonlySet<string>,
) {
  const context = { units, locale: sheetLocale(locale), today, ...(settled ? { settled } : {}) };
  return parseBookings([header, ...rows], context);
}

/** A row of the stump grinder for these days. */
function days(start: Cell, end: Cell, more: readonly Cell[] = ['CONFIRMED', 'Brown', null]) {
  return ['b1', 'E131', null, start, end, ...more];
}

test('bookings are read; an empty tab has none', () => {
  const { value, problems } = parse([
    days('2026-12-03', '12/5/2026'),
    ['b2', 'E130', '', 46_359, 46_359, 'Canceled'],
  ]);
  assert.deepEqual(problems, []);
  assert.deepEqual(value, [
    {
      bookingId: 'b1',
      itemId: 'E131',
      start: '2026-12-03',
      end: '2026-12-05',
      status: 'CONFIRMED',
    },
    {
      bookingId: 'b2',
      itemId: 'E130',
      start: '2026-12-03',
      end: '2026-12-03',
      status: 'CANCELLED',
    },
  ]);
  const context = { units, locale: sheetLocale('en_US'), today };
  for (const blank of [[], [[], ['']], [header]]) {
    assert.deepEqual(parseBookings(blank, context).value, []);
  }
});

const writtenDays: readonly (readonly [Cell, Cell, string, string])[] = [
  ['12/4', '12/6', '2026-12-04', '2026-12-06'],
  ['Dec 3', 'Dec 5', '2026-12-03', '2026-12-05'],
  ['4-Dec-26', '6-Dec-26', '2026-12-04', '2026-12-06'],
  ['Fri 12/4/26', 'Sat 12/5/26', '2026-12-04', '2026-12-05'],
  ['2026/12/03', '2026/12/05', '2026-12-03', '2026-12-05'],
  ['03.12.2026', '05.12.2026', '2026-12-03', '2026-12-05'],
  ['12/4/2026 8:00 AM', '12/6/2026 17:00', '2026-12-04', '2026-12-06'],
  ['12/4 8am', '12/6 noon', '2026-12-04', '2026-12-06'],
  ['Dec 4 (Fri)', 'December 6th, 2026', '2026-12-04', '2026-12-06'],
  ['12/30', '1/3', '2026-12-30', '2027-01-03'],
  ['1/3', '1/5', '2027-01-03', '2027-01-05'],
];

test('days are read in the ways in which people write them', () => {
  for (const [start, end, first, last] of writtenDays) {
    const { value, problems } = parse([days(start, end)]);
    assert.deepEqual(problems, [], String(start));
    assert.deepEqual(
      value.map((of) => [of.start, of.end, of.status]),
      [[first, last, 'CONFIRMED']],
      String(start),
    );
  }
});

test('day and month stand as they do in the locale of the sheet', () => {
  const british = parse([days('03/12/2026', '5/12/26')], 'en_GB');
  assert.deepEqual(
    british.value.map(({ start, end }) => [start, end]),
    [['2026-12-03', '2026-12-05']],
  );
  // In Canada both are usual: nobody can tell, and the machine is held.
  assert.equal(parse([days('03/12/2027', '05/12/2027')], 'en_CA').value[0]?.status, 'UNCLEAR');
  assert.equal(parse([days('13/12/2026', '15/12/2026')], 'en_CA').value[0]?.start, '2026-12-13');
});

test('a missing year follows Created at, then the rows beside it, then the nearest', () => {
  const startOf = (rows: readonly (readonly Cell[])[], at: number) => parse(rows).value[at]?.start;
  const lastYear = ['CONFIRMED', 'Brown', '2025-11-20'];
  assert.equal(startOf([days('12/4', '12/6', lastYear)], 0), '2025-12-04');
  const old = days('2025-11-28', '2025-11-30');
  assert.equal(
    startOf([old, days('12/4', '12/6'), days('2025-12-09', '2025-12-10')], 1),
    '2025-12-04',
  );
  assert.equal(startOf([days('12/4', '12/6')], 0), '2026-12-04');
});

const unreadable: readonly (readonly [Cell, Cell, string])[] = [
  ['2026-12-03', '', '2026-12-03'],
  ['2026-12-03', 'TBD', '2026-12-03'],
  ['2026-12-10', '2026-12-04', '2026-12-04'],
  ['2026-12-03', '#N/A', '2026-12-03'],
  ['TBD', '', '2000-01-01'],
  ['', '', '2000-01-01'],
  ['next week', '2026-12-20', '2000-01-01'],
  ['Mon 12/4/26', '12/6/26', '2000-01-01'],
  ['#REF!', '#REF!', '2000-01-01'],
];

test('a row that cannot be read whole holds its machine from its readable day on', () => {
  for (const [start, end, from] of unreadable) {
    const { value, problems } = parse([days(start, end)]);
    const label = `${start} to ${end}`;
    assert.deepEqual(
      value.map((of) => [of.itemId, of.start, of.end, of.status]),
      [['E131', from, '2099-12-31', 'UNCLEAR']],
      label,
    );
    assert.ok(problems.length > 0, label);
    for (const { row, remedy, why } of problems) {
      assert.equal(row, 2);
      assert.match(why, /the machine is held/);
      assert.match(remedy, /--settle/);
    }
  }
});

test('rows that are cancelled, returned, wholly past or settled hold nothing', () => {
  const held = (row: readonly Cell[], settled?: ReadonlySet<string>) =>
    parse([row], 'en_US', settled).value.filter(({ status }) => status !== 'CANCELLED').length;
  for (const status of [
    'Cancelled',
    'CXL',
    'cancelled by phone',
    'Void',
    'no show',
    'Returned 12/1',
  ]) {
    assert.equal(held(days('TBD', '', [status])), 0, status);
  }
  for (const status of [
    '',
    'cancelled?',
    'not cancelled',
    'cancel if rain',
    'to be returned',
    'hm',
  ]) {
    assert.equal(held(days('TBD', '', [status])), 1, status);
  }
  assert.equal(held(days('TBD', '2026-11-01')), 0);
  assert.equal(held(days('2026-11-01', '2026-11-29')), 0);
  assert.equal(held(days('2026-11-01', 'TBD')), 1);
  const key = parse([days('TBD', '')]).problems[0]?.rowKey ?? '';
  assert.equal(held(days('TBD', ''), new Set([key])), 0);
  assert.equal(held(days('TBD', '?'), new Set([key])), 1);
});

test('ids are compared as people mean them', () => {
  const itemsOf = (id: Cell, item: Cell = null) =>
    parse([['b1', id, item, '2026-12-03', '2026-12-04', '']]).value.map(({ itemId }) => itemId);
  for (const id of ['e131', ' E-131', 'E 131', 'E\u2013131', 'e0131', 'E131 - stump grinder']) {
    assert.deepEqual(itemsOf(id), ['E131'], id);
  }
  for (const id of [7, '7', '#7', '0007', '00007'])
    assert.deepEqual(itemsOf(id), ['0007'], `${id}`);
  for (const ids of ['E131, E130', 'E131/E130', 'E131 & E130', 'E131 and e-130']) {
    assert.deepEqual(itemsOf(ids), ['E131', 'E130'], ids);
  }
  assert.deepEqual(itemsOf('stump  Grinder'), ['E131']);
  assert.deepEqual(itemsOf(null, 'Trencher'), ['0007']);
  assert.deepEqual(itemsOf('#N/A', 'Trencher'), ['0007']);
});

test('a row whose machine cannot be told is reported as holding none', () => {
  for (const [id, item] of [
    ['Z-9', null],
    ['#N/A', null],
    [null, 'Skid steer'],
    [null, null],
  ] as const) {
    const { value, problems } = parse([['b1', id, item, '2026-12-03', '2026-12-04', '', 'Brown']]);
    assert.deepEqual(value, []);
    assert.match(problems[0]?.why ?? '', /holds no machine/);
    assert.match(problems[0]?.column ?? '', /^Item/);
  }
});

test('headings, totals, checkboxes and formulas down to the end are no bookings', () => {
  const { value, problems } = parse([
    ['DECEMBER'],
    days('2026-12-03', '2026-12-04'),
    [],
    [null, null, null, null, null, 'CONFIRMED'],
    [false, false, null, null, null, false],
    ['Total', 1, null, null, null, null, 300],
    [null, '#N/A'],
    [null, 0],
  ]);
  assert.equal(value.length, 1);
  assert.deepEqual(problems, []);
});

test('a row of one machine alone, which staff began to type, holds it', () => {
  assert.equal(parse([[null, 'E131']]).value[0]?.status, 'UNCLEAR');
});

const cellOfStaff = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom<Cell>(
      '2026-12-03',
      '12/4',
      'Dec 5',
      '4-Dec-26',
      46_359,
      '05.12.2026',
    ),
  },
  fc.constantFrom<Cell>(
    'TBD',
    '',
    null,
    '#N/A',
    'Fri',
    'next week',
    '12/4-12/6',
    '2026-13-45',
    true,
    12,
  ),
  fc.string(),
);
const rowOfStaff = fc.tuple(
  fc.constantFrom<Cell>('b1', '', null, 'P 7', 'Total'),
  fc.constantFrom<Cell>(
    'E131',
    'e-131',
    7,
    'E131, E130',
    'Z9',
    '#N/A',
    null,
    'S1 - skid steer',
    false,
  ),
  fc.constantFrom<Cell>(null, 'Stump grinder', 'Skid steer', '#REF!'),
  cellOfStaff,
  cellOfStaff,
  fc.oneof(
    fc.constantFrom<Cell>('', 'CONFIRMED', 'Cancelled', 'returned', 'ok', 'cancelled?'),
    fc.string(),
  ),
  fc.constantFrom<Cell>(null, 'Brown'),
  fc.constantFrom<Cell>(null, '2026-11-20', 'yesterday'),
);

test('whatever staff type, a row that cannot be read holds a machine or is reported', () => {
  fc.assert(
    fc.property(fc.array(rowOfStaff, { maxLength: 12 }), (rows) => {
      const { value, problems } = parse(rows);
      for (const [index, cells] of rows.entries()) {
        const alone = parse([cells]);
        const number = index + 2;
        const told = problems.filter(({ row }) => row === number);
        const isHeld = alone.value.some(({ status }) => status === 'UNCLEAR');
        if (isHeld) assert.ok(told.length > 0, `row ${number} is held and reported`);
      }
      for (const { itemId, start, end, status } of value.filter(
        (of) => of.status !== 'CANCELLED',
      )) {
        const machine = units.find((of) => of.itemId === itemId);
        assert.ok(machine && start <= end);
        // The double sale: neither the first nor the last of its days is given to anybody else.
        for (const day of [
          start < today ? today : start,
          status === 'UNCLEAR' ? addDays(today, 700) : end,
        ]) {
          if (day < start || day > end) continue;
          assert.ok(!availabilityOf(machine, value, { start: day, end: day }, today).free);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('a list without Booking ID and Status is read, and each missing column is reported once', () => {
  const context = { units, locale: sheetLocale('en_US'), today };
  const { value, problems } = parseBookings(
    [
      ['Machine', 'From', 'To', 'Name'],
      ['Trencher', '12/3', '12/5', 'Brown'],
      ['E-130', '12/7', '', 'Green'],
    ],
    context,
  );
  assert.deepEqual(
    value.map(({ itemId, start, end, status }) => [itemId, start, end, status]),
    [
      ['0007', '2026-12-03', '2026-12-05', 'CONFIRMED'],
      ['E130', '2026-12-07', '2099-12-31', 'UNCLEAR'],
    ],
  );
  const missing = problems.filter(({ row }) => row === 1);
  assert.deepEqual(
    missing.map(({ column }) => column),
    ['Booking ID', 'Item ID', 'Status'],
  );
  assert.match(missing[0]?.remedy ?? '', /column headers "Booking ID", "Item ID", "Status"/);
  assert.match(problems.find(({ row }) => row === 3)?.remedy ?? '', /--settle 3$/);
  for (const names of [
    ['Machine', 'From', 'Name'],
    ['From', 'To', 'Name'],
  ]) {
    assert.throws(() => parseBookings([names, ['Trencher', '12/3', '12/5']], context), {
      code: 'SHEET_COLUMN_MISSING',
    });
  }
});

test('an end without a year that lies before the start is no day of next year', () => {
  const { value, problems } = parse([
    days('2026-11-23', '11/22'),
    days('Nov 23', 'Sun 11/22', ['', '', null]),
    days('2026-12-28', 'Jan 3'),
  ]);
  assert.deepEqual(
    value.map(({ start, end, status }) => [start, end, status]),
    [
      ['2026-11-23', '2099-12-31', 'UNCLEAR'],
      ['2026-11-23', '2099-12-31', 'UNCLEAR'],
      ['2026-12-28', '2027-01-03', 'CONFIRMED'],
    ],
  );
  assert.deepEqual(
    problems.filter(({ column }) => column === 'End').map(({ row, what }) => [row, what]),
    [
      [2, 'before the start'],
      [3, 'before the start'],
    ],
  );
});

test('rentals that are not over, or only late, are known with their customer', () => {
  const columns = ['Booking ID', 'Item ID', 'Start', 'End', 'Status', 'Customer', 'Phone', 'Total'];
  const row = (id: string, item: string, [start, end]: readonly string[], status = 'On rent') => [
    id,
    item,
    start ?? '',
    end ?? '',
    status,
    'Lopez, Maria',
    3_125_550_142,
    '$1,250.00',
  ];
  const { rentals } = parseBookings(
    [
      columns,
      row('R1', 'E131', ['2026-11-28', '2026-12-02']),
      row('', 'E131, E130', ['2026-12-08', '2026-12-09']),
      row('R3', 'S1', ['2026-11-20', '2026-11-25']),
      row('R4', 'S1', ['2026-11-01', '2026-11-05']),
      row('R5', 'S1', ['2026-11-20', '2026-11-25'], 'Returned'),
      row('R6', 'S1', ['2026-12-20', '2026-12-21'], 'Cancelled'),
      row('R7', 'S1', ['2026-12-24', 'TBD']),
      row('R8', 'S2', ['2026-11-28', '2026-12-02'], 'OFF RENT CALLED'),
    ],
    { units, locale: sheetLocale('en_US'), today },
  );
  assert.deepEqual(
    rentals.map(({ bookingId, itemId, totalCents }) => [bookingId, itemId, totalCents]),
    [
      ['R1', 'E131', 125_000],
      ['', 'E131', null],
      ['', 'E130', null],
      ['R3', 'S1', 125_000],
      ['R8', 'S2', 125_000],
    ],
  );
  const of = { start: '2026-11-28', end: '2026-12-02' };
  assert.partialDeepStrictEqual(rentals, [
    { ...of, customer: 'Lopez, Maria', phone: '3125550142' },
  ]);
});
