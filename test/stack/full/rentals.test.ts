import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../harness/eventually.ts';
import type { Step } from '../../harness/caller/script.ts';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath } from '../aftermath.ts';

const farewell = "Thanks, that's all. Goodbye.";
/** Longer than a turn takes: who is talked over goes quiet before the answer begins. */
const agentQuietMs = 2_500;

let yard: Yard;
let service: Service;

before(async () => {
  yard = await Yard.open({
    latencyMs: { stt: 100, llm: 200, tts: 100 },
    env: { NUM_IDLE_PROCESSES: '2' },
  });
  service = yard.service();
  await service.ready({ warm: 2 });
  await service.waitFor('phrase.ready');
});

after(async () => {
  await yard[Symbol.asyncDispose]();
});
tellFailures(() => yard);

/** A whole call, and what its caller was told. */
async function callWith(lines: readonly string[]): Promise<string> {
  const script: Step[] = [...lines, farewell].map((say) => ({ say }));
  const call = await yard.call({ agentQuietMs, script: [...script, { waitForEnd: true }] });
  await aftermath({ yard, service }, call);
  return yard
    .of(call, yard.spoken)
    .map(({ text }) => text.trim())
    .join(' ');
}

const rows = () => yard.sheets.rows('Bookings').filter((row) => row[1] === 'EX-01');

test('what was booked in an earlier call is extended in one, and called off rent in another', async () => {
  const booked = await callWith([
    'Do you have a mini excavator available today?',
    "I'd like to book it, my name is Maria Lopez.",
    'Yes, please book it.',
  ]);
  assert.match(booked, /You're booked/);
  await eventually('the sheet has it', () => rows().length === 1);
  const [, , , start = ''] = rows()[0] ?? [];
  const extended = await callWith([
    "I'd like to extend my mini excavator until tomorrow, my name is Maria Lopez.",
    'Yes, please.',
  ]);
  assert.match(extended, /2 days in all, .* more\. Shall I extend it\? .* is extended through /);
  await eventually('its row ends a day later', () => rows()[0]?.[4] !== start);
  const calledOff = await callWith([
    'I am done with my mini excavator, my name is Maria Lopez.',
    "It's at 12 Mill Road.",
    'Yes, please.',
  ]);
  assert.match(
    calledOff,
    /Shall I call it off rent\? .* is called off rent, at .* off-rent number/,
  );
  await eventually('its row says so', () => rows()[0]?.[5] === 'OFF RENT CALLED');
  assert.equal(rows().length, 1);
});
