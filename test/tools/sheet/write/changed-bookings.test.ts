import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeBooking } from '../../../../tools/journal/change-booking.ts';
import { callOffRent } from '../../../../tools/journal/off-rent.ts';
import { findBooking, readLines, type BookingRow } from '../../../../tools/journal/journal.ts';
import type { JournalBooking } from '../../../../tools/journal/booking.ts';
import { onBothDatabases } from '../../../agent/infra/store/both-databases.ts';
import { during, exampleInventory, waitFor, WriterRig } from './writer-rig.ts';

const often = { reconcileMs: 30 };

/** As a caller has it changed by phone; what is left out stays. */
async function change(
  rig: WriterRig,
  booking: JournalBooking,
  to: Partial<Pick<JournalBooking, 'itemId' | 'start' | 'end' | 'customer' | 'phone'>>,
) {
  const { bookingId, code, totalCents, itemId, start, end, customer, phone } = {
    ...booking,
    ...to,
  };
  const result = await changeBooking(rig.store, {
    callId: 'call-1',
    clock: rig.clock,
    change: {
      code,
      lines: [{ bookingId, itemId, start, end, totalCents: totalCents + 10_000 }],
      customer,
      phone,
      inventory: exampleInventory,
    },
  });
  assert.equal(result.kind, 'changed');
}

const rowOf = (rig: WriterRig, { bookingId }: JournalBooking) => rig.rowsOf(bookingId)[0] ?? [];

