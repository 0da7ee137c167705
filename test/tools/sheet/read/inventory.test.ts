import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadInventory } from '../../../../tools/sheet/read/inventory.ts';
import { clock, yardSheet } from './sheet-rig.ts';

test('the whole sheet is one request', async (t) => {
  const { emulator, load } = await yardSheet(t);
  const before = Date.now();
  const { inventory, problems } = await load();
  assert.deepEqual(problems, []);
  assert.equal(inventory.units.length, 2);
  assert.equal(inventory.bookings[0]?.bookingId, 'b1');
  assert.equal(inventory.yard.timeZone, 'America/Denver');
  assert.ok(inventory.fetchedAtMs >= before && inventory.fetchedAtMs <= Date.now());
  assert.equal(emulator.requests.length, 1);
});

test('a yard that never had the tabs of bookings and yard has none, and defaults', async (t) => {
  const { emulator, load } = await yardSheet(t);
  emulator.removeTab('Bookings');
  emulator.removeTab('Yard');
  const { inventory, problems } = await load();
  assert.equal(inventory.units.length, 2);
  assert.deepEqual(inventory.bookings, []);
  assert.equal(inventory.yard.timeZone, 'America/Chicago');
  assert.deepEqual(
    problems.map((problem) => problem.tab),
    ['Yard', 'Yard'],
  );
});

test('a tab is found whatever the spaces in its name', async (t) => {
  const { emulator, load } = await yardSheet(t);
  const rows = emulator.rows('Equipment');
  emulator.removeTab('Equipment');
  emulator.addTab(' equipment ', rows);
  assert.equal((await load()).inventory.units.length, 2);
});

test('without the tab of equipment the error lists the tabs there are', async (t) => {
  const { emulator, load } = await yardSheet(t);
  emulator.removeTab('Equipment');
  await assert.rejects(load(), {
    code: 'SHEET_TAB_MISSING',
    message: 'The sheet has no tab "Equipment"; it has "Bookings", "Yard"',
  });
});

test('loading an unreachable sheet ends at the deadline', async (t) => {
  const { emulator, client } = await yardSheet(t);
  emulator.faults.on('*', { do: 'hang' });
  const { signal } = new AbortController();
  await assert.rejects(loadInventory({ client, clock, signal, timeoutMs: 50 }), {
    code: 'SHEETS_TIMEOUT',
  });
});

test('a tab most of whose rows went bad is refused as a whole, with what is wrong', async (t) => {
  const { emulator, load } = await yardSheet(t);
  emulator.setCell('Equipment', 'A2', '');
  assert.equal((await load()).inventory.units.length, 1);
  emulator.setCell('Equipment', 'B3', '');
  await assert.rejects(load(), {
    code: 'SHEET_ROWS_UNUSABLE',
    message:
      'Tab "Equipment" has 2 rows, and 2 of them cannot be used; ' +
      'row 2, column "Item ID": empty',
  });
  emulator.setCell('Equipment', 'A2', 'EX-1');
  emulator.setCell('Equipment', 'B3', 'Scissor lift');
  for (let row = 2; row < 7; row += 1) {
    emulator.setCell('Bookings', `B${row}`, `Z-${row}`);
    emulator.setCell('Bookings', `C${row}`, '2099-12-03');
    emulator.setCell('Bookings', `D${row}`, '2099-12-03');
  }
  await assert.rejects(load(), { code: 'SHEET_ROWS_UNUSABLE', tab: 'Bookings' });
});

test('a list of equipment that was emptied is refused, one of bookings is not', async (t) => {
  const { emulator, load } = await yardSheet(t);
  emulator.deleteRow('Bookings', 2);
  assert.deepEqual((await load()).inventory.bookings, []);
  emulator.deleteRow('Equipment', 3);
  emulator.deleteRow('Equipment', 2);
  await assert.rejects(load(), {
    code: 'SHEET_ROWS_UNUSABLE',
    message: 'Tab "Equipment" has no rows below its first one',
  });
});

const staffList = ['Machine', 'From', 'To', 'Name'];

test('a list of machines and days is taken as the bookings, whatever it is called', async (t) => {
  for (const title of ['Bookings', 'Rentals']) {
    const { emulator, load } = await yardSheet(t);
    emulator.removeTab('Bookings');
    emulator.addTab(title, [staffList, ['Scissor lift', '2099-12-03', '2099-12-04', 'Brown']]);
    const { inventory, problems } = await load();
    assert.deepEqual(
      inventory.bookings.map(({ itemId, start }) => [itemId, start]),
      [['SL-1', '2099-12-03']],
    );
    const missing = problems.map(({ tab, column }) => [tab, column]);
    assert.deepEqual(missing, [
      [title, 'Booking ID'],
      [title, 'Item ID'],
      [title, 'Status'],
    ]);
  }
});

test('lists of other things are not taken as the bookings', async (t) => {
  const { emulator, load } = await yardSheet(t);
  emulator.removeTab('Bookings');
  const others = {
    Tasks: [
      ['Item', 'Start', 'End', 'Who'],
      ['Paint the office', '2099-12-03', '2099-12-04', 'Ann'],
    ],
    Haulage: [
      ['Machine', 'From', 'To', 'Driver'],
      ['Scissor lift', 'Main St', 'The yard', 'Bob'],
    ],
    'Old fleet': [
      ['Unit', 'Name', 'Day rate', 'Out', 'Due back'],
      ['EX-1', 'Mini excavator', 275, '2099-12-03', '2099-12-04'],
    ],
    Holidays: [
      ['Name', 'From', 'To'],
      ['EX-1', '2099-12-03', '2099-12-04'],
    ],
  };
  for (const [title, rows] of Object.entries(others)) emulator.addTab(title, rows);
  const { inventory } = await load();
  assert.deepEqual([inventory.bookings, inventory.hasBookingsTab], [[], false]);
});

test('a fleet of another name that lacks one column says which, and heals', async (t) => {
  const { emulator, load } = await yardSheet(t);
  emulator.removeTab('Equipment');
  const header = ['Equip #', 'Description', 'Day', 'Week'];
  emulator.addTab('Fleet', [header, ['EX-1', 'Mini excavator', 275, 900]]);
  await assert.rejects(load(), {
    code: 'SHEET_COLUMN_MISSING',
    tab: 'Fleet',
    message:
      'Tab "Fleet" lacks the column "Status"; its first row has "Equip #", "Description", "Day", "Week"',
  });
  emulator.setCell('Fleet', 'E1', 'Status');
  assert.equal((await load()).inventory.units.length, 1);
});
