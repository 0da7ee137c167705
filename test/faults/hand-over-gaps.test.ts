import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handOverGapsMs } from './hand-over-gaps.ts';

/** A line that ended then, and how long its answer took; null for one that was said in vain. */
const turn = (callerToMs: number, latencyMs: number | null) => ({
  callerToMs,
  latencyMs,
  agentFromMs: latencyMs === null ? null : callerToMs + latencyMs,
});

test('the gap of a hand-over is what the next turn took beyond the median of the others', () => {
  const turns = [turn(1_000, 500), turn(3_000, 700), turn(5_000, 600), turn(7_000, 400)];
  assert.deepEqual(handOverGapsMs(turns, [2_000, 6_000]), [200, 0]);
});

test('a line that was said in vain after a hand-over makes its gap longer, not shorter', () => {
  const turns = [turn(1_000, 500), turn(3_000, null), turn(20_000, 500)];
  assert.deepEqual(handOverGapsMs(turns, [2_000]), [17_000]);
});

test('a hand-over that nothing follows has no gap', () => {
  assert.throws(() => handOverGapsMs([turn(1_000, 500)], [2_000]), /Nothing follows/);
  const unanswered = [turn(1_000, 500), turn(3_000, null)];
  assert.throws(() => handOverGapsMs(unanswered, [2_000]), /Nothing follows/);
});
