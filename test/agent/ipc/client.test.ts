import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Line, linePath, readLines } from '../../../agent/ipc/client.ts';
import { workerOrder } from '../../../agent/ipc/messages.ts';
import type { IgnoredMessage, WorkerOrder, WorkerReport } from '../../../agent/ipc/messages.ts';
import { eventually } from '../../harness/eventually.ts';

const hello = { type: 'hello', role: 'worker', pid: 1 } as const;

type WorkerLine = Line<WorkerReport, WorkerOrder>;

let folder: string;
let path: string;
let supervisor: FakeSupervisor;
let lines: WorkerLine[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickup-line-'));
  path = linePath(folder);
  supervisor = new FakeSupervisor();
  lines = [];
});
afterEach(async () => {
  await Promise.all(lines.map((line) => line.close(null)));
  await supervisor.close();
  await rm(folder, { recursive: true, force: true });
});

/** What a supervisor hears, connection by connection. */
class FakeSupervisor {
  readonly connections: unknown[][] = [];
  readonly sockets = new Set<Socket>();
  #server: Server | undefined;

  async listen(): Promise<void> {
    this.#server = createServer((socket) => {
      const reports: unknown[] = [];
      this.connections.push(reports);
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
      readLines(socket, (line) => reports.push(JSON.parse(line)));
    });
    await new Promise<void>((resolve) => this.#server?.listen(path, resolve));
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    this.cut();
    await closed;
  }
}

function openLine(
  options: Partial<ConstructorParameters<typeof Line<WorkerReport, WorkerOrder>>[0]> = {},
): WorkerLine {
  const line: WorkerLine = new Line({ path, orders: workerOrder, hello: () => hello, ...options });
  lines.push(line);
  return line;
}

test('says hello first, then that it is alive', async () => {
  await supervisor.listen();
  const line = openLine();
  // Not connected yet: what is not in the hello would come before it.
  line.send({ type: 'beat' });
  await eventually('two beats', () => (supervisor.connections[0]?.length ?? 0) >= 3);
  const [first, second] = supervisor.connections[0] ?? [];
  assert.deepEqual(first, hello);
  assert.partialDeepStrictEqual(second, { type: 'beat' });
  assert.ok(typeof Object(second).lateMs === 'number', 'it says how late its loop was');
});

test('waits for a supervisor that is not there yet', async () => {
  openLine();
  await supervisor.listen();
  await eventually('hello', () => supervisor.connections.length === 1);
});

test('says hello anew, as things are now, to the next supervisor, and once that it was lost', async () => {
  await supervisor.listen();
  let pid = 1;
  let lost = 0;
  openLine({ hello: () => ({ ...hello, pid }), onLost: () => (lost += 1) });
  await eventually('first hello', () => (supervisor.connections[0]?.length ?? 0) > 0);
  pid = 2;
  await supervisor.close();
  await eventually('loss', () => lost === 1);
  supervisor = new FakeSupervisor();
  await supervisor.listen();
  await eventually('second hello', () => (supervisor.connections[0]?.length ?? 0) > 0);
  assert.deepEqual(supervisor.connections[0]?.[0], { ...hello, pid: 2 });
  assert.equal(lost, 1);
});

test('hears orders, and one that came in pieces', async () => {
  await supervisor.listen();
  const orders: WorkerOrder[] = [];
  openLine({ onOrder: (order) => orders.push(order) });
  await eventually('connection', () => supervisor.sockets.size === 1);
  const [socket] = supervisor.sockets;
  socket?.write('{"type":"dr');
  await eventually('hello', () => (supervisor.connections[0]?.length ?? 0) > 0);
  socket?.write('ain"}\n{"type":"link-now"}\n');
  await eventually('both orders', () => orders.length === 2);
  assert.deepEqual(orders, [{ type: 'drain' }, { type: 'link-now' }]);
});

