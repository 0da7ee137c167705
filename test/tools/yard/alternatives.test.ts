import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { alternativesTo } from '../../../tools/yard/alternatives.ts';
import type { Inventory, Unit } from '../../../tools/yard/equipment.ts';
import { addDays, daysIn } from '../../../tools/yard/rental-dates.ts';
import { readSnapshot } from '../../../tools/yard/snapshot.ts';
import { checkUnit } from '../../../tools/yard/unit-facts.ts';
import { booking, inventory, nowMs, unit } from './example-yard.ts';

const today = '2026-11-22';
const range = { start: '2026-12-01', end: '2026-12-03' };

function snapshot(list: Inventory) {
  const read = readSnapshot({
    inventory: () => list,
    clock: { nowMs: () => nowMs },
    inventoryMaxAgeMs: 900_000,
  });
  assert.ok(read);
  return read;
}

function alternatives(units: readonly Unit[], overrides: Partial<Inventory> = {}) {
  return alternativesTo(units[0] ?? unit(), range, snapshot(inventory(units, overrides)));
}

test('other machines of the category that are free then are offered, each name once', () => {
  const midi = { name: 'Midi Excavator', dailyRateCents: 40_000 };
  const { others } = alternatives([
    unit(),
    unit({ itemId: 'EX-2' }),
    unit({ itemId: 'M-1', ...midi }),
    unit({ itemId: 'M-2', ...midi, category: ' excavators ' }),
    unit({ itemId: 'X-1', name: 'Broken', status: 'MAINTENANCE' }),
    unit({ itemId: 'L-1', name: 'Lift', category: 'Lifts' }),
    unit({ itemId: 'N-1', name: 'Nameless', category: null }),
  ]);
  assert.deepEqual(
    others.map((checked) => checked.unit.itemId),
    ['M-1'],
  );
});

test('the same machine is offered on the nearest days, the later of two as near', () => {
  const at = (start: string, end: string) =>
    alternatives([unit()], { bookings: [booking(start, end)] }).sameAt?.start;
  assert.equal(at('2026-12-01', '2026-12-01'), '2026-12-02');
  assert.equal(at('2026-12-03', '2026-12-30'), '2026-11-30');
  assert.equal(at('2026-12-02', '2026-12-02'), '2026-12-03');
});

test('nothing is offered before today, nor for a machine in the shop', () => {
  const soon = { start: today, end: today };
  const list = inventory([unit()], { bookings: [booking(today, '2026-11-24')] });
  assert.equal(alternativesTo(unit(), soon, snapshot(list)).sameAt?.start, '2026-11-25');
  assert.equal(alternatives([unit({ status: 'MAINTENANCE' })]).sameAt, null);
});

test('what is offered is free, as long as was asked for, and nothing nearer is', () => {
  const anyBooking = fc
    .tuple(fc.integer({ min: 0, max: 40 }), fc.nat(6), fc.constantFrom('EX-1', 'EX-2'))
    .map(([from, length, itemId]) =>
      booking(addDays(today, from), addDays(today, from + length), { itemId }),
    );
  const days = fc.tuple(fc.nat(30), fc.nat(5));
  fc.assert(
    fc.property(fc.array(anyBooking, { maxLength: 12 }), days, (bookings, [from, more]) => {
      const asked = { start: addDays(today, from), end: addDays(today, from + more) };
      const units = [unit(), unit({ itemId: 'EX-2' })];
      const known = snapshot(inventory(units, { bookings }));
      const isFree = (start: string) =>
        units.some(
          (each) => checkUnit(each, known, { start, end: addDays(start, more) }).availability.free,
        );
      const { sameAt } = alternativesTo(unit(), asked, known);
      const starts = Array.from({ length: 120 }, (_, i) => addDays(today, i));
      const away = (start: string) => Math.abs(daysIn({ start: asked.start, end: start }) - 1);
      const nearest = starts
        .filter((start) => start !== asked.start && isFree(start))
        .sort((a, b) => away(a) - away(b) || (a > b ? -1 : 1))[0];
      assert.equal(sameAt?.start, nearest);
      assert.equal(sameAt && daysIn(sameAt), more + 1);
    }),
    { numRuns: 200 },
  );
});
