import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { defaultTimeouts } from '../../../../agent/config/timeouts.ts';
import { CallerLimits } from '../../../../agent/supervisor/guardian/caller-limits.ts';
import { caller, pass, room, settle, startMs, sweepMs, tickMs, World } from './guardian-world.ts';

const { pickupMs, connectMs, sessionStartMs } = defaultTimeouts;
/** How long a store is waited for. */
const storeMs = 1_000;
/** Longer than any of its back-offs. */
const backedOffMs = 5_000;

let world: World;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: startMs });
  world = new World();
});
afterEach(async () => {
  world.guardian.stop();
  // A deadline that is cleared under the next test's clock would clear another timer there.
  await settle();
  mock.timers.reset();
});

test('leaves a call alone whose job shows up within pickupMs', async () => {
  world.guardian.start();
  await world.ring();
  await pass(pickupMs - tickMs);
  world.moved(world.job('AJ_1'), 'live');
  await pass(60_000);
  assert.deepEqual(world.dispatches, []);
});

test('dispatches again when no job shows up within pickupMs', async () => {
  world.guardian.start();
  await world.ring();
  await pass(pickupMs - tickMs);
  assert.equal(world.dispatches.length, 0);
  await pass(2 * tickMs);
  assert.deepEqual(world.dispatches, [{ room, supersedes: null }]);
});

/** Rings of so many callers, each a moment after the one before, none of whom a worker takes. */
async function ringRefused(rooms: readonly string[]): Promise<void> {
  for (const name of rooms) {
    world.callers.set(name, { ...caller, callId: `SCL_${name.split('_')[1]}` });
    world.guardian.refused(name);
    await settle();
    mock.timers.tick(1);
  }
}

test('one dispatch for each warm process, in the order in which the callers came', async () => {
  const names = Array.from({ length: 20 }, (_, nth) => `call_${nth}`);
  world.places = 0;
  world.isReady = false;
  world.guardian.start();
  await ringRefused(names);
  await pass(pickupMs);
  assert.equal(world.dispatches.length, 0, 'nobody is sent for whom no process waits');
  world.isReady = true;
  for (const [nth, name] of names.entries()) {
    world.places = 1;
    world.guardian.check();
    await settle();
    assert.equal(world.dispatches.length, nth + 1, 'one process, one dispatch');
    await pass(2 * tickMs);
    assert.equal(world.dispatches.length, nth + 1, 'the process is taken until its job shows up');
    world.places = 0;
    world.moved(world.job(`AJ_${nth}`, 'connecting', name), 'live');
  }
  assert.deepEqual(
    world.dispatches.map((sent) => sent.room),
    names,
  );
});

test('one job starts at a time for those who wait, and one who lost theirs waits for no start', async () => {
  world.guardian.start();
  world.starts = 1;
  await ringRefused(['call_1', 'call_2']);
  await pass(pickupMs);
  const sentTo = () => world.dispatches.map((sent) => sent.room);
  assert.deepEqual(sentTo(), ['call_1']);
  // As it shows on the line.
  const first = world.job('AJ_1', 'connecting', 'call_1');
  world.starts = 0;
  await pass(2 * tickMs);
  assert.deepEqual(sentTo(), ['call_1']);
  world.moved(first, 'live');
  world.left(first, null);
  await settle();
  assert.deepEqual(sentTo(), ['call_1', 'call_1']);
  world.starts = 2;
  await pass(2 * tickMs);
  assert.deepEqual(sentTo(), ['call_1', 'call_1', 'call_2']);
});

test('a call that lost its job goes before all who only hear it ring', async () => {
  world.guardian.start();
  world.places = 0;
  await ringRefused(['call_8', 'call_9']);
  await world.ring();
  const job = world.job('AJ_1');
  world.moved(job, 'live');
  await pass(pickupMs);
  assert.equal(world.dispatches.length, 0);
  world.places = 1;
  world.left(job, null);
  await settle();
  assert.deepEqual(
    world.dispatches.map((sent) => sent.room),
    [room],
  );
});

test('a job that LiveKit sent by itself has its process: nobody else is sent to it', async () => {
  world.places = 1;
  world.guardian.start();
  await ringRefused(['call_8']);
  await world.ring();
  await pass(pickupMs - tickMs);
  assert.deepEqual(world.dispatches, []);
});

