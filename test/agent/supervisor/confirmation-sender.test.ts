import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openStore, type Store } from '../../../agent/infra/store/database.ts';
import { ConfirmationSender } from '../../../agent/supervisor/confirmation-sender.ts';
import { changeBooking } from '../../../tools/journal/change-booking.ts';
import { commitBooking } from '../../../tools/journal/commit-booking.ts';
import {
  claimConfirmation,
  confirmCancelling,
  keepTexts,
  putOffConfirmation,
  readConfirmationBacklog,
  readDueConfirmations,
} from '../../../tools/journal/confirmations.ts';
import { cancelBooking } from '../../../tools/journal/journal.ts';
import { callOffRent } from '../../../tools/journal/off-rent.ts';
import { readDue, settle } from '../../../tools/journal/outbox.ts';
import { eventually } from '../../harness/eventually.ts';
import { recordedLog } from '../../harness/recorded-log.ts';
import { request } from '../../tools/journal/example-booking.ts';
import { alertSecret, receiveAlerts } from '../telemetry/alert-receiver.ts';

const clock = { nowMs: () => Date.now() };
const today = '2026-11-22';
const callId = 'call-1';
const confirms = true;
const backOff = { initialMs: 5, multiplier: 1, maxMs: 5, jitter: 0 };
const delivery = { address: '12 Mill Road, Springfield', feeCents: 19_000, window: '7-10 am' };

async function tempStore(t: TestContext): Promise<Store> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pickup-confirmations-'));
  const store = await openStore({ databaseUrl: null, dataDir });
  t.after(async () => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return store;
}

/** The sheet shows all that waits for it. */
async function sheetConfirms(store: Store): Promise<void> {
  const due = await readDue(store, { nowMs: Date.now(), limit: 50 });
  for (const booking of due.bookings) {
    await settle(store, booking, { outcome: { state: 'confirmed' }, nowMs: Date.now() });
  }
}

async function book(store: Store) {
  const made = await commitBooking(store, {
    callId,
    clock,
    confirms,
    request: request({ details: { delivery } }),
  });
  assert.ok(made.kind === 'committed');
  const [booking] = made.bookings;
  assert.ok(booking);
  return booking;
}

async function sending(
  t: TestContext,
  store: Store,
  receiver: { readonly url: string },
  times: object = {},
) {
  const { log, lines } = recordedLog();
  const sender = new ConfirmationSender({
    receiver: { url: receiver.url, secret: alertSecret },
    store,
    log,
    times: { lookMs: 5, attemptMs: 200, backOff, ...times },
  });
  sender.start();
  t.after(() => sender.stop());
  return { sender, lines };
}

const backlog = (store: Store) => readConfirmationBacklog(store, Date.now() - 60_000);
const isEmpty = async (store: Store) => (await backlog(store)).waiting === 0;

test('a confirmation put off by a clock that was ahead is due when the clock is right again', async (t) => {
  const store = await tempStore(t);
  await book(store);
  await sheetConfirms(store);
  const [due] = await readDueConfirmations(store, { nowMs: Date.now(), limit: 5 });
  assert.ok(due);
  const dueAt = async (nowMs: number) =>
    (await readDueConfirmations(store, { nowMs, limit: 5 })).length;
  await putOffConfirmation(store, due.id, { notBeforeMs: Date.now() + 3_600_000 });
  assert.equal(await dueAt(Date.now()), 0);
  assert.equal(await dueAt(Date.now() - 7_200_000), 1);
});

test('a booking is sent once the sheet shows it, signed, with all that a text needs', async (t) => {
  const store = await tempStore(t);
  await using receiver = await receiveAlerts();
  const booking = await book(store);
  const { lines } = await sending(t, store, receiver);
  assert.deepEqual(await readDueConfirmations(store, { nowMs: Date.now(), limit: 5 }), []);
  await sheetConfirms(store);
  await eventually('it is delivered', () => receiver.deliveries.length === 1);
  await eventually('all is sent', () => isEmpty(store));
  const [delivered] = receiver.deliveries;
  assert.match(delivered?.id ?? '', /^msg_/);
  assert.equal(delivered?.body.type, 'pickup.booking.booked');
  const data: unknown = delivered?.body.data;
  assert.partialDeepStrictEqual(data, {
    code: booking.code,
    language: 'en',
    customer: { name: 'Jordan Sample', phone: '+15550142', texts: null },
    totalCents: 94_000,
    delivery,
    lines: [{ itemId: 'EX-1', start: '2026-12-01', end: '2026-12-03' }],
  });
  assert.match(JSON.stringify(data), /Total \$940\.00\. Delivery to 12 Mill Road/);
  assert.doesNotMatch(JSON.stringify(lines), /5550142|Jordan|Mill Road/, 'nothing of a caller');
});

