import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { llm, voice } from '@livekit/agents';
import { TranscriptRecorder } from '../../../agent/call/transcript.ts';
import type { TranscriptEntry } from '../../../agent/infra/store/transcripts.ts';

const { AgentStateChanged, ConversationItemAdded, FunctionToolsExecuted } =
  voice.AgentSessionEventTypes;

function recorder() {
  const entries: TranscriptEntry[] = [];
  const session = new EventEmitter();
  const transcript = new TranscriptRecorder((entry) => void entries.push(entry));
  transcript.watch(session as unknown as voice.AgentSession, () => 4_000);
  const say = (
    role: 'user' | 'assistant',
    text: string,
    metrics: llm.MetricsReport = {},
    more: { readonly interrupted?: boolean } = {},
  ) => {
    const item = llm.ChatMessage.create({ role, content: text, metrics, createdAt: 900, ...more });
    session.emit(ConversationItemAdded, { item });
  };
  const speaks = (createdAt: number) =>
    session.emit(AgentStateChanged, { oldState: 'thinking', newState: 'speaking', createdAt });
  return { entries, session, transcript, say, speaks };
}

test('a turn has the way from the end of speech to the first sound', () => {
  const { entries, say, speaks } = recorder();
  say('user', 'A mower, please', {
    startedSpeakingAt: 1,
    stoppedSpeakingAt: 2,
    transcriptionDelay: 0.2,
    endOfTurnDelay: 0.5,
    onUserTurnCompletedDelay: 0.01,
  });
  speaks(3_200);
  say('assistant', 'From forty', { llmNodeTtft: 0.3, ttsNodeTtfb: 0.2 }, { interrupted: true });
  assert.deepEqual(entries, [
    {
      kind: 'line',
      atMs: 1_000,
      untilMs: 2_000,
      who: 'caller',
      text: 'A mower, please',
      isInterrupted: false,
    },
    {
      kind: 'line',
      atMs: 3_200,
      untilMs: null,
      who: 'agent',
      text: 'From forty',
      isInterrupted: true,
    },
    {
      kind: 'turn',
      atMs: 2_000,
      heardMs: 200,
      endOfTurnMs: 500,
      firstTokenMs: 810,
      firstByteMs: 1_010,
      firstSoundMs: 1_200,
      listAgeMs: 4_000,
    },
  ]);
});

test('words that answer nobody are no turn, and an answer of code has no token of a model', () => {
  const { entries, say, speaks } = recorder();
  speaks(100);
  say('assistant', 'Hello, how can I help?');
  say('user', 'Yes', { stoppedSpeakingAt: 2 });
  speaks(2_600);
  say('assistant', 'You are booked.');
  say('assistant', 'Anything else?');
  const turns = entries.filter(({ kind }) => kind === 'turn');
  assert.equal(turns.length, 1);
  assert.partialDeepStrictEqual(turns[0], { firstTokenMs: null, firstSoundMs: 600 });
});

test('a tool is kept with what it was given, what it gave, and how long it took', () => {
  const { entries, session, transcript } = recorder();
  transcript.toolUsed('find_equipment', 7);
  const call = llm.FunctionCall.create({
    callId: '1',
    name: 'find_equipment',
    args: '{"query":"mower"}',
  });
  const broken = llm.FunctionCall.create({ callId: '2', name: 'end_call', args: 'nonsense' });
  const output = (callId: string, isError: boolean) =>
    llm.FunctionCallOutput.create({ callId, output: isError ? 'no' : 'M1', isError });
  session.emit(FunctionToolsExecuted, {
    functionCalls: [call, broken],
    functionCallOutputs: [output('1', false), output('2', true)],
  });
  assert.partialDeepStrictEqual(entries, [
    {
      kind: 'tool',
      tool: 'find_equipment',
      args: { query: 'mower' },
      result: 'M1',
      durationMs: 7,
      ok: true,
    },
    { tool: 'end_call', args: 'nonsense', result: 'no', durationMs: null, ok: false },
  ]);
});