test('dispatches three times at most, with growing waits, and says once that it gave up', async () => {
  world.guardian.start();
  await world.ring();
  await pass(120_000);
  assert.equal(world.dispatches.length, 3);
  const said = world.recorded.events().filter((event) => event.startsWith('guardian.'));
  assert.deepEqual(said, [...Array<string>(3).fill('guardian.dispatched'), 'guardian.gave-up']);
});

test('while an attendant has the call jobs are sent for on and on, however many come to nothing', async () => {
  world.guardian.start();
  await world.ring();
  world.guardian.attending({ room, callId: 'SCL_1', holder: 'attendant-1' });
  await pass(20_000);
  assert.ok(world.dispatches.length > 3, `${world.dispatches.length} dispatches`);
  assert.ok(!world.recorded.events().includes('guardian.gave-up'));
});

test('has one job beyond the first in flight at most', async () => {
  world.guardian.start();
  await world.ring();
  world.job('AJ_1');
  await pass(connectMs + 500 + 2 * tickMs);
  assert.equal(world.dispatches.length, 1);
  world.job('AJ_2');
  await pass(connectMs + backedOffMs);
  assert.equal(world.dispatches.length, 1, 'both are stuck: no third');
});

test('gives up on a job that is stuck: ends it, removes its agent, lets its lease be taken', async () => {
  world.guardian.start();
  await world.ring();
  const stuck = world.job('AJ_1', 'starting');
  world.holder = 'AJ_1';
  await pass(sessionStartMs + 500 - tickMs);
  assert.equal(world.dispatches.length, 0);
  await pass(3 * tickMs);
  assert.deepEqual(world.dispatches, [{ room, supersedes: 'AJ_1' }]);
  assert.deepEqual(stuck.orders, [{ type: 'end' }]);
  assert.deepEqual(world.removed, ['agent-AJ_1']);
});

test('a job that waits for its call has a minute', async () => {
  world.guardian.start();
  await world.ring();
  const fresh = world.job('AJ_1', 'standby');
  await pass(60_000);
  assert.deepEqual(fresh.orders, []);
  await pass(2 * tickMs);
  assert.deepEqual(fresh.orders, [{ type: 'end' }]);
  assert.equal(world.dispatches.length, 1);
});

test('a live job is never stuck', async () => {
  world.guardian.start();
  await world.ring();
  world.moved(world.job('AJ_1'), 'live');
  await pass(3_600_000);
  assert.deepEqual(world.dispatches, []);
});

test('dispatches at once when a job fails, and removes its agent from the room', async () => {
  world.guardian.start();
  await world.ring();
  const job = world.job('AJ_1');
  world.left(job, 'failed');
  await settle();
  assert.equal(world.dispatches.length, 1);
  assert.deepEqual(world.removed, ['agent-AJ_1']);
});

test('dispatches at once when a job dies, and its lease may be taken over', async () => {
  world.guardian.start();
  await world.ring();
  const job = world.job('AJ_1');
  world.moved(job, 'live');
  world.holder = 'AJ_1';
  world.left(job, null);
  await settle();
  assert.deepEqual(world.dispatches, [{ room, supersedes: 'AJ_1' }]);
});

test('names the job that holds the lease, though another was lost after it', async () => {
  world.guardian.start();
  await world.ring();
  const [first, second] = [world.job('AJ_1'), world.job('AJ_2')];
  world.holder = 'AJ_2';
  world.left(second, null);
  world.left(first, null);
  await pass(backedOffMs);
  assert.equal(world.dispatches[0]?.supersedes, 'AJ_2');
});

test('a job that yields is taken from the room, and nothing else changes', async () => {
  world.guardian.start();
  await world.ring();
  const [first, second] = [world.job('AJ_1'), world.job('AJ_2')];
  world.moved(first, 'live');
  world.left(second, 'yielded');
  await pass(60_000);
  assert.deepEqual(world.dispatches, []);
  assert.deepEqual(world.removed, ['agent-AJ_2']);
});

