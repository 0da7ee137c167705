import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ServerMessage } from '@livekit/protocol';
import { WebSocket } from 'ws';
import { openLinkGate } from '../../../../agent/worker/link/gate.ts';
import type { LinkGate } from '../../../../agent/worker/link/gate.ts';
import { LiveKitLink } from '../../../../agent/worker/link/link.ts';
import { eventually } from '../../../harness/eventually.ts';
import { freeTcpPort } from '../../../harness/yard/free-port.ts';
import { assignment, LiveKitDouble, namesOf, register, updateWorker } from './livekit-double.ts';

let livekit: LiveKitDouble;
let link: LiveKitLink;
let gate: LinkGate;

beforeEach(async () => {
  livekit = await LiveKitDouble.start(await freeTcpPort());
  link = new LiveKitLink({
    livekit: {
      url: `ws://127.0.0.1:${livekit.port}`,
      apiKey: 'key',
      apiSecret: 'a-secret-of-a-server-that-is-not-there',
      agentName: 'pickup',
      maxCalls: 8,
      numIdleProcesses: 4,
    },
    settings: {
      reconnectEnabled: true,
      initialMs: 10,
      multiplier: 1,
      maxMs: 20,
      maxAttempts: 0,
      pingMs: 60_000,
    },
    onChange: () => {},
  });
  gate = await openLinkGate(link);
});
afterEach(async () => {
  await gate.close();
  await livekit.close();
});

/** Connects, and registers, as the framework does. */
async function framework() {
  const socket = new WebSocket(`${gate.url}agent`);
  const heard: ServerMessage[] = [];
  socket.on('message', (data: Buffer) => heard.push(ServerMessage.fromBinary(data)));
  await eventually('open', () => socket.readyState === WebSocket.OPEN);
  socket.send(register.toBinary());
  return { socket, heard };
}

test('the framework registers through it, and gets what the server sends', async () => {
  const { socket, heard } = await framework();
  await eventually('registration', () => heard.length === 1);
  socket.send(updateWorker(0.5).toBinary());
  livekit.send(assignment('AJ_1', 'wss://elsewhere.example'));
  await eventually('messages', () => heard.length === 2 && livekit.last?.said.length === 2);
  assert.deepEqual(livekit.last?.said, [register, updateWorker(0.5)]);
  assert.deepEqual(namesOf(heard), ['register', 'assignment']);
});

test('the framework notices nothing of a server that goes away and comes back', async () => {
  const { socket, heard } = await framework();
  await eventually('registration', () => heard.length === 1);
  const { port } = livekit;
  await livekit.close();
  await eventually('loss', () => link.state === 'connecting');
  livekit = await LiveKitDouble.start(port);
  await eventually('registration', () => link.state === 'registered');
  assert.deepEqual(livekit.last?.said, [register]);
  livekit.send(assignment('AJ_1'));
  await eventually('assignment', () => heard.at(-1)?.message.case === 'assignment');
  assert.equal(socket.readyState, WebSocket.OPEN);
});

test('the framework can come before the server', async () => {
  const { port } = livekit;
  await livekit.close();
  const { heard } = await framework();
  await eventually('failure', () => link.detail === 'ECONNREFUSED');
  livekit = await LiveKitDouble.start(port);
  await eventually('registration', () => heard.length === 1);
});

test('leaves LiveKit with the framework, and comes back with it', async () => {
  const { socket } = await framework();
  await eventually('registration', () => link.state === 'registered');
  const { last } = livekit;
  socket.terminate();
  await eventually('leaving', () => last?.socket.readyState === WebSocket.CLOSED);
  assert.equal(link.state, 'connecting');
  await framework();
  await eventually('registration', () => link.state === 'registered');
  assert.equal(livekit.connections.length, 2);
});

test('lets nobody else in', async () => {
  const { port } = new URL(gate.url);
  const stranger = new WebSocket(`ws://127.0.0.1:${port}/agent`);
  stranger.on('error', () => {});
  await eventually('refusal', () => stranger.readyState === WebSocket.CLOSED);
  assert.equal(livekit.upgrades, 0);
});