onBothDatabases(({ newStore }) => {
  test('the cells of a changed booking follow, and what staff wrote beside them stays', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const made = await rig.book();
    await rig.until(made.bookingId, 'confirmed');
    const at = rig.sheets.rows('Bookings').findIndex((row) => row[0] === made.bookingId) + 1;
    rig.sheets.setCell('Bookings', `G${at}`, 'Jordan S. (VIP)');
    await change(rig, made, { end: '2026-11-26', phone: '+13125550177', customer: 'Jo Other' });
    await rig.until(made.bookingId, 'confirmed');
    const row = rowOf(rig, made);
    assert.deepEqual(row.slice(3, 9), [
      '2026-11-22',
      '2026-11-26',
      'CONFIRMED',
      'Jordan S. (VIP)',
      '(312) 555-0177',
      1000,
    ]);
    await rig.looks(3);
    const kept = await findBooking(rig.store, made.bookingId);
    assert.deepEqual(
      [kept?.end, kept?.state, kept?.isChanging],
      ['2026-11-26', 'confirmed', undefined],
    );
    assert.equal(rig.rowsOf(made.bookingId).length, 1);
  });

  test('staff who moved the row meanwhile win, and are asked to call', async () => {
    await using rig = await WriterRig.open(await newStore());
    const first = rig.writer();
    const made = await rig.book();
    await rig.until(made.bookingId, 'confirmed');
    await first.stop();
    const at = rig.sheets.rows('Bookings').findIndex((row) => row[0] === made.bookingId) + 1;
    rig.sheets.setCell('Bookings', `E${at}`, '2026-11-25');
    await change(rig, made, { end: '2026-11-27' });
    rig.writer(often);
    await rig.until(made.bookingId, 'confirmed');
    const kept = await findBooking(rig.store, made.bookingId);
    assert.equal(kept?.end, '2026-11-25');
    assert.equal(rowOf(rig, made)[4], '2026-11-25');
    await waitFor(() => rig.isDelivered());
    assert.match(String(rig.sheets.rows('Messages')[1]?.[4]), /asked to change to .*2026-11-27/);
    const held = await rig.store.db.selectFrom('bookedDays').select('day').execute();
    assert.equal(held.length, 4);
  });

  test('new days that staff gave away leave the booking as it was', async () => {
    await using rig = await WriterRig.open(await newStore());
    const first = rig.writer();
    const made = await rig.book();
    await rig.until(made.bookingId, 'confirmed');
    await first.stop();
    const walkIn = ['', 'EX-01', '', '2026-11-26', '2026-11-26', 'CONFIRMED', 'a walk-in'];
    rig.sheets.insertRow('Bookings', 2, walkIn);
    await change(rig, made, { end: '2026-11-26' });
    rig.writer(often);
    await rig.until(made.bookingId, 'confirmed');
    assert.equal((await findBooking(rig.store, made.bookingId))?.end, '2026-11-24');
    assert.equal(rowOf(rig, made)[4], '2026-11-24');
    assert.equal((await findBooking(rig.store, made.bookingId))?.totalCents, made.totalCents);
  });

  const callOff = (rig: WriterRig, { bookingId, customer, phone }: JournalBooking) => {
    const rentals = [{ rentalKey: bookingId, itemId: 'EX-01', itemName: 'Mini excavator' }];
    const asked = { rentals, customer, phone, note: 'Please pick it up at: 12 Mill Road' };
    return callOffRent(rig.store, { callId: 'call-2', request: asked, clock: rig.clock });
  };

  test('a rental that is called off says so in its row, and goes on holding its days', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const made = await rig.book();
    await rig.until(made.bookingId, 'confirmed');
    const { code } = await callOff(rig, made);
    await waitFor(() => rig.isDelivered());
    assert.equal(rowOf(rig, made)[5], 'OFF RENT CALLED');
    await rig.looks(3);
    assert.equal((await findBooking(rig.store, made.bookingId))?.state, 'confirmed');
    assert.match(String(rig.sheets.rows('Messages')[1]?.[4]), new RegExp(`^OFF RENT ${code}: `));
    assert.equal(rig.rowsOf(made.bookingId).length, 1);
    assert.equal(rig.sheets.rows('Messages').length, 2);
  });

  test('a word that staff wrote for its status stays, and so do days that they changed', async () => {
    await using rig = await WriterRig.open(await newStore());
    const first = rig.writer();
    const made = await rig.book();
    await rig.until(made.bookingId, 'confirmed');
    await first.stop();
    const at = rig.sheets.rows('Bookings').findIndex((row) => row[0] === made.bookingId) + 1;
    rig.sheets.setCell('Bookings', `E${at}`, '2026-11-26');
    rig.sheets.setCell('Bookings', `F${at}`, 'On rent');
    await callOff(rig, made);
    rig.writer(often);
    await waitFor(() => rig.isDelivered());
    await waitFor(async () => (await findBooking(rig.store, made.bookingId))?.end === '2026-11-26');
    assert.deepEqual(rowOf(rig, made).slice(4, 6), ['2026-11-26', 'On rent']);
    const texts = rig.sheets.rows('Messages').map((row) => String(row[4]));
    assert.deepEqual(
      texts.slice(1).map((text) => text.slice(0, 8)),
      ['OFF RENT'],
    );
  });

  test('a rental is extended though staff wrote that its machine is rented', async () => {
    await using rig = await WriterRig.open(await newStore());
    const first = rig.writer();
    const made = await rig.book();
    await rig.until(made.bookingId, 'confirmed');
    await first.stop();
    const unitRow = rig.sheets.rows('Equipment').findIndex((row) => row[0] === 'EX-01') + 1;
    const [header = []] = rig.sheets.rows('Equipment');
    const column = 'ABCDEFGHIJ'.charAt(header.indexOf('Status'));
    rig.sheets.setCell('Equipment', `${column}${unitRow}`, 'RENTED');
    await change(rig, made, { end: '2026-11-26' });
    rig.writer(often);
    await waitFor(() => rig.isDelivered());
    const kept = await findBooking(rig.store, made.bookingId);
    assert.deepEqual([kept?.end, kept?.state], ['2026-11-26', 'confirmed']);
    assert.equal(rowOf(rig, made)[4], '2026-11-26');
  });

  test('a machine that is added and cannot be had leaves the others as they were', async () => {
    await using rig = await WriterRig.open(await newStore());
    const first = rig.writer();
    const made = await rig.book();
    await rig.until(made.bookingId, 'confirmed');
    await first.stop();
    const walkIn = ['', 'TR-01', '', '2026-11-22', '2026-11-26', 'CONFIRMED', 'a walk-in'];
    rig.sheets.insertRow('Bookings', 2, walkIn);
    const { code, customer, phone, start, end } = made;
    const added = [{ itemId: 'TR-01', start, end, totalCents: 1_000 }];
    const result = await changeBooking(rig.store, {
      callId: 'call-1',
      clock: rig.clock,
      change: { code, customer, phone, lines: [], added, inventory: exampleInventory },
    });
    assert.equal(result.kind, 'changed');
    rig.writer(often);
    await rig.until(`${code}-2`, 'conflict');
    await waitFor(() => rig.isDelivered());
    assert.equal((await findBooking(rig.store, made.bookingId))?.state, 'confirmed');
    assert.equal(rig.rowsOf(`${code}-2`).length, 0);
  });

  test('rows that staff sort while cells are written get theirs back', async () => {
    await using rig = await WriterRig.open(await newStore());
    const walkIn = [
      '',
      'GN-01',
      'Generator',
      '2026-12-10',
      '2026-12-12',
      'CONFIRMED',
      'a walk-in',
      '555',
      80,
    ];
    rig.sheets.insertRow('Bookings', 2, walkIn);
    rig.writer(often);
    const made = await rig.book();
    await rig.until(made.bookingId, 'confirmed');
    let isSorted = false;
    during(rig, 'values.batchUpdate', () => {
      rig.sheets.sortBy('Bookings', 'Start');
      isSorted = true;
    });
    await change(rig, made, { start: '2026-11-23', end: '2026-11-26' });
    await rig.until(made.bookingId, 'confirmed');
    await waitFor(() => rig.isDelivered());
    assert.ok(isSorted);
    assert.deepEqual(rowOf(rig, made).slice(3, 5), ['2026-11-23', '2026-11-26']);
    const theirs = rig.sheets.rows('Bookings').find((row) => row[6] === 'a walk-in');
    assert.deepEqual(theirs?.slice(1, 9), walkIn.slice(1));
  });

  test('machines that were asked for together are confirmed together, or none is', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer();
    const lines = (...ids: string[]) =>
      ids.map((itemId) => ({ itemId, start: '2026-12-01', end: '2026-12-02', totalCents: 5_000 }));
    const both = await rig.bookAll({ lines: lines('EX-01', 'TR-01') });
    for (const { bookingId } of both) await rig.until(bookingId, 'confirmed');
    const [code = ''] = both.map((of) => of.code);
    assert.deepEqual(rig.rowsOf(`${code}-1`).length + rig.rowsOf(`${code}-2`).length, 2);
    const walkIn = ['', 'GN-01', '', '2026-12-01', '2026-12-01', 'CONFIRMED', 'a walk-in'];
    rig.sheets.insertRow('Bookings', 2, walkIn);
    const refused = await rig.bookAll({ lines: lines('SL-01', 'GN-01'), customer: 'Other' });
    for (const { bookingId } of refused) await rig.until(bookingId, 'conflict');
    await waitFor(() => rig.isDelivered());
    const kept = await readLines(rig.store, refused[0]?.code ?? '');
    assert.deepEqual(
      kept.map(({ conflict }: BookingRow) => conflict),
      ['other-line', 'booked'],
    );
    for (const { bookingId } of refused) {
      assert.ok(rig.rowsOf(bookingId).every((row) => row[5] === 'CANCELLED'));
    }
  });

  test('a machine with another id keeps its bookings, in the sheet too', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const [header = [], ...rows] = rig.sheets.rows('Equipment');
    const at = rows.findIndex((row) => row[header.indexOf('Item ID')] === 'EX-01');
    const name = String(rows[at]?.[header.indexOf('Name')]);
    const units = exampleInventory.units.map((of) => {
      return of.itemId === 'EX-01' ? { ...of, name } : of;
    });
    const inventory = { ...exampleInventory, units };
    const made = await rig.book({ inventory });
    await rig.until(made.bookingId, 'confirmed');
    rig.sheets.setCell('Equipment', `A${at + 2}`, 'EXC-7');
    await waitFor(async () => (await findBooking(rig.store, made.bookingId))?.itemId === 'EXC-7');
    await waitFor(() => rowOf(rig, made)[1] === 'EXC-7');
    const renamed = units.map((of) => (of.itemId === 'EX-01' ? { ...of, itemId: 'EXC-7' } : of));
    await assert.rejects(
      rig.book({ itemId: 'EXC-7', customer: 'Other', inventory: { ...inventory, units: renamed } }),
      /Not booked: booked/,
    );
  });
});
