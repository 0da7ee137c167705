import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { z } from 'zod';
import {
  assentIn,
  type About,
  type Asked,
  type Assent,
} from '../../../tools/dialogue/affirmation.ts';

const excavator = { machine: 'Mini Excavator', start: '2026-12-01', end: '2026-12-03' };
const readBack = {
  lines: [excavator],
  totalCents: 75_000,
  depositCents: 20_000,
  customer: 'Maria Lopez',
  phone: null,
};
const answerTo = (words: string, about: About, terms: Partial<Asked> = {}) =>
  assentIn(words, { ...readBack, ...terms, about });

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
    'Yes, and do you deliver?',
    'Yes. Do you deliver?',
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
      assert.equal(answerTo(words, 'booking'), assent, words);
    }
  });
}

test('what is a no to a booking is a yes to its cancelling, and the other way round', () => {
  assert.equal(answerTo('Yes, cancel it please.', 'booking'), 'unclear');
  assert.equal(answerTo('Yes, cancel it please.', 'cancelling'), 'yes');
  assert.equal(answerTo('cancel it', 'cancelling'), 'yes');
  assert.equal(answerTo('Please cancel my booking.', 'cancelling'), 'yes');
  assert.equal(answerTo("don't cancel it", 'cancelling'), 'no');
  assert.equal(answerTo('no, keep it', 'cancelling'), 'no');
  assert.equal(answerTo('Yes, keep it.', 'cancelling'), 'unclear');
  assert.equal(answerTo('Yes, cancel Tuesday.', 'cancelling'), 'unclear');
  assert.equal(answerTo('Can I still cancel it later?', 'cancelling'), 'unclear');
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
  fc.assert(fc.property(answer, (words) => answerTo(words, 'booking') !== 'yes'));
  const asked = fc
    .tuple(fc.constantFrom('Can you', 'Should I', 'Is it okay, so', 'Do you'), agreement)
    .map(([question, yes]) => `${question} ${yes.toLowerCase()}?`);
  fc.assert(fc.property(asked, (words) => answerTo(words, 'booking') === 'unclear'));
});

test('one yes after the other is a yes', () => {
  const yeses = fc.array(agreement, { minLength: 1, maxLength: 4 }).map((said) => said.join(', '));
  fc.assert(fc.property(yeses, (words) => answerTo(words, 'booking') === 'yes'));
});

const { cases } = z
  .object({
    cases: z.array(z.object({ says: z.string(), kind: z.string(), isConsent: z.boolean() })),
  })
  .parse(JSON.parse(readFileSync(new URL('../../cases/consent.json', import.meta.url), 'utf8')));

for (const [kind, answers] of Map.groupBy(cases, (answer) => answer.kind)) {
  test(`what callers say after a read-back: ${kind}`, () => {
    for (const { says, isConsent } of answers) {
      assert.equal(answerTo(says, 'booking') === 'yes', isConsent, says);
    }
  });
}

/** Answers to other read-backs: those that repeat it, and those that differ from it. */
const otherReadBacks: Record<
  string,
  { terms: Partial<Asked>; yes: readonly string[]; unclear: readonly string[] }
