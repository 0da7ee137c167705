import assert from 'node:assert/strict';
import { test } from 'node:test';
import timers from 'node:timers/promises';
import { sql } from 'kysely';
import {
  callTimeline,
  findCall,
  openCalls,
  recordCallEvent,
  recordCallStart,
} from '../../../../agent/infra/store/calls.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { migrate } from '../../../../agent/infra/store/migrate.ts';
import { migrations } from '../../../../agent/infra/store/schema.ts';
import { readSnapshot, saveSnapshot } from '../../../../agent/infra/store/snapshots.ts';
import { onBothDatabases } from './both-databases.ts';
import { startStoreProcess } from './start-store-process.ts';

const call = { room: 'room', callerNumber: null, startedAtMs: 1, jobId: null, epoch: 0 };

onBothDatabases(({ dialect, newPlace, newStore }) => {
  test('several processes can open a new store at the same time', async () => {
    const place = await newPlace();
    const said = await Promise.all(
      Array.from({ length: 5 }, async () => {
        await using opener = startStoreProcess('open', place);
        return await opener.rest();
      }),
    );
    assert.deepEqual(
      said,
      said.map(() => [dialect]),
    );
  });

  test('a store that is opened again has its data', async () => {
    const place = await newPlace();
    {
      await using store = await openStore(place);
      await recordCallStart(store, { ...call, callId: 'call-1' });
    }
    await using store = await openStore(place);
    assert.equal((await findCall(store, 'call-1'))?.room, 'room');
  });

  test('a later release adds its steps to the schema, each once', async () => {
    await using store = await newStore();
    const next = {
      version: migrations.length + 1,
      name: 'notes',
      statements: () => ['create table notes (text text not null)'],
    };
    await migrate(store.db, dialect, [...migrations, next]);
    await migrate(store.db, dialect, [...migrations, next]);
    // A release that does not know the step yet leaves it alone.
    await migrate(store.db, dialect);
    const applied = await sql<{
      version: number;
    }>`select version from schema_migrations order by version`.execute(store.db);
    assert.deepEqual(
      applied.rows.map((row) => row.version),
      [...migrations, next].map((step) => step.version),
    );
    await sql`insert into notes (text) values ('a')`.execute(store.db);
  });

  test('a step that fails leaves the schema as it was', async () => {
    await using store = await newStore();
    const broken = {
      version: migrations.length + 1,
      name: 'broken',
      statements: () => ['create table notes (text text)', 'create table notes (text text)'],
    };
    await assert.rejects(migrate(store.db, dialect, [...migrations, broken]), {
      code: 'STORE_FAILED',
    });
    await assert.rejects(sql`select text from notes`.execute(store.db), { code: 'STORE_FAILED' });
  });

  test('the steps are numbered from 1 without a gap', () => {
    assert.deepEqual(
      migrations.map((step) => step.version),
      migrations.map((_, i) => i + 1),
    );
  });

  test('a transaction that fails leaves nothing, and its error is the one thrown', async () => {
    await using store = await newStore();
    const refused = store.transaction(async (tx) => {
      await recordCallStart(tx, { ...call, callId: 'call-1' });
      throw new RangeError('refused');
    });
    await assert.rejects(refused, RangeError);
    assert.equal(await findCall(store, 'call-1'), undefined);
  });

  test('what runs beside a transaction is not undone with it', async () => {
    await using store = await newStore();
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const { promise: beside, resolve: proceed } = Promise.withResolvers<void>();
    const refused = store.transaction(async (tx) => {
      await recordCallStart(tx, { ...call, callId: 'inside' });
      enter();
      await beside;
      throw new RangeError('refused');
    });
    await entered;
    const outside = recordCallStart(store, { ...call, callId: 'outside' });
    // Time enough for a query that does not wait for the transaction.
    await timers.setImmediate();
    proceed();
    await assert.rejects(refused, RangeError);
    await outside;
    const open = await openCalls(store);
    assert.deepEqual(
      open.map(({ callId }) => callId),
      ['outside'],
    );
  });

  test('queries that are written together are all there, or none of them', async () => {
    await using store = await newStore();
    const queries = (...names: string[]) =>
      names.map((name) =>
        store.db.insertInto('snapshots').values({ name, json: '1', savedAtMs: 0 }).compile(),
      );
    await store.writeAll(queries('a', 'b'));
    await assert.rejects(store.writeAll(queries('c', 'a', 'd')), { code: 'STORE_CONFLICT' });
    // Neither a refusal nor an open transaction is in the way of the next.
    const open = store.transaction((tx) => saveSnapshot(tx, { name: 'e', json: 1, savedAtMs: 0 }));
    await Promise.all([open, store.writeAll(queries('f')), store.writeAll(queries('g'))]);
    const rows = await store.db.selectFrom('snapshots').select('name').orderBy('name').execute();
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['a', 'b', 'e', 'f', 'g'],
    );
  });

  test('transactions of one process do not overwrite each other', async () => {
    await using store = await newStore();
    const addOne = () =>
      store.transaction(async (tx) => {
        const count = Number((await readSnapshot(tx, 'count'))?.json ?? 0);
        await saveSnapshot(tx, { name: 'count', json: count + 1, savedAtMs: 0 });
      });
    await Promise.all(Array.from({ length: 10 }, addOne));
    assert.equal((await readSnapshot(store, 'count'))?.json, 10);
  });

  test('transactions of several processes do not overwrite each other', async () => {
    const place = await newPlace();
    await using store = await openStore(place);
    await Promise.all(
      Array.from({ length: 3 }, async () => {
        await using counter = startStoreProcess('count', place, 20);
        await counter.rest();
      }),
    );
    assert.equal((await readSnapshot(store, 'count'))?.json, 60);
  });

  test('what a process had written is there after it was killed, and no half of a transaction', async () => {
    const place = await newPlace();
    await using writer = startStoreProcess('write', place);
    const written = [await writer.next(), await writer.next(), await writer.next()];
    written.push(...(await writer.kill()));
    await using store = await openStore(place);
    const calls = (await openCalls(store)).map(({ callId }) => callId);
    assert.deepEqual(calls.slice(0, written.length), written);
    for (const callId of calls) assert.equal((await callTimeline(store, callId)).length, 1);
    await recordCallEvent(store, { callId: 'call-0', atMs: 1, event: 'call.ended' });
  });

  test('a row that a constraint refuses is a conflict', async () => {
    await using store = await newStore();
    const insert = () =>
      store.db.insertInto('snapshots').values({ name: 'a', json: '1', savedAtMs: 1 }).execute();
    await insert();
    await assert.rejects(insert(), { name: 'StoreError', code: 'STORE_CONFLICT' });
  });

  test('a store can be closed twice', async () => {
    await using store = await newStore();
    await store.close();
    await store.close();
    await assert.rejects(findCall(store, 'call-1'));
  });
});
