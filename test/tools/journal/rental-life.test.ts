import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '../../../agent/infra/store/database.ts';
import type { BookingChange } from '../../../tools/journal/booking-service.ts';
import { changeBooking } from '../../../tools/journal/change-booking.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { cancelBooking, findBookings, readLines } from '../../../tools/journal/journal.ts';
import { callOffRent, findOffRents } from '../../../tools/journal/off-rent.ts';
import { may, rentalState } from '../../../tools/journal/rental-state.ts';
import { onBothDatabases } from '../../agent/infra/store/both-databases.ts';
import { booking, inventory, unit } from '../yard/example-yard.ts';
import { clock, request } from './example-booking.ts';

const today = '2026-11-22';
const list = inventory(['EX-1', 'EX-2', 'TR-1'].map((itemId) => unit({ itemId })));

async function booked(store: Store, callId = 'call-1') {
  const made = await commitBooking(store, { callId, request: request({ inventory: list }), clock });
  const [first] = made.kind === 'committed' ? made.bookings : [];
  return first ?? assert.fail('it was refused');
}

onBothDatabases(({ newStore }) => {
  const changeOf = (
    { code, customer, phone }: { code: string; customer: string; phone: string },
    change: Partial<BookingChange>,
  ) => ({
    callId: 'call-2',
    clock,
    change: { code, customer, phone, lines: [], inventory: list, ...change },
  });
  const days = async (store: Store) =>
    (await store.db.selectFrom('bookedDays').selectAll().orderBy('itemId').execute()).map(
      ({ itemId, day }) => `${itemId} ${day}`,
    );
  const texts = async (store: Store) =>
    (await store.db.selectFrom('messages').select('text').execute()).map(({ text }) => text);

  test('a machine is added to a booking and given up again, each once', async () => {
    await using store = await newStore();
    const made = await booked(store);
    const more = {
      itemId: 'EX-2',
      start: '2026-12-01',
      end: '2026-12-02',
      totalCents: 1_000,
    };
    const adding = changeOf(made, { added: [more] });
    const first = await changeBooking(store, adding);
    assert.deepEqual(await changeBooking(store, adding), first);
    assert.deepEqual(
      (await readLines(store, made.code)).map(({ bookingId, itemId }) => [bookingId, itemId]),
      [
        [made.code, 'EX-1'],
        [`${made.code}-2`, 'EX-2'],
      ],
    );
    const dropping = changeOf(made, { dropped: [made.bookingId] });
    const dropped = await changeBooking(store, dropping);
    assert.deepEqual(await changeBooking(store, dropping), dropped);
    assert.deepEqual(await days(store), ['EX-2 2026-12-01', 'EX-2 2026-12-02']);
    // An id that was given up is not given again: its row is still in the sheet.
    await changeBooking(store, changeOf(made, { added: [{ ...more, itemId: 'TR-1' }] }));
    assert.deepEqual(
      (await readLines(store, made.code)).map(({ bookingId, state }) => [bookingId, state]),
      [
        [made.code, 'cancelled'],
        [`${made.code}-2`, 'pending'],
        [`${made.code}-3`, 'pending'],
      ],
    );
  });

  test('a machine that another has refuses the whole change', async () => {
    await using store = await newStore();
    const made = await booked(store);
    const other = request({ itemId: 'EX-2', inventory: list });
    await commitBooking(store, { callId: 'call-3', request: other, clock });
    const before = await days(store);
    const to = { itemId: 'EX-1', start: '2026-12-01', end: '2026-12-09', totalCents: 1_000 };
    const added = [{ ...to, itemId: 'EX-2' }];
    const lines = [{ ...to, bookingId: made.bookingId }];
    const result = await changeBooking(store, changeOf(made, { lines, added, note: 'a note' }));
    assert.partialDeepStrictEqual(result, { kind: 'refused', itemId: 'EX-2' });
    assert.deepEqual(await days(store), before);
    assert.deepEqual(await texts(store), []);
  });

  test('another machine frees the one before it, and a note for staff is left once', async () => {
    await using store = await newStore();
    const made = await booked(store);
    const { bookingId, start, end } = made;
    const line = { bookingId, itemId: 'TR-1', start, end, totalCents: 9_000 };
    const change = changeOf(made, { lines: [line], note: 'comes back early' });
    await changeBooking(store, change);
    await changeBooking(store, change);
    assert.deepEqual(await days(store), ['TR-1 2026-12-01', 'TR-1 2026-12-02', 'TR-1 2026-12-03']);
    assert.deepEqual(await texts(store), [`${made.code}: comes back early`]);
  });

  test('a rental that is out is extended while its machine says that it is rented', async () => {
    await using store = await newStore();
    const units = [unit({ status: 'RENTED', dueBack: '2026-11-23' })];
    const out = { start: today, end: '2026-11-23' };
    const made = await commitBooking(store, {
      callId: 'call-1',
      request: request({ ...out, inventory: list }),
      clock,
    });
    const [line] = made.kind === 'committed' ? made.bookings : [];
    assert.ok(line);
    const bookings = [booking(out.start, out.end, { bookingId: line.bookingId })];
    const to = { bookingId: line.bookingId, itemId: 'EX-1', start: today, totalCents: 1 };
    const late = changeOf(line, {
      lines: [{ ...to, end: '2026-11-25' }],
      inventory: inventory(units, { bookings }),
    });
    assert.equal((await changeBooking(store, late)).kind, 'changed');
  });

  test('a rental is called off once: its number and time stay, whoever asks again', async () => {
    await using store = await newStore();
    const made = await booked(store);
    const rentals = [{ rentalKey: made.bookingId, itemId: 'EX-1', itemName: 'Mini Excavator' }];
    const { customer, phone } = made;
    const asked = { rentals, customer, phone, note: 'Please pick it up at: 12 Mill Road' };
    const first = await callOffRent(store, { callId: 'call-2', request: asked, clock });
    const later = { nowMs: () => clock.nowMs() + 60_000 };
    const elsewhere = { ...asked, note: 'Please pick it up at: 9 Oak Lane' };
    const again = await callOffRent(store, { callId: 'call-3', request: elsewhere, clock: later });
    assert.deepEqual(again, first);
    assert.deepEqual(await texts(store), [
      `OFF RENT ${first.code}: Please pick it up at: 12 Mill Road`,
    ]);
    const [called] = await findBookings(store, { code: made.code });
    assert.equal(called?.offRentCode, first.code);
    assert.equal((await days(store)).length, 3);
  });

  test('two calls at once that call off the same rental have one number', async () => {
    await using store = await newStore();
    const rentals = [{ rentalKey: 'sheet R-1', itemId: 'EX-1', itemName: 'Mini Excavator' }];
    const asked = { rentals, customer: 'Jo', phone: '', note: 'Mill Road' };
    const made = await Promise.all(
      ['a', 'b', 'c'].map((callId) => callOffRent(store, { callId, request: asked, clock })),
    );
    assert.equal(new Set(made.map(({ code }) => code)).size, 1);
    assert.equal((await texts(store)).length, 1);
    assert.equal((await findOffRents(store, ['sheet R-1', 'sheet R-2'])).length, 1);
  });

  test('days that continue a rental of staff are held, and staff are told, once', async () => {
    await using store = await newStore();
    const continues = { bookingId: 'R-1042', note: 'asks to keep EX-1' };
    const asked = { ...request({ inventory: list }), continues };
    for (const repeated of [false, true]) {
      const result = await commitBooking(store, { callId: 'call-1', request: asked, clock });
      assert.partialDeepStrictEqual(result, { kind: 'committed', repeated });
    }
    const [held] = await findBookings(store, { callId: 'call-1' });
    assert.equal(held?.continues, 'R-1042');
    assert.deepEqual(await texts(store), [`${held?.bookingId}: asks to keep EX-1`]);
    const other = request({ end: '2026-12-01', inventory: list });
    const refused = await commitBooking(store, { callId: 'call-2', request: other, clock });
    assert.equal(refused.kind, 'refused');
    await cancelBooking(store, { code: held?.code ?? '', today, clock });
    assert.deepEqual(await days(store), []);
  });
});

