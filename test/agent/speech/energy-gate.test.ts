import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnergyGate } from '../../../agent/speech/energy-gate.ts';

const frameMs = 60;
const samples = 960;

/** A stretch of a tone at `level`, in frames. */
function* sound(level: number, ms: number): Generator<Int16Array> {
  for (let at = 0; at < ms; at += frameMs) {
    yield Int16Array.from({ length: samples }, (_, nth) => level * Math.SQRT2 * Math.sin(nth / 5));
  }
}

/** Whether the gate is open after each of these stretches. */
function after(gate: EnergyGate, ...stretches: readonly (readonly [level: number, ms: number])[]) {
  return stretches.map(([level, ms]) => {
    for (const frame of sound(level, ms)) gate.push(frame, frameMs);
    return gate.isSpeaking;
  });
}

test('speech opens the gate, and a pause longer than that between words closes it', () => {
  const told = after(
    new EnergyGate(),
    [5, 1_000],
    [3_000, 600],
    [5, 500],
    [3_000, 300],
    [5, 1_000],
  );
  assert.deepEqual(told, [false, true, true, true, false]);
});

test('a click or a cough opens nothing', () => {
  assert.deepEqual(after(new EnergyGate(), [5, 500], [8_000, 120], [5, 900], [8_000, 120]), [
    false,
    false,
    false,
    false,
  ]);
});

test('a quiet telephone voice opens it', () => {
  assert.deepEqual(after(new EnergyGate(), [5, 500], [600, 600]), [false, true]);
});

test('the steady noise of an engine is no speech for ever, and a voice above it is', () => {
  const gate = new EnergyGate();
  after(gate, [900, 20_000]);
  assert.equal(gate.isSpeaking, false);
  assert.deepEqual(after(gate, [5_000, 600]), [true]);
});
