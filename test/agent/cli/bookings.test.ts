import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runBookings } from '../../../agent/cli/bookings.ts';
import { openStore } from '../../../agent/infra/store/database.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { cancelBooking, takeMessage } from '../../../tools/journal/journal.ts';
import { callOffRent } from '../../../tools/journal/off-rent.ts';
import { readDue, settle, takeRetry, type Outcome } from '../../../tools/journal/outbox.ts';
import { onBothDatabases, type StorePlace } from '../infra/store/both-databases.ts';
import { clock, request } from '../../tools/journal/example-booking.ts';
import { nowMs } from '../../tools/yard/example-yard.ts';

async function run(place: StorePlace, ...args: string[]) {
  let text = '';
  const store = { dataDir: place.dataDir, databaseUrl: place.databaseUrl ?? null };
  const write = (part: string) => void (text += part);
  const exitCode = await runBookings({ store: () => store, args, write, nowMs });
  return { exitCode, text };
}

function lines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** One booking of each kind, and a message. */
async function fill(place: StorePlace) {
  await using store = await openStore(place);
  const codes: string[] = [];
  const outcomes: (Outcome | null)[] = [
    null,
    { state: 'conflict', reason: 'rented', isInSheet: false },
    { state: 'confirmed' },
  ];
  for (const [index, outcome] of outcomes.entries()) {
    const of = request({ itemId: `EX-${index}`, customer: index === 0 ? 'Ann\u009b2J' : 'Ben' });
    const made = await commitBooking(store, { callId: 'call-1', request: of, clock });
    if (made.kind === 'refused') assert.fail('refused');
    codes.push(made.bookings[0]?.bookingId ?? '');
    const due = await readDue(store, { nowMs, limit: 10 });
    const [last] = due.bookings.slice(-1);
    if (outcome && last) await settle(store, last, { outcome, nowMs });
  }
  const message = { customer: 'Cleo', phone: null, text: 'Please call back.' };
  const { code } = await takeMessage(store, { callId: 'call-1', message, clock });
  const [pending = '', conflict = '', confirmed = ''] = codes;
  return { pending, conflict, confirmed, message: code };
}

onBothDatabases(({ newPlace }) => {
  test('shows where each rental is, and the numbers of those called off rent', async () => {
    const place = await newPlace();
    const { confirmed } = await fill(place);
    await using store = await openStore(place);
    const asked = { customer: 'Ben', phone: '+15550142', note: 'Mill Road' };
    const rentals = ['sheet ["R-1042","EX-9","2026-11-20"]', confirmed].map((rentalKey) => {
      return { rentalKey, itemId: 'EX-2', itemName: 'Mini Excavator' };
    });
    const { code } = await callOffRent(store, {
      callId: 'call-2',
      request: { ...asked, rentals },
      clock,
    });
    const json = lines((await run(place, '--json')).text);
    assert.partialDeepStrictEqual(
      json.filter(({ kind }) => kind === 'off-rent'),
      [
        { code, rental: confirmed, itemId: 'EX-2' },
        { code, rental: 'R-1042' },
      ],
    );
    const row = json.find((line) => line['code'] === confirmed);
    assert.deepEqual([row?.['rental'], row?.['offRent']], ['off-rent-called', code]);
    const { text } = await run(place);
    assert.match(text, new RegExp(`Called off rent: 2\n.*\n +${code} .*Mini Excavator`));
    assert.match(text, new RegExp(`${confirmed} +off-rent-called`));
  });

  test('lists what waits, whom to call back, what was booked lately, and messages', async () => {
    const place = await newPlace();
    assert.match((await run(place)).text, /Not in the sheet yet: none/);
    const codes = await fill(place);
    const { exitCode, text } = await run(place);
    assert.equal(exitCode, 0);
    const sections = text.split('\n\n').map((section) => section.split('\n'));
    assert.deepEqual(
      sections.slice(0, 4).map(([title, , row]) => [title, row?.trim().split(/\s/)[0]]),
      [
        ['Not in the sheet yet: 1', codes.pending],
        ['To be called back: 1', codes.conflict],
        ['Of the last seven days: 1', codes.confirmed],
        ['Messages: 1', codes.message],
      ],
    );
    assert.match(text, /conflict: rented/);
    assert.ok(!text.includes('\u009b'), 'nothing that moves the cursor');
  });

  test('what was cancelled waits for the sheet too, and a message says whether it is there', async () => {
    const place = await newPlace();
    const { confirmed, pending } = await fill(place);
    {
      await using store = await openStore(place);
      await cancelBooking(store, { code: confirmed, today: '2026-11-22', clock });
    }
    const { text } = await run(place);
    const [waiting = ''] = text.split('\n\n');
    assert.match(waiting, /^Not in the sheet yet: 2/);
    assert.match(waiting, new RegExp(`${confirmed} +cancelled`));
    assert.match(waiting, new RegExp(`${pending} +pending`));
    assert.match(text, /\(not in the sheet yet\) Please call back/);
  });

  test('with --json: one object a line, every field there', async () => {
    const place = await newPlace();
    const codes = await fill(place);
    const [pending, conflict, confirmed, message] = lines((await run(place, '--json')).text);
    assert.equal(confirmed?.['code'], codes.confirmed);
    assert.deepEqual(conflict, {
      kind: 'booking',
      code: codes.conflict,
      state: 'conflict',
      rental: 'conflict',
      offRent: null,
      continues: null,
      conflict: 'rented',
      itemId: 'EX-1',
      item: 'Mini Excavator',
      start: '2026-12-01',
      end: '2026-12-03',
      customer: 'Ben',
      phone: '+15550142',
      totalCents: 75_000,
      currency: 'USD',
      createdAt: '2026-11-22T20:00:00.000Z',
      resolvedAt: null,
      callId: 'call-1',
    });
    assert.deepEqual([pending?.['state'], pending?.['conflict']], ['pending', null]);
    assert.deepEqual([message?.['kind'], message?.['deliveredAt']], ['message', null]);
  });

  test('--resolve takes a conflict and a message off the list of what is to be done', async () => {
    const place = await newPlace();
    const codes = await fill(place);
    for (const code of [codes.conflict, codes.message]) {
      assert.equal((await run(place, '--resolve', code.toLowerCase())).exitCode, 0);
    }
    assert.match((await run(place)).text, /To be called back: none/);
    assert.match((await run(place)).text, /\(resolved\) \(not in the sheet yet\) Please call back/);
    const unknown = await run(place, '--resolve', codes.pending, '--json');
    assert.equal(unknown.exitCode, 1);
    assert.deepEqual(lines(unknown.text), [{ ok: false, code: codes.pending }]);
  });

  test('--retry is heard by the writer, once', async () => {
    const place = await newPlace();
    await fill(place);
    assert.equal((await run(place, '--retry')).exitCode, 0);
    await using store = await openStore(place);
    assert.equal(await takeRetry(store), true);
    assert.equal(await takeRetry(store), false);
  });
});

test('an option that there is not is answered in one line that names it', async () => {
  const { exitCode, text } = await run({ dataDir: '/nowhere' }, '--nonsense');
  assert.equal(exitCode, 2);
  assert.match(text, /^Unknown option '--nonsense'.*--help.*\n$/);
});
