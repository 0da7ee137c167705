import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  InventoryRefresher,
  loadInventory,
  type InventoryRefresherDeps,
} from '../../../tools/inventory/inventory.ts';
import { createSheetsClient } from '../../../tools/inventory/sheets-client.ts';
import type { Inventory } from '../../../tools/yard/equipment.ts';
import { startSheetsEmulator } from '../../emulators/sheets.ts';

const clock = { nowMs: () => Date.now() };

async function yard(t: TestContext) {
  const emulator = await startSheetsEmulator({
    spreadsheetId: 'yard-1',
    tabs: {
      Equipment: [
        ['Item ID', 'Name', 'Daily rate', 'Status'],
        ['EX-1', 'Mini excavator', 275, 'AVAILABLE'],
        ['SL-1', 'Scissor lift', 140, 'AVAILABLE'],
      ],
      Bookings: [
        ['Booking ID', 'Item ID', 'Start', 'End', 'Status'],
        ['b1', 'EX-1', '2026-12-03', '2026-12-04', 'CONFIRMED'],
      ],
      Yard: [
        ['Name', 'Prairie Rentals'],
        ['Time zone', 'America/Denver'],
      ],
    },
  });
  t.after(() => emulator.close());
  emulator.setQuota(null);
  const client = createSheetsClient({
    spreadsheetId: 'yard-1',
    auth: { kind: 'none' },
    baseUrl: emulator.baseUrl,
  });
  const { signal } = new AbortController();
  const load = () => loadInventory({ client, clock, signal, timeoutMs: 5_000 });
  return { emulator, client, load };
}

test('the whole sheet is one request', async (t) => {
  const { emulator, load } = await yard(t);
  const before = Date.now();
  const { inventory, problems } = await load();
  assert.deepEqual(problems, []);
  assert.equal(inventory.units.length, 2);
  assert.equal(inventory.bookings[0]?.bookingId, 'b1');
  assert.equal(inventory.yard.timeZone, 'America/Denver');
  assert.ok(inventory.fetchedAtMs >= before && inventory.fetchedAtMs <= Date.now());
  assert.equal(emulator.requests.length, 1);
});

test('without the tabs of bookings and yard there are none, and defaults', async (t) => {
  const { emulator, load } = await yard(t);
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
  const { emulator, load } = await yard(t);
  const rows = emulator.rows('Equipment');
  emulator.removeTab('Equipment');
  emulator.addTab(' equipment ', rows);
  assert.equal((await load()).inventory.units.length, 2);
});

test('without the tab of equipment the error lists the tabs there are', async (t) => {
  const { emulator, load } = await yard(t);
  emulator.removeTab('Equipment');
  await assert.rejects(load(), {
    code: 'SHEET_TAB_MISSING',
    message: 'The sheet has no tab "Equipment"; it has "Bookings", "Yard"',
  });
});

test('loading an unreachable sheet ends at the deadline', async (t) => {
  const { emulator, client } = await yard(t);
  emulator.faults.on('*', { do: 'hang' });
  const { signal } = new AbortController();
  await assert.rejects(loadInventory({ client, clock, signal, timeoutMs: 50 }), {
    code: 'SHEETS_TIMEOUT',
  });
});

test('a tab most of whose rows went bad is refused as a whole, with what is wrong', async (t) => {
  const { emulator, load } = await yard(t);
  emulator.setCell('Equipment', 'D2', 'maybe');
  assert.equal((await load()).inventory.units.length, 1);
  emulator.setCell('Equipment', 'C3', 'call us');
  await assert.rejects(load(), {
    code: 'SHEET_ROWS_UNUSABLE',
    message:
      'Tab "Equipment" has 2 rows, and 2 of them cannot be used; ' +
      'row 2, column "Status": none of AVAILABLE, RENTED, MAINTENANCE',
  });
  emulator.setCell('Equipment', 'D2', 'AVAILABLE');
  emulator.setCell('Equipment', 'C3', 140);
  emulator.setCell('Bookings', 'C2', 'next week');
  await assert.rejects(load(), { code: 'SHEET_ROWS_UNUSABLE', tab: 'Bookings' });
});

