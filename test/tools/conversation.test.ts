import assert from 'node:assert/strict';
import { test } from 'node:test';
import { llm } from '@livekit/agents';
import { instructionsFor } from '../../agent/speech/instructions.ts';
import { parseEquipment } from '../../tools/sheet/read/equipment-sheet.ts';
import type { createTools } from '../../tools/index.ts';
import type { ChatMessage, ChatTool } from '../harness/emulators/openai-request.ts';
import { receptionistReply } from '../harness/emulators/receptionist-rules.ts';
import { scriptSteps } from '../stack/scripts.ts';
import { exampleSheet } from '../harness/yard/example-sheet.ts';
import { phoneCall } from './phone-call.ts';
import { inventory, yard } from './yard/example-yard.ts';

type Tools = ReturnType<typeof createTools>;

/** The tools as the framework describes them to the model. */
function described(tools: Tools): ChatTool[] {
  return Object.entries(tools).map(([name, { description, parameters }]) => ({
    type: 'function',
    function: { name, description, parameters: { ...llm.toJsonSchema(parameters) } },
  }));
}

/** Holds a whole call in text: the emulated model, the real tools, and no sound. */
async function hold(lines: readonly string[]) {
  const units = parseEquipment(exampleSheet['Equipment'] ?? []).value;
  const { created, desk, said, heard, use } = phoneCall({ list: inventory(units) });
  const tools = described(created);
  const system = instructionsFor({ yard, todayIso: '2026-11-22' });
  const messages: ChatMessage[] = [{ role: 'system', content: system }];
  const usedTools: string[] = [];
  for (const line of lines) {
    said.push(line);
    messages.push({ role: 'user', content: line });
    let reply = receptionistReply(messages, tools);
    let words = '';
    while ('tool' in reply) {
      const name = reply.tool as keyof Tools;
      const id = `call_${usedTools.push(name)}`;
      const made = { name, arguments: JSON.stringify(reply.args) };
      messages.push({ role: 'assistant', tool_calls: [{ id, type: 'function', function: made }] });
      const result = await use(name, reply.args);
      messages.push({ role: 'tool', tool_call_id: id, content: JSON.stringify(result ?? null) });
      words = result?.say ?? '';
      reply = receptionistReply(messages, tools);
    }
    heard.push(words || reply.content);
    messages.push({ role: 'assistant', content: words || reply.content });
  }
  return { desk, heard, usedTools };
}

const linesOf = (name: string, seed: number) =>
  scriptSteps(name, { seed, endBy: 'agent' }).flatMap((step) => ('say' in step ? [step.say] : []));

test('whatever the seed draws, the rental call ends with the machine booked under the name', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const lines = linesOf('rental', seed);
    const { desk, heard, usedTools } = await hold(lines);
    const told = `${lines.join('\n')}\n${heard.join('\n')}`;
    assert.deepEqual(
      usedTools,
      ['find_equipment', 'quote_rental', 'book_equipment', 'book_equipment', 'end_call'],
      told,
    );
    assert.equal(desk.bookings.length, 1, told);
    const [made] = desk.bookings;
    assert.ok(
      lines.some((line) => line.includes(`my name is ${made?.customer}.`)),
      told,
    );
    assert.ok(lines[0]?.includes(made?.itemName.toLowerCase() ?? '?'), told);
    assert.ok(lines.length >= 5);
  }
});

test('a caller books, finds, cancels and leaves a message in one call', async () => {
  const { desk, heard, usedTools } = await hold([
    'Do you have a trencher from Tuesday to Thursday?',
    'Great, I would like to book it.',
    'Aisha Khan.',
    'Yes.',
    'Can you look up my booking?',
    'Please cancel it.',
    'Yes, cancel it.',
    'Can I leave a message?',
    'I will come by on Monday to talk about a bigger one.',
    "No, that's all. Goodbye.",
  ]);
  assert.deepEqual(
    usedTools,
    [
      'find_equipment',
      'book_equipment',
      'book_equipment',
      'find_booking',
      'cancel_booking',
      'cancel_booking',
      'take_message',
      'end_call',
    ],
    heard.join('\n'),
  );
  assert.partialDeepStrictEqual(desk.bookings, [
    { itemId: 'TR-01', start: '2026-11-24', end: '2026-11-26', customer: 'Aisha Khan' },
  ]);
  assert.equal(desk.bookings[0]?.state, 'cancelled');
  assert.partialDeepStrictEqual(desk.messages, [
    { text: 'I will come by on Monday to talk about a bigger one.', customer: 'Aisha Khan' },
  ]);
});

test('a caller keeps a machine longer, and calls it off rent', async () => {
  const { desk, heard, usedTools } = await hold([
    'Do you have a mini excavator from today until Tuesday?',
    'I would like to book it, my name is Maria Lopez.',
    'Yes, please book it.',
    'I want to keep the mini excavator until Friday.',
    'Yes, please.',
    "I am done with the mini excavator, it's at the Mill Road site.",
    'Yes, please.',
    "That's all. Goodbye.",
  ]);
  assert.deepEqual(
    usedTools,
    [
      'find_equipment',
      'book_equipment',
      'book_equipment',
      'change_booking',
      'change_booking',
      'call_off_rent',
      'call_off_rent',
      'end_call',
    ],
    heard.join('\n'),
  );
  assert.partialDeepStrictEqual(desk.bookings, [{ start: '2026-11-22', end: '2026-11-27' }]);
  assert.equal(desk.offRents.length, 1, heard.join('\n'));
});

test('a caller who says no has booked nothing', async () => {
  const { desk } = await hold([
    'Do you have a generator tomorrow?',
    "I'd like to book it, my name is John Miller.",
    'No, thanks.',
    'Goodbye.',
  ]);
  assert.deepEqual(desk.bookings, []);
});
