import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { sql } from 'kysely';
import { openStore, type Store } from '../../../agent/infra/store/database.ts';
import type { BookingLine, BookingRequest } from '../../../tools/journal/booking-service.ts';
import { changeBooking } from '../../../tools/journal/change-booking.ts';
import { countMisses, noteMiss } from '../../../tools/journal/lookup-misses.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import {
  cancelBooking,
  findBooking,
  findBookings,
  readLines,
  takeMessage,
} from '../../../tools/journal/journal.ts';
import { moveBookings } from '../../../tools/journal/staff-changes.ts';
import { readDue } from '../../../tools/journal/outbox.ts';
import { addDays, daysOf } from '../../../tools/yard/rental-dates.ts';
import { onBothDatabases, type StorePlace } from '../../agent/infra/store/both-databases.ts';
import { booking, inventory as yardList, nowMs, unit } from '../yard/example-yard.ts';
import { clock, listOf, request } from './example-booking.ts';

const today = '2026-11-22';

type Wish = Partial<BookingRequest & BookingLine>;

const commit = (store: Store, of: Wish = {}, callId = 'call-1') =>
  commitBooking(store, { callId, request: request(of), clock });

async function committed(store: Store, of: Wish = {}, callId = 'call-1') {
  const result = await commit(store, of, callId);
  if (result.kind !== 'committed') assert.fail('it was refused');
  const { bookings, repeated } = result;
  const [first] = bookings;
  return first ? { booking: first, bookings, repeated } : assert.fail('it has no line');
}

async function refusal(store: Store, of: Wish, callId = 'call-2') {
  const result = await commit(store, of, callId);
  return result.kind === 'refused' ? result.refusal : assert.fail('it was booked');
}

async function rowsIn(store: Store, table: 'bookings' | 'bookedDays' | 'outbox') {
  return (await store.db.selectFrom(table).selectAll().execute()).length;
}

