import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Store } from '../../../agent/infra/store/database.ts';
import type { BookingLine } from '../../../tools/journal/booking-service.ts';
import { changeBooking } from '../../../tools/journal/change-booking.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { cancelBooking } from '../../../tools/journal/journal.ts';
import { moveBookings } from '../../../tools/journal/staff-changes.ts';
import { addDays, daysOf } from '../../../tools/yard/rental-dates.ts';
import { onBothDatabases } from '../../agent/infra/store/both-databases.ts';
import { booking, inventory, nowMs, unit } from '../yard/example-yard.ts';
import { clock, request } from './example-booking.ts';

const five = (bookings: Parameters<typeof inventory>[1] = {}) =>
  inventory([unit({ itemId: 'LT-1', quantity: 5 })], bookings);

const line = (start: string, end: string, nth = 0): BookingLine => ({
  itemId: 'LT-1',
  start,
  end,
  totalCents: 10_000,
  nth,
});

function commit(
  store: Store,
  callId: string,
  lines: readonly BookingLine[],
  list = five(),
  customer = `Caller ${callId}`,
) {
  const wish = { ...request({ customer }), lines, inventory: list };
  return commitBooking(store, { callId, request: wish, clock });
}

const [first, last] = ['2026-12-01', '2026-12-03'];

onBothDatabases(({ dialect, newStore }) => {
  test('of a row of five as many are booked as there are, by as many callers at once', async () => {
    await using store = await newStore();
    const callers = Array.from({ length: 20 }, (_, n) => `call-${n}`);
    const results = await Promise.all(
      callers.map((callId) => commit(store, callId, [line(first, last)])),
    );
    const granted = results.filter(({ kind }) => kind === 'committed');
    assert.equal(granted.length, 5);
    const refused = results.find(({ kind }) => kind === 'refused');
    assert.partialDeepStrictEqual(refused, { refusal: { reason: 'booked' } });
  });

  test('two of them are one booking of two lines, and the same again is the same', async () => {
    await using store = await newStore();
    const two = [line(first, last), line(first, last, 1)];
    const made = await commit(store, 'call-1', two);
    if (made.kind !== 'committed') assert.fail('it was refused');
    assert.equal(new Set(made.bookings.map(({ code }) => code)).size, 1);
    assert.equal(new Set(made.bookings.map(({ bookingId }) => bookingId)).size, 2);
    assert.deepEqual(await commit(store, 'call-1', two), { ...made, repeated: true });
    // Of five are two gone: three more, or four more, of which there is none.
    const more = [0, 1, 2, 3].map((nth) => line(first, last, nth));
    assert.equal((await commit(store, 'call-2', more)).kind, 'refused');
    assert.equal((await commit(store, 'call-2', more.slice(1))).kind, 'committed');
  });

  test('what staff wrote holds as many as its row says', async () => {
    await using store = await newStore();
    const byStaff = [booking(first, first, { itemId: 'LT-1', quantity: 4 })];
    const list = five({ bookings: byStaff });
    assert.equal((await commit(store, 'call-1', [line(first, last)], list)).kind, 'committed');
    assert.equal((await commit(store, 'call-2', [line(first, last)], list)).kind, 'refused');
    const next = [line(addDays(first, 1), last)];
    assert.equal((await commit(store, 'call-2', next, list)).kind, 'committed');
  });

  test('one that is cancelled or moved by staff leaves its place to another', async () => {
    await using store = await newStore();
    const all = [0, 1, 2, 3, 4].map((nth) => line(first, last, nth));
    const made = await commit(store, 'call-1', all);
    if (made.kind !== 'committed') assert.fail('it was refused');
    const [one] = made.bookings;
    assert.ok(one);
    const [row] = await store.db
      .selectFrom('bookings')
      .selectAll()
      .where('bookingId', '=', one.bookingId)
      .execute();
    assert.ok(row);
    const to = { itemId: 'LT-1', itemName: 'Light', start: '2026-12-10', end: '2026-12-11' };
    const moved = await moveBookings(store, [{ booking: row, to: { ...to, quantity: 5 } }], nowMs);
    assert.equal(moved.moved.length, 1);
    assert.equal((await commit(store, 'call-2', [line(first, last)])).kind, 'committed');
    assert.equal((await commit(store, 'call-3', [line(first, last)])).kind, 'refused');
    const today = '2026-11-22';
    await cancelBooking(store, { code: one.code, today, clock });
    assert.equal((await commit(store, 'call-3', [line(first, last)])).kind, 'committed');
  });

  test('other days for one of two are taken where there is room, and refused where there is none', async () => {
    await using store = await newStore();
    const made = await commit(store, 'call-1', [line(first, last), line(first, last, 1)]);
    if (made.kind !== 'committed') assert.fail('it was refused');
    const full = [0, 1, 2, 3, 4].map((nth) => line('2026-12-10', '2026-12-10', nth));
    assert.equal((await commit(store, 'call-2', full)).kind, 'committed');
    const [one] = made.bookings;
    assert.ok(one);
    const change = (start: string, end: string) =>
      changeBooking(store, {
        callId: 'call-3',
        clock,
        change: {
          code: one.code,
          lines: [{ bookingId: one.bookingId, ...line(start, end) }],
          customer: one.customer,
          phone: one.phone,
          inventory: five(),
        },
      });
    assert.equal((await change('2026-12-09', '2026-12-10')).kind, 'refused');
    assert.equal((await change(first, '2026-12-05')).kind, 'changed');
  });

  test('whatever is booked, cancelled and tried again, no day has more than there are', async () => {
    const day = fc.integer({ min: 0, max: 6 });
    const wish = fc.record({
      from: day,
      days: fc.integer({ min: 1, max: 4 }),
      count: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(wish, { minLength: 4, maxLength: 10 }), async (wishes) => {
        await using store = await newStore();
        const results = await Promise.all(
          wishes.map(({ from, days, count }, n) => {
            const start = addDays(first, from);
            const end = addDays(start, days - 1);
            const lines = Array.from({ length: count }, (_, nth) => line(start, end, nth));
            return commit(store, `call-${n}`, lines);
          }),
        );
        const held = await store.db.selectFrom('bookings').selectAll().execute();
        for (const on of daysOf({ start: first, end: addDays(first, 12) })) {
          const count = held.filter(
            ({ startDay, endDay }) => startDay <= on && on <= endDay,
          ).length;
          assert.ok(count <= 5, `${count} on ${on}`);
        }
        for (const [n, result] of results.entries()) {
          const { from, days, count } = wishes[n] ?? { from: 0, days: 1, count: 1 };
          if (result.kind !== 'refused') continue;
          const start = addDays(first, from);
          const most = Math.max(
            ...daysOf({ start, end: addDays(start, days - 1) }).map(
              (on) => held.filter(({ startDay, endDay }) => startDay <= on && on <= endDay).length,
            ),
          );
          assert.ok(most + count > 5, 'it was refused though there was room');
        }
      }),
      { numRuns: dialect === 'sqlite' ? 30 : 5 },
    );
  });
});
