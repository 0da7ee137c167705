import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallRecord, FigureCounter, percentile } from '../../../agent/call/call-record.ts';
import type { CallStore } from '../../../agent/call/persistence/call-store.ts';
import type { MediaFigures } from '../../../agent/call/media/media-monitor.ts';
import { emptyFigures } from '../../../agent/call/media/gap-figures.ts';
import { savedCallFrom } from '../../../agent/ipc/saved-call.ts';
import { termination } from '../../../agent/ipc/termination.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import { noUsage, type Prices } from '../../../agent/infra/usage.ts';
import { savedCall } from './saved-call.ts';
import { EventEmitter } from 'node:events';
import { llm, voice } from '@livekit/agents';

const media: MediaFigures = {
  packets: 500,
  lastPacketAtMs: 10_000,
  packetsOut: 700,
  lastPacketOutAtMs: 11_000,
  gaps: emptyFigures,
};

const prices: Prices = {
  perMillionTokensIn: 2,
  perMillionTokensCached: 0.5,
  perMillionTokensOut: 8,
  perMinuteHeard: 0.006,
  perMillionCharactersSpoken: 30,
};

/** A record that writes nowhere. */
function createRecord() {
  const store = { recordEvent: () => {}, recordClose: async () => {} } as unknown as CallStore;
  return new CallRecord({ log: recordedLog().log, store, prices });
}

/** The closing line of a call that one job began as `record` and this one goes on with. */
async function closedAfter(record: CallRecord, own: MediaFigures | null) {
  const figures = record.savedFigures(media);
  const saved = savedCallFrom(JSON.stringify({ ...savedCall(), figures }));
  assert.ok(saved);
  const fresh = createRecord();
  fresh.goOn(saved);
  return fresh.ended(termination('agent-goodbye'), own);
}

test('what the catalogue has for the timeline is kept in it, without errors, and nothing else', () => {
  const kept: unknown[] = [];
  const store = {
    recordEvent: (event: string, data: object) => kept.push([event, data]),
  } as unknown as CallStore;
  const { log, events } = recordedLog();
  const record = new CallRecord({ log, store, prices });
  record.identify('SCL_1');
  record.log.emit('room.connected', { durationMs: 5 }, 'first');
  record.log.emit('room.connected', { durationMs: 6 }, 'again');
  record.toolUsed('end_call', { durationMs: 1, ok: false, error: new Error('5550111') });
  record.log.emit('turn.completed', { latencyMs: 700 });
  assert.deepEqual(kept, [
    ['room.connected', { durationMs: 5 }],
    ['tool.used', { tool: 'end_call', durationMs: 1, ok: false }],
  ]);
  assert.equal(events().length, 4);
});

test('the closing line says when words and packets last came and went', async () => {
  const record = createRecord();
  record.frameSpoken();
  assert.partialDeepStrictEqual(await record.ended(termination('over-limit'), media), {
    endedBy: 'agent',
    packetsIn: 500,
    lastPacketInAtMs: 10_000,
    packetsOut: 700,
    lastPacketOutAtMs: 11_000,
    framesOut: 1,
    lastTranscriptAtMs: null,
    transfer: null,
  });
});

test('after a hand-over it counts both jobs, and keeps the times of the first until there are later', async () => {
  const record = createRecord();
  record.frameSpoken();
  assert.partialDeepStrictEqual(await closedAfter(record, null), {
    packetsIn: 500,
    lastPacketInAtMs: 10_000,
    packetsOut: 700,
    lastPacketOutAtMs: 11_000,
    framesOut: 1,
  });
  const own = {
    ...media,
    packets: 5,
    lastPacketAtMs: null,
    packetsOut: 7,
    lastPacketOutAtMs: 20_000,
  };
  assert.partialDeepStrictEqual(await closedAfter(record, own), {
    packetsIn: 505,
    lastPacketInAtMs: 10_000,
    packetsOut: 707,
    lastPacketOutAtMs: 20_000,
  });
});

test('it says what became of a transfer, with what the other side answered', async () => {
  const record = createRecord();
  record.transferred({ outcome: 'refused', sipStatus: 486, durationMs: 900 });
  const transfer = { outcome: 'refused', sipStatus: 486 };
  assert.deepEqual((await closedAfter(record, media))['transfer'], transfer);
  assert.deepEqual((await record.ended(termination('caller-hangup'), media))['transfer'], transfer);
});

