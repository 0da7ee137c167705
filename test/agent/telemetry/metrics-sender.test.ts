import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { CallMetric } from '../../../agent/telemetry/events.ts';
import { MetricsSender } from '../../../agent/telemetry/metrics-sender.ts';

let isUp: boolean;
let sent: CallMetric[];
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

const turn = (latencyMs: number) => sender.note({ event: 'turn.completed', latencyMs });
const latencies = () => sent.map((metric) => (metric.kind === 'turn' ? metric.latencyMs : null));

test('sends what counts, at once', () => {
  turn(700);
  sender.note({ event: 'room.connected', durationMs: 5 });
  assert.deepEqual(sent, [{ kind: 'turn', latencyMs: 700 }]);
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
