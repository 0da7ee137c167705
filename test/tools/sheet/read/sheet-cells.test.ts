import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readDate } from '../../../../tools/sheet/read/date-cells.ts';
import { isErrorValue, readAmount, readText } from '../../../../tools/sheet/read/sheet-cells.ts';

test('text is trimmed, numbers become text, and an empty cell is null', () => {
  assert.equal(readText('  EX-1 '), 'EX-1');
  assert.equal(readText(1001), '1001');
  for (const empty of [null, '', '  ']) assert.equal(readText(empty), null);
});

test('money is read from numbers and from what people type', () => {
  const amounts = [
    [275, 27_500],
    [0.1 + 0.2, 30],
    ['$1,250.00', 125_000],
    [' $ 1250 ', 125_000],
    ['1,250,000.5', 125_000_050],
    ['USD 90', 9_000],
    ['90 USD', 9_000],
    ['£110', 11_000],
    ['C$85', 8_500],
    ['65/day', 6_500],
    ['$65 per day', 6_500],
    [0, 0],
  ] as const;
  for (const [cell, cents] of amounts) {
    assert.deepEqual(readAmount(cell, 'day'), { cents, hasMore: false }, String(cell));
  }
  for (const none of [null, '', '-', '—', 'N/A', 'none']) {
    assert.equal(readAmount(none, 'day')?.cents, null);
  }
});

test('an amount with a remark beside it is read, and told from one without', () => {
  for (const [cell, cents] of [
    ['$85.00 + blade wear', 8_500],
    ['£110 + VAT', 11_000],
    ['$85 (2 day min)', 8_500],
  ] as const) {
    assert.deepEqual(readAmount(cell, 'day'), { cents, hasMore: true }, cell);
  }
});

test('a rate is for its own time', () => {
  assert.equal(readAmount('75/day', 'week'), undefined);
  assert.equal(readAmount('$45/4hr', 'day'), undefined);
  assert.equal(readAmount('$300/wk', 'week')?.cents, 30_000);
  assert.equal(readAmount('$1,900/mo', 'four-week')?.cents, 190_000);
});

test('where a comma is the decimal sign it is read so', () => {
  const german = { hasDecimalComma: true };
  assert.equal(readAmount('1.250,00 €', 'day', german)?.cents, 125_000);
  assert.equal(readAmount('85,50', 'day', german)?.cents, 8_550);
});

test('what is no amount is told from an empty cell', () => {
  const garbage = [
    'call',
    '1,25',
    '12.345',
    '-5',
    -5,
    NaN,
    1e300,
    true,
    '$',
    '1 250',
    '5%',
    '20 %',
  ];
  const doubtful = ['$95-110', '$85 or best', '85?', '2 for 50', '$1.2k', '#N/A', 'TBD'];
  for (const cell of [...garbage, ...doubtful]) {
    assert.equal(readAmount(cell, 'day'), undefined, String(cell));
  }
});

test('the errors of formulas are told from text', () => {
  for (const error of ['#N/A', '#REF!', '#NAME?', '#DIV/0!', '#ERROR!']) {
    assert.ok(isErrorValue(error), error);
  }
  for (const text of ['#101', '# 7', 'N/A', '#1 in town!']) assert.ok(!isErrorValue(text), text);
});

test('days are read from ISO text, US text, serial numbers and named months', () => {
  const cells = [
    '2026-12-03',
    '2026-12-3',
    '2026-12-03T10:00:00Z',
    '2026-12-03 10:00',
    '12/3/2026',
    '12/03/26',
    '12-3-2026',
    '12/3/2026 10:00:00',
    46_359,
    46_359.75,
    'Dec 3, 2026',
    'December 3rd, 2026',
    'Thursday, December 3, 2026',
    '3-Dec-2026',
    '3 December 2026',
  ];
  for (const cell of cells) assert.equal(readDate(cell), '2026-12-03', String(cell));
  for (const empty of [null, '', ' ']) assert.equal(readDate(empty), null);
});

test('what is no day is told from an empty cell', () => {
  const garbage = ['next week', '2026-02-30', '13/3/2026', '3/2026', 'Smarch 3, 2026', 5, true];
  for (const cell of garbage) assert.equal(readDate(cell), undefined, String(cell));
});

test('every day survives its way through a serial number and US text', () => {
  const min = new Date('2000-01-01T00:00:00Z');
  const max = new Date('2099-12-31T00:00:00Z');
  fc.assert(
    fc.property(fc.date({ min, max, noInvalidDate: true }), (date) => {
      const day = date.toISOString().slice(0, 10);
      const [year, month, dayOfMonth] = day.split('-').map(Number);
      const serial = (Date.parse(day) - Date.UTC(1899, 11, 30)) / 86_400_000;
      assert.equal(readDate(serial), day);
      assert.equal(readDate(`${month}/${dayOfMonth}/${year}`), day);
    }),
  );
});

test('no cell, whatever is in it, makes the readers throw', () => {
  const cell = fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null));
  fc.assert(
    fc.property(cell, (value) => {
      const cents = readAmount(value, 'day')?.cents ?? 0;
      assert.ok(Number.isSafeInteger(cents) && cents >= 0);
      assert.match(readDate(value) ?? '2026-01-01', /^20\d\d-\d\d-\d\d$/);
    }),
  );
});

test('a letter among the digits makes no lower price of an amount', () => {
  for (const text of ['$8O', '1l0', '$25O/day', '3OO', '85x']) {
    assert.equal(readAmount(text, 'day'), undefined, text);
  }
  assert.deepEqual(readAmount('85 plus blade', 'day'), { cents: 8_500, hasMore: true });
  assert.deepEqual(readAmount('110 CAD/day', 'day'), { cents: 11_000, hasMore: false });
  assert.deepEqual(readAmount('110CAD', 'day'), { cents: 11_000, hasMore: false });
});
