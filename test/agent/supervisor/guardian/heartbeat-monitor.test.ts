import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { beatMs } from '../../../../agent/ipc/client.ts';
import type { JobStage } from '../../../../agent/ipc/messages.ts';
import type { JobPeer, WorkerPeer } from '../../../../agent/ipc/server.ts';
import { HeartbeatMonitor } from '../../../../agent/supervisor/guardian/heartbeat-monitor.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';

const workerPid = 10;

let nowMs: number;
let jobs: JobPeer[];
let workers: WorkerPeer[];
let silent: Set<JobPeer | WorkerPeer>;
let killed: number[];
let frozen: number[];
/** Whether a frozen job is given up on when the watch finds one. */
let isActedOn: boolean;
let recorded: ReturnType<typeof recordedLog>;
let watch: HeartbeatMonitor;

beforeEach(() => {
  nowMs = 10_000;
  workers = [worker()];
  jobs = [job(1, 'idle'), job(2, 'live'), job(3, 'live')];
  silent = new Set();
  killed = [];
  frozen = [];
  isActedOn = true;
  recorded = recordedLog();
  watch = new HeartbeatMonitor({
    jobs: () => jobs,
    workers: () => workers,
    attendants: () => [],
    onFrozen: ({ pid }) => {
      frozen.push(pid);
      return isActedOn;
    },
    kill: (pid) => void killed.push(pid),
    log: recorded.log,
    nowMs: () => nowMs,
  });
});

function worker(): WorkerPeer {
  return {
    pid: workerPid,
    link: 'registered',
    linkDetail: null,
    reconnects: 0,
    lastPongAtMs: null,
    lastBeatMs: nowMs,
    send: () => {},
  };
}

function job(pid: number, stage: JobStage): JobPeer {
  const call = stage === 'idle' ? null : { jobId: `AJ_${pid}`, room: `call_${pid}`, callId: null };
  return { pid, workerPid, stage, stageSinceMs: nowMs, call, lastBeatMs: nowMs, send: () => {} };
}

/** Time passes; who is not `silent` beats. */
function pass(ms: number): void {
  for (const endMs = nowMs + ms; nowMs < endMs;) {
    nowMs += beatMs;
    for (const peer of [...jobs, ...workers]) if (!silent.has(peer)) peer.lastBeatMs = nowMs;
    watch.check();
  }
}

function goSilent(pid: number): void {
  const peer = [...jobs, ...workers].find((one) => one.pid === pid);
  assert.ok(peer);
  silent.add(peer);
}

test('as long as all beat, nothing is done', () => {
  pass(60_000);
  assert.deepEqual([frozen, killed, recorded.events()], [[], [], []]);
});

test('a job with a call is given up on after two seconds, once', () => {
  goSilent(2);
  pass(1_750);
  assert.deepEqual(frozen, []);
  pass(5_000);
  assert.deepEqual(frozen, [2]);
  assert.deepEqual(recorded.events(), ['job.frozen']);
  assert.deepEqual(killed, []);
});

test('a job that closes its call, and is slow about it, has three seconds', () => {
  jobs.push(job(4, 'closing'));
  goSilent(4);
  pass(2_500);
  assert.deepEqual(frozen, []);
  pass(1_000);
  assert.deepEqual(frozen, [4]);
});

test('after one that froze another has four seconds, for a minute: the machine may be to blame', () => {
  goSilent(2);
  pass(2_500);
  goSilent(3);
  pass(3_750);
  assert.deepEqual(frozen, [2]);
  pass(1_000);
  assert.deepEqual(frozen, [2, 3]);
  pass(60_000);
  jobs.push(job(5, 'live'));
  goSilent(5);
  pass(2_500);
  assert.deepEqual(frozen, [2, 3, 5]);
});

test('a job that was given up on is killed when it does not wake', () => {
  goSilent(2);
  pass(10_000);
  assert.deepEqual(killed, []);
  pass(3_000);
  assert.deepEqual(killed, [2]);
});

test('a job that wakes is not killed', () => {
  goSilent(2);
  pass(5_000);
  silent.clear();
  pass(60_000);
  assert.deepEqual(killed, []);
});

test('a job whose turn has not come is asked about again', () => {
  isActedOn = false;
  goSilent(2);
  pass(3_000);
  assert.ok(frozen.length > 1);
  assert.deepEqual(recorded.events(), []);
  isActedOn = true;
  pass(beatMs);
  assert.deepEqual(recorded.events(), ['job.frozen']);
});

test('a warm process is given much longer, and killed', () => {
  goSilent(1);
  pass(14_000);
  assert.deepEqual(killed, []);
  pass(2_000);
  assert.deepEqual([frozen, killed], [[], [1]]);
  assert.deepEqual(recorded.events(), ['job.frozen']);
});

test('a worker that hangs is killed after two seconds, once', () => {
  goSilent(workerPid);
  pass(1_750);
  assert.deepEqual(killed, []);
  pass(10_000);
  assert.deepEqual(killed, [workerPid]);
  assert.deepEqual(recorded.events(), ['worker.hung']);
});

test('a worker that starts, with nobody beside it, has longer', () => {
  jobs = [];
  goSilent(workerPid);
  pass(5_750);
  assert.deepEqual(killed, []);
  pass(250);
  assert.deepEqual(killed, [workerPid]);
});
