import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { YardList } from '../../../../agent/call/yard-list.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { saveSnapshot } from '../../../../agent/infra/store/snapshots.ts';
import { commitBooking } from '../../../../tools/journal/commit-booking.ts';
import {
  inventorySnapshot,
  inventoryToJson,
} from '../../../../tools/sheet/read/inventory-snapshot.ts';
import { clock, listOf, request } from '../../../tools/journal/example-booking.ts';

async function newStore() {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-yard-list-'));
  const store = await openStore({ dataDir });
  const save = (itemId: string, savedAtMs: number) =>
    saveSnapshot(store, {
      name: inventorySnapshot,
      json: inventoryToJson(listOf(itemId)),
      savedAtMs,
    });
  return {
    store,
    save,
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

test('a job reads the list as it was saved last', async () => {
  await using yard = await newStore();
  const list = new YardList(async () => yard.store);
  assert.equal(await list.read(), null);
  await yard.save('EX-1', 1);
  assert.deepEqual(await list.read(), listOf('EX-1'));
  assert.deepEqual(await list.read(), listOf('EX-1'));
  await yard.save('EX-2', 2);
  assert.deepEqual(await list.read(), listOf('EX-2'));
});

test('a list that is the same holds what was booked since', async () => {
  await using yard = await newStore();
  await yard.save('EX-1', 1);
  const list = new YardList(async () => yard.store);
  assert.deepEqual((await list.read())?.bookings, []);
  // Two years ahead: the list leaves out what has ended by the clock on the wall.
  const end = new Date(Date.now() + 2 * 365 * 86_400_000).toISOString().slice(0, 10);
  const wish = request({ start: end, end });
  const made = await commitBooking(yard.store, { callId: 'call-1', request: wish, clock });
  assert.equal(made.kind, 'committed');
  assert.deepEqual(
    (await list.read())?.bookings.map(({ itemId, start }) => [itemId, start]),
    [['EX-1', end]],
  );
});

test('a list of another release is an error, not an empty yard', async () => {
  await using yard = await newStore();
  const list = new YardList(async () => yard.store);
  const of = { name: inventorySnapshot, savedAtMs: 1 };
  await saveSnapshot(yard.store, { ...of, json: JSON.stringify({ version: 1 }) });
  await assert.rejects(list.read(), { code: 'SNAPSHOT_UNREADABLE' });
  await yard.save('EX-1', 2);
  assert.deepEqual(await list.read(), listOf('EX-1'));
});
