import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { inventoryFromJson, inventoryToJson } from '../../../tools/inventory/inventory-snapshot.ts';
import type { Inventory } from '../../../tools/yard/equipment.ts';

const inventory: Inventory = {
  units: [
    {
      itemId: 'EX-1',
      name: 'Mini excavator',
      category: null,
      dailyRateCents: 27_500,
      weeklyRateCents: null,
      fourWeekRateCents: 320_000,
      depositCents: 0,
      status: 'RENTED',
      dueBack: '2026-12-03',
      notes: null,
    },
  ],
  bookings: [
    {
      bookingId: 'b1',
      itemId: 'EX-1',
      start: '2026-12-01',
      end: '2026-12-03',
      status: 'CONFIRMED',
    },
  ],
  yard: {
    name: 'Prairie Rentals',
    timeZone: 'America/Denver',
    openingHours: null,
    address: null,
    delivery: null,
    depositRules: null,
    identificationRules: null,
    transferTo: ['+15550100123'],
    greeting: null,
  },
  fetchedAtMs: 1_700_000_000_000,
};

test('an inventory comes back from its snapshot as it was', () => {
  assert.deepEqual(inventoryFromJson(inventoryToJson(inventory)), inventory);
});

test('a damaged snapshot, or one of another version, is refused', () => {
  const json = inventoryToJson(inventory);
  const damaged = [
    '',
    json.slice(0, -5),
    '{}',
    json.replace('"version":1', '"version":2'),
    json.replace('27500', '"27500"'),
    json.replace('RENTED', 'LOST'),
  ];
  for (const text of damaged) {
    assert.throws(() => inventoryFromJson(text), { code: 'SNAPSHOT_UNREADABLE' });
  }
});

test('reading a snapshot does not load the library of Google', () => {
  const url = new URL('../../../tools/inventory/inventory-snapshot.ts', import.meta.url);
  const program = `
    import { createRequire } from 'node:module';
    await import(${JSON.stringify(url.href)});
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    process.stdout.write(String(loaded.filter((file) => file.includes('googleapis')).length));
  `;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    encoding: 'utf8',
  });
  assert.equal(stdout, '0');
});
