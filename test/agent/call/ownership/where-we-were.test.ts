import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SavedCall, SavedItem } from '../../../../agent/call/persistence/call-snapshot.ts';
import { firstWords } from '../../../../agent/call/where-we-were.ts';
import {
  CAN_YOU_HEAR,
  STILL_HERE,
  WELCOME_BACK,
} from '../../../../agent/speech/prompts/prompts.ts';
import { savedCall } from '../saved-call.ts';

const spoken = (by: 'caller' | 'agent', words: string): SavedItem => ({
  kind: 'spoken',
  by,
  words,
  interrupted: false,
});
const lookup: SavedItem = {
  kind: 'tool',
  id: 'call_1',
  name: 'find_equipment',
  args: '{}',
  output: '{"say":"One is free.","units":[{"itemId":"SS-1","name":"Skid Steer"}]}',
  isError: false,
};

function saved(items: SavedItem[], question: string | null = null): SavedCall {
  const asked =
    question === null
      ? null
      : { about: 'booking' as const, key: 'k', lines: [], question, turn: 1 };
  return savedCall({ items, asked });
}

test('a planned hand-over is not noticed; what is owed is answered', () => {
  const talk = [spoken('caller', 'A skid steer?'), lookup, spoken('agent', 'One is free.')];
  assert.deepEqual(firstWords('handover', saved(talk)), { sentences: [], owesAnswer: false });
  const owed = firstWords('handover', saved(talk.slice(0, 2)));
  assert.deepEqual(owed, { sentences: [], owesAnswer: true });
});

test('after a rejoin the caller is asked whether they hear', () => {
  assert.deepEqual(firstWords('rejoin', saved([])).sentences, [CAN_YOU_HEAR]);
});

test('when nothing could be kept, the agent asks where they were', () => {
  assert.deepEqual(firstWords('takeover', undefined), {
    sentences: [WELCOME_BACK],
    owesAnswer: false,
  });
});

test('after a crash the caller hears what they were asking about, and the question that was open', () => {
  const agent = spoken('agent', 'One is free, at $250 a day. Which days do you need it?');
  const { sentences } = firstWords('takeover', saved([spoken('caller', 'Hi'), lookup, agent]));
  assert.deepEqual(sentences, [
    STILL_HERE,
    'You were asking about the Skid Steer. Which days do you need it?',
  ]);
});

test('after a crash in the greeting the caller is asked what they need', () => {
  assert.deepEqual(firstWords('takeover', saved([])).sentences, [
    STILL_HERE,
    'How can I help you?',
  ]);
});

test('a read-back is put to the caller whole again', () => {
  const question = "That's the Skid Steer, 4 days, for $270. Shall I book it?";
  const talk = [spoken('caller', 'Book it'), spoken('agent', question)];
  assert.deepEqual(firstWords('takeover', saved(talk, question)).sentences, [STILL_HERE, question]);
});

test('an answer that is owed comes right after the apology', () => {
  assert.deepEqual(firstWords('takeover', saved([spoken('caller', 'Do you deliver?')])), {
    sentences: [STILL_HERE],
    owesAnswer: true,
  });
});
