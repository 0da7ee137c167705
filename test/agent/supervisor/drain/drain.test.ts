import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { JobStage, JobOrder } from '../../../../agent/ipc/messages.ts';
import { drain } from '../../../../agent/supervisor/drain/drain.ts';
import type { DrainDeps } from '../../../../agent/supervisor/drain/drain.ts';
import type { JobPeer } from '../../../../agent/ipc/server.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';

const longMs = { graceMs: 1_800_000, drainMs: 1_740_000 };
const shortMs = { graceMs: 3_000, drainMs: 1_740_000 };
/** What the other ends take, as measured: a planned hand-over, a goodbye, a job told to end. */
const handOverMs = 700;
const goodbyeMs = 2_000;
const endMs = 100;
/** No process has it: the highest that Linux gives is 4,194,304. */
const noPid = 4_194_305;

type Given = { readonly atMs: number; readonly call: string; readonly order: JobOrder };
type Reaction = (job: JobPeer) => void;

let world: World;

beforeEach(() => {
  world = new World();
});

/** The line, one worker and the other supervisors; time passes when the drain sleeps. */
class World {
  nowMs = 0;
  readonly jobs = new Set<JobPeer>();
  readonly given: Given[] = [];
  readonly recorded = recordedLog();
  #happenings: { readonly atMs: number; readonly run: () => void }[] = [];
  readonly #forced = Promise.withResolvers<void>();
  otherIsReady = false;
  isWithdrawn = false;
  workerHangs = false;
  isKilled = false;

  /** A call that does what it is told, unless `reactions` say otherwise. */
  call(name: string, stage: JobStage = 'live', reactions: Partial<Record<string, Reaction>> = {}) {
    const leaves = (ms: number) => (job: JobPeer) => this.after(ms, () => this.jobs.delete(job));
    const all: Partial<Record<string, Reaction>> = {
      'hand-over': leaves(handOverMs),
      'say-goodbye': leaves(goodbyeMs),
      end: leaves(endMs),
      ...reactions,
    };
    const job: JobPeer = {
      pid: noPid,
      workerPid: noPid,
      stage,
      stageSinceMs: 0,
      call: { jobId: `AJ_${name}`, room: `room-${name}`, callId: name },
      lastBeatMs: 0,
      send: (order) => {
        this.given.push({ atMs: this.nowMs, call: name, order });
        all[order.type]?.(job);
      },
    };
    this.jobs.add(job);
    return job;
  }

  after(ms: number, run: () => void): void {
    this.#happenings.push({ atMs: this.nowMs + ms, run });
  }

  force(): void {
    this.#forced.resolve();
  }

  drain(overrides: Partial<DrainDeps> = {}) {
    return drain({
      line: { jobs: this.jobs, workers: new Map(), attendants: new Map() },
      attendant: { pid: null, stopStarting: () => {}, kill: () => {} },
      workers: this.#workers(),
      pool: this.#pool(),
      log: this.recorded.log,
      readinessLease: this.#readinessLease(),
      budget: longMs,
      handsOver: true,
      forced: this.#forced.promise,
      clock: { nowMs: () => this.nowMs, sleep: async (ms) => this.#pass(ms) },
      ...overrides,
    });
  }

  /** When each call was told, in order. */
  told(type: JobOrder['type']): [string, number][] {
    const told = this.given.filter(({ order }) => order.type === type);
    return told.map(({ call, atMs }) => [call, atMs]);
  }

  #pass(ms: number): void {
    this.nowMs += ms;
    const due = this.#happenings.filter(({ atMs }) => atMs <= this.nowMs);
    this.#happenings = this.#happenings.filter(({ atMs }) => atMs > this.nowMs);
    for (const { run } of due) run();
  }

  #workers(): DrainDeps['workers'] {
    const isThere = () => !this.isKilled && (this.workerHangs || this.jobs.size > 0);
    return {
      get pids() {
        return isThere() ? [noPid] : [];
      },
      stopStarting: () => {},
      kill: () => void (this.isKilled = true),
    };
  }

  #pool(): DrainDeps['pool'] {
    const { jobs } = this;
    return {
      get serving() {
        return [...jobs].flatMap(({ call }) => (call ? [{ ...call, isStarting: false }] : []));
      },
    };
  }

  #readinessLease(): DrainDeps['readinessLease'] {
    const isReady = () => this.isWithdrawn && this.otherIsReady;
    return {
      get otherIsReady() {
        return isReady();
      },
      withdraw: async () => void (this.isWithdrawn = true),
    };
  }
}

test('without another deployment calls end by themselves, and nobody is told anything', async () => {
  const job = world.call('a');
  world.after(600_000, () => world.jobs.delete(job));
  assert.equal(await world.drain(), 'drained');
  assert.ok(world.isWithdrawn);
  assert.deepEqual(world.given, []);
});

test('a call that is still here at the end of its time ends with a sentence', async () => {
  world.call('a');
  assert.equal(await world.drain(), 'said-goodbye');
  assert.deepEqual(world.told('say-goodbye'), [['a', longMs.drainMs]]);
  assert.deepEqual(world.told('end'), []);
});

