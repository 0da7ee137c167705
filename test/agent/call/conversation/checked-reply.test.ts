import { FlushSentinel, llm } from '@livekit/agents';
import assert from 'node:assert/strict';
import { ReadableStream } from 'node:stream/web';
import { test } from 'node:test';
import { z } from 'zod';
import { checkedReply, knownFacts } from '../../../../agent/call/conversation/checked-reply.ts';

const checking = 'Let me check that for you.';
const readBack =
  "That's the Trencher on Tuesday, December 1st, 1 day, for $180, for Maria Lopez at the number you're calling from. Shall I book it?";

const tool = llm.tool({
  description: 'a tool',
  parameters: z.object({}),
  execute: async () => 'nothing',
});
const toolCtx = new llm.ToolContext({
  find_equipment: tool,
  book_equipment: tool,
  cancel_booking: tool,
  change_booking: tool,
  call_off_rent: tool,
});

type Chunk = llm.ChatChunk | string | typeof FlushSentinel;

const calling = (name: string): llm.ChatChunk => ({
  id: '',
  delta: {
    role: 'assistant',
    toolCalls: [llm.FunctionCall.create({ callId: 'own', name, args: '{}' })],
  },
});

/** A call in which a tool gave an answer and the caller spoke after it. */
function talk(used: { name: string; args?: string; answer: object } | null, caller: string) {
  const chat = llm.ChatContext.empty();
  if (used) {
    const { name, args = '{}', answer } = used;
    chat.items.push(
      llm.FunctionCall.create({ callId: '1', name, args }),
      llm.FunctionCallOutput.create({
        callId: '1',
        name,
        output: JSON.stringify(answer),
        isError: false,
      }),
    );
  }
  chat.addMessage({ role: 'user', content: caller });
  return chat;
}

/** What a caller hears of the model's answers, one after the other, and what is called. */
async function heard(chatCtx: llm.ChatContext, ...answers: (readonly Chunk[])[]) {
  const asked: llm.ChatContext[] = [];
  const withheld: string[] = [];
  const reply = checkedReply({
    chatCtx,
    toolCtx,
    facts: knownFacts(chatCtx, { yard: [['Opening hours', 'Monday to Friday 7 AM to 5 PM']] }),
    ask: async (chat) => {
      asked.push(chat);
      return ReadableStream.from(answers[asked.length - 1] ?? []);
    },
    onWithheld: ({ kind }) => void withheld.push(kind),
  });
  const words: string[] = [];
  const calls: string[] = [];
  for await (const chunk of reply) {
    if (typeof chunk === 'string') words.push(chunk);
    else if (chunk !== FlushSentinel) {
      assert.equal(chunk.delta?.content ?? '', '', 'words go through the check alone');
      calls.push(...(chunk.delta?.toolCalls ?? []).map(({ name, args }) => `${name} ${args}`));
    }
  }
  return { words, calls, withheld, asked };
}

test('what claims nothing is heard as it was written, a sentence at a time', async () => {
  const pieces = ['Sure', '. Which', ' days do', ' you need', ' it? You', ' said 3.5', ' tons.'];
  const { words, withheld } = await heard(talk(null, 'A trencher.'), pieces);
  assert.deepEqual(words, ['Sure. ', 'Which days do you need it? ', 'You said 3.5 tons.']);
  assert.deepEqual(withheld, []);
});

test('a sentence is heard from the moment it is whole, not when the answer is', async () => {
  let write = (_piece: string) => {};
  const answer = new ReadableStream<string>({
    start: (controller) => void (write = (piece) => controller.enqueue(piece)),
  });
  const chatCtx = talk(null, 'Hello.');
  const reader = checkedReply({
    chatCtx,
    toolCtx,
    facts: knownFacts(chatCtx, { yard: [] }),
    ask: async () => answer,
    onWithheld: () => {},
  }).getReader();
  write('How can I help? ');
  write('Which');
  assert.deepEqual(await reader.read(), { done: false, value: 'How can I help? ' });
  await reader.cancel();
});

test('a claim is left out, said to be looked up, and told of once', async () => {
  const lies = ["You're booked. Your code is K 7 M, 4 Q 2. ", 'Is there anything else?'];
  const { words, calls, withheld, asked } = await heard(talk(null, 'Book it.'), lies, [
    'What name?',
  ]);
  assert.deepEqual(words, [`${checking} `, 'What name?']);
  assert.deepEqual(calls, []);
  assert.deepEqual(withheld, ['result']);
  assert.equal(asked.length, 2);
});

