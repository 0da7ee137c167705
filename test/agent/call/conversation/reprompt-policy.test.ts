import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { CallTimers } from '../../../../agent/call/call-timers.ts';
import { RepromptPolicy } from '../../../../agent/call/conversation/reprompt-policy.ts';
import { BEAR_WITH_ME, SAY_AGAIN, STILL_TRYING } from '../../../../agent/speech/prompts/prompts.ts';

let heard: string[];
let isDeaf: boolean;
let isCallersTurn: boolean;
let nowMs: number;
let timers: CallTimers;
let trouble: RepromptPolicy;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  [heard, isDeaf, isCallersTurn, nowMs] = [[], false, true, 0];
  mock.method(performance, 'now', () => nowMs);
  timers = new CallTimers({ livenessPauseMs: 60_000, onPauseExpired: () => {} });
  trouble = new RepromptPolicy({
    timers,
    say: (text) => heard.push(text),
    giveUp: () => heard.push('given up'),
    isDeaf: () => isDeaf,
    isCallersTurn: () => isCallersTurn,
    onUnintelligible: () => heard.push('to a person'),
  });
});
afterEach(() => {
  trouble.stop();
  timers.stop();
  mock.timers.reset();
  mock.restoreAll();
});

function pass(ms: number): void {
  for (let step = 0; step < ms; step += 100) {
    nowMs += 100;
    mock.timers.tick(100);
  }
}

function speak(ms: number): void {
  trouble.callerStarted();
  pass(ms);
  trouble.callerStopped();
}

test('final words before the end of the speech are enough', () => {
  trouble.callerStarted();
  pass(1_000);
  trouble.callerUnderstood();
  pass(300);
  trouble.callerStopped();
  pass(10_000);
  assert.deepEqual(heard, []);
});

test('words of before do not stand for what is said now', () => {
  speak(1_000);
  trouble.callerUnderstood();
  speak(1_000);
  pass(10_000);
  assert.deepEqual(heard, [SAY_AGAIN]);
});

test('what is heard in part at a change of jobs is asked for again, however short', () => {
  trouble.resumed();
  speak(300);
  pass(3_000);
  assert.deepEqual(heard, [SAY_AGAIN]);
  speak(300);
  pass(3_000);
  assert.deepEqual(heard, [SAY_AGAIN], 'once: after that a cough is a cough');
});

test('once the caller was understood after a change of jobs, a cough is a cough', () => {
  trouble.resumed();
  speak(1_000);
  trouble.callerUnderstood();
  speak(300);
  pass(3_000);
  assert.deepEqual(heard, []);
});

test('the first turn without an answer is asked for again, the second in a row is the end', () => {
  trouble.turnFailed();
  assert.deepEqual(heard, [SAY_AGAIN]);
  trouble.turnFailed();
  trouble.turnFailed();
  assert.deepEqual(heard, [SAY_AGAIN, 'given up']);
});

test('an answer in between makes a failed turn the first again', () => {
  trouble.turnFailed();
  trouble.answered();
  trouble.turnFailed();
  assert.deepEqual(heard, [SAY_AGAIN, SAY_AGAIN]);
});

test('three sentences in a row that no voice could speak are the end', () => {
  trouble.sentenceFailed();
  trouble.sentenceFailed();
  assert.deepEqual(heard, []);
  trouble.sentenceFailed();
  assert.deepEqual(heard, ['given up']);
});

test('a caller who spoke to nobody hears so, again and again, and is called back in the end', () => {
  isDeaf = true;
  speak(1_000);
  pass(1_500);
  assert.deepEqual(heard, [BEAR_WITH_ME]);
  pass(4_500);
  assert.deepEqual(heard, [BEAR_WITH_ME, STILL_TRYING]);
  pass(30_000);
  assert.equal(heard.at(-1), 'given up');
  assert.equal(heard.filter((text) => text === 'given up').length, 1);
});

test('while a gap is dealt with nobody is given up on, and the wait goes on after it', () => {
  isDeaf = true;
  speak(1_000);
  pass(7_000);
  const before = [...heard];
  const release = timers.pauseAll('audio gap');
  pass(40_000);
  assert.deepEqual(heard, before, 'nothing is said either');
  release();
  pass(9_000);
  assert.equal(heard.includes('given up'), false);
  pass(9_000);
  assert.equal(heard.at(-1), 'given up');
});

test('a recogniser that is back in time has as long as any other', () => {
  isDeaf = true;
  speak(1_000);
  pass(1_000);
  isDeaf = false;
  pass(1_400);
  assert.deepEqual(heard, []);
  pass(100);
  assert.deepEqual(heard, [SAY_AGAIN]);
});

test('words that arrive in time, or late, end the waiting', () => {
  isDeaf = true;
  speak(1_000);
  pass(2_500);
  trouble.callerUnderstood();
  pass(60_000);
  assert.deepEqual(heard, [BEAR_WITH_ME]);
});

test('speech in which no words were found is asked for again, twice in a row at most, and then is for a person', () => {
  for (let time = 0; time < 4; time += 1) {
    speak(1_000);
    pass(3_000);
  }
  assert.deepEqual(heard, [SAY_AGAIN, SAY_AGAIN, 'to a person']);
  trouble.callerUnderstood();
  speak(1_000);
  pass(3_000);
  assert.equal(heard.length, 4);
});

test('a cough is not answered, nor speech that the agent is about to answer', () => {
  speak(300);
  pass(3_000);
  isCallersTurn = false;
  speak(1_000);
  pass(3_000);
  trouble.callerUnderstood();
  isCallersTurn = true;
  pass(10_000);
  assert.deepEqual(heard, []);
});

test('words that were spoken over the agent are asked for again when it is done', () => {
  isCallersTurn = false;
  speak(1_000);
  pass(9_000);
  assert.deepEqual(heard, []);
  isCallersTurn = true;
  pass(2_500);
  assert.deepEqual(heard, [SAY_AGAIN]);
  pass(10_000);
  assert.deepEqual(heard, [SAY_AGAIN]);
});

test('a sentence that a change of jobs cut off is asked for again', () => {
  trouble.resumed();
  trouble.callerStopped();
  pass(2_500);
  assert.deepEqual(heard, [SAY_AGAIN]);
});

test('a caller who goes on speaking is not interrupted', () => {
  speak(1_000);
  pass(2_000);
  trouble.callerStarted();
  pass(5_000);
  assert.deepEqual(heard, []);
});

test('after the end nothing is said', () => {
  isDeaf = true;
  speak(1_000);
  trouble.stop();
  pass(60_000);
  trouble.callerStopped();
  pass(60_000);
  assert.deepEqual(heard, []);
});
