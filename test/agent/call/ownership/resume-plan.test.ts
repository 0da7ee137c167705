import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resumePlan, firstWords } from '../../../../agent/call/ownership/resume-plan.ts';
import type { SavedCall, SavedItem } from '../../../../agent/ipc/saved-call.ts';
import { savedCall } from '../saved-call.ts';
import {
  CAN_YOU_HEAR,
  STILL_HERE,
  WELCOME_BACK,
} from '../../../../agent/speech/prompts/prompts.ts';

const spoken = (by: 'caller' | 'agent', words: string): SavedItem => ({
  kind: 'spoken',
  by,
  words,
  interrupted: false,
});
const asked = [spoken('agent', 'How can I help?'), spoken('caller', 'A skid steer?')];

const afterCrash = (saved: SavedCall) => resumePlan('takeover', saved);

/** The call as kept after `times` crashes, all at one turn, which was still to be answered. */
function crashed(times: number, items: SavedItem[] = asked): SavedCall {
  return { ...savedCall({ items, callerTurns: 1 }), lastCrash: { callerTurns: 1, times } };
}

test('after a first crash the call goes on where it was', () => {
  const { saved, isHopeless } = afterCrash(savedCall({ items: asked, callerTurns: 1 }));
  assert.deepEqual([saved?.talk.items, isHopeless], [asked, false]);
  assert.deepEqual(saved?.lastCrash, { callerTurns: 1, times: 1 });
});

test('after a second one at the same turn it goes on one turn earlier', () => {
  const { saved, isHopeless } = afterCrash(crashed(1));
  assert.deepEqual([saved?.talk.items, isHopeless], [asked.slice(0, 1), false]);
  assert.deepEqual(saved?.lastCrash, { callerTurns: 1, times: 2 });
});

test('a turn that was answered is not what it died of: nothing is taken back', () => {
  const answered = [...asked, spoken('agent', 'One is free.')];
  assert.deepEqual(afterCrash(crashed(1, answered)).saved?.talk.items, answered);
});

test('after a third one it is no use', () => {
  assert.equal(afterCrash(crashed(2)).isHopeless, true);
});

test('a turn that was got over starts the count anew', () => {
  const { saved, isHopeless } = afterCrash({
    ...savedCall({ items: asked, callerTurns: 2 }),
    lastCrash: { callerTurns: 1, times: 2 },
  });
  assert.deepEqual([saved?.lastCrash, isHopeless], [{ callerTurns: 2, times: 1 }, false]);
});

test('a crash before the caller said anything leaves nothing to take back', () => {
  const greeting = [spoken('agent', 'How can I help?')];
  assert.deepEqual(afterCrash(crashed(1, greeting)).saved?.talk.items, greeting);
});

test('a planned hand-over is no crash, and an apology is all that is left when it is ordered', () => {
  const kept = crashed(2);
  assert.deepEqual(resumePlan('handover', kept), { saved: kept, isHopeless: false });
  assert.deepEqual(resumePlan('apology', kept), { saved: kept, isHopeless: true });
  assert.deepEqual(resumePlan('takeover', undefined), { saved: undefined, isHopeless: false });
});

const lookup: SavedItem = {
  kind: 'tool',
  id: 'call_1',
  name: 'find_equipment',
  args: '{}',
  output: '{"say":"One is free.","units":[{"itemId":"SS-1","name":"Skid Steer"}]}',
  isError: false,
};

function talkOf(items: SavedItem[], question: string | null = null): SavedCall {
  const open =
    question === null
      ? null
      : {
          about: 'booking' as const,
          key: 'k',
          lines: [],
          question,
          mustHear: '',
          since: [],
          unclear: 0,
        };
  return savedCall({ items, asked: open });
}

test('a planned hand-over is not noticed; what is owed is answered', () => {
  const talk = [spoken('caller', 'A skid steer?'), lookup, spoken('agent', 'One is free.')];
  assert.deepEqual(firstWords('handover', talkOf(talk)), { sentences: [], owesAnswer: false });
  const owed = firstWords('handover', talkOf(talk.slice(0, 2)));
  assert.deepEqual(owed, { sentences: [], owesAnswer: true });
});

test('after a rejoin the caller is asked whether they hear', () => {
  assert.deepEqual(firstWords('rejoin', talkOf([])).sentences, [CAN_YOU_HEAR]);
});

test('when nothing could be kept, the agent asks where they were', () => {
  assert.deepEqual(firstWords('takeover', undefined), {
    sentences: [WELCOME_BACK],
    owesAnswer: false,
  });
});

test('after a crash the caller hears what they were asking about, and the question that was open', () => {
  const agent = spoken('agent', 'One is free, at $250 a day. Which days do you need it?');
  const { sentences } = firstWords('takeover', talkOf([spoken('caller', 'Hi'), lookup, agent]));
  assert.deepEqual(sentences, [
    STILL_HERE,
    'You were asking about the Skid Steer. Which days do you need it?',
  ]);
});

test('after a crash in the greeting the caller is asked what they need', () => {
  assert.deepEqual(firstWords('takeover', talkOf([])).sentences, [
    STILL_HERE,
    'How can I help you?',
  ]);
});

test('a read-back is put to the caller whole again', () => {
  const question = "That's the Skid Steer, 4 days, for $270. Shall I book it?";
  const talk = [spoken('caller', 'Book it'), spoken('agent', question)];
  assert.deepEqual(firstWords('takeover', talkOf(talk, question)).sentences, [
    STILL_HERE,
    question,
  ]);
});

test('an answer that is owed comes right after the apology', () => {
  assert.deepEqual(firstWords('takeover', talkOf([spoken('caller', 'Do you deliver?')])), {
    sentences: [STILL_HERE],
    owesAnswer: true,
  });
});
