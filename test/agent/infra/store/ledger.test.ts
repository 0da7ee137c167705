import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  openCallBacks,
  phoneKeyOf,
  readAudits,
  settleCallBack,
} from '../../../../agent/infra/store/call-backs.ts';
import {
  recordCallAnswered,
  recordCallClose,
  recordCallStart,
} from '../../../../agent/infra/store/calls.ts';
import type { Store } from '../../../../agent/infra/store/database.ts';
import {
  bookingsByDay,
  liveCalls,
  readFigures,
  readLedger,
  readLedgerCall,
  type LedgerFilter,
} from '../../../../agent/infra/store/ledger.ts';
import { settleCalls } from '../../../../agent/infra/store/settlement.ts';
import { addToTranscript } from '../../../../agent/infra/store/transcripts.ts';
import { takeMessage } from '../../../../tools/journal/journal.ts';
import { onBothDatabases } from './both-databases.ts';

const dayMs = 86_400_000;
const startMs = Date.UTC(2026, 4, 4, 15);

const yardTime = (atMs: number) => {
  const iso = new Date(atMs).toISOString();
  return { day: iso.slice(0, 10), hour: Number(iso.slice(11, 13)) };
};

type Ring = {
  readonly callId: string;
  readonly atMs?: number;
  readonly number?: string | null;
  readonly answered?: boolean;
  readonly result?: string;
  readonly reason?: string;
  readonly lengthMs?: number;
  readonly summary?: Readonly<Record<string, unknown>>;
  readonly said?: string;
  readonly message?: string;
  readonly kind?: 'urgent' | 'call-back' | 'put-through';
  readonly isTest?: boolean;
};

async function ring(store: Store, call: Ring): Promise<void> {
  const { callId, atMs = startMs, number = '+15550101234', lengthMs = 60_000 } = call;
  const { result = 'completed', reason = 'caller-hangup', summary = {}, isTest = false } = call;
  const row = { callId, room: `room-${callId}`, callerNumber: number, jobId: null, epoch: 0 };
  await recordCallStart(store, { ...row, startedAtMs: atMs, isTest });
  if (call.answered ?? true) {
    await recordCallAnswered(store, { callId, answeredAtMs: atMs + 500, epoch: 0 });
  }
  if (call.said !== undefined) {
    const line = { atMs, untilMs: null, who: 'caller', isInterrupted: false } as const;
    await addToTranscript(store, callId, [{ kind: 'line', ...line, text: call.said }]);
  }
  if (call.message !== undefined) {
    const { kind } = call;
    const message = { customer: 'Bob', phone: number, text: call.message, ...(kind && { kind }) };
    await takeMessage(store, { callId, message, clock: { nowMs: () => atMs } });
  }
  const ending = { callId, result, reason, endedBy: null, turns: 2, summary };
  await recordCallClose(store, { ...ending, endedAtMs: atMs + lengthMs });
}

const settleAll = (store: Store, nowMs = startMs + dayMs / 2) =>
  settleCalls(store, { yardTime, nowMs, limit: 500 });

async function found(store: Store, filter: LedgerFilter): Promise<readonly string[]> {
  const { rows } = await readLedger(store, filter);
  return rows.map(({ callId }) => callId).toSorted();
}

/** Call-backs that were settled, newest first. */
function settledCallBacks({ db }: Store) {
  return db
    .selectFrom('callBacks')
    .selectAll()
    .where('state', '<>', 'open')
    .orderBy('settledAtMs', 'desc')
    .execute();
}

test('a number is the same with and without country code and extension', () => {
  for (const written of ['+13125550142', '(312) 555-0142', '+13125550142;ext=12']) {
    assert.equal(phoneKeyOf(written), '3125550142');
  }
  assert.equal(phoneKeyOf('anonymous'), null);
});

