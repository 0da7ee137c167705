import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { clientOf } from '../emulators/client.ts';
import { ClientCalls } from './client-calls.ts';
import type { LogLine } from './service-log.ts';

const line = (fields: Partial<LogLine>): LogLine => ({
  level: 'info',
  message: '',
  time: '',
  event: 'room.connected',
  ...fields,
});

test('a process under test names itself in each of its requests, whatever sends them', async (t) => {
  const clients: (number | null)[] = [];
  const server = createServer((request, response) => {
    clients.push(clientOf(request));
    response.end();
  });
  server.on('upgrade', (request, socket) => {
    clients.push(clientOf(request));
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const program = `
    const { WebSocket } = await import('ws');
    await fetch('http://127.0.0.1:${address.port}');
    const socket = new WebSocket('ws://127.0.0.1:${address.port}');
    socket.on('error', () => console.log(process.pid));`;
  const nameProcess = new URL('./name-process.ts', import.meta.url).href;
  const flags = [`--import=${nameProcess}`, '--input-type=module', '--eval', program];
  const { stdout } = await promisify(execFile)(process.execPath, flags);
  assert.deepEqual(clients, [Number(stdout), Number(stdout)]);
});

test('each call has the processes that its log names, a successor too, and no others', () => {
  const calls = new ClientCalls();
  calls.note(line({ callId: 'a', jobPid: 11 }));
  calls.note(line({ callId: 'b', jobPid: 22 }));
  calls.note(line({ callId: 'a', jobPid: 33, event: 'job.resumed' }));
  calls.note(line({ jobPid: 44 }));
  const served = [11, 22, 33, 44, null].map((client) => calls.callOf(client));
  assert.deepEqual(served, ['a', 'b', 'a', undefined, undefined]);
});

test('a caller is understood in their own lines and the common ones, not in those of another', () => {
  const calls = new ClientCalls();
  calls.commonLines.add('Goodbye.');
  calls.expect('a', ['A digger?']);
  calls.expect('b', ['A crane?']);
  calls.note(line({ callId: 'a', jobPid: 11 }));
  const understood = ['Goodbye.', 'A digger?', 'A crane?'].filter((one) =>
    calls.understands(11, one),
  );
  assert.deepEqual(understood, ['Goodbye.', 'A digger?']);
  assert.ok(calls.understands(99, 'A crane?'), 'of a call that is not known yet, all');
});