test('a job that asks for it gets a fresh one, which knows whose call it takes over and how', async () => {
  world.guardian.start();
  await world.ring();
  const old = world.job('AJ_1');
  world.moved(old, 'live');
  await world.guardian.handOver(old, 'handover');
  const fresh = world.job('AJ_2');
  world.moved(fresh, 'starting');
  world.left(old, 'yielded');
  world.moved(fresh, 'live');
  await pass(60_000);
  assert.deepEqual(world.dispatches, [{ room, supersedes: 'AJ_1' }]);
  assert.deepEqual(world.resumes, ['handover']);
  assert.deepEqual(world.removed, ['agent-AJ_1']);
});

test('without a worker that could take it, a call is not handed over', async () => {
  world.guardian.start();
  await world.ring();
  const old = world.job('AJ_1');
  world.moved(old, 'live');
  world.isReady = false;
  await world.guardian.handOver(old, 'handover');
  world.isReady = true;
  world.failure = new Error('LiveKit is away');
  await world.guardian.handOver(old, 'rejoin');
  assert.deepEqual(world.dispatches, []);
});

test('a call that ended is over, though its room and caller are still listed', async () => {
  world.guardian.start();
  await world.ring();
  world.left(world.job('AJ_1'), 'ended');
  await pass(50_000);
  assert.deepEqual(world.dispatches, []);
  assert.deepEqual(world.lost, []);
});

test('without a ready worker it waits, counts nothing, and dispatches when one comes', async () => {
  world.isReady = false;
  world.guardian.start();
  await world.ring();
  await pass(30_000);
  assert.equal(world.dispatches.length, 0);
  world.isReady = true;
  world.guardian.check();
  await settle();
  assert.equal(world.dispatches.length, 1);
  assert.equal(world.recorded.lines.find((line) => line['attempt'])?.['attempt'], 1);
});

test('a dispatch that the worker refuses does not count', async () => {
  world.refuses = true;
  world.guardian.start();
  await world.ring();
  await pass(30_000);
  assert.ok(world.dispatches.length > 3);
  assert.ok(!world.recorded.events().includes('guardian.gave-up'));
});

test('a dispatch that LiveKit does not take does not count', async () => {
  world.guardian.start();
  await world.ring();
  world.failure = new Error('away');
  await pass(30_000);
  world.failure = null;
  await pass(120_000);
  assert.equal(world.dispatches.length, 3);
});

test('a request that was refused is dispatched when nobody else took it', async () => {
  world.callers.set(room, caller);
  world.guardian.start();
  world.guardian.refused(room);
  await pass(pickupMs - tickMs);
  assert.equal(world.dispatches.length, 0);
  await pass(2 * tickMs);
  assert.equal(world.dispatches.length, 1);
});

test('does not dispatch when a job comes while it looks', async () => {
  world.guardian.start();
  await world.ring();
  await pass(pickupMs - tickMs);
  const answer = Promise.withResolvers<void>();
  world.onRequest = () => answer.promise;
  mock.timers.tick(2 * tickMs);
  await settle();
  world.job('AJ_1');
  answer.resolve();
  await settle();
  assert.deepEqual(world.dispatches, []);
});

test('does not dispatch after it was stopped while it looked', async () => {
  world.guardian.start();
  await world.ring();
  await pass(pickupMs - tickMs);
  const answer = Promise.withResolvers<void>();
  world.onRequest = () => answer.promise;
  mock.timers.tick(2 * tickMs);
  await settle();
  world.guardian.stop();
  answer.resolve();
  await settle();
  assert.deepEqual(world.dispatches, []);
});

test('leaves a call alone that a job of another supervisor holds, until that lets go', async () => {
  world.guardian.start();
  await world.ring();
  world.holder = 'AJ_other';
  await pass(30_000);
  assert.deepEqual(world.dispatches, []);
  world.holder = null;
  await pass(sweepMs + tickMs);
  assert.equal(world.dispatches.length, 1);
});

test('finds a call in the rooms that no worker was asked for', async () => {
  world.callers.set(room, caller);
  world.createdAtMs = startMs - 60_000;
  world.guardian.start();
  await pass(sweepMs - tickMs);
  assert.deepEqual(world.dispatches, [], 'its job may be one that is still to come back');
  await pass(2 * tickMs);
  assert.deepEqual(world.dispatches, [{ room, supersedes: null }]);
});

