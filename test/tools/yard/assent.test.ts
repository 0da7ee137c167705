import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assentIn, type Assent } from '../../../tools/yard/assent.ts';

const toBooking: Record<Assent, readonly string[]> = {
  yes: [
    'Yes, please book it.',
    'yeah',
    'Yep, go ahead',
    'sure thing',
    'OK',
    'okay then',
    'Sounds good.',
    'Yes, and do you deliver?',
    'That’s right.',
    "I'll take it",
    'mm-hmm',
  ],
  no: ['No.', "No, that's wrong", 'nope', "Don't book it", 'cancel that', 'wait', 'never mind'],
  unclear: [
    '',
    'What are your opening hours?',
    'Could you please say that again?',
    'Yes, but on Tuesday instead',
    "I'm not sure",
    'My name is Maria Lopez',
    'Right, and how much was it?',
  ],
};

for (const assent of ['yes', 'no', 'unclear'] as const) {
  test(`words that are ${assent} to a booking`, () => {
    for (const words of toBooking[assent]) {
      assert.equal(assentIn(words, 'booking'), assent, words);
    }
  });
}

test('what is a no to a booking is a yes to its cancelling', () => {
  assert.equal(assentIn('Yes, cancel it please.', 'booking'), 'unclear');
  assert.equal(assentIn('Yes, cancel it please.', 'cancelling'), 'yes');
  assert.equal(assentIn('cancel it', 'cancelling'), 'yes');
  assert.equal(assentIn("don't cancel it", 'cancelling'), 'no');
  assert.equal(assentIn('no, keep it', 'cancelling'), 'no');
});
