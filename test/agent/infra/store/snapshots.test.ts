import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  readSnapshot,
  readSnapshotTime,
  saveSnapshot,
} from '../../../../agent/infra/store/snapshots.ts';
import { onBothDatabases } from './both-databases.ts';

onBothDatabases(({ newStore }) => {
  test('the snapshot that is read is the one saved last', async () => {
    await using store = await newStore();
    assert.equal(await readSnapshot(store, 'inventory'), undefined);
    assert.equal(await readSnapshotTime(store, 'inventory'), undefined);
    const json = { items: [{ id: 'EX-1', name: 'Bagger 3½ t', dailyCents: 25_000 }] };
    await saveSnapshot(store, { name: 'inventory', json: null, savedAtMs: 1 });
    await saveSnapshot(store, { name: 'inventory', json, savedAtMs: 1_700_000_000_000 });
    await saveSnapshot(store, { name: 'other', json: [], savedAtMs: 2 });
    assert.deepEqual(await readSnapshot(store, 'inventory'), {
      json,
      savedAtMs: 1_700_000_000_000,
    });
    assert.equal(await readSnapshotTime(store, 'inventory'), 1_700_000_000_000);
  });
});
