import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { runSetupSheet } from '../../../../agent/cli/setup-sheet/setup-sheet.ts';
import { ConfigError, loadSheetConfig } from '../../../../agent/config/config.ts';
import { createSheetsClient } from '../../../../tools/sheet/client/sheets-client.ts';
import { loadInventory } from '../../../../tools/sheet/read/inventory.ts';
import type { CellInput } from '../../../harness/emulators/sheets-cell.ts';
import { startSheetsEmulator } from '../../../harness/emulators/sheets.ts';

type Tabs = Readonly<Record<string, readonly (readonly CellInput[])[]>>;

/** A spreadsheet of these tabs, and the command run against it. */
async function spreadsheet(t: TestContext, tabs: Tabs = { Sheet1: [] }) {
  const sheets = await startSheetsEmulator({ spreadsheetId: 'yard-1', tabs });
  t.after(() => sheets.close());
  const client = createSheetsClient({
    spreadsheetId: 'yard-1',
    auth: { kind: 'none' },
    baseUrl: sheets.baseUrl,
  });
  const env: Record<string, string> = {
    GOOGLE_SHEET_ID: 'yard-1',
    SHEETS_BASE_URL: sheets.baseUrl,
  };
  const setUp = async (...args: readonly string[]) => {
    let output = '';
    const write = (text: string) => void (output += text);
    const exitCode = await runSetupSheet({ sheet: () => loadSheetConfig(env), args, write });
    return { exitCode, output };
  };
  const budget = { signal: new AbortController().signal, timeoutMs: 5_000 };
  const titles = () => client.listTabs(budget);
  const everything = async () =>
    JSON.stringify((await titles()).map((title) => [title, sheets.rows(title)]));
  const inventory = () => loadInventory({ client, clock: { nowMs: () => Date.now() }, ...budget });
  return { sheets, env, setUp, titles, everything, inventory };
}

test('makes the tabs of an empty spreadsheet, with three machines that are read as they stand', async (t) => {
  const { setUp, titles, inventory } = await spreadsheet(t);
  const { exitCode, output } = await setUp();
  assert.equal(exitCode, 0, output);
  assert.deepEqual(await titles(), [
    'Sheet1',
    'Equipment',
    'Bookings',
    'Yard',
    'Messages',
    'Pickup notes',
  ]);
  const { inventory: read, problems } = await inventory();
  assert.deepEqual(
    read.units.map(({ name, status }) => [name, status]),
    [
      ['Mini excavator', 'AVAILABLE'],
      ["Scissor lift 19'", 'AVAILABLE'],
      ['Towable generator 20 kW', 'MAINTENANCE'],
    ],
  );
  assert.equal(read.yard.timeZone, 'America/Chicago', "the spreadsheet's own");
  assert.deepEqual(
    problems.filter(({ isNotice }) => !isNotice).map(({ tab, what }) => [tab, what]),
    [['Yard', 'missing']],
    'all that is missing is the name of the yard',
  );
  assert.match(output, /Replace the three example machines/);
});

test('run twice, it changes nothing', async (t) => {
  const { setUp, everything, sheets } = await spreadsheet(t);
  await setUp();
  const before = await everything();
  const { exitCode, output } = await setUp();
  assert.equal(exitCode, 0);
  assert.equal(await everything(), before);
  assert.equal(sheets.requests.filter(({ kind }) => kind.endsWith('Update')).length, 5);
  assert.match(output, /^tab "Equipment": unchanged$/m);
  assert.match(output, /Nothing was changed\./);
});

test('--dry-run says what would be done, and does nothing', async (t) => {
  const { setUp, titles } = await spreadsheet(t);
  const { exitCode, output } = await setUp('--dry-run');
  assert.equal(exitCode, 0);
  assert.match(output, /^tab "Yard": would be made$/m);
  assert.deepEqual(await titles(), ['Sheet1']);
});

const ownFleet: Tabs = {
  Fleet: [
    ['OUR FLEET', '', '', '', '', 'call the office'],
    ['Unit #', 'Machine', 'Day', 'Status'],
    ['EX-1', 'Mini excavator', 250, 'In'],
    ['', '', '', '', '', '', 'a remark to the right'],
  ],
  Yard: [
    ['Name', 'Test Yard'],
    ['Time zone', 'America/Chicago'],
  ],
};

