import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cheapestPrice } from '../../../tools/yard/prices.ts';
import { addDays, daysIn, type RentalRange } from '../../../tools/yard/rental-dates.ts';
import { termPrice } from '../../../tools/yard/term-price.ts';
import type { RentalRules } from '../../../tools/yard/rental-rules.ts';
import { unit } from './example-yard.ts';

const machine = unit({
  dailyRateCents: 25_000,
  weeklyRateCents: 90_000,
  fourWeekRateCents: 270_000,
  otherRates: { halfDayCents: 15_000, weekendCents: 37_500 },
});
const noon = 12 * 60;
const at = (hour: number) => hour * 60;
/** 4 December 2026 is a Friday. */
const friday = '2026-12-04';

function price(range: RentalRange, rules?: RentalRules) {
  const found = termPrice(machine, range, { rules });
  assert.ok(found);
  return found;
}

test('Thursday noon to Friday noon is one day of 24 hours, and two days of the calendar', () => {
  const range = { start: '2026-12-03', end: friday, pickUpAt: noon, returnBy: noon };
  assert.equal(price(range, { rentalDay: '24-hours' }).totalCents, 25_000);
  assert.equal(price(range).totalCents, 50_000);
});

test('a weekend without times is the yard’s own, and its price says from when to when', () => {
  const found = price({ start: friday, end: '2026-12-07' });
  assert.equal(found.totalCents, 37_500);
  assert.deepEqual(found.billed, { fourWeeks: 0, weeks: 0, days: 0, weekends: 1 });
  assert.deepEqual(
    { pickUpAt: found.range.pickUpAt, returnBy: found.range.returnBy },
    { pickUpAt: at(15), returnBy: at(9) },
  );
});

test('who comes before the weekend begins pays the day before it too', () => {
  const range = { start: friday, end: '2026-12-07', pickUpAt: noon, returnBy: at(8) };
  // Friday noon to Saturday noon is a day of its own.
  assert.equal(price(range, { rentalDay: '24-hours' }).totalCents, 25_000 + 37_500);
  assert.equal(price({ ...range, pickUpAt: at(16) }).totalCents, 37_500);
});

test('Saturday and Sunday are the weekend when that is cheaper, and one of them is a day', () => {
  assert.equal(price({ start: '2026-12-05', end: '2026-12-06' }).totalCents, 37_500);
  assert.equal(price({ start: '2026-12-05', end: '2026-12-05' }).totalCents, 25_000);
});

test('a yard’s own weekend holds in place of the usual one', () => {
  const weekend = { fromDay: 6, fromMinute: noon, toDay: 1, toMinute: at(7) };
  const range = { start: friday, end: '2026-12-07', pickUpAt: at(16), returnBy: at(7) };
  // Friday and the Saturday that begins before noon are days of their own.
  assert.equal(price(range, { weekend }).totalCents, 50_000 + 37_500);
});

test('half a day is four hours, or what the yard says', () => {
  const range = { start: friday, end: friday, pickUpAt: at(8), returnBy: noon };
  assert.equal(price(range).totalCents, 15_000);
  assert.equal(price({ ...range, returnBy: at(13) }).totalCents, 25_000);
  assert.equal(price({ ...range, returnBy: at(13) }, { halfDayHours: 5 }).totalCents, 15_000);
  assert.equal(price({ start: friday, end: friday, isHalfDay: true }).totalCents, 15_000);
});

test('the minimum is charged for a shorter rental, and says so', () => {
  const found = price({ start: friday, end: friday }, { minimumDays: 3, closed: [] });
  assert.equal(found.isMinimum, true);
  // Friday to Sunday: a day and the weekend are cheaper than three days.
  assert.equal(found.totalCents, 25_000 + 37_500);
});

test('a calendar month goes to the same date of the next one', () => {
  const rules: RentalRules = { month: 'calendar' };
  const found = price({ start: '2026-12-10', end: '2027-01-09' }, rules);
  assert.deepEqual([found.totalCents, found.billed.months], [270_000, 1]);
  assert.equal(price({ start: '2027-01-31', end: '2027-02-27' }, rules).billed.months, 1);
  assert.ok(price({ start: '2026-12-10', end: '2027-01-09' }).totalCents > 270_000);
});