onBothDatabases(({ dialect, newStore, newPlace }) => {
  test('a booking is pending, holds its days, and is due for the sheet', async () => {
    await using store = await newStore();
    const { booking: made, repeated } = await committed(store);
    assert.equal(repeated, false);
    assert.match(made.bookingId, /^[FHKLMQRTWXY][FHKLMQRTWXY2346789]{5}$/);
    assert.equal(made.state, 'pending');
    assert.equal(await rowsIn(store, 'bookedDays'), 3);
    const due = await readDue(store, { nowMs, limit: 10 });
    assert.deepEqual(
      due.bookings.map((of) => of.booking.bookingId),
      [made.bookingId],
    );
  });

  test('the same request of the same call is one booking, however the name is written', async () => {
    await using store = await newStore();
    const first = await committed(store);
    const again = await committed(store, { customer: '  jordan  SAMPLE' });
    assert.deepEqual(again, { ...first, repeated: true });
    assert.equal(await rowsIn(store, 'bookings'), 1);
    assert.equal(await rowsIn(store, 'outbox'), 1);
  });

  test('a day that is taken refuses the booking, and says by whom within the call', async () => {
    await using store = await newStore();
    const { booking: mine } = await committed(store);
    const taken = { free: false, reason: 'booked', until: '2026-12-03' };
    const overlapping = { start: '2026-12-03', end: '2026-12-05', customer: 'Jordan Sampel' };
    assert.deepEqual(await refusal(store, overlapping), { ...taken, own: null });
    assert.deepEqual(await refusal(store, overlapping, 'call-1'), { ...taken, own: mine });
    await committed(store, { start: '2026-12-04', end: '2026-12-05' }, 'call-2');
    await committed(store, { itemId: 'EX-2' }, 'call-2');
  });

  test('what staff wrote into the sheet refuses it too', async () => {
    await using store = await newStore();
    const byStaff = [booking('2026-12-02', '2026-12-02')];
    assert.deepEqual(await refusal(store, { inventory: listOf('EX-1', { bookings: byStaff }) }), {
      free: false,
      reason: 'booked',
      until: '2026-12-02',
      own: null,
    });
    const broken = [unit({ status: 'MAINTENANCE' })];
    assert.deepEqual(await refusal(store, { inventory: listOf('EX-1', { units: broken }) }), {
      free: false,
      reason: 'maintenance',
    });
    assert.deepEqual(await refusal(store, { inventory: listOf('EX-9') }), {
      reason: 'no-such-unit',
    });
    assert.equal(await rowsIn(store, 'bookings'), 0);
  });

  test('cancelling frees the days at once, though the sheet still shows the booking', async () => {
    await using store = await newStore();
    const { booking: made } = await committed(store);
    const cancelled = await cancelBooking(store, { code: made.bookingId, today, clock });
    assert.equal(cancelled.kind, 'cancelled');
    const again = await cancelBooking(store, { code: made.bookingId, today, clock });
    assert.deepEqual(again, cancelled);
    assert.equal(await rowsIn(store, 'bookedDays'), 0);
    const inSheet = [booking('2026-12-01', '2026-12-03', { bookingId: made.bookingId })];
    const next = await committed(store, { inventory: listOf('EX-1', { bookings: inSheet }) });
    assert.equal(next.repeated, false);
    assert.notEqual(next.booking.bookingId, made.bookingId);
  });

  test('a unit that is out is not back by the booking that was cancelled on the phone', async () => {
    await using store = await newStore();
    const days = { start: today, end: '2026-11-24' };
    const { booking: made } = await committed(store, days);
    const bookings = [booking(days.start, days.end, { bookingId: made.bookingId })];
    const units = [unit({ status: 'RENTED' })];
    const inventory = listOf('EX-1', { bookings, units });
    const later = { start: '2026-11-25', end: '2026-11-26', inventory };
    const { booking: next } = await committed(store, later);
    await cancelBooking(store, { code: next.bookingId, today, clock });
    await cancelBooking(store, { code: made.bookingId, today, clock });
    assert.deepEqual(await refusal(store, later), { free: false, reason: 'rented-no-date' });
  });

  test('cancelling: a code nobody has, and a rental that is over', async () => {
    await using store = await newStore();
    const { booking: made } = await committed(store);
    assert.deepEqual(await cancelBooking(store, { code: 'X', today, clock }), {
      kind: 'not-found',
    });
    const over = await cancelBooking(store, { code: made.bookingId, today: '2026-12-04', clock });
    assert.deepEqual(over, { kind: 'over', bookings: [made] });
  });

  test('finds by code in any spelling, by call, or by the number to reach or that called', async () => {
    await using store = await newStore();
    const { booking: made } = await committed(store, { phone: '+1 (555) 301-0142' });
    const callerPhone = '+15553010142';
    const other = { itemId: 'EX-2', phone: '5553010199', callerPhone };
    const { booking: second } = await committed(store, other, 'call-2');
    const spelled = ` ${made.bookingId.slice(0, 3).toLowerCase()}-${made.bookingId.slice(3)} `;
    assert.deepEqual(await findBookings(store, { code: spelled }), [made]);
    assert.deepEqual(await findBookings(store, { callId: 'call-2' }), [second]);
    const found = await findBookings(store, { phone: '5553010142' });
    assert.deepEqual(new Set(found), new Set([made, second]));
    assert.deepEqual(await findBookings(store, { phone: '+1 555 301 0199;ext=5' }), [second]);
    for (const nobody of [{ phone: '' }, { phone: '5553010143' }, { code: '' }, { callId: '' }]) {
      assert.deepEqual(await findBookings(store, nobody), []);
    }
  });

  test('a message is kept, and due for the sheet', async () => {
    await using store = await newStore();
    const message = { customer: null, phone: '+15550142', text: 'Please call back.' };
    const { code } = await takeMessage(store, { callId: 'call-1', message, clock });
    const due = await readDue(store, { nowMs, limit: 10 });
    assert.deepEqual(
      due.messages.map((of) => [of.message.code, of.message.text]),
      [[code, 'Please call back.']],
    );
  });

  test('a card number is not kept, in a message or as a name', async () => {
    await using store = await newStore();
    const card = '4111 1111 1111 1111';
    const { booking: made } = await committed(store, { customer: `Jordan ${card}` });
    assert.equal(made.customer, 'Jordan [card number removed]');
    const message = { customer: `Jordan ${card}`, phone: null, text: `My card is ${card}.` };
    await takeMessage(store, { callId: 'call-1', message, clock });
    for (const table of ['bookings', 'messages'] as const) {
      const kept = JSON.stringify(await store.db.selectFrom(table).selectAll().execute());
      assert.doesNotMatch(kept, /4111|1111/);
    }
  });

  test('lines are had together or not at all, under one code, and once', async () => {
    await using store = await newStore();
    const list = yardList([unit({ itemId: 'EX-1' }), unit({ itemId: 'TR-1' })]);
    const of = (...ids: string[]) => ({
      inventory: list,
      lines: ids.map((itemId) => {
        return { itemId, start: '2026-12-01', end: '2026-12-02', totalCents: 1_000 };
      }),
    });
    await committed(store, of('TR-1'), 'call-2');
    const refused = await commit(store, of('EX-1', 'TR-1'));
    assert.deepEqual([refused.kind, 'itemId' in refused && refused.itemId], ['refused', 'TR-1']);
    assert.equal(await rowsIn(store, 'bookings'), 1);
    const [other] = await findBookings(store, { callId: 'call-2' });
    await cancelBooking(store, { code: other?.code ?? '', today, clock });
    const { bookings } = await committed(store, of('EX-1', 'TR-1'));
    const [code] = bookings.map((line) => line.code);
    assert.deepEqual(
      bookings.map(({ bookingId, itemId }) => [bookingId, itemId]),
      [
        [`${code}-1`, 'EX-1'],
        [`${code}-2`, 'TR-1'],
      ],
    );
    const again = await committed(store, of('EX-1', 'TR-1'));
    assert.deepEqual([again.bookings, again.repeated], [bookings, true]);
    assert.deepEqual(await findBookings(store, { code: `${code}-2` }), bookings);
    const result = await cancelBooking(store, { code: code ?? '', today, clock });
    assert.ok('bookings' in result);
    assert.ok(result.bookings.every(({ state }) => state === 'cancelled'));
    assert.equal(await rowsIn(store, 'bookedDays'), 0);
  });

  test('a change takes the new days and releases the old ones, once, or does nothing', async () => {
    await using store = await newStore();
    const { booking: made } = await committed(store);
    const to = { bookingId: made.bookingId, itemId: 'EX-1', totalCents: 50_000 };
    const change = (start: string, end: string, rest: object = {}) => ({
      callId: 'call-1',
      clock,
      change: {
        code: made.code,
        customer: made.customer,
        phone: made.phone,
        lines: [{ ...to, start, end }],
        inventory: listOf('EX-1'),
        ...rest,
      },
    });
    const first = await changeBooking(store, change('2026-12-03', '2026-12-05'));
    assert.deepEqual(await changeBooking(store, change('2026-12-03', '2026-12-05')), first);
    const days = await store.db.selectFrom('bookedDays').select('day').orderBy('day').execute();
    assert.deepEqual(
      days.map(({ day }) => day),
      ['2026-12-03', '2026-12-04', '2026-12-05'],
    );
    await committed(store, { start: '2026-12-01', end: '2026-12-02' }, 'call-2');
    const refused = await changeBooking(store, change('2026-12-02', '2026-12-05'));
    assert.equal(refused.kind, 'refused');
    assert.equal((await findBooking(store, made.bookingId))?.start, '2026-12-03');
    // The same request again is the booking as it is now, not a second one.
    const now = { start: '2026-12-03', end: '2026-12-05' };
    assert.equal((await committed(store, now)).repeated, true);
    await cancelBooking(store, { code: made.code, today, clock });
    assert.deepEqual(await changeBooking(store, change('2026-12-08', '2026-12-08')), {
      kind: 'gone',
    });
  });

  test('two machines of one booking are not changed to the same days of one machine', async () => {
    await using store = await newStore();
    const inventory = yardList(['EX-01', 'TR-01'].map((itemId) => unit({ itemId })));
    const range = { start: '2026-12-01', end: '2026-12-01' };
    const lines = ['EX-01', 'TR-01'].map((itemId) => ({ itemId, ...range, totalCents: 1_000 }));
    const made = await commit(store, { lines, inventory });
    if (made.kind !== 'committed') assert.fail(made.kind);
    const [, second] = made.bookings;
    assert.ok(second);
    const { bookingId, code, customer, phone } = second;
    const moved = [{ itemId: 'EX-01', ...range, totalCents: 1_000, bookingId }];
    const change = { code, lines: moved, customer, phone, inventory };
    const result = await changeBooking(store, { callId: second.callId, clock, change });
    assert.equal(result.kind, 'refused');
    assert.deepEqual(
      (await readLines(store, code)).map(({ itemId }) => itemId),
      ['EX-01', 'TR-01'],
    );
  });

  test('guesses of a number are counted for an hour', async () => {
    await using store = await newStore();
    for (const phone of ['+13125550142', '+13125550142', null]) await noteMiss(store, phone, nowMs);
    assert.equal(await countMisses(store, '3125550142', nowMs + 1), 2);
    assert.equal(await countMisses(store, null, nowMs + 1), 1);
    assert.equal(await countMisses(store, '+13125550142', nowMs + 3_600_001), 0);
  });

  test('books what a slow model books, and never a day twice', async () => {
    await using store = await newStore();
    let run = 0;
    const step = fc.record({
      cancels: fc.boolean(),
      unit: fc.nat(1),
      start: fc.nat(8),
      days: fc.integer({ min: 1, max: 4 }),
      customer: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        run += 1;
        // Each live booking as the days it holds.
        const model: { id: string; itemId: string; days: string[]; key: string }[] = [];
        for (const { cancels, unit: which, start, days, customer } of steps) {
          const itemId = `U${run}-${which}`;
          if (cancels) {
            const victim = model.shift();
            if (victim) await cancelBooking(store, { code: victim.id, today, clock });
            continue;
          }
          const first = addDays('2026-12-01', start);
          const range = { start: first, end: addDays(first, days - 1) };
          const wanted = Array.from({ length: days }, (_, offset) => addDays(first, offset));
          const key = JSON.stringify([itemId, range, customer]);
          const same = model.find((live) => live.key === key);
          const isFree = !model.some(
            (live) => live.itemId === itemId && live.days.some((day) => wanted.includes(day)),
          );
          const result = await commit(store, {
            itemId,
            ...range,
            customer: `Customer ${customer}`,
            inventory: listOf(itemId),
          });
          assert.equal(result.kind, same || isFree ? 'committed' : 'refused');
          if (result.kind !== 'committed') continue;
          assert.equal(result.repeated, same !== undefined);
          const [made] = result.bookings;
          if (!same && made) model.push({ id: made.bookingId, itemId, days: wanted, key });
        }
        const held = await store.db
          .selectFrom('bookedDays')
          .selectAll()
          .where('itemId', 'like', `U${run}-%`)
          .execute();
        assert.deepEqual(
          held.map(({ itemId, day, bookingId }) => [itemId, day, bookingId].join()).sort(),
          model
            .flatMap(({ id, itemId, days }) => days.map((day) => [itemId, day, id].join()))
            .sort(),
        );
      }),
      { numRuns: 25 },
    );
  });

  test('whatever is booked, changed and cancelled by phone and moved by staff, no day is sold twice', async () => {
    await using store = await newStore();
    let run = 0;
    const days = fc.record({ from: fc.nat(8), length: fc.integer({ min: 1, max: 4 }) });
    const step = fc.record({
      does: fc.constantFrom('book', 'book-two', 'change', 'cancel', 'staff-move'),
      which: fc.nat(5),
      unit: fc.nat(2),
      days,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        run += 1;
        const callId = `run-${run}`;
        const idOf = (n: number) => `P${run}-${n % 3}`;
        const list = yardList([0, 1, 2].map((n) => unit({ itemId: idOf(n) })));
        for (const { does, which, unit: n, days: of } of steps) {
          const start = addDays('2026-12-01', of.from);
          const range = { start, end: addDays(start, of.length - 1) };
          const line = (at: number) => ({ itemId: idOf(at), ...range, totalCents: 1_000 });
          const mine = await findBookings(store, { callId });
          const chosen = mine[which % Math.max(1, mine.length)];
          if (does === 'book' || does === 'book-two') {
            const lines = does === 'book' ? [line(n)] : [line(n), line(n + 1)];
            await commit(store, { lines, inventory: list, customer: `C${which}` }, callId);
          } else if (does === 'change' && chosen) {
            const { bookingId, code, customer, phone } = chosen;
            const lines = [{ ...line(n), bookingId }];
            const change = { code, lines, customer, phone, inventory: list };
            await changeBooking(store, { callId, clock, change });
          } else if (does === 'cancel' && chosen) {
            await cancelBooking(store, { code: chosen.code, today, clock });
          } else if (chosen) {
            const [row] = await readLines(store, chosen.bookingId);
            const to = { itemId: idOf(n), ...range, itemName: 'Machine' };
            const isLive = row?.state === 'pending' || row?.state === 'confirmed';
            if (row && isLive) await moveBookings(store, [{ booking: row, to }], nowMs);
          }
        }
        const live = (await findBookings(store, { callId })).filter(
          ({ state }) => state === 'pending' || state === 'confirmed',
        );
        const held = live.flatMap(({ itemId, bookingId, start, end }) =>
          daysOf({ start, end }).map((day) => [itemId, day, bookingId].join()),
        );
        const rows = await store.db
          .selectFrom('bookedDays')
          .selectAll()
          .where('itemId', 'like', `P${run}-%`)
          .execute();
        assert.deepEqual(
          rows.map(({ itemId, day, bookingId }) => [itemId, day, bookingId].join()).sort(),
          held.sort(),
        );
        assert.equal(new Set(held.map((of) => of.slice(0, of.lastIndexOf(',')))).size, held.length);
      }),
      { numRuns: 30 },
    );
  });

  test('of twenty processes that book one unit at once, exactly one does', async () => {
    const place = await newPlace();
    await using store = await openStore(place);
    const callers = Array.from({ length: 20 }, (_, index) => startCaller(place, String(index)));
    await Promise.all(callers.map((caller) => caller.ready));
    const results = await Promise.all(callers.map((caller) => caller.book()));
    assert.equal(results.filter((result) => result === 'committed').length, 1);
    assert.equal(results.filter((result) => result === 'refused').length, 19);
    assert.equal(await rowsIn(store, 'bookings'), 1);
    assert.equal(await rowsIn(store, 'outbox'), 1);
  });

  if (dialect === 'sqlite') {
    test('a full disk is never a yes', async () => {
      await using store = await newStore();
      const pages = await sql<{ pageCount: number }>`pragma page_count`.execute(store.db);
      await sql`pragma max_page_count = ${sql.lit(pages.rows[0]?.pageCount ?? 0)}`.execute(
        store.db,
      );
      const results: (string | undefined)[] = [];
      // Until the pages that are there are full.
      for (let i = 0; i < 200 && !results.includes('STORE_FULL'); i += 1) {
        const made = commit(store, {
          itemId: `EX-${i}`,
          end: '2027-11-01',
          inventory: listOf(`EX-${i}`),
        });
        results.push(
          await made.then(
            () => undefined,
            (error: { code: string }) => error.code,
          ),
        );
      }
      assert.equal(results.at(-1), 'STORE_FULL');
      const yes = results.filter((code) => code === undefined).length;
      assert.equal(await rowsIn(store, 'bookings'), yes);
      assert.equal(await rowsIn(store, 'outbox'), yes);
    });
  }
});

/** Another process that books when it is told to. */
function startCaller(place: StorePlace, caller: string) {
  const program = fileURLToPath(new URL('booking-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(place), caller], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const ready = lines.next();
  return {
    ready,
    async book(): Promise<string> {
      await ready;
      child.stdin.end('go\n');
      const { value } = await lines.next();
      await exited;
      return JSON.parse(value ?? 'null') as string;
    },
  };
}
