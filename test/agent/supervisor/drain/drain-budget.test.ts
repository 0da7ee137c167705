import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  drainTimes,
  handOverPace,
  killAfterMs,
} from '../../../../agent/supervisor/drain/drain-budget.ts';

const ms = fc.integer({ min: 1_000, max: 3_600_000 });

test('whatever the grace, everything ends within it, and calls get no more than their time', () => {
  fc.assert(
    fc.property(ms, ms, fc.boolean(), (graceMs, drainMs, otherIsReady) => {
      const { lastWordsMs, endMs } = drainTimes({ graceMs, drainMs }, otherIsReady);
      assert.ok(lastWordsMs >= 0 && lastWordsMs <= endMs);
      assert.ok(lastWordsMs <= Math.max(drainMs, 1_500));
      assert.ok(endMs + killAfterMs({ graceMs, drainMs }, endMs) < graceMs);
    }),
  );
});

test('with time there is a whole goodbye after the last word of the drain', () => {
  const budget = { graceMs: 1_800_000, drainMs: 1_740_000 };
  for (const otherIsReady of [true, false]) {
    const { lastWordsMs, endMs } = drainTimes(budget, otherIsReady);
    assert.deepEqual([lastWordsMs, endMs], [1_740_000, 1_748_000]);
  }
});

test('a hand-over waits for the end of a turn for as long as there is time for it', () => {
  assert.deepEqual(handOverPace(600_000), { withinMs: 20_000, together: 2 });
  assert.deepEqual(handOverPace(10_000), { withinMs: 8_500, together: Infinity });
  assert.deepEqual(handOverPace(0), { withinMs: 1_000, together: Infinity });
});
