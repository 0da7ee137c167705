import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBookings } from '../../../../tools/sheet/read/bookings-sheet.ts';
import { parseEquipment } from '../../../../tools/sheet/read/equipment-sheet.ts';
import { sheetLocale } from '../../../../tools/sheet/read/sheet-locale.ts';
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
    leftOut: [],
    rowNumbers: [2],
  });
});

test('other names for a machine are read, under any name that yards have for the column', () => {
  for (const column of ['Also called', 'AKA', 'Nicknames']) {
    const named = [...excavator, '', '', 'little digger, E20'];
    const { value, problems } = parseEquipment([[...header, column], named]);
    assert.equal(value[0]?.alsoCalled, 'little digger, E20');
    assert.deepEqual(problems, []);
  }
});

test('case, spaces and order of the columns do not matter, and unknown ones are named once', () => {
  const { value, problems } = parseEquipment([
    [],
    ['STATUS', 'Colour', 'daily  Rate', ' name', 'itemid', 'four week rate'],
    ['available', 'red', '90', 'Generator', 1001, 900],
  ]);
  assert.deepEqual(
    problems.map((of) => [of.row, of.column, of.isNotice]),
    [[2, 'Colour', true]],
  );
  assert.match(problems[0]?.remedy ?? '', /Category, Weekly rate, Deposit, Due back, Notes/);
  assert.equal(value[0]?.itemId, '1001');
  assert.equal(value[0]?.dailyRateCents, 9_000);
  assert.equal(value[0]?.fourWeekRateCents, 90_000);
  assert.equal(value[0]?.weeklyRateCents, null);
});

test('missing columns are one error that names them and lists what was found', () => {
  const renamed = header.map((name) => (name === 'Daily rate' ? 'Tarif' : name));
  assert.throws(
    () => parseEquipment([renamed.filter((name) => name !== 'Status'), excavator]),
    (error) => {
      assert.ok(error instanceof SheetFormatError);
      assert.equal(error.code, 'SHEET_COLUMN_MISSING');
      assert.match(error.message, /"Daily rate", "Status"/);
      assert.match(error.message, /"Item ID", "Name", "Category", "Tarif"/);
      return true;
    },
  );
});

