import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlertWebhook } from '../../../agent/telemetry/alert-webhook.ts';
import type { Observation } from '../../../agent/telemetry/alert-rules.ts';
import { Alerts } from '../../../agent/telemetry/alerts.ts';
import { eventually } from '../../harness/eventually.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import { alertSecret, receiveAlerts } from './alert-receiver.ts';

const well: Observation = {
  link: 'registered',
  takeovers: 0,
  backlog: { pendingSinceMs: null, conflicts: 0 },
  sheetRefusal: null,
};
const conflict: Observation = { ...well, backlog: { pendingSinceMs: null, conflicts: 1 } };
const quick = { initialMs: 1, multiplier: 1, maxMs: 1, jitter: 0 };

/** Alerts that look at `seen`, which a test changes. */
function alertsTo(url: string | null) {
  const { log, lines } = recordedLog();
  const world = { seen: well };
  const webhook = url === null ? null : new AlertWebhook({ url, secret: alertSecret }, quick);
  const alerts = new Alerts({ log, observe: () => world.seen, webhook });
  const told = () => lines.map(({ event, level, cause }) => `${level} ${event} ${String(cause)}`);
  return { alerts, world, told, [Symbol.asyncDispose]: () => alerts.stop() };
}

const raised = 'warn alert.raised booking-conflict';
const cleared = 'info alert.cleared booking-conflict';

test('one post when a person is needed and one when it is over, however often it looks', async () => {
  await using receiver = await receiveAlerts();
  await using rig = alertsTo(receiver.url);
  for (const seen of [well, conflict, conflict, conflict, well, well]) {
    rig.world.seen = seen;
    rig.alerts.look();
  }
  await eventually('both are there', () => receiver.deliveries.length === 2);
  const states = receiver.deliveries.map(({ body }) => `${body.data.cause} ${body.data.state}`);
  assert.deepEqual(states, ['booking-conflict raised', 'booking-conflict cleared']);
  const [first, second] = receiver.deliveries;
  assert.notEqual(first?.id, second?.id);
  assert.equal(first?.body.data.since, second?.body.data.since);
  assert.deepEqual(rig.told(), [raised, cleared]);
});

test('the end is posted after the beginning, though the first attempts failed', async () => {
  await using receiver = await receiveAlerts([500, 'reset']);
  await using rig = alertsTo(receiver.url);
  rig.world.seen = conflict;
  rig.alerts.look();
  rig.world.seen = well;
  rig.alerts.look();
  await eventually('both are there', () => receiver.deliveries.length === 4);
  const states = receiver.deliveries.map(({ body }) => body.data.state);
  assert.deepEqual(states, ['raised', 'raised', 'raised', 'cleared']);
});

test('without a webhook it is in the log', async () => {
  await using rig = alertsTo(null);
  rig.world.seen = conflict;
  rig.alerts.look();
  assert.deepEqual(rig.alerts.open, ['booking-conflict']);
  rig.world.seen = well;
  rig.alerts.look();
  assert.deepEqual(rig.told(), [raised, cleared]);
});

test('an alert that nobody takes is in the log, and the next one is sent all the same', async () => {
  await using receiver = await receiveAlerts([400]);
  await using rig = alertsTo(receiver.url);
  rig.world.seen = conflict;
  rig.alerts.look();
  await eventually('refused', () => rig.told().length === 2);
  rig.world.seen = well;
  rig.alerts.look();
  await eventually('the second', () => receiver.deliveries.length === 2);
  assert.deepEqual(rig.told(), [raised, 'error alert.failed booking-conflict', cleared]);
});