test('a change, an extension, a call-off and a cancelling are sent, each once and in order', async (t) => {
  const store = await tempStore(t);
  await using receiver = await receiveAlerts();
  const { code, customer, phone, bookingId, itemId, itemName } = await book(store);
  await sheetConfirms(store);
  const { inventory } = request();
  const line = { bookingId, itemId, start: '2026-12-01', totalCents: 90_000 };
  const changed = { code, customer, phone, inventory };
  const change = (lines: readonly (typeof line & { readonly end: string })[]) =>
    changeBooking(store, { callId, clock, confirms, change: { ...changed, lines } });
  await change([{ ...line, end: '2026-12-04' }]);
  await sheetConfirms(store);
  await change([{ ...line, end: '2026-12-02' }]);
  await change([{ ...line, end: '2026-12-02' }]);
  await sheetConfirms(store);
  const rentals = [{ rentalKey: bookingId, itemId, itemName }];
  const off = { rentals, customer, phone, note: 'done' };
  await callOffRent(store, { callId, clock, confirms, request: off });
  await callOffRent(store, { callId, clock, confirms, request: off });
  await sheetConfirms(store);
  await cancelBooking(store, { code, today, clock, confirm: confirmCancelling });
  await cancelBooking(store, { code, today, clock, confirm: confirmCancelling });
  await sending(t, store, receiver);
  await eventually('all is sent', () => isEmpty(store));
  assert.deepEqual(
    receiver.deliveries.map(({ body }) => body.type.replace('pickup.booking.', '')),
    ['booked', 'extended', 'changed', 'off-rent', 'cancelled'],
  );
  assert.equal(new Set(receiver.deliveries.map(({ id }) => id)).size, 5);
});

test('what is cancelled before the sheet had it is told of as cancelled alone', async (t) => {
  const store = await tempStore(t);
  await using receiver = await receiveAlerts();
  const { code } = await book(store);
  await cancelBooking(store, { code, today, clock, confirm: confirmCancelling });
  await sheetConfirms(store);
  await sending(t, store, receiver);
  await eventually('all is sent', () => isEmpty(store));
  assert.deepEqual(
    receiver.deliveries.map(({ body }) => body.type),
    ['pickup.booking.cancelled'],
  );
});

test('a receiver that fails, cuts, hangs or refuses gets the same id again', async (t) => {
  const store = await tempStore(t);
  await using receiver = await receiveAlerts([500, 'reset', 'hang', 401]);
  await book(store);
  await sheetConfirms(store);
  const { lines } = await sending(t, store, receiver);
  await eventually('it is delivered', () => receiver.deliveries.length === 5);
  const sent = () => lines.filter(({ event }) => event === 'confirmation.sent').length;
  await eventually('it is told that it is sent', () => sent() === 1);
  assert.ok(await isEmpty(store));
  assert.equal(new Set(receiver.deliveries.map(({ id }) => id)).size, 1);
});

test('a process that dies before or after it sent leaves it to the next one, under the same id', async (t) => {
  const store = await tempStore(t);
  await using receiver = await receiveAlerts();
  await book(store);
  await sheetConfirms(store);
  const [due] = await readDueConfirmations(store, { nowMs: Date.now(), limit: 1 });
  assert.ok(due);
  // It claimed it, and is gone: sent or not, nobody can tell.
  assert.equal(await claimConfirmation(store, due, Date.now() + 50), true);
  assert.equal(await claimConfirmation(store, due, Date.now() + 50), false, 'one at a time');
  await sending(t, store, receiver);
  await eventually('it is delivered', () => receiver.deliveries.length === 1);
  assert.equal(receiver.deliveries[0]?.id, due.eventId);
});

test('two senders on one store send each confirmation once', async (t) => {
  const store = await tempStore(t);
  await using receiver = await receiveAlerts();
  await book(store);
  await sheetConfirms(store);
  await sending(t, store, receiver);
  await sending(t, store, receiver);
  await eventually('all is sent', () => isEmpty(store));
  assert.equal(receiver.deliveries.length, 1);
});

test('a confirmation is given up after its time, and is counted for the alert', async (t) => {
  const store = await tempStore(t);
  await using receiver = await receiveAlerts([500, 500, 500, 500]);
  await book(store);
  await sheetConfirms(store);
  const { lines } = await sending(t, store, receiver, { giveUpMs: 1 });
  const told = () => lines.filter(({ event }) => event === 'confirmation.gave-up').length;
  // The line comes after what it tells of.
  await eventually('it is told that it is given up', () => told() === 1);
  assert.equal((await backlog(store)).gaveUp, 1);
});

test('a yes to texts after the booking is told of is a confirmation of its own; a no holds for later', async (t) => {
  const store = await tempStore(t);
  await using receiver = await receiveAlerts();
  const { code, phone } = await book(store);
  await sheetConfirms(store);
  const word = { callId, phone, code, nowMs: Date.now() };
  await keepTexts(store, { ...word, isWelcome: true });
  await keepTexts(store, { ...word, isWelcome: true });
  await keepTexts(store, { ...word, isWelcome: false });
  await cancelBooking(store, { code, today, clock, confirm: confirmCancelling });
  await sending(t, store, receiver);
  await eventually('all is sent', () => isEmpty(store));
  const told = receiver.deliveries.map(({ body }) => {
    const data: unknown = body.data;
    const { texts } = (data as { readonly customer: { readonly texts: boolean | null } }).customer;
    return [body.type.replace('pickup.booking.', ''), texts];
  });
  assert.deepEqual(told, [
    ['booked', null],
    ['text-agreed', true],
    ['cancelled', false],
  ]);
});
