import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeWav, mixVoices } from './wav.ts';

test('a WAV file says what is in it', () => {
  const wav = encodeWav(Int16Array.of(1, -1, 300), 48_000);
  assert.equal(wav.toString('latin1', 0, 4), 'RIFF');
  assert.equal(wav.readUInt32LE(4), wav.length - 8);
  assert.equal(wav.readUInt16LE(22), 1);
  assert.equal(wav.readUInt32LE(24), 48_000);
  assert.equal(wav.readUInt32LE(40), 6);
  assert.deepEqual(
    [0, 2, 4].map((at) => wav.readInt16LE(44 + at)),
    [1, -1, 300],
  );
});

test('voices are added, clipped, and as long as the longest', () => {
  const mix = mixVoices([Int16Array.of(1, 30_000, -30_000, 5), Int16Array.of(2, 30_000, -30_000)]);
  assert.deepEqual(mix, Int16Array.of(3, 32_767, -32_768, 5));
  assert.equal(mixVoices([]).length, 0);
});
