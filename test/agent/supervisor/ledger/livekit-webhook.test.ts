import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { AccessToken } from 'livekit-server-sdk';
import { serveHttp } from '../../../../agent/supervisor/http.ts';
import type { Ring } from '../../../../agent/supervisor/ledger/ledger-keeper.ts';
import { LiveKitWebhook } from '../../../../agent/supervisor/ledger/livekit-webhook.ts';

const livekit = {
  url: 'ws://127.0.0.1:7880',
  apiKey: 'key',
  apiSecret: 'a-secret-of-more-than-32-characters',
  agentName: 'pickup',
  maxCalls: 4,
  numIdleProcesses: 1,
};
const nowMs = Date.now();
const createdAt = `${Math.floor(nowMs / 1_000)}`;

function event(id: string, name: string, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    event: name,
    id,
    createdAt,
    room: { name: 'call_1' },
    participant: {
      identity: 'sip_1',
      kind: 'SIP',
      attributes: { 'sip.callID': 'SCL_1', 'sip.phoneNumber': '+15550101234' },
    },
    ...more,
  });
}

async function signature(body: string, secret = livekit.apiSecret): Promise<string> {
  const token = new AccessToken(livekit.apiKey, secret);
  token.sha256 = createHash('sha256').update(body).digest('base64');
  return token.toJwt();
}

function receiver({ isOurs = async () => true } = {}) {
  const rings: Ring[] = [];
  const left: string[] = [];
  const ledger = {
    rang: (ring: Ring) => void rings.push(ring),
    left: (callId: string) => void left.push(callId),
  };
  const options = { config: { livekit }, ledger, rooms: { isOurs }, nowMs: () => nowMs };
  const webhook = new LiveKitWebhook(options);
  const send = async (body: string) => webhook.receive(body, await signature(body));
  return { webhook, rings, left, send };
}

test('a ring and its end are taken from LiveKit, over HTTP', async () => {
  const { webhook, rings, left } = receiver();
  const readiness = () => {
    throw new Error('nobody asks');
  };
  const metrics = { contentType: 'text/plain', text: async () => '' };
  const server = await serveHttp({ port: 0, readiness, metrics, webhook });
  try {
    const post = async (body: string, authorization: string) => {
      const headers = { 'content-type': 'application/webhook+json', authorization };
      const url = `http://127.0.0.1:${server.port}/livekit/webhook`;
      return (await fetch(url, { method: 'POST', body, headers })).status;
    };
    const joined = event('1', 'participant_joined');
    assert.equal(await post(joined, await signature(joined)), 200);
    assert.equal(await post(joined, await signature(joined)), 409);
    assert.equal(await post(event('2', 'participant_joined'), await signature(joined)), 401);
    const gone = event('3', 'participant_left');
    assert.equal(await post(gone, await signature(gone, 'another-secret-of-32-characters!')), 401);
    assert.equal(await post(gone, ''), 401);
    assert.equal(await post(gone, await signature(gone)), 200);
  } finally {
    await server.close();
  }
  assert.deepEqual(
    rings.map(({ callId, room, phoneNumber }) => ({ callId, room, phoneNumber })),
    [{ callId: 'SCL_1', room: 'call_1', phoneNumber: '+15550101234' }],
  );
  assert.deepEqual(left, ['SCL_1']);
});

test('an event of long ago is refused, though its signature is good', async () => {
  const { rings, send } = receiver();
  const old = `${Math.floor((nowMs - 600_000) / 1_000)}`;
  assert.equal(await send(event('1', 'participant_joined', { createdAt: old })), 409);
  assert.deepEqual(rings, []);
});

test('participants who are no callers, and rooms that are not ours, are none of the ledger', async () => {
  const { rings, send } = receiver({ isOurs: async () => false });
  assert.equal(await send(event('1', 'participant_joined')), 200);
  const agent = { participant: { identity: 'agent-1', kind: 'AGENT' } };
  assert.equal(await send(event('2', 'participant_left', agent)), 200);
  assert.equal(await send(event('3', 'room_finished')), 200);
  assert.deepEqual(rings, []);
});

test('an event that could not be looked into may be sent again', async () => {
  let isAway = true;
  const { rings, send } = receiver({
    isOurs: async () => {
      if (isAway) throw new Error('LiveKit is away');
      return true;
    },
  });
  const joined = event('1', 'participant_joined');
  assert.equal(await send(joined), 503);
  isAway = false;
  assert.equal(await send(joined), 200);
  assert.equal(rings.length, 1);
});
