import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { beatMs } from '../../../../agent/ipc/client.ts';
import { FreezeDetector } from '../../../../agent/supervisor/guardian/heartbeat-monitor.ts';

const patience = { suspectMs: 1_000, sureMs: 3_000 };

let nowMs: number;
let detector: FreezeDetector;
let one: { lastBeatMs: number };
let other: { lastBeatMs: number };

beforeEach(() => {
  nowMs = 10_000;
  detector = new FreezeDetector(nowMs);
  one = { lastBeatMs: nowMs };
  other = { lastBeatMs: nowMs };
});

/** Time passes tick by tick; `other` beats on, and `one` does not. */
function pass(ms: number, { alone = false, lateMs = 0 } = {}): void {
  for (const endMs = nowMs + ms; nowMs < endMs;) {
    nowMs += beatMs + lateMs;
    detector.tick(nowMs);
    if (!alone) other.lastBeatMs = nowMs;
  }
}

const silentMs = () => detector.silentMs(one, [one, other], patience);

test('nobody is suspected within a second', () => {
  pass(750);
  assert.equal(silentMs(), null);
});

test('a second of silence is enough while all others beat and we run on time', () => {
  pass(1_000);
  assert.equal(silentMs(), 1_000);
});

test('where nobody else beats, three seconds', () => {
  pass(2_750, { alone: true });
  assert.equal(silentMs(), null);
  pass(250, { alone: true });
  assert.equal(silentMs(), 3_000);
});

test('a beat that was heard long ago is no company', () => {
  pass(500);
  pass(750, { alone: true });
  assert.equal(silentMs(), null);
});

test('where we were late since its last beat, three seconds', () => {
  pass(500, { lateMs: beatMs + 1 });
  pass(1_500);
  assert.equal(silentMs(), null);
  pass(1_000);
  assert.notEqual(silentMs(), null);
});

test('that we were late before its last beat does not matter', () => {
  pass(500, { lateMs: beatMs + 1 });
  one.lastBeatMs = nowMs + 1;
  pass(1_250);
  assert.notEqual(silentMs(), null);
});

test('time in which we did not run is nobody’s silence', () => {
  pass(750);
  nowMs += 10_000;
  detector.tick(nowMs);
  assert.equal(silentMs(), null);
  pass(2_750);
  assert.equal(silentMs(), null, 'we were late, so it takes three seconds, from then on');
  pass(250);
  assert.equal(silentMs(), 3_000);
});

test('one that beats again is alive', () => {
  pass(5_000);
  one.lastBeatMs = nowMs;
  assert.equal(silentMs(), null);
});
