import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { cancelBooking, findBooking } from '../../../../tools/journal/journal.ts';
import type { Fault } from '../../../harness/emulators/faults.ts';
import { onBothDatabases, type StorePlace } from '../../../agent/infra/store/both-databases.ts';
import { during, waitFor, WriterRig } from './writer-rig.ts';

/** Longer than any test: the writer is killed while it waits. */
const held: Fault = { do: 'hang' };

onBothDatabases(({ newPlace }) => {
  // The instant at which the writer is killed: the request at the sheet that it is held in.
  const instants = {
    'before the append': { endpoint: 'spreadsheets.get', nth: 1, fault: held, rowsThen: 0 },
    'while the append is on its way': {
      endpoint: 'spreadsheets.batchUpdate',
      nth: 1,
      fault: held,
      rowsThen: 0,
    },
    'after the append, before it knew': {
      endpoint: 'spreadsheets.batchUpdate',
      nth: 1,
      fault: { do: 'stall', after: 0, everyMs: 60_000 },
      rowsThen: 1,
    },
    'before the read-back': { endpoint: 'spreadsheets.get', nth: 2, fault: held, rowsThen: 1 },
    'before the unit’s status': {
      endpoint: 'values.batchUpdate',
      nth: 1,
      fault: held,
      rowsThen: 1,
    },
  } as const;
  for (const [name, { endpoint, nth, fault, rowsThen }] of Object.entries(instants)) {
    test(`a writer killed ${name}: the next one delivers, once`, async () => {
      const place = await newPlace();
      await using rig = await WriterRig.open(await openStore(place));
      const { bookingId } = await rig.book();
      rig.sheets.faults.nth(endpoint, nth, fault);
      await using killed = startWriter(place, rig.sheets.baseUrl);
      await waitFor(() => rig.sheets.faults.count(endpoint) === nth);
      await waitFor(() => rig.rowsOf(bookingId).length === rowsThen);
      await killed.kill();
      await using next = startWriter(place, rig.sheets.baseUrl);
      await rig.until(bookingId, 'confirmed');
      await waitFor(() => rig.statusOf('EX-01') === 'RENTED');
      await waitFor(() => rig.isDelivered());
      await next.kill();
      assert.equal(rig.rowsOf(bookingId).length, 1);
    });
  }

  test('a status that hit another row is put right by the writer after one that was killed', async () => {
    const place = await newPlace();
    await using rig = await WriterRig.open(await openStore(place));
    const before = rig.writer();
    const booked: string[] = [];
    for (const day of ['03', '02', '01']) {
      const on = `2026-12-${day}`;
      booked.push((await rig.book({ start: on, end: on })).bookingId);
    }
    for (const bookingId of booked) await rig.until(bookingId, 'confirmed');
    await before.stop();
    const [cancelled = '', second = '', hit = ''] = booked;
    await cancelBooking(rig.store, { code: cancelled, today: '2026-11-22', clock: rig.clock });
    during(rig, 'values.batchUpdate', () => rig.sheets.sortBy('Bookings', 'Start'));
    rig.sheets.faults.nth('spreadsheets.get', 2, held);
    await using killed = startWriter(place, rig.sheets.baseUrl);
    await waitFor(() => rig.rowsOf(hit)[0]?.[5] === 'CANCELLED');
    await killed.kill();
    rig.sheets.faults.clear();
    await using next = startWriter(place, rig.sheets.baseUrl);
    await waitFor(() => rig.rowsOf(cancelled)[0]?.[5] === 'CANCELLED');
    await waitFor(() => rig.isDelivered());
    await next.kill();
    for (const bookingId of [hit, second]) {
      assert.equal(rig.rowsOf(bookingId)[0]?.[5], 'CONFIRMED');
      assert.equal((await findBooking(rig.store, bookingId))?.state, 'confirmed');
    }
  });

  test('writers killed at any moment lose nothing and write nothing twice', async () => {
    const place = await newPlace();
    await using rig = await WriterRig.open(await openStore(place));
    const booked: string[] = [];
    for (let round = 1; round <= 3; round += 1) {
      for (const itemId of ['EX-01', 'GN-01', 'SL-01']) {
        const day = `2026-12-0${round}`;
        booked.push((await rig.book({ itemId, start: day, end: day })).bookingId);
      }
      await using writer = startWriter(place, rig.sheets.baseUrl);
      const requests = rig.sheets.requests.length;
      await waitFor(() => rig.sheets.requests.length >= requests + round);
      await writer.kill();
    }
    await using last = startWriter(place, rig.sheets.baseUrl);
    for (const bookingId of booked) await rig.until(bookingId, 'confirmed');
    await last.kill();
    for (const bookingId of booked) assert.equal(rig.rowsOf(bookingId).length, 1);
    assert.equal(rig.sheets.rows('Bookings').length, booked.length + 1);
  });
});

function startWriter(place: StorePlace, baseUrl: string) {
  const program = fileURLToPath(new URL('writer-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(place), baseUrl], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { kill, [Symbol.asyncDispose]: kill };
}
