import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { findCall, recordCallClose, recordCallStart } from '../../../../agent/infra/store/calls.ts';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { callLeaseName, claimLease } from '../../../../agent/infra/store/leases.ts';
import { openCallBacks } from '../../../../agent/infra/store/call-backs.ts';
import { readLedger } from '../../../../agent/infra/store/ledger.ts';
import { LedgerKeeper, yardTimeIn } from '../../../../agent/supervisor/ledger/ledger-keeper.ts';
import { recordedLog } from '../../../harness/recorded-log.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'pickup-ledger-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function world() {
  const dataDir = await mkdtemp(path.join(folder, 'data-'));
  const store = await openStore({ dataDir });
  const { log, lines } = recordedLog();
  const state = { nowMs: Date.now(), rooms: [] as string[], isAway: false };
  const list = async () => {
    if (state.isAway) throw new Error('LiveKit is away');
    return state.rooms.map((name) => ({ name, createdAtMs: 0 }));
  };
  const keeper = new LedgerKeeper({
    store,
    log,
    rooms: { list },
    dataDir,
    nowMs: () => state.nowMs,
  });
  keeper.timeZone = 'America/Chicago';
  return { dataDir, store, lines, state, keeper, [Symbol.asyncDispose]: () => store.close() };
}

const open = { room: 'room-1', callerNumber: '+15550101234', jobId: null, epoch: 0 };

test('a ring that nobody serves has its row within a second', async () => {
  await using w = await world();
  const ring = { callId: 'c', room: 'r', phoneNumber: '+15550101234', startedAtMs: w.state.nowMs };
  w.keeper.rang(ring);
  await w.keeper.look();
  assert.equal(await findCall(w.store, 'c'), undefined);
  w.state.nowMs += 500;
  await w.keeper.look();
  assert.equal((await findCall(w.store, 'c'))?.callerNumberMasked, '1234');
});

test('what the settled calls of the yard’s day have cost is known, and of another day nothing', async () => {
  await using w = await world();
  for (const callId of ['c1', 'c2']) {
    const startedAtMs = w.state.nowMs;
    await recordCallStart(w.store, { ...open, callId, startedAtMs, jobId: 'j', epoch: 1 });
    await recordCallClose(w.store, {
      callId,
      result: 'completed',
      reason: 'agent-goodbye',
      endedBy: 'agent',
      endedAtMs: startedAtMs,
      turns: 1,
      summary: { costUsd: 0.25 },
    });
  }
  await w.keeper.look();
  assert.equal(w.keeper.spentTodayUsd, 0.5);
  w.state.nowMs += 86_400_000;
  await w.keeper.look();
  assert.equal(w.keeper.spentTodayUsd, 0);
});

test('the row that a job wrote stands beside the ring', async () => {
  await using w = await world();
  const startedAtMs = w.state.nowMs;
  const job = { ...open, callId: 'c', startedAtMs, jobId: 'job-1', epoch: 1 };
  await recordCallStart(w.store, job);
  w.keeper.rang({ callId: 'c', room: 'room-1', phoneNumber: null, startedAtMs });
  w.state.nowMs += 500;
  await w.keeper.look();
  assert.equal((await findCall(w.store, 'c'))?.jobId, 'job-1');
});

test('a call that ended while everything was down has an end at the next start, and is called back', async () => {
  await using w = await world();
  const startedAtMs = w.state.nowMs - 120_000;
  await recordCallStart(w.store, { ...open, callId: 'lost', startedAtMs });
  await recordCallStart(w.store, { ...open, callId: 'there', room: 'room-2', startedAtMs });
  await recordCallStart(w.store, { ...open, callId: 'served', startedAtMs });
  const claim = { name: callLeaseName('served'), holder: 'job-1', ttlMs: 60_000 };
  await claimLease(w.store, claim);
  w.state.rooms = ['room-2'];
  await w.keeper.look();
  const lost = await findCall(w.store, 'lost');
  assert.equal(lost?.reason, 'unattributed');
  assert.equal(lost.endedAtMs, startedAtMs);
  assert.equal((await findCall(w.store, 'there'))?.endedAtMs, null);
  assert.equal((await findCall(w.store, 'served'))?.endedAtMs, null);
  assert.deepEqual(
    (await openCallBacks(w.store)).map(({ reason }) => reason),
    ['dropped'],
  );
  const told = w.lines.map(({ event }) => event);
  assert.deepEqual(told, ['call.ended', 'call.closed', 'call.settled']);
});

