import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { phoneNumber, spokenCode, spokenPhone } from '../../../tools/yard/phone.ts';

test('a number is understood however it is written', () => {
  for (const text of ['+1 312 555 0142', '(312) 555-0142', '3125550142', '1.312.555.0142']) {
    assert.equal(phoneNumber(text), '+13125550142', text);
  }
  assert.equal(phoneNumber('+44 20 7946 0018'), '+442079460018');
  assert.equal(phoneNumber('555 0142'), '5550142');
});

test('what is no number is none', () => {
  for (const text of ['', 'the same', '555-01', '12345678901234567', 'call 3125550142', '=1+1']) {
    assert.equal(phoneNumber(text), null, text);
  }
});

test('a number that was understood is understood again, and read out digit by digit', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'+0123456789 -().'.split('')) }), (text) => {
      const number = phoneNumber(text);
      if (number === null) return;
      assert.equal(phoneNumber(number), number);
      const digits = spokenPhone(number).replaceAll(/\D/g, '');
      assert.ok(number.replace('+', '').endsWith(digits));
    }),
  );
  assert.equal(spokenPhone('+13125550142'), '3 1 2, 5 5 5, 0 1 4 2');
  assert.equal(spokenPhone('5550142'), '5 5 5, 0 1 4, 2');
});

test('a code is read out sign by sign', () => {
  assert.equal(spokenCode('k7m4qx'), 'K 7 M, 4 Q X');
});
