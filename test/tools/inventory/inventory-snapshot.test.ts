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

const stored = () => JSON.stringify(inventoryToJson(inventory));

test('an inventory comes back from its snapshot as it was', () => {
  assert.deepEqual(inventoryFromJson(JSON.parse(stored())), inventory);
  const empty = { ...inventory, units: [], bookings: [] };
  assert.deepEqual(inventoryFromJson(inventoryToJson(empty)), empty);
});

test('a damaged snapshot, or one of another version, is refused', () => {
  const damaged: readonly [string, string][] = [
    ['"version":2', '"version":3'],
    ['27500', '"27500"'],
    ['27500', '275.5'],
    ['RENTED', 'LOST'],
    ['["Mini excavator"]', '[]'],
    ['["Mini excavator"]', '["Mini excavator","Skid steer"]'],
    ['"name":["Mini excavator"],', ''],
    ['"bookings":{', '"booking":{'],
    ['"America/Denver"', 'null'],
  ];
  for (const [from, to] of damaged) {
    assert.ok(stored().includes(from), from);
    const json: unknown = JSON.parse(stored().replace(from, to));
    assert.throws(() => inventoryFromJson(json), { code: 'SNAPSHOT_UNREADABLE' }, to);
  }
  for (const json of [null, undefined, '', '{}', {}, []]) {
    assert.throws(() => inventoryFromJson(json), { code: 'SNAPSHOT_UNREADABLE' });
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
