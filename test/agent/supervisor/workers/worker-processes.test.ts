import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { WorkerProcesses } from '../../../../agent/supervisor/workers/worker-processes.ts';
import { eventually } from '../../../harness/eventually.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';

let folder: string;
let staying: string;
let crashing: string;
let recorded: ReturnType<typeof recordedLog>;
let workers: WorkerProcesses;
let exited: number[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickup-workers-'));
  staying = join(folder, 'staying.mjs');
  crashing = join(folder, 'crashing.mjs');
  await writeFile(staying, 'setInterval(() => {}, 60_000);');
  await writeFile(crashing, 'process.exit(3);');
});
after(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  recorded = recordedLog();
  exited = [];
});
afterEach(async () => {
  workers.stopStarting();
  workers.kill('SIGKILL');
  await eventually('all gone', () => workers.pids.length === 0);
});

function start(entry: string): void {
  workers = new WorkerProcesses({
    log: recorded.log,
    entry,
    onExit: (pid) => void exited.push(pid),
  });
  workers.start(join(folder, 'line.sock'));
}

test('replaces a worker that was killed, at once', async () => {
  start(staying);
  const first = workers.currentPid;
  workers.kill('SIGKILL');
  await eventually('another worker', () => ![null, first].includes(workers.currentPid));
  assert.deepEqual(recorded.events(), ['worker.started', 'worker.died', 'worker.started']);
  assert.deepEqual(exited, [first]);
});

test('leaves the one that is replaced to itself', async () => {
  start(staying);
  const first = workers.currentPid;
  workers.replace();
  await eventually('another worker', () => workers.currentPid !== null);
  assert.deepEqual(workers.pids, [first, workers.currentPid]);
});

test('the end of one that was replaced starts none', async () => {
  start(staying);
  const first = workers.currentPid ?? 0;
  workers.replace();
  await eventually('another worker', () => workers.currentPid !== null);
  const second = workers.currentPid;
  process.kill(first, 'SIGKILL');
  await eventually('the end of the first', () => workers.pids.length === 1);
  assert.equal(workers.currentPid, second);
  assert.equal(recorded.events().filter((event) => event === 'worker.started').length, 2);
});

test('slows down a crash loop, and goes on with it', async () => {
  start(crashing);
  const startedAtMs = () =>
    recorded.lines
      .filter(({ event }) => event === 'worker.started')
      .map((line) => Date.parse(String(line['time'])));
  await eventually('five starts', () => startedAtMs().length >= 5);
  const [first = 0, second = 0, , fourth = 0, fifth = 0] = startedAtMs();
  assert.ok(fifth - fourth > second - first);
});

test('starts none once it was told to stop', async () => {
  start(staying);
  workers.stopStarting();
  workers.kill('SIGKILL');
  await eventually('the end', () => workers.pids.length === 0);
  assert.equal(workers.currentPid, null);
  assert.deepEqual(recorded.events(), ['worker.started', 'worker.died']);
});
