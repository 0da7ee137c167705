import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { defaultCapacity, thisMachine, startsAtOnce } from '../../../agent/config/capacity.ts';
import { loadConfig } from '../../../agent/config/config.ts';
import { minimalEnvironment } from '../../harness/environment.ts';

const gigabyte = 1_073_741_824;

test('two cores with memory enough take eight calls, and keep four processes warm', () => {
  const machine = { cores: 2, memoryBytes: 8 * gigabyte };
  assert.deepEqual(defaultCapacity(machine), { maxCalls: 8, numIdleProcesses: 4 });
});

test('what the memory does not hold is not taken, and one call always is', () => {
  for (const [memoryBytes, most] of [
    [gigabyte / 2, 1],
    [gigabyte, 3],
    [2 * gigabyte, 8],
  ] as const) {
    const { maxCalls, numIdleProcesses } = defaultCapacity({ cores: 8, memoryBytes });
    assert.ok(maxCalls >= 1 && maxCalls <= most, `${maxCalls} calls in ${memoryBytes}`);
    assert.ok(numIdleProcesses >= 1 && numIdleProcesses <= maxCalls);
  }
});

test('a larger machine takes no less', () => {
  const cores = fc.integer({ min: 1, max: 128 });
  const memory = fc.integer({ min: 1, max: 512 }).map((half) => (half * gigabyte) / 2);
  fc.assert(
    fc.property(cores, memory, (n, memoryBytes) => {
      const { maxCalls } = defaultCapacity({ cores: n, memoryBytes });
      assert.ok(
        defaultCapacity({ cores: n + 1, memoryBytes: memoryBytes * 4 }).maxCalls >= maxCalls,
      );
    }),
  );
});

test('explicit values win, and what is not set follows from this machine', () => {
  const { maxCalls, numIdleProcesses } = loadConfig(minimalEnvironment()).livekit;
  assert.deepEqual({ maxCalls, numIdleProcesses }, defaultCapacity(thisMachine()));
  const set = loadConfig(minimalEnvironment({ MAX_CALLS: '40', NUM_IDLE_PROCESSES: '1' }));
  assert.partialDeepStrictEqual(set.livekit, { maxCalls: 40, numIdleProcesses: 1 });
});

test('one job starts at a time on up to three cores, one more on each two beyond', () => {
  const starts = [1, 2, 3, 4, 8].map((cores) => startsAtOnce({ cores }));
  assert.deepEqual(starts, [1, 1, 1, 2, 4]);
});
