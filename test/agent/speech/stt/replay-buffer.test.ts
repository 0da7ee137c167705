import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplayBuffer } from '../../../../agent/speech/stt/replay-buffer.ts';

/** 50 ms at 16 kHz. */
const chunk = 800;
const tone = (samples: number) => new Int16Array(samples).fill(3_000);
const silence = (samples: number) => new Int16Array(samples);
const lengths = (chunks: readonly Int16Array[]) => chunks.map(({ length }) => length);

test('frames of any size become whole chunks, and a rest is filled up with silence', () => {
  const buffer = new ReplayBuffer({ seconds: 1 });
  assert.deepEqual(lengths(buffer.add(tone(500))), []);
  assert.deepEqual(lengths(buffer.add(tone(2_000))), [chunk, chunk, chunk]);
  assert.equal(buffer.end, 3 * chunk);
  assert.deepEqual(buffer.flush()?.subarray(99, 102), Int16Array.of(3_000, 0, 0));
  assert.equal(buffer.flush(), undefined);
  assert.equal(buffer.end, 4 * chunk);
});

test('audio is given again from any position, to the sample', () => {
  const buffer = new ReplayBuffer({ seconds: 1 });
  buffer.add(Int16Array.from({ length: 3 * chunk }, (_, i) => i));
  const { from, chunks } = buffer.since(chunk + 7);
  assert.equal(from, chunk + 7);
  assert.deepEqual(lengths(chunks), [chunk - 7, chunk]);
  assert.equal(chunks[0]?.[0], chunk + 7);
  assert.deepEqual(buffer.since(3 * chunk), { from: 3 * chunk, chunks: [] });
});

test('what is too old is let go of, and positions stay what they are', () => {
  const buffer = new ReplayBuffer({ seconds: 1 });
  for (let i = 0; i < 50; i += 1) buffer.add(new Int16Array(chunk).fill(i));
  const { from, chunks } = buffer.since(0);
  assert.equal(from, 30 * chunk);
  assert.equal(chunks.length, 20);
  assert.equal(chunks[0]?.[0], 30);
  assert.equal(buffer.end, 50 * chunk);
});

test('the first sound after a position is found, not the one that ends there', () => {
  const buffer = new ReplayBuffer({ seconds: 1 });
  for (const part of [tone(chunk), silence(3 * chunk), tone(chunk)]) buffer.add(part);
  assert.equal(buffer.soundAfter(0), 0);
  assert.equal(buffer.soundAfter(chunk / 2), 4 * chunk);
  assert.equal(buffer.soundAfter(4 * chunk + 1), undefined);
});
