import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import {
  AccessToken,
  RoomAgentDispatch,
  RoomConfiguration,
  ServerError,
  SipCallError,
  SipClient,
  SIPInboundTrunkInfo,
} from 'livekit-server-sdk';
import { WebSocket, WebSocketServer } from 'ws';
import { startSipFront } from './livekit-sip.ts';
import { listenOnLoopback } from './loopback-server.ts';

const apiKey = 'devkey';
const apiSecret = 'a-secret-of-thirty-two-characters';

/** A server that knows one caller, says what it was asked, and echoes over WebSocket. */
async function startUpstream(t: TestContext) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${body}`);
      response.setHeader('Content-Type', 'application/json');
      if (!request.url?.endsWith('/GetParticipant')) {
        response.setHeader('X-Upstream', 'yes').end(JSON.stringify({ rooms: [] }));
      } else if (body.includes('nobody')) {
        response.writeHead(404).end(JSON.stringify({ code: 'not_found', msg: 'no participant' }));
      } else {
        const attributes = body.includes('browser') ? {} : { 'sip.callID': 'SCL_1' };
        response.end(JSON.stringify({ sid: 'PA_1', identity: 'caller', attributes }));
      }
    });
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, request) => {
    socket.send(`${request.url} ${request.headers.authorization}`);
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const listening = await listenOnLoopback(server);
  t.after(() => listening.close());
  return { asked, sockets, close: () => listening.close(), port: listening.port };
}

async function startFront(t: TestContext) {
  const upstream = await startUpstream(t);
  const front = await startSipFront({
    upstreamUrl: `ws://127.0.0.1:${upstream.port}`,
    apiKey,
    apiSecret,
  });
  t.after(() => front.close());
  const sip = new SipClient(front.url, apiKey, apiSecret);
  return { upstream, front, sip };
}

