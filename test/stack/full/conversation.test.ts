import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { recordingsOf } from '../../../agent/infra/recordings.ts';
import { GOODBYE } from '../../../agent/speech/prompts/prompts.ts';
import { eventually } from '../../harness/eventually.ts';
import type { Step } from '../../harness/caller/script.ts';
import type { Service } from '../../harness/yard/service.ts';
import { tellFailures } from '../../harness/yard/story.ts';
import { Yard } from '../../harness/yard/yard.ts';
import { aftermath } from '../aftermath.ts';
import { assertFigures, assertLogForm, assertWellLogged, count } from '../call-log.ts';
import { askOnce } from '../talking.ts';

const question = 'Do you have a skid steer?';
const price = 'How much would it be for three days from tomorrow?';
const farewell = "Thanks, that's all. Goodbye.";
/** The voice is asked for one sentence at a time. */
const greeting = ['This is the automated assistant.', 'Hilltop Rentals, how can I help you?'];

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
  // The first word is to come from audio that is ready.
  await service.waitFor('phrase.ready');
});

after(async () => {
  await yard[Symbol.asyncDispose]();
});
tellFailures(() => yard);

/** How long a phrase is, as it was synthesised. */
function lengthMs(phrase: string): number {
  const { pcm, sampleRate } = yard.spoken.find(({ text }) => text.includes(phrase)) ?? {};
  return ((pcm?.length ?? 0) / (sampleRate ?? 1)) * 1_000;
}

test('a whole conversation, ended by the agent', async () => {
  const call = await yard.call({
    agentQuietMs,
    script: [{ say: question }, { say: price }, { say: farewell }, { waitForEnd: true }],
  });
  const over = await aftermath({ yard, service }, call);
  assertWellLogged(over);
  const closed = over.lines.at(-1);
  assert.partialDeepStrictEqual(closed, { reason: 'agent-goodbye', endedBy: 'agent', turns: 3 });
  assert.deepEqual(closed?.['toolsUsed'], ['find_equipment', 'quote_rental', 'end_call']);
  const told = yard.of(call, yard.spoken).map(({ text }) => text.trim());
  assert.match(
    told.join(' '),
    /^The Skid steer is free today, at \$250 a day or \$900 a week\. Which days do you need it\? .* the Skid steer comes to \$750, plus a \$500 deposit\. It's free then\.$/,
  );
  const { turns, endedBy } = over.report;
  assert.equal(endedBy, 'agent');
  assert.ok(turns.every(({ agentPcm }) => agentPcm !== null));
  const { agentFromMs, agentToMs } = turns.at(-1) ?? {};
  const heardMs = Number(agentToMs) - Number(agentFromMs);
  assert.ok(heardMs > lengthMs(GOODBYE) - 300, `of the goodbye ${heardMs} ms were heard`);
});

test('a whole conversation, ended by the caller', async () => {
  const over = await askOnce({ yard, service }, question);
  assertWellLogged(over);
  const notices = over.lines.find(({ event }) => event === 'call.notices');
  assert.partialDeepStrictEqual(notices, { notices: ['ai'], isWhole: true });
  const closed = over.lines.at(-1);
  assert.partialDeepStrictEqual(closed, { result: 'completed', reason: 'caller-hangup', turns: 1 });
  assert.deepEqual(closed?.['toolsUsed'], ['find_equipment']);
  assert.ok(Number(closed?.['packetsIn']) > 0);
  const closedAt = service.lines.findIndex((line) => line === closed);
  await service.waitFor('worker.ready', (line) => service.lines.indexOf(line) > closedAt);
});

test('the first word waits for no provider, and the caller can talk over it', async () => {
  const call = await yard.call({
    agentQuietMs,
    script: [{ say: question, when: { from: 'agent-start', afterMs: 500 } }, { hangUp: true }],
  });
  const over = await aftermath({ yard, service }, call);
  assertWellLogged(over);
  const answered = over.lines.find(({ event }) => event === 'call.answered');
  assert.equal(answered?.['greeting'], 'ready');
  const during = yard.of(call, yard.spoken).map(({ text }) => text);
  assert.ok(!during.some((text) => text.includes('Hilltop')), during.join(' | '));
  const wholeMs = greeting.reduce((all, sentence) => all + lengthMs(sentence), 0);
  const { agentFromMs, agentToMs } = over.report.greeting ?? { agentFromMs: 0, agentToMs: wholeMs };
  assert.ok(agentToMs - agentFromMs < wholeMs - 300, 'the greeting broke off');
  assert.notEqual(over.report.turns[0]?.agentPcm, null, 'and what was said over it is answered');
  const notices = over.lines.find(({ event }) => event === 'call.notices');
  assert.partialDeepStrictEqual(notices, { notices: ['ai'], isWhole: false });
});

