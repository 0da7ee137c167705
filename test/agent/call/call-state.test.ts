import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertTransition } from '../../../agent/call/call-state.ts';
import type { CallState } from '../../../agent/call/call-state.ts';
import { termination } from '../../../agent/ipc/termination.ts';

const ended = termination('caller-hangup');
const states: Record<CallState['name'], CallState> = {
  admitted: { name: 'admitted' },
  connecting: { name: 'connecting' },
  starting: { name: 'starting', callId: 'c' },
  standby: { name: 'standby', callId: 'c' },
  live: { name: 'live', callId: 'c', answeredAtMs: 1 },
  closing: { name: 'closing', termination: ended },
  closed: { name: 'closed', termination: ended },
  left: { name: 'left', outcome: 'yielded' },
};

function follow(...names: CallState['name'][]): void {
  names.slice(1).forEach((to, i) => assertTransition(states[names[i] ?? 'admitted'], states[to]));
}

test('a call goes through its states in order, or ends early', () => {
  follow('admitted', 'connecting', 'starting', 'live', 'closing', 'closed');
  follow('starting', 'closing', 'closed');
  follow('connecting', 'standby', 'live', 'closing');
});

test('a job can leave a call at any time before its end', () => {
  for (const from of ['admitted', 'connecting', 'starting', 'standby', 'live'] as const)
    follow(from, 'left');
});

test('an end is not taken back, not gone through twice, and not before the call is claimed', () => {
  for (const [from, to] of [
    ['closing', 'live'],
    ['closed', 'closing'],
    ['closing', 'left'],
    ['left', 'closing'],
    ['connecting', 'closing'],
  ] as const) {
    assert.throws(() => follow(from, to), /cannot go from/, `${from} -> ${to}`);
  }
});