test("adds columns to a yard's own tabs beside all that is there, in a grid without room too", async (t) => {
  const { setUp, sheets, inventory, titles } = await spreadsheet(t, ownFleet);
  sheets.trimColumns('Fleet');
  const before = sheets.rows('Fleet');
  const { exitCode, output } = await setUp('--json');
  assert.equal(exitCode, 0, output);
  const after = sheets.rows('Fleet');
  for (const [index, row] of before.entries()) {
    assert.deepEqual(after[index]?.slice(0, row.length), row, 'what was there stands as it was');
  }
  assert.deepEqual(after[1]?.slice(7, 9), ['Category', 'Weekly rate']);
  assert.ok(!after[1]?.includes('Daily rate'), 'a column under a name of the yard is there');
  assert.deepEqual(await titles(), ['Fleet', 'Yard', 'Bookings', 'Messages'], 'and no notes');
  const { inventory: read } = await inventory();
  assert.deepEqual(
    read.units.map(({ itemId, dailyRateCents }) => [itemId, dailyRateCents]),
    [['EX-1', 25_000]],
  );
  const lines = output.trim().split('\n');
  assert.deepEqual(JSON.parse(lines[0] ?? '').action, 'columns added');
  assert.equal((await setUp()).output.includes('added'), false, 'once');
});

test('a fleet that lacks a required column gets it', async (t) => {
  const { setUp, inventory } = await spreadsheet(t, {
    Fleet: [
      ['Unit #', 'Machine', 'Day'],
      ['EX-1', 'Mini excavator', 250],
    ],
  });
  const { exitCode, output } = await setUp();
  assert.equal(exitCode, 0, output);
  assert.match(output, /^tab "Fleet": columns added: Status, /m);
  assert.equal((await inventory()).inventory.units.length, 1);
});

test('an empty tab of the right name gets its header alone', async (t) => {
  const { setUp, sheets } = await spreadsheet(t, { Equipment: [] });
  await setUp();
  assert.equal(sheets.rows('Equipment')[0]?.[0], 'Item ID');
  assert.equal(sheets.rows('Equipment').length, 1);
});

test('what Google refuses is one line that says what to do', async (t) => {
  const { setUp, sheets, env, everything } = await spreadsheet(t);
  sheets.setSharing('viewer');
  const viewer = await setUp();
  assert.equal(viewer.exitCode, 1);
  assert.match(viewer.output, /^[^\n]*Share the spreadsheet with [^\n]* as Editor[^\n]*\n$/);
  sheets.setSharing('editor');
  env['GOOGLE_SHEET_ID'] = 'another';
  const missing = await setUp('--json');
  assert.equal(missing.exitCode, 1);
  assert.equal(JSON.parse(missing.output).code, 'SHEETS_NOT_FOUND');
  assert.match(missing.output, /between \/d\/ and \/edit/);
  assert.equal(await everything(), '[["Sheet1",[]]]');
});

test('a protected tab is named as what it is', async (t) => {
  const { setUp, sheets } = await spreadsheet(t, ownFleet);
  sheets.protect('Fleet');
  const { exitCode, output } = await setUp();
  assert.equal(exitCode, 1);
  assert.match(output, /protected.*Protect sheets and ranges/);
});

test('a lost answer leaves a tab that the next run finds', async (t) => {
  const { setUp, sheets, titles } = await spreadsheet(t);
  sheets.faults.next('spreadsheets.batchUpdate', { do: 'drop', applied: true });
  assert.equal((await setUp()).exitCode, 1);
  assert.equal((await setUp()).exitCode, 0);
  assert.deepEqual((await titles()).toSorted().slice(0, 3), ['Bookings', 'Equipment', 'Messages']);
  assert.equal(sheets.rows('Equipment').length, 4);
});

test('settings that are missing are named, and those of other services are not asked for', async (t) => {
  const { setUp, env } = await spreadsheet(t);
  delete env['GOOGLE_SHEET_ID'];
  await assert.rejects(setUp(), (error) => {
    assert.ok(error instanceof ConfigError);
    assert.deepEqual(error.problems, ['GOOGLE_SHEET_ID is missing']);
    return true;
  });
});

test('--csv writes a file for each tab, without a setting, and over nothing', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-setup-sheet-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'Yard.csv'), 'mine');
  let output = '';
  const write = (text: string) => void (output += text);
  const sheet = () => assert.fail('no setting is read');
  const args = ['--csv', folder];
  assert.equal(await runSetupSheet({ sheet, args, write }), 0, output);
  assert.equal((await readdir(folder)).length, 5);
  assert.equal(await readFile(join(folder, 'Yard.csv'), 'utf8'), 'mine');
  const equipment = await readFile(join(folder, 'Equipment.csv'), 'utf8');
  assert.match(equipment, /^Item ID,Name,Category,.*\r\n/);
  assert.match(equipment, /"3\.5 tons, with a thumb"/);
  const occupied = ['--csv', join(folder, 'Yard.csv', 'below'), '--json'];
  output = '';
  assert.equal(await runSetupSheet({ sheet, args: occupied, write }), 1);
  assert.equal(JSON.parse(output).code, 'SETUP_SHEET_FOLDER');
});