test('with the voice of OpenAI', async () => {
  const other = yard.service({
    env: {
      AGENT_NAME: 'pickup-openai',
      TTS_PROVIDER: 'openai',
      NUM_IDLE_PROCESSES: '1',
      DATA_DIR: join(yard.folder, 'openai'),
    },
  });
  await other.ready();
  await other.waitFor('phrase.ready');
  const script: Step[] = [{ say: question }, { say: farewell }, { waitForEnd: true }];
  const call = await yard.call({ agentName: 'pickup-openai', agentQuietMs, script });
  const closed = await other.waitFor('call.closed');
  assert.partialDeepStrictEqual(closed, { reason: 'agent-goodbye', providerFailures: 0, turns: 2 });
  const { turns } = await call.ended;
  assert.ok(turns.every(({ agentPcm }) => agentPcm !== null));
  await other.stop();
});

test('a call that is recorded leaves both voices apart, and its caller is told so first', async () => {
  const dataDir = join(yard.folder, 'recorded');
  await using other = yard.service({
    env: {
      AGENT_NAME: 'pickup-recorded',
      RECORD_CALLS: 'true',
      NUM_IDLE_PROCESSES: '1',
      DATA_DIR: dataDir,
    },
  });
  await other.ready();
  await other.waitFor('phrase.ready');
  const script: Step[] = [{ say: question }, { say: farewell }, { waitForEnd: true }];
  const call = await yard.call({ agentName: 'pickup-recorded', agentQuietMs, script });
  const closed = await other.waitFor('call.closed');
  assert.partialDeepStrictEqual(closed, { reason: 'agent-goodbye', turns: 2 });
  const { callId } = await call.ended;
  const notices = other.callLines(callId).find(({ event }) => event === 'call.notices');
  assert.partialDeepStrictEqual(notices, { notices: ['recording', 'ai'], isWhole: true });
  const isThere = async () => (await recordingsOf(dataDir, callId)).length === 2;
  await eventually('both voices are there', isThere);
  const heard = await recordingsOf(dataDir, callId);
  for (const { file, voice } of heard) {
    const samples = (await readFile(file)).subarray(58);
    const loud = samples.filter((sample) => (sample & 0x7f) < 0x50).length;
    const ms = samples.length / 8;
    assert.ok(loud > 2_000, `${voice}: ${loud} of ${samples.length} samples are loud`);
    assert.ok(Math.abs(ms - Number(closed['talkMs'])) < 6_000, `${voice}: ${ms} ms`);
  }
});

test('a provider that refuses in a call is named in the log, and the next call is answered', async () => {
  const off = [
    yard.deepgram.faults.on('speak', { do: 'refuse', status: 500 }),
    yard.openai.faults.on('chat', { do: 'refuse', status: 401 }),
  ];
  const call = await yard.call({ script: [{ say: question }] });
  await service.waitFor('provider.failed', ({ callId }) => callId === call.callId);
  await call.hangUp();
  for (const restore of off) restore();
  const deaf = yard.deepgram.faults.on('listen', { do: 'refuse', status: 401 });
  // Of a caller whose words arrive nowhere the number is kept, and the call ends.
  const unheard = await yard.call({ script: [{ say: question }] });
  const closed = await service.waitFor('call.closed', ({ callId }) => callId === unheard.callId);
  assert.partialDeepStrictEqual(closed, { result: 'upstream', reason: 'provider-failure' });
  deaf();
  await unheard.ended;
  assertWellLogged(await askOnce({ yard, service }, question));
  assert.equal(count(service.lines, 'worker.started'), 1);
  assert.equal(count(service.lines, 'process.fault'), 0);
});

test('every line is JSON in our form, with no number, no secret and no word of the talk', () => {
  assertLogForm({ yard, service }, [question, price, farewell]);
});

test('the figures tell of the same calls as the log', async () => {
  const total = await assertFigures(service);
  assert.ok((await total('provider_failures_total')) > 0);
});