test('a list of equipment that was emptied is refused, one of bookings is not', async (t) => {
  const { emulator, load } = await yard(t);
  emulator.deleteRow('Bookings', 2);
  assert.deepEqual((await load()).inventory.bookings, []);
  emulator.deleteRow('Equipment', 3);
  emulator.deleteRow('Equipment', 2);
  await assert.rejects(load(), {
    code: 'SHEET_ROWS_UNUSABLE',
    message: 'Tab "Equipment" has no rows below its first one',
  });
});

type Refreshed = Parameters<NonNullable<InventoryRefresherDeps['onRefreshed']>>[0];
type Failed = {
  readonly error: unknown;
  readonly failures: number;
  readonly isNew: boolean;
  readonly retryInMs: number | null;
};

/** A refresher of the emulated sheet that notes down what it does. */
async function refresherOf(t: TestContext, overrides: Partial<InventoryRefresherDeps> = {}) {
  const { emulator, client } = await yard(t);
  const saved: Inventory[] = [];
  const refreshed: Refreshed[] = [];
  const failed: Failed[] = [];
  const refresher = new InventoryRefresher({
    client,
    clock,
    save: (inventory) => void saved.push(inventory),
    ttlMs: 60_000,
    timeoutMs: 5_000,
    onRefreshed: (event) => void refreshed.push(event),
    onFailed: (error, details) => void failed.push({ error, ...details }),
    ...overrides,
  });
  t.after(() => refresher.stop());
  return { emulator, refresher, saved, refreshed, failed };
}

async function until(condition: () => boolean): Promise<void> {
  const giveUpAtMs = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < giveUpAtMs, 'waited 10 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('refreshes at start and then each time the snapshot has aged', async (t) => {
  const { emulator, refresher, saved, refreshed } = await refresherOf(t, { ttlMs: 5 });
  refresher.start();
  await until(() => saved.length > 0);
  emulator.setCell('Equipment', 'C2', 300);
  await until(() => saved.at(-1)?.units[0]?.dailyRateCents === 30_000);
  assert.equal(refreshed[0]?.items, 2);
});

test('a problem is reported once, and again when it comes back', async (t) => {
  const { emulator, refresher, refreshed } = await refresherOf(t);
  emulator.setCell('Equipment', 'C2', 'call');
  await refresher.refreshNow();
  await refresher.refreshNow();
  emulator.setCell('Equipment', 'C2', 275);
  await refresher.refreshNow();
  emulator.setCell('Equipment', 'C2', 'call');
  await refresher.refreshNow();
  assert.deepEqual(
    refreshed.map(({ problems }) => problems.length),
    [1, 0, 0, 1],
  );
});

test('one request at a time: who asks meanwhile shares the next one', async (t) => {
  const { emulator, refresher, saved } = await refresherOf(t);
  emulator.setLatency(50);
  const first = refresher.refreshNow();
  await until(() => emulator.requests.length === 1);
  const second = refresher.refreshNow();
  const third = refresher.refreshNow();
  assert.equal(second, third);
  await Promise.all([first, second, third]);
  assert.equal(emulator.requests.length, 2);
  assert.equal(saved.length, 2);
});

test('a refresh that was asked for sees what was written before it was asked for', async (t) => {
  const { emulator, refresher } = await refresherOf(t);
  const early = refresher.refreshNow();
  await until(() => emulator.requests.length === 1);
  emulator.setCell('Equipment', 'D2', 'MAINTENANCE');
  const late = await refresher.refreshNow();
  await early;
  assert.equal(late.units[0]?.status, 'MAINTENANCE');
});

test('a bad sheet keeps the last good snapshot, and heals by itself', async (t) => {
  const { emulator, refresher, saved, failed } = await refresherOf(t, { ttlMs: 5 });
  await refresher.refreshNow();
  emulator.renameColumn('Equipment', 'Daily rate', 'Day price');
  refresher.start();
  await until(() => failed.length >= 2);
  assert.equal(saved.length, 1);
  assert.deepEqual(failed[0]?.failures, 1);
  assert.equal(failed[0]?.retryInMs, 5);
  emulator.renameColumn('Equipment', 'Day price', 'Daily rate');
  await until(() => saved.length > 1);
});

