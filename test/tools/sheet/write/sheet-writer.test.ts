import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancelBooking, takeMessage } from '../../../../tools/journal/journal.ts';
import { retryNow } from '../../../../tools/journal/outbox.ts';
import type { Fault } from '../../../harness/emulators/faults.ts';
import { exampleSheet } from '../../../harness/yard/example-sheet.ts';
import { onBothDatabases } from '../../../agent/infra/store/both-databases.ts';
import { nowMs } from '../../yard/example-yard.ts';
import { during, waitFor, WriterRig } from './writer-rig.ts';

const today = '2026-11-22';
const dayMs = 86_400_000;
const hourMs = 3_600_000;

onBothDatabases(({ newStore }) => {
  test('a booking comes into the sheet once, is confirmed, and has its unit RENTED', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer();
    const { bookingId } = await rig.book();
    await rig.until(bookingId, 'confirmed');
    assert.deepEqual(rig.rowsOf(bookingId), [
      [
        bookingId,
        'EX-01',
        'Some machine',
        '2026-11-22',
        '2026-11-24',
        'CONFIRMED',
        'Jordan Sample',
        '(555) 301-0142',
        900,
        '2026-11-22 14:00',
        'call-1',
      ],
    ]);
    await waitFor(() => rig.statusOf('EX-01') === 'RENTED');
    assert.ok(await rig.isDelivered());
  });

  test('a booking of another day leaves the unit as it is', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer();
    const { bookingId } = await rig.book({ start: '2026-11-23' });
    await rig.until(bookingId, 'confirmed');
    const later = await rig.book({ start: '2026-11-22', itemId: 'GN-01' });
    await rig.until(later.bookingId, 'confirmed');
    await waitFor(() => rig.statusOf('GN-01') === 'RENTED');
    assert.equal(rig.statusOf('EX-01'), 'AVAILABLE');
  });

  test('columns that were moved, and a tab without a header, are found and filled', async () => {
    await using rig = await WriterRig.open(await newStore(), {
      Equipment: [
        ['Status', 'Name', 'Daily rate', 'Item ID'],
        ['AVAILABLE', 'Mini excavator', 300, 'EX-01'],
      ],
      Bookings: [['Customer', 'Yard’s own', 'End', 'Start', 'Status', 'item id', 'BOOKING-ID']],
    });
    rig.writer();
    const { bookingId } = await rig.book();
    await rig.until(bookingId, 'confirmed');
    const row = ['Jordan Sample', null, '2026-11-24', today, 'CONFIRMED', 'EX-01', bookingId];
    assert.deepEqual(rig.rowsOf(bookingId), [row]);
    await waitFor(() => rig.statusOf('EX-01') === 'RENTED');
  });

  test('tabs that are not there are made', async () => {
    await using rig = await WriterRig.open(await newStore(), {
      Equipment: [
        ['Item ID', 'Name', 'Daily rate', 'Status'],
        ['EX-01', 'Mini excavator', 300, 'AVAILABLE'],
      ],
    });
    rig.writer();
    const { bookingId } = await rig.book();
    await rig.until(bookingId, 'confirmed');
    assert.equal(rig.sheets.rows('Bookings').length, 2);
    const message = { customer: 'Jordan', phone: null, text: '=HYPERLINK("x")' };
    const { code } = await takeMessage(rig.store, { callId: 'call-1', message, clock: rig.clock });
    await waitFor(() => rig.isDelivered());
    const [header, row] = rig.sheets.rows('Messages');
    assert.equal(header?.[0], 'Message ID');
    assert.deepEqual(row?.slice(0, 1).concat(row[4] ?? ''), [code, `'=HYPERLINK("x")`]);
    assert.equal(rig.sheets.isFormula('Messages', 'E2'), false);
  });

  test('what a spreadsheet program would take for a formula is text, in an export too', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer();
    const names = ['=IMPORTDATA("x")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\0=1', '＝1'];
    const days = names.map((_, index) => `2026-12-${String(index + 1).padStart(2, '0')}`);
    const booked = [];
    for (const [index, customer] of names.entries()) {
      const day = days[index] ?? '';
      booked.push(await rig.book({ customer, start: day, end: day }));
    }
    for (const { bookingId } of booked) await rig.until(bookingId, 'confirmed');
    for (const { bookingId } of booked) {
      const name = String(rig.rowsOf(bookingId)[0]?.[6]);
      assert.match(name, /^'[=+\-@＝]/);
    }
  });

  const faults: Readonly<Record<string, readonly [endpoint: string, fault: Fault]>> = {
    'a reply lost after the row was written': [
      'spreadsheets.batchUpdate',
      { do: 'drop', applied: true },
    ],
    'a connection cut before the row was written': ['spreadsheets.batchUpdate', { do: 'drop' }],
    'a truncated reply to the append': ['spreadsheets.batchUpdate', { do: 'truncate', after: 10 }],
    'a hanging append': ['spreadsheets.batchUpdate', { do: 'hang' }],
    'an append refused for the quota': ['spreadsheets.batchUpdate', { do: 'refuse', status: 429 }],
    'a 500 to the append': ['spreadsheets.batchUpdate', { do: 'refuse', status: 500 }],
    'a page of HTML for the append': ['spreadsheets.batchUpdate', { do: 'garbage' }],
    'a hanging first reading': ['spreadsheets.get', { do: 'hang' }],
    'a garbled reading': ['spreadsheets.get', { do: 'garbage' }],
    'a 503 to the reading': ['spreadsheets.get', { do: 'refuse', status: 503 }],
    'a permission that is missing for a while': ['*', { do: 'refuse', status: 403 }],
    'a sheet that is gone for a while': ['*', { do: 'refuse', status: 404 }],
    'a lost reply to the status': ['values.batchUpdate', { do: 'drop', applied: true }],
  };
  for (const [name, [endpoint, fault]] of Object.entries(faults)) {
    test(`one row and one confirmation after ${name}`, async () => {
      await using rig = await WriterRig.open(await newStore());
      const { bookingId } = await rig.book();
      rig.sheets.faults.next(endpoint, fault, endpoint === '*' ? 3 : 1);
      rig.writer();
      await rig.until(bookingId, 'confirmed');
      await waitFor(() => rig.statusOf('EX-01') === 'RENTED');
      assert.equal(rig.rowsOf(bookingId).length, 1);
      await waitFor(() => rig.logged('booking.confirmed') === 1);
      assert.equal(await rig.isDelivered(), true);
    });
  }

  test('says for how long the sheet is forbidden', async () => {
    await using rig = await WriterRig.open(await newStore());
    const { bookingId } = await rig.book();
    const mend = rig.sheets.faults.on('spreadsheets.batchUpdate', { do: 'refuse', status: 403 });
    const writer = rig.writer();
    await waitFor(() => writer.refusal === 'SHEETS_FORBIDDEN');
    mend();
    await rig.until(bookingId, 'confirmed');
    await waitFor(() => writer.refusal === null);
  });

  test('a failure is said once, with what to do, and another one again', async () => {
    await using rig = await WriterRig.open(await newStore());
    const mend = rig.sheets.faults.on('*', { do: 'refuse', status: 403 });
    const { bookingId } = await rig.book();
    rig.writer();
    await waitFor(() => rig.logged('sheet.write-failed') >= 3);
    mend();
    const slow = rig.sheets.faults.on('*', { do: 'refuse', status: 429 });
    await waitFor(() => said().length === 2);
    slow();
    await rig.until(bookingId, 'confirmed');
    const [forbidden, busy] = said();
    assert.equal(forbidden?.['level'], 'error');
    assert.match(String(forbidden?.['toDo']), /share the spreadsheet/);
    assert.equal(busy?.['level'], 'warn');
    assert.equal(said().length, 2);

    function said() {
      const isSaid = ({ event, level }: Record<string, unknown>) =>
        event === 'sheet.write-failed' && level !== 'debug';
      return rig.lines.filter(isSaid);
    }
  });

  test('a read-back that fails finds the row and adds no other', async () => {
    await using rig = await WriterRig.open(await newStore());
    const { bookingId } = await rig.book();
    rig.sheets.faults.nth('spreadsheets.get', 2, { do: 'refuse', status: 500 });
    rig.writer();
    await rig.until(bookingId, 'confirmed');
    assert.equal(rig.rowsOf(bookingId).length, 1);
    assert.equal(rig.sheets.faults.count('spreadsheets.batchUpdate'), 1);
  });

  test('while Google refuses, nothing is lost, and all comes in with few requests', async () => {
    await using rig = await WriterRig.open(await newStore());
    const off = rig.sheets.faults.on('*', { do: 'refuse', status: 429 });
    rig.writer();
    const booked = [];
    for (let day = 1; day <= 9; day += 1) {
      booked.push(await rig.book({ start: `2026-12-0${day}`, end: `2026-12-0${day}` }));
    }
    await waitFor(() => rig.logged('sheet.write-failed') >= 3);
    off();
    for (const { bookingId } of booked) await rig.until(bookingId, 'confirmed');
    for (const { bookingId } of booked) assert.equal(rig.rowsOf(bookingId).length, 1);
    assert.ok(rig.sheets.faults.count('spreadsheets.batchUpdate') <= 2);
  });

  for (const [what, fault] of [
    ['while Google is busy', { do: 'refuse', status: 503 }],
    ['while a row may be on its way', { do: 'hang' }],
  ] as const) {
    test(`a clock that goes back by an hour ${what} holds no booking up`, async () => {
      await using rig = await WriterRig.open(await newStore());
      rig.clock.set(nowMs + hourMs);
      rig.sheets.faults.on('spreadsheets.batchUpdate', fault);
      rig.writer();
      const { bookingId } = await rig.book();
      await waitFor(() => rig.lines.some(({ event }) => event === 'sheet.write-failed'));
      rig.clock.set(nowMs);
      rig.sheets.faults.clear();
      await rig.until(bookingId, 'confirmed');
      assert.equal(rig.rowsOf(bookingId).length, 1);
    });
  }

  test('a person who asks for a retry need not wait for the back-off', async () => {
    await using rig = await WriterRig.open(await newStore());
    const { bookingId } = await rig.book();
    rig.sheets.setSharing('viewer');
    const days = { initialMs: dayMs, multiplier: 1, maxMs: dayMs, jitter: 0 };
    rig.writer({ refusedBackOff: days });
    await waitFor(() => rig.logged('sheet.write-failed') === 1);
    rig.sheets.setSharing('editor');
    await retryNow(rig.store);
    await rig.until(bookingId, 'confirmed');
  });

  const staff: Readonly<Record<string, readonly [reason: string, (rig: WriterRig) => void]>> = {
    'deletes the unit’s row': ['unit-gone', ({ sheets }) => sheets.deleteRow('Equipment', 4)],
    'sends it to the workshop': [
      'maintenance',
      ({ sheets }) => sheets.setCell('Equipment', 'H4', 'Maintenance'),
    ],
    'rents it out by hand': ['rented', ({ sheets }) => sheets.setCell('Equipment', 'H4', 'RENTED')],
    'books it in the sheet': [
      'booked',
      ({ sheets }) =>
        sheets.insertRow('Bookings', 2, ['', 'EX-01', '', '2026-11-24', '2026-11-30', 'CONFIRMED']),
    ],
  };
  for (const [name, [reason, act]] of Object.entries(staff)) {
    test(`a person who ${name} before the append wins`, async () => {
      await using rig = await WriterRig.open(await newStore());
      const { bookingId } = await rig.book();
      act(rig);
      const before = rig.sheets.rows('Equipment');
      rig.writer();
      await rig.until(bookingId, 'conflict');
      await assertConflict(rig, bookingId, reason);
      assert.deepEqual(rig.rowsOf(bookingId), []);
      assert.deepEqual(rig.sheets.rows('Equipment'), before);
      assert.deepEqual(await rig.store.db.selectFrom('bookedDays').selectAll().execute(), []);
    });

    test(`a person who ${name} between the append and the read-back wins`, async () => {
      await using rig = await WriterRig.open(await newStore());
      const { bookingId } = await rig.book();
      during(rig, 'spreadsheets.batchUpdate', () => act(rig));
      rig.writer();
      await rig.until(bookingId, 'conflict');
      await assertConflict(rig, bookingId, reason);
      await waitFor(() => rig.rowsOf(bookingId)[0]?.[5] === 'CANCELLED');
      assert.equal(rig.rowsOf(bookingId).length, 1);
    });
  }

  test('sorting the rows between our reading and our writing marks no other unit', async () => {
    await using rig = await WriterRig.open(await newStore());
    const { bookingId } = await rig.book();
    const statuses = () =>
      rig.sheets
        .rows('Equipment')
        .slice(1)
        .map((row) => [row[0], row[7]].join(' '))
        .sort();
    const before = statuses();
    during(rig, 'values.batchUpdate', () => rig.sheets.sortBy('Equipment', 'Item ID'));
    rig.writer();
    await rig.until(bookingId, 'confirmed');
    await waitFor(() => rig.statusOf('EX-01') === 'RENTED');
    const expected = before.map((line) => (line === 'EX-01 AVAILABLE' ? 'EX-01 RENTED' : line));
    await waitFor(() => statuses().join() === expected.join());
  });

  test('sorting the bookings while one is cancelled cancels no other', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer();
    const booked = [];
    for (const day of ['03', '02', '01']) {
      booked.push(await rig.book({ start: `2026-12-${day}`, end: `2026-12-${day}` }));
    }
    for (const { bookingId } of booked) await rig.until(bookingId, 'confirmed');
    const [first, ...others] = booked.map(({ bookingId }) => bookingId);
    during(rig, 'values.batchUpdate', () => rig.sheets.sortBy('Bookings', 'Start'));
    await cancelBooking(rig.store, { code: first ?? '', today, clock: rig.clock });
    await waitFor(() => rig.rowsOf(first ?? '')[0]?.[5] === 'CANCELLED');
    await waitFor(() => rig.isDelivered());
    for (const other of others) assert.equal(rig.rowsOf(other)[0]?.[5], 'CONFIRMED');
  });

  test('a column renamed while a row came in holds it up until it has its name again', async () => {
    await using rig = await WriterRig.open(await newStore());
    const { bookingId } = await rig.book();
    during(rig, 'spreadsheets.batchUpdate', () =>
      rig.sheets.renameColumn('Bookings', 'Start', 'Wann'),
    );
    rig.writer();
    await waitFor(() => rig.logged('sheet.write-failed') > 0);
    const failure = rig.lines.find((line) => line['event'] === 'sheet.write-failed');
    assert.match(JSON.stringify(failure), /lacks the column \\"Start\\"/);
    rig.sheets.renameColumn('Bookings', 'Wann', 'Start');
    await rig.until(bookingId, 'confirmed');
    assert.equal(rig.rowsOf(bookingId).length, 1);
  });

  test('a column inserted while a row came in: the row is put right', async () => {
    await using rig = await WriterRig.open(await newStore());
    const { bookingId } = await rig.book();
    during(rig, 'spreadsheets.batchUpdate', () => {
      const [header = []] = rig.sheets.rows('Bookings');
      // Staff put the first two columns the other way round.
      rig.sheets.setCell('Bookings', 'A1', header[1] ?? '');
      rig.sheets.setCell('Bookings', 'B1', header[0] ?? '');
    });
    rig.writer();
    await rig.until(bookingId, 'confirmed');
    assert.deepEqual(rig.rowsOf(bookingId)[0]?.slice(0, 2), ['EX-01', bookingId]);
  });

  test('a tab of messages that cannot be used holds up no booking', async () => {
    await using rig = await WriterRig.open(await newStore(), {
      ...exampleSheet,
      Messages: [['Somebody’s own notes'], ['x']],
    });
    const message = { customer: 'Jordan', phone: null, text: 'Please call back.' };
    await takeMessage(rig.store, { callId: 'call-1', message, clock: rig.clock });
    rig.writer();
    await waitFor(() => rig.logged('sheet.write-failed') > 0);
    const { bookingId } = await rig.book();
    await rig.until(bookingId, 'confirmed');
    assert.equal(await rig.isDelivered(), false);
    rig.sheets.removeTab('Messages');
    await waitFor(() => rig.isDelivered());
    assert.equal(rig.sheets.rows('Messages').length, 2);
  });

  test('cancelling takes the booking off the sheet and gives the unit back', async () => {
    await using rig = await WriterRig.open(await newStore());
    const writer = rig.writer();
    const { bookingId } = await rig.book();
    await waitFor(() => rig.statusOf('EX-01') === 'RENTED');
    await cancelBooking(rig.store, { code: bookingId, today, clock: rig.clock });
    writer.poke();
    await waitFor(() => rig.statusOf('EX-01') === 'AVAILABLE');
    assert.equal(rig.rowsOf(bookingId)[0]?.[5], 'CANCELLED');
    assert.equal(rig.rowsOf(bookingId).length, 1);
  });

  test('cancelling leaves a unit alone that staff changed since', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer();
    const { bookingId } = await rig.book();
    await waitFor(() => rig.logged('unit.status-set') === 1);
    rig.sheets.setCell('Equipment', 'H4', 'MAINTENANCE');
    await cancelBooking(rig.store, { code: bookingId, today, clock: rig.clock });
    await waitFor(() => rig.rowsOf(bookingId)[0]?.[5] === 'CANCELLED');
    await waitFor(() => rig.isDelivered());
    assert.equal(rig.statusOf('EX-01'), 'MAINTENANCE');
  });

  test('a booking cancelled before it was delivered never comes into the sheet', async () => {
    await using rig = await WriterRig.open(await newStore());
    const { bookingId } = await rig.book();
    await cancelBooking(rig.store, { code: bookingId, today, clock: rig.clock });
    rig.writer();
    await waitFor(() => rig.isDelivered());
    assert.deepEqual(rig.rowsOf(bookingId), []);
    assert.equal(rig.statusOf('EX-01'), 'AVAILABLE');
  });

  test('the change of day at the yard sets units RENTED and sets them back, once', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer();
    const { bookingId } = await rig.book({ start: '2026-11-23', end: '2026-11-23' });
    await rig.until(bookingId, 'confirmed');
    assert.equal(rig.statusOf('EX-01'), 'AVAILABLE');
    // One second past midnight in Chicago.
    const day = Date.UTC(2026, 10, 23, 6, 0, 1);
    rig.clock.set(day);
    await waitFor(() => rig.logged('unit.status-set') === 1);
    assert.equal(rig.statusOf('EX-01'), 'RENTED');
    // It came back early: staff's word stands.
    rig.sheets.setCell('Equipment', 'H4', 'AVAILABLE');
    const reads = rig.sheets.faults.count('spreadsheets.get');
    rig.clock.set(day + dayMs);
    await waitFor(() => rig.sheets.faults.count('spreadsheets.get') > reads);
    assert.equal(rig.statusOf('EX-01'), 'AVAILABLE');
  });

  test('at the end of a booking only what was set by us is set back', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer();
    const ours = await rig.book({ end: today });
    const extended = await rig.book({ end: today, itemId: 'GN-01' });
    await rig.until(ours.bookingId, 'confirmed');
    await rig.until(extended.bookingId, 'confirmed');
    await waitFor(() => rig.logged('unit.status-set') === 2);
    // Staff agreed on a later day with the customer.
    rig.sheets.setCell('Equipment', 'I7', '2026-11-28');
    rig.clock.set(nowMs + dayMs);
    await waitFor(() => rig.statusOf('EX-01') === 'AVAILABLE');
    assert.equal(rig.statusOf('GN-01'), 'RENTED');
    assert.equal(rig.statusOf('SS-02'), 'RENTED');
  });

  test('what staff cancel or delete in the sheet no longer holds its days', async () => {
    await using rig = await WriterRig.open(await newStore());
    rig.writer({ reconcileMs: 50 });
    const cancelled = await rig.book({ start: '2026-12-01', end: '2026-12-01' });
    const deleted = await rig.book({ start: '2026-12-02', end: '2026-12-02' });
    await rig.until(cancelled.bookingId, 'confirmed');
    await rig.until(deleted.bookingId, 'confirmed');
    const rowOf = (code: string) =>
      rig.sheets.rows('Bookings').findIndex((row) => row.includes(code)) + 1;
    rig.sheets.setCell('Bookings', `F${rowOf(cancelled.bookingId)}`, 'cancelled');
    rig.sheets.deleteRow('Bookings', rowOf(deleted.bookingId));
    await rig.until(cancelled.bookingId, 'cancelled');
    await rig.until(deleted.bookingId, 'conflict');
    await rig.book({ start: '2026-12-01', end: '2026-12-02', customer: 'Somebody Else' });
  });

  test('of two writers one writes; when it goes, the other takes over', async () => {
    await using rig = await WriterRig.open(await newStore());
    const first = rig.writer();
    await waitFor(() => first.isLeading);
    const second = rig.writer();
    const one = await rig.book();
    await rig.until(one.bookingId, 'confirmed');
    assert.equal(second.isLeading, false);
    await first.stop();
    const two = await rig.book({ itemId: 'GN-01' });
    await rig.until(two.bookingId, 'confirmed');
    assert.equal(second.isLeading, true);
  });
});

async function assertConflict(rig: WriterRig, bookingId: string, reason: string): Promise<void> {
  const row = await rig.store.db
    .selectFrom('bookings')
    .select('conflict')
    .where('bookingId', '=', bookingId)
    .executeTakeFirst();
  assert.equal(row?.conflict, reason);
  // It is said once the disk has it; readers see it before.
  await waitFor(() => rig.logged('booking.conflict') === 1);
}
