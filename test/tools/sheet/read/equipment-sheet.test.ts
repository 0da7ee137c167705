import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBookings, parseEquipment } from '../../../../tools/sheet/read/equipment-sheet.ts';
import { SheetFormatError } from '../../../../tools/sheet/read/sheet-table.ts';

const header = [
  'Item ID',
  'Name',
  'Category',
  'Daily rate',
  'Weekly rate',
  'Four-week rate',
  'Deposit',
  'Status',
  'Due back',
  'Notes',
];
const excavator = ['EX-1', 'Mini excavator', 'Earth', 275, 1100, '$3,200.00', 500, 'AVAILABLE'];

test('a full row becomes a unit', () => {
  const full = [...excavator.slice(0, 7), 'rented', '12/3/2026', ' Two buckets '];
  assert.deepEqual(parseEquipment([header, full]), {
    value: [
      {
        itemId: 'EX-1',
        name: 'Mini excavator',
        category: 'Earth',
        dailyRateCents: 27_500,
        weeklyRateCents: 110_000,
        fourWeekRateCents: 320_000,
        depositCents: 50_000,
        status: 'RENTED',
        dueBack: '2026-12-03',
        notes: 'Two buckets',
      },
    ],
    problems: [],
  });
});

test('case, spaces and order of the columns do not matter, and unknown ones are ignored', () => {
  const { value, problems } = parseEquipment([
    [],
    ['STATUS', 'Colour', 'daily  Rate', ' name', 'itemid', 'four week rate'],
    ['available', 'red', '90', 'Generator', 1001, 900],
  ]);
  assert.deepEqual(problems, []);
  assert.equal(value[0]?.itemId, '1001');
  assert.equal(value[0]?.dailyRateCents, 9_000);
  assert.equal(value[0]?.fourWeekRateCents, 90_000);
  assert.equal(value[0]?.weeklyRateCents, null);
});

test('missing columns are one error that names them and lists what was found', () => {
  const renamed = header.map((name) => (name === 'Daily rate' ? 'Day price' : name));
  assert.throws(
    () => parseEquipment([renamed.filter((name) => name !== 'Status'), excavator]),
    (error) => {
      assert.ok(error instanceof SheetFormatError);
      assert.equal(error.code, 'SHEET_COLUMN_MISSING');
      assert.match(error.message, /"Daily rate", "Status"/);
      assert.match(error.message, /"Item ID", "Name", "Category", "Day price"/);
      return true;
    },
  );
});

test('a tab whose header row is gone is refused without repeating what its rows say', () => {
  assert.throws(
    () => parseBookings([['b1', 'EX-1', 'Mini', '', '', 'CONFIRMED', 'Jordan Sample', '5550111']]),
    (error) => {
      assert.ok(error instanceof SheetFormatError);
      assert.match(error.message, /no column name/);
      return !/Jordan|5550111/.test(error.message);
    },
  );
  assert.throws(() => parseEquipment([]), { code: 'SHEET_COLUMN_MISSING' });
});

test('two columns of one name are refused: a guess could be a wrong price', () => {
  assert.throws(() => parseEquipment([[...header, 'daily rate'], excavator]), {
    code: 'SHEET_COLUMN_TWICE',
  });
});

function row(changes: Record<number, string | number | null>) {
  return excavator.map((cell, index) => (index in changes ? (changes[index] ?? null) : cell));
}

