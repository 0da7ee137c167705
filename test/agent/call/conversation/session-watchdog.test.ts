import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { defaultTimeouts } from '../../../../agent/config/timeouts.ts';
import { watchedSession } from './watched-session.ts';
import { callBudget, CallLimit } from '../../../../agent/call/conversation/session-watchdog.ts';
import { CallTimers } from '../../../../agent/call/call-timers.ts';
import { virtualTime } from '../virtual-time.ts';
import type { VirtualTime } from '../virtual-time.ts';
import { AudioFrame } from '@livekit/rtc-node';
import { voice } from '@livekit/agents';
import { recordedLog } from '../../../harness/recorded-log.ts';

/** How a call ends in which the agent listens and nobody speaks. */
function createWatch(t: TestContext, { isLegSilent }: { readonly isLegSilent: boolean }) {
  const ends: string[] = [];
  const { pass } = watchedSession(t, {
    deps: {
      media: { isLegSilent },
      farewell: (reason) => void ends.push(reason),
      onLegLost: () => void ends.push('called back'),
    },
  });
  return { ends, pass };
}

test('a caller who says nothing is silent, and the call ends with that', async (t) => {
  const { ends, pass } = createWatch(t, { isLegSilent: false });
  await pass(3 * defaultTimeouts.callerSilentMs);
  assert.deepEqual(ends, ['caller-silent']);
});

test('a caller whose line is silent is called back', async (t) => {
  const { ends, pass } = createWatch(t, { isLegSilent: true });
  await pass(3 * defaultTimeouts.callerSilentMs);
  assert.deepEqual(ends, ['called back']);
});

for (const [what, spent] of [
  ['tokens', { modelTokens: callBudget.modelTokens }],
  ['tool calls', { toolCalls: callBudget.toolCalls }],
] as const) {
  test(`a talk that has spent its ${what}, in whichever jobs, ends politely`, (t) => {
    const ends: string[] = [];
    const { MetricsCollected } = voice.AgentSessionEventTypes;
    const record = {
      log: recordedLog().log,
      frameSpoken: () => {},
      spent: { modelTokens: callBudget.modelTokens - 1, toolCalls: callBudget.toolCalls - 1 },
    };
    const { session } = watchedSession(t, {
      deps: { record, farewell: (reason) => void ends.push(reason) },
    });
    session.emit(MetricsCollected, {});
    assert.deepEqual(ends, []);
    Object.assign(record.spent, spent);
    session.emit(MetricsCollected, {});
    assert.deepEqual(ends, ['over-limit']);
  });
}

function createLimit(time: VirtualTime, { maxCallMs = 600_000, elapsedMs = 0 } = {}) {
  const told: string[] = [];
  const timers = new CallTimers({
    livenessPauseMs: 60_000,
    onPauseExpired: () => {},
    nowMs: time.nowMs,
  });
  const limit = new CallLimit({
    timers,
    maxCallMs,
    elapsedMs,
    warn: () => void told.push('warning'),
    end: () => void told.push('end'),
  });
  return { told, limit };
}

test('a minute before its end a call is warned', async (t) => {
  const time = virtualTime(t);
  const { told } = createLimit(time);
  await time.pass(539_000, 1_000);
  assert.deepEqual(told, []);
  await time.pass(1_000);
  assert.deepEqual(told, ['warning']);
  await time.pass(59_000, 1_000);
  assert.deepEqual(told, ['warning']);
  await time.pass(1_000);
  assert.deepEqual(told, ['warning', 'end']);
});

test('a short limit has its warning half-way', async (t) => {
  const time = virtualTime(t);
  const { told } = createLimit(time, { maxCallMs: 20_000 });
  await time.pass(10_000);
  assert.deepEqual(told, ['warning']);
  await time.pass(10_000);
  assert.deepEqual(told, ['warning', 'end']);
});

