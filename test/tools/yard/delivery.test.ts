import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYard } from '../../../tools/sheet/read/yard-sheet.ts';
import { deliveryFee, windowOf } from '../../../tools/yard/delivery.ts';

/** The fee of all ways in dollars, or whose word it is, by rows of the `Yard` tab. */
function priced(rows: Readonly<Record<string, string | number>>, address: string, miles?: number) {
  const { value } = parseYard([
    ['Name', 'Y'],
    ['Time zone', 'America/Chicago'],
    ...Object.entries(rows),
  ]);
  const fee = deliveryFee(value.deliveryRules, { address, miles });
  return fee.kind === 'known' ? fee.totalCents / 100 : fee.kind;
}

test('the flat text of a yard prices a delivery by miles', () => {
  const flat = { Delivery: '$95 each way within 25 miles, $4 a mile beyond' };
  assert.equal(priced(flat, 'somewhere', 10), 190);
  assert.equal(priced(flat, 'somewhere', 25), 190);
  assert.equal(priced(flat, 'somewhere', 40), 310);
  assert.equal(priced(flat, 'somewhere'), 'distance', 'the caller is asked for the miles');
  assert.equal(priced({ Delivery: 'Delivery within 30 miles costs $75 each way' }, 'a b', 20), 150);
  assert.equal(
    priced({ Delivery: 'Delivery within 30 miles costs $75 each way' }, 'a b', 31),
    'yard',
  );
  assert.equal(priced({ Delivery: '$120 round trip' }, 'a b'), 120);
  assert.equal(
    priced({ Delivery: 'Free within 10 miles, $3.50 per mile after that' }, 'a b', 14),
    14,
  );
});

test('a text that is no plain table prices nothing', () => {
  for (const text of [
    'Call for a quote',
    'From $95',
    '$75 local, $150 out of town',
    '$50-$100',
    'We deliver',
    'Free on weekdays',
    'Starting at $95 within 25 miles',
  ]) {
    assert.equal(priced({ Delivery: text }, '1 A Street, Springfield', 10), 'yard', text);
  }
  assert.equal(priced({}, '1 A Street', 10), 'yard');
});

const zones = {
  'Delivery zones': '60601-60629: $75; Springfield: $95; Oak Park, Cicero: $60 each way',
};

test('zones go by ZIP code, then by the town that ends the address', () => {
  assert.equal(priced(zones, '12 Mill Road, Chicago, IL 60607'), 150);
  assert.equal(priced(zones, '12 Mill Road, Springfield'), 190);
  assert.equal(priced(zones, '12 Mill Road, springfield, Illinois 62701'), 190);
  assert.equal(priced(zones, '12 Mill Road Oak Park IL'), 120);
});

test('a street of that name, a house number and a town elsewhere are no zone', () => {
  assert.equal(priced(zones, '12 Springfield Avenue, Chicago'), 'yard');
  assert.equal(priced(zones, '12 Springfield Avenue'), 'yard');
  assert.equal(priced(zones, '60610 County Road, Peoria'), 'yard');
  assert.equal(priced(zones, '1 Mill Road, Peoria, IL 61602'), 'yard');
  assert.equal(priced(zones, '1 Mill Road, New Springfields'), 'yard');
});

test('rows of their own price by the mile, also beside zones', () => {
  const rows = {
    ...zones,
    'Delivery zones': '60601: $50',
    'Delivery base': '$95',
    'Delivery per mile': '$4 a mile',
    'Delivery included miles': 25,
  };
  assert.equal(priced(rows, '1 A Street 60601'), 50);
  assert.equal(priced(rows, '1 A Street 60655', 30), 115);
  assert.equal(priced(rows, '1 A Street 60655', -3), 'yard');
  assert.equal(priced({ 'Delivery per mile': 4.5 }, '1 A Street', 10), 45);
});

test('what cannot be read in the rows is told of, and prices nothing', () => {
  const { value, problems } = parseYard([
    ['Name', 'Y'],
    ['Time zone', 'America/Chicago'],
    ['Delivery zones', 'Springfield; 606xx: $50'],
    ['Delivery per mile', 'ask'],
    ['Delivery included miles', 'some'],
  ]);
  assert.equal(value.deliveryRules, undefined);
  assert.deepEqual(
    problems.map(({ row, column }) => [row, column]),
    [
      [3, 'delivery zones'],
      [4, 'delivery per mile'],
      [5, 'delivery included miles'],
    ],
  );
});

test("a window is one of the yard's, however it is said", () => {
  const windows = ['7-10 am', '10 am-2 pm', '2-5 pm'];
  assert.equal(windowOf(windows, 'between 7 and 10'), '7-10 am');
  assert.equal(windowOf(windows, '10 AM to 2 PM'), '10 am-2 pm');
  assert.equal(windowOf(windows, '2-5 pm'), '2-5 pm');
  assert.equal(windowOf(windows, 'at 6'), undefined);
  assert.equal(windowOf(windows, 'first thing'), undefined);
});
