import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoteRental } from '../../tools/quote-rental.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import type { RentalRules } from '../../tools/yard/rental-rules.ts';
import { booking, inventory, nowMs, unit, yard } from './yard/example-yard.ts';

function quote(list: Inventory | null, args: Partial<Parameters<typeof quoteRental>[1]> = {}) {
  return quoteRental(
    { inventory: () => list, clock: { nowMs: () => nowMs }, inventoryMaxAgeMs: 900_000 },
    { itemId: 'EX-1', start: '2026-12-01', end: '2026-12-03', ...args },
  );
}

test('a total is computed and worded with its days and its deposit', () => {
  const answer = quote(inventory([unit()]));
  assert.equal(
    answer.say,
    'From Tuesday, December 1st through Thursday the 3rd, the Mini Excavator comes to $750, ' +
      "plus a $200 deposit. It's free then.",
  );
  assert.deepEqual(answer.quote, {
    itemId: 'EX-1',
    name: 'Mini Excavator',
    start: '2026-12-01',
    end: '2026-12-03',
    days: 3,
    billedAs: '3 days',
    total: '$750',
    deposit: '$200',
    free: true,
    freeFrom: '2026-12-01',
  });
});

test('a week that is cheaper than its days is said to be billed', () => {
  const answer = quote(inventory([unit()]), { end: '2026-12-06' });
  assert.match(
    answer.say,
    /the Mini Excavator comes to \$900, billed as 1 week, plus a \$200 deposit\./,
  );
});

test('without a deposit none is spoken of', () => {
  assert.doesNotMatch(quote(inventory([unit({ depositCents: null })])).say, /deposit/);
});

test('one day is priced as one day', () => {
  const answer = quote(inventory([unit()]), { end: '2026-12-01' });
  assert.match(answer.say, /^On Tuesday, December 1st, the Mini Excavator comes to \$250,/);
});

test('a unit that is not free is priced, and said not to be free', () => {
  const answer = quote(inventory([unit()], { bookings: [booking('2026-12-03', '2026-12-05')] }));
  assert.match(answer.say, /But it isn't free then: it's booked through Saturday, December 5th\./);
  assert.match(answer.say, /It's free for that long from Sunday, December 6th\./);
  assert.equal(answer.quote?.free, false);
});

test('an identical unit that is free stands in for one that is not', () => {
  const list = inventory([unit({ status: 'MAINTENANCE' }), unit({ itemId: 'EX-2' })]);
  assert.equal(quote(list).quote?.itemId, 'EX-2');
});

test('a unit of the same name at another price does not', () => {
  const dearer = unit({ itemId: 'EX-2', dailyRateCents: 26_000 });
  const list = inventory([unit({ status: 'MAINTENANCE' }), dearer]);
  assert.equal(quote(list).quote?.itemId, 'EX-1');
});

test('an id is found however it is written, and one that is made up is not', () => {
  assert.equal(quote(inventory([unit()]), { itemId: ' ex-1 ' }).quote?.itemId, 'EX-1');
  assert.equal(quote(inventory([unit()]), { itemId: 'EX-77' }).problem, 'unknown-item');
});

test('dates that cannot be rented are told to the caller', () => {
  assert.equal(quote(inventory([unit()]), { end: '2026-11-30' }).problem, 'reversed');
  assert.equal(quote(inventory([unit()]), { start: '2027-02-30' }).problem, 'not-a-date');
});

test('a price from a list that is too old will be confirmed, and without a list there is none', () => {
  const old = quote(inventory([unit()], { fetchedAtMs: nowMs - 900_001 }));
  assert.match(old.say, /someone will confirm that and call you back\.$/);
  assert.equal(quote(null).problem, 'list-unreachable');
});

test('the yard’s rules are in the price, and the sentence says which', () => {
  const machine = unit({ otherRates: { weekendCents: 37_500, halfDayCents: 15_000 } });
  const ruled = (rules: RentalRules, args: Parameters<typeof quote>[1]) =>
    quote(inventory([machine], { yard: { ...yard, rules } }), args).say;
  const weekend = { start: '2026-12-04', end: '2026-12-07' };
  assert.match(ruled({}, weekend), /4th, 3 PM, to Monday the 7th, 9 AM: \$375, the weekend rate/);
  const day = { start: '2026-12-03', end: '2026-12-04', pickUpAt: 'noon', returnBy: '12:00' };
  assert.match(ruled({ rentalDay: '24-hours' }, day), /: \$250, billed as 1 day,/);
  const half = { start: '2026-12-05', end: '2026-12-05', halfDay: true };
  assert.match(ruled({}, half), /^Half a day on Saturday, .* \$150, the half-day rate/);
  const one = { start: '2026-12-02', end: '2026-12-02' };
  assert.match(ruled({ taxPercent: 8.25 }, one), /: \$250 plus 8\.25% tax, \$270\.63 in all,/);
  assert.match(
    ruled({ closed: ['christmas'] }, { start: '2026-12-25', end: '2026-12-26' }),
    /^We're closed on Friday, December 25th for Christmas, and open again Saturday the 26th\. /,
  );
});

test('a time that cannot be is asked for in words', () => {
  const list = inventory([unit()]);
  const back = { start: '2026-12-03', end: '2026-12-03', pickUpAt: '3pm', returnBy: '1pm' };
  assert.match(quote(list, back).say, /What time would you bring it back\?$/);
  assert.match(quote(list, { pickUpAt: 'whenever' }).say, /What time of day is that\?$/);
});
