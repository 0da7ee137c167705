import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { Line, linePath } from '../../../agent/ipc/client.ts';
import { attendantOrder, jobOrder } from '../../../agent/ipc/messages.ts';
import type {
  AttendantOrder,
  AttendantReport,
  IgnoredMessage,
  JobCall,
  JobOrder,
  JobOutcome,
  JobReport,
  JobStage,
  WorkerReport,
} from '../../../agent/ipc/messages.ts';
import { JobLine } from '../../../agent/ipc/server.ts';
import type { JobPeer } from '../../../agent/ipc/server.ts';
import { eventually } from '../../harness/eventually.ts';
import { noEvents } from '../supervisor/guardian/line-events.ts';

const call: JobCall = { jobId: 'AJ_1', room: 'call_1', callId: null };

let folder: string;
let cleanUp: AsyncDisposableStack;

beforeEach(async () => {
  cleanUp = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'pickup-job-line-'));
  cleanUp.defer(() => rm(folder, { recursive: true, force: true }));
});
afterEach(() => cleanUp.disposeAsync());

/** A supervisor's end of the lines, with all that it told. */
class Heard {
  readonly told: unknown[] = [];
  readonly ignored: IgnoredMessage[] = [];
  readonly gone: { readonly job: JobPeer; readonly outcome: JobOutcome | null }[] = [];
  readonly line = new JobLine({
    ...noEvents,
    onJobStage: ({ stage }) => this.told.push(stage),
    onJobAsks: (_job, { type }) => this.told.push(type),
    onJobGone: (job, outcome) => this.gone.push({ job, outcome }),
    onWorker: ({ pid }) => this.told.push(`worker ${pid}`),
    onWorkerLink: ({ link, linkDetail }) => this.told.push(`${link} ${linkDetail}`),
    onWorkerDraining: () => this.told.push('draining'),
    onWorkerGone: ({ pid }) => this.told.push(`worker ${pid} gone`),
    onAccepted: (room, jobId) => this.told.push(`accepted ${room} ${jobId}`),
    onRefused: (room, reason) => this.told.push(`refused ${room} ${reason}`),
    onAttending: ({ room, holder }) => this.told.push(`${holder} attends ${room}`),
    onAttended: (room, end) => this.told.push(`${room} ${end}`),
    onAttendantGone: ({ calls }) =>
      this.told.push(`attendant gone with ${[...calls.keys()].join(' ')}`),
    onIgnored: (what) => this.ignored.push(what),
  });
}

async function listen(): Promise<Heard & { readonly path: string }> {
  const heard = new Heard();
  const path = await heard.line.listen(folder);
  cleanUp.defer(() => heard.line.close());
  return Object.assign(heard, { path });
}

type Report = JobReport | WorkerReport;

/** One end, of a job or of a worker; the orders that it hears are those of a job. */
function peer(
  path: string,
  hello: () => Report,
  onOrder: (order: JobOrder) => void = () => {},
): Line<Report, JobOrder> {
  const line = new Line<Report, JobOrder>({ path, orders: jobOrder, hello, onOrder });
  cleanUp.defer(() => line.close(null));
  return line;
}

function jobHello(stage: JobStage = 'idle', serving: JobCall | null = null): JobReport {
  return { type: 'hello', role: 'job', pid: 11, workerPid: 10, stage, call: serving };
}

test('follows a job from its hello to its bye', async () => {
  const { line, path, told, gone } = await listen();
  const job = peer(path, () => jobHello());
  await eventually('hello', () => line.jobs.size === 1);
  job.send({ type: 'stage', stage: 'connecting', call });
  await eventually('stage', () => told.length === 2);
  const [known] = line.jobs;
  assert.deepEqual(
    [known?.pid, known?.workerPid, known?.stage, known?.call],
    [11, 10, 'connecting', call],
  );
  await job.close({ type: 'bye', outcome: 'ended' });
  await eventually('bye', () => gone.length === 1);
  assert.equal(gone[0]?.outcome, 'ended');
  assert.equal(line.jobs.size, 0);
});

test('a line that closes without a bye is a job that died', async () => {
  const { line, path, gone } = await listen();
  const job = peer(path, () => jobHello('live', call));
  await eventually('hello', () => line.jobs.size === 1);
  await job.close(null);
  await eventually('death', () => gone.length === 1);
  assert.equal(gone[0]?.outcome, null);
  assert.deepEqual(gone[0]?.job.call, call);
});

