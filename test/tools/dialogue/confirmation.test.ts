import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Confirmation, type Proposal } from '../../../tools/dialogue/confirmation.ts';

const proposal: Proposal = {
  about: 'booking',
  key: 'k',
  lines: [{ machine: 'Mini Excavator', start: '2026-12-01', end: '2026-12-03' }],
  totalCents: 75_000,
  depositCents: 20_000,
  customer: 'Maria Lopez',
  phone: null,
};
const readBack =
  "That's the Mini Excavator from Tuesday, December 1st through Thursday the 3rd, 3 days, for " +
  "$750 plus a $200 deposit, for Maria Lopez at the number you're calling from. Shall I book it?";

/** A talk in which the caller has been asked; lines begin with `A:` for the agent, `C:` else. */
function talkOf(...lines: readonly string[]) {
  const confirmation = new Confirmation();
  confirmation.ask(proposal, readBack);
  hear(confirmation, ...lines);
  return confirmation;
}

function hear(confirmation: Confirmation, ...lines: readonly string[]): void {
  for (const line of lines) {
    confirmation.note({ by: line.startsWith('A') ? 'agent' : 'caller', words: line.slice(3) });
  }
}

const asked = `A: ${readBack}`;

for (const [what, lines, answer] of [
  ['right after it', [asked, 'C: Yes.'], 'yes'],
  ['in two turns', [asked, 'C: Yes.', 'C: Please book it.'], 'yes'],
  ['over its last words', [asked.slice(0, -20), 'C: Yes.'], 'yes'],
  ['after it was said once more', [asked, 'A: Are you still there?', asked, 'C: Yes.'], 'yes'],
  ['to a question in front of it', [`A: Sure. ${readBack}`, 'C: Yes.'], 'yes'],
  ['before the name was heard', [asked.slice(0, 120), 'C: Yes.'], 'unclear'],
  ['that nobody gave', [asked], 'unclear'],
  ['to what was never spoken', ['C: Yes.'], 'unclear'],
  ['to a prompt of ours', [asked, 'A: Can you hear me?', 'C: Yes.'], 'unclear'],
  ['to another question', [asked, 'C: Delivery?', 'A: To your door?', 'C: Yes.'], 'unclear'],
  ['after an answer', [asked, 'C: Delivery?', 'A: Yes, for $95.', 'C: Yes.'], 'unclear'],
  ['after a quote of another', [asked, 'A: The trencher is $90.', 'C: Yes.'], 'unclear'],
  ['to a question behind it', [`${asked} And a trailer?`, 'C: Yes.'], 'unclear'],
  ['that goes on', [asked, 'C: Yes.', 'C: But make it Saturday.'], 'unclear'],
  ['after a no', [asked, 'C: No, too expensive.', 'A: All right.', 'C: Yes.'], 'unclear'],
] as const) {
  test(`a yes ${what}: ${answer}`, () => {
    assert.equal(talkOf(...lines).answerTo(proposal), answer);
  });
}

test('a yes to one proposal is none to another', () => {
  const confirmation = talkOf(asked, 'C: Yes.');
  assert.equal(confirmation.answerTo({ ...proposal, key: 'other' }), 'unclear');
  assert.equal(confirmation.answerTo({ ...proposal, about: 'cancelling' }), 'unclear');
});

test('only what is open is asked again, and nobody is asked for ever', () => {
  const confirmation = talkOf(asked, 'C: Mm, I do not know.');
  const again: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    again.push(confirmation.ask(proposal, readBack));
    hear(confirmation, `A: ${again.at(-1)}`, 'C: Well.');
  }
  assert.deepEqual(again.slice(0, 4), [
    'Shall I book it?',
    'Please say yes or no, or press 1 for yes. Shall I book it?',
    'Please say yes or no, or press 1 for yes. Shall I book it?',
    'Please say yes or no, or press 1 for yes. Shall I book it?',
  ]);
  assert.match(again[4] ?? '', /What else can I do for you\?$/);
  assert.equal(confirmation.asked, null);
});

test('a yes to the short question books what was read back', () => {
  for (const short of ['Mm.', 'Well, let me see.']) {
    const confirmation = talkOf(asked, `C: ${short}`);
    hear(confirmation, `A: ${confirmation.ask(proposal, readBack)}`, 'C: Yes.');
    assert.equal(confirmation.answerTo(proposal), 'yes');
  }
});

test('who asks to hear it again hears all of it, and so does who was asked something else since', () => {
  for (const lines of [
    ['C: Sorry, could you repeat that'],
    ['C: How much was it'],
    ['A: Are you still there?', 'C: Yes.'],
    ['C: Do you deliver?', 'A: For $95.', 'C: Okay, book it.'],
  ]) {
    assert.equal(talkOf(asked, ...lines).ask(proposal, readBack), readBack);
  }
});

test('a name or a number that is changed is read again without the rest', () => {
  const confirmation = talkOf(asked, 'C: Yes, but under the name Sanchez.');
  const renamed = { ...proposal, key: 'k2', customer: 'Maria Sanchez' };
  const say = confirmation.ask(renamed, 'all of it');
  assert.equal(say, 'For Maria Sanchez, then, and all else as I said. Shall I book it?');
  hear(confirmation, `A: ${say}`, 'C: Yes.');
  assert.equal(confirmation.answerTo(renamed), 'yes');
  const later = { ...renamed, key: 'k3', lines: [], customer: 'Maria' };
  assert.equal(confirmation.ask(later, 'all of it'), 'all of it');
});

test('it awaits an answer while the question is the last thing that was said', () => {
  assert.equal(talkOf().isOpen, false);
  assert.equal(talkOf(asked).isOpen, true);
  assert.equal(talkOf(asked, 'A: Are you still there?').isOpen, false);
});

test('another job goes on with what was asked and answered', () => {
  const before = talkOf(asked, 'C: Mm.');
  before.ask(proposal, readBack);
  const after = new Confirmation();
  after.restore(before.asked);
  hear(after, 'A: Shall I book it?', 'C: Yes.');
  assert.equal(after.answerTo(proposal), 'yes');
});
