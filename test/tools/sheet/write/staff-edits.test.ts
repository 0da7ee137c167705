import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JournalBooking } from '../../../../tools/journal/booking.ts';
import { findBooking } from '../../../../tools/journal/journal.ts';
import type { CellValue } from '../../../harness/emulators/sheets-cell.ts';
import { onBothDatabases } from '../../../agent/infra/store/both-databases.ts';
import { during, waitFor, WriterRig } from './writer-rig.ts';

const often = { reconcileMs: 50 };

onBothDatabases(({ newStore }) => {
  test('rows that are all cleared cancel nothing, and it is said once', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const booked = await confirmed(rig, ['2026-11-22', '2026-12-01', '2026-12-02']);
    await waitFor(() => rig.statusOf('EX-01') === 'RENTED');
    const rows = rig.sheets.rows('Bookings').slice(1);
    for (const _ of rows) rig.sheets.deleteRow('Bookings', 2);
    await waitFor(() => rig.logged('booking.rows-missing') === 1);
    await rig.looks(3);
    for (const { bookingId } of booked) assert.equal(await stateOf(rig, bookingId), 'confirmed');
    assert.equal(rig.statusOf('EX-01'), 'RENTED');
    const another = { start: '2026-12-01', end: '2026-12-01', customer: 'Somebody Else' };
    await assert.rejects(rig.book(another), /booked/);

    // Others may come in meanwhile, and be more than those that are missing.
    const later = await confirmed(rig, ['2026-12-05', '2026-12-06', '2026-12-07', '2026-12-08']);
    await rig.looks(2);
    for (const { bookingId } of booked) assert.equal(await stateOf(rig, bookingId), 'confirmed');
    assert.equal(rig.logged('booking.rows-missing'), 1);
    assert.equal(rig.statusOf('EX-01'), 'RENTED');

    // Back again, a single deleted row is staff's decision.
    for (const row of rows) rig.sheets.insertRow('Bookings', 2, row);
    await rig.looks(3);
    rig.sheets.deleteRow('Bookings', rowOf(rig, booked[1]?.bookingId ?? ''));
    await rig.until(booked[1]?.bookingId ?? '', 'conflict');
    assert.equal(await stateOf(rig, later[0]?.bookingId ?? ''), 'confirmed');
  });

  const tabs = {
    deleted: {
      lose: ({ sheets }: WriterRig) => sheets.removeTab('Bookings'),
      find: ({ sheets }: WriterRig, rows: CellValue[][]) => sheets.addTab('Bookings', rows),
      toDo: /bring the tab back/,
    },
    'emptied with its first row': {
      lose: ({ sheets }: WriterRig, rows: CellValue[][]) => {
        for (const _ of rows) sheets.deleteRow('Bookings', 1);
      },
      find: ({ sheets }: WriterRig, rows: CellValue[][]) => {
        for (const [index, row] of rows.entries()) sheets.insertRow('Bookings', index + 1, row);
      },
      toDo: /version history/,
    },
  };
  for (const [name, { lose, find, toDo }] of Object.entries(tabs)) {
    test(`a tab of bookings that was ${name} is not begun anew`, async () => {
      await using rig = await WriterRig.open(await newStore());
      rig.writer();
      const [first] = await confirmed(rig, ['2026-12-01']);
      const rows = rig.sheets.rows('Bookings');
      lose(rig, rows);
      const { bookingId } = await rig.book({ start: '2026-12-02', end: '2026-12-02' });
      await waitFor(() => rig.logged('sheet.write-failed') > 2);
      const failure = rig.lines.find((line) => line['event'] === 'sheet.write-failed');
      assert.match(String(failure?.['toDo']), toDo);
      assert.equal(await stateOf(rig, bookingId), 'pending');
      assert.equal(rig.sheets.faults.count('spreadsheets.batchUpdate'), 1);
      find(rig, rows);
      await rig.until(bookingId, 'confirmed');
      assert.equal(await stateOf(rig, first?.bookingId ?? ''), 'confirmed');
      assert.equal(rig.rowsOf(bookingId).length, 1);
    });
  }

  test('a tab of bookings that was renamed is known by its header, and goes on', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer();
    const [first] = await confirmed(rig, ['2026-12-01']);
    rig.sheets.renameTab('Bookings', 'Rentals 2026');
    const { bookingId } = await rig.book({ start: '2026-12-02', end: '2026-12-02' });
    await rig.until(bookingId, 'confirmed');
    assert.equal(await stateOf(rig, first?.bookingId ?? ''), 'confirmed');
    assert.equal(rig.sheets.rows('Rentals 2026').length, 3);
  });

  test('a booking that staff move holds its new days and its new unit', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const [booked] = await confirmed(rig, ['2026-12-01']);
    const bookingId = booked?.bookingId ?? '';
    edit(rig, bookingId, { 'Item ID': 'GN-01', Start: '2026-12-08', End: '12/10/2026' });
    await waitFor(() => rig.logged('booking.moved') === 1);
    const moved = await findBooking(rig.store, bookingId);
    assert.deepEqual(
      [moved?.state, moved?.itemId, moved?.itemName, moved?.start, moved?.end],
      ['confirmed', 'GN-01', 'Generator', '2026-12-08', '2026-12-10'],
    );
    const days = await rig.store.db.selectFrom('bookedDays').selectAll().orderBy('day').execute();
    assert.deepEqual(
      days,
      ['2026-12-08', '2026-12-09', '2026-12-10'].map((day) => ({
        itemId: 'GN-01',
        day,
        bookingId,
      })),
    );
    await rig.looks(2);
    assert.equal(rig.logged('booking.moved'), 1);
  });

  test('a row that staff left half edited changes nothing', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const [booked] = await confirmed(rig, ['2026-12-01']);
    const bookingId = booked?.bookingId ?? '';
    const halves = [
      { Start: '2026-12-08' },
      { Start: 'next week' },
      { Start: '2026-12-01', End: '2062-12-01' },
      { End: '2026-12-01', 'Item ID': 'no such unit' },
    ];
    for (const half of halves) {
      edit(rig, bookingId, half);
      await rig.looks(2);
    }
    assert.equal(rig.logged('booking.moved'), 0);
    assert.equal(await stateOf(rig, bookingId), 'confirmed');
  });

  test('two bookings that staff swap are swapped', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const one = await rig.book({ itemId: 'EX-01', start: '2026-12-01', end: '2026-12-01' });
    const two = await rig.book({ itemId: 'GN-01', start: '2026-12-01', end: '2026-12-01' });
    for (const { bookingId } of [one, two]) await rig.until(bookingId, 'confirmed');
    edit(rig, one.bookingId, { 'Item ID': 'GN-01' });
    edit(rig, two.bookingId, { 'Item ID': 'EX-01' });
    await waitFor(() => rig.logged('booking.moved') === 2);
    assert.equal((await findBooking(rig.store, one.bookingId))?.itemId, 'GN-01');
    assert.equal((await findBooking(rig.store, two.bookingId))?.itemId, 'EX-01');
  });

  test('a booking that staff move to the days of another is a conflict', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer(often);
    const [one, two] = await confirmed(rig, ['2026-12-01', '2026-12-02']);
    edit(rig, one?.bookingId ?? '', { Start: '2026-12-02', End: '2026-12-02' });
    await rig.until(one?.bookingId ?? '', 'conflict');
    assert.equal((await findBooking(rig.store, one?.bookingId ?? ''))?.conflict, 'booked');
    await waitFor(() => rig.rowsOf(one?.bookingId ?? '')[0]?.[5] === 'CANCELLED');
    assert.equal(await stateOf(rig, two?.bookingId ?? ''), 'confirmed');
  });

  test('what staff change between the append and the read-back is theirs', async () => {
    await using rig = await WriterRig.open(await newStore());
    const { bookingId } = await rig.book({ start: '2026-12-01', end: '2026-12-01' });
    during(rig, 'spreadsheets.get', () => edit(rig, bookingId, { End: '2026-12-02' }), {
      when: () => rig.rowsOf(bookingId).length > 0,
    });
    rig.writer();
    await rig.until(bookingId, 'confirmed');
    assert.equal((await findBooking(rig.store, bookingId))?.end, '2026-12-02');
    assert.equal(rig.rowsOf(bookingId)[0]?.[4], '2026-12-02');
    const another = { start: '2026-12-02', end: '2026-12-02', customer: 'Somebody Else' };
    await assert.rejects(rig.book(another), /booked/);
  });
});

async function confirmed(
  rig: WriterRig,
  days: readonly string[],
): Promise<readonly JournalBooking[]> {
  const booked: JournalBooking[] = [];
  for (const day of days) booked.push(await rig.book({ start: day, end: day }));
  for (const { bookingId } of booked) await rig.until(bookingId, 'confirmed');
  return booked;
}

async function stateOf(rig: WriterRig, bookingId: string) {
  return (await findBooking(rig.store, bookingId))?.state;
}

function rowOf({ sheets }: WriterRig, bookingId: string): number {
  return sheets.rows('Bookings').findIndex((row) => row.includes(bookingId)) + 1;
}

/** Staff write over cells of a booking's row. */
function edit(rig: WriterRig, bookingId: string, cells: Readonly<Record<string, string>>): void {
  const [header = []] = rig.sheets.rows('Bookings');
  for (const [column, value] of Object.entries(cells)) {
    const letter = String.fromCharCode(65 + header.indexOf(column));
    rig.sheets.setCell('Bookings', `${letter}${rowOf(rig, bookingId)}`, value);
  }
}
