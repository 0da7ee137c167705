import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { BookingState, JournalBooking } from '../../../tools/journal/booking.ts';
import { availabilityOf } from '../../../tools/yard/availability.ts';
import { addDays } from '../../../tools/yard/rental-dates.ts';
import { withJournal } from '../../../tools/yard/with-journal.ts';
import { booking, inventory, nowMs, unit } from './example-yard.ts';

const today = '2026-11-22';

function journalBooking(overrides: Partial<JournalBooking>): JournalBooking {
  return {
    bookingId: 'B-1',
    code: 'B-1',
    callId: 'call-1',
    itemId: 'EX-1',
    itemName: 'Mini Excavator',
    start: '2026-12-01',
    end: '2026-12-03',
    customer: 'Maria Lopez',
    phone: '+13125550142',
    totalCents: 75_000,
    state: 'pending',
    conflict: null,
    createdAtMs: nowMs,
    ...overrides,
  };
}

test('a booking that is not in the sheet yet holds its unit; one that holds nothing does not', () => {
  const held = (state: BookingState) =>
    withJournal(inventory([unit()]), [journalBooking({ state })]).bookings.length;
  assert.deepEqual(
    (['pending', 'confirmed', 'conflict', 'cancelled'] as const).map(held),
    [1, 1, 0, 0],
  );
});

test('the sheet’s row stands for a booking that is in both, unless the caller cancelled it', () => {
  const moved = booking('2026-12-10', '2026-12-11');
  const list = inventory([unit()], { bookings: [moved] });
  assert.deepEqual(withJournal(list, [journalBooking({})]).bookings, [moved]);
  const byStaff = { ...moved, status: 'CANCELLED' } as const;
  const undone = inventory([unit()], { bookings: [byStaff] });
  assert.deepEqual(withJournal(undone, [journalBooking({})]).bookings, [byStaff]);
  const cancelled = [journalBooking({ state: 'cancelled' })];
  assert.deepEqual(withJournal(list, cancelled).bookings, [byStaff]);
});

test('a unit is free exactly when neither the sheet nor the journal has it out on a day', () => {
  const anyDays = fc
    .tuple(fc.integer({ min: 0, max: 20 }), fc.nat(5))
    .map(([from, more]) => ({ start: addDays(today, from), end: addDays(today, from + more) }));
  const state = fc.constantFrom<BookingState>('pending', 'confirmed', 'conflict', 'cancelled');
  const entry = fc.record({ days: anyDays, state, inSheet: fc.boolean() });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), anyDays, (entries, asked) => {
      const journal = entries.map(({ days, state: known }, i) =>
        journalBooking({ ...days, bookingId: `B-${i}`, state: known }),
      );
      const rows = entries.flatMap(({ days, inSheet }, i) =>
        inSheet ? [booking(days.start, days.end, { bookingId: `B-${i}` })] : [],
      );
      const { bookings } = withJournal(inventory([unit()], { bookings: rows }), journal);
      const isOut = entries.some(({ days, state: known, inSheet }) => {
        const holds = inSheet
          ? known !== 'cancelled'
          : known === 'pending' || known === 'confirmed';
        return holds && days.start <= asked.end && asked.start <= days.end;
      });
      assert.equal(availabilityOf(unit(), bookings, asked, today).free, !isOut);
    }),
    { numRuns: 1_000 },
  );
});