test('a further job of the call counts from the answer, and does not warn again', async (t) => {
  const time = virtualTime(t);
  const { told } = createLimit(time, { elapsedMs: 550_000 });
  await time.pass(50_000, 1_000);
  assert.deepEqual(told, ['end']);
  assert.deepEqual(await endsOf(time, { elapsedMs: 700_000 }), ['end']);
});

async function endsOf(time: VirtualTime, options: { readonly elapsedMs: number }) {
  const { told } = createLimit(time, options);
  await time.pass(1_000);
  return told;
}

test('a limit that was stopped ends nothing', async (t) => {
  const time = virtualTime(t);
  const { told, limit } = createLimit(time, { maxCallMs: 20_000 });
  limit.stop();
  await time.pass(60_000, 1_000);
  assert.deepEqual(told, []);
});

const { AgentStateChanged } = voice.AgentSessionEventTypes;
const turnAndToolMs = defaultTimeouts.toolMs + 10_000;

/** A watched session whose states and frames a test makes. */
function watched(t: TestContext) {
  const left: string[] = [];
  let [frames, played] = [0, 0];
  const output = { captureFrame: async (_frame: AudioFrame) => void (played += 1) };
  const { log, lines } = recordedLog();
  const { session, timers, ...time } = watchedSession(t, {
    deps: {
      record: {
        log,
        frameSpoken: () => (frames += 1),
        spent: { modelTokens: 0, toolCalls: 0 },
      },
      leave: (outcome) => void left.push(outcome),
    },
    output,
  });
  const agent = (newState: string) => {
    session.agentState = newState;
    session.emit(AgentStateChanged, { newState });
  };
  const frame = AudioFrame.create(8_000, 1, 160);
  const speak = async (ms: number) => {
    for (let playedMs = 0; playedMs < ms; playedMs += 1_000) {
      await output.captureFrame(frame);
      await time.pass(1_000, 1_000);
    }
  };
  return { ...time, lines, agent, speak, left, timers, counts: () => ({ frames, played }) };
}

test('a job whose answer never comes leaves the call to a fresh one', async (t) => {
  const { agent, pass, left, lines } = watched(t);
  agent('thinking');
  await pass(turnAndToolMs - 250);
  assert.deepEqual(left, []);
  await pass(250);
  assert.deepEqual(left, ['failed']);
  assert.partialDeepStrictEqual(lines, [{ event: 'job.failed', reason: 'stuck' }]);
});

test('an answer that comes in time, however often, is none that never comes', async (t) => {
  const { agent, pass, left } = watched(t);
  for (let turn = 0; turn < 3; turn += 1) {
    agent('thinking');
    await pass(turnAndToolMs - 250);
    agent('listening');
  }
  assert.deepEqual(left, []);
});

test('a long speech that goes out is not cut short', async (t) => {
  const { agent, speak, left, counts } = watched(t);
  agent('speaking');
  await speak(300_000);
  assert.deepEqual(left, []);
  assert.deepEqual(counts(), { frames: 300, played: 300 });
});

test('a job whose speech goes out no longer leaves the call to a fresh one', async (t) => {
  const { agent, speak, pass, left, lines } = watched(t);
  agent('speaking');
  await speak(30_000);
  await pass(10_000);
  assert.deepEqual(left, []);
  await pass(2_000);
  assert.deepEqual(left, ['failed']);
  assert.partialDeepStrictEqual(lines, [{ event: 'job.failed', reason: 'stuck' }]);
});

test('what comes out of the queue when the agent no longer speaks starts no watch', async (t) => {
  const { agent, speak, pass, left } = watched(t);
  agent('speaking');
  await speak(2_000);
  agent('listening');
  await speak(1_000);
  await pass(14_000);
  assert.deepEqual(left, []);
});

test('while a transfer or a repair holds the timers, nothing is stuck', async (t) => {
  const { agent, pass, left, timers } = watched(t);
  agent('speaking');
  const release = timers.pauseAll('transfer');
  await pass(40_000);
  release();
  assert.deepEqual(left, []);
  await pass(12_000);
  assert.deepEqual(left, ['failed']);
});
