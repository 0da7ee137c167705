import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent } from '../harness/caller/call-events.ts';
import { reportCall } from '../harness/caller/call-report.ts';
import type { OpenAiRequest } from '../harness/emulators/openai.ts';
import { silenceMs, timesAskedAgain } from './call-silence.ts';

const said = (fromMs: number, atMs: number): CallEvent => ({
  type: 'said',
  line: 'q',
  fromMs,
  atMs,
});

/** A question that is asked at 2,000 and at 12,000, of whose recording nothing is asked. */
function report() {
  const events: CallEvent[] = [
    { type: 'ringing', atMs: 0, epochMs: 0 },
    { type: 'answered', identity: 'agent-a', atMs: 100 },
    said(2_000, 3_000),
    said(12_000, 13_000),
    { type: 'ended', by: 'caller', disconnectReason: null, atMs: 13_100 },
  ];
  const base = reportCall({ callId: 'c', room: 'r', events, voices: [], recording: null });
  const agentSpeech = [
    { fromMs: 200, toMs: 1_900 },
    { fromMs: 3_500, toMs: 4_500 },
    { fromMs: 13_050, toMs: 13_100 },
  ];
  return { ...base, heard: { ...base.heard, agentSpeech } };
}

/** A request of the model with these messages, as `role: words`. */
const request = (atMs: number, ...messages: readonly string[]): OpenAiRequest => ({
  endpoint: 'chat',
  atMs,
  client: null,
  body: JSON.stringify({
    messages: messages.map((message) => {
      const [role, content] = message.split(': ');
      return { role, content };
    }),
  }),
});

const question = 'user: Do you deliver?';
const notCaught = "assistant: Sorry, I didn't quite catch that. Could you say it once more?";

test('what follows a filler is silence when the question had to be said again', () => {
  assert.equal(silenceMs(report(), 'turns'), 500);
  assert.equal(silenceMs(report(), 'turns', [2_000]), 7_500);
  assert.equal(silenceMs(report(), 'none', [2_000]), null);
});

test('a question that was not understood was asked for again', () => {
  assert.equal(timesAskedAgain([request(20, 'assistant: Hello?', notCaught, question)], 10), 1);
  assert.equal(timesAskedAgain([request(20, question, notCaught, question)], 10), 1);
});

test('a question that was not understood twice was asked for twice', () => {
  const unread = request(20, 'assistant: Hello?', notCaught, notCaught, question);
  assert.equal(timesAskedAgain([unread], 10), 2);
  const read = request(20, question, notCaught, question, notCaught, question);
  assert.equal(timesAskedAgain([read], 10), 2);
});

test('a filler, or an answer to something else, asks for nothing again', () => {
  const filler = 'assistant: One moment, please.';
  assert.equal(timesAskedAgain([request(20, question, filler, question)], 10), 0);
  assert.equal(timesAskedAgain([request(20, notCaught, question, question)], 10), 0);
  assert.equal(timesAskedAgain([], 10), 0);
});

test('only what came since the line was said again tells', () => {
  const earlier = request(5, question, notCaught, question);
  assert.equal(timesAskedAgain([earlier, request(20, notCaught, question, question)], 10), 0);
  const tool = request(20, question, notCaught, question, 'tool: {}');
  assert.equal(timesAskedAgain([tool, request(30, question, notCaught, question)], 10), 1);
});
