import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { JobLine } from '../../../../agent/ipc/server.ts';
import type { JobPeer } from '../../../../agent/ipc/server.ts';
import {
  killProcess,
  HeartbeatMonitor,
} from '../../../../agent/supervisor/guardian/heartbeat-monitor.ts';
import { eventually } from '../../../harness/eventually.ts';
import { freeze } from '../../../harness/yard/freeze.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { noEvents } from './line-events.ts';

/** A process that says hello as it is told to, and beats. It ends by order. */
const program = `
import { Line } from '${new URL('../../../../agent/ipc/client.ts', import.meta.url).href}';
import { jobOrder } from '${new URL('../../../../agent/ipc/messages.ts', import.meta.url).href}';
const [path, hello] = process.argv.slice(2);
new Line({
  path,
  orders: jobOrder,
  hello: () => ({ ...JSON.parse(hello), pid: process.pid }),
  onOrder: ({ type }) => type === 'end' && process.exit(0),
});
setInterval(() => {}, 60_000);
`;
const worker = { type: 'hello', role: 'worker' };
const job = {
  type: 'hello',
  role: 'job',
  workerPid: 1,
  stage: 'live',
  call: { jobId: 'AJ_1', room: 'call_1', callId: null },
};

let cleanUp: AsyncDisposableStack;
let folder: string;
let path: string;
let line: JobLine;
let frozen: JobPeer[];
let recorded: ReturnType<typeof recordedLog>;

beforeEach(async () => {
  cleanUp = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'pickup-frozen-'));
  cleanUp.defer(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'peer.mjs'), program);
  line = new JobLine(noEvents);
  path = await line.listen(folder);
  cleanUp.defer(() => line.close());
  frozen = [];
  recorded = recordedLog();
  const watch = new HeartbeatMonitor({
    jobs: () => line.jobs,
    workers: () => line.workers.values(),
    attendants: () => line.attendants.values(),
    onFrozen: (one) => frozen.push(one) > 0,
    kill: killProcess,
    log: recorded.log,
  });
  watch.start();
  cleanUp.defer(() => watch.stop());
});
afterEach(() => cleanUp.disposeAsync());

function start(hello: object): ChildProcess {
  const child = spawn(process.execPath, [join(folder, 'peer.mjs'), path, JSON.stringify(hello)]);
  const exited = once(child, 'exit');
  cleanUp.defer(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return child;
}

test('a stopped job is found; what it was told meanwhile, it does when it goes on', async () => {
  const child = start(job);
  start(worker);
  await eventually('both', () => line.jobs.size === 1 && line.workers.size === 1);
  await freeze(Number(child.pid));
  await eventually('that it is found', () => frozen.length === 1);
  assert.equal(frozen[0]?.pid, child.pid);
  frozen[0]?.send({ type: 'end' });
  child.kill('SIGCONT');
  await eventually('its end', () => child.exitCode === 0);
  assert.deepEqual(recorded.events(), ['job.frozen']);
});

test('a stopped worker is killed, and a job beside it is not', async () => {
  start(job);
  const child = start(worker);
  await eventually('both', () => line.jobs.size === 1 && line.workers.size === 1);
  await freeze(Number(child.pid));
  await eventually('its end', () => child.signalCode === 'SIGKILL');
  assert.equal(line.jobs.size, 1);
  assert.deepEqual([frozen, recorded.events()], [[], ['worker.hung']]);
});
