import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { voice } from '@livekit/agents';
import { eventually } from '../../harness/eventually.ts';
import { SpeakingPlace } from './speaking-session.ts';
import { finder, hours, instructions, opening, search } from './llm/thinking.ts';
import type { Thinking } from './llm/thinking.ts';

let place: SpeakingPlace;
let thinking: Thinking;
before(async () => {
  place = await SpeakingPlace.open();
  ({ thinking } = place);
});
after(() => place[Symbol.asyncDispose]());

/** A session that hears text and speaks through the official plugin. */
async function startSession(model: ReturnType<Thinking['steady']>['model'], run?: () => void) {
  const session = place.session(model);
  const tools = { find_equipment: finder(run) };
  await session.start({ agent: new voice.Agent({ instructions, tools }), record: false });
  return session;
}

const spoken = () => place.deepgram.ttsLog.map(({ text }) => text.trim());

test('a filler is spoken while the model is still silent, and the answer after it', async () => {
  const { model } = thinking.steady({
    budgets: { fillerMs: 50, nextFillerMs: 60_000, firstTokenMs: 60_000, turnMs: 60_000 },
    fillers: ['One moment.'],
  });
  const session = await startSession(model);
  thinking.openai.faults.next('chat', { do: 'delay', delayMs: 3_000 });
  const turn = session.generateReply({ userInput: hours });
  await eventually('the filler is spoken', () => spoken().includes('One moment.'));
  assert.equal(thinking.openai.openRequests(), 1);
  await turn.waitForPlayout();
  assert.deepEqual(spoken(), ['One moment.', opening]);
  assert.equal(session.history.items.at(-1)?.type, 'message');
  await session.close();
});

test('a tool whose call was cut, and then misspelt, runs once', async () => {
  const { model, failures } = thinking.steady();
  let runs = 0;
  const session = await startSession(model, () => (runs += 1));
  thinking.openai.faults.next('chat', { do: 'truncate', after: 4 });
  thinking.openai.faults.next('chat', { do: 'misspell', args: '{"query": ' });
  await session.generateReply({ userInput: search }).waitForPlayout();
  assert.equal(runs, 1);
  assert.deepEqual(failures, []);
  await session.close();
});
