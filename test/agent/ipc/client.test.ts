import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Line, linePath, readLines } from '../../../agent/ipc/client.ts';
import type { LineOrder, LineReport } from '../../../agent/ipc/client.ts';
import { eventually } from '../../harness/eventually.ts';

const hello: LineReport = { type: 'hello', role: 'worker', pid: 1 };

let folder: string;
let path: string;
let supervisor: FakeSupervisor;
let lines: Line[];

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
  readonly connections: LineReport[][] = [];
  readonly sockets = new Set<Socket>();
  #server: Server | undefined;

  async listen(): Promise<void> {
    this.#server = createServer((socket) => {
      const reports: LineReport[] = [];
      this.connections.push(reports);
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.sockets.delete(socket));
      readLines(socket, (report) => reports.push(report as LineReport));
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

function openLine(options: Partial<ConstructorParameters<typeof Line>[0]> = {}): Line {
  const line = new Line({ path, hello: () => hello, ...options });
  lines.push(line);
  return line;
}

test('says hello first, then that it is alive', async () => {
  await supervisor.listen();
  const line = openLine();
  // Not connected yet: what is not in the hello would come before it.
  line.send({ type: 'beat' });
  await eventually('two beats', () => (supervisor.connections[0]?.length ?? 0) >= 3);
  assert.deepEqual(supervisor.connections[0]?.slice(0, 2), [hello, { type: 'beat' }]);
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
  const orders: LineOrder[] = [];
  openLine({ onOrder: (order) => orders.push(order) });
  await eventually('connection', () => supervisor.sockets.size === 1);
  const [socket] = supervisor.sockets;
  socket?.write('{"type":"dr');
  await eventually('hello', () => (supervisor.connections[0]?.length ?? 0) > 0);
  socket?.write('ain"}\n{"type":"end"}\n');
  await eventually('both orders', () => orders.length === 2);
  assert.deepEqual(orders, [{ type: 'drain' }, { type: 'end' }]);
});

for (const garbage of ['not json', '"text"', 'null', '7']) {
  test(`hangs up on ${garbage}, and comes back`, async () => {
    await supervisor.listen();
    const orders: LineOrder[] = [];
    openLine({ onOrder: (order) => orders.push(order) });
    await eventually('connection', () => supervisor.sockets.size === 1);
    for (const socket of supervisor.sockets) socket.write(`${garbage}\n{"type":"end"}\n`);
    await eventually('second connection', () => supervisor.connections.length === 2);
    assert.deepEqual(orders, []);
  });
}

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
