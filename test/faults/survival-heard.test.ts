import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent } from '../caller/call-events.ts';
import { reportCall } from '../caller/call-report.ts';
import { heardOfFault } from './survival-heard.ts';

const sound = (identity: string, atMs: number): CallEvent => ({
  type: 'agent-audio-start',
  identity,
  atMs,
});

/** A call of whose recording nothing is asked. */
function report(...sounds: readonly CallEvent[]) {
  const events: CallEvent[] = [
    { type: 'ringing', atMs: 0, epochMs: 0 },
    { type: 'answered', identity: 'agent-a', atMs: 100 },
    ...sounds,
    { type: 'ended', by: 'caller', disconnectReason: null, atMs: 9_000 },
  ];
  return reportCall({ callId: 'c', room: 'r', events, voices: [], recording: null });
}

test('the next agent counts, not the last words of the one before', () => {
  const heard = report(sound('agent-a', 200), sound('agent-a', 1_100), sound('agent-b', 1_800));
  assert.equal(heardOfFault(heard, 1_000).heardAgainMs, 800);
});

test('where the same agent goes on, its next sound counts', () => {
  const heard = report(sound('agent-a', 200), sound('agent-a', 1_300));
  assert.equal(heardOfFault(heard, 1_000).heardAgainMs, 300);
});

test('nobody heard again is told as such', () => {
  assert.equal(heardOfFault(report(sound('agent-a', 200)), 1_000).heardAgainMs, null);
});