test('hears what a worker says of itself, and of the jobs that it took and refused', async () => {
  const { line, path, told } = await listen();
  const worker = peer(path, () => ({ type: 'hello', role: 'worker', pid: 10 }));
  await eventually('hello', () => line.workers.has(10));
  worker.send({ type: 'link', state: 'refused', detail: 'http-401' });
  worker.send({ type: 'accepted', room: 'call_1', jobId: 'AJ_1' });
  worker.send({ type: 'refused', room: 'call_2', reason: 'full' });
  worker.send({ type: 'draining' });
  await worker.close(null);
  await eventually('all of it', () => told.length === 6);
  assert.deepEqual(told, [
    'worker 10',
    'refused http-401',
    'accepted call_1 AJ_1',
    'refused call_2 full',
    'draining',
    'worker 10 gone',
  ]);
  assert.equal(line.workers.size, 0);
});

test('knows when LiveKit was last heard by a worker, on its own clock', async () => {
  const { line, path } = await listen();
  const worker = peer(path, () => ({ type: 'hello', role: 'worker', pid: 10 }));
  await eventually('hello', () => line.workers.has(10));
  const known = () => line.workers.get(10);
  assert.deepEqual([known()?.reconnects, known()?.lastPongAtMs], [0, null]);
  const sentMs = performance.now();
  worker.send({ type: 'link-health', reconnects: 2, lastPongAgeMs: 5_000 });
  await eventually('health', () => known()?.reconnects === 2);
  const heardMs = (known()?.lastPongAtMs ?? 0) + 5_000;
  assert.ok(heardMs >= sentMs && heardMs <= performance.now());
  worker.send({ type: 'link-health', reconnects: 2, lastPongAgeMs: null });
  await eventually('no connection', () => known()?.lastPongAtMs === null);
});

test('a worker that comes back before its old line is known to be closed stays known', async () => {
  const { line, path, told } = await listen();
  const hello = (): Report => ({ type: 'hello', role: 'worker', pid: 10 });
  const first = peer(path, hello);
  await eventually('first', () => told.length === 1);
  peer(path, hello);
  await eventually('second', () => told.length === 2);
  const second = line.workers.get(10);
  await first.close(null);
  await eventually('the first one is gone', () => told.length === 3);
  assert.equal(line.workers.get(10), second);
});

test('sends orders to the one that they are for', async () => {
  const { line, path } = await listen();
  const orders: JobOrder[] = [];
  peer(
    path,
    () => jobHello('live', call),
    (order) => orders.push(order),
  );
  await eventually('hello', () => line.jobs.size === 1);
  for (const job of line.jobs) job.send({ type: 'end' });
  await eventually('order', () => orders.length === 1);
  assert.deepEqual(orders, [{ type: 'end' }]);
});

test('finds its jobs again when the supervisor is another one', async () => {
  const first = await listen();
  peer(first.path, () => jobHello('live', call));
  await eventually('hello', () => first.line.jobs.size === 1);
  await first.line.close();
  const second = await listen();
  assert.equal(second.path, first.path);
  await eventually('the job is back', () => second.line.jobs.size === 1);
  assert.deepEqual([...second.line.jobs][0]?.call, call);
});

test('takes the name that a killed supervisor left behind', async () => {
  const path = linePath(folder);
  const left = spawn(process.execPath, [
    '-e',
    `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.stdout.write('up'))`,
  ]);
  await once(left.stdout, 'data');
  left.kill('SIGKILL');
  await once(left, 'exit');
  assert.deepEqual(await readdir(folder), ['line.sock']);
  const { path: taken } = await listen();
  assert.equal(taken, path);
  assert.deepEqual(await readdir(folder), ['line.sock']);
});

test('a supervisor beside another one takes a name of its own, and leaves the first one its own', async () => {
  const first = await listen();
  const second = await listen();
  assert.notEqual(second.path, first.path);
  peer(first.path, () => jobHello('live', call));
  await eventually('hello to the first', () => first.line.jobs.size === 1);
  assert.equal(second.line.jobs.size, 0);
});