test('a row with garbage is left out and named; the others stay', () => {
  const { value, problems } = parseEquipment([
    header,
    row({ 0: 'A', 3: 'call us' }),
    row({ 0: 'B', 3: 0 }),
    row({ 0: 'C', 7: 'LOST' }),
    row({ 0: ' ' }),
    row({ 0: 'D', 1: null }),
    row({ 0: 'E', 5: -1 }),
    [],
    row({ 0: 'GOOD' }),
    row({ 0: 'GOOD', 3: 1 }),
    ['F'],
  ]);
  assert.deepEqual(
    value.map((unit) => [unit.itemId, unit.dailyRateCents]),
    [['GOOD', 27_500]],
  );
  assert.deepEqual(
    problems.map(({ row: number, column, problem }) => `${number} ${column}: ${problem}`),
    [
      '2 Daily rate: not an amount of money',
      '3 Daily rate: zero',
      '4 Status: none of AVAILABLE, RENTED, MAINTENANCE',
      '5 Item ID: empty',
      '6 Name: empty',
      '7 Four-week rate: not an amount of money',
      '10 Item ID: a second row with the same id',
      '11 Name: empty',
      '11 Daily rate: empty',
      '11 Status: none of AVAILABLE, RENTED, MAINTENANCE',
    ],
  );
});

test('an unreadable date of return leaves the unit with none, and is named', () => {
  const rented = [...excavator.slice(0, 7), 'RENTED', 'when he calls'];
  const { value, problems } = parseEquipment([header, rented]);
  assert.equal(value[0]?.dueBack, null);
  assert.deepEqual(problems, [
    { tab: 'Equipment', row: 2, column: 'Due back', problem: 'not a date' },
  ]);
});

const bookingHeader = ['Booking ID', 'Item ID', 'Item', 'Start', 'End', 'Status', 'Customer'];

test('bookings are read; an empty tab has none', () => {
  const { value, problems } = parseBookings([
    bookingHeader,
    ['b1', 'EX-1', '', '2026-12-03', '12/5/2026', 'confirmed', 'Jordan Sample'],
    ['b2', 1001, '', 46_359, 46_359, 'Canceled'],
  ]);
  assert.deepEqual(problems, []);
  assert.deepEqual(value, [
    {
      bookingId: 'b1',
      itemId: 'EX-1',
      start: '2026-12-03',
      end: '2026-12-05',
      status: 'CONFIRMED',
    },
    {
      bookingId: 'b2',
      itemId: '1001',
      start: '2026-12-03',
      end: '2026-12-03',
      status: 'CANCELLED',
    },
  ]);
  assert.deepEqual(parseBookings([]).value, []);
  assert.deepEqual(parseBookings([[], ['']]).value, []);
  assert.deepEqual(parseBookings([bookingHeader]).value, []);
});

test('a booking that staff wrote by hand still holds its unit', () => {
  const { value, problems } = parseBookings([
    bookingHeader,
    ['', 'EX-1', '', '2026-12-03', '2026-12-04', 'ok'],
    ['b1', 'EX-1', '', '2026-12-06', '2026-12-07', 'CONFIRMED'],
    ['b1', 'EX-2', '', '2026-12-06', '2026-12-07', 'CONFIRMED'],
  ]);
  assert.deepEqual(
    value.map(({ bookingId, itemId, status }) => [bookingId, itemId, status]),
    [
      ['row 2', 'EX-1', 'CONFIRMED'],
      ['b1', 'EX-1', 'CONFIRMED'],
      ['b1', 'EX-2', 'CONFIRMED'],
    ],
  );
  assert.deepEqual(
    problems.map((problem) => [problem.row, problem.column]),
    [
      [2, 'Booking ID'],
      [2, 'Status'],
      [4, 'Booking ID'],
    ],
  );
});

test('a booking without a unit or without days is left out and named', () => {
  const { value, problems } = parseBookings([
    bookingHeader,
    ['b1', '', '', '2026-12-03', '2026-12-04', 'CONFIRMED'],
    ['b2', 'EX-1', '', 'Friday', '', 'CONFIRMED'],
    ['b3', 'EX-1', '', '2026-12-05', '2026-12-04', 'CONFIRMED'],
  ]);
  assert.deepEqual(value, []);
  assert.deepEqual(
    problems.map(({ row: number, column, problem }) => `${number} ${column}: ${problem}`),
    ['2 Item ID: empty', '3 Start: not a date', '3 End: empty', '4 End: before the start'],
  );
});