test('what is true in the same answer is heard', async () => {
  const answer = ["It's $10 a day. We close at five on Monday."];
  const { words } = await heard(talk(null, 'And when do you close?'), answer, ['']);
  assert.deepEqual(words.slice(0, 2), [`${checking} `, 'We close at five on Monday.']);
});

test('after a second answer that nobody vouches for a message is offered', async () => {
  const { words, withheld } = await heard(
    talk(null, 'Book it.'),
    ["You're booked."],
    ["It's done."],
  );
  assert.equal(words[0], `${checking} `);
  assert.match(words[1] ?? '', /I don't know that\. Shall I have someone call you back\?/);
  assert.equal(words.length, 2);
  assert.deepEqual(withheld, ['result']);
});

test('words beside a tool call that claim its result are not heard, and the tool runs', async () => {
  const { words, calls, asked } = await heard(talk(null, 'Yes.'), [
    "You're booked.",
    calling('book_equipment'),
  ]);
  assert.deepEqual(words, [`${checking} `]);
  assert.deepEqual(calls, ['book_equipment {}']);
  assert.equal(asked.length, 1);
});

test('a booking claimed while one waits for the caller’s yes is put to the tool', async () => {
  const args = '{"itemId":"TR-1"}';
  const open = {
    name: 'book_equipment',
    args,
    answer: { say: readBack, problem: 'not-confirmed' },
  };
  const { words, calls } = await heard(talk(open, 'Yes.'), ["You're booked."]);
  assert.deepEqual(words, [`${checking} `]);
  assert.deepEqual(calls, [`book_equipment ${args}`]);
});

test('whatever waits for the caller’s yes is put to its tool when the model claims it', async () => {
  const claims = {
    cancel_booking: "I've cancelled it.",
    change_booking: "I've changed it.",
    call_off_rent: "It's called off rent now.",
  };
  for (const [name, claim] of Object.entries(claims)) {
    const answer = { say: 'Shall I do that?', problem: 'not-confirmed' };
    const args = '{"code":"K7M4QX"}';
    const { calls } = await heard(talk({ name, args, answer }, 'Yes.'), [claim]);
    assert.deepEqual(calls, [`${name} ${args}`]);
  }
});

test('a price of a machine that was looked up is looked up again, of another it is not', async () => {
  const args = '{"query":"trencher"}';
  const found = {
    name: 'find_equipment',
    args,
    answer: { say: 'The Trencher is free today, at $180 a day.' },
  };
  const again = await heard(talk(found, 'How much?'), ["It's $90 a day."]);
  assert.deepEqual(again.calls, [`find_equipment ${args}`]);
  const other = await heard(talk(found, 'And a generator?'), ['The generator is $90 a day.'], ['']);
  assert.deepEqual(other.calls, []);
  assert.equal(other.asked.length, 2);
});

test('the rates that a tool gave beside its words may be said', async () => {
  const unit = { name: 'Trencher', dailyRate: '$180', weeklyRate: '$600', deposit: '$400' };
  const answer = { say: 'The Trencher is free today, at $180 a day.', units: [unit] };
  const found = { name: 'find_equipment', answer };
  const said = ['The trencher is $600 a week.'];
  assert.deepEqual((await heard(talk(found, 'And a week?'), said)).words, said);
});

test('a piece of speech that is ended in between is checked to its end', async () => {
  const { words } = await heard(talk(null, 'Well?'), ["It's free tomorrow ", FlushSentinel], ['']);
  assert.equal(words[0], `${checking} `);
});

test('a reply that is given up asks the model nothing more', async () => {
  let asks = 0;
  const chatCtx = talk(null, 'Book it.');
  const reader = checkedReply({
    chatCtx,
    toolCtx,
    facts: knownFacts(chatCtx, { yard: [] }),
    ask: async () => {
      asks += 1;
      return ReadableStream.from(["You're booked. ", 'Well.']);
    },
    onWithheld: () => {},
  }).getReader();
  await reader.read();
  await reader.cancel();
  await new Promise(setImmediate);
  assert.equal(asks, 1);
});
