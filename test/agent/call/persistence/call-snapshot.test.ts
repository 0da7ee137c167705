import { emptyFigures } from '../../../../agent/call/media/gap-figures.ts';
import { llm } from '@livekit/agents';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  brokenOff,
  chatOf,
  readDispatchOrder,
  savedItems,
  unanswered,
} from '../../../../agent/call/persistence/call-snapshot.ts';
import { savedCallFrom } from '../../../../agent/ipc/saved-call.ts';
import type { SavedCall, SavedItem } from '../../../../agent/ipc/saved-call.ts';

const caller = (words: string): SavedItem => ({
  kind: 'spoken',
  by: 'caller',
  words,
  interrupted: false,
});
const agent = (words: string): SavedItem => ({
  kind: 'spoken',
  by: 'agent',
  words,
  interrupted: false,
});
const tool = (output: string | null, name = 'find_equipment'): SavedItem => ({
  kind: 'tool',
  id: 'call_1',
  name,
  args: '{"words":"generator"}',
  output,
  isError: false,
});
const talk = [
  agent('How can I help?'),
  caller('Do you have a generator?'),
  tool('{"say":"One is free."}'),
  agent('One is free.'),
];

const saved: SavedCall = {
  version: 1,
  startedAtMs: 1,
  answeredAtMs: 2,
  talk: {
    items: talk,
    callerTurns: 1,
    callerWords: 'Do you have a generator?',
    asked: {
      about: 'booking',
      key: 'k',
      lines: [],
      question: 'Shall I book it?',
      mustHear: 'x',
      since: [{ by: 'agent', words: 'Shall I?' }],
      unclear: 1,
    },
    wrongCodes: 0,
    messages: { '["x"]': 'M-1' },
  },
  figures: {
    latenciesMs: [1_200],
    tools: ['find_equipment'],
    providerFailures: 0,
    firstAgentSpeechAtMs: 3,
    packetsIn: 500,
    packetsOut: 700,
    lastPacketInAtMs: 10,
    lastPacketOutAtMs: null,
    framesOut: 90,
    lastCallerSpeechAtMs: 11,
    lastAgentSpeechAtMs: null,
    lastTranscriptAtMs: 12,
    transfer: { outcome: 'refused', sipStatus: 486 },
    handovers: 1,
    takeovers: 0,
  },
  gap: { attemptsUsed: 1, lastAttemptAtMs: 9, openSinceMs: null, figures: emptyFigures },
  silencePrompts: 0,
};

test('a talk that was kept is the same talk for the framework', () => {
  const chat = chatOf(talk);
  assert.deepEqual(
    chat.items.map(({ type }) => type),
    ['message', 'message', 'function_call', 'function_call_output', 'message'],
  );
  assert.deepEqual(savedItems(chat), talk);
});

test('a tool that had not answered is not shown to the model: nothing is run again', () => {
  const chat = chatOf([caller('Book it.'), tool(null, 'book_equipment')]);
  assert.deepEqual(
    chat.items.map(({ type }) => type),
    ['message'],
  );
});

test('instructions and other items of the framework are not kept', () => {
  const chat = chatOf([caller('Hello?')]);
  chat.items.unshift(llm.ChatMessage.create({ role: 'system', content: 'Be kind.' }));
  assert.deepEqual(savedItems(chat), [caller('Hello?')]);
});

test('a card number that a caller reads out is not kept', () => {
  const [item] = savedItems(chatOf([caller('It is 4111 1111 1111 1111, thanks.')]));
  assert.ok(item?.kind === 'spoken' && !item.words.includes('1111 1111'));
  assert.match(item.words, /thanks/);
});

test('the caller waits for an answer, for the words of a tool, or for nothing', () => {
  assert.equal(unanswered([]), null);
  assert.equal(unanswered(talk), null);
  assert.equal(unanswered(talk.slice(0, 3)), 'tool');
  assert.equal(unanswered(talk.slice(0, 2)), 'caller');
  assert.equal(unanswered([caller('Book it.'), tool(null)]), 'caller');
  assert.equal(unanswered([caller('Bye.'), tool('', 'end_call')]), null);
});

test('a call that was kept is read back, by a release that knows more members too', () => {
  const json = JSON.stringify({ ...saved, mood: 'good', talk: { ...saved.talk, mood: 'good' } });
  assert.deepEqual(savedCallFrom(json), saved);
});

test('a call in which no agent died is read as one, and a crash is kept', () => {
  const read = savedCallFrom(JSON.stringify(saved));
  assert.equal(read?.lastCrash, undefined);
  const lastCrash = { callerTurns: 1, times: 2 };
  assert.deepEqual(savedCallFrom(JSON.stringify({ ...saved, lastCrash }))?.lastCrash, lastCrash);
});

test('an agent that was broken off was so with its last words', () => {
  const cut: SavedItem = { kind: 'spoken', by: 'agent', words: 'One is', interrupted: true };
  assert.equal(brokenOff([...talk, cut]), 'One is');
  assert.equal(brokenOff([...talk, cut, caller('Yes?')]), null);
  assert.equal(brokenOff(talk), null);
});

test('what another version kept, or half of it, is nothing', () => {
  assert.equal(savedCallFrom(JSON.stringify({ ...saved, version: 2 })), undefined);
  assert.equal(savedCallFrom(JSON.stringify(saved).slice(0, -5)), undefined);
});

test('a dispatch says whose call is taken over and why; LiveKit’s own says nothing', () => {
  assert.deepEqual(readDispatchOrder('{"supersedes":"AJ_1","resume":"handover"}'), {
    supersedes: 'AJ_1',
    resume: 'handover',
  });
  assert.equal(readDispatchOrder('{"supersedes":"AJ_1","resume":"apology"}').resume, 'apology');
  const none = { supersedes: undefined, resume: null };
  for (const metadata of ['', '{}', '[]', '{"supersedes":null,"resume":null}', '{"resume":"x"}']) {
    assert.deepEqual(readDispatchOrder(metadata), none, metadata);
  }
});
