import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { availabilityOf, freeCount, nextFreeStart } from '../../../tools/yard/availability.ts';
import type { SheetBooking, Unit } from '../../../tools/yard/equipment.ts';
import { addDays, type RentalRange } from '../../../tools/yard/rental-dates.ts';
import { booking, unit } from './example-yard.ts';

const today = '2026-11-22';
const offset = (min: number, max: number) => fc.integer({ min, max }).map((n) => addDays(today, n));
const rangeFrom = (min: number, max: number): fc.Arbitrary<RentalRange> =>
  fc
    .tuple(fc.integer({ min, max }), fc.integer({ min: 0, max: 8 }))
    .map(([from, length]) => ({ start: addDays(today, from), end: addDays(today, from + length) }));
const anyBooking: fc.Arbitrary<SheetBooking> = fc
  .record({
    range: rangeFrom(-12, 25),
    itemId: fc.constantFrom('EX-1', 'EX-1', 'EX-2'),
    status: fc.constantFrom('CONFIRMED', 'CONFIRMED', 'CANCELLED'),
  })
  .map(({ range, itemId, status }) => booking(range.start, range.end, { itemId, status }));
const anyUnit = fc
  .record({
    status: fc.constantFrom('AVAILABLE', 'RENTED', 'RENTED', 'MAINTENANCE'),
    dueBack: fc.option(offset(-5, 20)),
  })
  .map((overrides) => unit(overrides));
const anyCase = fc.tuple(anyUnit, fc.array(anyBooking, { maxLength: 6 }), rangeFrom(0, 20));

function eachDay({ start, end }: RentalRange): string[] {
  const days: string[] = [];
  for (let day = start; day <= end; day = addDays(day, 1)) days.push(day);
  return days;
}

/** Slow and obvious: mark the days on which the unit is away, then look at each day asked for. */
function isFree(asked: Unit, bookings: readonly SheetBooking[], range: RentalRange): boolean {
  if (asked.status === 'MAINTENANCE') return false;
  const bookedDays = bookings
    .filter((b) => b.itemId === asked.itemId && b.status === 'CONFIRMED')
    .map(eachDay);
  const away = new Set(bookedDays.flat());
  if (asked.status === 'RENTED') {
    const out = bookedDays.filter((days) => days.includes(today)).flat();
    const back = asked.dueBack ?? out.sort().at(-1);
    if (back === undefined) return false;
    for (const day of eachDay({ start: today, end: back })) away.add(day);
  }
  return eachDay(range).every((day) => !away.has(day));
}

test('a unit is free exactly when it is away on none of the days', () => {
  fc.assert(
    fc.property(anyCase, ([asked, bookings, range]) => {
      const expected = isFree(asked, bookings, range);
      assert.equal(availabilityOf(asked, bookings, range, today).free, expected);
    }),
    { numRuns: 2_000 },
  );
});

test('of several alike so many are free as no booking holds on the fullest of the days', () => {
  const anyQuantity = fc.integer({ min: 2, max: 6 });
  fc.assert(
    fc.property(anyCase, anyQuantity, fc.array(anyQuantity), ([one, some, range], quantity, of) => {
      const asked: Unit = { ...one, status: 'AVAILABLE', quantity };
      const bookings = some.map((b, at) => ({ ...b, quantity: of[at] ?? 1 }));
      const heldOn = (day: string) =>
        bookings
          .filter((b) => b.itemId === asked.itemId && b.status === 'CONFIRMED')
          .filter((b) => b.start <= day && day <= b.end)
          .reduce((sum, b) => sum + b.quantity, 0);
      const most = Math.max(...eachDay(range).map(heldOn));
      assert.equal(freeCount(asked, bookings, range, today), Math.max(0, quantity - most));
    }),
    { numRuns: 2_000 },
  );
});

