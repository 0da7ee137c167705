import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallerSilence } from '../../../../agent/call/conversation/caller-silence.ts';
import { MachineSpeech } from '../../../../agent/call/conversation/machine-speech.ts';
import { CallTimers } from '../../../../agent/call/call-timers.ts';
import { callerSilentPrompts } from '../../../../agent/speech/prompts/prompts.ts';
import { virtualTime } from '../virtual-time.ts';
import type { VirtualTime } from '../virtual-time.ts';

const [first, second] = callerSilentPrompts;

function createSilence(
  time: VirtualTime,
  options: { readonly promptsSpoken?: number; readonly isDeaf?: () => boolean } = {},
) {
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
    isDeaf: () => false,
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

test('nobody is asked while the agent speaks or thinks', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  for (const state of ['initializing', 'idle', 'thinking', 'speaking'] as const) {
    silence.agentState('listening');
    silence.heard();
    await time.pass(14_000);
    silence.agentState(state);
    await time.pass(60_000);
  }
  assert.deepEqual(told, []);
  silence.agentState('listening');
  await time.pass(1_000);
  assert.deepEqual(told, [first]);
});

/** The caller's line for `ms`: every `everyMs` a noise of a second, and what `happens` with it. */
async function noisyLine(
  time: VirtualTime,
  silence: CallerSilence,
  { ms, everyMs, happens = () => {} }: { ms: number; everyMs: number; happens?: () => void },
): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += everyMs) {
    silence.callerState('speaking');
    await time.pass(1_000);
    silence.callerState('listening');
    happens();
    await time.pass(everyMs - 1_000);
  }
}

test('a noise every 4 s does not keep a call in which nobody is', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  silence.agentState('listening');
  await noisyLine(time, silence, { ms: 56_000, everyMs: 4_000 });
  assert.deepEqual(told, [first, second, 'end']);
});

test('noise that never stops, and our own "Sorry?" to each, end the call all the same', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  silence.agentState('listening');
  silence.callerState('speaking');
  await time.pass(55_000);
  assert.deepEqual(told, [first, second, 'end']);
  const asked = createSilence(time);
  asked.silence.agentState('listening');
  const happens = () => {
    asked.silence.agentState('speaking');
    asked.silence.agentState('listening');
  };
  await noisyLine(time, asked.silence, { ms: 56_000, everyMs: 4_000, happens });
  assert.deepEqual(asked.told, [first, second, 'end']);
});

test('a person in noise who says a word now and then stays', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  silence.agentState('listening');
  let noises = 0;
  const happens = () => {
    if ((noises += 1) % 3 === 0) silence.heard('um the other one');
  };
  await noisyLine(time, silence, { ms: 600_000, everyMs: 4_000, happens });
  assert.deepEqual(told, []);
});

test('a slow speaker is let finish: words that come in are waited for to their end', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  silence.agentState('listening');
  silence.callerState('speaking');
  for (let word = 0; word < 22; word += 1) {
    await time.pass(1_000);
    silence.hearing();
  }
  silence.heard('I would like to rent the small one');
  await time.pass(14_750);
  assert.deepEqual(told, []);
});

test('a caller who asks us to wait is left alone for a minute', async (t) => {
  const time = virtualTime(t);
  for (const words of [
    'Hang on a minute.',
    'Let me check with my boss',
    'Hold on, give me a sec',
  ]) {
    const { silence, told } = createSilence(time);
    silence.agentState('listening');
    silence.heard(words);
    await noisyLine(time, silence, { ms: 56_000, everyMs: 4_000 });
    silence.heard('Your call is important to us.');
    silence.heard('Please stay on the line, the next available agent will be with you.');
    silence.heard('Your call is important to us.');
    assert.deepEqual(told, [], words);
    await time.pass(60_000);
    assert.equal(told.at(-1), 'end', words);
  }
});

test('a recording that talks to us for three turns ends the call, politely and at once', async (t) => {
  const time = virtualTime(t);
  const recordings = [
    'You have reached the voicemail of Dan. Please leave a message after the tone.',
    'Your call is very important to us.',
    'For sales, press one. For parts, press two.',
  ];
  const { silence, told } = createSilence(time);
  silence.agentState('listening');
  for (const words of recordings) {
    assert.deepEqual(told, []);
    silence.heard(words);
  }
  assert.deepEqual(told, ['end']);
});

test('one recording that is heard again and again keeps no call for 90 s', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  silence.agentState('listening');
  for (let said = 0; said < 3; said += 1) {
    silence.heard('Please hold. Your call is important to us.');
    await time.pass(29_000);
  }
  assert.equal(told.at(-1), 'end');
});

test('our own voice that comes back as an echo is nobody', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time);
  silence.agentState('listening');
  for (let turn = 0; turn < 3; turn += 1) {
    silence.agentSaid('We have two scissor lifts free then. Which days would you like?');
    silence.heard('We have two scissor lifts free then');
  }
  assert.deepEqual(told, ['end']);
});

test('no caller is taken for a machine, whatever they say over and over', () => {
  for (const words of [
    'I want to rent a scissor lift for one day',
    'I need to get a skid steer, a second one, by Monday',
    'Can I leave a message for the owner please',
    'Yes please stay on the line with me while I look',
    'I will press for a lower price, the customer you told me about has one',
    'It is important to us that the machine is clean',
    'What number should I call when it breaks, after five',
    'Nobody is available at the site before ten',
  ]) {
    const machine = new MachineSpeech();
    for (let turn = 0; turn < 5; turn += 1) {
      machine.agentSaid("Sorry, I didn't quite catch that. Could you say it once more?");
      assert.notEqual(machine.callerSaid(words), 'machine', words);
    }
    assert.ok(!machine.isMachine);
  }
});

test('a caller whom no recogniser takes in is not taken for silent', async (t) => {
  const time = virtualTime(t);
  const { silence, told } = createSilence(time, { isDeaf: () => true });
  silence.agentState('listening');
  await time.pass(120_000);
  assert.deepEqual(told, []);
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
