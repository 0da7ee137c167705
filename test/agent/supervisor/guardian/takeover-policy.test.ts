import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { TakeoverPolicy } from '../../../../agent/supervisor/guardian/takeover-policy.ts';
import type { NextStep } from '../../../../agent/supervisor/guardian/takeover-policy.ts';
import { WatchedCall } from '../../../../agent/supervisor/guardian/watched-call.ts';

const apologyMs = 20_000;
const minuteMs = 60_000;

let nowMs: number;
let limits: TakeoverPolicy;

beforeEach(() => {
  nowMs = 0;
  limits = new TakeoverPolicy();
});

function callThatIs(state: 'ringing' | 'answered'): WatchedCall {
  const call = new WatchedCall({
    room: 'call_1',
    firstSeenMs: 0,
    firstSeenAtMs: 0,
    awaitingUntilMs: 0,
  });
  call.wasAnswered = state === 'answered';
  return call;
}

/** Loses the job of `call`, and does what is to be done then. */
function loseJob(call: WatchedCall, { isShared = true } = {}): NextStep {
  call.lost(`AJ_${call.attempts}`, { atMs: nowMs, isShared }, 'crash');
  return next(call);
}

function next(call: WatchedCall, { canServe = true } = {}): NextStep {
  const step = limits.next(call, nowMs, canServe);
  if (step === 'takeover' || step === 'apology') {
    call.dispatched();
    call.hasJob();
  }
  return step;
}

test('a caller who hears it ring gets three jobs, whatever the limits of the others', () => {
  for (let lost = 0; lost < 4; lost += 1) loseJob(callThatIs('answered'), { isShared: false });
  const ringing = callThatIs('ringing');
  for (let lost = 0; lost < 3; lost += 1) {
    assert.equal(limits.ringsOut(ringing), false);
    assert.equal(loseJob(ringing), 'takeover');
  }
  assert.equal(limits.ringsOut(ringing), true);
});

test('what it took while it rang does not count once the call is answered', () => {
  const call = callThatIs('ringing');
  for (let lost = 0; lost < 3; lost += 1) loseJob(call);
  call.wasAnswered = true;
  assert.equal(limits.ringsOut(call), false);
  assert.equal(loseJob(call), 'takeover');
});

test('an answered call gets three, an apology, and then nothing', () => {
  const call = callThatIs('answered');
  const steps = [1, 2, 3, 4, 5].map(() => {
    nowMs += minuteMs;
    return loseJob(call);
  });
  assert.deepEqual(steps, ['takeover', 'takeover', 'takeover', 'apology', 'give-up']);
});

test('a loss counts once, however many dispatches it takes', () => {
  const stubborn = callThatIs('answered');
  loseJob(stubborn);
  next(stubborn);
  next(stubborn);
  nowMs += 5_000;
  assert.equal(loseJob(callThatIs('answered')), 'takeover');
});

test('three in a minute over all calls; frozen ones are each their own', () => {
  const steps = [1, 2, 3, 4].map(() => loseJob(callThatIs('answered'), { isShared: false }));
  assert.deepEqual(steps, ['takeover', 'takeover', 'takeover', 'apology']);
  nowMs += minuteMs;
  assert.equal(loseJob(callThatIs('answered')), 'takeover');
});

test('those that die together count as one', () => {
  for (let lost = 0; lost < 6; lost += 1) {
    assert.equal(loseJob(callThatIs('answered')), 'takeover');
    nowMs += 150;
  }
});

test('an apology is tried for its time, though the minute is over or nobody can', () => {
  const call = callThatIs('answered');
  for (let lost = 0; lost < 3; lost += 1) loseJob(callThatIs('answered'), { isShared: false });
  assert.equal(loseJob(call, { isShared: false }), 'apology');
  nowMs += apologyMs;
  assert.equal(next(call), 'apology');
  nowMs += 1;
  assert.equal(next(call), 'give-up');
  assert.ok(limits.isHopeless(call, nowMs));
});

test('a call without a worker is hopeless after a minute; with one it goes on even then', () => {
  const call = callThatIs('answered');
  call.lost('AJ_1', { atMs: nowMs, isShared: true }, 'crash');
  nowMs += minuteMs;
  assert.ok(!limits.isHopeless(call, nowMs));
  nowMs += 1;
  assert.ok(limits.isHopeless(call, nowMs));
  assert.equal(next(call, { canServe: false }), 'give-up');
  assert.equal(next(call), 'takeover');
});
