import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { recordCallStart } from '../../../agent/infra/store/calls.ts';
import { openStore, type Store } from '../../../agent/infra/store/database.ts';
import { countDay } from '../../../agent/infra/store/digest.ts';
import { addToTranscript } from '../../../agent/infra/store/transcripts.ts';
import { DigestSender } from '../../../agent/supervisor/digest-sender.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import { request } from '../../tools/journal/example-booking.ts';
import { end, ring } from '../desk/desk-example.ts';
import { onBothDatabases } from '../infra/store/both-databases.ts';
import { alertSecret, receiveAlerts } from '../telemetry/alert-receiver.ts';

const zone = 'America/Chicago';
const dayMs = 86_400_000;
/** Wednesday, 10 in the morning by the yard. */
const yesterdayMs = Date.UTC(2026, 4, 6, 15);
const todayMs = yesterdayMs + dayMs;

/** A day with a quote, a booking, a caller who met a fault, one who gave up and a test. */
async function fillDay(store: Store, atMs = yesterdayMs): Promise<void> {
  const number = (nth: number) => `+1312555010${nth}`;
  const call = async (nth: number, result: string, reason: string, answeredMs?: number) => {
    const callId = `${atMs}-${nth}`;
    const of = { callId, atMs: atMs + nth * 60_000, number: number(nth) };
    await ring(store, answeredMs === undefined ? of : { ...of, answeredMs });
    return { callId, end: () => end(store, { callId, atMs: of.atMs + 50_000, result, reason }) };
  };
  const good = await call(1, 'completed', 'caller-hangup', 900);
  for (const total of ['$300', '$1,250.50']) {
    const quote = { say: `It comes to ${total}.`, quotes: [{ total }] };
    await addToTranscript(store, good.callId, [
      {
        kind: 'tool',
        tool: 'quote_rental',
        atMs,
        args: {},
        result: JSON.stringify(quote),
        durationMs: 3,
        ok: true,
      },
    ]);
  }
  const made = await commitBooking(store, {
    callId: good.callId,
    request: request({ itemId: `EX-${atMs}` }),
    clock: { nowMs: () => atMs },
  });
  assert.equal(made.kind, 'committed');
  await good.end();
  await (await call(2, 'failed', 'crash', 900)).end();
  await (await call(3, 'caller', 'cancelled-while-ringing')).end();
  await recordCallStart(store, {
    callId: `${atMs}-test`,
    room: 'r',
    callerNumber: null,
    startedAtMs: atMs,
    jobId: null,
    epoch: 1,
    isTest: true,
  });
  await end(store, { callId: `${atMs}-test`, atMs: atMs + 1_000 });
}

async function tempStore(t: TestContext): Promise<Store> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-digest-'));
  const store = await openStore({ databaseUrl: null, dataDir });
  t.after(async () => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return store;
}

function sender(store: Store, url: string, clock: { nowMs: number }) {
  const { log, lines } = recordedLog();
  const digest = new DigestSender({
    receiver: { url, secret: alertSecret },
    store,
    log,
    timeZone: () => zone,
    nowMs: () => clock.nowMs,
    backOff: { initialMs: 60_000, multiplier: 1, maxMs: 60_000, jitter: 0 },
  });
  return { digest, lines };
}

onBothDatabases(({ newStore }) => {
  test('a day is counted: calls, what was booked and quoted, and what went wrong', async () => {
    await using store = await newStore();
    await fillDay(store);
    await fillDay(store, yesterdayMs - dayMs);
    const counts = await countDay(store, '2026-05-06');
    assert.partialDeepStrictEqual(counts, {
      outcomes: { answered: 1, failed: 1, abandoned: 1 },
      bookings: 1,
      quotedCents: 125_050,
      // Those of both days: the numbers are the same, the days are not.
      callBacksOpen: 4,
    });
    assert.ok(counts.bookedCents > 0);
    assert.equal(counts.wrong['failed: crash'], 1);
  });
});

test('the day before is told of in the morning, once, whichever process is up', async (t) => {
  const store = await tempStore(t);
  await fillDay(store);
  await using receiver = await receiveAlerts();
  const clock = { nowMs: todayMs - 4 * 3_600_000 };
  const [one, two] = [sender(store, receiver.url, clock), sender(store, receiver.url, clock)];
  await one.digest.look();
  assert.deepEqual(
    receiver.deliveries.map(({ id }) => id),
    ['digest_2026-05-05'],
    'at six in the morning yesterday is still to come',
  );
  clock.nowMs = todayMs;
  await Promise.all([one.digest.look(), two.digest.look()]);
  await Promise.all([one.digest.look(), two.digest.look()]);
  const [, told, ...more] = receiver.deliveries;
  assert.deepEqual(more, []);
  assert.equal(told?.id, 'digest_2026-05-06');
  assert.partialDeepStrictEqual(told?.body, {
    type: 'pickup.digest',
    data: { day: '2026-05-06', zone, calls: 3, answered: 1, missed: 2, bookings: 1 },
  });
  assert.match(JSON.stringify(told?.body), /Calls: 3, answered 1, missed 2/);
  assert.doesNotMatch(JSON.stringify(told?.body), /555/, 'nobody is named');
});

test('what was missed while all was down is told of after the next start, three days at most', async (t) => {
  const store = await tempStore(t);
  await using receiver = await receiveAlerts();
  const clock = { nowMs: todayMs };
  await sender(store, receiver.url, clock).digest.look();
  clock.nowMs += 2 * dayMs;
  await sender(store, receiver.url, clock).digest.look();
  clock.nowMs += 30 * dayMs;
  await sender(store, receiver.url, clock).digest.look();
  assert.deepEqual(
    receiver.deliveries.map(({ id }) => id.slice(-5)),
    ['05-06', '05-07', '05-08', '06-05', '06-06', '06-07'],
  );
});

test('a receiver that is away gets it later, under the same id', async (t) => {
  const store = await tempStore(t);
  await using receiver = await receiveAlerts([503]);
  const clock = { nowMs: todayMs };
  const { digest, lines } = sender(store, receiver.url, clock);
  await digest.look();
  await digest.look();
  assert.equal(receiver.deliveries.length, 1, 'not before its time');
  clock.nowMs += 61_000;
  await digest.look();
  const ids = receiver.deliveries.map(({ id }) => id);
  assert.deepEqual(ids, ['digest_2026-05-06', 'digest_2026-05-06']);
  assert.deepEqual(
    lines.map(({ event }) => event),
    ['digest.failed', 'digest.sent'],
  );
});
