import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallState } from '../../../agent/call/call-state.ts';
import type { Action, Activity, CallPhase } from '../../../agent/call/call-state.ts';
import { termination } from '../../../agent/ipc/termination.ts';
import { liveState } from './live-state.ts';

const ended = termination('caller-hangup');
const phases: Record<CallPhase['name'], CallPhase> = {
  admitted: { name: 'admitted' },
  connecting: { name: 'connecting' },
  starting: { name: 'starting', callId: 'c' },
  standby: { name: 'standby', callId: 'c' },
  live: { name: 'live', callId: 'c', answeredAtMs: 1, activity: { name: 'talking' } },
  closing: { name: 'closing', termination: ended },
  closed: { name: 'closed', termination: ended },
  left: { name: 'left', outcome: 'yielded' },
};

/** The shortest way to each phase. */
const wayTo: Record<CallPhase['name'], readonly CallPhase['name'][]> = {
  admitted: [],
  connecting: ['connecting'],
  starting: ['connecting', 'starting'],
  standby: ['connecting', 'standby'],
  live: ['connecting', 'starting', 'live'],
  closing: ['connecting', 'starting', 'closing'],
  closed: ['connecting', 'starting', 'closing', 'closed'],
  left: ['left'],
};

function stateIn(name: CallPhase['name']): CallState {
  const state = new CallState(() => {});
  for (const next of wayTo[name]) state.enter(phases[next]);
  return state;
}

function follow(...names: CallPhase['name'][]): void {
  const state = stateIn(names[0] ?? 'admitted');
  for (const next of names.slice(1)) state.enter(phases[next]);
}

test('a call goes through its phases in order, or ends early', () => {
  follow('admitted', 'connecting', 'starting', 'live', 'closing', 'closed');
  follow('starting', 'closing', 'closed');
  follow('connecting', 'standby', 'starting', 'live', 'closing');
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
    ['standby', 'closing'],
  ] as const) {
    assert.throws(() => follow(from, to), /cannot go from/, `${from} -> ${to}`);
  }
});

const made: Record<Activity['name'], () => Activity> = {
  talking: () => ({ name: 'talking' }),
  transferring: () => ({ name: 'transferring' }),
  'handing-over': () => ({ name: 'handing-over' }),
  surrendering: () => ({ name: 'surrendering', isGiven: Promise.resolve(false) }),
  farewell: () => ({ name: 'farewell', reason: 'agent-goodbye' }),
};
const names = Object.keys(made) as Activity['name'][];
const actions: readonly Action[] = ['speak', 'save', 'transfer', 'hand-over', 'recover'];

/** The table of the live call, as it is meant; what is not named is refused. */
const table: Record<
  Activity['name'],
  { may: readonly Action[]; timers: string; leadsTo: readonly Activity['name'][] }
> = {
  talking: {
    may: ['speak', 'save', 'transfer', 'hand-over', 'recover'],
    timers: 'run',
    leadsTo: ['transferring', 'handing-over', 'farewell'],
  },
  transferring: { may: ['save'], timers: 'paused', leadsTo: ['talking', 'farewell'] },
  'handing-over': {
    may: ['speak', 'save', 'transfer', 'recover'],
    timers: 'run',
    leadsTo: ['talking', 'surrendering', 'transferring', 'farewell'],
  },
  surrendering: { may: [], timers: 'paused', leadsTo: ['talking'] },
  farewell: { may: [], timers: 'stopped', leadsTo: [] },
};

for (const from of names) {
  test(`${from}: may ${table[from].may.join(', ') || 'nothing'}`, () => {
    const state = liveState(made[from]());
    assert.deepEqual(
      actions.filter((action) => state.may(action)),
      table[from].may,
    );
  });

  for (const to of names) {
    const isAllowed = table[from].leadsTo.includes(to);
    test(`${from} ${isAllowed ? 'leads' : 'does not lead'} to ${to}`, () => {
      const moves: string[] = [];
      const before = made[from]();
      const state = liveState(before, (old, next) => void moves.push(`${old} > ${next}`));
      const told: unknown[] = [];
      state.follow(({ name }, timers) => void told.push([name, timers]));
      moves.length = 0;
      const next = made[to]();
      assert.equal(state.begin(next), isAllowed);
      assert.equal(state.activity, isAllowed ? next : before);
      assert.deepEqual(moves, isAllowed ? [`${from} > ${to}`] : []);
      assert.deepEqual(told, isAllowed ? [[to, table[to].timers]] : []);
    });
  }

  test(`the caller may hang up, and the job leave, while ${from}`, () => {
    liveState(made[from]()).enter(phases.closing);
    liveState(made[from]()).enter(phases.left);
  });
}

test('nothing may be done, and nothing begins, before the call is live or after', () => {
  for (const name of Object.keys(phases) as CallPhase['name'][]) {
    if (name === 'live') continue;
    const state = stateIn(name);
    assert.equal(state.activity, null);
    assert.deepEqual(
      actions.filter((action) => state.may(action)),
      [],
      name,
    );
    for (const activity of names) assert.equal(state.begin(made[activity]()), false, name);
  }
});

test('a late result is ignored: only the activity that still runs can be finished', () => {
  const state = liveState();
  const first: Activity = { name: 'transferring' };
  assert.ok(state.begin(first));
  assert.ok(state.finish(first));
  const second: Activity = { name: 'transferring' };
  assert.ok(state.begin(second));
  assert.equal(state.finish(first), false);
  assert.equal(state.activity, second);
  assert.ok(state.begin({ name: 'farewell', reason: 'over-limit' }));
  assert.equal(state.finish(second), false);
  assert.equal(state.activity?.name, 'farewell');
});
