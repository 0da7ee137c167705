import assert from 'node:assert/strict';
import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { findCall, recordCallStart } from '../../../../agent/infra/store/calls.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import type { Store } from '../../../../agent/infra/store/database.ts';
import { readPhrase, savePhrase } from '../../../../agent/infra/store/prompts.ts';
import { eventually } from '../../../harness/eventually.ts';
import { startStoreProcess } from './start-store-process.ts';

const call = {
  callId: 'call-1',
  room: 'room',
  callerNumber: null,
  startedAtMs: 1,
  jobId: null,
  epoch: 0,
};

let folder = '';
before(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'pickup-sqlite-'))));
after(() => rm(folder, { recursive: true, force: true }));
const newPlace = async () => ({ dataDir: await mkdtemp(path.join(folder, 'data-')) });

test('the data folder is made, for nobody else to read', async () => {
  const dataDir = path.join((await newPlace()).dataDir, 'not', 'there');
  await using store = await openStore({ dataDir });
  assert.equal(store.dialect, 'sqlite');
  assert.equal((await stat(dataDir)).mode & 0o777, 0o700);
});

test('a write waits for another process without stopping this one, and a read does not wait', async () => {
  const place = await newPlace();
  await using store = await openStore(place);
  await using locker = startStoreProcess('lock', place, 2_000);
  assert.equal(await locker.next(), 'locked');
  const order: string[] = [];
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const unlocked = locker.next().then(() => order.push('unlocked'));
  const written = Promise.all([
    recordCallStart(store, call).then(() => order.push('written')),
    store.transaction((tx) => recordCallStart(tx, { ...call, callId: 'call-2' })),
  ]);
  await findCall(store, 'call-1');
  order.push('read');
  await Promise.all([written, unlocked]);
  delay.disable();
  assert.equal(order[0], 'read');
  assert.deepEqual(order.slice(1).sort(), ['unlocked', 'written']);
  assert.equal((await findCall(store, 'call-2'))?.room, 'room');
  // Usually below 20 ms; a wait inside of SQLite would make it 2,000.
  assert.ok(delay.max / 1e6 < 1_500, `the event loop stood still for ${delay.max / 1e6} ms`);
});

/** What every file handle has, so that a test can stand between a write and the disk. */
async function fileHandles(): Promise<{ datasync(): Promise<void> }> {
  const handle = await open(folder);
  await handle.close();
  return Object.getPrototypeOf(handle) as { datasync(): Promise<void> };
}

const waysToWrite: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'a statement': (store) => recordCallStart(store, call),
  'a transaction': (store) => store.transaction((tx) => recordCallStart(tx, call)),
  'writes in one go': (store) =>
    store.writeAll([store.db.deleteFrom('calls').where('callId', '=', 'call-1').compile()]),
};

for (const [name, write] of Object.entries(waysToWrite)) {
  test(`${name} is done when the disk has it`, async (t) => {
    await using store = await openStore(await newPlace());
    const disk = Promise.withResolvers<void>();
    const sync = t.mock.method(await fileHandles(), 'datasync', () => disk.promise);
    let isDone = false;
    const written = write(store).then(() => (isDone = true));
    await eventually('the disk is asked', () => sync.mock.callCount() > 0);
    assert.equal(isDone, false);
    disk.resolve();
    await written;
  });

  test(`${name} that the disk has no room for is no success`, async (t) => {
    await using store = await openStore(await newPlace());
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    t.mock.method(await fileHandles(), 'datasync', () => Promise.reject(full));
    await assert.rejects(write(store), { code: 'STORE_FULL' });
  });
}

test('a lock that outlasts the wait is an error, and the store goes on after it', async () => {
  const place = await newPlace();
  await using store = await openStore({ ...place, lockWaitMs: 50 });
  {
    await using locker = startStoreProcess('lock', place, 60_000);
    await locker.next();
    await assert.rejects(recordCallStart(store, call), { code: 'STORE_BUSY' });
    const refused = store.transaction((tx) => recordCallStart(tx, call));
    await assert.rejects(refused, { code: 'STORE_BUSY' });
    // A job that starts meanwhile still gets its store.
    await using another = await openStore(place);
    assert.equal(await findCall(another, 'call-1'), undefined);
  }
  await recordCallStart(store, call);
});

test('a query on the store inside its own transaction fails in time instead of hanging', async () => {
  await using store = await openStore({ ...(await newPlace()), lockWaitMs: 50 });
  const stuck = store.transaction(() => recordCallStart(store, call));
  await assert.rejects(stuck, { code: 'STORE_BUSY' });
  await recordCallStart(store, call);
});

test('a full disk is told apart, undoes its transaction, and is over when there is space', async () => {
  await using store = await openStore(await newPlace());
  await sql`pragma max_page_count = 40`.execute(store.db);
  const phrase = {
    key: 'greeting',
    text: 'Hello.',
    provider: 'deepgram',
    model: 'aura-2',
    voice: 'thalia',
    sampleRateHz: 24_000,
    pcm: new Uint8Array(1_000_000),
    createdAtMs: 1,
  };
  await assert.rejects(savePhrase(store, phrase), { code: 'STORE_FULL' });
  const refused = store.transaction(async (tx) => {
    await recordCallStart(tx, call);
    await savePhrase(tx, phrase);
  });
  await assert.rejects(refused, { code: 'STORE_FULL' });
  assert.equal(await findCall(store, 'call-1'), undefined);
  await sql`pragma max_page_count = 10000`.execute(store.db);
  await savePhrase(store, phrase);
  assert.equal((await readPhrase(store, 'greeting'))?.pcm.length, 1_000_000);
});

test('a folder that cannot be made and a file that is no database are unavailable stores', async () => {
  const { dataDir } = await newPlace();
  await writeFile(
    path.join(dataDir, 'pickup.sqlite'),
    'not a database, but long enough '.repeat(99),
  );
  await assert.rejects(openStore({ dataDir }), { code: 'STORE_UNAVAILABLE' });
  const below = path.join(dataDir, 'pickup.sqlite', 'data');
  await assert.rejects(openStore({ dataDir: below }), { code: 'STORE_UNAVAILABLE' });
});
