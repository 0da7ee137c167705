import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sharedTimes } from '../../../../agent/config/timeouts.ts';
import type { AttendantOrder, JobStage } from '../../../../agent/ipc/messages.ts';
import type { AttendantPeer, JobPeer } from '../../../../agent/ipc/server.ts';
import { Attendance } from '../../../../agent/supervisor/attendant/attendance.ts';
import { WatchedCall } from '../../../../agent/supervisor/guardian/watched-call.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';

const room = 'call_1';
const holder = 'attendant-1';
const headStartMs = sharedTimes.attendantHeadStartMs;

let nowMs: number;
let jobs: JobPeer[];
let orders: AttendantOrder[];
let removed: string[];
let mayAnswer: boolean;
let looksFirst: boolean;
let attendance: Attendance;
let call: WatchedCall;

beforeEach(() => {
  nowMs = 1_000;
  jobs = [];
  orders = [];
  removed = [];
  mayAnswer = true;
  looksFirst = false;
  const attendant: AttendantPeer = {
    pid: 1,
    calls: new Map(),
    lastBeatMs: 0,
    send: (order) => void orders.push(order),
  };
  attendance = new Attendance({
    rooms: {
      remove: async (_room, identity) => void removed.push(identity),
    },
    log: recordedLog().log,
    attendant: () => attendant,
    jobs: () => jobs,
    patienceMs: () => 20_000,
    mayAnswer: () => mayAnswer,
    looksFirst: () => looksFirst,
    nowMs: () => nowMs,
  });
  call = new WatchedCall({ room, firstSeenAtMs: 0, firstSeenMs: 1_000, awaitingUntilMs: 0 });
});

function job(stage: JobStage): void {
  jobs.push({
    pid: 2,
    workerPid: 3,
    stage,
    stageSinceMs: 0,
    call: { jobId: 'AJ_1', room, callId: null },
    lastBeatMs: 0,
    send: () => {},
  });
}

/** Whether an attendant is sent to the call `ms` after it began. */
function isSentAfter(ms: number): boolean {
  nowMs = 1_000 + ms;
  orders = [];
  attendance.lookAfter(call);
  return orders.length > 0;
}

test('a call that a worker turned down is answered at once', () => {
  call.wasRefused = true;
  assert.ok(isSentAfter(0));
  assert.deepEqual(orders, [
    { type: 'answer', room, patienceMs: 20_000, supersedes: null, isFlood: false },
  ]);
});

test('a job that was asked for has its head start, and none once it is in the room', () => {
  call.acceptedAtMs = 1_100;
  assert.ok(!isSentAfter(headStartMs));
  job('connecting');
  assert.ok(isSentAfter(headStartMs + 100), 'it is still on its way');
  call.attendantNotBeforeMs = 0;
  jobs = [];
  job('starting');
  assert.ok(!isSentAfter(5_000));
});

test('a call of which no worker heard is answered after the same time', () => {
  assert.ok(!isSentAfter(headStartMs - 1));
  assert.ok(isSentAfter(headStartMs));
});

test('nobody is sent to a call that a job has answered, or that another deployment will take', () => {
  call.wasRefused = true;
  mayAnswer = false;
  assert.ok(!isSentAfter(5_000));
  mayAnswer = true;
  call.wasAnswered = true;
  assert.ok(!isSentAfter(5_000));
});

test('one is sent once, and again when nothing is heard of it', () => {
  call.wasRefused = true;
  assert.ok(isSentAfter(0));
  assert.ok(!isSentAfter(1_000));
  assert.ok(isSentAfter(4_000));
  attendance.attending(call, { room, callId: 'SCL_1', holder });
  assert.ok(!isSentAfter(60_000));
});

test('where the gateway has answered an attendant, no job is known to have spoken', () => {
  call.wasRefused = true;
  attendance.lookAfter(call);
  const caller = {
    callId: 'SCL_1',
    phoneNumber: null,
    wasAnswered: true,
    isThere: true,
    agents: [],
  };
  call.sees(caller);
  assert.equal(call.wasAnswered, false);
  // Another agent had the call after all.
  attendance.attended(call, 'declined');
  call.sees(caller);
  assert.equal(call.wasAnswered, true);
});

test('an attendant that dies is followed by one that may take its lease, and leaves the room', () => {
  attendance.attending(call, { room, callId: 'SCL_1', holder });
  attendance.lost(call);
  assert.deepEqual(removed, [`agent-${holder}`]);
  assert.ok(call.lostJobs.has(holder));
  assert.ok(isSentAfter(headStartMs));
  assert.partialDeepStrictEqual(orders, [{ type: 'answer', supersedes: holder }]);
});

test('a job that was given the call has to speak: its loss is a takeover', () => {
  attendance.attending(call, { room, callId: 'SCL_1', holder });
  assert.equal(call.wasAnswered, false);
  attendance.attended(call, 'handed-over');
  assert.equal(call.wasAnswered, true);
  assert.ok(!isSentAfter(60_000));
});

test('what an attendant failed at is left to the jobs, whoever calls', () => {
  call.isFlood = true;
  attendance.attending(call, { room, callId: 'SCL_1', holder });
  attendance.attended(call, 'failed');
  assert.ok(!isSentAfter(60_000));
  assert.equal(call.isFlood, false);
});

test('where numbers are blocked nobody is answered before it is known who calls, or a second is over', () => {
  looksFirst = true;
  call.wasRefused = true;
  assert.ok(!isSentAfter(0));
  assert.ok(isSentAfter(1_000));
  call.attendantNotBeforeMs = 0;
  call.caller = {
    callId: 'SCL_1',
    phoneNumber: null,
    wasAnswered: false,
    isThere: true,
    agents: [],
  };
  assert.ok(isSentAfter(0));
  call.attendantNotBeforeMs = 0;
  call.isTurnedAway = true;
  assert.ok(!isSentAfter(5_000));
});

test('one who could not join the room in time is sent again', () => {
  call.wasRefused = true;
  assert.ok(isSentAfter(0));
  nowMs += 5_000;
  attendance.attended(call, 'failed');
  assert.ok(!isSentAfter(6_900));
  assert.ok(isSentAfter(7_100));
  assert.partialDeepStrictEqual(orders, [{ type: 'answer', supersedes: null }]);
});

test('the attendant of a call is told what is seen of it later', () => {
  call.wasRefused = true;
  attendance.isFlood(call);
  attendance.jobComing(call);
  assert.deepEqual(orders, [], 'nobody was sent yet');
  assert.ok(isSentAfter(0));
  attendance.isFlood(call);
  attendance.jobComing(call);
  assert.deepEqual(orders.slice(1), [
    { type: 'is-flood', room },
    { type: 'job-coming', room },
  ]);
});
