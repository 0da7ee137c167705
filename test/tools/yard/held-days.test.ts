import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { availabilityOf, nextFreeStart, overlaps } from '../../../tools/yard/availability.ts';
import type { Availability } from '../../../tools/yard/availability.ts';
import { lastDay, type SheetBooking, type Unit } from '../../../tools/yard/equipment.ts';
import { changedBookings, heldDaysOf } from '../../../tools/yard/held-days.ts';
import { addDays, daysIn, type RentalRange } from '../../../tools/yard/rental-dates.ts';
import { booking, unit } from './example-yard.ts';

const today = '2026-11-22';
const itemIds = ['EX-1', 'EX-2', 'EX-3'];
const days = (min: number, max: number): fc.Arbitrary<RentalRange> =>
  fc
    .tuple(fc.integer({ min, max }), fc.nat(8))
    .map(([from, more]) => ({ start: addDays(today, from), end: addDays(today, from + more) }));
const anyBooking: fc.Arbitrary<SheetBooking> = fc
  .record({
    range: days(-12, 25),
    itemId: fc.constantFrom(...itemIds),
    status: fc.constantFrom('CONFIRMED', 'CONFIRMED', 'CONFIRMED', 'CANCELLED', 'UNCLEAR'),
    quantity: fc.constantFrom(undefined, 1, 2, 3),
  })
  .map(({ range, itemId, status, quantity }) =>
    // A row that nobody can read has no end that is known.
    booking(range.start, status === 'UNCLEAR' ? lastDay : range.end, {
      itemId,
      status,
      ...(quantity && { quantity }),
    }),
  );
const anyUnit: fc.Arbitrary<Unit> = fc
  .record({
    itemId: fc.constantFrom(...itemIds),
    status: fc.constantFrom('AVAILABLE', 'AVAILABLE', 'RENTED', 'MAINTENANCE'),
    dueBack: fc.option(fc.integer({ min: -5, max: 20 }).map((n) => addDays(today, n))),
    quantity: fc.constantFrom(undefined, 2, 5),
  })
  .map(({ quantity, ...overrides }) => unit({ ...overrides, ...(quantity && { quantity }) }));

function eachDay({ start, end }: RentalRange): readonly string[] {
  return Array.from({ length: daysIn({ start, end }) }, (_, n) => addDays(start, n));
}

/** Slow and obvious: all rows are read for each answer, and each day is counted for itself. */
function slowAvailability(
  asked: Unit,
  all: readonly SheetBooking[],
  { range, needed }: { readonly range: RentalRange; readonly needed: number },
): Availability {
  if (asked.status === 'MAINTENANCE') return { free: false, reason: 'maintenance' };
  const own = all.filter(({ itemId }) => itemId === asked.itemId);
  const of = (status: SheetBooking['status'], on: RentalRange) =>
    own.filter((row) => row.status === status && overlaps(row, on));
  const sum = (rows: readonly SheetBooking[]) =>
    rows.reduce((count, { quantity = 1 }) => count + quantity, 0);
  const lastEnd = (rows: readonly SheetBooking[]) =>
    rows
      .map(({ end }) => end)
      .sort()
      .at(-1);
  const most = Math.max(
    ...eachDay(range).map((day) => sum(of('CONFIRMED', { start: day, end: day }))),
  );
  const total = asked.quantity ?? 1;
  const until = lastEnd(of('CONFIRMED', range));
  if (most + needed > total && until) return { free: false, reason: 'booked', until };
  if (most + sum(of('UNCLEAR', range)) + needed > total) return { free: false, reason: 'unclear' };
  if (asked.status === 'AVAILABLE') return { free: true, overdueSince: null };
  const bookedUntil = lastEnd(of('CONFIRMED', { start: today, end: today }));
  const back = asked.dueBack ?? bookedUntil;
  if (!back) return { free: false, reason: 'rented-no-date' };
  if (back >= range.start) return { free: false, reason: 'rented', until: back };
  return { free: true, overdueSince: !bookedUntil && back < today ? back : null };
}

test('the index answers as a look at every row does', () => {
  const anyNeeded = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(
      anyUnit,
      fc.array(anyBooking, { maxLength: 20 }),
      days(0, 20),
      anyNeeded,
      (asked, bookings, range, needed) => {
        const expected = slowAvailability(asked, bookings, { range, needed });
        assert.deepEqual(availabilityOf(asked, bookings, range, today, needed), expected);
        const first = eachDay({ start: range.start, end: addDays(range.start, 80) }).find(
          (start) => {
            const shifted = { start, end: addDays(start, daysIn(range) - 1) };
            return slowAvailability(asked, bookings, { range: shifted, needed: 1 }).free;
          },
        );
        assert.equal(nextFreeStart(asked, bookings, range, today), first ?? null);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a list that was changed, and changed again, is held as one that is read anew', () => {
  const anyChange = fc.record({
    changed: fc.array(fc.tuple(fc.nat(19), anyBooking), { maxLength: 4 }),
    added: fc.array(anyBooking, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(
      fc.array(anyBooking, { maxLength: 20 }),
      fc.array(anyChange, { minLength: 1, maxLength: 3 }),
      days(-5, 20),
      (bookings, changes, range) => {
        const answers = (list: readonly SheetBooking[]) =>
          itemIds.map((itemId) => {
            const held = heldDaysOf(list, itemId);
            const { start } = range;
            return [
              held.most(range),
              held.unclear(range),
              held.lastEnd(range),
              held.endsFrom(start),
            ];
          });
        let list: readonly SheetBooking[] = bookings;
        for (const { changed, added } of changes) {
          const before = answers(list);
          const places = new Map(changed.filter(([at]) => at < list.length));
          const expected = [...list.map((row, at) => places.get(at) ?? row), ...added];
          const next = changedBookings(list, places, added);
          assert.deepEqual(next, expected);
          assert.deepEqual(answers(next), answers(expected));
          assert.deepEqual(answers(list), before);
          list = next;
        }
      },
    ),
    { numRuns: 500 },
  );
});
