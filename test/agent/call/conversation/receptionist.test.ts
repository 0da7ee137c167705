import assert from 'node:assert/strict';
import { test } from 'node:test';
import { llm } from '@livekit/agents';
import { wordsOfTools } from '../../../../agent/call/conversation/receptionist.ts';

type Item = llm.ChatContext['items'][number];

const user = (text: string) => new llm.ChatMessage({ role: 'user', content: [text] });
const call = (name: string, callId: string) =>
  llm.FunctionCall.create({ callId, name, args: '{}' });
const output = (callId: string, text: string, isError = false) =>
  llm.FunctionCallOutput.create({ callId, output: text, isError });
const words = (...items: Item[]) => wordsOfTools(new llm.ChatContext(items));

test('what a tool worded is spoken as it stands', () => {
  const say = 'The Generator is free today, at $90 a day.';
  assert.equal(
    words(
      user('Do you have a generator?'),
      call('find_equipment', '1'),
      output('1', JSON.stringify({ say, units: [] })),
    ),
    say,
  );
});

test('two answers are spoken one after the other', () => {
  const items = [
    user('A generator or a trencher?'),
    call('find_equipment', '1'),
    call('find_equipment', '2'),
    output('1', '{"say":"One is free."}'),
    output('2', '{"say":"The other is not."}'),
  ];
  assert.equal(words(...items), 'One is free. The other is not.');
});

test('a tool that failed, or that worded nothing, goes to the model', () => {
  const asked = [user('Do you have a generator?'), call('find_equipment', '1')];
  assert.equal(words(...asked, output('1', 'Unknown function', true)), undefined);
  assert.equal(words(...asked, output('1', 'plain text')), undefined);
  assert.equal(words(...asked, output('1', '{"say":""}')), undefined);
});

test('what was answered before the caller spoke again is not said twice', () => {
  const items = [
    call('find_equipment', '1'),
    output('1', '{"say":"One is free."}'),
    user('And for how much?'),
  ];
  assert.equal(words(...items), undefined);
  assert.equal(words(user('Hello')), undefined);
  assert.equal(words(), undefined);
});
