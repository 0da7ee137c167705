import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Config } from '../../../../agent/config/config.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { readLease } from '../../../../agent/infra/store/leases.ts';
import { readSnapshot } from '../../../../agent/infra/store/snapshots.ts';
import { InventorySync } from '../../../../agent/supervisor/sheet/inventory-sync.ts';
import { loadConfig } from '../../../../agent/config/config.ts';
import {
  inventoryFromJson,
  inventorySnapshot,
} from '../../../../tools/sheet/read/inventory-snapshot.ts';
import { startSheetsEmulator } from '../../../harness/emulators/sheets.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import type { RecordedLine } from '../../../harness/recorded-log.ts';
import { exampleSheet } from '../../../harness/yard/example-sheet.ts';

/** A sheet, a store, and as many keepers over them as the test opens. */
async function yard(t: TestContext, { ttlMs = 60_000 } = {}) {
  const emulator = await startSheetsEmulator({ spreadsheetId: 'yard-1', tabs: exampleSheet });
  t.after(() => emulator.close());
  emulator.setQuota(null);
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'pickup-keeper-'));
  t.after(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));
  const config: Config = loadConfig({
    LIVEKIT_URL: 'ws://127.0.0.1:1',
    LIVEKIT_API_KEY: 'key',
    LIVEKIT_API_SECRET: 'secret-of-32-characters-or-longer',
    DEEPGRAM_API_KEY: 'dg',
    OPENAI_API_KEY: 'sk',
    GOOGLE_SHEET_ID: 'yard-1',
    SHEETS_BASE_URL: emulator.baseUrl,
    DATA_DIR: dataDir,
    INVENTORY_TTL_MS: String(ttlMs),
    EQUIPMENT_LOAD_MS: '5000',
  });
  const open = async () => {
    const store = await openStore({ dataDir });
    let changes = 0;
    const { log, lines } = recordedLog();
    const keeper = new InventorySync({ config, store, log, onChanged: () => (changes += 1) });
    t.after(async () => {
      await keeper.stop();
      await store.close();
    });
    const saved = async () => {
      const snapshot = await readSnapshot(store, inventorySnapshot);
      return snapshot ? inventoryFromJson(snapshot.json) : null;
    };
    const failures = () => lines.filter(({ event }) => event === 'inventory.failed');
    return { keeper, store, saved, lines, failures, changes: () => changes };
  };
  return { emulator, open };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAtMs = Date.now() + 20_000;
  while (!(await condition())) {
    assert.ok(Date.now() < giveUpAtMs, 'waited 20 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whether it was told that the sheet is well again. */
const mended = (lines: readonly RecordedLine[]) =>
  lines.some(
    ({ event, level, failures }) =>
      event === 'inventory.refreshed' && level === 'info' && Number(failures) > 0,
  );

test('the sheet is in the store when start resolves, and again at once when asked', async (t) => {
  const { emulator, open } = await yard(t);
  const { keeper, saved, changes } = await open();
  assert.equal(keeper.ageMs, null);
  await keeper.start();
  assert.equal((await saved())?.units.length, 8);
  assert.ok(changes() > 0 && keeper.ageMs !== null);
  emulator.setCell('Equipment', 'D2', 999);
  const fresh = await keeper.refreshNow();
  assert.equal(fresh.units[0]?.dailyRateCents, 99_900);
  assert.equal((await saved())?.units[0]?.dailyRateCents, 99_900);
});

test('of two that share the store one reads, and the other takes over when it leaves', async (t) => {
  const { emulator, open } = await yard(t, { ttlMs: 20 });
  const first = await open();
  await first.keeper.start();
  await until(async () => (await readLease(first.store, 'inventory')) !== null);
  const second = await open();
  await second.keeper.start();
  const holder = (await readLease(first.store, 'inventory'))?.holder;
  const [reads, refreshes] = [emulator.requests.length, first.changes()];
  await until(() => first.changes() > refreshes + 20);
  // One may be under way. A look at the store that meets a save counts as a change and reads nothing.
  const byOthers = emulator.requests.length - reads - (first.changes() - refreshes);
  assert.ok(byOthers <= 1, `${byOthers} readings were not the holder's`);
  emulator.setCell('Equipment', 'D2', 999);
  await until(async () => (await second.saved())?.units[0]?.dailyRateCents === 99_900);
  await first.keeper.stop();
  const readsBefore = emulator.requests.length;
  await until(() => emulator.requests.length > readsBefore + 3);
  assert.notEqual((await readLease(second.store, 'inventory'))?.holder, holder);
});

test('the last good list outlives a sheet that went bad, and a restart', async (t) => {
  const { emulator, open } = await yard(t, { ttlMs: 20 });
  const first = await open();
  await first.keeper.start();
  emulator.renameColumn('Equipment', 'Daily rate', 'Tarif');
  await until(() => first.failures().length > 3);
  assert.deepEqual(
    first.failures().map(({ level }) => level === 'error'),
    first.failures().map((_, i) => i === 0),
  );
  assert.match(String(first.failures()[0]?.['toDo']), /the names that are missing/);
  await first.keeper.stop();
  const second = await open();
  await second.keeper.start();
  assert.equal((await second.saved())?.units.length, 8);
  await until(() => second.keeper.ageMs !== null);
  emulator.renameColumn('Equipment', 'Tarif', 'Daily rate');
  await until(() => mended(second.lines));
});

test('a tab of bookings that was renamed frees nothing, across a restart too', async (t) => {
  const { emulator, open } = await yard(t, { ttlMs: 20 });
  const first = await open();
  const rows = [
    ...emulator.rows('Bookings'),
    ['b1', 'EX-01', '', '2030-12-03', '2030-12-04', 'CONFIRMED'],
  ];
  emulator.removeTab('Bookings');
  emulator.addTab('Bookings', rows);
  await first.keeper.start();
  assert.equal((await first.saved())?.bookings.length, 1);
  await first.keeper.stop();
  emulator.removeTab('Bookings');
  const second = await open();
  await second.keeper.start();
  await until(() => second.failures().length > 3);
  assert.equal((await second.saved())?.bookings.length, 1);
  assert.deepEqual(
    second.failures().map(({ level }) => level),
    second.failures().map((_, i) => (i === 0 ? 'error' : 'debug')),
  );
  assert.match(String(second.failures()[0]?.['toDo']), /bring the tab back/);
  emulator.addTab('Bookings', rows);
  await until(() => mended(second.lines));
});

test('a mistyped time zone keeps the list as it was, said once with what to do', async (t) => {
  const { emulator, open } = await yard(t, { ttlMs: 20 });
  const zone = emulator.rows('Yard').findIndex(([key]) => key === 'Time zone') + 1;
  emulator.setCell('Yard', `B${zone}`, 'America/Denver');
  const { keeper, saved, failures, lines } = await open();
  await keeper.start();
  emulator.setCell('Yard', `B${zone}`, 'Denver');
  await until(() => failures().length > 3);
  assert.equal((await saved())?.yard.timeZone, 'America/Denver');
  assert.equal(failures().filter(({ level }) => level === 'error').length, 1);
  assert.match(String(failures()[0]?.['toDo']), /IANA name/);
  emulator.setCell('Yard', `B${zone}`, 'America/Boise');
  await until(() => mended(lines));
  assert.equal((await saved())?.yard.timeZone, 'America/Boise');
});

test('a permission that is gone is an error, said once with what to do', async (t) => {
  const { emulator, open } = await yard(t, { ttlMs: 20 });
  const { keeper, failures } = await open();
  await keeper.start();
  const mend = emulator.faults.on('*', { do: 'refuse', status: 403 });
  await until(() => failures().length > 2);
  assert.equal(failures()[0]?.level, 'error');
  assert.match(String(failures()[0]?.['toDo']), /share the spreadsheet/);
  assert.ok(
    failures()
      .slice(1)
      .every(({ level }) => level === 'debug'),
  );
  assert.equal(keeper.refusal, 'SHEETS_FORBIDDEN');
  mend();
  await until(() => keeper.refusal === null);
});

test('an older reading that is saved late does not undo a newer one', async (t) => {
  const { emulator, open } = await yard(t);
  const [slow, quick] = [await open(), await open()];
  emulator.setLatency(300);
  const late = slow.keeper.refreshNow();
  await until(() => emulator.requests.length === 1);
  emulator.setLatency(0);
  emulator.setCell('Equipment', 'D2', 999);
  await quick.keeper.refreshNow();
  await late;
  assert.equal((await quick.saved())?.units[0]?.dailyRateCents, 99_900);
});
