import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { runBackup } from '../../../agent/cli/backup.ts';
import { runPrivacy } from '../../../agent/cli/privacy.ts';
import {
  recordCallClose,
  recordCallEvent,
  recordCallStart,
} from '../../../agent/infra/store/calls.ts';
import { openStore, type Store } from '../../../agent/infra/store/database.ts';
import { readLedger, readLedgerCall } from '../../../agent/infra/store/ledger.ts';
import { savePhrase } from '../../../agent/infra/store/prompts.ts';
import { settleCalls } from '../../../agent/infra/store/settlement.ts';
import { addToTranscript } from '../../../agent/infra/store/transcripts.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { takeMessage } from '../../../tools/journal/journal.ts';
import { onBothDatabases, type StorePlace } from '../infra/store/both-databases.ts';
import { clock, request } from '../../tools/journal/example-booking.ts';

const startMs = Date.UTC(2026, 4, 4, 15);
const settled = { yardTime: () => ({ day: '2026-05-04', hour: 15 }), nowMs: startMs };

async function run(command: typeof runBackup, place: StorePlace, ...args: string[]) {
  let text = '';
  const store = { dataDir: place.dataDir, databaseUrl: place.databaseUrl ?? null };
  const write = (part: string) => void (text += part);
  const exitCode = await command({ store: () => store, args, write });
  return { exitCode, text };
}

async function call(store: Store, callId: string, text: string): Promise<void> {
  const number = '+15550101234';
  const start = { callId, room: 'room', callerNumber: number, jobId: null, epoch: 0 };
  await recordCallStart(store, { ...start, startedAtMs: startMs });
  const line = { atMs: startMs, untilMs: null, who: 'caller', isInterrupted: false } as const;
  await addToTranscript(store, callId, [{ kind: 'line', ...line, text }]);
  await recordCallEvent(store, { callId, atMs: startMs, event: 'call.incoming', data: { n: 1 } });
  const message = { customer: 'Bob', phone: number, text };
  await takeMessage(store, { callId, message, clock: { nowMs: () => startMs } });
  const end = { result: 'completed', reason: 'caller-hangup', endedBy: 'caller', turns: 1 };
  await recordCallClose(store, { callId, ...end, endedAtMs: startMs + 9_000, summary: {} });
  await settleCalls(store, settled);
}

onBothDatabases(({ newPlace }) => {
  test('a backup that is restored has all there was, and goes on from there', async () => {
    const place = await newPlace();
    await using store = await openStore(place);
    await call(store, 'a', 'A skid steer');
    const made = await commitBooking(store, { callId: 'a', request: request(), clock });
    assert.equal(made.kind, 'committed');
    const phrase = { key: 'k', text: 'Hello', provider: 'p', model: 'm', voice: 'v' };
    const pcm = new Uint8Array([0, 1, 254, 255]);
    await savePhrase(store, { ...phrase, sampleRateHz: 24_000, pcm, createdAtMs: 1 });
    const folder = path.join(place.dataDir, 'backup');
    assert.equal((await run(runBackup, place, '--out', folder)).exitCode, 0);
    assert.equal((await stat(path.join(folder, 'pickup.sqlite'))).mode & 0o777, 0o600);
    const again = await run(runBackup, place, '--out', folder);
    assert.equal(again.exitCode, 1);
    assert.match(again.text, /not empty/);
    assert.equal((await run(runBackup, place, '--restore', folder)).exitCode, 1);
    const fresh = await newPlace();
    assert.equal((await run(runBackup, fresh, '--restore', folder)).exitCode, 0);
    await using restored = await openStore(fresh);
    const whole = async (from: Store) => ({
      call: await readLedgerCall(from, 'a'),
      found: (await readLedger(from, { words: 'steer' })).rows.length,
      days: await from.db.selectFrom('bookedDays').selectAll().orderBy('day').execute(),
      outbox: await from.db.selectFrom('outbox').selectAll().orderBy('id').execute(),
      phrases: (await from.db.selectFrom('phrases').selectAll().execute()).map((row) => [
        ...row.pcm,
      ]),
    });
    assert.deepEqual(await whole(restored), await whole(store));
    assert.equal((await whole(restored)).found, 1);
    await call(restored, 'b', 'A mower');
    assert.equal((await readLedger(restored)).rows.length, 2);
  });

  test('a person gets all that is kept of them, and is erased, with the rows of the sheet named', async () => {
    const place = await newPlace();
    await using store = await openStore(place);
    await call(store, 'a', 'A skid steer');
    const phone = ['--phone', '555-010-1234'] as const;
    const exported = await run(runPrivacy, place, 'export', ...phone);
    assert.equal(exported.exitCode, 0);
    assert.match(exported.text, /A skid steer/);
    const erased = await run(runPrivacy, place, 'erase', ...phone);
    assert.equal(erased.exitCode, 0);
    assert.match(erased.text, /"tab": "Messages"/);
    assert.doesNotMatch(erased.text, /0101234|010-1234/);
    const after = await run(runPrivacy, place, 'export', ...phone);
    assert.doesNotMatch(after.text, /skid/);
    for (const args of [['export'], ['export', '--phone', '12'], ['burn', ...phone], ['--nope']]) {
      const { exitCode, text } = await run(runPrivacy, place, ...args);
      assert.equal(exitCode, 2, text);
    }
  });
});
