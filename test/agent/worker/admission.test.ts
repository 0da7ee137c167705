import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admission, asksFirst, fullLoad, reportedLoad } from '../../../agent/worker/admission.ts';
import type { AdmissionState, PoolState } from '../../../agent/worker/admission.ts';

const room = 'call_new';

function poolWith(changes: Partial<PoolState> = {}): PoolState {
  return { idlePids: [1, 2], jobs: [], startsAtOnce: null, asksAlways: false, ...changes };
}

function stateWith(changes: Partial<AdmissionState> = {}): AdmissionState {
  return {
    pool: poolWith(),
    pending: new Map(),
    maxCalls: 2,
    draining: false,
    isAlive: () => true,
    ...changes,
  };
}

const jobsIn = (...rooms: string[]) =>
  rooms.map((name, index) => ({ jobId: `AJ_${index}`, room: name, isStarting: false }));

test('takes a job when there is room for it and a warm process', () => {
  assert.equal(admission(stateWith(), room), null);
});

test('takes none while it drains', () => {
  assert.equal(admission(stateWith({ draining: true }), room), 'draining');
});

test('takes none before the supervisor has said what the pool is like', () => {
  assert.equal(admission(stateWith({ pool: null }), room), 'no-supervisor');
});

test('takes none without a warm process', () => {
  assert.equal(
    admission(stateWith({ pool: poolWith({ idlePids: [], jobs: [] }) }), room),
    'no-warm-process',
  );
});

test('takes none while one of the warm processes is dead: it could be the one that gets the job', () => {
  assert.equal(admission(stateWith({ isAlive: (pid) => pid !== 2 }), room), 'no-warm-process');
});

test('a job that was accepted and is not on the line yet has a warm process for itself', () => {
  const one = new Map([['AJ_1', 'call_1']]);
  assert.equal(admission(stateWith({ pending: one, maxCalls: 8 }), room), null);
  const two = new Map([...one, ['AJ_2', 'call_2']]);
  assert.equal(admission(stateWith({ pending: two, maxCalls: 8 }), room), 'no-warm-process');
});

test('counts calls, those accepted and not on the line yet too, and not jobs', () => {
  const twice = poolWith({ idlePids: [1, 2], jobs: jobsIn('call_1', 'call_1') });
  assert.equal(admission(stateWith({ pool: twice }), room), null);
  const pending = new Map([['AJ_9', 'call_2']]);
  assert.equal(admission(stateWith({ pool: twice, pending }), room), 'full');
});

test('lets a further job in for a call that is counted, at the limit too', () => {
  const pool = poolWith({ idlePids: [1, 2], jobs: jobsIn('call_1', 'call_2') });
  assert.equal(admission(stateWith({ pool }), room), 'full');
  assert.equal(admission(stateWith({ pool }), 'call_2'), null);
});

test('reports calls against the limit as its load', () => {
  const loads = [[], ['call_1'], ['call_1', 'call_2']].map((rooms) =>
    reportedLoad(stateWith({ pool: poolWith({ idlePids: [], jobs: jobsIn(...rooms) }) })),
  );
  assert.equal(loads[0], 0);
  assert.deepEqual(
    loads,
    loads.toSorted((a, b) => a - b),
  );
});

test('is below the limit at which LiveKit stops asking, though full: a call may need a rescue', () => {
  const rooms = ['call_1', 'call_2', 'call_3'];
  const load = reportedLoad(
    stateWith({ pool: poolWith({ idlePids: [], jobs: jobsIn(...rooms) }) }),
  );
  assert.ok(load < fullLoad);
});

test('is above that limit while it drains', () => {
  assert.ok(reportedLoad(stateWith({ draining: true })) >= fullLoad);
});

test('a caller is looked at first when more than a quarter of the places are taken', () => {
  const of = (...rooms: string[]) =>
    asksFirst(
      stateWith({ maxCalls: 8, pool: poolWith({ idlePids: [1, 2], jobs: jobsIn(...rooms) }) }),
      room,
    );
  assert.equal(of('call_1', 'call_2', room), false);
  assert.equal(of('call_1', 'call_2', 'call_3'), true);
});

test('a new call waits for the start of another one, unless it was sent for or is to be rescued', () => {
  const starting = [{ jobId: 'AJ_1', room: 'call_1', isStarting: true }];
  const pool = poolWith({ jobs: starting, startsAtOnce: 1 });
  const state = stateWith({ pool, maxCalls: 8 });
  assert.equal(admission(state, room), 'busy-starting');
  assert.equal(admission(state, room, { isSentFor: true }), null);
  assert.equal(admission(state, 'call_1'), null);
  const live = starting.map((job) => ({ ...job, isStarting: false }));
  assert.equal(admission(stateWith({ pool: { ...pool, jobs: live }, maxCalls: 8 }), room), null);
  const pending = new Map([['AJ_2', 'call_2']]);
  const accepted = stateWith({ pool: { ...pool, jobs: live }, pending, maxCalls: 8 });
  assert.equal(admission(accepted, room), 'busy-starting');
});

test('where numbers are blocked each caller is looked at first', () => {
  assert.ok(asksFirst(stateWith({ pool: poolWith({ asksAlways: true }) }), room));
});
