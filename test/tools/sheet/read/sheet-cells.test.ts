import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { readCents, readDate, readText } from '../../../../tools/sheet/read/sheet-cells.ts';

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
    [0, 0],
  ] as const;
  for (const [cell, cents] of amounts) assert.equal(readCents(cell), cents, String(cell));
  for (const none of [null, '', '-', '—', 'N/A', 'none']) assert.equal(readCents(none), null);
});

test('what is no amount is told from an empty cell', () => {
  const garbage = ['call', '1,25', '12.345', '-5', -5, NaN, 1e300, true, '$', '1 250', '5%'];
  for (const cell of garbage) assert.equal(readCents(cell), undefined, String(cell));
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
      const cents = readCents(value);
      assert.ok(cents === null || cents === undefined || Number.isSafeInteger(cents));
      assert.match(readDate(value) ?? '2026-01-01', /^20\d\d-\d\d-\d\d$/);
    }),
  );
});
