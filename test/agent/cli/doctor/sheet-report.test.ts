import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runBookings } from '../../../../agent/cli/bookings.ts';
import { runDoctor } from '../../../../agent/cli/doctor/doctor.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { createSheetsClient } from '../../../../tools/sheet/client/sheets-client.ts';
import { loadInventory } from '../../../../tools/sheet/read/inventory.ts';
import { saveProblems } from '../../../../tools/sheet/read/sheet-problems.ts';
import { dateCell, type CellInput } from '../../../harness/emulators/sheets-cell.ts';
import { startSheetsEmulator } from '../../../harness/emulators/sheets.ts';
import { minimalEnvironment } from '../../../harness/environment.ts';

type Tabs = Readonly<Record<string, readonly (readonly CellInput[])[]>>;

const nowMs = Date.now();
const dayFrom = (days: number) => new Date(nowMs + days * 86_400_000).toISOString().slice(0, 10);

const fleet: readonly (readonly CellInput[])[] = [
  ['OUR FLEET'],
  ['Unit #', 'Machine', 'Day', 'Status'],
  ['EX-1', 'Mini excavator', 250, 'In'],
  ['EX-2', 'Skid steer', 'call', 'In'],
  ['EX-3', 'Trencher', 180, 'In'],
  ['EX-4', 'Roller', 120, 'Shop'],
];
const bookingsHeader = ['Booking ID', 'Item ID', 'Start', 'End', 'Status', 'Customer'];
const unreadable = ['S1', 'EX-3', dateCell(dayFrom(-2), 'x'), 'TBD', 'CONFIRMED', 'Jordan Sample'];
const yardTab = [
  ['Name', 'Test Yard'],
  ['Time zone', 'America/Chicago'],
];
const messy: Tabs = { Fleet: fleet, Bookings: [bookingsHeader, unreadable], Yard: yardTab };

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickup-sheet-report-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** The sheet of these tabs, and what doctor says of it with a store of its own. */
async function openSheet(tabs: Tabs) {
  const sheets = await startSheetsEmulator({ spreadsheetId: 'yard-1', tabs });
  const dataDir = await mkdtemp(join(folder, 'data-'));
  const env = minimalEnvironment({ SHEETS_BASE_URL: sheets.baseUrl, DATA_DIR: dataDir });
  const examine = async (options: { json?: boolean; env?: Record<string, string> } = {}) => {
    let text = '';
    const write = (part: string) => void (text += part);
    const { json = false } = options;
    const given = { ...env, ...options.env };
    const exitCode = await runDoctor({ env: given, json, write, readsSheet: true });
    return { exitCode, text };
  };
  return { sheets, dataDir, examine, [Symbol.asyncDispose]: () => sheets.close() };
}

test('--sheet says of each machine what a caller would hear, and of each thing what to do', async () => {
  await using yard = await openSheet(messy);
  const { exitCode, text } = await yard.examine();
  assert.equal(exitCode, 1);
  assert.match(text, /^EX-1: The Mini excavator is free on .*\$250 a day\.$/m);
  assert.match(text, /^EX-2: .*I'll have someone call you with the price/m);
  assert.match(text, /^EX-3: .*someone must check that one/m);
  assert.match(text, /^EX-4: The Roller isn't free on .*maintenance/m);
  assert.match(text, /^Fleet, row 4, Daily rate: not an amount of money; .*\. To do: .*\.$/m);
  assert.match(text, /^Bookings, row 2, End: not a date; the machine is held from .* --settle/m);
  assert.match(text, /\n4 machines are read, 2 things are to be mended\.\n$/);
  assert.ok(!text.includes('Jordan'), 'no cell of a customer is shown');
  assert.equal(yard.sheets.requests.filter(({ kind }) => /update|append/i.test(kind)).length, 0);
});

test('--sheet --json says the same as one object a line', async () => {
  await using yard = await openSheet(messy);
  const { text } = await yard.examine({ json: true });
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(lines.at(-1), { ok: false, machines: 4, toMend: 2 });
  assert.deepEqual(
    lines.slice(0, 4).map(({ itemId }) => itemId),
    ['EX-1', 'EX-2', 'EX-3', 'EX-4'],
  );
  const [problem] = lines.filter(({ row }) => row === 4);
  assert.deepEqual([problem?.['tab'], problem?.['column']], ['Fleet', 'Daily rate']);
  assert.ok(problem?.['why'] !== '' && problem?.['remedy'] !== '');
});

test('--sheet of a sheet in order ends with 0', async () => {
  await using yard = await openSheet({ Fleet: fleet.toSpliced(3, 1), Yard: yardTab });
  const { exitCode, text } = await yard.examine();
  assert.equal(exitCode, 0, text);
  assert.match(text, /\n3 machines are read, nothing is to be mended\.\n$/);
});

test('--sheet tells in one line why a sheet cannot be read, and what to do', async () => {
  await using yard = await openSheet({ Equipment: [['Item ID', 'Name', 'Status']], Yard: yardTab });
  const broken = await yard.examine();
  assert.equal(broken.exitCode, 1);
  assert.match(broken.text, /^Tab "Equipment" lacks the column "Daily rate".*: .+\.\n$/);
  yard.sheets.setSharing('none');
  const forbidden = await yard.examine();
  assert.match(forbidden.text, /may not read the sheet: Share the spreadsheet.*\.\n$/);
  assert.equal(forbidden.exitCode, 1);
  const settings = await yard.examine({ env: { PORT: 'x' } });
  assert.equal(settings.exitCode, 1);
  assert.match(settings.text, /^fail {2}environment .*PORT/m);
});

test('a row that bookings --settle dealt with holds nothing more, until it is changed', async () => {
  await using yard = await openSheet(messy);
  const { sheets, dataDir, examine } = yard;
  const client = createSheetsClient({
    spreadsheetId: 'yard-1',
    auth: { kind: 'none' },
    baseUrl: sheets.baseUrl,
  });
  const place = { dataDir, databaseUrl: null };
  const { signal } = new AbortController();
  const clock = { nowMs: () => nowMs };
  const read = await loadInventory({ client, clock, signal, timeoutMs: 10_000 });
  {
    // The service keeps what it found at each reading.
    await using store = await openStore(place);
    await saveProblems(store, 'sheet', { problems: read.problems, nowMs });
  }
  const settle = async (...args: string[]) => {
    let text = '';
    const write = (part: string) => void (text += part);
    const exitCode = await runBookings({ store: () => place, args: ['--settle', ...args], write });
    return { exitCode, text };
  };
  for (const row of ['4', '9', 'two', '']) {
    const refused = await settle(row);
    assert.equal(refused.exitCode, 1, `row ${row}`);
    assert.match(refused.text, /^No row .* is reported as unreadable\.\n$/);
  }
  assert.deepEqual(await settle('2', '--json'), { exitCode: 0, text: '{"ok":true,"row":2}\n' });
  const settled = await examine();
  assert.match(settled.text, /^EX-3: The Trencher is free on/m);
  assert.doesNotMatch(settled.text, /^Bookings, row 2/m);
  sheets.setCell('Bookings', 'D2', 'open');
  assert.match((await examine()).text, /^EX-3: .*someone must check that one/m);
});
