import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import { takeMessage } from '../../../tools/journal/journal.ts';
import { readDue, settle } from '../../../tools/journal/outbox.ts';
import { readBacklog, resolveCode } from '../../../tools/journal/overview.ts';
import { onBothDatabases } from '../../agent/infra/store/both-databases.ts';
import { nowMs } from '../yard/example-yard.ts';
import { request } from './example-booking.ts';

onBothDatabases(({ newStore }) => {
  test('the backlog says what waits, since when, and how many are in conflict', async () => {
    await using store = await newStore();
    const nothing = { outboxRows: 0, outboxSinceMs: null, pendingSinceMs: null, conflicts: 0 };
    assert.deepEqual(await readBacklog(store), nothing);
    const at = (atMs: number) => ({ nowMs: () => atMs });
    const message = { customer: 'Cleo', phone: null, text: 'Please call back.' };
    await takeMessage(store, { callId: 'call-1', message, clock: at(nowMs) });
    const codes: string[] = [];
    for (const [index, itemId] of ['EX-01', 'SS-01'].entries()) {
      const made = await commitBooking(store, {
        callId: 'call-1',
        request: request({ itemId }),
        clock: at(nowMs + (index + 1) * 1_000),
      });
      if (made.kind === 'refused') assert.fail('refused');
      codes.push(made.bookings[0]?.bookingId ?? '');
    }
    assert.deepEqual(await readBacklog(store), {
      outboxRows: 3,
      outboxSinceMs: nowMs,
      pendingSinceMs: nowMs + 1_000,
      conflicts: 0,
    });
    const { bookings } = await readDue(store, { nowMs: nowMs + 10_000, limit: 10 });
    const [first, second] = bookings;
    assert.ok(first && second);
    const conflict = { state: 'conflict', reason: 'rented', isInSheet: false } as const;
    await settle(store, first, { outcome: conflict, nowMs });
    await settle(store, second, { outcome: { state: 'confirmed' }, nowMs });
    const { pendingSinceMs, conflicts } = await readBacklog(store);
    assert.deepEqual({ pendingSinceMs, conflicts }, { pendingSinceMs: null, conflicts: 1 });
    await resolveCode(store, codes[0] ?? '', nowMs);
    assert.equal((await readBacklog(store)).conflicts, 0);
  });
});
