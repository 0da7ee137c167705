import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { assentIn, type Assent } from '../../../tools/dialogue/affirmation.ts';

const toBooking: Record<Assent, readonly string[]> = {
  yes: [
    'Yes, please book it.',
    'Yes.',
    'Yes, please.',
    'Yes please',
    'yes go ahead',
    'Yes, yes, book it, I confirm everything!',
    'yeah',
    'Yeah sure',
    "yeah that's right",
    'Yep, go ahead',
    'Yep, go ahead please',
    'Yup.',
    'sure thing',
    'Sure, go ahead.',
    'OK',
    'okay then',
    'Okay, great, thank you.',
    'Alright, please do.',
    'Great, I would like to book it.',
    'Sounds good.',
    'Sounds good, book it',
    'Yes, that works for me',
    'That works for me.',
    "That'll work.",
    'That would be great, thanks',
    'Yes, and do you deliver?',
    'Yes. Do you deliver?',
    'Yes, please book that one.',
    'Yes, put it under Maria Lopez.',
    'That’s right.',
    "Yes, that's right",
    "That's correct",
    'Correct.',
    'Perfect, let’s do it',
    "I'll take it",
    "Oh yes, we'll take it.",
    'Absolutely',
    'Go ahead',
    'Go ahead and book it for me.',
    'Please book it.',
    "I'd like to book it, please.",
    'Do it.',
    'mm-hmm',
    'Uh-huh.',
  ],
  no: [
    'No.',
    "No, that's wrong",
    "No, that's not it.",
    'no thanks',
    'nope',
    'Nope, not now',
    "Don't book it",
    'Please do not book it',
    'cancel that',
    'wait',
    'Hold on a moment.',
    'never mind',
    'Actually, Tuesday.',
    "It doesn't fit.",
  ],
  unclear: [
    '',
    'What are your opening hours?',
    'Hm, what does the delivery cost?',
    'Could you please say that again?',
    'Could you do it for less?',
    'Can you do that on Friday?',
    'Do I have to book it today?',
    'do I have to book it',
    'Are you sure?',
    'Is that correct?',
    'is that right',
    'Yes?',
    'Yes? Who is this?',
    'Is that with tax? Okay.',
    'Okay?',
    'Yes, how much was it?',
    'Sure, and what about the deposit?',
    'Right, and how much was it?',
    'Okay, let me think about it.',
    'Let me make sure with my boss first.',
    'I need to check, okay',
    'I will call you back, okay',
    'Definitely too expensive.',
    'Definitely out of my budget.',
    'Great price, maybe',
    'Sure, I guess',
    "I'm not sure",
    'Yes, but on Tuesday instead',
    'yes but later',
    'Yes, but make it four days.',
    'Yes, make it Tuesday.',
    'Yes, from the third.',
    'Yes, until March',
    'Yes, for 2 days.',
    'Yes, one more day.',
    'Yes, if you can deliver it.',
    'Yes, wait.',
    'Yeah, hold on.',
    'Yes, I have to ask my wife.',
    'Yes. No.',
    'Thank you.',
    'My name is Maria Lopez',
    'Maria Lopez.',
  ],
};

for (const assent of ['yes', 'no', 'unclear'] as const) {
  test(`words that are ${assent} to a booking`, () => {
    for (const words of toBooking[assent]) {
      assert.equal(assentIn(words, 'booking'), assent, words);
    }
  });
}

test('what is a no to a booking is a yes to its cancelling, and the other way round', () => {
  assert.equal(assentIn('Yes, cancel it please.', 'booking'), 'unclear');
  assert.equal(assentIn('Yes, cancel it please.', 'cancelling'), 'yes');
  assert.equal(assentIn('cancel it', 'cancelling'), 'yes');
  assert.equal(assentIn('Please cancel my booking.', 'cancelling'), 'yes');
  assert.equal(assentIn("don't cancel it", 'cancelling'), 'no');
  assert.equal(assentIn('no, keep it', 'cancelling'), 'no');
  assert.equal(assentIn('Yes, keep it.', 'cancelling'), 'unclear');
  assert.equal(assentIn('Can I still cancel it later?', 'cancelling'), 'unclear');
});

const agreement = fc.constantFrom('Yes', 'Yeah', 'Okay', 'Sure', 'Great', 'Book it', 'Sounds good');
const secondThoughts = fc.constantFrom(
  'let me think',
  'I will ask my boss',
  'maybe',
  'I call you back',
  'that is expensive',
  'wait',
  'not sure',
  'but later',
  'instead the other',
  'make sure first',
  'from Monday',
  'in July',
  'for five days',
  'the twenty-first',
  'the fourth',
  '12 of them',
  'next week',
  'if it rains',
);

test('a yes with second thoughts before or after it, or as a question, is never a yes', () => {
  const answer = fc
    .tuple(agreement, secondThoughts, fc.boolean(), fc.constantFrom(', ', '. ', ' '))
    .map(([yes, but, isFirst, pause]) => (isFirst ? [yes, but] : [but, yes]).join(pause));
  fc.assert(fc.property(answer, (words) => assentIn(words, 'booking') !== 'yes'));
  const asked = fc
    .tuple(fc.constantFrom('Can you', 'Should I', 'Is it okay, so', 'Do you'), agreement)
    .map(([question, yes]) => `${question} ${yes.toLowerCase()}?`);
  fc.assert(fc.property(asked, (words) => assentIn(words, 'booking') === 'unclear'));
});

test('one yes after the other is a yes', () => {
  const yeses = fc.array(agreement, { minLength: 1, maxLength: 4 }).map((said) => said.join(', '));
  fc.assert(fc.property(yeses, (words) => assentIn(words, 'booking') === 'yes'));
});