test('a job that comes back to a new supervisor keeps its call', async () => {
  world.callers.set(room, { ...caller, wasAnswered: true });
  world.createdAtMs = startMs - 60_000;
  world.guardian.start();
  await pass(sweepMs - tickMs);
  world.job('AJ_1', 'live');
  await pass(60_000);
  assert.deepEqual(world.dispatches, []);
});

test('of several supervisors one sends for a job: another one waits, and looks again', async () => {
  world.guardian.start();
  await world.ring();
  world.isActedFor = true;
  await pass(30_000);
  assert.deepEqual(world.dispatches, []);
  world.isActedFor = false;
  await pass(sweepMs);
  assert.equal(world.dispatches.length, 1);
});

test('a store that is locked keeps no caller waiting: the room shows that no agent is there', async () => {
  world.isStoreLocked = true;
  world.guardian.start();
  await world.ring();
  world.left(world.job('AJ_1'), 'failed');
  await pass(storeMs + tickMs);
  assert.deepEqual(world.dispatches, [{ room, supersedes: 'AJ_1' }]);
});

test('with a locked store, an agent in the room that is not ours serves the call', async () => {
  world.isStoreLocked = true;
  world.guardian.start();
  await world.ring();
  world.callers.set(room, { ...caller, agents: ['agent-AJ_other'] });
  await pass(30_000);
  assert.deepEqual(world.dispatches, []);
  world.callers.set(room, caller);
  await pass(2 * storeMs + 1_000 + 2 * tickMs);
  assert.equal(world.dispatches.length, 1);
});

test('with a locked store, the agents that are lost or stuck serve nobody', async () => {
  world.isStoreLocked = true;
  world.guardian.start();
  await world.ring();
  world.left(world.job('AJ_1'), null);
  world.job('AJ_2');
  world.callers.set(room, { ...caller, agents: ['agent-AJ_1', 'agent-AJ_2'] });
  await pass(connectMs + 500 + storeMs + 2 * tickMs);
  assert.equal(world.dispatches.length, 1);
});

test('with a locked store, a call that our attendant has gets its job', async () => {
  world.isStoreLocked = true;
  world.guardian.start();
  await world.ring();
  world.guardian.attending({ room, callId: 'SCL_1', holder: 'attendant-1' });
  world.callers.set(room, { ...caller, agents: ['agent-attendant-1'] });
  await pass(connectMs + 5_000);
  assert.notDeepEqual(world.dispatches, []);
});

test('with a locked store, a call that its attendant ends meanwhile gets no job', async () => {
  world.isStoreLocked = true;
  world.guardian.start();
  await world.ring();
  world.guardian.attending({ room, callId: 'SCL_1', holder: 'attendant-1' });
  world.callers.set(room, { ...caller, agents: ['agent-attendant-1'] });
  await pass(pickupMs + storeMs / 2);
  world.guardian.attended(room, 'ended');
  await pass(storeMs);
  assert.deepEqual(world.dispatches, []);
});

test('with a locked store, who was not asked for a call leaves others the time to send a job', async () => {
  world.isStoreLocked = true;
  world.callers.set(room, caller);
  world.createdAtMs = startMs - 60_000;
  world.guardian.start();
  await pass(sweepMs + storeMs + 2_000);
  assert.deepEqual(world.dispatches, []);
  await pass(2 * (storeMs + 1_000));
  assert.equal(world.dispatches.length, 1);
});

test('a room made by a clock that is ahead is looked after all the same', async () => {
  world.callers.set(room, caller);
  world.createdAtMs = startMs + 3_600_000;
  world.guardian.start();
  await settle();
  await pass(pickupMs + tickMs);
  assert.equal(world.dispatches.length, 1);
});

test('leaves rooms alone to which another agent was sent for, and those without a caller', async () => {
  world.callers.set('call_of_another_agent', caller);
  world.foreign.add('call_of_another_agent');
  world.callers.set('meeting', null);
  world.callers.set('hung_up', { ...caller, isThere: false });
  world.guardian.start();
  await pass(60_000);
  assert.deepEqual(world.dispatches, []);
  assert.deepEqual(world.lost, []);
});

