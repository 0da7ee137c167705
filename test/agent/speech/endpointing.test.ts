import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endOfTurnMs, endpointingMs } from '../../../agent/speech/endpointing.ts';
import { fixedEndOfTurnMs, TurnWords } from '../../../agent/speech/turn-taking.ts';
import { hear, sumOf, takeTurn, type CallerTurn } from '../../cases/turns.ts';

const { whole, usual, assent, unfinished } = endpointingMs;

const cases: readonly (readonly [asked: string, heard: string, ms: number])[] = [
  ['How can I help?', 'Do you have a skid steer tomorrow?', whole],
  ['How can I help?', 'how much is the trencher for a week', whole],
  ['How can I help?', 'I need a skid steer for the weekend.', usual],
  ['How can I help?', 'I need a skid steer.', unfinished],
  ['How can I help?', 'Do you have', unfinished],
  ['How can I help?', 'Good morning.', unfinished],
  ['What do you need it for?', "We're digging a", unfinished],
  ['What do you need it for?', 'To dig a trench.', usual],
  ["What's the best number to reach you on?", 'three one two five five five', unfinished],
  ["What's the best number to reach you on?", '312-555-0142', usual],
  [
    "What's the best number to reach you on?",
    'three one two five five five oh one four two',
    usual,
  ],
  ['How can I help?', 'My number is seven seven three', unfinished],
  ['What name should I put it under?', 'Elena', unfinished],
  ['What name should I put it under?', "It's Elena Ortiz.", usual],
  ['Where should we deliver it?', 'forty two Maple Street', unfinished],
  ['Where should we deliver it?', 'forty two Maple Street in Naperville', usual],
  ['Which days do you need it?', 'From Tuesday', unfinished],
  ['Which days do you need it?', 'From Tuesday until Thursday the third.', usual],
  ['Which days do you need it?', 'three days from Monday', usual],
  ['Which days do you need it?', 'for a week starting Tuesday.', usual],
  ['It is free tomorrow.', 'How much would it be for four days from tomorrow?', whole],
  ['Is there anything else?', 'Yeah.', unfinished],
  ['Is there anything else?', "No, that's all.", usual],
  ['Do you have insurance?', 'Yes.', usual],
  ['Do you have insurance?', 'Yes, we do.', usual],
  ["That's the Mini Excavator for Maria Lopez. Shall I book it?", 'Yes.', assent],
  ["That's the Mini Excavator for Maria Lopez. Shall I book it?", 'Yes,', unfinished],
  ["That's the Mini Excavator for Maria Lopez. Shall I book it?", 'No.', unfinished],
  ["That's the Mini Excavator for Maria Lopez. Shall I book it?", 'Yes, book it, please.', usual],
  ["That's the Mini Excavator for Maria Lopez. Shall I book it?", 'How much is it in all?', usual],
];

for (const [asked, heard, ms] of cases) {
  test(`after "${asked}" the turn "${heard}" ends at ${ms} ms`, () => {
    assert.equal(endOfTurnMs({ asked, isBrokenOff: false, heard }), ms);
  });
}

test('no answer ends sooner than before to a read-back, or to words that nobody knows', () => {
  for (const [, heard] of cases) {
    for (const asked of ['Shall I cancel it?', '']) {
      assert.ok(endOfTurnMs({ asked, isBrokenOff: false, heard }) >= fixedEndOfTurnMs);
    }
    const brokenOff = { asked: 'That is the Mini Excavator for Maria Lopez', isBrokenOff: true };
    assert.ok(endOfTurnMs({ ...brokenOff, heard }) >= fixedEndOfTurnMs);
  }
});

test('words that are not final yet put the end off until they are', () => {
  const turn = new TurnWords();
  turn.agentSaid('Which days do you need it?', { isBrokenOff: false });
  assert.equal(turn.callerSaid('From Tuesday', { isFinal: true, nowMs: 0 }), unfinished);
  assert.equal(turn.callerSaid('until', { isFinal: false, nowMs: 900 }), unfinished);
  assert.equal(turn.callerSaid('until Friday.', { isFinal: true, nowMs: 1_200 }), usual);
});

test('a turn is judged by its own words alone', () => {
  const turn = new TurnWords();
  turn.agentSaid('Is there anything else?', { isBrokenOff: false });
  const final = (words: string, nowMs: number) => turn.callerSaid(words, { isFinal: true, nowMs });
  assert.equal(final('Yeah.', 0), unfinished);
  turn.ended();
  assert.equal(final('Okay.', 1_000), usual);
  assert.equal(final('Um,', 20_000), unfinished, 'and a long silence ends one, too');
});

const paused: CallerTurn = {
  agentAsked: 'Where should we deliver it?',
  says: ['forty two', 0.9, 'Maple Street', 0.7, 'in Naperville.'],
};

test('the voice detector and the rules bear pauses that voice activity alone takes for ends', async () => {
  const sound = await hear(paused);
  const ended = { falseEnds: 0, missedEnds: 0, turns: 1 };
  assert.deepEqual(sumOf([takeTurn(paused, sound, 'by-words')]), ended);
  assert.deepEqual(sumOf([takeTurn(paused, sound, 'fixed')]), { ...ended, falseEnds: 2 });
});
