import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimLease } from '../../../../agent/infra/store/leases.ts';
import { findBooking } from '../../../../tools/journal/journal.ts';
import { sheetWriterLease } from '../../../../tools/sheet/write/writer-lease.ts';
import { onBothDatabases } from '../../../agent/infra/store/both-databases.ts';
import { waitFor, WriterRig } from './writer-rig.ts';

/** Of a reading: the lease is taken over meanwhile. */
const delay = { do: 'delay', delayMs: 300 } as const;

onBothDatabases(({ newStore }) => {
  test('a writer that lost its lease between reading and writing does not write', async () => {
    await using rig = await WriterRig.open(await newStore());
    const writer = rig.writer();
    await readings(rig, 1);
    rig.sheets.faults.next('spreadsheets.get', delay);
    const { bookingId } = await rig.book();
    await readings(rig, 2);
    await takeOver(rig);
    await waitFor(() => !writer.isLeading);
    assert.equal(rig.sheets.faults.count('spreadsheets.batchUpdate'), 0);
    assert.deepEqual(rig.rowsOf(bookingId), []);
  });

  test('a writer that lost its lease before the read-back does not confirm', async () => {
    await using rig = await WriterRig.open(await newStore());
    const writer = rig.writer();
    await readings(rig, 1);
    rig.sheets.faults.nth('spreadsheets.get', 2, delay);
    const { bookingId } = await rig.book();
    await readings(rig, 3);
    await takeOver(rig);
    await waitFor(() => !writer.isLeading);
    assert.equal((await findBooking(rig.store, bookingId))?.state, 'pending');
    assert.equal(await rig.isDelivered(), false);
    assert.deepEqual(await rig.store.db.selectFrom('statusMarks').selectAll().execute(), []);
  });

  test('a writer that lost its lease does not follow what staff did', async () => {
    await using rig = await WriterRig.open(await newStore());
    const writer = rig.writer({ reconcileMs: 200 });
    const { bookingId } = await rig.book();
    const marksOf = () => rig.store.db.selectFrom('statusMarks').selectAll().execute();
    await waitFor(async () => (await marksOf())[0]?.state === 'set');
    const marks = await marksOf();
    rig.sheets.setCell('Bookings', 'F2', 'CANCELLED');
    rig.sheets.faults.next('spreadsheets.get', delay);
    const reads = rig.sheets.faults.count('spreadsheets.get');
    await readings(rig, reads + 1);
    await takeOver(rig);
    await waitFor(() => !writer.isLeading);
    assert.equal((await findBooking(rig.store, bookingId))?.state, 'confirmed');
    assert.equal(rig.statusOf('EX-01'), 'RENTED');
    assert.deepEqual(await marksOf(), marks);
  });
});

async function readings({ sheets }: WriterRig, times: number): Promise<void> {
  await waitFor(() => sheets.faults.count('spreadsheets.get') >= times);
}

async function takeOver({ store }: WriterRig): Promise<void> {
  const lease = await store.db.selectFrom('leases').selectAll().executeTakeFirstOrThrow();
  await claimLease(store, {
    name: sheetWriterLease,
    holder: 'another machine',
    supersedes: lease.holder ?? '',
    ttlMs: 60_000,
  });
}
