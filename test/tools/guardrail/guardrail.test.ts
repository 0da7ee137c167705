import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { withheldAs, type KnownFacts } from '../../../tools/guardrail/guardrail.ts';

type SpokenFile = {
  readonly about: string;
  readonly context: {
    readonly 'tools said': readonly string[];
    readonly yard: Readonly<Record<string, string>>;
    readonly 'caller said': readonly string[];
  };
  readonly cases: readonly { readonly says: string; readonly spoken: boolean }[];
};

const files = JSON.parse(
  await readFile(new URL('spoken-sentences.json', import.meta.url), 'utf8'),
) as SpokenFile[];

function factsOf({ context }: SpokenFile): KnownFacts {
  return {
    tools: context['tools said'],
    yard: Object.entries(context.yard),
    caller: context['caller said'],
  };
}

const none: KnownFacts = { tools: [], yard: [], caller: [] };

for (const file of files) {
  test(`of what a model says by itself the caller hears what is known: ${file.about}`, () => {
    const facts = factsOf(file);
    const wrong = file.cases.filter(
      ({ says, spoken }) => (withheldAs(says, facts) === null) !== spoken,
    );
    assert.deepEqual(wrong, []);
  });
}

test('what the caller said proves no price, no availability and no result', () => {
  const facts = {
    ...none,
    caller: ["It's $10 a day, it's free tomorrow, and you've booked it, under John Miller."],
  };
  assert.equal(withheldAs("It's $10 a day.", facts), 'price');
  assert.equal(withheldAs("It's free tomorrow.", facts), 'availability');
  assert.equal(withheldAs("Yes, I've booked it.", facts), 'result');
  assert.equal(withheldAs('You said $10 a day.', facts), null);
  assert.equal(withheldAs('Is that under John Miller?', facts), null);
});

test('a row of the sheet proves no result and no availability', () => {
  const facts: KnownFacts = { ...none, yard: [['Address', "You're booked, it's free today."]] };
  assert.equal(withheldAs("You're booked.", facts), 'result');
  assert.equal(withheldAs("It's free today.", facts), 'availability');
});

test('the name of a machine proves nothing', () => {
  const facts: KnownFacts = {
    ...none,
    tools: ["The You're booked is free today, at $90 a day."],
    machines: ["You're booked"],
  };
  assert.equal(withheldAs("You're booked.", facts), 'result');
  assert.equal(withheldAs("It's $90 a day.", facts), null);
});

test('a booking that was cancelled after it was made is none', () => {
  const booked = [
    "That's the Trencher on Monday, June 1st, 1 day, for $90. Shall I book it?",
    "You're booked. Your code is K 7 M, 2 Q X. Is there anything else?",
  ];
  assert.equal(withheldAs("You're booked for Monday.", { ...none, tools: booked }), null);
  const cancelled = [
    ...booked,
    "I've cancelled the Trencher on Monday, June 1st. Is there anything else?",
  ];
  assert.equal(withheldAs("You're booked for Monday.", { ...none, tools: cancelled }), 'result');
});

test('days are told by the calendar of the yard', () => {
  const facts: KnownFacts = {
    tools: ['The Trencher is free on Tuesday, December 1st, at $90 a day.'],
    yard: [['Opening hours', 'Monday to Friday 7 AM to 5 PM']],
    caller: [],
    today: '2026-11-30',
  };
  assert.equal(withheldAs("It's free tomorrow.", facts), null);
  assert.equal(withheldAs("It's free today.", facts), 'availability');
  assert.equal(withheldAs("We're open today until five.", facts), null);
  assert.equal(withheldAs("We're closed today.", facts), 'hours');
  assert.equal(withheldAs('Next Tuesday would be December 8th.', facts), null);
});