test('another deployment is given the calls two at a time, between turns', async () => {
  world.otherIsReady = true;
  for (const name of ['a', 'b', 'c']) world.call(name);
  assert.equal(await world.drain(), 'drained');
  assert.deepEqual(world.told('hand-over'), [
    ['a', 0],
    ['b', 0],
    ['c', handOverMs],
  ]);
  assert.deepEqual(world.given[0]?.order, {
    type: 'hand-over',
    kind: 'handover',
    withinMs: 20_000,
  });
  const lines = world.recorded.lines.filter(({ event }) => event === 'drain.handing-over');
  assert.deepEqual(
    lines.map(({ level, callId }) => [level, callId]),
    [
      ['info', 'a'],
      ['info', 'b'],
      ['info', 'c'],
    ],
  );
});

test('a deployment that becomes ready later is given the calls then', async () => {
  world.call('a');
  world.after(60_000, () => (world.otherIsReady = true));
  assert.equal(await world.drain(), 'drained');
  assert.deepEqual(world.told('hand-over'), [['a', 60_000]]);
});

test('a call that rings is given away once it is live', async () => {
  world.otherIsReady = true;
  const job = world.call('a', 'connecting');
  world.after(2_000, () => (job.stage = 'live'));
  assert.equal(await world.drain(), 'drained');
  assert.deepEqual(world.told('hand-over'), [['a', 2_000]]);
});

test('a call that stays is told again, and lets others go first', async () => {
  world.otherIsReady = true;
  const times = (job: JobPeer) => {
    if (world.told('hand-over').length > 4) world.after(handOverMs, () => world.jobs.delete(job));
  };
  world.call('stays', 'live', { 'hand-over': times });
  world.call('stays too', 'live', { 'hand-over': times });
  world.call('goes');
  assert.equal(await world.drain(), 'drained');
  const order = world.told('hand-over').map(([call]) => call);
  assert.deepEqual(order, ['stays', 'stays too', 'goes', 'stays', 'stays too', 'stays']);
});

test('switched off, calls stay here although another deployment is ready', async () => {
  world.otherIsReady = true;
  world.call('a');
  assert.equal(await world.drain({ handsOver: false }), 'said-goodbye');
  assert.deepEqual(world.told('hand-over'), []);
  assert.deepEqual(world.told('say-goodbye'), [['a', longMs.drainMs]]);
});

test('with a short grace and nobody there the caller hears a sentence at once', async () => {
  world.call('a');
  world.call('b');
  assert.equal(await world.drain({ budget: shortMs }), 'said-goodbye');
  assert.deepEqual(world.told('say-goodbye'), [
    ['a', 0],
    ['b', 0],
  ]);
  assert.ok(world.nowMs < shortMs.graceMs);
});

test('with a short grace all calls are given away at once, in the middle of a turn if need be', async () => {
  world.otherIsReady = true;
  for (const name of ['a', 'b', 'c', 'd']) world.call(name);
  assert.equal(await world.drain({ budget: shortMs }), 'drained');
  assert.equal(world.told('hand-over').length, 4);
  for (const { atMs, order } of world.given) {
    assert.equal(atMs, 0);
    assert.deepEqual(order, { type: 'hand-over', kind: 'handover', withinMs: 1_000 });
  }
});

test('what a short grace did not give away is told, and ends before the platform ends it', async () => {
  world.otherIsReady = true;
  world.call('goes');
  world.call('stays', 'live', { 'hand-over': () => {}, 'say-goodbye': () => {}, end: () => {} });
  assert.equal(await world.drain({ budget: shortMs }), 'deadline');
  assert.deepEqual(world.told('say-goodbye'), [['stays', 1_500]]);
  assert.deepEqual(world.told('end'), [['stays', 2_500]]);
  assert.ok(world.nowMs < shortMs.graceMs);
});

test('a deployment that is gone again leaves no time to wait for it', async () => {
  world.otherIsReady = true;
  world.call('a', 'live', { 'hand-over': () => {} });
  world.after(400, () => (world.otherIsReady = false));
  assert.equal(await world.drain({ budget: shortMs }), 'said-goodbye');
  assert.deepEqual(world.told('say-goodbye'), [['a', 400]]);
});

test('a call whose caller was told of the end is given to nobody', async () => {
  world.call('a');
  world.after(300, () => (world.otherIsReady = true));
  assert.equal(await world.drain({ budget: shortMs }), 'said-goodbye');
  assert.deepEqual(world.told('hand-over'), []);
});

test('a second signal ends all by force, and names each call', async () => {
  world.call('a');
  world.after(5_000, () => world.force());
  assert.equal(await world.drain(), 'forced');
  const [end] = world.told('end');
  assert.equal(end?.[0], 'a');
  assert.ok((end?.[1] ?? 0) < 5_200);
  const [line] = world.recorded.lines.filter(({ event }) => event === 'job.forced');
  assert.partialDeepStrictEqual(line, { level: 'error', callId: 'a', outcome: 'forced' });
});

test('a worker that hangs without a call is killed, and the end is a good one', async () => {
  world.workerHangs = true;
  assert.equal(await world.drain({ budget: shortMs }), 'drained');
  assert.ok(world.isKilled);
  assert.deepEqual(world.recorded.events(), []);
});