onBothDatabases(({ newStore }) => {
  test('every ring that is over gets its place in the ledger, once', async () => {
    await using store = await newStore();
    const cancelled = {
      answered: false,
      result: 'caller',
      reason: 'cancelled-while-ringing',
    } as const;
    await ring(store, { callId: 'talked', summary: { packetsIn: 900 } });
    await ring(store, { callId: 'gone-at-once', ...cancelled, lengthMs: 4_999 });
    await ring(store, { callId: 'gone-later', ...cancelled, lengthMs: 5_000 });
    await ring(store, { callId: 'full', result: 'failed', reason: 'overflow' });
    await ring(store, { callId: 'flood', result: 'caller', reason: 'overflow' });
    await ring(store, { callId: 'blocked', result: 'caller', reason: 'blocked', answered: false });
    await ring(store, { callId: 'crashed', result: 'failed', reason: 'crash' });
    await ring(store, { callId: 'deaf', summary: { packetsIn: 0 } });
    await ring(store, { callId: 'cut', result: 'upstream', reason: 'media-lost' });
    await ring(store, { callId: 'nobody-knows', result: 'unknown', reason: 'unattributed' });
    await ring(store, { callId: 'own', isTest: true });
    const settled = await Promise.all([settleAll(store), settleAll(store)]);
    assert.deepEqual(Object.fromEntries(settled.flat().map((one) => [one.callId, one.outcome])), {
      talked: 'answered',
      'gone-at-once': 'short-abandon',
      'gone-later': 'abandoned',
      full: 'overflow',
      flood: 'refused',
      blocked: 'refused',
      crashed: 'failed',
      deaf: 'no-audio',
      cut: 'dropped',
      'nobody-knows': 'dropped',
      own: 'test',
    });
    assert.equal(settled.flat().length, 11);
    assert.deepEqual(await settleAll(store), []);
    const { byPeriod, byHour } = await readFigures(store, ['2026-05-04']);
    const counted = byPeriod.filter(({ measure }) => measure === 'outcome');
    const sum = (figures: readonly { readonly calls: number }[]) =>
      figures.reduce((all, { calls }) => all + calls, 0);
    assert.equal(sum(counted), 10);
    assert.equal(sum(byHour), 10);
  });

  test('figures are counted by day or month, outcomes by hour, and the cost in cents', async () => {
    await using store = await newStore();
    const atMs = [startMs, startMs + 3_600_000, startMs + dayMs];
    for (const [nth, at] of atMs.entries()) {
      const summary = { answerToFirstWordMs: 400, costUsd: 0.05 };
      await ring(store, { callId: `c-${nth}`, atMs: at, summary });
    }
    await settleAll(store);
    const read = async (measure: string, ...periods: readonly string[]) =>
      (await readFigures(store, periods)).byPeriod
        .filter((figure) => figure.measure === measure)
        .map(({ period, value, calls }) => [period, value, calls]);
    const days = ['2026-05-04', '2026-05-05'];
    assert.deepEqual(await read('outcome', '2026-05'), [['2026-05', 'answered', 3]]);
    assert.deepEqual(await read('cost', ...days), [
      ['2026-05-04', '5', 2],
      ['2026-05-05', '5', 1],
    ]);
    assert.deepEqual(await read('first-word', ...days), [
      ['2026-05-04', '400', 2],
      ['2026-05-05', '400', 1],
    ]);
    const { byHour } = await readFigures(store, days);
    assert.equal(byHour.length, 2);
  });

  test('a live call is in the ledger from its ring, and on the list of live ones till its end', async () => {
    await using store = await newStore();
    const row = { callId: 'live', room: 'r', callerNumber: '+15550109999', jobId: 'j', epoch: 1 };
    await recordCallStart(store, { ...row, startedAtMs: startMs });
    const [live] = await liveCalls(store);
    assert.equal(live?.lastDigits, '9999');
    assert.equal((await readLedger(store)).rows[0]?.outcome, null);
    await ring(store, { callId: 'live' });
    assert.deepEqual(await liveCalls(store), []);
  });

  test('the ledger is filtered by each of its columns, by digits and by words', async () => {
    await using store = await newStore();
    const slow = { latencyP50Ms: 900, latencyP95Ms: 3_000, talkMs: 50_000 };
    await ring(store, { callId: 'a', said: 'I need a skid steer for Monday', summary: slow });
    await ring(store, {
      callId: 'b',
      atMs: startMs + 1,
      number: '+1 (555) 010-7734',
      said: 'Tell Bob about the skid plate',
      message: 'Call me about the mower',
      summary: { latencyP95Ms: 800, talkMs: 9_000 },
    });
    await ring(store, { callId: 'c', atMs: startMs + 2, number: null, reason: 'transferred' });
    await settleAll(store);
    const cases: readonly (readonly [LedgerFilter, readonly string[]])[] = [
      [{}, ['a', 'b', 'c']],
      [{ sinceMs: startMs + 1, untilMs: startMs + 2 }, ['b']],
      [{ outcome: 'answered', reason: 'transferred' }, ['c']],
      [{ result: 'failed' }, []],
      [{ lastDigits: '1234' }, ['a']],
      [{ lastDigits: '734' }, ['b']],
      [{ lastDigits: '4' }, ['a', 'b']],
      [{ lastDigits: '555 010 7734' }, ['b']],
      [{ lastDigits: '556 010 7734' }, []],
      [{ hasMessage: true }, ['b']],
      [{ hasMessage: false }, ['a', 'c']],
      [{ hasBooking: true }, []],
      [{ isSlow: true }, ['a']],
      [{ isSilent: true }, []],
      [{ minTalkMs: 10_000 }, ['a']],
      [{ maxTalkMs: 10_000 }, ['b']],
      [{ words: 'skid' }, ['a', 'b']],
      [{ words: 'STEER skid' }, ['a']],
      [{ words: '"skid OR -plate*' }, []],
      [{ words: "bob's" }, []],
      [{ words: '!?' }, ['a', 'b', 'c']],
    ];
    for (const [filter, ids] of cases) {
      assert.deepEqual(await found(store, filter), ids, JSON.stringify(filter));
    }
  });

  test('pages follow each other though calls came in one millisecond, and more come meanwhile', async () => {
    await using store = await newStore();
    for (const name of ['e', 'd', 'c', 'b', 'a']) await ring(store, { callId: name });
    const first = await readLedger(store, {}, { limit: 2 });
    await ring(store, { callId: 'later', atMs: startMs + 5 });
    const second = await readLedger(store, {}, { cursor: first.next, limit: 2 });
    const third = await readLedger(store, {}, { cursor: second.next, limit: 2 });
    const ids = [first, second, third].map(({ rows }) => rows.map(({ callId }) => callId));
    assert.deepEqual(ids, [['e', 'd'], ['c', 'b'], ['a']]);
    assert.equal(third.next, null);
    const nonsense = await readLedger(store, {}, { cursor: 'nonsense', limit: 1 });
    assert.equal(nonsense.rows[0]?.callId, 'later');
  });

  test('a call is read with all that is kept of it', async () => {
    await using store = await newStore();
    await ring(store, { callId: 'a', said: 'A mower please', message: 'A mower' });
    await addToTranscript(store, 'a', [
      {
        kind: 'turn',
        atMs: startMs + 2_000.4,
        heardMs: 200,
        endOfTurnMs: 500,
        firstTokenMs: 900,
        firstByteMs: 1_100,
        firstSoundMs: 7_000,
        listAgeMs: 3_000,
      },
      {
        kind: 'tool',
        atMs: startMs + 2_500,
        tool: 'find_equipment',
        args: { query: 'mower' },
        result: 'None is free.',
        durationMs: 4,
        ok: true,
      },
    ]);
    await settleAll(store);
    const call = await readLedgerCall(store, 'a');
    assert.equal(call?.longestWaitMs, 7_000);
    assert.equal(call.isSilent, true);
    assert.equal(call.transcript.lines[0]?.text, 'A mower please');
    assert.equal(call.transcript.turns[0]?.firstTokenMs, 900);
    assert.deepEqual(call.transcript.tools[0]?.args, { query: 'mower' });
    assert.equal(call.messages.length, 1);
    assert.equal(call.callBacks[0]?.wish, 'A mower');
    assert.equal(await readLedgerCall(store, 'b'), undefined);
  });

  test('a number is called back once a day, for the worst reason, until it is answered well', async () => {
    await using store = await newStore();
    const gaveUp = {
      answered: false,
      result: 'caller',
      reason: 'cancelled-while-ringing',
      lengthMs: 20_000,
    } as const;
    await ring(store, { callId: '1', message: 'Is the mower back?' });
    await ring(store, { callId: '2', atMs: startMs + 90_000, result: 'failed', reason: 'crash' });
    await ring(store, { callId: '3', atMs: startMs + 180_000, ...gaveUp });
    await ring(store, { callId: '4', number: '5550109999', ...gaveUp });
    await settleAll(store);
    const open = await openCallBacks(store);
    assert.deepEqual(
      open.map(({ reason, tries, wish, phone }) => ({ reason, tries, wish, phone })),
      [
        { reason: 'failed', tries: 3, wish: 'Is the mower back?', phone: '+15550101234' },
        { reason: 'abandoned', tries: 1, wish: null, phone: '5550109999' },
      ],
    );
    await ring(store, { callId: '5', atMs: startMs + 600_000, number: '(555) 010-1234' });
    await ring(store, {
      callId: '6',
      atMs: startMs + 600_000,
      number: '5550109999',
      reason: 'crash',
      result: 'failed',
    });
    await settleAll(store);
    const after = await openCallBacks(store);
    assert.deepEqual(
      after.map(({ reason }) => reason),
      ['failed'],
    );
    const [answered] = await settledCallBacks(store);
    assert.equal(answered?.state, 'answered');
  });

  test('a message is what its writer says, whatever its words', async () => {
    await using store = await newStore();
    const settled = async (message: string, kind?: Ring['kind']) => {
      const callId = `${message} ${kind}`;
      const number = `+1555010${String(1_000 + callId.length)}`;
      await ring(store, { callId, number, message, ...(kind && { kind }) });
      await settleAll(store);
      const open = await openCallBacks(store);
      const item = open.find((one) => one.callId === callId);
      return item && [item.reason, item.wish];
    };
    const words = 'Please call back about the urgent order';
    assert.deepEqual(await settled(words), ['message', words]);
    assert.deepEqual(await settled('Urgently needs a lift'), ['message', 'Urgently needs a lift']);
    assert.deepEqual(await settled('All lines were busy.', 'call-back'), ['apology', null]);
    assert.deepEqual(await settled('A lift tipped over', 'urgent'), [
      'emergency',
      'A lift tipped over',
    ]);
    assert.equal(await settled('Wants the yard manager', 'put-through'), undefined);
  });

  test('what a person settles stays settled, with who and why, and its messages with it', async () => {
    await using store = await newStore();
    await ring(store, { callId: '1', message: 'URGENT: smoke from the lift', kind: 'urgent' });
    await settleAll(store);
    const [open] = await openCallBacks(store);
    assert.equal(open?.reason, 'emergency');
    // A later talk that ends well settles no emergency.
    await ring(store, { callId: '2', atMs: startMs + 600_000 });
    await settleAll(store);
    assert.equal((await openCallBacks(store)).length, 1);
    const done = {
      id: open.id,
      state: 'done',
      note: 'Sent a van',
      by: 'Ann',
      atMs: startMs + 700_000,
    } as const;
    assert.equal(await settleCallBack(store, done), true);
    assert.equal(await settleCallBack(store, { ...done, state: 'dismissed', by: 'Joe' }), false);
    assert.deepEqual(await openCallBacks(store), []);
    const [settled] = await settledCallBacks(store);
    assert.equal(settled?.settledBy, 'Ann');
    assert.equal((await readLedgerCall(store, '1'))?.messages[0]?.resolvedAtMs, startMs + 700_000);
    assert.equal((await readAudits(store))[0]?.madeBy, 'Ann');
  });

  test('the bookings of a span of days are those that hold a machine on one of them', async () => {
    await using store = await newStore();
    const booking = (
      bookingId: string,
      [startDay, endDay]: readonly [string, string],
      state: 'pending' | 'cancelled' = 'pending',
    ) => ({
      bookingId,
      startDay,
      endDay,
      state,
      idempotencyKey: null,
      callId: 'a',
      itemId: 'M1',
      itemName: 'Mower',
      customer: 'Bob',
      phone: '5550101234',
      phoneKey: '5550101234',
      callerKey: null,
      totalCents: 100,
      conflict: null,
      createdAtMs: 1,
      changedAtMs: 1,
      sentAtMs: null,
      superseded: null,
      resolvedAtMs: null,
      offRentCode: null,
      continues: null,
      details: null,
    });
    const rows = [
      booking('before', ['2026-05-01', '2026-05-03']),
      booking('into', ['2026-05-01', '2026-05-04']),
      booking('over', ['2026-05-02', '2026-05-20']),
      booking('gone', ['2026-05-05', '2026-05-05'], 'cancelled'),
      booking('out-of', ['2026-05-10', '2026-05-12']),
      booking('after', ['2026-05-11', '2026-05-12']),
    ];
    await store.db.insertInto('bookings').values(rows).execute();
    const held = await bookingsByDay(store, { from: '2026-05-04', to: '2026-05-10' });
    assert.deepEqual(
      held.map(({ bookingId }) => bookingId),
      ['into', 'over', 'out-of'],
    );
  });
});
