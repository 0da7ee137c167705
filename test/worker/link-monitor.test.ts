import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { LinkMonitor } from '../../agent/worker/link-monitor.ts';
import { eventually } from '../eventually.ts';
import { listenOnLoopback } from '../emulators/loopback-server.ts';
import type { LoopbackServer } from '../emulators/loopback-server.ts';
import { freeTcpPort } from '../stack/free-port.ts';

const http = createServer((_request, response) => response.end());
const sockets = new WebSocketServer({ noServer: true });
/** The status with which an upgrade is refused; null accepts it. */
let refuseWith: number | null;
let server: LoopbackServer;
let changes: string[];
let monitor: LinkMonitor;

before(async () => {
  http.on('upgrade', (request, socket, head) => {
    if (refuseWith === null) sockets.handleUpgrade(request, socket, head, () => {});
    else socket.end(`HTTP/1.1 ${refuseWith} Refused\r\nContent-Length: 0\r\n\r\n`);
  });
  server = await listenOnLoopback(http);
});
after(() => server.close());
beforeEach(() => {
  refuseWith = null;
  watch(server.port);
});
afterEach(() => {
  monitor.stop();
  for (const client of sockets.clients) client.terminate();
});

function watch(port: number): void {
  changes = [];
  monitor = new LinkMonitor(`ws://127.0.0.1:${port}`, (state, detail) =>
    changes.push(`${state} ${detail}`),
  );
}

/** Connects as the framework does. */
function connect(port = server.port, path = '/agent'): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
  socket.on('error', () => {});
  return socket;
}

async function opened(socket: WebSocket): Promise<WebSocket> {
  await eventually('open', () => socket.readyState === WebSocket.OPEN);
  return socket;
}

test('is registered when it is told so, not when the socket opens', async () => {
  await opened(connect());
  assert.equal(monitor.state, 'connecting');
  monitor.registered();
  assert.deepEqual(changes, ['registered null']);
});

test('notices that the server cut the link, without a word', async () => {
  await opened(connect());
  monitor.registered();
  for (const client of sockets.clients) client.terminate();
  await eventually('loss', () => changes.length === 2);
  assert.equal(changes[1], 'connecting connection-lost');
});

test('is registered again after a loss', async () => {
  await opened(connect());
  monitor.registered();
  for (const client of sockets.clients) client.terminate();
  await eventually('loss', () => changes.length === 2);
  await opened(connect());
  monitor.registered();
  assert.deepEqual(changes.slice(2), ['registered null']);
});

for (const status of [401, 403]) {
  test(`a ${status} is a key that is refused`, async () => {
    refuseWith = status;
    connect();
    await eventually('refusal', () => changes.length > 0);
    assert.deepEqual(changes, [`refused http-${status}`]);
  });
}

test('a proxy that answers for a server that is away refuses no key', async () => {
  refuseWith = 503;
  connect();
  await eventually('answer', () => changes.length > 0);
  assert.deepEqual(changes, ['connecting http-503']);
});

test('tells what the matter is when the server is not there, once', async () => {
  monitor.stop();
  const port = await freeTcpPort();
  watch(port);
  for (let tries = 1; tries <= 3; tries += 1) {
    const socket = connect(port);
    await eventually('failure', () => socket.readyState === WebSocket.CLOSED);
  }
  assert.deepEqual(changes, ['connecting ECONNREFUSED']);
  assert.equal(monitor.detail, 'ECONNREFUSED');
});

test('has no eye for other connections', async () => {
  const other = await opened(connect(server.port, '/rtc'));
  other.terminate();
  refuseWith = 401;
  const refused = connect(server.port, '/rtc');
  await eventually('refusal', () => refused.readyState === WebSocket.CLOSED);
  await fetch(`http://127.0.0.1:${server.port}/agent/other`);
  assert.deepEqual(changes, []);
});

test('stops', async () => {
  monitor.stop();
  refuseWith = 401;
  const refused = connect();
  await eventually('refusal', () => refused.readyState === WebSocket.CLOSED);
  assert.deepEqual(changes, []);
});
