import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { loadConfig } from '../../../agent/config/config.ts';
import { endRoom, liveKitAnswers, liveKitLists } from '../../../agent/livekit/room-service.ts';
import { listenOnLoopback } from '../../harness/emulators/loopback-server.ts';
import { minimalEnvironment } from '../../harness/environment.ts';

async function serverThat(t: TestContext, onRequest: RequestListener) {
  const { port, close } = await listenOnLoopback(createServer(onRequest));
  t.after(close);
  return loadConfig(minimalEnvironment({ LIVEKIT_URL: `ws://127.0.0.1:${port}` }));
}

test('a server that answers is there, though it refuses', async (t) => {
  const config = await serverThat(t, (_request, response) => {
    response.writeHead(401, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ code: 'unauthenticated', msg: 'no' }));
  });
  assert.equal(await liveKitAnswers(config), true);
});

test('a server that takes requests and answers none is away', async (t) => {
  const config = await serverThat(t, () => {
    // It hangs.
  });
  assert.equal(await liveKitAnswers(config), false);
});

for (const { what, isThere, participants } of [
  { what: 'listed', isThere: true, participants: [{ identity: 'sip_1' }, { identity: 'agent-1' }] },
  { what: 'not listed', isThere: false, participants: [{ identity: 'agent-1' }] },
  {
    what: 'listed after the hang-up',
    isThere: false,
    participants: [{ identity: 'sip_1', attributes: { 'sip.callStatus': 'hangup' } }],
  },
]) {
  test(`a caller who is ${what} ${isThere ? 'is' : 'is not'} in the room`, async (t) => {
    const config = await serverThat(t, (_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ participants }));
    });
    assert.equal(await liveKitLists(config, { room: 'call_1', identity: 'sip_1' }), isThere);
  });
}

test('in a room that is not there, there is no caller', async (t) => {
  const config = await serverThat(t, (_request, response) => {
    response.writeHead(404, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ code: 'not_found', msg: 'no' }));
  });
  assert.equal(await liveKitLists(config, { room: 'call_1', identity: 'sip_1' }), false);
});

/** LiveKit's HTTP side, which answers with these statuses in turn; the last one stays. */
async function livekit(t: TestContext, ...statuses: readonly number[]) {
  let asked = 0;
  const config = await serverThat(t, (_request, response) => {
    const status = statuses[Math.min(asked, statuses.length - 1)] ?? 200;
    asked += 1;
    const error = { code: status === 404 ? 'not_found' : 'internal', msg: 'as told' };
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? {} : error));
  });
  return { config, asked: () => asked };
}

test('a room is deleted, and tried again when LiveKit stumbles', async (t) => {
  const { config, asked } = await livekit(t, 500, 200);
  await endRoom(config, 'room-1');
  assert.ok(asked() >= 2);
});

test('a room that is gone already is as good', async (t) => {
  const { config, asked } = await livekit(t, 404);
  await endRoom(config, 'room-1');
  assert.equal(asked(), 1);
});

test('a room that cannot be deleted is given up, and said to be there', async (t) => {
  const { config } = await livekit(t, 500);
  await assert.rejects(endRoom(config, 'room-1'), /as told/);
});
