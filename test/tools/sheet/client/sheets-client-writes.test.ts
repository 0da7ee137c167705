import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createSheetsClient } from '../../../../tools/sheet/client/sheets-client.ts';
import type { Fault } from '../../../harness/emulators/faults.ts';
import { startSheetsEmulator } from '../../../harness/emulators/sheets.ts';

async function yardSheet(t: TestContext) {
  const emulator = await startSheetsEmulator({
    spreadsheetId: 'yard-1',
    tabs: {
      "Bob's bookings": [
        ['Booking ID', 'Name', ...Array.from({ length: 26 }, (_, index) => `Yard ${index}`)],
        ['B-1', 'Ann'],
      ],
    },
  });
  t.after(() => emulator.close());
  const client = createSheetsClient({
    spreadsheetId: 'yard-1',
    auth: { kind: 'none' },
    baseUrl: emulator.baseUrl,
  });
  return { emulator, client };
}

const tab = "Bob's bookings";
/** Below that row of the emulator's first tab. */
const below = (afterRow: number) => ({ sheetId: 0, afterRow });
const soon = () => ({ signal: new AbortController().signal, timeoutMs: 5_000 });

test('rows go between others, text as text, and move what staff keep below them', async (t) => {
  const { emulator, client } = await yardSheet(t);
  emulator.insertRow(tab, 3, ['Total', 1]);
  await client.insertRows(below(2), [['B-2', '=1+1', 12.5, null, '2026-12-01']], soon());
  assert.deepEqual(emulator.rows(tab).slice(2), [
    ['B-2', '=1+1', 12.5, null, '2026-12-01'],
    ['Total', 1],
  ]);
  assert.equal(emulator.isFormula(tab, 'B3'), false);
});

test('a protected tab is told from a sheet that is not shared', async (t) => {
  const { emulator, client } = await yardSheet(t);
  emulator.protect(tab);
  const protectedTab = { code: 'SHEETS_PROTECTED', status: 400 };
  await assert.rejects(client.insertRows(below(2), [['B-2']], soon()), protectedTab);
  const cell = { tab, row: 2, column: 1, value: 'Bob' };
  await assert.rejects(client.updateCells([cell], soon()), protectedTab);
  assert.equal(emulator.rows(tab).length, 2);
});

test('updates single cells, all or none, in columns beyond Z too', async (t) => {
  const { emulator, client } = await yardSheet(t);
  const cell = (row: number, column: number, value: string) => ({ tab, row, column, value });
  await client.updateCells([cell(2, 1, '+1'), cell(1, 27, 'AB')], soon());
  assert.equal(emulator.rows(tab)[1]?.[1], '+1');
  assert.equal(emulator.rows(tab)[0]?.[27], 'AB');
  const before = emulator.rows(tab);
  const elsewhere = { tab: 'Nowhere', row: 1, column: 0, value: 'x' };
  await assert.rejects(client.updateCells([cell(2, 1, 'y'), elsewhere], soon()), {
    code: 'SHEETS_BAD_RANGE',
  });
  assert.deepEqual(emulator.rows(tab), before);
});

test('adds a tab, once', async (t) => {
  const { client } = await yardSheet(t);
  await client.addTab('Messages', soon());
  assert.deepEqual(await client.listTabs(soon()), [tab, 'Messages']);
  await assert.rejects(client.addTab('Messages', soon()), { code: 'SHEETS_BAD_RANGE' });
});

test('a write is never sent twice by itself, whatever becomes of it', async (t) => {
  const { emulator, client } = await yardSheet(t);
  const faults: readonly (readonly [Fault, string])[] = [
    [{ do: 'drop', applied: true }, 'SHEETS_UNAVAILABLE'],
    [{ do: 'refuse', status: 503 }, 'SHEETS_UNAVAILABLE'],
    [{ do: 'refuse', status: 429 }, 'SHEETS_RATE_LIMITED'],
    [{ do: 'garbage' }, 'SHEETS_UNREADABLE'],
  ];
  for (const [index, [fault, code]] of faults.entries()) {
    emulator.faults.next('spreadsheets.batchUpdate', fault);
    await assert.rejects(client.insertRows(below(2), [[`B-${index + 2}`]], soon()), { code });
    assert.equal(emulator.faults.count('spreadsheets.batchUpdate'), index + 1);
  }
  assert.equal(emulator.rows(tab).at(-1)?.[0], 'B-2', 'only the one whose answer was lost');
});

test('a viewer is told that the sheet must be shared with it', async (t) => {
  const { emulator, client } = await yardSheet(t);
  emulator.setSharing('viewer');
  await assert.rejects(client.insertRows(below(2), [['B-2']], soon()), {
    code: 'SHEETS_FORBIDDEN',
  });
});
