import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobStage } from '../../../../agent/ipc/messages.ts';
import type { AttendantPeer, JobPeer } from '../../../../agent/ipc/server.ts';
import { Capacity } from '../../../../agent/supervisor/workers/capacity.ts';

const workerPid = 9;

function job(stage: JobStage, sinceMs: number, room: string | null): JobPeer {
  const call = room === null ? null : { jobId: `AJ_${room}`, room, callId: null };
  return {
    pid: 1,
    workerPid,
    stage,
    stageSinceMs: sinceMs,
    call,
    lastBeatMs: 10_000,
    lateMs: 0,
    send: () => {},
  };
}

function capacityWith(jobs: readonly JobPeer[], { attendant = true, nowMs = 10_000 } = {}) {
  const peer: AttendantPeer = { pid: 2, calls: new Map(), lastBeatMs: 10_000, send: () => {} };
  return new Capacity({
    line: {
      jobs: new Set(jobs),
      workers: new Map(),
      attendants: new Map(attendant ? [[peer.pid, peer]] : []),
    },
    workers: { currentPid: workerPid },
    maxCalls: 8,
    startsAtOnce: 1,
    nowMs: () => nowMs,
  });
}

test('a job that starts takes the place of the next one that would, until it is live', () => {
  const idle = job('idle', 0, null);
  assert.equal(capacityWith([idle]).places.starts, 1);
  for (const stage of ['connecting', 'claiming', 'starting'] as const) {
    assert.equal(capacityWith([idle, job(stage, 9_900, 'call_1')]).places.starts, 0, stage);
  }
  for (const stage of ['standby', 'live', 'closing'] as const) {
    assert.equal(capacityWith([idle, job(stage, 9_900, 'call_1')]).places.starts, 1, stage);
  }
});

test('one that hangs in its start keeps nobody waiting', () => {
  assert.equal(capacityWith([job('starting', 7_000, 'call_1')]).places.starts, 1);
});

test('where no attendant is there to answer, jobs start as they come', () => {
  const capacity = capacityWith([job('starting', 9_900, 'call_1')], { attendant: false });
  assert.equal(capacity.startsAtOnce, null);
  assert.equal(capacity.places.starts, Infinity);
});

test('while live calls suffer no further job is begun, until they no longer do', () => {
  const live = (lateMs: number) => ({ ...job('live', 0, 'call_1'), lateMs });
  assert.equal(capacityWith([live(1_500), live(100), live(100)]).startsAtOnce, 1, 'one alone');
  assert.equal(capacityWith([live(1_500), live(1_500), live(100)]).startsAtOnce, 0);
  const silent = () => ({ ...job('live', 0, 'call_1'), lastBeatMs: 8_000 });
  assert.equal(capacityWith([silent(), silent()]).startsAtOnce, 0);
  assert.equal(capacityWith([silent(), silent()], { attendant: false }).startsAtOnce, null);
  const starting = () => ({ ...job('starting', 9_900, 'call_1'), lateMs: 5_000 });
  assert.equal(capacityWith([starting(), starting()]).startsAtOnce, 1, 'nobody talks yet');
});
