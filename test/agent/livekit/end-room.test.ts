import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { endRoom } from '../../../agent/call/end-room.ts';
import { loadConfig } from '../../../agent/config/config.ts';
import { listenOnLoopback } from '../../harness/emulators/loopback-server.ts';
import { minimalEnvironment } from '../../harness/environment.ts';

/** LiveKit's HTTP side, which answers with these statuses in turn; the last one stays. */
async function livekit(t: TestContext, ...statuses: readonly number[]) {
  let asked = 0;
  const server = createServer((_request, response) => {
    const status = statuses[Math.min(asked, statuses.length - 1)] ?? 200;
    asked += 1;
    const error = { code: status === 404 ? 'not_found' : 'internal', msg: 'as told' };
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(status === 200 ? {} : error));
  });
  const { port, close } = await listenOnLoopback(server);
  t.after(close);
  const config = loadConfig(minimalEnvironment({ LIVEKIT_URL: `ws://127.0.0.1:${port}` }));
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
