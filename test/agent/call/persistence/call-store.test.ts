import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { CallStore, YardList } from '../../../../agent/call/persistence/call-store.ts';
import { callTimeline, findCall } from '../../../../agent/infra/store/calls.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import type { Store } from '../../../../agent/infra/store/database.ts';
import { readTranscript } from '../../../../agent/infra/store/transcripts.ts';
import { callLeaseName, claimLease, readLease } from '../../../../agent/infra/store/leases.ts';
import { eventually } from '../../../harness/eventually.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';
import { savedCall } from '../saved-call.ts';
import { saveSnapshot } from '../../../../agent/infra/store/snapshots.ts';
import { commitBooking } from '../../../../tools/journal/commit-booking.ts';
import {
  inventorySnapshot,
  inventoryToJson,
} from '../../../../tools/sheet/read/inventory-snapshot.ts';
import { clock, listOf, request } from '../../../tools/journal/example-booking.ts';

const callId = 'SCL_1';
const start = { room: 'room-1', callerNumber: '+15550111', startedAtMs: 1_000 };
const close = {
  result: 'completed',
  reason: 'caller-hangup',
  endedBy: 'caller',
  endedAtMs: 9_000,
  turns: 2,
  summary: { turns: 2 },
};

/** A store on SQLite, and what jobs of one call make of it. */
async function yardStore(t: TestContext) {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-call-store-'));
  const store = await openStore({ dataDir });
  t.after(async () => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const open = () => openStore({ dataDir });
  const job = (overrides: { open?: () => Promise<Store> } = {}) => {
    const { log, lines } = recordedLog();
    const voice = { provider: 'deepgram', model: 'aura-2' } as const;
    return { calls: new CallStore({ open, voice, log, ...overrides }), lines };
  };
  return { store, open, job };
}

/** A store that is away for as long as it is told to be. */
function leavable(open: () => Promise<Store>, { isAway = false } = {}) {
  const place = {
    isAway,
    open: async () => {
      if (place.isAway) throw new Error('the store is away');
      return open();
    },
  };
  return place;
}

/** Takes the call for a job, as its claim. */
async function claimed(calls: CallStore, jobId: string, supersedes?: string) {
  const claim = calls.identify({ callId, jobId });
  return { claim, result: await claim.take(supersedes) };
}

test('the job that has the call writes its row and its timeline', async (t) => {
  const { store, open, job } = await yardStore(t);
  const own = await open();
  const { calls } = job({ open: async () => own });
  calls.recordEvent('call.incoming', { n: 1 });
  assert.equal((await claimed(calls, 'job-1')).result, 'ours');
  calls.recordStart(start);
  calls.recordAnswer(2_000);
  calls.recordEvent('call.ended', {});
  await calls.recordClose(close);
  await calls.end();
  assert.partialDeepStrictEqual(await findCall(store, callId), {
    callerNumberMasked: '0111',
    answeredAtMs: 2_000,
    jobId: 'job-1',
    epoch: 1,
    reason: 'caller-hangup',
    summary: { turns: 2 },
  });
  const events = (await callTimeline(store, callId)).map(({ event }) => event);
  assert.deepEqual(events, ['call.incoming', 'call.ended']);
  assert.equal(await readLease(store, callLeaseName(callId)), null, 'the claim is free again');
});

test('a job that loses the claim leaves no trace', async (t) => {
  const { store, job } = await yardStore(t);
  const winner = job().calls;
  const loser = job().calls;
  assert.equal((await claimed(winner, 'job-1')).result, 'ours');
  loser.recordEvent('call.incoming', {});
  assert.equal((await claimed(loser, 'job-2')).result, 'taken');
  await loser.end();
  assert.equal(await findCall(store, callId), undefined);
  assert.deepEqual(await callTimeline(store, callId), []);
  assert.equal((await readLease(store, callLeaseName(callId)))?.holder, 'job-1');
  await winner.end();
});

test('the job that a dispatch supersedes loses the call, and is told', async (t) => {
  const { job } = await yardStore(t);
  t.mock.timers.enable({ apis: ['setInterval'] });
  const old = job().calls;
  const fresh = job().calls;
  const { claim } = await claimed(old, 'job-1');
  const lost = Promise.withResolvers<void>();
  claim.keep(lost.resolve);
  assert.equal(await claim.check(), 'ours');
  assert.equal((await claimed(fresh, 'job-2', 'job-1')).result, 'ours');
  assert.equal(await claim.isStillOurs(), false);
  t.mock.timers.tick(3_000);
  await lost.promise;
  await old.end();
  await fresh.end();
});

test('a look at the claim says whose the call is, or that nobody knows', async (t) => {
  const { open, job } = await yardStore(t);
  const place = leavable(open);
  const old = job({ open: place.open }).calls;
  const fresh = job().calls;
  const { claim } = await claimed(old, 'job-1');
  let losses = 0;
  claim.keep(() => (losses += 1));
  place.isAway = true;
  assert.equal(await claim.check(), 'unknown');
  place.isAway = false;
  assert.equal((await claimed(fresh, 'job-2', 'job-1')).result, 'ours');
  assert.deepEqual(await Promise.all([claim.check(), claim.check()]), ['taken', 'taken']);
  assert.equal(losses, 1);
  await old.end();
  await fresh.end();
});

test('the close is written although an earlier write failed', async (t) => {
  const { store, open, job } = await yardStore(t);
  let broken = false;
  const { calls, lines } = job({
    open: async () => {
      if (broken) throw new Error('the disk is full');
      return open();
    },
  });
  await claimed(calls, 'job-1');
  broken = true;
  calls.recordStart(start);
  calls.recordEvent('call.incoming', {});
  await calls.recordClose({ ...close, reason: 'lost' });
  broken = false;
  await calls.recordClose(close);
  assert.partialDeepStrictEqual(await findCall(store, callId), { reason: 'caller-hangup' });
  assert.ok(lines.some(({ event, level }) => event === 'store.failed' && level === 'error'));
  await calls.end();
});

test('a job that lost the call cannot close it, and leaves what the next one keeps', async (t) => {
  const { store, job } = await yardStore(t);
  const old = job().calls;
  const fresh = job().calls;
  await claimed(old, 'job-1');
  old.recordStart(start);
  assert.equal((await claimed(fresh, 'job-2', 'job-1')).result, 'ours');
  fresh.recordStart(start);
  const state = savedCall({ callerWords: 'A generator?' });
  fresh.saveState(state);
  await eventually('the state is kept', async () => (await fresh.savedCall()) !== undefined);
  await old.recordClose(close);
  const open = await findCall(store, callId);
  assert.partialDeepStrictEqual(open, { jobId: 'job-2', endedAtMs: null });
  assert.deepEqual(await fresh.savedCall(), state);
  await fresh.recordClose({ ...close, reason: 'agent-goodbye' });
  assert.equal((await findCall(store, callId))?.reason, 'agent-goodbye');
  await old.end();
  await fresh.end();
});

test('a job that went on without the store closes its call once the store is back', async (t) => {
  const { store, open, job } = await yardStore(t);
  const own = await open();
  const old = job({ open: async () => own }).calls;
  await claimed(old, 'job-1');
  old.recordStart(start);
  old.recordAnswer(2_000);
  await eventually(
    'the call is written',
    async () => (await findCall(store, callId)) !== undefined,
  );
  const place = leavable(open, { isAway: true });
  const fresh = job({
    open: place.open,
  }).calls;
  assert.equal((await claimed(fresh, 'job-2', 'job-1')).result, 'unknown');
  fresh.recordStart(start);
  place.isAway = false;
  await fresh.recordClose(close);
  assert.partialDeepStrictEqual(await findCall(store, callId), {
    jobId: 'job-2',
    epoch: 2,
    reason: 'caller-hangup',
  });
  await old.end();
  await fresh.end();
});

test('whether another job has the call is one read, and no while nobody can say', async (t) => {
  const { open, job } = await yardStore(t);
  const place = leavable(open);
  const old = job({ open: place.open }).calls;
  const fresh = job().calls;
  const { claim } = await claimed(old, 'job-1');
  assert.equal(await claim.isLost(), false);
  await claimed(fresh, 'job-2', 'job-1');
  assert.equal(await claim.isLost(), true);
  place.isAway = true;
  assert.equal(await claim.isLost(), false);
  place.isAway = false;
  await fresh.end();
  assert.equal(await claim.isLost(), false, 'nobody has it');
  await old.end();
});

test('a store that hangs keeps neither the caller waiting nor the process', async (t) => {
  const { job } = await yardStore(t);
  const { calls, lines } = job({ open: () => new Promise(() => {}) });
  assert.equal((await claimed(calls, 'job-1')).result, 'unknown');
  calls.recordStart(start);
  await calls.recordClose(close);
  await calls.end();
  assert.deepEqual(
    lines.map(({ message }) => message),
    ['call could not be claimed', 'call is not fully written down'],
  );
});

test('a call that could not be claimed at first is claimed once the store is back', async (t) => {
  const { store, open, job } = await yardStore(t);
  const place = leavable(open, { isAway: true });
  const { calls } = job({
    open: place.open,
  });
  const { claim, result } = await claimed(calls, 'job-1');
  assert.equal(result, 'unknown');
  place.isAway = false;
  assert.equal(await claim.isStillOurs(), true);
  const name = callLeaseName(callId);
  assert.equal((await readLease(store, name))?.holder, 'job-1');
  assert.equal(await claimLease(store, { name, holder: 'job-2', ttlMs: 1_000 }), null);
  await calls.end();
});

async function newStore() {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-yard-list-'));
  const store = await openStore({ dataDir });
  const save = (itemId: string, savedAtMs: number) =>
    saveSnapshot(store, {
      name: inventorySnapshot,
      json: inventoryToJson(listOf(itemId)),
      savedAtMs,
    });
  return {
    store,
    save,
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

test('a job reads the list as it was saved last', async () => {
  await using yard = await newStore();
  const list = new YardList(async () => yard.store);
  assert.equal(await list.read(), null);
  await yard.save('EX-1', 1);
  assert.deepEqual(await list.read(), listOf('EX-1'));
  assert.deepEqual(await list.read(), listOf('EX-1'));
  await yard.save('EX-2', 2);
  assert.deepEqual(await list.read(), listOf('EX-2'));
});

test('a list that is the same holds what was booked since', async () => {
  await using yard = await newStore();
  await yard.save('EX-1', 1);
  const list = new YardList(async () => yard.store);
  assert.deepEqual((await list.read())?.bookings, []);
  // Two years ahead: the list leaves out what has ended by the clock on the wall.
  const end = new Date(Date.now() + 2 * 365 * 86_400_000).toISOString().slice(0, 10);
  const wish = request({ start: end, end });
  const made = await commitBooking(yard.store, { callId: 'call-1', request: wish, clock });
  assert.equal(made.kind, 'committed');
  assert.deepEqual(
    (await list.read())?.bookings.map((booking) => [booking.itemId, booking.start]),
    [['EX-1', end]],
  );
});

test('a list of another release is an error, not an empty yard', async () => {
  await using yard = await newStore();
  const list = new YardList(async () => yard.store);
  const of = { name: inventorySnapshot, savedAtMs: 1 };
  await saveSnapshot(yard.store, { ...of, json: JSON.stringify({ version: 1 }) });
  await assert.rejects(list.read(), { code: 'SNAPSHOT_UNREADABLE' });
  await yard.save('EX-1', 2);
  assert.deepEqual(await list.read(), listOf('EX-1'));
});

const spoken = (text: string) =>
  ({ kind: 'line', atMs: 1, untilMs: 2, who: 'caller', text, isInterrupted: false }) as const;

test('a call that dies leaves of its transcript what it had', async (t) => {
  const { store, open, job } = await yardStore(t);
  const own = await open();
  const { calls } = job({ open: async () => own });
  await claimed(calls, 'job-1');
  calls.addToTranscript(spoken('before the row is there'));
  calls.recordStart(start);
  calls.addToTranscript(spoken('A mower, please'));
  await eventually(
    'both lines are in the store',
    async () => (await readTranscript(store, callId)).lines.length === 2,
  );
  const { lines } = await readTranscript(store, callId);
  assert.deepEqual(
    lines.map(({ text }) => text),
    ['before the row is there', 'A mower, please'],
  );
  await calls.end();
});

test('a store that is away costs the call no memory, and one line that says what is lost', async (t) => {
  const { store, open, job } = await yardStore(t);
  const place = leavable(open);
  const { calls, lines } = job({ open: place.open });
  await claimed(calls, 'job-1');
  calls.recordStart(start);
  for (let n = 0; n < 1_000; n += 1) calls.addToTranscript(spoken(`${n}`));
  await calls.recordClose(close);
  const read = await readTranscript(store, callId);
  assert.equal(read.lines.length, 400);
  assert.equal(
    lines.filter(({ message }) => message === 'transcript is not fully written down').length,
    1,
  );
  await calls.end();
});
