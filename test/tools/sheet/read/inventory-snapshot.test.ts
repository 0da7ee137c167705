import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  inventoryFromJson,
  inventoryToJson,
} from '../../../../tools/sheet/read/inventory-snapshot.ts';
import type { Inventory } from '../../../../tools/yard/equipment.ts';
import { minimalEnvironment } from '../../../harness/environment.ts';

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
  hasBookingsTab: true,
  yard: {
    name: 'Prairie Rentals',
    currency: 'USD',
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
  const named = inventory.units.map((unit) => ({ ...unit, alsoCalled: 'thumper, vibraplate' }));
  const onlyNamed = { ...inventory, units: named };
  assert.deepEqual(inventoryFromJson(inventoryToJson(onlyNamed)), onlyNamed);
  const empty = { ...inventory, units: [], bookings: [], hasBookingsTab: true };
  assert.deepEqual(inventoryFromJson(inventoryToJson(empty)), empty);
});

test('any text in the sheet comes back, blank, beside empty cells or with odd characters', () => {
  const [unit] = inventory.units;
  assert.ok(unit);
  const units = ['', ' ', 'a\u007fb', '\n"\\', '\u{1f69c}'].map((name, row) => ({
    ...unit,
    itemId: `EX-${row}`,
    name,
    category: row === 1 ? null : name,
    notes: '',
  }));
  for (const rows of [units, units.slice(0, 1), units.slice(3)]) {
    const json: unknown = JSON.parse(
      JSON.stringify(inventoryToJson({ ...inventory, units: rows })),
    );
    assert.deepEqual(inventoryFromJson(json).units, rows);
  }
});

test('a damaged snapshot, or one of another version, is refused', () => {
  const damaged: readonly [string, string][] = [
    ['"version":2', '"version":3'],
    ['27500', '"27500"'],
    ['27500', '275.5'],
    ['RENTED', 'LOST'],
    ['"name":"Mini excavator"', '"name":[]'],
    ['"name":"Mini excavator"', '"name":["Mini excavator","Skid steer"]'],
    ['"name":"Mini excavator"', '"name":7'],
    ['"name":"Mini excavator",', ''],
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

/** The addresses of all modules that a process has loaded once it has loaded that one. */
async function loadedWith(module: string): Promise<readonly string[]> {
  const program = new URL('loaded-modules.ts', import.meta.url);
  const address = new URL(`../../../../${module}`, import.meta.url).href;
  const { PATH } = process.env;
  const child = fork(program, [address], { env: { ...minimalEnvironment(), PATH } });
  const exited = once(child, 'exit');
  const [loaded] = await Promise.race([once(child, 'message'), exited]);
  await exited;
  assert.ok(Array.isArray(loaded), `${module} was not loaded: exit code ${child.exitCode}`);
  return loaded.map(String);
}

test('a job holds no Google client: only what talks to the sheet loads its library', async () => {
  const ofGoogle = /\/node_modules\/(googleapis|google-auth|gaxios|gtoken)|\/sheets-client\.ts$/;
  const withClient = await loadedWith('tools/sheet/client/sheets-client.ts');
  for (const library of ['googleapis', 'google-auth-library', 'gaxios']) {
    const found = withClient.find((url) => url.includes(`/node_modules/${library}/`));
    assert.match(found ?? '', ofGoogle, library);
  }
  const withJob = await loadedWith('agent/call/job.ts');
  assert.ok(withJob.some((url) => url.endsWith('/tools/sheet/read/inventory-snapshot.ts')));
  assert.deepEqual(
    withJob.filter((url) => ofGoogle.test(url)),
    [],
  );
});
