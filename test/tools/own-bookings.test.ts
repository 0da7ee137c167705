import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { StoreError } from '../../agent/infra/store/store-error.ts';
import { UnsureError } from '../../tools/journal/commit-verification.ts';
import { spokenRange } from '../../tools/yard/spoken.ts';
import { phoneCall } from './phone-call.ts';

const when = spokenRange({ start: '2026-12-01', end: '2026-12-03' }, '2026-11-22');
const withheld = { caller: { phoneNumber: null } };
const stranger = { caller: { phoneNumber: '+13125550199' } };

describe('find_booking', () => {
  test('reads a booking by its code, in any spelling, without the name it is under', async () => {
    const { desk, turn } = phoneCall(withheld);
    desk.add();
    const answer = await turn('my code is k7m 4q2', 'find_booking', { code: 'k7m 4q2' });
    assert.equal(
      answer.say,
      `You have the Mini Excavator ${when} booked, under the code K 7 M, 4 Q 2, for $750.`,
    );
    assert.doesNotMatch(JSON.stringify(answer), /Lopez|0142/);
  });

  test('reads the caller’s own by the number they call from and the name', async () => {
    const { desk, turn } = phoneCall();
    desk.add();
    desk.add({ customer: 'John Miller' });
    desk.add({ phone: '+13125550199' });
    const { bookings } = await turn('under Lopez', 'find_booking', { customer: 'lópez' });
    assert.partialDeepStrictEqual(bookings, [{ code: 'K7M4Q2', state: 'confirmed' }]);
    assert.equal(Array.isArray(bookings) && bookings.length, 1);
  });

  test('of two customers of one family name at one number the full name is asked for', async () => {
    const { desk, turn } = phoneCall();
    const { bookingId } = desk.add();
    desk.add({ customer: 'Juan Lopez' });
    const either = await turn('under Lopez', 'find_booking', { customer: 'Lopez' });
    assert.deepEqual([either.problem, either['bookings'], desk.misses], ['name-unclear', [], 0]);
    assert.match(either.say, /full name, first and last\?$/);
    const { bookings } = await turn('Maria Lopez', 'find_booking', { customer: 'Maria Lopez' });
    assert.partialDeepStrictEqual(bookings, [{ code: bookingId }]);
    assert.equal(Array.isArray(bookings) && bookings.length, 1);
  });

  test('a first name alone finds nothing, and after three guesses no name does', async () => {
    const { desk, turn } = phoneCall();
    desk.add();
    for (const customer of ['Maria', 'John Smith', 'maria']) {
      assert.equal((await turn('.', 'find_booking', { customer })).problem, 'not-found');
    }
    assert.equal(desk.misses, 3);
    assert.equal((await turn('.', 'find_booking', { customer: 'Lopez' })).problem, 'not-found');
    const code = { code: 'K7M4Q2' };
    assert.equal((await turn('.', 'cancel_booking', code)).problem, 'not-found');
  });

  test('guesses count in whatever tool, and across the calls of a number', async () => {
    const { desk, turn } = phoneCall(stranger);
    desk.add();
    await turn('.', 'find_booking', { customer: 'Lopez' });
    await turn('.', 'cancel_booking', { code: 'K7M4Q2', customer: 'Maria' });
    await turn('.', 'cancel_booking', { code: 'XXXXXX' });
    assert.equal((await turn('.', 'find_booking', { code: 'K7M4Q2' })).problem, 'not-found');
    const next = phoneCall();
    next.desk.add();
    next.desk.misses = 10;
    const answer = await next.turn('.', 'find_booking', { customer: 'Maria Lopez' });
    assert.equal(answer.problem, 'not-found');
  });

  test('what this call has booked can be cancelled in it, whatever was guessed', async () => {
    const { desk, turn } = phoneCall(stranger);
    desk.misses = 10;
    const { code } = desk.add({ callId: 'call-1' });
    assert.equal((await turn('.', 'cancel_booking', { code })).problem, 'not-confirmed');
  });

  test('a number that stands for a withheld one is nobody’s', async () => {
    for (const phoneNumber of ['anonymous', '+266696687', '0000000000', 'Restricted']) {
      const { desk, turn } = phoneCall({ caller: { phoneNumber } });
      desk.add({ phone: phoneNumber });
      const found = await turn('.', 'find_booking', { customer: 'Maria Lopez' });
      assert.equal(found.problem, 'not-found', phoneNumber);
      const message = { message: 'Please call me.' };
      assert.equal((await turn('.', 'take_message', message)).problem, 'phone-missing');
    }
  });

  test('all machines of a booking are told, and cancelled, by its one code', async () => {
    const { desk, turn } = phoneCall();
    desk.add({ bookingId: 'K7M4Q2-1' });
    desk.add({ bookingId: 'K7M4Q2-2', itemId: 'TR-1', itemName: 'Trailer', totalCents: 9_000 });
    const { say } = await turn('.', 'find_booking', { code: 'k7m 4q2' });
    assert.equal(
      say,
      `You have the Mini Excavator and the Trailer ${when} booked, under the code K 7 M, 4 Q 2, for $840.`,
    );
    const asked = await turn('cancel it', 'cancel_booking', { code: 'K7M4Q2' });
    assert.match(asked.say, /^That's the Mini Excavator and the Trailer .* Shall I cancel them\?$/);
    const done = await turn('yes', 'cancel_booking', { code: 'K7M4Q2' });
    assert.match(done.say, /^I've cancelled the Mini Excavator and the Trailer/);
    assert.deepEqual(
      desk.bookings.map(({ state }) => state),
      ['cancelled', 'cancelled'],
    );
  });

  test('a name alone, or another number with it, finds nothing', async () => {
    for (const caller of [withheld, stranger]) {
      const { desk, turn } = phoneCall(caller);
      desk.add();
      const answer = await turn('Maria Lopez', 'find_booking', { customer: 'Maria Lopez' });
      assert.deepEqual([answer.problem, answer['bookings']], ['not-found', []]);
    }
  });

  test('whoever tries codes is not told when one is right', async () => {
    const { desk, turn } = phoneCall(stranger);
    desk.add();
    for (const code of ['AAAAAA', 'BBBBBB', 'CCCCCC']) await turn('code', 'find_booking', { code });
    assert.equal((await turn('code', 'find_booking', { code: 'K7M4Q2' })).problem, 'not-found');
    assert.equal((await turn('code', 'cancel_booking', { code: 'K7M4Q2' })).problem, 'not-found');
  });

  test('what is over or cancelled comes only when there is nothing else', async () => {
    const { desk, turn } = phoneCall();
    desk.add({ start: '2026-11-01', end: '2026-11-02' });
    desk.add({ state: 'pending' });
    desk.add({ state: 'cancelled' });
    const { say } = await turn('Lopez', 'find_booking', { customer: 'Lopez' });
    assert.match(say, /^Your request for the Mini Excavator .* is taken, .* will be confirmed\.$/);
  });

  test('without a code or a name it asks', async () => {
    const { turn } = phoneCall();
    assert.equal((await turn('my booking', 'find_booking')).problem, 'code-missing');
  });

  test('whatever is asked, another customer’s booking is never in the answer', async () => {
    const name = fc.oneof(fc.string(), fc.constantFrom('Lopez', '%', '.*', "' or 1=1", 'a', ''));
    await fc.assert(
      fc.asyncProperty(fc.option(name), fc.option(fc.string()), async (customer, code) => {
        const { desk, turn } = phoneCall(stranger);
        desk.add();
        const answer = await turn('please', 'find_booking', { customer, code });
        assert.doesNotMatch(JSON.stringify(answer), /Excavator|Lopez|K7M4Q2/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('cancel_booking', () => {
  const code = 'K7M4Q2';

  test('reads the booking back, and cancels it after a yes in a later turn', async () => {
    const { desk, said, use, turn } = phoneCall();
    desk.add();
    const asked = await turn('Yes, cancel it', 'cancel_booking', { code });
    assert.match(asked.say, /^That's the Mini Excavator .*\. Shall I cancel it\?$/);
    assert.equal((await use('cancel_booking', { code })).problem, 'not-confirmed');
    assert.equal(desk.bookings[0]?.state, 'confirmed');
    said.push('yes');
    const done = await use('cancel_booking', { code });
    assert.match(done.say, /^I've cancelled the Mini Excavator/);
    assert.equal(done['cancelled'], code);
    assert.equal(desk.bookings[0]?.state, 'cancelled');
  });

  test('a no leaves it booked', async () => {
    const { desk, turn } = phoneCall();
    desk.add();
    await turn('cancel my booking', 'cancel_booking', { code });
    assert.match((await turn('no, keep it', 'cancel_booking', { code })).say, /stays booked/);
    assert.equal(desk.bookings[0]?.state, 'confirmed');
  });

  test('a yes to booking one thing is no yes to cancelling another', async () => {
    const { desk, turn } = phoneCall();
    desk.add({ itemId: 'SL-1' });
    const wish = { itemId: 'EX-1', start: '2026-12-01', end: '2026-12-03', customer: 'Maria' };
    await turn('book it', 'book_equipment', wish);
    assert.equal((await turn('yes', 'cancel_booking', { code })).problem, 'not-confirmed');
    assert.equal(desk.bookings[0]?.state, 'confirmed');
  });

  test('a stranger with the code alone cannot cancel, and with the name can', async () => {
    for (const caller of [withheld, stranger]) {
      const { desk, turn } = phoneCall(caller);
      desk.add();
      assert.equal((await turn('cancel', 'cancel_booking', { code })).problem, 'not-found');
      const named = { code, customer: 'Maria Lopez' };
      assert.equal((await turn('cancel', 'cancel_booking', named)).problem, 'not-confirmed');
    }
  });

  test('what was cancelled is told again, and what is over is not cancelled', async () => {
    const { desk, turn } = phoneCall();
    desk.add({ state: 'cancelled' });
    assert.equal((await turn('cancel', 'cancel_booking', { code }))['cancelled'], code);
    const past = desk.add({ start: '2026-11-01', end: '2026-11-02' });
    const answer = await turn('cancel', 'cancel_booking', { code: past.bookingId });
    assert.equal(answer.problem, 'over');
  });

  test('a store that fails leaves the booking, and says so', async () => {
    const { desk, turn } = phoneCall();
    desk.add();
    desk.broken = new StoreError('STORE_BUSY', 'locked');
    const answer = await turn('cancel', 'cancel_booking', { code });
    assert.equal(answer.problem, 'cannot-cancel');
    assert.match(answer.say, /the booking stands/);
  });

  test('one that may be cancelled is neither said to stand nor to be cancelled', async () => {
    const { desk, turn } = phoneCall();
    desk.add();
    await turn('cancel', 'cancel_booking', { code });
    const cancel = desk.cancel.bind(desk);
    desk.cancel = async (bookingId) => {
      await cancel(bookingId);
      throw new UnsureError('the reply was lost');
    };
    for (const words of ['yes', 'yes']) {
      const answer = await turn(words, 'cancel_booking', { code });
      assert.match(answer.say, /can't say yet whether it is cancelled\. Shall I try once more\?/);
      assert.equal(answer['cancelled'], undefined);
    }
    desk.cancel = cancel;
    assert.equal((await turn('yes', 'cancel_booking', { code }))['cancelled'], code);
  });
});

describe('take_message', () => {
  const message = 'Please call me about the trencher.';

  test('is kept once with the number to call back, however often the model calls', async () => {
    const { desk, turn } = phoneCall();
    const args = { message, customer: 'Maria Lopez' };
    const { say } = await turn('...', 'take_message', args);
    assert.match(say, /call you back at the number you're calling from/);
    await turn('...', 'take_message', args);
    assert.deepEqual(desk.messages, [
      { text: message, customer: 'Maria Lopez', phone: '+13125550142' },
    ]);
  });

  test('another number is read back, and a missing one asked for', async () => {
    const { desk, turn } = phoneCall(withheld);
    assert.equal((await turn('.', 'take_message', { message })).problem, 'phone-missing');
    const given = { message, phone: '(312) 555-0177' };
    assert.match((await turn('.', 'take_message', given)).say, /at 3 1 2, 5 5 5, 0 1 7 7\./);
    assert.partialDeepStrictEqual(desk.messages, [{ customer: null, phone: '+13125550177' }]);
  });

  test('past three messages in a call nothing more is kept', async () => {
    const { desk, turn } = phoneCall();
    for (const text of ['a', 'b', 'c', 'd', 'e'])
      await turn('.', 'take_message', { message: text });
    assert.equal(desk.messages.length, 3);
    const answer = await turn('.', 'take_message', { message: 'one more' });
    assert.equal(answer.problem, 'past-limit');
  });

  test('nothing to pass on is asked for', async () => {
    const answer = await phoneCall().turn('.', 'take_message', { message: ' \n' });
    assert.equal(answer.problem, 'message-missing');
  });

  test('one that may be kept is neither said to be nor not to be', async () => {
    const { desk, turn } = phoneCall();
    desk.takeMessage = async () => {
      throw new UnsureError('the reply was lost');
    };
    const answer = await turn('.', 'take_message', { message });
    assert.match(answer.say, /can't say yet whether that is written down\. Shall I try once more/);
    assert.equal(answer['message'], undefined);
  });

  test('one that could not be kept is not said to be', async () => {
    const failing = phoneCall();
    failing.desk.broken = new StoreError('STORE_FULL', 'full');
    for (const { turn } of [failing, phoneCall({ desk: null })]) {
      const answer = await turn('.', 'take_message', { message });
      assert.equal(answer.problem, 'not-kept');
      assert.match(answer.say, /can't take a message/);
    }
  });
});
