import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frame } from './frame-log.ts';
import { placeFrames } from './sample-clock.ts';

/** 1 kHz: a sample is a millisecond, a frame of 20 ms is 20 samples. */
const RATE = 1_000;

/** Frames of 20 samples, numbered from 1, that arrive when told. */
function frames(count: number, arrivalMs: (index: number) => number): Frame[] {
  return Array.from({ length: count }, (_, index) => ({
    endMs: arrivalMs(index),
    sampleCount: 20,
    samples: new Int16Array(20).fill(index + 1),
  }));
}

const onTime = (index: number) => 120 + index * 20;

/** How many samples there are of each value, in order: `[value, count]`. */
function runs(pcm: Int16Array): [number, number][] {
  const found: [number, number][] = [];
  for (const sample of pcm) {
    const last = found.at(-1);
    if (last?.[0] === sample) last[1]++;
    else found.push([sample, 1]);
  }
  return found;
}

test('frames stand where they arrived', () => {
  const pcm = placeFrames(frames(3, onTime), RATE);
  assert.deepEqual(runs(pcm), [
    [0, 100],
    [1, 20],
    [2, 20],
    [3, 20],
  ]);
});

test('a process that hiccups tears no hole into the sound', () => {
  const steady = placeFrames(frames(200, onTime), RATE);
  const hiccup = (index: number) =>
    onTime(index) + (index >= 80 && index < 90 ? (90 - index) * 20 : 0);
  assert.deepEqual(placeFrames(frames(200, hiccup), RATE), steady);
});

test('a late first frame does not shift those behind it', () => {
  const late = (index: number) => onTime(index) + (index === 0 ? 150 : index === 1 ? 130 : 0);
  assert.deepEqual(placeFrames(frames(100, late), RATE), placeFrames(frames(100, onTime), RATE));
});

test('a stream that stood still leaves silence of that length', () => {
  const pcm = placeFrames(
    frames(120, (index) => onTime(index) + (index >= 60 ? 3_000 : 0)),
    RATE,
  );
  assert.equal(pcm.length, 100 + 120 * 20 + 3_000);
  assert.deepEqual(runs(pcm).at(61), [0, 3_000]);
});

test('digital silence takes its place without samples', () => {
  const silent = frames(3, onTime).map(({ samples, ...frame }, index) =>
    index === 1 || !samples ? frame : { ...frame, samples },
  );
  assert.deepEqual(runs(placeFrames(silent, RATE)), [
    [0, 100],
    [1, 20],
    [0, 20],
    [3, 20],
  ]);
});

test('what began before the clock is cut', () => {
  assert.deepEqual(
    runs(
      placeFrames(
        frames(2, (index) => 10 + index * 20),
        RATE,
      ),
    ),
    [
      [1, 10],
      [2, 20],
    ],
  );
});

test('nothing heard is nothing recorded', () => {
  assert.equal(placeFrames([], RATE).length, 0);
});
