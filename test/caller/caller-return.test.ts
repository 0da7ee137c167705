import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { dispose } from '@livekit/rtc-node';
import { eventually } from '../eventually.ts';
import { startLivekitServer } from '../stack/livekit-server.ts';
import { BareAgent, tone } from './bare-agent.ts';
import { SAMPLE_RATE } from './call-events.ts';
import { placeCall } from './caller.ts';

after(() => dispose());

test('a caller is back after a restart of the server, with its track published anew', async (t) => {
  const server = await startLivekitServer({ relay: false });
  t.after(() => server.stop());
  const { url, httpUrl, apiKey, apiSecret } = server;
  const keys = { url, httpUrl, apiKey, apiSecret };
  const render = async () => tone({ hz: 300, at: 0, count: SAMPLE_RATE * 0.6 });
  await using call = await placeCall({ ...keys, agentName: null, recordTo: null, render });
  await using agent = await BareAgent.join({ ...keys, room: call.room, identity: 'agent-AJ_one' });
  await agent.publish();
  const { remoteParticipants } = agent.room;
  const isPublished = () =>
    [...remoteParticipants.values()].some((caller) => caller.trackPublications.size === 1);
  await eventually('the caller publishes', isPublished);
  await call.waitFor('answered');
  await server.restart();
  await call.waitFor('republished');
  await call.waitFor('reconnected');
  const types = call.events.map(({ type }) => type);
  assert.ok(types.indexOf('reconnecting') < types.indexOf('republished'));
  assert.equal(types.includes('ended'), false);
});
