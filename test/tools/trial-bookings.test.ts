import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trialBookings } from '../../tools/journal/trial-bookings.ts';
import { trialAnswer } from '../../tools/tool.ts';
import { FakeDesk } from './fake-desk.ts';
import { phoneCall } from './phone-call.ts';

const wish = { itemId: 'EX-1', start: '2026-12-01', end: '2026-12-03', customer: 'Maria Lopez' };

test('a trial call hears the read-back and, after its yes, that nothing is booked', async () => {
  const real = new FakeDesk('call-1');
  const { turn, used } = phoneCall({ desk: trialBookings(real) });
  const asked = await turn('Book it for Maria Lopez.', 'book_equipment', wish);
  assert.equal(asked.problem, 'not-confirmed');
  assert.deepEqual(await turn('Yes, please.', 'book_equipment', wish), trialAnswer);
  assert.equal(real.commits, 0);
  assert.deepEqual(
    used.map(([, { ok, error }]) => [ok, error]),
    [
      [true, undefined],
      [true, undefined],
    ],
  );
});

test('a trial call leaves no message and no cancellation', async () => {
  const real = new FakeDesk('call-1');
  const { code } = real.add();
  const { turn } = phoneCall({ desk: trialBookings(real) });
  const message = { text: 'Please call me back.', customer: 'Maria Lopez' };
  await turn('Please have someone call me back.', 'take_message', message);
  await turn('Yes.', 'take_message', message);
  assert.deepEqual(real.messages, []);
  const which = { code, customer: 'Maria Lopez' };
  await turn('Cancel my booking.', 'cancel_booking', which);
  assert.deepEqual(await turn('Yes, cancel it.', 'cancel_booking', which), trialAnswer);
  assert.equal(real.bookings[0]?.state, 'confirmed');
});
