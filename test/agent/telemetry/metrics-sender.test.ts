import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { MetricSample } from '../../../agent/ipc/messages.ts';
import { MetricsSender } from '../../../agent/telemetry/metrics-sender.ts';

let isUp: boolean;
let sent: MetricSample[];
let sender: MetricsSender;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  isUp = true;
  sent = [];
  sender = new MetricsSender((metrics) => {
    if (isUp) sent.push(...metrics);
    return isUp;
  });
});
afterEach(() => mock.timers.reset());

const timed = (seconds: number): MetricSample => ({
  name: 'turn_latency_seconds',
  labels: {},
  seconds,
});
const turn = (seconds: number) => sender.take([timed(seconds)]);
const latencies = () => sent.map(({ seconds }) => seconds);

test('sends what counts, at once', () => {
  turn(0.7);
  sender.take([]);
  assert.deepEqual(sent, [timed(0.7)]);
});

test('keeps what a line that is down does not take, and sends it once when it is up', () => {
  isUp = false;
  turn(1);
  turn(2);
  mock.timers.tick(5_000);
  isUp = true;
  mock.timers.tick(1_000);
  assert.deepEqual(latencies(), [1, 2]);
  mock.timers.tick(10_000);
  turn(3);
  assert.deepEqual(latencies(), [1, 2, 3]);
});

test('keeps the last hundred', () => {
  isUp = false;
  for (let count = 1; count <= 130; count += 1) turn(count);
  isUp = true;
  mock.timers.tick(1_000);
  assert.deepEqual([sent.length, latencies()[0], latencies().at(-1)], [100, 31, 130]);
});
