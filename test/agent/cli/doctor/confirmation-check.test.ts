import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfirmations } from '../../../../agent/cli/doctor/confirmation-check.ts';
import { alertSecret, receiveAlerts } from '../../telemetry/alert-receiver.ts';

const { signal } = new AbortController();

test('a receiver of confirmations is looked at, and gets a signed event when that is asked for', async () => {
  await using receiver = await receiveAlerts();
  const { url } = receiver;
  const right = { url, secret: alertSecret };
  const looked = await checkConfirmations(right, { signal, sendsTest: false });
  assert.equal(looked.status, 'ok');
  assert.equal(receiver.deliveries.length, 0);
  assert.equal((await checkConfirmations(right, { signal, sendsTest: true })).status, 'ok');
  assert.equal(receiver.deliveries[0]?.body.type, 'pickup.test');
  const wrong = { url, secret: `whsec_${Buffer.alloc(24, 7).toString('base64')}` };
  const refused = await checkConfirmations(wrong, { signal, sendsTest: true });
  assert.equal(refused.status, 'fail');
  assert.match(refused.advice ?? '', /CONFIRMATION_WEBHOOK_SECRET/);
});

test('an address without https is not good enough for customers’ names', async () => {
  const open = { url: 'http://texts.example.com/hook', secret: alertSecret };
  const found = await checkConfirmations(open, { signal, sendsTest: false });
  assert.equal(found.status, 'fail');
  assert.match(found.advice ?? '', /https/);
});
