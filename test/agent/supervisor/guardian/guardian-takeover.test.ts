import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { defaultTimeouts } from '../../../../agent/config/timeouts.ts';
import { pass, room, settle, startMs, sweepMs, tickMs, World } from './guardian-world.ts';
import type { FakeJob } from './guardian-world.ts';

/** Longer than the wait between any two dispatches. */
const backedOffMs = 5_000;
const { sessionStartMs } = defaultTimeouts;
const apologyMs = 20_000;
const hopelessMs = 60_000;
const minuteMs = 60_000;

let world: World;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: startMs });
  world = new World();
  world.guardian.start();
});
afterEach(async () => {
  world.guardian.stop();
  // A deadline that is cleared under the next test's clock would clear another timer there.
  await settle();
  mock.timers.reset();
});

/** A call that is answered, and the job that speaks in it. */
async function answered(jobId: string, name = room): Promise<FakeJob> {
  await world.ring(name);
  return world.job(jobId, 'live', name);
}

/** A job is killed; resolves when the guardian has done something about it. */
async function killed(job: FakeJob): Promise<void> {
  const deeds = () => world.dispatches.length + world.closed.length;
  const before = deeds();
  world.left(job, null);
  await settle();
  for (let passedMs = 0; deeds() === before; passedMs += tickMs) {
    assert.ok(passedMs < backedOffMs, 'nothing was done');
    await pass(tickMs);
  }
}

test('a frozen job is ended, taken from the room, and another is sent for at once', async () => {
  const frozen = await answered('AJ_1');
  world.holder = 'AJ_1';
  assert.equal(world.guardian.jobFroze(frozen), true);
  await settle();
  assert.deepEqual(frozen.orders, [{ type: 'end' }]);
  assert.deepEqual(world.removed, ['agent-AJ_1']);
  assert.deepEqual(world.dispatches, [{ room, supersedes: 'AJ_1' }]);
  world.job('AJ_2', 'live');
  world.left(frozen, 'failed');
  await pass(minuteMs);
  assert.equal(world.dispatches.length, 1, 'that it woke and left changes nothing');
});

test('a job that dies while a frozen one is still on the line is replaced too', async () => {
  world.guardian.jobFroze(await answered('AJ_1'));
  await settle();
  await killed(world.job('AJ_2', 'live'));
  assert.equal(world.dispatches.length, 2);
});

test('one frozen job at a time: the next when the first is replaced, or cannot be', async () => {
  const [first, second] = [await answered('AJ_1'), await answered('AJ_2', 'call_2')];
  const third = await answered('AJ_3', 'call_3');
  assert.equal(world.guardian.jobFroze(first), true);
  assert.equal(world.guardian.jobFroze(second), false);
  await settle();
  world.job('AJ_4');
  assert.equal(world.guardian.jobFroze(second), true);
  assert.equal(world.guardian.jobFroze(third), false);
  await pass(backedOffMs);
  assert.equal(world.guardian.jobFroze(third), true);
});

test('a fresh job that freezes while it waits costs nothing but itself', async () => {
  await answered('AJ_1');
  world.guardian.jobFroze(world.job('AJ_2', 'standby'));
  await pass(minuteMs);
  assert.deepEqual(world.dispatches, []);
  assert.deepEqual(world.removed, ['agent-AJ_2']);
});

test('a call whose agent dies again and again: three takeovers, an apology, the end', async () => {
  await killed(await answered('AJ_1'));
  for (const jobId of ['AJ_2', 'AJ_3', 'AJ_4']) await killed(world.job(jobId, 'live'));
  assert.deepEqual(world.resumes, ['takeover', 'takeover', 'takeover', 'apology']);
  assert.deepEqual(world.closed, []);
  await killed(world.job('AJ_5', 'live'));
  assert.equal(world.dispatches.length, 4);
  assert.deepEqual(world.closed, [room]);
  assert.partialDeepStrictEqual(world.lost, [
    { callId: 'SCL_1', reason: 'crash', wasAnswered: true, isCallerThere: true },
  ]);
  await pass(minuteMs);
  assert.equal(world.lost.length, 1);
  assert.ok(world.recorded.events().includes('guardian.gave-up'));
});

test('a fresh job that does not get started is replaced, and the apology after it is tried', async () => {
  await killed(await answered('AJ_1'));
  for (const jobId of ['AJ_2', 'AJ_3']) await killed(world.job(jobId, 'live'));
  world.job('AJ_4', 'starting');
  await pass(sessionStartMs + 4 * tickMs);
  assert.equal(world.resumes.at(-1), 'apology');
  await pass(tickMs);
  assert.deepEqual(world.closed, []);
});

