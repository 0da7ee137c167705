import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { CallRecord } from '../../../agent/call/call-record.ts';
import { CallStore } from '../../../agent/call/persistence/call-store.ts';
import { closeCall } from '../../../agent/call/call.ts';
import { leaveAfter } from '../../../agent/call/call.ts';
import { termination } from '../../../agent/ipc/termination.ts';
import { loadConfig } from '../../../agent/config/config.ts';
import { findCall } from '../../../agent/infra/store/calls.ts';
import { openStore } from '../../../agent/infra/store/database.ts';
import { minimalEnvironment } from '../../harness/environment.ts';
import { recordedLog } from '../../harness/recorded-log.ts';

const callId = 'SCL_1';
const closeMs = 15_000;

/** What a job does when it leaves, in order. */
function leaving() {
  const { log, events } = recordedLog();
  const done: string[] = [];
  const options = {
    log,
    leaveRoom: async () => void done.push('left the room'),
    leave: async (outcome: string) => void done.push(outcome),
  };
  return { options, done, events };
}

test('a job that closes in time leaves the room, and then for good, once', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { options, done, events } = leaving();
  await leaveAfter({ outcome: 'ended', closeMs, closed: Promise.resolve() }, options);
  t.mock.timers.tick(closeMs);
  assert.deepEqual(done, ['left the room', 'ended']);
  assert.deepEqual(events(), []);
});

test('a room that cannot be left is left by force', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { options, done, events } = leaving();
  const leaveRoom = () => new Promise<void>(() => {});
  const ending = { outcome: 'yielded', closeMs, closed: Promise.resolve() } as const;
  void leaveAfter(ending, { ...options, leaveRoom });
  await setImmediate();
  t.mock.timers.tick(closeMs);
  assert.deepEqual([done, events()], [['yielded'], ['job.forced']]);
});

/** LiveKit's server API that takes requests and answers none. */
async function dumbServer(t: TestContext): Promise<{ readonly url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer(() => (asked += 1)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}`, asked: () => asked };
}

test('a close that hangs is forced, and the call is written down before', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-leaving-'));
  const store = await openStore({ dataDir });
  const { options, done, events } = leaving();
  const { log } = options;
  const voice = { provider: 'deepgram', model: 'aura-2' } as const;
  const own = openStore({ dataDir });
  const calls = new CallStore({ open: () => own, voice, log });
  t.after(async () => {
    await calls.end();
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const claim = calls.identify({ callId, jobId: 'job-1' });
  assert.equal(await claim.take(), 'ours');
  calls.recordStart({ room: 'room-1', callerNumber: null, startedAtMs: 1 });
  const server = await dumbServer(t);
  const config = loadConfig(minimalEnvironment({ LIVEKIT_URL: server.url }));
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const closed = closeCall(
    {
      roomName: 'room-1',
      config,
      store: calls,
      record: new CallRecord({ log, store: calls, prices: config.prices }),
    },
    { ending: termination('agent-goodbye'), lease: claim, media: null, isCallerGone: false },
  );
  void leaveAfter({ outcome: 'ended', closeMs: 1_500, closed }, options);
  // The caller is hung up on by ending the room, which hangs.
  while (server.asked() === 0) await setImmediate();
  assert.equal((await findCall(store, callId))?.reason, 'agent-goodbye');
  assert.deepEqual(done, []);
  t.mock.timers.tick(1_500);
  assert.deepEqual(done, ['ended']);
  assert.deepEqual(events(), ['call.ended', 'job.forced']);
  t.mock.timers.reset();
});
