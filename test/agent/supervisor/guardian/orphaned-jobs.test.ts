import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { JobStage, JobOrder } from '../../../../agent/ipc/messages.ts';
import type { JobPeer } from '../../../../agent/ipc/server.ts';
import { OrphanedJobs } from '../../../../agent/supervisor/guardian/orphaned-jobs.ts';

const deadPid = 10;
const newPid = 11;
/** A tick of the clock, and of what is tested. */
const tickMs = 100;

type OrderedJob = JobPeer & { readonly orders: JobOrder[] };

let jobs: Set<JobPeer>;
let isReady: boolean;
let orphans: OrphanedJobs;

beforeEach(() => {
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: 0 });
  jobs = new Set();
  isReady = true;
  orphans = new OrphanedJobs({ jobs: () => jobs, canTake: () => isReady, nowMs: () => Date.now() });
});
afterEach(() => {
  orphans.stop();
  mock.timers.reset();
});

function job(
  pid: number,
  room: string,
  { workerPid = deadPid, stage = 'live' }: { workerPid?: number; stage?: JobStage } = {},
): OrderedJob {
  const orders: JobOrder[] = [];
  const peer: OrderedJob = {
    pid,
    workerPid,
    stage,
    stageSinceMs: 0,
    call: { jobId: `AJ_${pid}`, room, callId: null },
    lastBeatMs: 0,
    orders,
    send: (order) => void orders.push(order),
  };
  jobs.add(peer);
  return peer;
}

/** The clock is right only for the last timer of a tick, so time passes in steps. */
function pass(ms: number): void {
  for (let passedMs = 0; passedMs < ms; passedMs += tickMs) mock.timers.tick(tickMs);
}

/** How long each of the jobs was given, in the order of `all`; 0 for one that was not told. */
function givenMs(...all: readonly OrderedJob[]): readonly number[] {
  return all.map(({ orders }) => {
    const [order] = orders;
    return order?.type === 'hand-over' ? order.withinMs : 0;
  });
}

test('each call of a dead worker has all the time that is left to come to the end of a turn', () => {
  const all = [job(1, 'call_1'), job(2, 'call_2'), job(3, 'call_3'), job(4, 'call_4')];
  orphans.workerDied(deadPid);
  pass(4_000);
  for (const [nth, ms] of givenMs(...all).entries()) {
    assert.ok(ms >= 7_000 && ms <= 11_500, `call ${nth + 1} has ${ms} ms, not a share of them`);
  }
  assert.deepEqual(
    all.map(({ orders }) => orders.length),
    [1, 1, 1, 1],
  );
});

test('two calls are not sent to the one process that waits', () => {
  const [first, second] = [job(1, 'call_1'), job(2, 'call_2')];
  orphans.workerDied(deadPid);
  pass(tickMs);
  isReady = false;
  pass(2_000);
  assert.deepEqual([first.orders.length, second.orders.length], [1, 0]);
  isReady = true;
  pass(tickMs);
  assert.equal(second.orders.length, 1);
});

test('a call that ended makes way for the next', () => {
  const [first, second] = [job(1, 'call_1'), job(2, 'call_2')];
  orphans.workerDied(deadPid);
  pass(tickMs);
  jobs.delete(first);
  pass(1_000);
  assert.equal(second.orders.length, 1);
});

test('nothing is handed over before a fresh job can be had', () => {
  isReady = false;
  const only = job(1, 'call_1');
  orphans.workerDied(deadPid);
  pass(4_000);
  assert.deepEqual(only.orders, []);
  isReady = true;
  pass(tickMs);
  assert.equal(only.orders.length, 1);
  assert.ok((givenMs(only)[0] ?? 0) <= 7_500);
});

test('a job that is still to answer is told once it has', () => {
  const only = job(1, 'call_1', { stage: 'starting' });
  orphans.workerDied(deadPid);
  pass(1_000);
  assert.deepEqual(only.orders, []);
  only.stage = 'live';
  pass(tickMs);
  assert.equal(only.orders.length, 1);
});

test('a hand-over that does not come about keeps no other from its own, and is tried again', () => {
  const [first, second] = [job(1, 'call_1'), job(2, 'call_2')];
  orphans.workerDied(deadPid);
  pass(8_000);
  assert.deepEqual([first.orders.length, second.orders.length], [1, 1]);
  pass(4_900);
  assert.ok(first.orders.length > 1);
});

test('jobs of other workers are left alone, and all are once the dead one’s must be gone', () => {
  const [other, late] = [
    job(1, 'call_1', { workerPid: newPid }),
    job(2, 'call_2', { stage: 'starting' }),
  ];
  orphans.workerDied(deadPid);
  pass(13_200);
  late.stage = 'live';
  pass(10_000);
  assert.deepEqual([other.orders, late.orders], [[], []]);
});