test('what was billed is summed over the jobs of a call, and costs what its prices say', async () => {
  const record = createRecord();
  record.used({ tokensIn: 4_000, tokensCached: 3_000, tokensOut: 60 });
  record.used({ heardSeconds: 30.2 });
  record.used({ spokenCharacters: 80 });
  const figures = record.savedFigures(media);
  const saved = savedCallFrom(JSON.stringify({ ...savedCall(), figures }));
  assert.ok(saved);
  const fresh = createRecord();
  fresh.goOn(saved);
  fresh.used({ tokensIn: 1_000, tokensOut: 40, heardSeconds: 29.8, spokenCharacters: 20 });
  const { usage, costUsd } = await fresh.ended(termination('agent-goodbye'), null);
  assert.deepEqual(usage, {
    tokensIn: 5_000,
    tokensCached: 3_000,
    tokensOut: 100,
    heardSeconds: 60,
    spokenCharacters: 100,
  });
  // 2,000 at 2 and 3,000 at 0.5, 100 at 8, a minute, 100 characters at 30.
  assert.equal(costUsd, 0.0153);
});

test('a call goes on from one in which nothing was counted', async () => {
  const record = createRecord();
  record.goOn(savedCall());
  assert.partialDeepStrictEqual(await record.ended(termination('agent-goodbye'), null), {
    packetsOut: 0,
    lastPacketInAtMs: null,
    framesOut: 0,
    transfer: null,
  });
});

const { AgentStateChanged, ConversationItemAdded, UserInputTranscribed } =
  voice.AgentSessionEventTypes;

/** A session's events alone. */
function watched() {
  const session = new EventEmitter();
  const figures = new FigureCounter();
  const turnsMs: number[] = [];
  figures.watch(session as unknown as voice.AgentSession, (ms) => void turnsMs.push(ms));
  const callerStopped = (atMs: number) => {
    const item = new llm.ChatMessage({ role: 'user', content: ['hello'] });
    item.metrics.stoppedSpeakingAt = atMs / 1_000;
    session.emit(ConversationItemAdded, { item });
  };
  const agent = (oldState: string, newState: string, createdAt: number) =>
    session.emit(AgentStateChanged, { oldState, newState, createdAt });
  const transcribed = (createdAt: number) => session.emit(UserInputTranscribed, { createdAt });
  return { figures, turnsMs, callerStopped, agent, transcribed };
}

test('a turn counts from the end of the speech, not from when it was noticed', () => {
  const { figures, turnsMs, callerStopped, agent } = watched();
  agent('listening', 'speaking', 100);
  agent('speaking', 'listening', 2_000);
  callerStopped(5_000);
  agent('thinking', 'speaking', 6_200);
  agent('speaking', 'listening', 9_000);
  assert.deepEqual(turnsMs, [1_200]);
  assert.deepEqual(figures.figures, {
    turns: 1,
    latencyP50Ms: 1_200,
    latencyP95Ms: 1_200,
    toolsUsed: [],
    providerFailures: 0,
    firstAgentSpeechAtMs: 100,
    lastCallerSpeechAtMs: 5_000,
    lastAgentSpeechAtMs: 9_000,
    lastTranscriptAtMs: null,
    framesOut: 0,
    usage: noUsage,
  });
});

test('what the agent says of its own accord is no turn', () => {
  const { figures, agent } = watched();
  agent('listening', 'speaking', 100);
  agent('speaking', 'listening', 200);
  agent('listening', 'speaking', 300);
  assert.equal(figures.figures.turns, 0);
});

test('tools and failures are counted', () => {
  const { figures } = watched();
  figures.toolUsed('find_equipment');
  figures.toolUsed('find_equipment');
  figures.providerFailed();
  assert.deepEqual(figures.figures.toolsUsed, ['find_equipment', 'find_equipment']);
  assert.equal(figures.figures.providerFailures, 1);
});

test('the last transcript is dated, and the frames of the speech are counted', () => {
  const { figures, transcribed } = watched();
  transcribed(7_000);
  transcribed(8_000);
  figures.frameSpoken();
  figures.frameSpoken();
  assert.partialDeepStrictEqual(figures.figures, { lastTranscriptAtMs: 8_000, framesOut: 2 });
});

test('a job that goes on keeps what was last said and heard, until there is later', () => {
  const before = watched();
  before.agent('speaking', 'listening', 2_000);
  before.callerStopped(5_000);
  before.transcribed(5_500);
  before.figures.frameSpoken();
  const { figures, agent, transcribed } = watched();
  // Heard while it stood by.
  transcribed(5_600);
  figures.goOn(before.figures.saved);
  assert.partialDeepStrictEqual(figures.figures, {
    lastCallerSpeechAtMs: 5_000,
    lastAgentSpeechAtMs: 2_000,
    lastTranscriptAtMs: 5_600,
    framesOut: 1,
  });
  agent('speaking', 'listening', 9_000);
  assert.equal(figures.figures.lastAgentSpeechAtMs, 9_000);
});

test('a percentile is one of the values, and null without any', () => {
  assert.equal(percentile([], 0.5), null);
  assert.equal(percentile([7], 0.95), 7);
  assert.equal(percentile([30, 10, 20, 40], 0.5), 20);
  assert.equal(percentile([30, 10, 20, 40], 0.95), 40);
});
