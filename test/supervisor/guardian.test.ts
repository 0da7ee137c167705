import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { JobStage, LineOrder } from '../../agent/line.ts';
import { Guardian } from '../../agent/supervisor/guardian.ts';
import type { LostCall } from '../../agent/supervisor/guardian.ts';
import type { JobPeer } from '../../agent/supervisor/job-line.ts';
import type { ListedCaller, Rooms } from '../../agent/supervisor/rooms.ts';
import { defaultTimeouts } from '../../agent/timeouts.ts';
import { recordedLog } from '../recorded-log.ts';

const room = 'call_1';
const caller: ListedCaller = { callId: 'SCL_1', phoneNumber: '+15550111', isThere: true };
const { pickupMs, connectMs, sessionStartMs } = defaultTimeouts;
/** A tick of the guardian, and a sweep. */
const tickMs = 250;
const sweepMs = 2_000;
/** Longer than any of its back-offs. */
const backedOffMs = 5_000;
const startMs = Date.UTC(2026, 0, 1);

let world: World;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: startMs });
  world = new World();
});
afterEach(() => {
  world.guardian.stop();
  mock.timers.reset();
});

/** LiveKit, the line and the store, as the guardian sees them. */
class World implements Rooms {
  readonly dispatches: { readonly room: string; readonly supersedes: unknown }[] = [];
  /** Why each of them was to go on with the call. */
  readonly resumes: unknown[] = [];
  readonly removed: string[] = [];
  readonly lost: LostCall[] = [];
  readonly jobs = new Set<JobPeer>();
  readonly callers = new Map<string, ListedCaller | null>();
  readonly foreign = new Set<string>();
  readonly recorded = recordedLog();
  createdAtMs = startMs;
  holder: string | null = null;
  isReady = true;
  /** The worker turns down every job. */
  refuses = false;
  failure: Error | null = null;
  /** Awaited before each answer of LiveKit's. */
  onRequest: () => Promise<void> = async () => {};
  readonly guardian = new Guardian({
    rooms: this,
    log: this.recorded.log,
    timeouts: defaultTimeouts,
    jobs: () => this.jobs,
    canTake: () => this.isReady,
    leaseHolder: async () => this.holder,
    onLost: async (call) => void this.lost.push(call),
    nowMs: () => Date.now(),
  });

  async list() {
    await this.#request();
    return [...this.callers.keys()].map((name) => ({ name, createdAtMs: this.createdAtMs }));
  }

  async findCaller(name: string) {
    await this.#request();
    return this.callers.get(name) ?? null;
  }

  async isOurs(name: string) {
    await this.#request();
    return !this.foreign.has(name);
  }

  async dispatch(name: string, metadata: string) {
    await this.#request();
    const { supersedes, resume } = JSON.parse(metadata) as Record<string, unknown>;
    this.resumes.push(resume);
    this.dispatches.push({ room: name, supersedes });
    if (this.refuses) this.guardian.refused(name);
  }

  async remove(_room: string, identity: string) {
    await this.#request();
    this.removed.push(identity);
  }

  /** A call rings, and LiveKit asked our worker, which took it. */
  async ring(): Promise<void> {
    this.callers.set(room, caller);
    this.guardian.accepted(room);
    await settle();
  }

  /** A job of the call shows up, or moves on. */
  job(jobId: string, stage: JobStage = 'connecting'): FakeJob {
    const job = new FakeJob(jobId, stage);
    this.jobs.add(job);
    this.guardian.jobMoved(job);
    return job;
  }

  moved(job: FakeJob, stage: JobStage): void {
    job.stage = stage;
    job.stageSinceMs = Date.now();
    this.guardian.jobMoved(job);
  }

  left(job: FakeJob, outcome: 'ended' | 'yielded' | 'failed' | null): void {
    this.jobs.delete(job);
    this.guardian.jobGone(job, outcome);
  }

  async #request(): Promise<void> {
    await this.onRequest();
    if (this.failure) throw this.failure;
  }
}

class FakeJob implements JobPeer {
  readonly pid = 1;
  readonly workerPid = 2;
  readonly call;
  readonly orders: LineOrder[] = [];
  stage: JobStage;
  stageSinceMs = Date.now();
  lastBeatMs = Date.now();

  constructor(jobId: string, stage: JobStage) {
    this.call = { jobId, room, callId: null };
    this.stage = stage;
  }

  send(order: LineOrder): void {
    this.orders.push(order);
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

/** Lets time pass, with all that happens in it. */
async function pass(ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += tickMs) {
    mock.timers.tick(Math.min(tickMs, ms - passedMs));
    await settle();
  }
}

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

test('dispatches three times at most, with growing waits, and says once that it gave up', async () => {
  world.guardian.start();
  await world.ring();
  await pass(120_000);
  assert.equal(world.dispatches.length, 3);
  const said = world.recorded.events().filter((event) => event.startsWith('guardian.'));
  assert.deepEqual(said, [...Array<string>(3).fill('guardian.dispatched'), 'guardian.gave-up']);
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
  await settle();
  await pass(tickMs);
  assert.deepEqual(world.dispatches, [{ room, supersedes: null }]);
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
      firstSeenAtMs: startMs,
      attempts: 0,
      reason: 'cancelled-while-ringing',
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

test('says once that the rooms cannot be swept, and again after they could be', async () => {
  world.failure = new Error('away');
  world.guardian.start();
  await pass(60_000);
  const warnings = () => world.recorded.lines.filter((line) => line.level === 'warn').length;
  assert.equal(warnings(), 1);
  world.failure = null;
  await pass(2 * sweepMs);
  world.failure = new Error('away again');
  await pass(60_000);
  assert.equal(warnings(), 2);
});
