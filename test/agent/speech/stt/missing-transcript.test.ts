import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { MissingTranscript } from '../../../../agent/speech/stt/missing-transcript.ts';

/** On a clock that `t.mock.timers` moves. */
function watch(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const alarm = t.mock.fn();
  return { speech: new MissingTranscript(alarm), alarms: () => alarm.mock.callCount() };
}

test('speech without a transcript is noticed while it goes on', (t) => {
  const { speech, alarms } = watch(t);
  speech.speaking(true);
  t.mock.timers.tick(1_999);
  assert.equal(alarms(), 0);
  t.mock.timers.tick(1);
  assert.equal(alarms(), 1);
});

test('and sooner when it was short', (t) => {
  const { speech, alarms } = watch(t);
  speech.speaking(true);
  speech.speaking(false);
  t.mock.timers.tick(1_200);
  assert.equal(alarms(), 1);
});

test('transcripts that keep coming put it off, and the final one ends it', (t) => {
  const { speech, alarms } = watch(t);
  speech.speaking(true);
  for (let i = 0; i < 5; i += 1) {
    t.mock.timers.tick(1_500);
    speech.answered(false);
  }
  speech.speaking(false);
  speech.answered(true);
  t.mock.timers.tick(60_000);
  assert.equal(alarms(), 0);
  assert.equal(speech.sinceMs, undefined);
});

test('words that were final before the detector noticed the end are answered', (t) => {
  const { speech, alarms } = watch(t);
  speech.speaking(true);
  speech.answered(true);
  speech.speaking(false);
  t.mock.timers.tick(60_000);
  assert.equal(alarms(), 0);
});

test('what is unanswered when the connection goes is asked of the next one', (t) => {
  const { speech, alarms } = watch(t);
  speech.speaking(true);
  speech.pause();
  t.mock.timers.tick(60_000);
  assert.equal(alarms(), 0);
  speech.resume();
  t.mock.timers.tick(2_000);
  assert.equal(alarms(), 1);
});
