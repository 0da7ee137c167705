import type { TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';

/** Timers and clocks that go only when told to. */
export type VirtualTime = {
  readonly nowMs: () => number;
  /** Goes on by `ms` in steps of `stepMs`, and lets what is due happen after each. */
  readonly pass: (ms: number, stepMs?: number) => Promise<void>;
};

/** Takes the timers of the process for the length of a test. */
export function virtualTime(t: TestContext): VirtualTime {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  return {
    nowMs: () => Date.now(),
    pass: async (ms, stepMs = 250) => {
      for (let left = ms; left > 0; left -= stepMs) {
        t.mock.timers.tick(Math.min(stepMs, left));
        for (let round = 0; round < 3; round += 1) await setImmediate();
      }
    },
  };
}
