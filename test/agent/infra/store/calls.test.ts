import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hasTalkedBefore,
  dropCallState,
  readCallState,
  saveCallState,
  callTimeline,
  findCall,
  openCalls,
  recordCallAnswered,
  recordCallClose,
  recordCallEvent,
  recordCallStart,
} from '../../../../agent/infra/store/calls.ts';
import { onBothDatabases } from './both-databases.ts';

const start = {
  callId: 'call-1',
  room: 'room-1',
  callerNumber: '+1 (555) 010-1234',
  startedAtMs: 1_700_000_000_000,
  jobId: 'job-1',
  epoch: 1,
};

const ending = {
  callId: 'call-1',
  result: 'completed',
  reason: 'agent-goodbye',
  endedBy: 'agent',
  endedAtMs: 1_700_000_060_000,
  turns: 4,
  summary: { p50Ms: 900, tools: ['find_equipment'] },
};

onBothDatabases(({ newStore }) => {
  test('a call has one row, from its start to its close', async () => {
    await using store = await newStore();
    await recordCallStart(store, start);
    assert.equal(
      await recordCallAnswered(store, { callId: 'call-1', answeredAtMs: 7, epoch: 1 }),
      true,
    );
    assert.equal(await recordCallClose(store, ending), true);
    assert.deepEqual(await findCall(store, 'call-1'), {
      callId: 'call-1',
      room: 'room-1',
      callerNumberMasked: '1234',
      startedAtMs: 1_700_000_000_000,
      answeredAtMs: 7,
      endedAtMs: 1_700_000_060_000,
      result: 'completed',
      reason: 'agent-goodbye',
      endedBy: 'agent',
      turns: 4,
      summary: { p50Ms: 900, tools: ['find_equipment'] },
      jobId: 'job-1',
      epoch: 1,
    });
  });

  test('a caller is known once another call from the number came to a talk', async () => {
    await using store = await newStore();
    const later = { callId: 'call-2', phoneNumber: '5550101234' };
    await recordCallStart(store, start);
    await recordCallStart(store, { ...start, callId: 'call-2' });
    assert.equal(await hasTalkedBefore(store, later), false);
    await recordCallClose(store, { ...ending, turns: 0 });
    assert.equal(await hasTalkedBefore(store, later), false, 'that one said nothing');
    await recordCallStart(store, { ...start, callId: 'call-3' });
    await recordCallClose(store, { ...ending, callId: 'call-3' });
    assert.equal(await hasTalkedBefore(store, later), true);
    assert.equal(await hasTalkedBefore(store, { ...later, callId: 'call-3' }), false);
    assert.equal(await hasTalkedBefore(store, { callId: null, phoneNumber: null }), false);
  });

  test('a second job of a call takes its row over and keeps its start', async () => {
    await using store = await newStore();
    await recordCallStart(store, start);
    await recordCallStart(store, { ...start, startedAtMs: 9, room: 'x', jobId: 'job-2', epoch: 2 });
    const call = await findCall(store, 'call-1');
    assert.equal(call?.startedAtMs, start.startedAtMs);
    assert.equal(call?.room, 'room-1');
    assert.equal(call?.jobId, 'job-2');
    assert.equal(call?.epoch, 2);
  });

  test('a job that comes late, with an older epoch, does not take the call back', async () => {
    await using store = await newStore();
    await recordCallStart(store, { ...start, jobId: 'job-2', epoch: 2 });
    await recordCallStart(store, start);
    assert.equal((await findCall(store, 'call-1'))?.jobId, 'job-2');
  });

  test('a caller who hides the number has none', async () => {
    await using store = await newStore();
    await recordCallStart(store, { ...start, callerNumber: null });
    await recordCallStart(store, { ...start, callId: 'call-2', callerNumber: 'anonymous' });
    assert.equal((await findCall(store, 'call-1'))?.callerNumberMasked, null);
    assert.equal((await findCall(store, 'call-2'))?.callerNumberMasked, null);
  });

  test('the first answer and the first close stand', async () => {
    await using store = await newStore();
    await recordCallStart(store, start);
    await recordCallAnswered(store, { callId: 'call-1', answeredAtMs: 7, epoch: 1 });
    assert.equal(
      await recordCallAnswered(store, { callId: 'call-1', answeredAtMs: 8, epoch: 1 }),
      false,
    );
    const closes = await Promise.all([
      recordCallClose(store, ending),
      recordCallClose(store, { ...ending, result: 'failed', reason: 'crash' }),
    ]);
    // On Postgres each has a connection of its own, and either may come first.
    assert.deepEqual(closes.toSorted(), [false, true]);
    assert.equal(await recordCallClose(store, { ...ending, reason: 'transferred' }), false);
    const call = await findCall(store, 'call-1');
    assert.equal(call?.answeredAtMs, 7);
    assert.equal(call.reason, closes[0] ? 'agent-goodbye' : 'crash');
  });

  test('a job with an older epoch can neither answer nor close the call of a later one', async () => {
    await using store = await newStore();
    await recordCallStart(store, { ...start, jobId: 'job-2', epoch: 2 });
    const answer = { callId: 'call-1', answeredAtMs: 7 };
    assert.equal(await recordCallAnswered(store, { ...answer, epoch: 1 }), false);
    assert.equal(await recordCallClose(store, { ...ending, epoch: 1 }), false);
    const open = await findCall(store, 'call-1');
    assert.partialDeepStrictEqual(open, { answeredAtMs: null, endedAtMs: null, reason: null });
    assert.equal(await recordCallAnswered(store, { ...answer, epoch: 2 }), true);
    assert.equal(await recordCallClose(store, { ...ending, epoch: 3 }), true);
    const closed = await findCall(store, 'call-1');
    assert.partialDeepStrictEqual(closed, { answeredAtMs: 7, reason: 'agent-goodbye', epoch: 2 });
  });

  test('what a later job kept of a call is not dropped by an earlier one', async () => {
    await using store = await newStore();
    await saveCallState(store, { callId: 'call-1', epoch: 2, json: '{}' });
    await dropCallState(store, 'call-1', { epoch: 1 });
    assert.equal(await readCallState(store, 'call-1'), '{}');
    await dropCallState(store, 'call-1', { epoch: 2 });
    assert.equal(await readCallState(store, 'call-1'), undefined);
  });

  test('the close of a call that never started is an error, not a success', async () => {
    await using store = await newStore();
    await assert.rejects(recordCallClose(store, ending), { code: 'STORE_FAILED' });
    assert.equal(await findCall(store, 'call-1'), undefined);
  });

  test('the open calls are those without an end, oldest first', async () => {
    await using store = await newStore();
    await recordCallStart(store, start);
    await recordCallStart(store, { ...start, callId: 'younger', startedAtMs: 2 });
    await recordCallStart(store, { ...start, callId: 'older', startedAtMs: 1 });
    await recordCallClose(store, ending);
    const open = await openCalls(store);
    assert.deepEqual(
      open.map((call) => call.callId),
      ['older', 'younger'],
    );
  });

  test('the timeline of a call is in order, and each entry keeps its data', async () => {
    await using store = await newStore();
    const note = (atMs: number, event: string, data?: unknown, callId = 'call-1') =>
      recordCallEvent(store, { callId, atMs, event, data });
    await note(20, 'call.answered');
    await note(10, 'equipment.loaded', { items: 3, source: 'store' });
    await note(10, 'session.started', null);
    await note(10, 'call.incoming', {}, 'call-2');
    assert.deepEqual(await callTimeline(store, 'call-1'), [
      { atMs: 10, event: 'equipment.loaded', data: { items: 3, source: 'store' } },
      { atMs: 10, event: 'session.started', data: null },
      { atMs: 20, event: 'call.answered', data: null },
    ]);
  });
});
