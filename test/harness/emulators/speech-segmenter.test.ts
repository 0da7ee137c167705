import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SegmentEvent, SpeechSegmenter } from './speech-segmenter.ts';
import { renderSpeech } from './voice.ts';

const sampleRate = 24_000;
const silence = (ms: number) => new Int16Array((sampleRate / 1_000) * ms);
const join = (...parts: Int16Array[]) => Int16Array.from(parts.flatMap((part) => [...part]));

function cut(pcm: Int16Array, packet: number, endAfterMs = 400): SegmentEvent[] {
  const segmenter = new SpeechSegmenter({ sampleRate, endAfterMs });
  const events: SegmentEvent[] = [];
  for (let at = 0; at < pcm.length; at += packet) {
    events.push(...segmenter.push(pcm.subarray(at, at + packet)));
  }
  return events;
}

test('two lines are two stretches of speech, wherever the packets are cut', async () => {
  const line = await renderSpeech('Is the trencher free?', { voice: 'caller', sampleRate });
  const lineMs = line.length / 24;
  const call = join(silence(500), line, silence(1_000), line, silence(1_000));
  const events = cut(call, 480);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['start', 'end', 'start', 'end'],
  );
  assert.deepEqual(cut(call, 1_111), events);
  const [, first] = events;
  assert.ok(first?.type === 'end');
  assert.ok(Math.abs(first.startMs - 500) <= 60);
  assert.ok(Math.abs(first.endMs - 500 - lineMs) <= 120);
});

test('hum is not speech, and speech is heard above it', async () => {
  const line = await renderSpeech('Is the trencher free?', { voice: 'caller', sampleRate });
  const hum = (pcm: Int16Array) => pcm.map((sample, i) => sample + 60 * Math.sin(i / 20));
  assert.deepEqual(cut(hum(silence(3_000)), 480), []);
  const events = cut(hum(join(silence(1_000), line, silence(1_000))), 480);
  assert.deepEqual(
    events.map(({ type }) => type),
    ['start', 'end'],
  );
});

test('a click is not speech', () => {
  const click = silence(1_000).fill(20_000, 4_800, 4_900);
  assert.deepEqual(cut(click, 480), []);
});