test('a caller who hangs up before a job was due is written down as that, once', async () => {
  world.guardian.start();
  await world.ring();
  world.callers.set(room, null);
  await pass(60_000);
  assert.deepEqual(world.lost, [
    {
      room,
      callId: caller.callId,
      phoneNumber: caller.phoneNumber,
      isTest: false,
      firstSeenAtMs: startMs,
      attempts: 0,
      wasAnswered: false,
      reason: 'cancelled-while-ringing',
      isCallerThere: false,
    },
  ]);
  assert.deepEqual(world.dispatches, []);
});

test('a caller who is lost is taken for gone, though still listed', async () => {
  world.guardian.start();
  await world.ring();
  world.callers.set(room, { ...caller, isThere: false });
  await pass(30_000);
  assert.equal(world.lost.length, 1);
  assert.deepEqual(world.dispatches, []);
});

for (const { what, outcome, reason } of [
  { what: 'died', outcome: null, reason: 'crash' },
  { what: 'failed', outcome: 'failed', reason: 'start-failed' },
] as const) {
  test(`a call whose job ${what}, and whose caller then left, is written down as ours`, async () => {
    world.guardian.start();
    await world.ring();
    const job = world.job('AJ_1');
    world.holder = 'AJ_1';
    world.callers.set(room, null);
    world.left(job, outcome);
    await pass(30_000);
    assert.deepEqual(
      world.lost.map((call) => call.reason),
      [reason],
    );
    assert.deepEqual(world.dispatches, []);
  });
}

test('a call that rang without a worker until the caller left is written down as ours', async () => {
  world.isReady = false;
  world.guardian.start();
  await world.ring();
  await pass(30_000);
  world.callers.set(room, null);
  await pass(2 * sweepMs);
  assert.equal(world.lost[0]?.reason, 'start-failed');
});

test('a caller who gives up while a service that drains lets them ring is nobody’s fault', async () => {
  world.isReady = false;
  world.isDraining = true;
  world.guardian.start();
  await world.ring();
  await pass(30_000);
  world.callers.set(room, null);
  await pass(2 * sweepMs);
  assert.equal(world.lost[0]?.reason, 'cancelled-while-ringing');
});

test('a caller who cancels before anybody has looked leaves a record all the same', async () => {
  world.guardian.start();
  world.guardian.accepted('call_+13125550142_K3xYz0123aB4');
  await pass(pickupMs + 2 * sweepMs);
  assert.partialDeepStrictEqual(world.lost, [
    { callId: 'room_K3xYz0123aB4', phoneNumber: null, reason: 'cancelled-while-ringing' },
  ]);
  await pass(60_000);
  assert.equal(world.lost.length, 1);
  assert.equal(world.dispatches.length, 0);
});

test('a flood from one number gets no job beyond its share, another caller does', async () => {
  world.limits = new CallerLimits({ maxCalls: 4 });
  world.guardian.start();
  const from = (name: string, phoneNumber: string) =>
    world.callers.set(name, { ...caller, callId: `SCL_${name}`, phoneNumber });
  for (const name of ['call_1', 'call_2', 'call_3']) from(name, '+13125550142');
  from('call_4', '+13125550199');
  const judged: boolean[] = [];
  for (const name of ['call_1', 'call_2', 'call_3', 'call_4']) {
    judged.push(await world.guardian.isHeldBack(name));
  }
  assert.deepEqual(judged, [false, false, true, false]);
  for (const name of ['call_1', 'call_2', 'call_3', 'call_4']) world.guardian.refused(name);
  await pass(pickupMs + 2 * tickMs);
  assert.deepEqual(
    world.dispatches.map((sent) => sent.room),
    ['call_1', 'call_2', 'call_4'],
  );
});

test('of a flood that was seen after its answer the attendant is told', async () => {
  world.limits = new CallerLimits({ maxCalls: 4 });
  world.guardian.start();
  const names = ['call_1', 'call_2', 'call_3'];
  for (const name of names) {
    world.callers.set(name, { ...caller, callId: `SCL_${name}`, phoneNumber: '+13125550142' });
    // No process was free: nobody asked first.
    world.guardian.refused(name);
  }
  await pass(pickupMs + 2 * tickMs);
  assert.deepEqual(world.floods, ['call_3']);
});

