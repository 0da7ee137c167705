import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutCardNumbers } from '../../../tools/journal/card-numbers.ts';

// The numbers that card networks publish for tests.
const cards = [
  '4111111111111111',
  '4111 1111 1111 1111',
  '4111-1111-1111-1111',
  '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
  '378282246310005',
  '3782 822463 10005',
  '5555 5555 5555 4444',
  '2223003122003222',
  '6011 0009 9013 9424',
];

test('a card number is taken out, however its digits are grouped', () => {
  for (const card of cards) {
    const said = `It is ${card}, expires 12/28.`;
    assert.equal(withoutCardNumbers(said), 'It is [card number removed], expires 12/28.');
  }
});

test('a card number is found between other numbers', () => {
  assert.equal(
    withoutCardNumbers('312 555 0142 4111 1111 1111 1111 123'),
    '312 555 0142 [card number removed] 123',
  );
  assert.equal(
    withoutCardNumbers('4111111111111111 378282246310005'),
    '[card number removed] [card number removed]',
  );
});

test('what is no card number stays as it is', () => {
  const texts = [
    '',
    'Jordan Sample',
    'Call (312) 555-0142 or +1 312 555 0143 after 5.',
    'Serial 4111111111111112',
    'From 2026-12-01 to 2026-12-03, 3 days',
    '411111111111111111111111',
    'Order 1234567890128',
    // As long as a message may be.
    '1 '.repeat(1_000),
  ];
  for (const text of texts) assert.equal(withoutCardNumbers(text), text);
});
