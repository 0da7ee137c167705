import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '../../../../agent/infra/store/database.ts';
import { commitBooking } from '../../../../tools/journal/commit-booking.ts';
import { findBooking } from '../../../../tools/journal/journal.ts';
import { exampleSheet } from '../../../harness/yard/example-sheet.ts';
import { requestForToday, waitFor, WriterRig } from './writer-rig.ts';

test('delivery, job, order number and notes come into the columns that the tab has, and stay text', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-details-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const [header = []] = exampleSheet['Bookings'] ?? [];
  const columns = [...header, 'Delivery fee', 'Deliver to', 'Job', 'PO #', 'Comments'];
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
      lines: [line, { ...line, itemId: 'GN-01' }],
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
  assert.equal(found?.totalCents, line.totalCents);
});
