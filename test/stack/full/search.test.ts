import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readFolder } from '../../cases/tabs.ts';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath } from '../aftermath.ts';

/** Longer than a turn takes: who is talked over goes quiet before the answer begins. */
const agentQuietMs = 2_500;

/** What a caller asks, as it is heard, and what they hear of it. */
const asked: readonly (readonly [asks: string, hears: RegExp])[] = [
  [
    'something to dig a trench',
    /The twenty-four inch Walk-Behind Trencher, the Ditch Witch RT45 Ride-On Trencher and/,
  ],
  ['two nineteen foot scissor lifts', /We have 2 of the nineteen foot Electric Scissor Lift/],
  ['a lift to reach thirty feet', /The thirty-two foot Electric Scissor Lift.* We have more\./],
  ['skits deer', /The Bobcat S650 Skid Steer/],
  ['a pallet jack', /I don't see anything like that in our list\./],
];

let yard: Yard;
let service: Service;

before(async () => {
  const sheet = await readFolder(fileURLToPath(new URL('../../cases/search/', import.meta.url)), [
    'hilltop',
  ]);
  yard = await Yard.open({ latencyMs: { stt: 100, llm: 200, tts: 100 }, sheet });
  service = yard.service();
  await service.ready({ warm: 1 });
  await service.waitFor('phrase.ready');
});

after(async () => {
  await yard[Symbol.asyncDispose]();
});
tellFailures(() => yard);

test('five machines that are asked for in five ways on one call are told of as they should', async () => {
  // The model hands on the caller's words, and says what the tool says.
  yard.openai.answerWith((messages) => {
    const last = messages.at(-1);
    return last?.role === 'user' && typeof last.content === 'string'
      ? { tool: 'find_equipment', args: { query: last.content } }
      : undefined;
  });
  const script = [...asked.map(([say]) => ({ say })), { hangUp: true }] as const;
  const call = await yard.call({ agentQuietMs, script });
  const { lines } = await aftermath({ yard, service }, call);
  const told = yard.of(call, yard.spoken).map(({ text }) => text.trim());
  const inOrder = new RegExp(asked.map(([, { source }]) => source).join('.*'));
  assert.match(told.join(' '), inOrder);
  const uses = lines.filter(
    ({ event, tool }) => event === 'tool.used' && tool === 'find_equipment',
  );
  assert.equal(uses.length, asked.length);
  assert.ok(!lines.some(({ event }) => event === 'speech.withheld'));
});
