import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  readCallState,
  saveCallState,
  findCall,
  recordCallClose,
  recordCallStart,
} from '../../../../agent/infra/store/calls.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import type { Store } from '../../../../agent/infra/store/database.ts';
import { recordAbandonedCall } from '../../../../agent/supervisor/guardian/abandoned-calls.ts';
import type { AbandonedCall } from '../../../../agent/supervisor/guardian/abandoned-calls.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';

const lost: AbandonedCall = {
  room: 'call_1',
  callId: 'SCL_1',
  phoneNumber: '+15550111',
  firstSeenAtMs: Date.UTC(2026, 0, 1),
  attempts: 4,
  reason: 'crash',
  wasAnswered: true,
  isCallerThere: true,
};

let folder: string;
let store: Store;
let recorded: ReturnType<typeof recordedLog>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickup-lost-'));
  store = await openStore({ databaseUrl: null, dataDir: folder });
  recorded = recordedLog();
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const messages = () => store.db.selectFrom('messages').selectAll().execute();

test('an answered call that is lost is written down once, with a note to call back', async () => {
  await saveCallState(store, { callId: lost.callId, epoch: 1, json: '{}' });
  await recordAbandonedCall(store, recorded.log, lost);
  await recordAbandonedCall(store, recorded.log, lost);
  const call = await findCall(store, lost.callId);
  assert.partialDeepStrictEqual(call, { result: 'failed', reason: 'crash', endedBy: null });
  assert.partialDeepStrictEqual(await messages(), [{ callId: 'SCL_1', phone: '+15550111' }]);
  assert.equal((await messages()).length, 1);
  assert.equal(await readCallState(store, lost.callId), undefined);
  assert.deepEqual(recorded.events(), ['call.ended', 'call.closed']);
});

for (const { what, call } of [
  { what: 'was never answered', call: { ...lost, wasAnswered: false } },
  { what: 'ended as it should', call: { ...lost, reason: 'cancelled-while-ringing' as const } },
]) {
  test(`nobody is called back whose call ${what}`, async () => {
    await recordAbandonedCall(store, recorded.log, { ...call, isCallerThere: false });
    assert.deepEqual(await messages(), []);
    assert.equal((await findCall(store, lost.callId))?.endedBy, 'caller');
  });
}

test('what a job has written stands', async () => {
  const { callId, room, firstSeenAtMs: startedAtMs } = lost;
  const callerNumber = null;
  await recordCallStart(store, { callId, room, callerNumber, startedAtMs, jobId: 'A', epoch: 1 });
  await recordCallClose(store, {
    callId,
    result: 'completed',
    reason: 'agent-goodbye',
    endedBy: 'agent',
    endedAtMs: startedAtMs + 1,
    turns: 3,
    summary: {},
  });
  await recordAbandonedCall(store, recorded.log, lost);
  assert.equal((await findCall(store, callId))?.reason, 'agent-goodbye');
  assert.deepEqual([await messages(), recorded.events()], [[], []]);
});

test('a call that cannot be written down is still told in the log', async () => {
  await store.close();
  await recordAbandonedCall(store, recorded.log, lost);
  assert.deepEqual(recorded.events(), ['store.failed', 'call.ended', 'call.closed']);
});
