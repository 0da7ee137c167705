import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  dialableNumber,
  regionOf,
  sentNumber,
  spokenCode,
  spokenPhone,
} from '../../../tools/yard/phone.ts';

test('a number is understood however it is written', () => {
  for (const text of ['+1 312 555 0142', '(312) 555-0142', '3125550142', '1.312.555.0142']) {
    assert.equal(dialableNumber(text), '+13125550142', text);
  }
  assert.equal(dialableNumber('+44 20 7946 0018'), '+442079460018');
  assert.equal(dialableNumber('(+44) 20 7946 0018'), '+442079460018');
  assert.equal(dialableNumber('020 7946 0018', 'GB'), '+442079460018');
});

test('an extension is kept, and read out', () => {
  for (const text of ['312 555 0142 ext. 12', '312-555-0142 x12', '(312) 555-0142 extension 12']) {
    const number = dialableNumber(text) ?? '';
    assert.equal(number, '+13125550142;ext=12', text);
    assert.equal(dialableNumber(number), number);
    assert.equal(spokenPhone(number), '3 1 2, 5 5 5, 0 1 4 2, extension 1 2');
  }
});

test('what nobody could dial is none', () => {
  for (const text of [
    '',
    'the same',
    '555-01',
    '555 0142',
    '12345678901234567',
    'call 3125550142',
    '=1+1',
    'anonymous',
    'Restricted',
    'Unavailable',
    '+266696687',
    '266696687',
    '7378742833',
    '0000000000',
    '+10000000000',
    '1111111111',
    '9999999999',
    '123 456 7890',
    '911',
    '+1555',
  ]) {
    assert.equal(dialableNumber(text), null, text);
  }
});

test('what a carrier sends for a number that is withheld is none', () => {
  for (const sent of ['anonymous', 'Restricted', '+266696687', '0000000000', '', '+', '101']) {
    assert.equal(sentNumber(sent), null, sent);
  }
  for (const sent of ['+13125550142', '02079460018']) assert.equal(sentNumber(sent), sent);
});

test('a yard is where its own numbers are, else where its time zone is', () => {
  assert.equal(regionOf({ transferTo: ['+442079460018'], timeZone: 'America/Chicago' }), 'GB');
  for (const [timeZone, region] of [
    ['America/Chicago', 'US'],
    ['US/Central', 'US'],
    ['Europe/London', 'GB'],
    ['Australia/Perth', 'AU'],
    ['Asia/Kolkata', 'IN'],
    ['UTC', 'US'],
  ] as const) {
    assert.equal(regionOf({ transferTo: [], timeZone }), region, timeZone);
  }
  assert.equal(regionOf(undefined), 'US');
});

test('a number that was understood is understood again, and read out digit by digit', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'+0123456789 -().'.split('')) }), (text) => {
      const number = dialableNumber(text);
      if (number === null) return;
      assert.equal(dialableNumber(number), number);
      const digits = spokenPhone(number).replaceAll(/\D/g, '');
      assert.ok(number.replace('+', '').endsWith(digits));
    }),
  );
  assert.equal(spokenPhone('+13125550142'), '3 1 2, 5 5 5, 0 1 4 2');
});

test('a code is read out sign by sign', () => {
  assert.equal(spokenCode('k7m4qx'), 'K 7 M, 4 Q X');
});
