import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadedInventory } from '../../../../tools/sheet/read/inventory.ts';
import { yardSheet } from './sheet-rig.ts';

/** Why a tab was taken from the list before. */
function faultOf({ failure }: LoadedInventory) {
  return failure && { code: failure.code, tab: failure.tab, message: failure.message };
}

test('a tab of bookings that is gone frees nothing: the error lists the tabs there are', async (t) => {
  const { emulator, load } = await yardSheet(t);
  const { inventory } = await load();
  const rows = emulator.rows('Bookings');
  emulator.removeTab('Bookings');
  emulator.addTab('Notes 2026', [['Ring the mechanic']]);
  const lost = await load(inventory);
  assert.deepEqual(faultOf(lost), {
    code: 'SHEET_TAB_MISSING',
    tab: 'Bookings',
    message: 'The sheet has no tab "Bookings"; it has "Equipment", "Yard", "Notes 2026"',
  });
  assert.deepEqual(lost.inventory.bookings, inventory.bookings);
  assert.equal(lost.inventory.fetchedAtMs, inventory.fetchedAtMs);
  emulator.addTab('Rentals 2026', rows);
  assert.deepEqual((await load(inventory)).inventory.bookings, inventory.bookings);
  assert.equal((await load(inventory)).failure, null);
});

test('a tab of bookings without its first row frees nothing either', async (t) => {
  const { emulator, load } = await yardSheet(t);
  const { inventory } = await load();
  emulator.deleteRow('Bookings', 1);
  assert.equal(faultOf(await load(inventory))?.code, 'SHEET_COLUMN_MISSING');
  emulator.deleteRow('Bookings', 1);
  const emptied = await load(inventory);
  assert.deepEqual(faultOf(emptied), {
    code: 'SHEET_ROWS_UNUSABLE',
    tab: 'Bookings',
    message: 'Tab "Bookings" is empty, without even its first row',
  });
  assert.deepEqual(emptied.inventory.bookings, inventory.bookings);
});

test('the tab of bookings is missed even when the last list had no booking in it', async (t) => {
  const { emulator, load } = await yardSheet(t);
  emulator.deleteRow('Bookings', 2);
  const { inventory } = await load();
  assert.deepEqual(inventory.bookings, []);
  emulator.removeTab('Bookings');
  assert.equal(faultOf(await load(inventory))?.code, 'SHEET_TAB_MISSING');
});

test('a yard that starts without the tabs goes on without them', async (t) => {
  const { emulator, load } = await yardSheet(t);
  emulator.removeTab('Bookings');
  emulator.removeTab('Yard');
  const { inventory } = await load();
  assert.deepEqual((await load(inventory)).inventory.units, inventory.units);
  emulator.addTab('Bookings', []);
  emulator.addTab('Yard', []);
  assert.deepEqual((await load(inventory)).inventory.units, inventory.units);
});

test('a tab of the yard that is gone or says nothing does not undo what it said', async (t) => {
  const { emulator, load } = await yardSheet(t);
  const { inventory } = await load();
  emulator.deleteRow('Yard', 2);
  emulator.deleteRow('Yard', 1);
  assert.deepEqual(faultOf(await load(inventory)), {
    code: 'SHEET_ROWS_UNUSABLE',
    tab: 'Yard',
    message: 'Tab "Yard" holds none of what it said before',
  });
  emulator.removeTab('Yard');
  assert.deepEqual(faultOf(await load(inventory)), {
    code: 'SHEET_TAB_MISSING',
    tab: 'Yard',
    message: 'The sheet has no tab "Yard"; it has "Equipment", "Bookings"',
  });
});

test('a time zone that is mistyped or gone does not move the yard to Chicago', async (t) => {
  const { emulator, load } = await yardSheet(t);
  const { inventory } = await load();
  emulator.setCell('Yard', 'B2', 'Denver time');
  assert.deepEqual(faultOf(await load(inventory)), {
    code: 'SHEET_TIME_ZONE_UNKNOWN',
    tab: 'Yard',
    message: 'Tab "Yard" has no IANA time zone; it was America/Denver',
  });
  emulator.setCell('Yard', 'B2', 'America/Boise');
  assert.equal((await load(inventory)).inventory.yard.timeZone, 'America/Boise');
});

test('without a list to fall back on a mistyped time zone is named, and Chicago is used', async (t) => {
  const { emulator, load } = await yardSheet(t);
  emulator.setCell('Yard', 'B2', 'Denver time');
  const { inventory, problems } = await load();
  assert.equal(inventory.yard.timeZone, 'America/Chicago');
  assert.deepEqual(
    problems.map(({ tab, row, column }) => [tab, row, column]),
    [['Yard', 2, 'time zone']],
  );
});

test('owners may change and empty single keys of the yard', async (t) => {
  const { emulator, load } = await yardSheet(t);
  const { inventory } = await load();
  emulator.deleteRow('Yard', 1);
  assert.equal((await load(inventory)).inventory.yard.name, 'the rental yard');
});
