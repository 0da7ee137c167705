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

test('a card number is taken out in whatever words it is said', () => {
  const once = 'four one one one';
  for (const said of [
    '4111 and 1111 and 1111 and 1111',
    '4111, 1111, 1111, then 1111',
    '4111. 1111. 1111. 1111',
    '4111 dash 1111 dash 1111 dash 1111',
    '４１１１ １１１１ １１１１ １１１１',
    'four one one one one one one one one one one one one one one one',
    'four one one one, one one one one, one one one one, one one one one',
    'four triple one double one double one double one double one double one double one',
    'forty-one eleven eleven eleven eleven eleven eleven eleven',
    'fifty-five fifty five, 5555 5555 forty-four forty four',
    `Four 111, one one 1 1, eleven eleven, 1111`,
  ]) {
    const text = `It's ${said}, all right?`;
    assert.equal(withoutCardNumbers(text), "It's [card number removed], all right?", said);
  }
  assert.equal(
    withoutCardNumbers(`My card number is ${once}`),
    'My card number is [card number removed]',
  );
});

test('digits that are said to be a card’s go too, though they do not add up or end early', () => {
  for (const said of [
    'My card number is 4111 1111 1111 1112',
    'put it on my Visa, 4111 1111',
    'the card ending in 1111',
  ]) {
    assert.doesNotMatch(withoutCardNumbers(said), /\d/, said);
  }
});

test('the code of a card is taken out', () => {
  for (const said of [
    'The CVC is 123.',
    'CVV: 1234',
    'c v v one two three',
    'the security code is 123',
    'and the three digits on the back are one two three',
    '4111 1111 1111 1111, code 123',
    'verification code, it is 987',
  ]) {
    const kept = withoutCardNumbers(said);
    assert.match(kept, /\[card code removed\]/, said);
    assert.doesNotMatch(kept, /\d|one two/, said);
  }
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
    'My code is K7M4Q2, and my number is three one two, five five five, oh one four two.',
    'One day, or two or three, for 450 dollars and one more for 90.',
    'Unit 1234, gate code 1234',
    // As long as a message may be.
    '1 '.repeat(1_000),
  ];
  for (const text of texts) assert.equal(withoutCardNumbers(text), text);
});