> = {
  'one day and an odd price': {
    terms: {
      lines: [{ machine: 'Scissor Lift 19 ft', start: '2026-11-30', end: '2026-11-30' }],
      totalCents: 8_950,
      depositCents: null,
      customer: "Sean O'Brien",
    },
    yes: [
      'Yes, Monday.',
      'Yes, on November 30th',
      'Yes, on the thirtieth.',
      'Yes, one day.',
      'Yes, for the day',
      'Yes, just the one day',
      'Yes, eighty nine fifty',
      'Yes, $89.50.',
      'Yes, eighty nine dollars and fifty cents',
      'Yes, the scissor lift',
      'Yes, the nineteen foot scissor lift',
      "Yes, Sean O'Brien",
      'yes Sean OBrien',
    ],
    unclear: [
      'Yes, Tuesday.',
      'Yes, eighty nine',
      'Yes, ninety dollars.',
      'Yes, the boom lift',
      'Yes, Monday through Tuesday',
      'Yes, plus the deposit is two hundred',
      "Yes, Shane O'Brien",
    ],
  },
  'across months and weeks': {
    terms: {
      lines: [{ machine: 'Bobcat E35', start: '2026-12-21', end: '2027-01-03' }],
      totalCents: 125_000,
      depositCents: 100_000,
      customer: 'Wei Chen',
      phone: '+13125550199',
    },
    yes: [
      'Yes, December 21st through January 3rd',
      'Yes, Monday December 21 to Sunday January 3',
      'Yes, the twenty-first to the third',
      'Yes, 12/21 - 1/3',
      'Yes, two weeks.',
      'Yes, fourteen days.',
      'Yes, twelve fifty.',
      'Yes, twelve hundred and fifty dollars',
      'Yes, one thousand two hundred fifty',
      'Yes, $1,250 plus a thousand deposit',
      'Yes, the Bobcat.',
      'Yes, the Bobcat E35',
      'Yes, at 312-555-0199',
      'Yes, three one two five five five oh one nine nine',
      'Yes, Mr. Chen',
    ],
    unclear: [
      'Yes, Monday to Sunday.',
      'Yes, Monday, Tuesday',
      'Yes, December 21st through December 3rd',
      'Yes, the twenty-second to the third',
      'Yes, twelve fifteen',
      'Yes, a week',
      'Yes, the Bobcat E42',
      'Yes, at 312-555-0198',
      'Yes, the number I am calling from',
      'Yes, one thousand',
    ],
  },
  'two machines': {
    terms: {
      lines: [excavator, { ...excavator, machine: 'Equipment Trailer' }],
      totalCents: 100_000,
    },
    yes: [
      'Yes.',
      'Yes, both.',
      'Yes, both of them.',
      'Yes, book them.',
      'Yes, the excavator and the trailer',
      'Yes, the trailer and the mini excavator, three days',
      'Yes, a thousand',
    ],
    unclear: [
      'Yes, the excavator.',
      'Yes, the trailer',
      'Yes, book that one',
      'Yes, two excavators',
      'Yes, the excavator and the trencher',
      'Yes, the excavator and the excavator',
      'Yes, all three',
    ],
  },
  'two alike': {
    terms: { lines: [excavator, excavator], totalCents: 150_000 },
    yes: [
      'Yes, two of them.',
      'Yes, both.',
      'Yes, two mini excavators',
      'Yes, both excavators',
      'Yes, fifteen hundred',
    ],
    unclear: ['Yes, one of them', 'Yes, three of them', 'Yes, the excavator', 'Yes, two trenchers'],
  },
};

for (const [what, { terms, yes, unclear }] of Object.entries(otherReadBacks)) {
  test(`the answer to a read-back of ${what}`, () => {
    for (const words of yes) assert.equal(answerTo(words, 'booking', terms), 'yes', words);
    for (const words of unclear) assert.equal(answerTo(words, 'booking', terms), 'unclear', words);
  });
}

test('a change is agreed to in its own words', () => {
  for (const words of [
    'Yes, change it.',
    'Yes, move it please',
    'go ahead and update the booking',
    'Yes, make the change',
    'Yes, Tuesday through Thursday',
  ]) {
    assert.equal(answerTo(words, 'changing'), 'yes', words);
  }
  for (const words of ['Yes, change the name too', 'book it', 'I will take it']) {
    assert.notEqual(answerTo(words, 'changing'), 'yes', words);
  }
});

test('longer, off rent and a question to the yard each have a yes of their own', () => {
  const answers: Record<'extending' | 'off-rent' | 'asking', Record<Assent, readonly string[]>> = {
    extending: {
      yes: ['yes', 'yes, extend it', 'sure, go ahead', 'please extend it', 'that works'],
      no: ['no', 'no wait', 'no, leave it', "I'll bring it back, no"],
      unclear: [
        'yes, and call it off rent',
        'keep it',
        'until Friday',
        'book it',
        'yes but only one day',
        'yes if it is free',
        'how much?',
        'cancel it',
      ],
    },
    'off-rent': {
      yes: ['yes', 'yes, come pick it up', 'call it off', 'yes please, off rent it', 'pick it up'],
      no: ['no', 'not yet', 'no, I keep it', "don't call it off rent"],
      unclear: [
        'yes, extend it',
        'yes but tomorrow',
        'pick it up tomorrow',
        'it is at the other site',
        'book it',
        'yes and the trailer',
      ],
    },
    asking: {
      yes: ['yes', 'yes, ask them', 'sure, let them know', 'please ask the yard'],
      no: ['no', 'no, never mind'],
      unclear: ['yes, book it', 'ask them how much', 'can I call them myself?'],
    },
  };
  for (const about of ['extending', 'off-rent', 'asking'] as const) {
    for (const assent of ['yes', 'no', 'unclear'] as const) {
      for (const words of answers[about][assent]) {
        const read = answerTo(words, about, { customer: null, depositCents: null });
        // A wrong no and an unclear answer do nothing, both.
        if (assent === 'yes') assert.equal(read, 'yes', `${about}: ${words}`);
        else assert.notEqual(read, 'yes', `${about}: ${words}`);
        if (assent === 'no') assert.equal(read, 'no', `${about}: ${words}`);
      }
    }
  }
});