test('a rental goes through its states by journal, days and rows', () => {
  const rental = {
    bookingId: 'K7M4Q2',
    itemId: 'EX-1',
    start: '2026-12-01',
    end: '2026-12-03',
    state: 'confirmed',
  } as const;
  const at = (day: string, of: object = {}, bookings: ReturnType<typeof booking>[] = []) =>
    rentalState({ ...rental, ...of }, { today: day, bookings });
  const closed = [booking(rental.start, rental.end, { bookingId: 'K7M4Q2', status: 'CANCELLED' })];
  assert.deepEqual(
    [
      at('2026-11-30', { state: 'pending' }),
      at('2026-11-30'),
      at('2026-12-01'),
      at('2026-12-10'),
      at('2026-12-18'),
      at('2026-12-02', { offRentCode: 'QRT234' }),
      at('2026-12-02', {}, closed),
      at('2026-12-02', { state: 'cancelled' }),
      at('2026-12-02', { state: 'conflict' }),
    ],
    [
      'held',
      'confirmed',
      'out',
      'out',
      'returned',
      'off-rent-called',
      'returned',
      'cancelled',
      'conflict',
    ],
  );
  // A row of days that are past holds nothing, and is late as long as nobody closes it.
  const row = { ...closed[0], customer: '', phone: '', totalCents: null };
  const late = { today: '2026-12-05', bookings: closed };
  assert.equal(rentalState(rental, late), 'returned');
  const rentals = [{ ...row, bookingId: 'K7M4Q2', itemId: 'EX-1', start: '', end: '' }];
  assert.equal(rentalState(rental, { ...late, rentals }), 'out');
  // On its first day it may still be in the yard.
  const on = (day: string) => ({ today: day, bookings: [] });
  assert.ok(may('cancel', rental, on('2026-12-01')) && may('call-off', rental, on('2026-12-01')));
  assert.ok(!may('cancel', rental, on('2026-12-02')));
  assert.ok(!may('call-off', rental, on('2026-11-30')));
});
