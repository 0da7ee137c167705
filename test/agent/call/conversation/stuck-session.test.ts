import { AudioFrame } from '@livekit/rtc-node';
import { voice } from '@livekit/agents';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { defaultTimeouts } from '../../../../agent/config/timeouts.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { watchedSession } from './watched-session.ts';

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
      record: { log, frameSpoken: () => (frames += 1) },
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
