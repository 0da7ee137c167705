import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gaveUpWaiting, nextStep } from '../../../agent/attendant/next-step.ts';
import type { Attendance } from '../../../agent/attendant/next-step.ts';

/** A caller who was greeted, 5 s after the answer and 1 s after our last word, with nobody there. */
const greeted: Attendance = {
  nowMs: 105_000,
  answeredAtMs: 100_000,
  patienceMs: 20_000,
  isSpeaking: false,
  spokeAtMs: 104_000,
  callerIsSpeaking: false,
  callerBeganMs: null,
  callerHeardMs: null,
  jobListensSinceMs: null,
  jobSaidReadyMs: null,
  jobIsComing: false,
};
const ready = { jobListensSinceMs: 103_000, jobSaidReadyMs: 104_900 };
const step = (changes: Partial<Attendance>) => nextStep({ ...greeted, ...changes });

test('a job that is ready gets the call after our words, not in the middle of them', () => {
  assert.equal(step({ ...ready, isSpeaking: true }), 'wait');
  assert.equal(step(ready), 'give');
});

test('a caller who talks over our words breaks them off, and the job gets the call at once', () => {
  const over = { callerIsSpeaking: true, callerBeganMs: 104_000 };
  assert.equal(step({ ...over, isSpeaking: true }), 'hush');
  assert.equal(step({ ...over, ...ready }), 'give');
  assert.equal(step({ ...over, isSpeaking: true, callerBeganMs: 104_800 }), 'wait');
});

test('what a caller says across the coming of the job is heard out, but not for ever', () => {
  const across = { ...ready, callerIsSpeaking: true, callerBeganMs: 102_000 };
  assert.equal(step(across), 'wait');
  assert.equal(step({ ...across, callerIsSpeaking: false, callerHeardMs: 104_100 }), 'give');
  assert.equal(step({ ...across, nowMs: 109_000, jobSaidReadyMs: 108_900 }), 'give');
});

test('a job that stopped saying that it is ready is none', () => {
  assert.equal(step({ ...ready, jobSaidReadyMs: 103_000 }), 'wait');
});

test('a moment is asked for soon after the caller has spoken, and after a longer silence', () => {
  const heard = { callerBeganMs: 103_000, callerHeardMs: 104_100 };
  assert.equal(step({ ...heard, nowMs: 105_500 }), 'wait');
  assert.equal(step({ ...heard, nowMs: 105_700 }), 'one-moment');
  assert.equal(step({ nowMs: 109_900 }), 'wait');
  assert.equal(step({ nowMs: 110_100 }), 'one-moment');
});

test('past their patience a caller is told that nobody is free, once they have stopped speaking', () => {
  assert.equal(step({ nowMs: 120_000 }), 'part');
  const speaking = { callerIsSpeaking: true, callerBeganMs: 119_000 };
  assert.equal(step({ nowMs: 121_000, ...speaking }), 'wait');
  assert.equal(step({ nowMs: 125_000, ...speaking }), 'part');
  assert.equal(step({ nowMs: 120_000, isSpeaking: true }), 'wait');
});

test('a job that comes at the last moment gets the call all the same', () => {
  assert.equal(step({ ...ready, nowMs: 121_000, jobSaidReadyMs: 120_900 }), 'give');
});

test('nobody is told that none is free while a job is on its way, which is not waited for for ever', () => {
  const coming = { jobIsComing: true };
  assert.equal(step({ nowMs: 120_000, ...coming, spokeAtMs: 119_000 }), 'wait');
  assert.equal(step({ nowMs: 130_000, ...coming, spokeAtMs: 129_000 }), 'part');
});

test('who hangs up after a wait that was ours is owed a call-back, who does so in the greeting is not', () => {
  const gaveUp = (changes: Partial<Attendance>) => gaveUpWaiting({ ...greeted, ...changes });
  assert.ok(!gaveUp({ isSpeaking: true, spokeAtMs: 0 }));
  assert.ok(!gaveUp({}), 'a second after the greeting');
  assert.ok(gaveUp({ nowMs: 106_500 }));
  assert.ok(gaveUp({ callerHeardMs: 104_900 }), 'they asked, and nobody answered');
});
