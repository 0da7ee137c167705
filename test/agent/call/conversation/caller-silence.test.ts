import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallerSilence } from '../../../../agent/call/conversation/caller-silence.ts';
import { CallTimers } from '../../../../agent/call/call-timers.ts';
import { callerSilentPrompts } from '../../../../agent/speech/prompts/prompts.ts';
import { virtualTime } from '../virtual-time.ts';
import type { VirtualTime } from '../virtual-time.ts';

const [first, second] = callerSilentPrompts;

function createSilence(time: VirtualTime, options: { readonly promptsSpoken?: number } = {}) {
  const told: string[] = [];
  const timers = new CallTimers({
    livenessPauseMs: 60_000,
    onPauseExpired: () => {},
    nowMs: time.nowMs,
  });
  const silence: CallerSilence = new CallerSilence({
    timers,
    callerSilentMs: 15_000,
    say: (text) => void told.push(text),
    end: () => void told.push('end'),
    ...options,
  });
  return { silence, timers, told };
}

test('a silent caller is asked twice, differently, and then the call ends', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  silence.agentState('listening');
  for (const expected of [[first], [first, second], [first, second, 'end']]) {
    await time.pass(14_750);
    silence.callerState('away');
    await time.pass(250);
    assert.deepEqual(told, expected);
    silence.agentState('speaking');
    await time.pass(3_000);
    silence.agentState('listening');
  }
  assert.notEqual(first, second);
});

test('prompts that cannot be spoken end in the same way', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  silence.agentState('listening');
  await time.pass(45_000);
  assert.deepEqual(told, [first, second, 'end']);
});

test('a caller who was heard is asked from the beginning', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  silence.agentState('listening');
  await time.pass(16_000);
  silence.heard();
  assert.equal(silence.promptsSpoken, 0);
  await time.pass(15_000);
  assert.deepEqual(told, [first, first]);
});

test('nobody is asked while the agent speaks or thinks, or the caller speaks', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  for (const state of ['initializing', 'idle', 'thinking', 'speaking'] as const) {
    silence.agentState('listening');
    await time.pass(14_000);
    silence.agentState(state);
    await time.pass(60_000);
  }
  silence.agentState('listening');
  silence.callerState('speaking');
  await time.pass(60_000);
  assert.deepEqual(told, []);
  silence.callerState('listening');
  await time.pass(15_000);
  assert.deepEqual(told, [first]);
});

test('a recovery stops the count, and a further job goes on with it', async (t) => {
  const time = virtualTime(t);
  const { silence, timers, told } = createSilence(time, { promptsSpoken: 1 });
  silence.agentState('listening');
  await time.pass(10_000);
  const release = timers.pauseAll('gap');
  await time.pass(20_000);
  release();
  await time.pass(4_750);
  assert.deepEqual(told, []);
  await time.pass(250);
  assert.deepEqual(told, [second]);
});
