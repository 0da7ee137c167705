import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { findCall, recordCallStart } from '../../../../agent/infra/store/calls.ts';
import { openStore, type Store } from '../../../../agent/infra/store/database.ts';
import { startPostgres, type TestPostgres } from '../../../harness/yard/postgres.ts';

const call = {
  callId: 'call-1',
  room: 'room',
  callerNumber: null,
  startedAtMs: 1,
  jobId: null,
  epoch: 0,
};

// Never used: with a database URL there is no file.
const dataDir = 'none';

let postgres: TestPostgres;
before(async () => (postgres = await startPostgres()));
after(() => postgres.stop());
const newPlace = async () => ({ dataDir, databaseUrl: await postgres.createDatabase() });

test('a store works again after the database was restarted, with its data', async () => {
  await using store = await openStore(await newPlace());
  await recordCallStart(store, call);
  await postgres.restart();
  // The pool may not have heard yet that its idle connection is gone.
  await findCall(store, 'call-1').catch(() => {});
  assert.equal((await findCall(store, 'call-1'))?.room, 'room');
});

test('a connection lost within a transaction fails it, and nothing else', async () => {
  const place = await newPlace();
  await using store = await openStore(place);
  await using other = await openStore(place);
  const lost = store.transaction(async (tx) => {
    await recordCallStart(tx, call);
    await dropOtherConnections(other);
    await findCall(tx, 'call-1');
  });
  await assert.rejects(lost, { code: 'STORE_UNAVAILABLE' });
  assert.equal(await findCall(store, 'call-1'), undefined);
});

test('a statement that waits too long for a lock is given up', async () => {
  const place = await newPlace();
  await using holder = await openStore(place);
  await using store = await openStore({ ...place, lockWaitMs: 500 });
  await recordCallStart(store, call);
  await holder.transaction(async (tx) => {
    await recordCallStart(tx, { ...call, epoch: 1 });
    await assert.rejects(recordCallStart(store, { ...call, epoch: 2 }), { code: 'STORE_BUSY' });
  });
  await recordCallStart(store, { ...call, epoch: 2 });
  assert.equal((await findCall(store, 'call-1'))?.epoch, 2);
});

test('a database that is away, silent or badly named is unavailable, and its password is not told', async () => {
  const silent = net.createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  assert.ok(address !== null && typeof address === 'object');
  const silentUrl = `postgres://pickup:hunter2@127.0.0.1:${address.port}/postgres`;
  const sockets: net.Socket[] = [];
  silent.on('connection', (socket) => sockets.push(socket));
  await assertUnavailable(silentUrl);
  for (const socket of sockets) socket.destroy();
  silent.close();
  await once(silent, 'close');
  await assertUnavailable(silentUrl);
  await assertUnavailable(postgres.url.replace('/postgres', '/nowhere').replace('@', ':hunter2@'));
  await assertUnavailable('postgres://pickup:hunter2@:port');
  await assertUnavailable('mysql://pickup:hunter2@127.0.0.1/pickup');
});

async function assertUnavailable(databaseUrl: string): Promise<void> {
  await assert.rejects(openStore({ dataDir, databaseUrl }), (error) => {
    assert.ok(error instanceof Error && 'code' in error);
    assert.equal(error.code, 'STORE_UNAVAILABLE');
    assert.doesNotMatch(`${error.stack} ${JSON.stringify(error.cause)}`, /hunter2/);
    return true;
  });
}

/** Ends all connections to the store's database but its own, and waits until they are gone. */
async function dropOtherConnections({ db }: Store): Promise<void> {
  await sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(db);
}