const unreadable: readonly (readonly [line: string, ignored: IgnoredMessage])[] = [
  ['not json', { why: 'no-message', type: null, field: null }],
  ['"text"', { why: 'no-message', type: null, field: null }],
  ['null', { why: 'no-message', type: null, field: null }],
  ['{"type":7}', { why: 'no-message', type: null, field: null }],
  ['\u0000\ufffd\u0001', { why: 'no-message', type: null, field: null }],
  ['{"type":"sing","song":"la"}', { why: 'unknown-type', type: 'sing', field: null }],
  [
    '{"type":"pool","idlePids":[1],"jobs":[{"jobId":"AJ_1"}]}',
    { why: 'wrong-field', type: 'pool', field: 'jobs.0.room' },
  ],
  [
    '{"type":"pool","idlePids":"none","jobs":[]}',
    { why: 'wrong-field', type: 'pool', field: 'idlePids' },
  ],
];

for (const [text, told] of unreadable) {
  test(`${JSON.stringify(text)} is told of once, and the line goes on`, async () => {
    await supervisor.listen();
    const orders: WorkerOrder[] = [];
    const ignored: IgnoredMessage[] = [];
    openLine({
      onOrder: (order) => orders.push(order),
      onIgnored: (what) => ignored.push(what),
    });
    await eventually('connection', () => supervisor.sockets.size === 1);
    for (const socket of supervisor.sockets) socket.write(`${text}\n${text}\n{"type":"drain"}\n`);
    await eventually('the order after it', () => orders.length === 1);
    assert.deepEqual(ignored, [told]);
    assert.equal(supervisor.connections.length, 1);
  });
}

test('an order of a later release is heard without the fields that it brings', async () => {
  await supervisor.listen();
  const orders: WorkerOrder[] = [];
  const ignored: IgnoredMessage[] = [];
  openLine({ onOrder: (order) => orders.push(order), onIgnored: (what) => ignored.push(what) });
  await eventually('connection', () => supervisor.sockets.size === 1);
  const newer = {
    type: 'pool',
    idlePids: [7],
    jobs: [{ jobId: 'a', room: 'b', age: 1 }],
    more: {},
  };
  for (const socket of supervisor.sockets) socket.write(`${JSON.stringify(newer)}\n`);
  await eventually('the order', () => orders.length === 1);
  // What an earlier release did not say stands for no limit.
  const jobs = [{ jobId: 'a', room: 'b', isStarting: false }];
  assert.deepEqual(orders, [
    { type: 'pool', idlePids: [7], jobs, startsAtOnce: null, asksAlways: false },
  ]);
  assert.deepEqual(ignored, []);
});

test('a flood of unreadable kinds is told of twenty times', async () => {
  await supervisor.listen();
  const orders: WorkerOrder[] = [];
  let ignored = 0;
  openLine({ onOrder: (order) => orders.push(order), onIgnored: () => (ignored += 1) });
  await eventually('connection', () => supervisor.sockets.size === 1);
  const flood = Array.from({ length: 100 }, (_, index) => `{"type":"kind-${index}"}\n`).join('');
  for (const socket of supervisor.sockets) socket.write(`${flood}{"type":"drain"}\n`);
  await eventually('the order after it', () => orders.length === 1);
  assert.equal(ignored, 20);
});

test('says its last word when it closes, and does not come back', async () => {
  await supervisor.listen();
  const line = openLine();
  await eventually('hello', () => (supervisor.connections[0]?.length ?? 0) > 0);
  await line.close({ type: 'bye', outcome: 'ended' });
  await eventually('end', () => supervisor.sockets.size === 0);
  assert.deepEqual(supervisor.connections[0]?.at(-1), { type: 'bye', outcome: 'ended' });
  assert.equal(supervisor.connections.length, 1);
});

test('closes in its time though nobody reads, or nobody is there', async () => {
  const lonely = openLine();
  await lonely.close({ type: 'bye', outcome: 'ended' });
  await supervisor.listen();
  const line = openLine();
  await eventually('hello', () => (supervisor.connections[0]?.length ?? 0) > 0);
  for (const socket of supervisor.sockets) socket.pause();
  await line.close({ type: 'bye', outcome: 'ended' }, 20);
});

test('the socket has a name of its own for each slot, short enough for every platform', () => {
  const deep = `/${'folder/'.repeat(30)}`;
  const paths = [folder, deep].flatMap((dir) => [linePath(dir), linePath(dir, 2)]);
  assert.equal(new Set(paths).size, 4);
  // macOS takes 104 bytes, the closing NUL included.
  for (const name of paths) assert.ok(Buffer.byteLength(name) <= 103, name);
  assert.equal(linePath(deep), linePath(deep), 'a restarted supervisor is found again');
});
