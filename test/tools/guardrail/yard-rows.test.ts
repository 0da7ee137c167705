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
  assert.deepEqual(spoken, ["No, we don't take Bitcoin.", "Pets aren't allowed."]);
});