test('no call is taken for over while LiveKit does not answer', async () => {
  await using w = await world();
  const startedAtMs = w.state.nowMs - 120_000;
  await recordCallStart(w.store, { ...open, callId: 'c', startedAtMs });
  w.state.isAway = true;
  await w.keeper.look();
  assert.equal((await findCall(w.store, 'c'))?.endedAtMs, null);
});

test('a caller who left, by the word of LiveKit, before anybody came has given up', async () => {
  await using w = await world();
  const startedAtMs = w.state.nowMs - 40_000;
  const ring = { callId: 'c', room: 'room-1', phoneNumber: '5550101234', startedAtMs };
  w.keeper.rang(ring);
  w.keeper.left('c', startedAtMs + 9_000);
  // The room stays listed for a while after its last participant.
  w.state.rooms = ['room-1'];
  await w.keeper.look();
  const [row] = (await readLedger(w.store)).rows;
  assert.equal(row?.outcome, 'abandoned');
  assert.equal(row.endedAtMs, startedAtMs + 9_000);
});

test('the days of the ledger are those of the yard, also half an hour off', () => {
  const atMs = Date.UTC(2026, 4, 4, 18, 45);
  assert.deepEqual(yardTimeIn('Asia/Kolkata')(atMs), { day: '2026-05-05', hour: 0 });
  assert.deepEqual(yardTimeIn('America/Chicago')(atMs), { day: '2026-05-04', hour: 13 });
});

test('a store that is away is told of once, and the ring is written when it is back', async () => {
  await using w = await world();
  await w.store.close();
  w.keeper.rang({ callId: 'c', room: 'r', phoneNumber: null, startedAtMs: w.state.nowMs - 500 });
  await w.keeper.look();
  await w.keeper.look();
  assert.deepEqual(
    w.lines.map(({ event, level }) => `${event} ${level}`),
    ['store.failed warn', 'store.failed debug'],
  );
});

test('what is too old is removed once a night, by one of several processes, and counted', async () => {
  await using w = await world();
  const recordings = path.join(w.dataDir, 'recordings');
  await mkdir(path.join(recordings, 'old-call'), { recursive: true });
  await mkdir(path.join(recordings, 'new-call'));
  // Three at night in Chicago.
  w.state.nowMs = Date.UTC(2026, 4, 4, 8);
  const old = new Date(w.state.nowMs - 31 * 86_400_000);
  await utimes(path.join(recordings, 'old-call'), old, old);
  await utimes(path.join(recordings, 'new-call'), new Date(w.state.nowMs), new Date(w.state.nowMs));
  await recordCallStart(w.store, {
    ...open,
    callId: 'c',
    startedAtMs: w.state.nowMs - 91 * 86_400_000,
  });
  await w.keeper.sweep();
  await w.keeper.sweep();
  w.state.nowMs += 3_600_000;
  await w.keeper.sweep();
  const swept = w.lines.filter(({ event }) => event === 'retention.swept');
  assert.equal(swept.length, 1);
  assert.partialDeepStrictEqual(swept[0], { numbers: 1, recordings: 1 });
  assert.deepEqual(await readdir(recordings), ['new-call']);
  w.state.nowMs = Date.UTC(2026, 4, 5, 7, 59);
  await w.keeper.sweep();
  assert.equal(w.lines.filter(({ event }) => event === 'retention.swept').length, 1);
});
