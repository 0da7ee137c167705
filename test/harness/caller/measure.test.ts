import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  longestSilenceMs,
  measureGreeting,
  measureTurns,
  overlapMs,
  type HeardCall,
} from './measure.ts';

const at = (fromMs: number, toMs: number) => ({ fromMs, toMs });

/** A call with a greeting, two lines and their answers; each test overrides what it is about. */
function heard(overrides: Partial<HeardCall> = {}): HeardCall {
  return {
    answeredMs: 200,
    lines: [
      { line: 'one', ...at(3_000, 4_000) },
      { line: 'two', ...at(8_000, 9_000) },
    ],
    callerSpeech: [at(3_020, 3_980), at(8_010, 8_990)],
    agentSpeech: [at(500, 2_000), at(5_000, 5_500), at(6_000, 7_000), at(9_500, 10_000)],
    endedMs: 11_000,
    ...overrides,
  };
}

test('the greeting is what is said before the first line', () => {
  assert.deepEqual(measureGreeting(heard()), { agentFromMs: 500, agentToMs: 2_000 });
  assert.equal(measureGreeting(heard({ agentSpeech: [at(5_000, 6_000)] })), null);
});

test('a turn is timed from the end of the speech, not of the line', () => {
  assert.deepEqual(measureTurns(heard()), [
    {
      caller: 'one',
      callerFromMs: 3_020,
      callerToMs: 3_980,
      answer: { agentFromMs: 5_000, agentToMs: 7_000 },
      latencyMs: 1_020,
    },
    {
      caller: 'two',
      callerFromMs: 8_010,
      callerToMs: 8_990,
      answer: { agentFromMs: 9_500, agentToMs: 10_000 },
      latencyMs: 510,
    },
  ]);
});

test('a line that nobody answers has no answer and no latency', () => {
  const [, second] = measureTurns(heard({ agentSpeech: [at(5_000, 6_000)] }));
  assert.equal(second?.answer, null);
  assert.equal(second?.latencyMs, null);
});

test('a sentence that dies away under the caller’s line is not the answer to it', () => {
  const agentSpeech = [at(5_000, 9_300), at(10_500, 11_000)];
  const [first, second] = measureTurns(heard({ agentSpeech }));
  assert.deepEqual(first?.answer, { agentFromMs: 5_000, agentToMs: 9_300 });
  assert.deepEqual(second?.answer, { agentFromMs: 10_500, agentToMs: 11_000 });
});

test('an agent that speaks on through the caller’s line leaves no silence', () => {
  const [, second] = measureTurns(heard({ agentSpeech: [at(5_000, 10_500)] }));
  assert.deepEqual(second?.answer, { agentFromMs: 8_990, agentToMs: 10_500 });
  assert.equal(second?.latencyMs, 0);
});

test('the longest silence counts only while it is the agent’s turn', () => {
  assert.equal(longestSilenceMs(heard()), 1_020);
  // The caller thinks from 2,000 to 3,000 and the line stays open after the goodbye: not the agent's.
  assert.equal(longestSilenceMs(heard({ answeredMs: 100, endedMs: 60_000 })), 1_020);
});

test('waiting for the first word, and for an answer that never comes, is silence', () => {
  const late = [at(2_800, 2_900), at(4_100, 4_200), at(9_050, 9_100)];
  assert.equal(longestSilenceMs(heard({ agentSpeech: late })), 2_600);
  assert.equal(longestSilenceMs(heard({ agentSpeech: [at(300, 2_000)] })), 4_030);
});

test('a pause within an answer is silence too', () => {
  const agentSpeech = [at(300, 2_000), at(4_100, 4_500), at(6_900, 7_000), at(9_100, 9_500)];
  assert.equal(longestSilenceMs(heard({ agentSpeech })), 2_400);
});

test('a line that had to be said again leaves silence up to then, whatever was said meanwhile', () => {
  const [one, two] = heard().lines;
  assert.ok(one && two);
  // From the end of the filler at 4,600 to the second time at 8,010.
  const agentSpeech = [at(500, 2_000), at(4_200, 4_600), at(9_500, 10_000)];
  const lines = [{ ...one, wasInVain: true }, two];
  assert.equal(longestSilenceMs(heard({ agentSpeech })), 510);
  assert.equal(longestSilenceMs(heard({ agentSpeech, lines })), 3_410);
  // Nothing was said: from the end of the line.
  const silent = [at(500, 2_000), at(9_500, 10_000)];
  assert.equal(longestSilenceMs(heard({ agentSpeech: silent, lines })), 4_030);
});

test('of a silence counts only what came after a moment', () => {
  assert.equal(longestSilenceMs(heard(), 4_500), 510);
  assert.equal(longestSilenceMs(heard(), 4_480), 520);
  assert.equal(longestSilenceMs(heard(), 10_000), null);
});

test('a call that was not answered has no silence to blame on anybody', () => {
  const unanswered = { answeredMs: null, lines: [], callerSpeech: [], agentSpeech: [] };
  assert.equal(longestSilenceMs(heard(unanswered)), null);
});

test('overlap is the time in which at least two voices sound', () => {
  assert.equal(overlapMs([[at(0, 1_000)], [at(1_000, 2_000)]]), 0);
  assert.equal(overlapMs([[at(0, 1_000), at(3_000, 4_000)], [at(500, 3_200)]]), 700);
  assert.equal(overlapMs([[at(0, 100)], [at(0, 100)], [at(50, 150)]]), 100);
  assert.equal(overlapMs([]), 0);
});
