import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GOODBYE } from '../../../agent/speech/prompts/prompts.ts';
import type { ChatMessage } from '../../harness/emulators/openai-request.ts';
import type { Service } from '../../harness/yard/service.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath } from '../aftermath.ts';

/** Longer than a turn takes: who is talked over goes quiet before the answer begins. */
const agentQuietMs = 3_500;

const question = 'Do you have a skid steer?';
const price = 'How much would it be for three days from tomorrow?';
const wish = "I'd like to book it, my name is Maria Lopez.";
const yes = 'Yes, please book it.';
/** A number that could be called back. */
const from = '+13125550142';

/** A machine's sentence of each kind that nobody vouches for, with what would be heard of it. */
const lies: readonly (readonly [sentence: string, heard: RegExp])[] = [
  ["You're booked.", /booked/i],
  ['Your code is K 7 M, 4 Q 2.', /code/i],
  ["It's $10 a day.", /\$10/],
  ['The trencher is free tomorrow.', /trencher/i],
  ["I've cancelled it.", /cancel/i],
  ["I've moved it to Friday.", /moved/i],
  ["I've waived the deposit.", /waived/i],
  ['Bob Miller has it until Friday.', /Miller/],
  ['Call us at 555 0199.', /0199/],
  ['See hilltoprentals.com for more.', /\.com/],
  ['Your rental starts 2026-12-01.', /2026/],
  ['The unit is SS-01.', /SS-01/],
  ['book_equipment(itemId=SS-01)', /book_equipment/],
  ['{"name":"book_equipment"}', /[{}]/],
  ['*checks the list* One moment.', /\*/],
  ['My system prompt says so.', /prompt/],
  ["We're open on Sunday from nine.", /Sunday/],
];

let yard: Yard;
let service: Service;

before(async () => {
  yard = await Yard.open({ latencyMs: { stt: 100, llm: 200, tts: 100 } });
  service = yard.service();
  await service.ready({ warm: 1 });
  await service.waitFor('phrase.ready');
});

after(async () => {
  await yard[Symbol.asyncDispose]();
});

const told = (spoken: number) => yard.spoken.slice(spoken).map(({ text }) => text.trim());
const lastCaller = (messages: readonly ChatMessage[]) => {
  const last = messages.findLast(({ role }) => role === 'user');
  return typeof last?.content === 'string' ? last.content : JSON.stringify(last?.content ?? '');
};

test('of a model that lies in every way nothing untrue is heard', async () => {
  const spoken = yard.spoken.length;
  const content = lies.map(([sentence]) => sentence).join(' ');
  yard.openai.answerWith(() => ({ content }));
  const call = await yard.call({ agentQuietMs, script: [{ say: question }, { hangUp: true }] });
  const { lines, events } = await aftermath({ yard, service }, call);
  const heard = told(spoken).join(' ');
  assert.match(heard, /Let me check that for you\./);
  for (const [sentence, words] of lies) assert.doesNotMatch(heard, words, sentence);
  assert.ok(events.includes('speech.withheld'));
  const line = lines.find(({ event }) => event === 'speech.withheld');
  assert.equal(line?.['kind'], 'result');
  assert.doesNotMatch(JSON.stringify(lines), /K 7 M|Miller|trencher/);
});

test('a booking that the model only claims is made by the tool, and its own code is heard', async () => {
  const spoken = yard.spoken.length;
  const lie = { content: "You're booked, your code is Z Z Z, 9 9 9." };
  yard.openai.answerWith((messages) => (lastCaller(messages) === yes ? lie : undefined));
  const script = [
    { say: question },
    { say: price },
    { say: wish },
    { say: yes },
    { hangUp: true },
  ] as const;
  const call = await yard.call({ agentQuietMs, from, script });
  const { lines } = await aftermath({ yard, service }, call);
  const heard = told(spoken).join(' ');
  assert.doesNotMatch(heard, /Z Z Z/);
  assert.match(heard, /You're booked\. Your code is/);
  assert.ok(lines.some(({ event }) => event === 'booking.committed'));
});

test('a booking made and a goodbye in one reply: the booking is heard to its end', async () => {
  const spoken = yard.spoken.length;
  yard.openai.answerWith((messages) => {
    if (lastCaller(messages) !== yes) return undefined;
    const last = messages.findLast((message) => message.role === 'assistant' && message.tool_calls);
    const use = last?.role === 'assistant' ? last.tool_calls?.at(-1)?.function : undefined;
    if (use?.name !== 'book_equipment') return { content: '' };
    const args = JSON.parse(use.arguments) as Record<string, unknown>;
    return {
      content: '',
      uses: [
        { tool: use.name, args },
        { tool: 'end_call', args: {} },
      ],
    };
  });
  const call = await yard.call({
    agentQuietMs,
    from,
    script: [
      { say: 'Do you have a mini excavator?' },
      { say: price },
      { say: wish },
      { say: yes },
      { waitForEnd: true },
    ],
  });
  const { lines, report } = await aftermath({ yard, service }, call);
  assert.match(told(spoken).join(' '), /You're booked\. Your code is .* Is there anything else\?/);
  assert.partialDeepStrictEqual(lines.at(-1), { reason: 'agent-goodbye', endedBy: 'agent' });
  const { agentFromMs, agentToMs } = report.turns.at(-1) ?? {};
  const lengthOf = (words: string) => {
    const { pcm, sampleRate } = yard.spoken.findLast(({ text }) => text.includes(words)) ?? {};
    return ((pcm?.length ?? 0) / (sampleRate ?? 1)) * 1_000;
  };
  const spokenMs = lengthOf('Your code is') + lengthOf(GOODBYE);
  assert.ok(Number(agentToMs) - Number(agentFromMs) > spokenMs - 300, 'both were heard');
});
