import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withheldAs, type KnownFacts } from '../../../tools/guardrail/guardrail.ts';

const facts: KnownFacts = {
  tools: ['The Mini excavator is free on Monday, June 1st, at $325 a day.'],
  yard: [
    ['Opening hours', 'Monday to Friday 7 am to 6 pm'],
    ['Delivery', '$95 each way within 25 miles, $4 a mile beyond'],
    ['Insurance', 'Renters need proof of liability insurance, or take our damage waiver'],
    ['Damage waiver', '14% of the rental, covers accidental damage but not theft'],
    ['Fuel', 'Return it full, or we charge $6 a gallon'],
    ['Tax', '8.25% sales tax is added'],
    ['Payment', 'All major cards, checks and cash; no Bitcoin'],
    ['Minimum age', '21'],
    ['Cleaning fee', '75'],
    ['Late return', '$50 an hour after 8 am'],
    ['Holidays', 'Closed Thanksgiving and Christmas Day'],
    ['Pets', 'no'],
    ['Trailer insurance', '$10 a day, $40 a week'],
    ['Weekend special', 'Friday 3 pm to Monday 9 am for $400'],
    ['Military discount', '10% off with ID'],
  ],
  caller: ['Do you take cash?'],
};

const heard = [
  'Yes, we take cash, checks and all major cards.',
  "No, we don't take Bitcoin.",
  'You can pay by card, check or cash.',
  'You have to be at least 21.',
  'You must be 21 or older to rent.',
  'The minimum age is twenty-one.',
  'The damage waiver is 14% of the rental.',
  "It's 14 percent of the rental and covers accidental damage but not theft.",
  'Yes, you need proof of liability insurance, or you can take our damage waiver.',
  "There's a $75 cleaning fee.",
  "We charge $6 a gallon if it isn't returned full.",
  "Fuel is $6 a gallon if you don't bring it back full.",
  "There's 8.25 percent sales tax on top.",
  "We're closed on Thanksgiving and Christmas Day.",
  "Pets aren't allowed.",
  'A late return costs $50 an hour after 8 am.',
  'The trailer insurance is $40 a week.',
  'The weekend special is $400, from Friday at 3 pm to Monday at 9 am.',
  "There's a 10% military discount with ID.",
  "I don't know that. Shall I have someone call you back?",
];

const withheld = [
  'We take PayPal.',
  'We take Bitcoin.',
  "We don't take cash.",
  'You must be 18 or older.',
  'The damage waiver is 10% of the rental.',
  'The waiver covers theft.',
  'The damage waiver is free.',
  "Insurance isn't needed.",
  'The cleaning fee is $50.',
  'The cleaning fee is $6.',
  "There's no cleaning fee.",
  'We charge $4 a gallon.',
  'Fuel is included.',
  'Tax is 7%.',
  "We're open on Christmas Day.",
  "We're closed on New Year's Day.",
  'Pets are allowed.',
  'The trailer insurance is $10 a week.',
  'The trencher costs $75.',
  'The Mini excavator is $400 a day.',
  "There's a 15% military discount.",
  "There's a $20 environmental fee.",
];

test('the caller hears what a row of the sheet says, also in other words', () => {
  assert.deepEqual(
    heard.filter((sentence) => withheldAs(sentence, facts) !== null),
    [],
  );
});

test('another figure, the contrary, and the figure of another row are not heard', () => {
  assert.deepEqual(
    withheld.filter((sentence) => withheldAs(sentence, facts) === null),
    [],
  );
});

test('without the rows none of their figures and rules is heard', () => {
  const bare = { ...facts, yard: facts.yard.slice(0, 2) };
  const spoken = heard.slice(0, -1).filter((sentence) => withheldAs(sentence, bare) === null);
  assert.deepEqual(spoken, ["Pets aren't allowed."]);
});

