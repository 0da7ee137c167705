import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallLimit } from '../../../../agent/call/call-limit.ts';
import { CallTimers } from '../../../../agent/call/call-timers.ts';
import { virtualTime } from '../virtual-time.ts';
import type { VirtualTime } from '../virtual-time.ts';

function createLimit(time: VirtualTime, { maxCallMs = 600_000, elapsedMs = 0 } = {}) {
  const told: string[] = [];
  const timers = new CallTimers({
    livenessPauseMs: 60_000,
    onPauseExpired: () => {},
    nowMs: time.nowMs,
  });
  const limit = new CallLimit({
    timers,
    maxCallMs,
    elapsedMs,
    warn: () => void told.push('warning'),
    end: () => void told.push('end'),
  });
  return { told, limit };
}

test('a minute before its end a call is warned', async (t) => {
  const time = virtualTime(t);
  const { told } = createLimit(time);
  await time.pass(539_000, 1_000);
  assert.deepEqual(told, []);
  await time.pass(1_000);
  assert.deepEqual(told, ['warning']);
  await time.pass(59_000, 1_000);
  assert.deepEqual(told, ['warning']);
  await time.pass(1_000);
  assert.deepEqual(told, ['warning', 'end']);
});

test('a short limit has its warning half-way', async (t) => {
  const time = virtualTime(t);
  const { told } = createLimit(time, { maxCallMs: 20_000 });
  await time.pass(10_000);
  assert.deepEqual(told, ['warning']);
  await time.pass(10_000);
  assert.deepEqual(told, ['warning', 'end']);
});

test('a further job of the call counts from the answer, and does not warn again', async (t) => {
  const time = virtualTime(t);
  const { told } = createLimit(time, { elapsedMs: 550_000 });
  await time.pass(50_000, 1_000);
  assert.deepEqual(told, ['end']);
  assert.deepEqual(await ends(time, { elapsedMs: 700_000 }), ['end']);
});

async function ends(time: VirtualTime, options: { readonly elapsedMs: number }) {
  const { told } = createLimit(time, options);
  await time.pass(1_000);
  return told;
}

test('a limit that was stopped ends nothing', async (t) => {
  const time = virtualTime(t);
  const { told, limit } = createLimit(time, { maxCallMs: 20_000 });
  limit.stop();
  await time.pass(60_000, 1_000);
  assert.deepEqual(told, []);
});