test('a tab whose header row is gone is refused without repeating what its rows say', () => {
  assert.throws(
    () =>
      parseBookings([['b1', 'EX-1', 'Mini', '', '', 'CONFIRMED', 'Jordan Sample', '5550111']], {
        units: [],
        locale: sheetLocale('en_US'),
        today: '2026-11-30',
      }),
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

const context = { locale: sheetLocale('en_US'), today: '2026-11-30' };

/** The problems, as `row column: what`. */
function toldOf(rows: Parameters<typeof parseEquipment>[0]) {
  const { problems } = parseEquipment(rows, context);
  return problems.map(({ row: number, column, what }) => `${number} ${column}: ${what}`);
}

test('a row without id or name is left out and named; one odd cell never drops a machine', () => {
  const rows = [
    header,
    row({ 0: 'A', 3: 'call us' }),
    row({ 0: 'B', 3: 0 }),
    row({ 0: 'C', 7: 'LOST' }),
    row({ 0: ' ' }),
    row({ 0: 'D', 1: null }),
    row({ 0: 'E', 5: -1 }),
    [],
    row({ 0: 'GOOD' }),
    row({ 0: 'good', 3: 1 }),
    row({ 0: 'F', 1: '#REF!', 9: '#N/A' }),
  ];
  assert.deepEqual(
    parseEquipment(rows, context).value.map((unit) => [
      unit.itemId,
      unit.dailyRateCents,
      unit.fourWeekRateCents,
      unit.status,
    ]),
    [
      ['A', null, 320_000, 'AVAILABLE'],
      ['B', null, 320_000, 'AVAILABLE'],
      ['C', 27_500, 320_000, 'UNCLEAR'],
      ['E', 27_500, null, 'AVAILABLE'],
      ['GOOD', 27_500, 320_000, 'AVAILABLE'],
    ],
  );
  assert.deepEqual(toldOf(rows), [
    '2 Daily rate: not an amount of money',
    '3 Daily rate: zero',
    '4 Status: words that Pickup does not know',
    '5 Item ID: empty',
    '6 Name: empty',
    '7 Four-week rate: not an amount of money',
    '10 Item ID: a second row with the same id',
    '11 Name: shows the error of a formula',
  ]);
});

test('a rate of nothing, or below that of a shorter time, is a slip and is not used', () => {
  const unit = parseEquipment([header, row({ 4: 0, 5: 200 })], context).value[0];
  assert.deepEqual([unit?.weeklyRateCents, unit?.fourWeekRateCents], [null, null]);
  assert.deepEqual(toldOf([header, row({ 4: 0, 5: 200 })]), [
    '2 Weekly rate: zero',
    '2 Four-week rate: lower than the rate of a shorter time',
  ]);
  assert.deepEqual(toldOf([header, row({ 4: 250 })]), [
    '2 Weekly rate: lower than the rate of a shorter time',
  ]);
});

test('a share is no deposit of cents', () => {
  for (const share of ['20%', '20 %']) {
    const { value } = parseEquipment([header, row({ 6: share })], context);
    assert.equal(value[0]?.depositCents, null);
    assert.deepEqual(toldOf([header, row({ 6: share })]), ['2 Deposit: not an amount of money']);
  }
});

test('a date of return is read as people write it, and an unreadable one is named', () => {
  const dueBack = (cell: string) => {
    const rented = [...excavator.slice(0, 7), 'RENTED', cell];
    const { value, problems } = parseEquipment([header, rented], context);
    return [value[0]?.dueBack, problems.length];
  };
  assert.deepEqual(dueBack('12/4'), ['2026-12-04', 0]);
  assert.deepEqual(dueBack('Fri'), ['2026-12-04', 1]);
  assert.deepEqual(dueBack('tomorrow'), ['2026-12-01', 1]);
  assert.deepEqual(dueBack('when he calls'), [null, 1]);
});

test('a title above, headings between and totals below are no machines', () => {
  const { value, problems, leftOut } = parseEquipment(
    [
      ['SMITH & SONS RENTAL - FLEET 2026'],
      [],
      [
        'Equip #',
        'Description',
        'Type',
        'Day',
        'Week',
        '4 Wk',
        'Dep.',
        'Status',
        'Return',
        'Comments',
      ],
      ['EXCAVATORS'],
      [
        '101',
        'Kubota KX040',
        'Excavators',
        '$325.00',
        '$1,250.00',
        '',
        '$500',
        'On rent',
        '12/4',
        '',
      ],
      [null, null, null, null, null, null, null, false],
      ['Total', '', '', 325],
      [null, null, null, 0, 0],
    ],
    context,
  );
  assert.deepEqual([problems, leftOut], [[], []]);
  assert.deepEqual(
    value.map(({ itemId, name, dailyRateCents, status, dueBack }) => [
      itemId,
      name,
      dailyRateCents,
      status,
      dueBack,
    ]),
    [['101', 'Kubota KX040', 32_500, 'RENTED', '2026-12-04']],
  );
});

test('rates whose period stands in brackets are known by it, and units in brackets do not matter', () => {
  const names = [
    'ID',
    'Desc.',
    'Rate (day)',
    'Rate (per week)',
    'Price (Month)',
    'Dep. ($)',
    'In?',
  ];
  const named = [...names, 'Availability'];
  const [machine] = parseEquipment([named, ['X-1', 'Lift', 200, 700, 1_900, 50, 'In']]).value;
  assert.deepEqual(
    [machine?.dailyRateCents, machine?.weeklyRateCents, machine?.fourWeekRateCents],
    [20_000, 70_000, 190_000],
  );
  assert.equal(machine?.depositCents, 5_000);
});

test('a row of several that is out without a date is reported; with a date, or in the shop, it is clear', () => {
  const several = [...header, 'Quantity'];
  const rowOf = (status: string, dueBack: string | null, quantity: number) => [
    ...excavator.slice(0, 7),
    status,
    dueBack,
    null,
    quantity,
  ];
  const problems = (cells: ReturnType<typeof rowOf>) =>
    parseEquipment([several, cells]).problems.map((of) => [of.row, of.column]);
  assert.deepEqual(problems(rowOf('RENTED', null, 5)), [[2, 'Status']]);
  assert.deepEqual(problems(rowOf('RENTED', null, 1)), []);
  assert.deepEqual(problems(rowOf('RENTED', '2026-12-03', 5)), []);
  assert.deepEqual(problems(rowOf('MAINTENANCE', null, 5)), []);
  assert.deepEqual(problems(rowOf('AVAILABLE', null, 5)), []);
});
