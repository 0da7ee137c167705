import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cheapestPrice, coveredDays, type FullRates } from '../../../tools/yard/prices.ts';
import { unit } from './example-yard.ts';

const cents = fc.integer({ min: 1, max: 500_000 });
const anyRates: fc.Arbitrary<FullRates> = fc.record({
  dailyRateCents: cents,
  weeklyRateCents: fc.option(cents),
  fourWeekRateCents: fc.option(cents),
});
const anyDays = fc.integer({ min: 1, max: 366 });

/** Slow and obvious: the cheapest way to cover n days ends with one block of some size. */
function cheapestTotal(rates: FullRates, days: number): number {
  const blocks = [
    { size: 1, cents: rates.dailyRateCents },
    { size: 7, cents: rates.weeklyRateCents ?? Infinity },
    { size: 28, cents: rates.fourWeekRateCents ?? Infinity },
  ];
  const totals = [0];
  for (let n = 1; n <= days; n += 1) {
    totals[n] = Math.min(...blocks.map((b) => (totals[Math.max(0, n - b.size)] ?? 0) + b.cents));
  }
  return totals[days] ?? Number.NaN;
}

test('the total is the cheapest there is, whatever the rates', () => {
  fc.assert(
    fc.property(anyRates, anyDays, (rates, days) => {
      assert.equal(cheapestPrice(rates, days).totalCents, cheapestTotal(rates, days));
    }),
    { numRuns: 500 },
  );
});

test('what is billed covers the rental, adds up to the total, and uses only rates there are', () => {
  fc.assert(
    fc.property(anyRates, anyDays, (rates, days) => {
      const { billed, totalCents } = cheapestPrice(rates, days);
      assert.ok(coveredDays(billed) >= days);
      assert.equal(
        totalCents,
        billed.days * rates.dailyRateCents +
          billed.weeks * (rates.weeklyRateCents ?? 0) +
          billed.fourWeeks * (rates.fourWeekRateCents ?? 0),
      );
      if (rates.weeklyRateCents === null) assert.equal(billed.weeks, 0);
      if (rates.fourWeekRateCents === null) assert.equal(billed.fourWeeks, 0);
    }),
  );
});

test('a longer rental never costs less', () => {
  fc.assert(
    fc.property(anyRates, anyDays, (rates, days) => {
      const { totalCents } = cheapestPrice(rates, days);
      assert.ok(totalCents <= cheapestPrice(rates, days + 1).totalCents);
    }),
  );
});

test('a week is billed once it costs less than its days', () => {
  const rates = unit();
  assert.deepEqual(cheapestPrice(rates, 3), {
    totalCents: 75_000,
    billed: { fourWeeks: 0, weeks: 0, days: 3 },
  });
  assert.deepEqual(cheapestPrice(rates, 5), {
    totalCents: 90_000,
    billed: { fourWeeks: 0, weeks: 1, days: 0 },
  });
  assert.deepEqual(cheapestPrice(rates, 9), {
    totalCents: 140_000,
    billed: { fourWeeks: 0, weeks: 1, days: 2 },
  });
  assert.deepEqual(cheapestPrice(rates, 26), {
    totalCents: 270_000,
    billed: { fourWeeks: 1, weeks: 0, days: 0 },
  });
});

test('at the same price the bill is for the days asked for, in the fewest blocks', () => {
  const rates = { dailyRateCents: 100, weeklyRateCents: 400, fourWeekRateCents: null };
  assert.deepEqual(cheapestPrice(rates, 4).billed, { fourWeeks: 0, weeks: 0, days: 4 });
  const even = { dailyRateCents: 100, weeklyRateCents: 700, fourWeekRateCents: 2_800 };
  assert.deepEqual(cheapestPrice(even, 35).billed, { fourWeeks: 1, weeks: 1, days: 0 });
});

test('a rental of no days, or of part of one, has no price', () => {
  for (const days of [0, -1, 1.5, Number.NaN]) {
    assert.throws(() => cheapestPrice(unit(), days), RangeError);
  }
});