test('ten with one out are nine that are free, and none once they are all in the shop', () => {
  const ten = unit({ quantity: 10 });
  const out = [booking('2026-11-24', '2026-11-26')];
  const range = { start: '2026-11-26', end: '2026-11-28' };
  assert.equal(freeCount(ten, out, range, today), 9);
  assert.equal(freeCount({ ...ten, status: 'MAINTENANCE' }, out, range, today), 0);
  const unclear = [...out, booking('2026-11-20', '2099-12-31', { status: 'UNCLEAR' })];
  assert.equal(freeCount(ten, unclear, range, today), 8);
});

test('the next free start is the first day, from the one asked for, that is free for as long', () => {
  fc.assert(
    fc.property(anyCase, ([asked, bookings, range]) => {
      const length = eachDay(range).length;
      const first = Array.from({ length: 80 }, (_, i) => addDays(range.start, i)).find((start) => {
        const shifted = { start, end: addDays(start, length - 1) };
        return availabilityOf(asked, bookings, shifted, today).free;
      });
      assert.equal(nextFreeStart(asked, bookings, range, today), first ?? null);
    }),
    { numRuns: 500 },
  );
});

test('a booking holds its unit on its first and on its last day', () => {
  const held = [booking('2026-12-01', '2026-12-03')];
  const on = (start: string, end: string) => availabilityOf(unit(), held, { start, end }, today);
  assert.deepEqual(on('2026-12-03', '2026-12-05'), {
    free: false,
    reason: 'booked',
    until: '2026-12-03',
  });
  assert.equal(on('2026-11-29', '2026-12-01').free, false);
  assert.equal(on('2026-12-04', '2026-12-05').free, true);
  assert.equal(on('2026-11-29', '2026-11-30').free, true);
});

test('a cancelled booking, and one of another unit, hold nothing', () => {
  const range = { start: '2026-12-01', end: '2026-12-03' };
  const others = [
    booking('2026-12-01', '2026-12-03', { status: 'CANCELLED' }),
    booking('2026-12-01', '2026-12-03', { itemId: 'EX-2' }),
  ];
  assert.deepEqual(availabilityOf(unit(), others, range, today), {
    free: true,
    overdueSince: null,
  });
});

test('a unit in the shop is free on no day', () => {
  const range = { start: '2027-05-01', end: '2027-05-01' };
  const shop = unit({ status: 'MAINTENANCE' });
  assert.deepEqual(availabilityOf(shop, [], range, today), { free: false, reason: 'maintenance' });
  assert.equal(nextFreeStart(shop, [], range, today), null);
});

test('a unit that is out is free after the booking that has it out today', () => {
  const out = unit({ status: 'RENTED' });
  const bookings = [booking('2026-11-20', '2026-11-24')];
  const from = (start: string) =>
    availabilityOf(out, bookings, { start, end: '2026-11-28' }, today).free;
  assert.equal(from('2026-11-24'), false);
  assert.equal(from('2026-11-25'), true);
});

test('a unit that is out with no date known is not free, whatever was booked before or is after', () => {
  const out = unit({ status: 'RENTED' });
  const others = [booking('2026-11-01', '2026-11-21'), booking('2026-12-10', '2026-12-12')];
  const range = { start: '2026-12-01', end: '2026-12-02' };
  assert.deepEqual(availabilityOf(out, others, range, today), {
    free: false,
    reason: 'rented-no-date',
  });
});

test('the return date that staff wrote wins over an earlier end of the booking', () => {
  const late = unit({ status: 'RENTED', dueBack: '2026-11-28' });
  const bookings = [booking('2026-11-20', '2026-11-24')];
  const from = (start: string) => availabilityOf(late, bookings, { start, end: start }, today);
  assert.deepEqual(from('2026-11-26'), { free: false, reason: 'rented', until: '2026-11-28' });
  assert.deepEqual(from('2026-11-28'), { free: false, reason: 'rented', until: '2026-11-28' });
  assert.equal(from('2026-11-29').free, true);
});

test('a unit that should have been back by now is free, and known to be overdue', () => {
  const overdue = unit({ status: 'RENTED', dueBack: '2026-11-20' });
  const range = { start: '2026-11-25', end: '2026-11-26' };
  assert.deepEqual(availabilityOf(overdue, [], range, today), {
    free: true,
    overdueSince: '2026-11-20',
  });
});
