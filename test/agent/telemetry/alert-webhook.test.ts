import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertChange } from '../../../agent/telemetry/alert-rules.ts';
import { AlertWebhook } from '../../../agent/telemetry/alert-webhook.ts';
import { eventually } from '../../harness/eventually.ts';
import { alertSecret, receiveAlerts } from './alert-receiver.ts';

const quick = { initialMs: 1, multiplier: 1, maxMs: 1, jitter: 0 };
const never = new AbortController().signal;
const atMs = Date.UTC(2026, 10, 23, 12);
const change: AlertChange = {
  cause: 'sheet-forbidden',
  state: 'raised',
  sinceMs: atMs - 5_000,
  detail: { code: 'SHEETS_FORBIDDEN' },
};

function send(url: string, secret = alertSecret, signal = never): Promise<void> {
  return new AlertWebhook({ url, secret }, quick).send(change, atMs, signal);
}

test('posts the alert, signed so that the library of Standard Webhooks verifies it', async () => {
  await using receiver = await receiveAlerts();
  await send(receiver.url);
  const [delivery] = receiver.deliveries;
  assert.equal(receiver.deliveries.length, 1);
  assert.match(delivery?.id ?? '', /^msg_[\w-]+$/);
  assert.equal(delivery?.contentType, 'application/json');
  assert.deepEqual(delivery?.body, {
    type: 'pickup.alert',
    timestamp: '2026-11-23T12:00:00.000Z',
    data: {
      cause: 'sheet-forbidden',
      state: 'raised',
      since: '2026-11-23T11:59:55.000Z',
      detail: { code: 'SHEETS_FORBIDDEN' },
    },
  });
});

test('tries again after a fault of the receiver, with the same id', async () => {
  await using receiver = await receiveAlerts([500, 'reset', 429, 408, 503]);
  await send(receiver.url);
  assert.equal(receiver.deliveries.length, 6);
  assert.equal(new Set(receiver.deliveries.map(({ id }) => id)).size, 1);
});

test('dates and signs each attempt anew', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  await using receiver = await receiveAlerts([500], () => t.mock.timers.tick(60_000));
  await send(receiver.url);
  const [first, second] = receiver.deliveries;
  assert.equal((second?.timestamp ?? 0) - (first?.timestamp ?? 0), 60);
  assert.notEqual(second?.signature, first?.signature);
});

for (const status of [302, 400, 401, 404, 410]) {
  test(`does not try again after ${status}`, async () => {
    await using receiver = await receiveAlerts([status]);
    await assert.rejects(send(receiver.url), { code: 'WEBHOOK_REFUSED', status });
    assert.equal(receiver.deliveries.length, 1);
  });
}

test('gives up in the end', async () => {
  await using receiver = await receiveAlerts(Array.from({ length: 50 }, () => 500));
  await assert.rejects(send(receiver.url), { code: 'WEBHOOK_REFUSED', status: 500 });
  assert.equal(receiver.deliveries.length, 11);
});

test('another key is not accepted', async () => {
  await using receiver = await receiveAlerts();
  const other = `whsec_${Buffer.from('another key, of 24 bytes').toString('base64')}`;
  await assert.rejects(send(receiver.url, other), { status: 401 });
  assert.equal(receiver.deliveries.length, 0);
});

test('ends at once when the service does', async () => {
  await using receiver = await receiveAlerts([500]);
  const abort = new AbortController();
  const slow = { initialMs: 600_000, multiplier: 1, maxMs: 600_000, jitter: 0 };
  const webhook = new AlertWebhook({ url: receiver.url, secret: alertSecret }, slow);
  const sent = webhook.send(change, atMs, abort.signal);
  const rejected = assert.rejects(sent, /stops/);
  await eventually('the first attempt', () => receiver.deliveries.length === 1);
  abort.abort(new Error('The service stops'));
  await rejected;
});