test('several that start at once, over what a dead one left, each get a name', async () => {
  const dead = new Heard();
  await dead.line.listen(folder);
  await dead.line.close();
  const all = await Promise.all(Array.from({ length: 5 }, () => listen()));
  assert.equal(new Set(all.map(({ path }) => path)).size, 5);
  for (const { path, line } of all) {
    peer(path, () => jobHello());
    await eventually(`hello at ${path}`, () => line.jobs.size === 1);
  }
});

test('says so when every name is taken', async () => {
  for (let slot = 1; slot <= 9; slot += 1) await listen();
  await assert.rejects(new Heard().line.listen(folder), /9 supervisors already run/);
});

/** A connection whose lines a test writes by hand. */
async function rawPeer(path: string): Promise<Socket> {
  const socket = connect(path);
  cleanUp.defer(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const write = (socket: Socket, ...messages: readonly unknown[]) =>
  socket.write(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));

test('what cannot be read is told of once, and ends neither its line nor another', async () => {
  const { line, path, told, ignored } = await listen();
  const socket = await rawPeer(path);
  socket.write('garbage\n');
  write(socket, { type: 'beat' }, jobHello('live', call));
  await eventually('hello', () => line.jobs.size === 1);
  socket.write('\u0000\ufffd\n');
  write(
    socket,
    { type: 'sing' },
    { type: 'sing' },
    { type: 'stage', stage: 'dreaming', call },
    { type: 'bye', outcome: 'by-magic' },
    { type: 'stage', stage: 'closing', call },
  );
  await eventually('the stage after it', () => told.includes('closing'));
  assert.deepEqual(ignored, [
    { why: 'no-message', type: null, field: null },
    { why: 'unknown-type', type: 'beat', field: null },
    { why: 'unknown-type', type: 'sing', field: null },
    { why: 'wrong-field', type: 'stage', field: 'stage' },
    { why: 'wrong-field', type: 'bye', field: 'outcome' },
  ]);
  assert.equal(line.jobs.size, 1);
});

test('a hello that cannot be read makes no job, and a later one does', async () => {
  const { line, path, told, ignored } = await listen();
  const socket = await rawPeer(path);
  write(socket, { ...jobHello(), role: 'singer' }, { ...jobHello(), pid: 'many' }, jobHello());
  await eventually('hello', () => line.jobs.size === 1);
  assert.deepEqual(told, ['idle']);
  assert.deepEqual(
    ignored.map(({ field }) => field),
    [null, 'pid'],
  );
});

test('a job of a later release is heard without the fields that it brings', async () => {
  const { line, path, told, ignored } = await listen();
  const socket = await rawPeer(path);
  write(
    socket,
    { ...jobHello(), mood: 'good' },
    { type: 'stage', stage: 'live', call: { ...call, mood: 'good' }, since: 1 },
  );
  await eventually('stage', () => told.includes('live'));
  assert.deepEqual([...line.jobs][0]?.call, call);
  assert.deepEqual(ignored, []);
});

test('an attendant tells of the calls that it has, and is missed with those that it still had', async () => {
  const heard = await listen();
  const attending = (nth: number) => ({
    room: `call_${nth}`,
    callId: `SCL_${nth}`,
    holder: 'attendant-1',
  });
  const orders: AttendantOrder[] = [];
  const line = new Line<AttendantReport, AttendantOrder>({
    path: heard.path,
    orders: attendantOrder,
    hello: () => ({ type: 'hello', role: 'attendant', pid: 7, calls: [attending(1)] }),
    onOrder: (order) => void orders.push(order),
  });
  await eventually('hello', () => heard.line.attendants.has(7));
  line.send({ type: 'attending', ...attending(2) });
  line.send({ type: 'attended', room: 'call_1', end: 'handed-over' });
  await eventually('both are told', () => heard.told.length === 3);
  heard.line.attendants.get(7)?.send({ type: 'give-up' });
  await eventually('the order', () => orders.length === 1);
  await line.close(null);
  await eventually('it is missed', () => heard.told.length === 4);
  assert.deepEqual(heard.told, [
    'attendant-1 attends call_1',
    'attendant-1 attends call_2',
    'call_1 handed-over',
    'attendant gone with call_2',
  ]);
  assert.equal(heard.line.attendants.size, 0);
});
