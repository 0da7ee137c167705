import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { sql } from 'kysely';
import { withoutNumber } from '../../../../agent/infra/phone-mentions.ts';
import { noteCallBack } from '../../../../agent/infra/store/call-backs.ts';
import {
  findCall,
  recordCallClose,
  recordCallEvent,
  recordCallStart,
  saveCallState,
} from '../../../../agent/infra/store/calls.ts';
import { openStore, type Store } from '../../../../agent/infra/store/database.ts';
import { readLedger, readLedgerCall } from '../../../../agent/infra/store/ledger.ts';
import { erasePerson, personKey, readPerson } from '../../../../agent/infra/store/privacy.ts';
import { sweepStore } from '../../../../agent/infra/store/retention.ts';
import { settleCalls } from '../../../../agent/infra/store/settlement.ts';
import { saveSnapshot } from '../../../../agent/infra/store/snapshots.ts';
import { addToTranscript } from '../../../../agent/infra/store/transcripts.ts';
import { takeMessage } from '../../../../tools/journal/journal.ts';
import { onBothDatabases } from './both-databases.ts';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 4, 4, 15);
const key = '5550101234';
const forms = [
  '5550101234',
  '+15550101234',
  '(555) 010-1234',
  '555.010.1234',
  '1 555 010 1234',
  '+1-555-010-1234',
  '5 5 5, 0 1 0, 1 2 3 4',
  'five five five oh one oh one two three four',
  'Triple five zero ten twelve thirty-four',
  'five fifty-five, zero one zero, one two three four',
  'one, five double five, o one o, twelve thirty four',
] as const;

test('a number is found as digits, as formatted and as spoken, and others are left alone', () => {
  for (const form of forms) {
    assert.equal(withoutNumber(`call ${form}. Bye`, key), 'call [erased]. Bye', form);
  }
  const others = [
    '5550101235',
    '555 010 12',
    'five machines for 010 days at 1234 each',
    'five five five oh one oh one two three three',
    '555 or 010 or 1234',
  ];
  for (const text of others) assert.equal(withoutNumber(text, key), null, text);
  assert.equal(personKey('(555) 010-1234'), key);
  assert.equal(personKey('0101'), null);
});

async function call(store: Store, callId: string, number: string, text: string): Promise<void> {
  const start = { callId, callerNumber: number, jobId: null, epoch: 0, startedAtMs: nowMs };
  await recordCallStart(store, { ...start, room: `call_${number}_x${callId}` });
  const line = { atMs: nowMs, untilMs: null, who: 'caller', isInterrupted: false } as const;
  await addToTranscript(store, callId, [{ kind: 'line', ...line, text }]);
  await recordCallEvent(store, { callId, atMs: nowMs, event: 'call.noted', data: { text } });
  const message = { customer: 'Bob', phone: number, text };
  await takeMessage(store, { callId, message, clock: { nowMs: () => nowMs } });
  const end = { result: 'completed', reason: 'caller-hangup', endedBy: 'caller', turns: 1 };
  await recordCallClose(store, { callId, ...end, endedAtMs: nowMs + 9_000, summary: { text } });
}

const yardTime = () => ({ day: '2026-05-04', hour: 15 });
const settle = (store: Store) => settleCalls(store, { yardTime, nowMs, limit: 500 });

async function booking(store: Store, bookingId: string, phone: string): Promise<void> {
  const row = {
    bookingId,
    idempotencyKey: `key-${bookingId}`,
    callId: 'x',
    itemId: 'M1',
    itemName: 'Mower',
    startDay: '2026-05-05',
    endDay: '2026-05-06',
    customer: 'Bob',
    phone,
    phoneKey: phone.replace(/\D/g, '').slice(-10),
    callerKey: phone.replace(/\D/g, '').slice(-10),
    totalCents: 100,
    state: 'confirmed',
    conflict: null,
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    sentAtMs: null,
    superseded: JSON.stringify([{ phone }]),
    resolvedAtMs: null,
    offRentCode: null,
    continues: null,
    details: JSON.stringify({ notes: `ring ${phone}` }),
  } as const;
  await store.db.insertInto('bookings').values(row).execute();
}

/** All bytes of the store's folder, or all that Postgres has in its tables. */
async function everything(store: Store, dataDir: string): Promise<string> {
  if (store.dialect === 'postgres') {
    const tables = await sql<{ name: string }>`
      select table_name as name from information_schema.tables
      where table_schema = current_schema()`.execute(store.db);
    const texts = tables.rows.map(async ({ name }) => {
      const { rows } = await sql`select * from ${sql.table(name)}`.execute(store.db);
      return JSON.stringify(rows);
    });
    return (await Promise.all(texts)).join('\n');
  }
  const files = await readdir(dataDir);
  const bytes = files.map((file) => readFile(path.join(dataDir, file), 'latin1'));
  return (await Promise.all(bytes)).join('\n');
}

