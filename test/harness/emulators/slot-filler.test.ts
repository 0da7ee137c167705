import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatMessage, ChatTool } from './openai-request.ts';
import { slotFillerReply } from './slot-filler.ts';

const system: ChatMessage = {
  role: 'system',
  content: [
    '- Name: Ridge Rentals',
    '- Fuel policy: Bring it back full',
    'Today is Sunday, 22 November 2026 (2026-11-22).',
  ].join('\n'),
};
const tool = (name: string, ...keys: string[]): ChatTool => ({
  type: 'function',
  function: {
    name,
    parameters: {
      type: 'object',
      properties: Object.fromEntries(keys.map((key) => [key, { type: ['string', 'null'] }])),
      required: keys,
    },
  },
});
const tools = [
  tool('find_equipment', 'query', 'start', 'end'),
  tool('book_equipment', 'itemId', 'start', 'end', 'customer'),
  tool('change_booking', 'code', 'customer', 'machine', 'start', 'end'),
  tool('call_off_rent', 'code', 'customer', 'machine', 'address'),
  tool('take_message', 'message', 'phone'),
];
const user = (content: string): ChatMessage => ({ role: 'user', content });
const agent = (content: string): ChatMessage => ({ role: 'assistant', content });
function used(name: string, args: object, say: string): ChatMessage[] {
  const call = { id: 'call_1', type: 'function' as const };
  const made = { name, arguments: JSON.stringify(args) };
  return [
    { role: 'assistant', tool_calls: [{ ...call, function: made }] },
    { role: 'tool', tool_call_id: call.id, content: JSON.stringify({ say }) },
    agent(say),
  ];
}
const reply = (...messages: ChatMessage[]) => slotFillerReply([system, ...messages], tools);

test('a wish calls its tool with what was said, and with nothing else', () => {
  assert.deepEqual(reply(user('I want to keep the trencher longer, until Friday. Code K7M4Q2.')), {
    tool: 'change_booking',
    args: { code: 'K7M4Q2', customer: null, machine: 'trencher', start: null, end: '2026-11-27' },
  });
  assert.deepEqual(reply(user("I'm done with the lift, come pick it up.")), {
    tool: 'call_off_rent',
    args: { code: null, customer: null, machine: 'lift', address: null },
  });
});

test('without the tool staff are told', () => {
  assert.deepEqual(slotFillerReply([system, user('Can I have that in writing?')], tools), {
    tool: 'take_message',
    args: { message: 'Can I have that in writing?', phone: null },
  });
  assert.equal(slotFillerReply([system, user('Can I have that in writing?')], []), undefined);
});

test('an answer goes on with the tool that asked, a no ends it', () => {
  const asks = used('call_off_rent', { code: null, machine: 'lift' }, 'Where is it now?');
  assert.deepEqual(reply(user('Done with the lift.'), ...asks, user("It's at 12 Mill Street.")), {
    tool: 'call_off_rent',
    args: { code: null, machine: 'lift', address: '12 Mill Street' },
  });
  const reads = used('change_booking', { end: '2026-11-27' }, 'Shall I change it?');
  assert.deepEqual(reply(user('Keep it longer.'), ...reads, user('Yes, please.')), {
    tool: 'change_booking',
    args: { end: '2026-11-27' },
  });
  assert.deepEqual(reply(user('Keep it longer.'), ...reads, user('No.')), {
    content: 'All right. What else can I do for you?',
  });
});

test('a rule of the yard is answered by its fact, and one that is not there is not made up', () => {
  assert.deepEqual(reply(user('Do I have to refuel it?')), { content: 'Bring it back full.' });
  assert.deepEqual(reply(user('Do I need insurance?')), {
    content:
      "I'm sorry, I don't know that. Shall I take a message, so that someone calls you back?",
  });
});

test('all else is the other receptionist’s', () => {
  assert.equal(reply(user('Do you have a trencher?')), undefined);
  assert.equal(reply(user('What are your hours?')), undefined);
  assert.equal(reply(agent('Hello.')), undefined);
});
