import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { CallTimers } from '../../../agent/call/call-timers.ts';
import { virtualTime } from './virtual-time.ts';

function createLiveness(nowMs: () => number) {
  const told: string[] = [];
  const timers = new CallTimers({
    livenessPauseMs: 60_000,
    onPauseExpired: (reason) => void told.push(`unreleased ${reason}`),
    nowMs,
  });
  const timer = (name: string, ms: number) =>
    timers.timer({ name, ms, onExpired: () => void told.push(name) });
  return { timers, told, timer };
}

test('a timer runs when it is told to, from its full time', async (t) => {
  const time = virtualTime(t);
  const { told, timer } = createLiveness(time.nowMs);
  const silence = timer('silence', 10_000);
  await time.pass(20_000);
  assert.deepEqual(told, [], 'at rest');
  silence.restart();
  await time.pass(9_000);
  silence.restart();
  await time.pass(9_000);
  assert.deepEqual(told, []);
  await time.pass(1_000);
  assert.deepEqual(told, ['silence']);
  silence.restart();
  silence.stop();
  await time.pass(60_000);
  assert.deepEqual(told, ['silence']);
});

test('a pause keeps what is left of each timer', async (t) => {
  const time = virtualTime(t);
  const { timers, told, timer } = createLiveness(time.nowMs);
  timer('short', 10_000).restart();
  timer('long', 20_000).restart();
  const late = timer('late', 5_000);
  await time.pass(7_000);
  const release = timers.pauseAll('gap');
  await time.pass(30_000);
  late.restart();
  assert.deepEqual(timers.running, [
    { name: 'short', leftMs: 3_000 },
    { name: 'long', leftMs: 13_000 },
    { name: 'late', leftMs: 5_000 },
  ]);
  release();
  release();
  await time.pass(3_000);
  assert.deepEqual(told, ['short']);
  await time.pass(10_000);
  assert.deepEqual(told, ['short', 'late', 'long']);
});

test('a pause that nobody releases ends by itself, and says so', async (t) => {
  const time = virtualTime(t);
  const { timers, told, timer } = createLiveness(time.nowMs);
  timer('limit', 1_000).restart();
  const release = timers.pauseAll('gap');
  await time.pass(60_000);
  assert.deepEqual(told, ['unreleased gap']);
  assert.equal(timers.isPaused, false);
  await time.pass(1_000);
  release();
  assert.deepEqual(told, ['unreleased gap', 'limit']);
});

test('of two pauses the later end counts', async (t) => {
  const time = virtualTime(t);
  const { timers, told, timer } = createLiveness(time.nowMs);
  timer('limit', 1_000).restart();
  const first = timers.pauseAll('gap');
  const second = timers.pauseAll('transfer');
  first();
  await time.pass(30_000);
  assert.deepEqual(told, []);
  second();
  await time.pass(1_000);
  assert.deepEqual(told, ['limit']);
});

test('after its end nothing runs, and nothing can be started', async (t) => {
  const time = virtualTime(t);
  const { timers, told, timer } = createLiveness(time.nowMs);
  const limit = timer('limit', 1_000);
  limit.restart();
  timers.pauseAll('gap');
  timers.stop();
  limit.restart();
  timers.pauseAll('gap')();
  await time.pass(120_000);
  assert.deepEqual([told, timers.running, timers.isPaused], [[], [], false]);
});

test('whatever is paused, a timer expires once, after its own time of running', async (t) => {
  const time = virtualTime(t);
  const piece = fc.record({
    isPaused: fc.boolean(),
    ms: fc.integer({ min: 1, max: 8 }).map((steps) => steps * 250),
  });
  const pieces = fc.array(piece, { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(pieces, async (all) => {
      const { timers, told, timer } = createLiveness(time.nowMs);
      timer('limit', 4_000).restart();
      let ranMs = 0;
      for (const { isPaused, ms } of all) {
        const release = isPaused ? timers.pauseAll('gap') : () => {};
        await time.pass(ms);
        release();
        if (!isPaused) ranMs += ms;
        assert.deepEqual(told, ranMs >= 4_000 ? ['limit'] : []);
      }
      await time.pass(4_000);
      assert.deepEqual(told, ['limit']);
    }),
    { numRuns: 50 },
  );
});