test('a refusal is followed by longer and longer waits, with jitter', async (t) => {
  const { emulator, refresher, failed, saved } = await refresherOf(t);
  emulator.faults.on('*', { do: 'refuse', status: 429 });
  refresher.start();
  await until(() => failed.length === 1);
  for (let attempt = 2; attempt <= 8; attempt += 1) await refresher.refreshNow().catch(() => {});
  const waitsMs = failed.map(({ retryInMs }) => retryInMs ?? 0);
  for (const [index, bareMs] of [2_000, 4_000, 8_000, 16_000, 32_000, 60_000].entries()) {
    const waitMs = waitsMs[index] ?? 0;
    assert.ok(waitMs >= bareMs / 2 && waitMs <= bareMs, `wait ${index + 1} is ${waitMs} ms`);
  }
  emulator.faults.clear();
  await refresher.refreshNow();
  emulator.faults.on('*', { do: 'refuse', status: 429 });
  await refresher.refreshNow().catch(() => {});
  assert.equal(failed.at(-1)?.failures, 1);
  assert.equal(saved.length, 1);
});

test('what only a person can mend is looked at steadily, without hurry', async (t) => {
  const { emulator, refresher, failed } = await refresherOf(t, { ttlMs: 40_000 });
  for (const status of [403, 404]) {
    emulator.faults.clear();
    emulator.faults.on('*', { do: 'refuse', status });
    refresher.start();
    await refresher.refreshNow().catch(() => {});
    await refresher.refreshNow().catch(() => {});
    assert.equal(failed.at(-1)?.retryInMs, 80_000);
  }
});

test('the same failure is new only once, and again after a success or another failure', async (t) => {
  const { emulator, refresher, failed, refreshed } = await refresherOf(t);
  const fail = async (status: number) => {
    emulator.faults.clear();
    emulator.faults.on('*', { do: 'refuse', status });
    await refresher.refreshNow().catch(() => {});
  };
  for (const status of [403, 403, 429, 403]) await fail(status);
  emulator.faults.clear();
  await refresher.refreshNow();
  await fail(403);
  assert.deepEqual(
    failed.map(({ isNew }) => isNew),
    [true, false, true, true, true],
  );
  assert.equal(refreshed[0]?.failures, 4);
});

test('paused it reads only when asked, and started again at once what is due', async (t) => {
  const { emulator, refresher, saved } = await refresherOf(t, { ttlMs: 5 });
  refresher.start();
  await until(() => saved.length > 0);
  refresher.pause();
  await refresher.refreshNow();
  const before = emulator.requests.length;
  await refresher.refreshNow();
  assert.equal(emulator.requests.length, before + 1);
  refresher.start();
  await until(() => emulator.requests.length > before + 2);
});

test('a snapshot that cannot be saved is a failure too', async (t) => {
  const { refresher, failed, refreshed } = await refresherOf(t, {
    save: () => Promise.reject(new Error('disk full')),
  });
  await assert.rejects(refresher.refreshNow(), /disk full/);
  assert.equal(failed.length, 1);
  assert.equal(refreshed.length, 0);
});

test('stop aborts the request in flight and leaves nothing behind', async (t) => {
  const { emulator, refresher, saved, failed, refreshed } = await refresherOf(t);
  emulator.faults.on('*', { do: 'hang' });
  refresher.start();
  await until(() => emulator.requests.length === 1);
  const waiting = assert.rejects(refresher.refreshNow(), /no longer refreshed/);
  await refresher.stop();
  await waiting;
  await assert.rejects(refresher.refreshNow(), /no longer refreshed/);
  refresher.start();
  await refresher.stop();
  assert.equal(emulator.requests.length, 1);
  assert.deepEqual([saved, failed, refreshed], [[], [], []]);
});

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

test('stop leaves no timer that would keep the process alive', async (t) => {
  const { refresher, saved } = await refresherOf(t);
  const before = activeTimers();
  refresher.start();
  await until(() => saved.length === 1);
  await refresher.stop();
  await until(() => activeTimers() <= before);
});
