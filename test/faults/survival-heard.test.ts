import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent } from '../harness/caller/call-events.ts';
import { reportCall } from '../harness/caller/call-report.ts';
import { SAMPLE_RATE } from '../harness/caller/call-events.ts';
import type { Voice } from '../harness/caller/recording.ts';
import { renderSpeech } from '../harness/emulators/voice.ts';
import { heardOfFault, wrongWords } from './survival-heard.ts';

const sound = (identity: string, atMs: number): CallEvent => ({
  type: 'agent-audio-start',
  identity,
  atMs,
});

function report(...sounds: readonly CallEvent[]) {
  return reportWith([], sounds);
}

function reportWith(voices: readonly Voice[], sounds: readonly CallEvent[] = []) {
  const events: CallEvent[] = [
    { type: 'ringing', atMs: 0, epochMs: 0 },
    { type: 'answered', identity: 'agent-a', atMs: 100 },
    ...sounds,
    { type: 'ended', by: 'caller', disconnectReason: null, atMs: 9_000 },
  ];
  return reportCall({ callId: 'c', room: 'r', events, voices, recording: null });
}

test('the next agent counts, not the last words of the one before', () => {
  const heard = report(sound('agent-a', 200), sound('agent-a', 1_100), sound('agent-b', 1_800));
  assert.equal(heardOfFault(heard, 1_000).heardAgainMs, 800);
});

test('where the same agent goes on, its next sound counts', () => {
  const heard = report(sound('agent-a', 200), sound('agent-a', 1_300));
  assert.equal(heardOfFault(heard, 1_000).heardAgainMs, 300);
});

test('nobody heard again is told as such', () => {
  assert.equal(heardOfFault(report(sound('agent-a', 200)), 1_000).heardAgainMs, null);
});

const words = "Sorry, we'll call you back.";

/** An agent that speaks these words from `fromMs` on, for so much of their length. */
async function speaking(fromMs: number, share: number) {
  const spoken = await renderSpeech(words, { voice: 'agent', sampleRate: SAMPLE_RATE });
  const at = (fromMs * SAMPLE_RATE) / 1_000;
  const pcm = new Int16Array(at + spoken.length);
  pcm.set(spoken.subarray(0, Math.round(spoken.length * share)), at);
  return reportWith([{ role: 'agent', identity: 'agent-a', pcm }]);
}

test('words that were heard to their end after the fault are right', async () => {
  assert.deepEqual(await wrongWords(heardOfFault(await speaking(1_200, 1), 1_000), words), []);
});

test('words that broke off, or were heard before the fault, are not', async () => {
  const brokenOff = await wrongWords(heardOfFault(await speaking(1_200, 0.5), 1_000), words);
  assert.match(brokenOff.join(), /ms were heard where/);
  const before = await wrongWords(heardOfFault(await speaking(100, 1), 4_000), words);
  assert.match(before.join(), /^0 ms were heard/);
});

test('silence after the fault is not taken for words', async () => {
  assert.match((await wrongWords(heardOfFault(report(), 1_000), words)).join(), /^0 ms/);
});
