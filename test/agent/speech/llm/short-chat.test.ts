import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { initializeLogger, llm } from '@livekit/agents';
import * as fc from 'fast-check';
import { shortChat } from '../../../../agent/speech/llm/short-chat.ts';

initializeLogger({ pretty: false, level: 'silent' });

const units = Array.from({ length: 20 }, (_, n) => ({
  itemId: `EX-${n}`,
  name: 'Kubota KX040 Mini Excavator',
  dailyRate: '$325',
  weeklyRate: '$1,250',
  deposit: '$500',
  availability: { free: true, from: '2026-12-01', note: 'x'.repeat(200) },
}));

let nth = 0;
function toolTurn(name: string, say: string): llm.ChatItem[] {
  nth += 1;
  const callId = `call_${nth}`;
  const output = JSON.stringify({ say, units: name === 'find_equipment' ? units : [] });
  return [
    llm.ChatMessage.create({ role: 'user', content: `question ${nth}` }),
    llm.FunctionCall.create({ callId, name, args: '{"query":"mini excavator"}' }),
    llm.FunctionCallOutput.create({ callId, name, output, isError: false }),
    llm.ChatMessage.create({ role: 'assistant', content: say }),
  ];
}

const instructions = llm.ChatMessage.create({ role: 'system', content: 'You answer.' });
const chatOf = (...items: llm.ChatItem[]) => new llm.ChatContext([instructions, ...items]);
const bytes = async (chat: llm.ChatContext) =>
  JSON.stringify(await chat.toProviderFormat('openai')).length;
const callIds = (chat: llm.ChatContext, type: 'function_call' | 'function_call_output') =>
  chat.items.flatMap((item) => (item.type === type ? [item.callId] : [])).toSorted();

test('a short talk goes to the model as it is', () => {
  const chat = chatOf(...toolTurn('quote_rental', 'That comes to $650.'));
  assert.equal(shortChat(chat), chat);
});

describe('a talk of sixty turns', () => {
  const turns = Array.from({ length: 60 }, (_, n) =>
    n === 3
      ? toolTurn('book_equipment', "You're booked. Your code is K 7 M, 4 Q 2.")
      : toolTurn('find_equipment', `We have ${n} of them.`),
  );
  const question = llm.ChatMessage.create({ role: 'user', content: 'And the last one?' });
  const short = shortChat(chatOf(...turns.flat(), question));

  test('costs what one of ten does', async () => {
    assert.ok((await bytes(short)) < 12_000, String(await bytes(short)));
  });

  test('keeps the instructions, the last turns and the question', () => {
    assert.equal(short.items[0], instructions);
    assert.equal(short.items.at(-1), question);
    const texts = short.items.map((item) => (item.type === 'message' ? item.textContent : ''));
    assert.ok(texts.includes('We have 59 of them.'));
    assert.ok(texts.includes('We have 55 of them.'));
  });

  test('still knows what was booked in it', () => {
    const told = JSON.stringify(short.items);
    assert.match(told, /K 7 M, 4 Q 2/);
  });

  test('leaves the units of the newest answer to choose from', () => {
    const outputs = short.items.filter((item) => item.type === 'function_call_output');
    assert.match(outputs.at(-1)?.output ?? '', /EX-19/);
    assert.doesNotMatch(outputs.at(0)?.output ?? '', /EX-19/);
  });
});

test('whatever was said, it fits, the newest is there, and no call is without its answer', async () => {
  const text = fc.string({ maxLength: 400 });
  const turn = fc.oneof(
    text.map((say) => () => toolTurn('find_equipment', say)),
    text.map((say) => () => toolTurn('book_equipment', say)),
    text.map((content) => () => [llm.ChatMessage.create({ role: 'user', content })]),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { maxLength: 80 }), async (turns) => {
      const items = turns.flatMap((make) => make());
      const short = shortChat(chatOf(...items));
      assert.deepEqual(callIds(short, 'function_call'), callIds(short, 'function_call_output'));
      assert.equal(short.items.at(-1)?.id, chatOf(...items).items.at(-1)?.id);
      assert.ok((await bytes(short)) < 16_000);
    }),
    { numRuns: 200 },
  );
});