onBothDatabases(({ dialect, newPlace }) => {
  test('nothing of an erased number is found, in whatever form and place it stood', async () => {
    const place = await newPlace();
    await using store = await openStore(place);
    let n = 0;
    const run = async (form: string, spoken: string, padding: string) => {
      n += 1;
      const [own, other] = [`own-${n}`, `other-${n}`];
      await call(store, own, '+15550101234', `${padding} it is ${form}`);
      await call(store, other, '+15550107777', `${padding} ask for ${form}, ${spoken} I mean`);
      await booking(store, `B${n}`, '(555) 010-1234');
      await saveCallState(store, {
        callId: other,
        epoch: 1,
        json: JSON.stringify({ form, spoken }),
      });
      await saveSnapshot(store, { name: `list-${n}`, json: { rows: [form] }, savedAtMs: nowMs });
      const need = { callId: other, day: `d${n}`, customer: null, reason: 'message' } as const;
      await noteCallBack(store, { ...need, phone: '5550107777', wish: spoken, atMs: nowMs });
      await settle(store);
      const erased = await erasePerson(store, key);
      assert.equal(erased.calls, 1);
      const left = await everything(store, place.dataDir);
      for (const text of [...forms, form, spoken]) {
        assert.equal(left.includes(text), false, `${text} is left`);
      }
      assert.equal((await findCall(store, own))?.callerNumberMasked, null);
      const kept = await readLedgerCall(store, other);
      assert.match(kept?.transcript.lines[0]?.text ?? '', /ask for \[erased\]/);
      const found = await readLedger(store, { words: 'mean' });
      assert.ok(
        found.rows.some(({ callId }) => callId === other),
        'other words are found',
      );
      const person = await readPerson(store, key);
      assert.deepEqual(Object.values(person).flat(), []);
    };
    const anyForm = fc.constantFrom(...forms);
    // Long texts move to pages of their own.
    const anyPadding = fc
      .integer({ min: 0, max: 6_000 })
      .map((length) => 'mower '.repeat(length / 6));
    const property = fc.asyncProperty(anyForm, anyForm, anyPadding, run);
    await fc.assert(property, { numRuns: dialect === 'sqlite' ? 8 : 3, seed: 1 });
  });

  test('a number is exported whole, and erased from rows that have its hash alone', async () => {
    await using store = await openStore(await newPlace());
    await call(store, 'old', '+15550101234', 'A mower');
    await call(store, 'else', '+15550107777', 'A lift');
    await settle(store);
    const before = await readPerson(store, key);
    assert.equal(before.calls[0]?.transcript.lines[0]?.text, 'A mower');
    assert.equal(before.callBacks.length, 1);
    const swept = await sweepStore(store, nowMs + 91 * dayMs);
    assert.partialDeepStrictEqual(swept, { transcripts: 2, events: 2, numbers: 2, calls: 0 });
    const hashed = await readPerson(store, key);
    assert.deepEqual(
      hashed.calls.map(({ callId, phone, lastDigits }) => [callId, phone, lastDigits]),
      [['old', null, '1234']],
    );
    assert.equal(hashed.calls[0]?.room.includes('5550101'), false);
    assert.deepEqual((await readLedger(store, { words: 'mower' })).rows, []);
    assert.equal((await erasePerson(store, key)).calls, 1);
    assert.deepEqual((await readPerson(store, key)).calls, []);
    assert.equal((await readPerson(store, '5550107777')).calls.length, 1);
  });

  test('a sweep removes each class when its time is over, and nothing before', async () => {
    await using store = await openStore(await newPlace());
    for (let n = 0; n < 3; n += 1) await call(store, `c${n}`, '+15550101234', 'A mower');
    await settle(store);
    await saveCallState(store, { callId: 'c1', epoch: 1, json: '{}' });
    const none = { transcripts: 0, events: 0, numbers: 0, calls: 0, callBacks: 0, states: 0 };
    const first = await sweepStore(store, nowMs + 89 * dayMs);
    assert.deepEqual(first, { ...none, states: 1, leases: 0 });
    const second = await sweepStore(store, nowMs + 91 * dayMs);
    assert.deepEqual(second, {
      ...none,
      transcripts: 3,
      events: 3,
      numbers: 3,
      callBacks: 1,
      leases: 0,
    });
    const third = await sweepStore(store, nowMs + 401 * dayMs);
    assert.deepEqual(third, { ...none, calls: 3, leases: 0 });
    const messages = await store.db.selectFrom('messages').selectAll().execute();
    assert.equal(messages.length, 3);
  });

  if (dialect === 'sqlite') {
    test('the file and its folder are for nobody else to read', async () => {
      const { dataDir } = await newPlace();
      const made = path.join(dataDir, 'data');
      await using store = await openStore({ dataDir: made });
      await settle(store);
      const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);
      assert.equal(await modeOf(made), '700');
      for (const file of await readdir(made)) {
        assert.equal(await modeOf(path.join(made, file)), '600', file);
      }
    });
  }
});
