import type { WriterBudgets } from '../../../../tools/sheet/write/sheet-writer.ts';
import { nowMs } from '../../yard/example-yard.ts';

/** The spreadsheet of the emulator. */
export const spreadsheetId = 'yard-1';

/** Short, and in the same proportions as the real ones. */
export const testBudgets: WriterBudgets = {
  requestMs: 800,
  settleMs: 600,
  leaseMs: 2_000,
  idleMs: 20,
  reconcileMs: 300_000,
  busyBackOff: { initialMs: 40, multiplier: 2, maxMs: 200, jitter: 0.5 },
  refusedBackOff: { initialMs: 80, multiplier: 2, maxMs: 300, jitter: 0.5 },
};

/** Sunday, 22 November 2026, 14:00 in Chicago, and going on. */
export function runningClock(startMs = nowMs) {
  let offsetMs = startMs - Date.now();
  return {
    nowMs: () => Date.now() + offsetMs,
    /** Another moment, at once. */
    set(atMs: number) {
      offsetMs = atMs - Date.now();
    },
  };
}
