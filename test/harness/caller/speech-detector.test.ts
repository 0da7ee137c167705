import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tone } from './bare-agent.ts';
import { SAMPLE_RATE } from './call-events.ts';
import { speechSegments } from './speech-detector.ts';

/** A recording with tones at these times. */
function recording(
  lengthMs: number,
  ...tones: readonly (readonly [fromMs: number, toMs: number])[]
) {
  const samplesPerMs = SAMPLE_RATE / 1000;
  const pcm = new Int16Array(lengthMs * samplesPerMs);
  for (const [fromMs, toMs] of tones) {
    const count = (toMs - fromMs) * samplesPerMs;
    pcm.set(tone({ hz: 440, at: 0, count }), fromMs * samplesPerMs);
  }
  return pcm;
}

const segments = (pcm: Int16Array, pauseMs = 200) =>
  speechSegments(pcm, { sampleRate: SAMPLE_RATE, pauseMs });

test('silence has no speech in it', () => {
  assert.deepEqual(segments(recording(1_000)), []);
});

test('speech is found where it is, up to the end of the recording', () => {
  assert.deepEqual(segments(recording(2_000, [300, 900], [1_500, 2_000])), [
    { fromMs: 300, toMs: 900 },
    { fromMs: 1_500, toMs: 2_000 },
  ]);
});

test('a short pause does not divide, a long one does', () => {
  const pcm = recording(2_000, [100, 500], [600, 1_000]);
  assert.deepEqual(segments(pcm, 200), [{ fromMs: 100, toMs: 1_000 }]);
  assert.deepEqual(segments(pcm, 80), [
    { fromMs: 100, toMs: 500 },
    { fromMs: 600, toMs: 1_000 },
  ]);
});

test('a click is not speech', () => {
  assert.deepEqual(segments(recording(500, [200, 210])), []);
});

test('noise on the line is not speech', () => {
  const pcm = Int16Array.from({ length: SAMPLE_RATE }, (_, index) => ((index * 7_919) % 121) - 60);
  assert.deepEqual(segments(pcm), []);
});
