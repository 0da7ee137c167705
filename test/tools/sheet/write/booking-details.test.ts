import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { commitBooking } from '../../../../tools/journal/commit-booking.ts';
import { changeBooking } from '../../../../tools/journal/change-booking.ts';
import { findBooking } from '../../../../tools/journal/journal.ts';
import { exampleSheet } from '../../../harness/yard/example-sheet.ts';
import { requestForToday, waitFor, WriterRig } from './writer-rig.ts';

test('delivery, job, order number and notes come into the columns that the tab has, and stay text', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-details-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const [header = []] = exampleSheet['Bookings'] ?? [];
  const columns = [
    ...header,
    'Delivery fee',
    'Deliver to',
    'Job',
    'PO #',
    'Comments',
    'Time out',
    'Return time',
  ];
  await using rig = await WriterRig.open(await openStore({ databaseUrl: null, dataDir }), {
    ...exampleSheet,
    Bookings: [columns],
  });
  rig.clock.set(Date.now());
  const request = requestForToday();
  const [line] = request.lines;
  assert.ok(line);
  const made = await commitBooking(rig.store, {
    callId: 'call-1',
    clock: rig.clock,
    request: {
      ...request,
      lines: [
        { ...line, pickUpAt: 420, returnBy: 960 },
        { ...line, itemId: 'GN-01' },
      ],
      details: {
        delivery: { address: '=HYPERLINK("x")', feeCents: 19_000, window: '7-10 am' },
        job: '+Mill site',
        po: '-77',
        notes: 'Gate is locked, card 4111 1111 1111 1111',
      },
    },
  });
  assert.equal(made.kind, 'committed');
  assert.ok(made.kind === 'committed');
  const [first, second] = made.bookings;
  assert.ok(first && second);
  rig.writer();
  await waitFor(
    async () => (await findBooking(rig.store, second.bookingId))?.state === 'confirmed',
  );
  const cells = (id: string) => rig.rowsOf(id)[0]?.slice(header.length);
  const kept = cells(first.bookingId) ?? [];
  assert.deepEqual(kept.slice(0, 4), ['7-10 am, 190', `'=HYPERLINK("x")`, "'+Mill site", "'-77"]);
  assert.match(String(kept[4]), /^Gate is locked/);
  assert.doesNotMatch(String(kept[4]), /4111 1111/);
  assert.equal(cells(second.bookingId)?.[0], '7-10 am, included', 'the fee stands once');
  const found = await findBooking(rig.store, first.bookingId);
  assert.equal(found?.details?.delivery?.feeCents, 19_000);
  assert.equal(found?.totalCents, line.totalCents + 19_000);
  assert.deepEqual(kept.slice(5), ['7 AM', '4 PM']);
  const total = columns.indexOf('Total');
  const totalOf = (id: string) => rig.rowsOf(id)[0]?.[total];
  assert.equal(totalOf(first.bookingId), line.totalCents / 100 + 190, 'as it was read back');
  assert.equal(totalOf(second.bookingId), line.totalCents / 100);

  const { inventory, customer, phone } = request;
  const change = { code: first.code, lines: [], customer, phone, inventory };
  const picksUp = { callId: 'call-2', clock: rig.clock, change: { ...change, delivery: null } };
  assert.equal((await changeBooking(rig.store, picksUp)).kind, 'changed');
  assert.equal((await changeBooking(rig.store, picksUp)).kind, 'changed', 'the same again');
  await waitFor(() => totalOf(first.bookingId) === line.totalCents / 100);
  await waitFor(() => !cells(second.bookingId)?.[0]);
  assert.deepEqual(cells(first.bookingId)?.slice(0, 3), [null, null, "'+Mill site"]);
  assert.deepEqual(cells(first.bookingId)?.slice(5), ['7 AM', '4 PM'], 'the times stay');
});

test('a machine that is given up leaves the fee of the delivery with those that are kept', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-details-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const store = await openStore({ databaseUrl: null, dataDir });
  t.after(() => store.close());
  const clock = { nowMs: () => Date.now() };
  const request = requestForToday();
  const [line] = request.lines;
  assert.ok(line);
  const delivery = { address: '12 Mill Road, Springfield', feeCents: 19_000, window: null };
  const lines = [line, { ...line, itemId: 'GN-01' }];
  const made = await commitBooking(store, {
    callId: 'call-1',
    clock,
    request: { ...request, lines, details: { delivery } },
  });
  assert.ok(made.kind === 'committed');
  const [first, second] = made.bookings;
  assert.ok(first && second);
  const { inventory, customer, phone } = request;
  const change = { code: first.code, lines: [], dropped: [first.bookingId], customer, phone };
  const result = await changeBooking(store, {
    callId: 'call-1',
    clock,
    change: { ...change, inventory },
  });
  assert.ok(result.kind === 'changed');
  assert.deepEqual(
    result.bookings.map(({ bookingId, totalCents, details }) => [
      bookingId,
      totalCents,
      details?.delivery,
    ]),
    [[second.bookingId, line.totalCents + 19_000, delivery]],
  );
});
