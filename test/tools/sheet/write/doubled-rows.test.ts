import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancelBooking, findBooking } from '../../../../tools/journal/journal.ts';
import { onBothDatabases } from '../../../agent/infra/store/both-databases.ts';
import { exampleInventory, waitFor, WriterRig } from './writer-rig.ts';

const today = '2026-11-22';
const often = { reconcileMs: 50 };

onBothDatabases(({ newStore }) => {
  test('an append that Google applies after it was sent again leaves one row that counts', async () => {
    await using rig = await WriterRig.open(await newStore());
    const { bookingId } = await rig.book();
    rig.sheets.faults.next('spreadsheets.batchUpdate', { do: 'delay', delayMs: 4_000 });
    rig.writer({ ...often, requestMs: 300, settleMs: 400 });
    await rig.until(bookingId, 'confirmed');
    await waitFor(() => rig.rowsOf(bookingId).length === 2);
    await waitFor(() => statusesOf(rig, bookingId) === 'CONFIRMED CANCELLED');
    await waitFor(() => rig.logged('booking.duplicated') === 1);
    await cancelledForGood(rig, bookingId);
    assert.equal(rig.logged('booking.duplicated'), 1);
  });

  test('an append that Google applies after the booking was cancelled is taken back', async () => {
    await using rig = await WriterRig.open(await newStore());
    const { bookingId } = await rig.book();
    rig.sheets.faults.next('spreadsheets.batchUpdate', { do: 'delay', delayMs: 1_500 });
    rig.writer({ ...often, requestMs: 300, settleMs: 400 });
    await waitFor(() => rig.sheets.faults.count('spreadsheets.batchUpdate') === 1);
    await cancelBooking(rig.store, { code: bookingId, today, clock: rig.clock });
    await waitFor(() => rig.isDelivered());
    await waitFor(() => statusesOf(rig, bookingId) === 'CANCELLED');
    await waitFor(() => rig.isDelivered());
    // From then on it is staff's: they may have agreed on it after all.
    rig.sheets.setCell('Bookings', 'F2', 'CONFIRMED');
    await rig.looks(3);
    assert.equal(statusesOf(rig, bookingId), 'CONFIRMED');
  });

  test('a copy that staff make of a row, code and all, is cancelled once and ends no booking', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const { bookingId } = await rig.book();
    await rig.until(bookingId, 'confirmed');
    rig.sheets.insertRow('Bookings', 3, rig.sheets.rows('Bookings')[1] ?? []);
    await waitFor(() => statusesOf(rig, bookingId) === 'CONFIRMED CANCELLED');
    // They insist: the copy is theirs.
    rig.sheets.setCell('Bookings', 'F3', 'CONFIRMED');
    await rig.looks(3);
    assert.equal(statusesOf(rig, bookingId), 'CONFIRMED CONFIRMED');
    // They cancel the first row: the other one counts.
    rig.sheets.setCell('Bookings', 'F2', 'CANCELLED');
    await rig.looks(3);
    assert.equal((await findBooking(rig.store, bookingId))?.state, 'confirmed');
    await cancelledForGood(rig, bookingId);
  });

  test('a copy for other days is staff’s own, and is left alone when the booking is cancelled', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const { bookingId } = await rig.book();
    await rig.until(bookingId, 'confirmed');
    const copy = [...(rig.sheets.rows('Bookings')[1] ?? [])];
    copy.splice(3, 2, '2026-12-24', '2026-12-24');
    rig.sheets.insertRow('Bookings', 3, copy);
    // Nor does a note that names the code make a row of it.
    const note = ['', 'GN-01', '', '2026-12-30', '2026-12-30', 'CONFIRMED', 'a walk-in', bookingId];
    rig.sheets.insertRow('Bookings', 4, note);
    await waitFor(() => rig.logged('booking.duplicated') === 1);
    await rig.looks(3);
    assert.equal(rig.logged('booking.duplicated'), 1);
    assert.equal(rig.rowsOf(bookingId)[1]?.[5], 'CONFIRMED');
    await cancelBooking(rig.store, { code: bookingId, today, clock: rig.clock });
    await waitFor(() => rig.isDelivered());
    assert.equal(statusesOf(rig, bookingId), 'CANCELLED CONFIRMED CONFIRMED');
  });

  test('a copy above the row is not taken for the booking, moved', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const made = await rig.book();
    await rig.until(made.bookingId, 'confirmed');
    const copy = [...(rig.sheets.rows('Bookings')[1] ?? [])];
    copy.splice(3, 2, '2026-12-24', '2026-12-24');
    rig.sheets.insertRow('Bookings', 2, copy);
    await rig.looks(3);
    const found = await findBooking(rig.store, made.bookingId);
    assert.deepEqual([found?.start, found?.state], [made.start, 'confirmed']);
    const list = {
      ...exampleInventory,
      bookings: [
        {
          bookingId: made.bookingId,
          itemId: 'EX-01',
          start: '2026-12-24',
          end: '2026-12-24',
          status: 'CONFIRMED' as const,
        },
      ],
    };
    await assert.rejects(
      rig.book({ start: '2026-12-24', end: '2026-12-25', customer: 'A', inventory: list }),
      /Not booked: booked/,
    );
  });
});

const statusesOf = (rig: WriterRig, bookingId: string) =>
  rig
    .rowsOf(bookingId)
    .map((row) => row[5])
    .join(' ');

/** Cancels on the phone: every row says so, nothing is left to do, and nothing is done again. */
async function cancelledForGood(rig: WriterRig, bookingId: string): Promise<void> {
  await cancelBooking(rig.store, { code: bookingId, today, clock: rig.clock });
  await waitFor(() => rig.isDelivered());
  assert.equal(statusesOf(rig, bookingId), 'CANCELLED CANCELLED');
  await waitFor(() => rig.statusOf('EX-01') === 'AVAILABLE');
  await rig.looks(1);
  const writes = rig.sheets.faults.count('values.batchUpdate');
  await rig.looks(3);
  assert.equal(rig.sheets.faults.count('values.batchUpdate'), writes);
}
