import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  InventoryRefresher,
  type InventoryRefresherDeps,
} from '../../../../tools/sheet/read/inventory-refresher.ts';
import type { Inventory } from '../../../../tools/yard/equipment.ts';
import { clock, yardSheet } from './sheet-rig.ts';

type Refreshed = Parameters<NonNullable<InventoryRefresherDeps['onRefreshed']>>[0];
type Failed = {
  readonly error: unknown;
  readonly failures: number;
  readonly isNew: boolean;
  readonly retryInMs: number | null;
};

/** A refresher of the emulated sheet that notes down what it does. */
async function refresherOf(t: TestContext, overrides: Partial<InventoryRefresherDeps> = {}) {
  const { emulator, client } = await yardSheet(t);
  const saved: Inventory[] = [];
  const refreshed: Refreshed[] = [];
  const failed: Failed[] = [];
  const refresher = new InventoryRefresher({
    client,
    clock,
    lastGood: async () => saved.at(-1) ?? null,
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
  emulator.renameColumn('Equipment', 'Daily rate', 'Tarif');
  refresher.start();
  await until(() => failed.length >= 2);
  // What could be read is saved with it: the list is as old as its oldest part.
  assert.ok(saved.every((list) => list.fetchedAtMs === saved[0]?.fetchedAtMs));
  assert.deepEqual(saved.at(-1)?.units, saved[0]?.units);
  assert.deepEqual(failed[0]?.failures, 1);
  assert.equal(failed[0]?.retryInMs, 5);
  emulator.renameColumn('Equipment', 'Tarif', 'Daily rate');
  await until(() => saved.at(-1)?.fetchedAtMs !== saved[0]?.fetchedAtMs);
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
