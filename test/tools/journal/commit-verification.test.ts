import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { openStore, type Store } from '../../../agent/infra/store/database.ts';
import { StoreError, type StoreErrorCode } from '../../../agent/infra/store/store-error.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { cancelBooking, takeMessage } from '../../../tools/journal/journal.ts';
import { onBothDatabases } from '../../agent/infra/store/both-databases.ts';
import { clock, request } from './example-booking.ts';

const today = '2026-11-22';
const message = { customer: 'Jordan Sample', phone: '+15550142', text: 'Please call back.' };

/** All that the tools write, on a store; the booking that is cancelled is there before. */
const writes = {
  booking: (store: Store) => commitBooking(store, { callId: 'call-1', request: request(), clock }),
  cancelling: (store: Store, code: string) => cancelBooking(store, { code, today, clock }),
  message: (store: Store) => takeMessage(store, { callId: 'call-1', message, clock }),
};

async function bookedBefore(store: Store): Promise<string> {
  const other = request({ itemId: 'EX-2' });
  const made = await commitBooking(store, { callId: 'call-0', request: other, clock });
  return made.kind === 'committed' ? (made.bookings[0]?.bookingId ?? '') : assert.fail('refused');
}

/** A store whose next write fails, after it was done or instead; then it may be away for good. */
function failing(
  store: Store,
  how: { readonly code: StoreErrorCode; readonly applies: boolean; readonly thenAway?: boolean },
): Store {
  const failure = new StoreError(how.code, 'the reply was lost');
  let hasFailed = false;
  const fail = async <T>(write: () => Promise<T>): Promise<T> => {
    if (hasFailed) return write();
    if (how.applies) await write();
    hasFailed = true;
    throw failure;
  };
  return {
    ...store,
    get db() {
      if (hasFailed && how.thenAway) throw failure;
      return store.db;
    },
    writeAll: (queries) => fail(() => store.writeAll(queries)),
    transaction: (work) => fail(() => store.transaction(work)),
  };
}

async function counts({ db }: Store) {
  const [bookings, messages, outbox] = await Promise.all([
    db.selectFrom('bookings').select('state').where('callId', '=', 'call-1').execute(),
    db.selectFrom('messages').select('code').execute(),
    db.selectFrom('outbox').select('ref').execute(),
  ]);
  return { bookings: bookings.length, messages: messages.length, outbox: outbox.length };
}

onBothDatabases(({ dialect, newStore, newPlace }) => {
  for (const [what, write] of Object.entries(writes)) {
    test(`${what}: a write whose reply was lost was done, once`, async () => {
      await using store = await newStore();
      const code = await bookedBefore(store);
      const lost = failing(store, { code: 'STORE_UNAVAILABLE', applies: true });
      const done = await write(lost, code);
      const after = await counts(store);
      const again = await write(store, code);
      assert.partialDeepStrictEqual(again, what === 'booking' ? { kind: 'committed' } : done);
      assert.deepEqual(await counts(store), after);
      assert.equal(after.outbox, 2);
    });

    test(`${what}: what cannot be looked up is unsure, and doing it again settles it`, async () => {
      await using store = await newStore();
      const code = await bookedBefore(store);
      const away = { code: 'STORE_UNAVAILABLE', applies: true, thenAway: true } as const;
      await assert.rejects(write(failing(store, away), code), { code: 'WRITE_UNSURE' });
      const after = await counts(store);
      await write(store, code);
      assert.deepEqual(await counts(store), after);
    });

    test(`${what}: what was refused was not done`, async () => {
      await using store = await newStore();
      const code = await bookedBefore(store);
      const full = failing(store, { code: 'STORE_FULL', applies: false });
      await assert.rejects(write(full, code), { code: 'STORE_FULL' });
      // Postgres may still be at it: without an answer its absence shows nothing.
      const silent = failing(store, { code: 'STORE_UNAVAILABLE', applies: false });
      const expected = dialect === 'sqlite' ? 'STORE_UNAVAILABLE' : 'WRITE_UNSURE';
      await assert.rejects(write(silent, code), { code: expected });
      assert.deepEqual(await counts(store), { bookings: 0, messages: 0, outbox: 1 });
    });
  }

  test('a message is kept once, also by two at the same time; with another number it is another', async () => {
    await using store = await newStore();
    const taken = await Promise.all([writes.message(store), writes.message(store)]);
    assert.deepEqual(taken[0], taken[1]);
    const other = { ...message, phone: '+15550143' };
    await takeMessage(store, { callId: 'call-1', message: other, clock });
    await takeMessage(store, { callId: 'call-2', message, clock });
    assert.equal((await counts(store)).messages, 3);
  });

  if (dialect === 'sqlite') {
    for (const [what, write] of Object.entries(writes)) {
      test(`${what}: a commit that could not be synced counts once a checkpoint has it`, async (t) => {
        const place = await newPlace();
        await using store = await openStore(place);
        const code = await bookedBefore(store);
        // Nothing can be checkpointed past what this one reads.
        const reader = new DatabaseSync(path.join(place.dataDir, 'pickup.sqlite'));
        reader.exec('begin; select count(*) from bookings');
        await diskFails(t, place.dataDir);
        await assert.rejects(write(store, code), { code: 'WRITE_UNSURE' });
        await assert.rejects(write(store, code), { code: 'WRITE_UNSURE' });
        reader.close();
        const after = await counts(store);
        await write(store, code);
        assert.deepEqual(await counts(store), after);
      });
    }
  }
});

/** No sync of the write-ahead log succeeds from here on. */
async function diskFails(t: TestContext, folder: string): Promise<void> {
  const handle = await open(folder);
  await handle.close();
  const handles = Object.getPrototypeOf(handle) as { datasync(): Promise<void> };
  const broken = Object.assign(new Error('input/output error'), { code: 'EIO' });
  t.mock.method(handles, 'datasync', () => Promise.reject(broken));
}
