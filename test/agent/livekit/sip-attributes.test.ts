import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sipCaller } from '../../../agent/livekit/sip-attributes.ts';

const from = { 'sip.callID': 'SCL_1', 'sip.phoneNumber': '+13125550142' };

test('a call from the number of our own test calls is a test that books nothing', () => {
  assert.equal(sipCaller(from, '+13125550142').test, 'trial');
  assert.equal(sipCaller(from, '+13125550143').test, null);
  assert.equal(sipCaller(from).test, null);
});

test('no withheld number is taken for it', () => {
  assert.equal(sipCaller({ ...from, 'sip.phoneNumber': 'anonymous' }, '+13125550142').test, null);
});