test('the last quarter of the places is for callers who have spoken, are known, or are trusted', async () => {
  world.limits = new CallerLimits({ maxCalls: 8 });
  world.limits.exempt(['+13125550104']);
  world.known.add('+13125550103');
  world.guardian.start();
  const names = ['call_1', 'call_2', 'call_3', 'call_4'];
  for (const [nth, name] of names.entries()) {
    const phoneNumber = `+1312555010${nth + 1}`;
    world.callers.set(name, { ...caller, callId: `SCL_${nth}`, phoneNumber });
  }
  world.callsLeft = 3;
  assert.equal(await world.guardian.isHeldBack('call_1'), false, 'a place that is anybody’s');
  world.callsLeft = 2;
  const heldBack: boolean[] = [];
  for (const name of names) heldBack.push(await world.guardian.isHeldBack(name));
  assert.deepEqual(heldBack, [true, true, false, false]);
  for (const name of names.slice(0, 2)) world.guardian.refused(name);
  await pass(pickupMs + 4 * tickMs);
  const sentTo = () => [...new Set(world.dispatches.map((sent) => sent.room))].toSorted();
  assert.deepEqual(sentTo(), ['call_3', 'call_4']);
  world.guardian.spoke('call_2');
  await pass(4 * tickMs);
  assert.deepEqual(sentTo(), ['call_2', 'call_3', 'call_4']);
});

test('a blocked number is turned away, whoever tells of its call, and nobody answers it', async () => {
  world.limits = new CallerLimits({ maxCalls: 8 });
  world.limits.block(['(312) 555-0142']);
  world.guardian.start();
  const rings = (name: string) =>
    world.callers.set(name, { ...caller, callId: `SCL_${name}`, phoneNumber: '+13125550142' });
  rings('call_1');
  assert.equal(await world.guardian.isHeldBack('call_1'), true);
  world.guardian.refused('call_1');
  rings('call_2');
  await pass(2 * sweepMs);
  assert.deepEqual(world.closed, ['call_1', 'call_2']);
  assert.deepEqual(
    world.lost.map(({ callId, reason }) => [callId, reason]),
    [
      ['SCL_call_1', 'blocked'],
      ['SCL_call_2', 'blocked'],
    ],
  );
  assert.deepEqual(world.dispatches, []);
});

test('what a job of another supervisor holds is not written down here', async () => {
  world.guardian.start();
  await world.ring();
  world.holder = 'AJ_other';
  world.callers.set(room, null);
  await pass(30_000);
  assert.deepEqual(world.lost, []);
});

test('while a job is on the line it writes the call down, though it is stuck', async () => {
  world.guardian.start();
  await world.ring();
  const job = world.job('AJ_1');
  world.callers.set(room, null);
  await pass(connectMs + 30_000);
  assert.deepEqual(world.lost, []);
  world.left(job, null);
  await pass(2 * sweepMs);
  assert.equal(world.lost.length, 1);
});

test('while a frozen job is on the line it writes the call down, though another was to be sent for', async () => {
  world.guardian.start();
  await world.ring();
  const job = world.job('AJ_1', 'live');
  world.callers.set(room, null);
  assert.equal(world.guardian.jobFroze(job), true);
  await pass(2 * sweepMs);
  assert.deepEqual(world.lost, []);
  world.left(job, 'ended');
  await pass(2 * sweepMs);
  assert.deepEqual(world.lost, []);
});

test('a frozen job that never wakes leaves its call to be written down here, once', async () => {
  world.guardian.start();
  await world.ring();
  const job = world.job('AJ_1', 'live');
  world.callers.set(room, null);
  world.guardian.jobFroze(job);
  await pass(2 * sweepMs);
  world.left(job, null);
  await pass(2 * sweepMs);
  assert.equal(world.lost.length, 1);
});

test('says once that the rooms cannot be swept, and again after they could be', async () => {
  world.guardian.start();
  await pass(2 * sweepMs);
  world.failure = new Error('away');
  await pass(60_000);
  assert.equal(world.returns, 0);
  const warnings = () => world.recorded.lines.filter((line) => line.level === 'warn').length;
  assert.equal(warnings(), 1);
  world.failure = null;
  await pass(3 * sweepMs);
  assert.equal(world.returns, 1);
  world.failure = new Error('away again');
  await pass(60_000);
  assert.equal(warnings(), 2);
});