test('opening hours are understood in the forms in which yards write them', () => {
  const said = (hours: string, sentence: string) =>
    withheldAs(sentence, { ...none, yard: [['Opening hours', hours]] });
  const rows: readonly (readonly [hours: string, open: string, wrong: string])[] = [
    ['7 days a week, 6 am to 6 pm', 'We open at six.', 'We open at seven.'],
    ['Mon-Sat 6:30-18:00', 'We close at six on Friday.', 'We close at five on Friday.'],
    ['Monday and Tuesday 8 to 5', 'On Monday we open at eight.', 'We open on Wednesday.'],
    ['Tue-Fri 9-5, closed on Sunday and Monday', "We're closed on Monday.", "We're open Sunday."],
    ['24/7', "We're open around the clock.", "We're closed on Sunday."],
    ['Weekdays 7 am to noon', 'We close at noon.', 'On Saturday we close at noon.'],
  ];
  for (const [hours, right, wrong] of rows) {
    assert.equal(said(hours, right), null, `${hours}: ${right}`);
    assert.equal(said(hours, wrong), 'hours', `${hours}: ${wrong}`);
  }
});

test('to call 911 may always be said, and no other number with it', () => {
  assert.equal(withheldAs('Please hang up and call 911.', none), null);
  assert.equal(withheldAs('If anyone is hurt, dial nine one one.', none), null);
  assert.notEqual(withheldAs('Please call 911-555-0142.', none), null);
  assert.notEqual(withheldAs("Call 911, and it's $911 a day.", none), null);
});

test("a row of the yard's in its own words may be said with its amount, and proves no booking", () => {
  const rule = 'Machines that come back dirty cost $50';
  const facts = {
    ...none,
    yard: [['Cleaning', rule] as const, ['Note', "You're booked"] as const],
  };
  assert.equal(withheldAs(`${rule}.`, facts), null);
  assert.notEqual(withheldAs(`${rule.replace('50', '60')}.`, facts), null);
  assert.equal(withheldAs("You're booked.", facts), 'result');
});

test('a rental is extended, called off or settled only when a tool of this call says so', () => {
  const asked = [
    "I'd extend the Trencher through Friday, June 5th: 6 days in all, for $450, nothing more. Shall I extend it?",
  ];
  const extended = [
    ...asked,
    'The Trencher is extended through Friday, June 5th. Your code is still K 7 M, 2 Q X. Is there anything else?',
  ];
  const calledOff = [
    "I'd call the Trencher off rent as of now, to be picked up at 12 Mill Road. Shall I call it off rent?",
    'The Trencher is called off rent, at 2:05 PM today. Your off-rent number is K 7 M, 2 Q X, and the yard knows where to pick it up.',
  ];
  for (const [claim, tools] of [
    ["It's extended through Friday, June 5th.", extended],
    ["I've extended it through Friday.", extended],
    ["It's off rent now.", calledOff],
    ["I've called it off rent.", calledOff],
    ['The trencher is called off rent.', calledOff],
    ['Your off-rent number is K 7 M, 2 Q X.', calledOff],
  ] as const) {
    assert.equal(withheldAs(claim, { ...none, tools }), null, claim);
    assert.notEqual(withheldAs(claim, { ...none, tools: asked }), null, claim);
    assert.notEqual(withheldAs(claim, none), null, claim);
  }
  // An off-rent number does not extend anything, nor does an extension call anything off.
  assert.equal(
    withheldAs("It's extended through Friday.", { ...none, tools: calledOff }),
    'result',
  );
  assert.equal(withheldAs("It's off rent.", { ...none, tools: extended }), 'result');
  for (const claim of [
    'Your rental has ended.',
    'The billing has stopped.',
    "They'll pick it up tomorrow.",
    'Your pickup is scheduled.',
    "I've taken the trencher off rent.",
    'You get $200 back.',
  ]) {
    assert.notEqual(withheldAs(claim, { ...none, tools: extended }), null, claim);
  }
  for (const plain of [
    'Shall I call it off rent?',
    'Would you like to extend it?',
    'I can call it off rent for you.',
    'Which machine are you done with?',
    'Where is it now?',
  ]) {
    assert.equal(withheldAs(plain, none), null, plain);
  }
});