test('takeovers of one call come at once, then after growing waits', async () => {
  const waitsMs: number[] = [];
  const job = await answered('AJ_1');
  for (const next of [
    () => job,
    () => world.job('AJ_2', 'live'),
    () => world.job('AJ_3', 'live'),
  ]) {
    const fromMs = Date.now();
    await killed(next());
    waitsMs.push(Date.now() - fromMs);
  }
  const [first = 0, second = 0, third = 0] = waitsMs;
  assert.ok(first === 0 && second > first && third > second, waitsMs.join(' '));
});

test('an apology for which no job can be had is given up after a while', async () => {
  await killed(await answered('AJ_1'));
  for (const jobId of ['AJ_2', 'AJ_3', 'AJ_4']) await killed(world.job(jobId, 'live'));
  await pass(apologyMs - backedOffMs);
  assert.deepEqual(world.closed, []);
  await pass(2 * backedOffMs);
  assert.ok(world.resumes.slice(3).every((resume) => resume === 'apology'));
  assert.deepEqual(world.closed, [room]);
});

test('a call that no worker can take for a minute is given up, with a note', async () => {
  const job = await answered('AJ_1');
  world.isReady = false;
  world.left(job, null);
  await pass(hopelessMs - sweepMs);
  assert.deepEqual(world.closed, []);
  await pass(2 * sweepMs);
  assert.deepEqual(world.closed, [room]);
  assert.equal(world.lost.length, 1);
});

test('LiveKit does not close the room of a lost call: it is asked again', async () => {
  const job = await answered('AJ_1');
  world.isReady = false;
  world.left(job, null);
  await pass(hopelessMs - sweepMs);
  let answers = 1;
  world.onRequest = async () => {
    // The caller is found, and the room stays.
    answers -= 1;
    if (answers < 0 && world.lost.length === 1) throw new Error('away');
  };
  await pass(2 * sweepMs);
  world.onRequest = async () => {};
  assert.deepEqual(world.closed, []);
  await pass(2 * sweepMs);
  assert.deepEqual(world.closed, [room]);
});

test('the fourth takeover in a minute only apologises, and a minute later all is as before', async () => {
  for (const number of [1, 2, 3, 4, 5]) {
    const name = `call_${number}`;
    await killed(await answered(`AJ_${number}`, name));
    world.left(world.job(`AJ_${number}b`, 'live', name), 'ended');
    world.callers.delete(name);
    await pass(number === 4 ? minuteMs : 2_000);
  }
  assert.deepEqual(world.resumes, ['takeover', 'takeover', 'takeover', 'apology', 'takeover']);
});

test('jobs that die within a second die of one thing: all are taken over', async () => {
  const names = [1, 2, 3, 4, 5].map((number) => `call_${number}`);
  const jobs: FakeJob[] = [];
  for (const name of names) jobs.push(await answered(`AJ_${name}`, name));
  for (const job of jobs) world.left(job, null);
  await settle();
  assert.deepEqual(
    world.resumes,
    names.map(() => 'takeover'),
  );
});

test('hand-overs are no takeovers', async () => {
  for (const number of [1, 2, 3, 4]) {
    const job = await answered(`AJ_${number}`, `call_${number}`);
    await world.guardian.handOver(job, 'handover');
  }
  world.left(await answered('AJ_5', 'call_5'), null);
  await settle();
  assert.equal(world.resumes.at(-1), 'takeover');
});

test('a caller who was answered by another supervisor gets as many takeovers as ours', async () => {
  world.callers.set(room, {
    callId: 'SCL_1',
    phoneNumber: null,
    wasAnswered: true,
    isThere: true,
    agents: [],
  });
  await pass(2 * sweepMs);
  assert.deepEqual(world.resumes, ['takeover']);
  for (const jobId of ['AJ_1', 'AJ_2', 'AJ_3']) await killed(world.job(jobId, 'live'));
  assert.equal(world.resumes.at(-1), 'apology');
});

test('a caller who leaves while their agent is dead is to be called back', async () => {
  const job = await answered('AJ_1');
  world.callers.set(room, null);
  world.left(job, null);
  await pass(2 * sweepMs);
  assert.partialDeepStrictEqual(world.lost, [
    { reason: 'crash', wasAnswered: true, isCallerThere: false },
  ]);
  assert.deepEqual(world.closed, []);
});