const duties = [
  {
    rows: [
      ['Fuel', 'Return it full, or we charge $6 a gallon'],
      ['Cleaning', 'Return it clean, or we charge a $75 cleaning fee'],
      [
        'Damage waiver',
        'The waiver is 12 percent of the rental and covers accidental damage, not theft',
      ],
      ['Insurance', 'We need a certificate of insurance for machines over $10,000'],
      ['Tax', 'Prices are plus 8.25 percent sales tax'],
      ['Payment', 'We take cards and cash, no checks'],
      ['Age', 'You must be 21 or older to rent'],
      ['Late return', 'Bring it back by 8 am or you pay another day'],
      ['Tires', 'You are responsible for flat tires'],
      ['Smoking', 'No smoking in the cabs'],
      ['Training', 'We show you how to run it at pickup, it takes 10 minutes'],
      ['After hours', 'Leave the key in the drop box when we are closed'],
      ['Hitch', 'You need a 2 inch ball and a brake controller for the big trailers'],
      ['Holidays', 'We are closed on Thanksgiving and Christmas'],
      ['Opening hours', 'Monday to Friday 7 AM to 6 PM, Saturday 8 AM to noon'],
      ['Delivery', 'Delivery within 30 miles costs $75 each way'],
    ],
    speak: [
      'Please return it full, or we charge $6 a gallon.',
      "Just bring it back full, or it's $6 a gallon.",
      'You return it full, otherwise we charge $6 a gallon.',
      "If you don't return it full, we charge $6 a gallon.",
      'Make sure to return it full, or we charge $6 a gallon.',
      'Please bring it back full.',
      'It needs to come back full, or we charge $6 a gallon.',
      'It should come back with a full tank.',
      "We charge $6 a gallon if it isn't full.",
      'Please return it clean, or we charge a $75 cleaning fee.',
      'It has to come back clean.',
      "If it comes back dirty, there's a $75 cleaning fee.",
      "Return it clean, or there's a $75 cleaning fee.",
      'The damage waiver is 12 percent of the rental.',
      'The waiver covers accidental damage, but not theft.',
      "The waiver doesn't cover theft.",
      'We need a certificate of insurance for machines over $10,000.',
      'Prices are plus 8.25 percent sales tax.',
      "That's before tax, which is 8.25 percent.",
      'We take cards and cash.',
      "We don't take checks.",
      'You must be 21 or older.',
      'You have to be at least 21 to rent.',
      'Please bring it back by 8 AM, or you pay another day.',
      'Bring it back by 8 AM or you pay another day.',
      "You're responsible for flat tires.",
      'Flat tires are on you.',
      "There's no smoking in the cabs.",
      "Please don't smoke in the cab.",
      'We show you how to run it when you pick it up.',
      'Training takes 10 minutes at pickup.',
      "Leave the key in the drop box when we're closed.",
      'You can leave the key in the drop box.',
      'You need a 2 inch ball and a brake controller for the big trailers.',
      "We're closed on Thanksgiving and Christmas.",
      "We're closed on Christmas.",
      'Delivery within 30 miles is $75 each way.',
      'Please have it full when you return it.',
    ],
    hold: [
      "Maria returns it on Friday, so it's free then.",
      'Someone returned it this morning.',
      'Bob has it until Friday.',
      'Another customer returned it, so you can have it tomorrow.',
      'It comes back on Friday.',
      "It'll be back by Friday.",
      'The other renter returns it full tomorrow.',
      'It should come back tomorrow.',
      'Please return it full, or we charge $7 a gallon.',
      'Return it full, or we charge $6 a day.',
      "There's no fuel charge.",
      'Fuel is included.',
      "You don't have to fill it up.",
      'You must be 18 or older.',
      'We take checks.',
      'The waiver covers theft.',
      'The cleaning fee is $50.',
      "Please return it by Friday, it's booked after that.",
      "Please pick it up, it's ready.",
      'The skid steer is free on Friday.',
      "Just take it on Friday, it's free.",
      "Please return it on Friday, then it's free for the next one.",
    ],
  },
  {
    rows: [
      ['Fuel', 'Diesel machines go out full and must come back full; $7.50 a gallon otherwise'],
      ['Late fee', '$40 an hour after closing'],
      ['Cleaning fee', '$95 if it comes back muddy'],
      ['Damage waiver', '15 percent, optional'],
      ['Lost key', 'A lost key is $65'],
      ['Pets', 'No pets in the trucks'],
      ['Payment', 'Due at pickup, all major cards'],
      ['Weather', 'Rain days are still charged'],
      ['Identification', "A driver's license"],
      ['Minimum age', '25 for anything with an engine'],
    ],
    speak: [
      'It goes out full and must come back full.',
      "It must come back full, or it's $7.50 a gallon.",
      "Fuel is $7.50 a gallon if you don't return it full.",
      'The late fee is $40 an hour.',
      "If it comes back muddy, there's a $95 cleaning fee.",
      "There's a $95 cleaning fee if it's muddy.",
      'A lost key is $65.',
      "If you lose the key, it's $65.",
      "There's a $65 charge for a lost key.",
      'Payment is due at pickup.',
      'Rain days are still charged.',
      'You need to be 25 for anything with an engine.',
      'The damage waiver is 15 percent.',
      "It's optional.",
      'The waiver is optional.',
      'Please bring it back full.',
      "Don't forget to return it full.",
      "You'll want to return it full.",
      'No pets in the trucks, please.',
    ],
    hold: [
      'The late fee is $30 an hour.',
      'Lost keys are $100.',
      'Rain days are free.',
      "Rain days aren't charged.",
      'The waiver is mandatory.',
      'The damage waiver is 12 percent.',
      'Fuel is $5 a gallon.',
      "Please return it by Friday, it's free after that.",
      'It must come back by Friday, somebody else has it.',
      'You can return it on Friday.',
      "There's a $50 cleaning fee.",
      'It comes back full on Thursday, so you can have it then.',
      'You can bring pets.',
      "It's ready to go.",
      'Bring it back whenever you like.',
    ],
  },
] as const;

for (const [nth, { rows, speak, hold }] of duties.entries()) {
  test(`what the caller must do is said by the yard's rows, and nothing else of them: ${nth + 1}`, () => {
    const known = {
      tools: [],
      yard: rows,
      caller: ['What about fuel?'],
      machines: ['Mini excavator', 'Skid steer'],
      today: '2026-12-01',
    };
    assert.deepEqual(
      speak.filter((words) => withheldAs(words, known) !== null),
      [],
    );
    assert.deepEqual(
      hold.filter((words) => withheldAs(words, known) === null),
      [],
    );
  });
}