test('closed days are free where the yard says so', () => {
  const range = { start: '2026-12-24', end: '2026-12-26' };
  const rules: RentalRules = { closed: ['christmas'], weekend: undefined };
  const plain = unit();
  const total = (closedDays: 'charged' | 'free') =>
    termPrice(plain, range, { rules: { ...rules, closedDays } })?.totalCents;
  assert.deepEqual([total('charged'), total('free')], [75_000, 50_000]);
});

test('tax and a required waiver come on top, and are in the total', () => {
  const rules: RentalRules = { taxPercent: 8.25, waiver: { percent: 10 } };
  const found = price({ start: friday, end: friday }, rules);
  assert.deepEqual(
    [found.rentCents, found.waiverCents, found.taxCents, found.totalCents],
    [25_000, 2_500, 2_269, 29_769],
  );
});

/** Slow and obvious: every way to pay for the first day that is not paid for, tried to the end. */
function slowPrice(
  rates: { day: number; week: number; month: number; weekend: number },
  first: number,
  { count, weekendDays, free }: { count: number; weekendDays: number[]; free: number[] },
): number {
  const known = new Map<number, number>();
  const from = (day: number): number => {
    if (day >= first + count) return 0;
    if (free.includes(day % 7)) return from(day + 1);
    const saved = known.get(day);
    if (saved !== undefined) return saved;
    let weekendEnd = day;
    while (weekendDays.includes(weekendEnd % 7)) weekendEnd += 1;
    const ways = [
      rates.day + from(day + 1),
      rates.week + from(day + 7),
      rates.month + from(day + 28),
      ...(weekendEnd > day ? [rates.weekend + from(weekendEnd)] : []),
    ];
    const best = Math.min(...ways);
    known.set(day, best);
    return best;
  };
  return from(first);
}

const cents = fc.integer({ min: 1, max: 100_000 });

test('the total is the cheapest lawful combination, whatever the rates and days', () => {
  fc.assert(
    fc.property(
      fc.record({ day: cents, week: cents, month: cents, weekend: cents }),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 1, max: 90 }),
      fc.constantFrom<number[]>([], [0], [0, 3]),
      (rates, offset, count, free) => {
        // 6 December 2026 is a Sunday; the weekend is Saturday and Sunday.
        const start = addDays('2026-12-06', offset);
        const range = { start, end: addDays(start, count - 1) };
        const allFree = Array.from({ length: count }, (_, i) => (offset + i) % 7).every((day) =>
          free.includes(day),
        );
        fc.pre(!allFree);
        const rules: RentalRules = {
          weekend: { fromDay: 6, fromMinute: 0, toDay: 1, toMinute: 0 },
          closed: free.map((day) => (day === 0 ? 'sun' : 'wed')),
          closedDays: 'free',
        };
        const found = termPrice(
          unit({
            dailyRateCents: rates.day,
            weeklyRateCents: rates.week,
            fourWeekRateCents: rates.month,
            otherRates: { weekendCents: rates.weekend },
          }),
          { ...range, pickUpAt: 0, returnBy: 1_440 },
          { rules },
        );
        const slow = slowPrice(rates, offset, { count, weekendDays: [6, 0], free });
        assert.equal(found?.totalCents, slow);
      },
    ),
    { numRuns: 3_000 },
  );
});

test('without rules a price is what it always was', () => {
  fc.assert(
    fc.property(
      fc.record({
        dailyRateCents: cents,
        weeklyRateCents: fc.option(cents),
        fourWeekRateCents: fc.option(cents),
      }),
      fc.integer({ min: 1, max: 366 }),
      (rates, count) => {
        const range = { start: friday, end: addDays(friday, count - 1) };
        const { totalCents, billed } = cheapestPrice(rates, daysIn(range));
        const found = termPrice({ ...rates }, range);
        assert.deepEqual([found?.totalCents, found?.billed], [totalCents, billed]);
        // The rules' own way agrees with it.
        const ruled = termPrice({ ...rates }, range, { rules: { closedDays: 'free' } });
        assert.equal(ruled?.totalCents, totalCents);
      },
    ),
    { numRuns: 1_000 },
  );
});
