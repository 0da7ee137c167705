import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import timers from 'node:timers/promises';
import { startCuttableLink } from './cuttable-link.ts';
import type { CuttableLink } from './cuttable-link.ts';

let cleanUp: AsyncDisposableStack;
let link: CuttableLink;

beforeEach(async () => {
  cleanUp = new AsyncDisposableStack();
  const server = createServer((request, response) => response.end(`you asked for ${request.url}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.defer(() => server.closeAllConnections());
  cleanUp.defer(() => void server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  link = cleanUp.use(await startCuttableLink(address.port));
});
afterEach(() => cleanUp.disposeAsync());

/** A connection on which this path is asked for, and what comes back on it. */
function ask(path: string) {
  const socket = connect(link.port, '127.0.0.1');
  cleanUp.defer(() => void socket.destroy());
  socket.on('error', () => {});
  const request = () => socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  request();
  return {
    request,
    answer: () => once(socket, 'data').then(([data]) => String(data)),
    closed: once(socket, 'close'),
  };
}

/** Long enough for an answer that is not held back to have come. */
const soonMs = 300;

test('passes everything on', async () => {
  assert.match(await ask('/agent').answer(), /you asked for \/agent/);
  assert.match(await ask('/rtc').answer(), /you asked for \/rtc/);
  assert.equal(link.workerAttempts(), 1);
});

test('a black hole answers no worker and closes nothing, and leaves the others alone', async () => {
  const before = ask('/agent');
  await before.answer();
  link.setWorkerLink('black-hole');
  before.request();
  const silent = Promise.race([
    before.answer(),
    ask('/agent').answer(),
    before.closed.then(() => 'closed'),
    timers.setTimeout(soonMs).then(() => 'nothing'),
  ]);
  assert.match(await ask('/rtc').answer(), /you asked for \/rtc/);
  assert.equal(await silent, 'nothing');
  link.setWorkerLink('open');
  await before.closed;
  assert.match(await ask('/agent').answer(), /you asked for \/agent/);
});

test('a worker that is refused is told so, and the others are not', async () => {
  link.setWorkerLink('refused');
  assert.match(await ask('/agent').answer(), /^HTTP\/1.1 401/);
  assert.match(await ask('/rtc').answer(), /you asked for \/rtc/);
});
