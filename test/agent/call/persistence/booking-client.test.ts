import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BookingClient } from '../../../../agent/call/persistence/booking-client.ts';
import { CallStore } from '../../../../agent/call/persistence/call-store.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { exampleInventory, requestForToday } from '../../../tools/sheet/write/writer-rig.ts';

const callId = 'SCL_1';

test('a job that lost its call books nothing, cancels nothing and takes no message', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-call-bookings-'));
  const store = await openStore({ dataDir });
  t.after(async () => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const { log } = recordedLog();
  const voice = { provider: 'deepgram', model: 'aura-2' } as const;
  const jobOf = (jobId: string) => {
    const own = openStore({ dataDir });
    const calls = new CallStore({ open: () => own, voice, log });
    t.after(() => calls.end());
    const bookings = new BookingClient({
      callId: () => callId,
      store: async () => store,
      inventory: async () => exampleInventory,
      isLost: () => calls.isLost(),
      send: () => true,
      log,
    });
    return { bookings, claim: calls.identify({ callId, jobId }) };
  };
  const request = requestForToday();
  const message = { customer: null, phone: null, text: 'Call back.' };
  const old = jobOf('old');
  const fresh = jobOf('fresh');
  assert.equal(await old.claim.take(), 'ours');
  assert.equal(await fresh.claim.take('old'), 'ours');
  await assert.rejects(old.bookings.commit(request), /another job/);
  await assert.rejects(old.bookings.takeMessage(message), /another job/);
  assert.deepEqual(await store.db.selectFrom('bookings').selectAll().execute(), []);
  assert.deepEqual(await store.db.selectFrom('messages').selectAll().execute(), []);
  const made = await fresh.bookings.commit(request);
  assert.ok(made.kind === 'committed');
  await assert.rejects(old.bookings.cancel(made.bookings[0]?.bookingId ?? ''), /another job/);
  const [found] = await fresh.bookings.find({ code: made.bookings[0]?.bookingId ?? '' });
  assert.equal(found?.state, 'pending');
});