async function refusal(request: Promise<unknown>): Promise<ServerError> {
  const error = await request.then(
    () => assert.fail('the request was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ServerError, String(error));
  return error;
}

test('creates, lists, updates and deletes inbound trunks', async (t) => {
  const { front, sip } = await startFront(t);
  const created = await sip.createSipInboundTrunk('main', ['+15550100'], {
    krispEnabled: true,
    ringingTimeout: 30,
    headersToAttributes: { 'X-Call_id': 'carrier.call_id' },
  });
  assert.match(created.sipTrunkId, /^ST_\w+$/);
  assert.deepEqual(created.headersToAttributes, { 'X-Call_id': 'carrier.call_id' });
  assert.equal(created.ringingTimeout?.seconds, 30n);
  const id = created.sipTrunkId;

  await sip.updateSipInboundTrunkFields(id, { name: 'renamed' });
  assert.equal(front.trunks.get(id)?.name, 'renamed');
  assert.deepEqual(front.trunks.get(id)?.numbers, ['+15550100']);
  const replaced = new SIPInboundTrunkInfo({ name: 'new', numbers: ['+15550101'] });
  await sip.updateSipInboundTrunk(id, replaced);

  const [listed] = await sip.listSipInboundTrunk({ numbers: ['1 (555) 0101'] });
  assert.equal(listed?.sipTrunkId, id);
  assert.deepEqual(await sip.listSipInboundTrunk({ numbers: ['+15550100'] }), []);
  await sip.deleteSipTrunk(id);
  assert.deepEqual(await sip.listSipInboundTrunk(), []);
});

test('a second trunk for the same number is refused as the server does', async (t) => {
  const { sip } = await startFront(t);
  const first = await sip.createSipInboundTrunk('main', ['+15550100']);
  const error = await refusal(sip.createSipInboundTrunk('again', ['1 555-0100']));
  assert.equal(error.status, 400);
  assert.equal(error.code, 'invalid_argument');
  assert.equal(
    error.message,
    `Conflicting inbound SIP Trunks: "<new>" and "${first.sipTrunkId}", ` +
      'using the same number(s) ["1 555-0100"] without AllowedNumbers set',
  );
  await sip.createSipInboundTrunk('for one caller', ['+15550100'], {
    allowedNumbers: ['+15550199'],
  });
  const other = await sip.createSipInboundTrunk('other', ['+15550102']);
  const moved = new SIPInboundTrunkInfo({ numbers: ['+15550100'] });
  assert.equal((await refusal(sip.updateSipInboundTrunk(other.sipTrunkId, moved))).status, 400);
});

test('a trunk that anybody could use is refused', async (t) => {
  const { sip } = await startFront(t);
  const error = await refusal(sip.createSipInboundTrunk('open', []));
  assert.match(error.message, /^for security, one of the fields must be set/);
  await sip.createSipInboundTrunk('by address', [], { allowedAddresses: ['192.0.2.0/24'] });
});

test('a dispatch rule keeps its agent, and a second one for the same calls is refused', async (t) => {
  const { front, sip } = await startFront(t);
  const roomConfig = new RoomConfiguration({
    emptyTimeout: 60,
    agents: [new RoomAgentDispatch({ agentName: 'pickup', metadata: '{"tenant_id":1}' })],
  });
  const rule = await sip.createSipDispatchRule(
    { type: 'individual', roomPrefix: 'call' },
    { name: 'agent', trunkIds: ['ST_1'], hidePhoneNumber: true, roomConfig },
  );
  assert.match(rule.sipDispatchRuleId, /^SDR_\w+$/);
  assert.equal(rule.roomConfig?.agents[0]?.agentName, 'pickup');
  assert.equal(rule.roomConfig?.agents[0]?.metadata, '{"tenant_id":1}');

  const error = await refusal(
    sip.createSipDispatchRule({ type: 'direct', roomName: 'lobby' }, { trunkIds: ['ST_1'] }),
  );
  assert.equal(error.code, 'invalid_argument');
  assert.match(error.message, /already exists in dispatch rule "SDR_\w+" "agent"$/);
  await sip.createSipDispatchRule(
    { type: 'direct', roomName: 'lobby', pin: '1234' },
    { trunkIds: ['ST_1'] },
  );

  await sip.updateSipDispatchRuleFields(rule.sipDispatchRuleId, { metadata: 'changed' });
  assert.equal(front.rules.get(rule.sipDispatchRuleId)?.metadata, 'changed');
  assert.equal(front.rules.get(rule.sipDispatchRuleId)?.roomConfig?.agents.length, 1);
  const [listed] = await sip.listSipDispatchRule({ dispatchRuleIds: [rule.sipDispatchRuleId] });
  assert.equal(listed?.rule?.rule.case, 'dispatchRuleIndividual');
  await sip.deleteSipDispatchRule(rule.sipDispatchRuleId);
  assert.equal((await refusal(sip.deleteSipDispatchRule(rule.sipDispatchRuleId))).status, 404);
});

async function token(grants: { admin?: boolean }, secret = apiSecret, ttl = '1m') {
  const accessToken = new AccessToken(apiKey, secret, { ttl });
  accessToken.addSIPGrant(grants);
  return accessToken.toJwt();
}

test('only a valid token with the grant for it gets anything', async (t) => {
  const { front } = await startFront(t);
  const list = async (bearer: string) =>
    refusal(
      new SipClient(front.url, undefined, undefined, { token: bearer }).listSipInboundTrunk(),
    );
  const forged = await list(await token({ admin: true }, 'another-secret-of-thirty-two-chars'));
  assert.equal(forged.status, 401);
  assert.match(forged.message, /^invalid token: /);
  assert.equal((await list(await token({ admin: true }, apiSecret, '-1m'))).status, 401);
  const powerless = await list(await token({ admin: false }));
  assert.equal(powerless.code, 'unauthenticated');
  assert.equal(powerless.message, 'permissions denied');
});

test('unknown fields, broken JSON, methods and content types are refused', async (t) => {
  const { front } = await startFront(t);
  const post = async (method: string, body: string, contentType = 'application/json') => {
    const response = await fetch(`${front.url}/twirp/livekit.SIP/${method}`, {
      method: 'POST',
      headers: {
        'Content-Type': contentType,
        Authorization: `Bearer ${await token({ admin: true })}`,
      },
      body,
    });
    const text = await response.text();
    return `${response.status} ${/"code":"(\w+)"/.exec(text)?.[1]}`;
  };
  assert.equal(await post('ListSIPInboundTrunk', '{}'), '200 undefined');
  assert.equal(await post('ListSIPInboundTrunk', '{"colour":"red"}'), '400 malformed');
  assert.equal(await post('ListSIPInboundTrunk', '{'), '400 malformed');
  const misspelt = '{"trunk":{"name":"x","number":["+15550100"]}}';
  assert.equal(await post('CreateSIPInboundTrunk', misspelt), '400 malformed');
  assert.equal(await post('CreateSIPInboundTrunk', '{}'), '400 invalid_argument');
  assert.equal(await post('MakeCoffee', '{}'), '501 unimplemented');
  assert.equal(await post('ListSIPInboundTrunk', '', 'application/protobuf'), '404 bad_route');
});

test('answers in snake case with every field, as the Go server writes JSON', async (t) => {
  const { front, sip } = await startFront(t);
  await sip.createSipInboundTrunk('main', ['+15550100']);
  const response = await fetch(`${front.url}/twirp/livekit.SIP/ListSIPInboundTrunk`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Authorization: `Bearer ${await token({ admin: true })}`,
    },
    body: '{}',
  });
  const text = await response.text();
  assert.match(text, /"sip_trunk_id":"ST_/);
  assert.match(text, /"allowed_addresses":\[\]/);
});

test('a transfer that is taken resolves, and the gateway lets the caller go', async (t) => {
  const { front, sip } = await startFront(t);
  const gone: string[] = [];
  front.transfers.onAccepted = ({ identity }) => void gone.push(identity);
  await sip.transferSipParticipant('call_1', 'caller', 'sip:desk@example.com', {
    playDialtone: true,
    ringingTimeout: 20,
  });
  assert.deepEqual(gone, ['caller']);
  assert.deepEqual(front.transfers.log, [
    {
      room: 'call_1',
      identity: 'caller',
      callId: 'SCL_1',
      transferTo: '<sip:desk@example.com>',
      playDialtone: true,
      ringingTimeoutMs: 20_000,
    },
  ]);
});

test('a transfer that is refused carries the SIP status', async (t) => {
  const { front, sip } = await startFront(t);
  front.transfers.outcome = { do: 'refuse', sipStatus: 486, sipReason: 'Busy Here' };
  const error = await refusal(sip.transferSipParticipant('call_1', 'caller', 'tel:+15550100'));
  assert.ok(error instanceof SipCallError);
  assert.equal(error.sipStatusCode, 486);
  assert.equal(error.sipStatus, 'Busy Here');
  assert.equal(error.code, 'resource_exhausted');
});

test('a transfer that nobody answers ends with the ringing timeout', async (t) => {
  const { front, sip } = await startFront(t);
  front.transfers.outcome = { do: 'unanswered' };
  const error = await refusal(
    sip.transferSipParticipant('call_1', 'caller', 'tel:+15550100', { ringingTimeout: 1 }),
  );
  assert.equal(error.code, 'deadline_exceeded');
});

test('a transfer to nowhere, of nobody, or of someone without a telephone is refused', async (t) => {
  const { sip, front } = await startFront(t);
  const attempt = async (identity: string, to: string) =>
    (await refusal(sip.transferSipParticipant('call_1', identity, to))).code;
  assert.equal(await attempt('caller', '+15550100'), 'invalid_argument');
  assert.equal(await attempt('nobody', 'tel:+15550100'), 'not_found');
  assert.equal(await attempt('browser', 'tel:+15550100'), 'invalid_argument');
  assert.deepEqual(front.transfers.log, []);
});

test('fails on demand', async (t) => {
  const { front, sip } = await startFront(t);
  front.faults.next('CreateSIPInboundTrunk', { do: 'refuse', status: 503 });
  assert.equal((await refusal(sip.createSipInboundTrunk('main', ['+15550100']))).status, 503);
  front.faults.next('CreateSIPInboundTrunk', { do: 'drop', applied: true });
  await assert.rejects(sip.createSipInboundTrunk('main', ['+15550100']));
  assert.equal(front.trunks.size, 1);
});

test('all other requests reach the server behind it as they are', async (t) => {
  const { front, upstream } = await startFront(t);
  const response = await fetch(`${front.url}/twirp/livekit.RoomService/ListRooms?a=b`, {
    method: 'POST',
    body: '{"names":["call_1"]}',
  });
  assert.equal(response.headers.get('x-upstream'), 'yes');
  assert.deepEqual(await response.json(), { rooms: [] });
  assert.deepEqual(upstream.asked, [
    'POST /twirp/livekit.RoomService/ListRooms?a=b {"names":["call_1"]}',
  ]);
});

test('a WebSocket is passed on with its headers, both ways, and its end as well', async (t) => {
  const { front, upstream } = await startFront(t);
  const socket = new WebSocket(`${front.wsUrl}/agent?x=1`, {
    headers: { Authorization: 'Bearer t' },
  });
  const messages: string[] = [];
  const received = Promise.withResolvers<void>();
  socket.binaryType = 'nodebuffer';
  socket.on('message', (data, isBinary) => {
    const text = Buffer.isBuffer(data) ? data.toString() : '';
    messages.push(`${isBinary ? 'binary ' : ''}${text}`);
    if (messages.length === 3) received.resolve();
  });
  socket.on('open', () => {
    socket.send('hello');
    socket.send(Buffer.from('bytes'));
  });
  await received.promise;
  assert.deepEqual(messages, ['/agent?x=1 Bearer t', 'hello', 'binary bytes']);
  const closed = closedBy(socket);
  for (const client of upstream.sockets.clients) client.close(4001);
  assert.equal(await closed, 4001);
});

function closedBy(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve));
}

test('a WebSocket is cut when its other side vanishes', async (t) => {
  const { front, upstream } = await startFront(t);
  const open = async () => {
    const socket = new WebSocket(`${front.wsUrl}/rtc`);
    await new Promise((resolve) => socket.once('message', resolve));
    return socket;
  };
  const first = closedBy(await open());
  for (const client of upstream.sockets.clients) client.terminate();
  assert.equal(await first, 1006);

  const caller = await open();
  const [atServer] = upstream.sockets.clients;
  assert.ok(atServer);
  const gone = closedBy(atServer);
  caller.terminate();
  assert.equal(await gone, 1006);

  const last = closedBy(await open());
  await front.close();
  assert.equal(await last, 1006);
});

test('a server that is away is a bad gateway', async (t) => {
  const { front, upstream } = await startFront(t);
  await upstream.close();
  assert.equal((await fetch(`${front.url}/`)).status, 502);
  const socket = new WebSocket(`${front.wsUrl}/rtc`);
  await assert.rejects(
    new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject)),
  );
});
