import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StoreError } from '../../agent/infra/store/store-error.ts';
import { UnsureError } from '../../tools/journal/commit-verification.ts';
import type { StaffRental } from '../../tools/yard/equipment.ts';
import { booking, inventory, unit } from './yard/example-yard.ts';
import { phoneCall } from './phone-call.ts';

const code = 'K7M4Q2';
const stranger = { caller: { phoneNumber: '+13125550199' } };
/** $325 a day, $1,250 a week. */
const machine = unit({ dailyRateCents: 32_500, weeklyRateCents: 125_000 });
const twin = { ...machine, itemId: 'EX-2' };
const trailer = unit({
  itemId: 'TR-1',
  name: 'Trailer',
  category: 'Trailers',
  dailyRateCents: 3_000,
  weeklyRateCents: null,
  fourWeekRateCents: null,
  depositCents: null,
});
const list = inventory([machine]);
/** Out since two days: today is Sunday, 22 November. */
const out = { start: '2026-11-20', end: '2026-11-23', totalCents: 125_000 };
const words = (say: string) => say.split(/\s+/).length;

describe('find_booking tells where a rental is', () => {
  test('one that is out by when it is due, with days, machine and total', async () => {
    const { desk, turn } = phoneCall();
    desk.add(out);
    const { say, bookings } = await turn('when is it due', 'find_booking', { code });
    assert.equal(
      say,
      'The Mini Excavator is due back on Monday, November 23rd: 4 days in all, for $1,250.',
    );
    assert.partialDeepStrictEqual(bookings, [{ code, rental: 'out' }]);
  });

  test('one that is late, and one that its row says is back', async () => {
    const { desk, turn } = phoneCall();
    desk.add({ ...out, end: '2026-11-21' });
    assert.match(
      (await turn('.', 'find_booking', { code })).say,
      /^The Mini Excavator was due back on Saturday, November 21st/,
    );
    const bookings = [booking(out.start, out.end, { bookingId: code, status: 'CANCELLED' })];
    const back = phoneCall({ list: inventory([machine], { bookings }) });
    back.desk.add(out);
    const answer = await back.turn('.', 'find_booking', { code });
    assert.partialDeepStrictEqual(answer['bookings'], [{ rental: 'returned' }]);
  });
});

describe('keeping it longer', () => {
  const longer = { code, end: '2026-11-25' };

  test('the whole term less what was agreed: four days to six are nothing more', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add(out);
    const asked = await turn('two more days please', 'change_booking', longer);
    assert.equal(
      asked.say,
      "I'd extend the Mini Excavator through Wednesday, November 25th: 6 days in all, for $1,250, " +
        'nothing more. Shall I extend it?',
    );
    assert.ok(words(asked.say) <= 35);
    const done = await turn('yes', 'change_booking', longer);
    assert.match(
      done.say,
      /^The Mini Excavator is extended through Wednesday, November 25th\. Your code is still K/,
    );
    assert.partialDeepStrictEqual(desk.bookings, [
      { start: out.start, end: '2026-11-25', totalCents: 125_000, state: 'confirmed' },
    ]);
  });

  test('days that cost more are said with their difference', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add({ ...out, end: '2026-11-21', totalCents: 65_000 });
    const { say } = await turn('.', 'change_booking', { code, end: '2026-11-22' });
    assert.match(say, /3 days in all, for \$975, \$325 more\. Shall I extend it\?$/);
  });

  test('a price that fell since takes nothing off what was agreed', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add({ ...out, totalCents: 200_000 });
    const { say } = await turn('.', 'change_booking', longer);
    assert.match(say, /for \$2,000, nothing more/);
  });

  test('the same again tells of it as it is, and changes nothing more', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add(out);
    await turn('.', 'change_booking', longer);
    await turn('yes', 'change_booking', longer);
    const again = await turn('yes', 'change_booking', longer);
    assert.equal(
      again.say,
      'The Mini Excavator is due back on Wednesday, November 25th: 6 days in all, for $1,250. ' +
        'Is there anything else?',
    );
    assert.equal(desk.changes, 1);
  });

  test('one that may have been made is made sure of, after another yes', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add(out);
    await turn('.', 'change_booking', longer);
    const change = desk.change.bind(desk);
    desk.change = async (of) => {
      await change(of);
      throw new UnsureError('the reply was lost');
    };
    assert.match((await turn('yes', 'change_booking', longer)).say, /can't say yet/);
    desk.change = change;
    const sure = await turn('yes', 'change_booking', longer);
    assert.match(sure.say, /^The Mini Excavator is extended through Wednesday/);
    assert.equal(desk.changes, 2);
  });

  for (const [what, answer] of [
    ['a wait', 'no wait'],
    ['another number of days', 'make it until Friday'],
    ['a question', 'how much was that again?'],
    ['a yes that goes on', 'yes and can I get a trailer'],
    ['words that only order a booking', 'book it'],
  ] as const) {
    test(`${what} is no yes to it`, async () => {
      const { desk, turn } = phoneCall({ list });
      desk.add(out);
      await turn('two more days please', 'change_booking', longer);
      await turn(answer, 'change_booking', longer);
      assert.equal(desk.changes, 0);
    });
  }

  test('a yes to one day more is none to another', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add(out);
    await turn('one more day', 'change_booking', { code, end: '2026-11-24' });
    assert.equal((await turn('yes', 'change_booking', longer)).problem, 'not-confirmed');
    assert.equal(desk.changes, 0);
    const yes = await turn('yes, extend it', 'change_booking', longer);
    assert.match(yes.say, /^The Mini Excavator is extended through Wednesday/);
  });

  const behind = booking('2026-11-25', '2026-11-27', { bookingId: 'B-9' });

  test('with another booking behind it, the days that there are', async () => {
    const blocked = { list: inventory([machine], { bookings: [behind] }) };
    const { desk, turn } = phoneCall(blocked);
    desk.add(out);
    const { say } = await turn('.', 'change_booking', longer);
    assert.equal(
      say,
      'The Mini Excavator is free only through Tuesday, November 24th. ' +
        "I'd extend the Mini Excavator through Tuesday, November 24th: 5 days in all, for $1,250, " +
        'nothing more. Shall I extend it?',
    );
    await turn('yes please', 'change_booking', longer);
    assert.partialDeepStrictEqual(desk.bookings, [{ end: '2026-11-24' }]);
    const next = phoneCall(blocked);
    next.desk.add({ ...out, end: '2026-11-24' });
    const none = await next.turn('.', 'change_booking', { code, end: '2026-11-26' });
    assert.equal(none.problem, 'booked');
    assert.match(
      none.say,
      /free only through Tuesday, November 24th\. Your rental stands as it was/,
    );
  });

  test('a like machine that is free for all the rest is offered in its place, as one booking', async () => {
    const { desk, turn } = phoneCall({ list: inventory([machine, twin], { bookings: [behind] }) });
    desk.add(out);
    const { say } = await turn('.', 'change_booking', { code, end: '2026-11-26' });
    assert.equal(
      say,
      'The Mini Excavator is free only through Tuesday, November 24th. I could swap it for another ' +
        'Mini Excavator from Wednesday, November 25th through Thursday the 26th, for nothing more. ' +
        'Shall I change it?',
    );
    assert.ok(words(say) <= 35, String(words(say)));
    await turn('yes', 'change_booking', { code, end: '2026-11-26' });
    assert.deepEqual(
      desk.bookings.map((of) => [of.code, of.itemId, of.start, of.end, of.totalCents]),
      [
        [code, 'EX-1', '2026-11-20', '2026-11-24', 125_000],
        [code, 'EX-2', '2026-11-25', '2026-11-26', 0],
      ],
    );
  });

  test('of another machine of the kind the rest has its own price', async () => {
    const other = unit({ itemId: 'EX-7', name: 'Big Excavator', dailyRateCents: 50_000 });
    const { desk, turn } = phoneCall({ list: inventory([machine, other], { bookings: [behind] }) });
    desk.add(out);
    const { say } = await turn('.', 'change_booking', { code, end: '2026-11-26' });
    assert.match(say, /swap it for the Big Excavator from Wednesday.*, for \$900 more\./);
  });

  test('a machine that staff say is rented is out with this very customer', async () => {
    const rented = { ...machine, status: 'RENTED', dueBack: '2026-11-23' } as const;
    const { desk, turn } = phoneCall({ list: inventory([rented]) });
    desk.add(out);
    assert.match((await turn('.', 'change_booking', longer)).say, /^I'd extend/);
  });

  test('what is out has no other first day, machine or number any more', async () => {
    const { desk, turn } = phoneCall({ list: inventory([machine, trailer]) });
    desk.add(out);
    for (const args of [{ itemId: 'TR-1' }, { quantity: 2 }]) {
      const { problem } = await turn('.', 'change_booking', { code, ...args });
      assert.equal(problem, 'already-out');
    }
  });
});

describe('changing it before it begins', () => {
  test('another machine changes the booking, and makes no new one', async () => {
    const { desk, turn } = phoneCall({ list: inventory([machine, trailer]) });
    desk.add();
    const other = { code, itemId: 'TR-1' };
    const asked = await turn('the trailer instead', 'change_booking', other);
    assert.equal(
      asked.say,
      "I'd change your booking of the Mini Excavator to the Trailer from Tuesday, December 1st " +
        'through Thursday the 3rd, 3 days, for $90. Shall I change it?',
    );
    assert.equal((await turn('no wait', 'change_booking', other)).problem, undefined);
    await turn('the trailer after all', 'change_booking', other);
    await turn('yes, change it', 'change_booking', other);
    assert.deepEqual(
      desk.bookings.map((of) => [of.bookingId, of.itemId, of.totalCents]),
      [[code, 'TR-1', 9_000]],
    );
  });

  test('a booking of an earlier call has other days, after a yes to just those', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add();
    const moved = { customer: 'Maria Lopez', start: '2026-12-08' };
    const asked = await turn('move it to the 8th', 'change_booking', moved);
    assert.match(
      asked.say,
      /from Tuesday, December 8th through Thursday the 10th, 3 days, for \$975/,
    );
    const later = { ...moved, start: '2026-12-09' };
    assert.equal((await turn('yes', 'change_booking', later)).problem, 'not-confirmed');
    assert.equal(desk.changes, 0);
    await turn('yes', 'change_booking', later);
    assert.partialDeepStrictEqual(desk.bookings, [{ start: '2026-12-09', end: '2026-12-11' }]);
  });

  test('one more of them, and one fewer', async () => {
    const { desk, turn } = phoneCall({ list: inventory([machine, twin]) });
    desk.add({ totalCents: 97_500 });
    const two = { code, quantity: 2 };
    const asked = await turn('make it two', 'change_booking', two);
    assert.match(asked.say, /to 2 of the Mini Excavator from .*, 3 days, for \$1,950/);
    await turn('yes', 'change_booking', two);
    assert.deepEqual(
      desk.bookings.map((of) => [of.bookingId, of.itemId]),
      [
        [code, 'EX-1'],
        [`${code}-2`, 'EX-2'],
      ],
    );
    const one = { code, quantity: 1 };
    assert.match(
      (await turn('only one', 'change_booking', one)).say,
      /change your booking of 2 of the Mini Excavator to the Mini Excavator/,
    );
    await turn('yes', 'change_booking', one);
    assert.deepEqual(desk.bookings.map(({ state }) => state).toSorted(), [
      'cancelled',
      'confirmed',
    ]);
    const more = await turn('three', 'change_booking', { code, quantity: 3 });
    assert.equal(more.problem, 'not-enough');
    assert.match(more.say, /^Your booking stands as it was\. I have only 2/);
  });

  test('of several machines the caller says which', async () => {
    const { desk, turn } = phoneCall({ list: inventory([machine, twin, trailer]) });
    desk.add({ bookingId: `${code}-1` });
    desk.add({ bookingId: `${code}-2`, itemId: 'TR-1', itemName: 'Trailer', totalCents: 9_000 });
    const swap = { code, itemId: 'EX-2' };
    assert.equal((await turn('.', 'change_booking', swap)).problem, 'which-machine');
    const args = { code, machine: 'trailer', end: '2026-12-04' };
    const { say } = await turn('the trailer a day longer', 'change_booking', args);
    assert.match(
      say,
      /^I'd extend the Trailer through Friday, December 4th: 4 days in all, for \$120/,
    );
    await turn('yes', 'change_booking', args);
    assert.deepEqual(
      desk.bookings.map(({ end }) => end),
      ['2026-12-03', '2026-12-04'],
    );
  });

  test('nothing named, and no days that can be, are asked for', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add();
    for (const [args, problem] of [
      [{}, 'change-missing'],
      [{ start: 'null', end: '' }, 'change-missing'],
      [{ end: '2026-02-30' }, 'not-a-date'],
      [{ end: '2026-11-30' }, 'reversed'],
      [{ itemId: 'NO-1' }, 'unknown-item'],
      [{ quantity: 0 }, 'cancel-instead'],
    ] as const) {
      const answer = await turn('.', 'change_booking', { code, ...args });
      assert.equal(answer.problem, problem, JSON.stringify(args));
    }
  });

  test('of two bookings the caller says which, and is asked for no code', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add();
    desk.add({ start: '2026-12-08', end: '2026-12-09' });
    const customer = 'Maria Lopez';
    const answer = await turn('.', 'change_booking', { customer, end: '2026-12-12' });
    assert.equal(answer.problem, 'which-rental');
    assert.match(answer.say, /^You have the Mini Excavator from .* Which one do you mean\?$/);
  });

  test('a store that fails leaves it, and one that may have changed it is not said to', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add();
    const args = { code, end: '2026-12-04' };
    await turn('.', 'change_booking', args);
    desk.change = async () => {
      throw new UnsureError('the reply was lost');
    };
    assert.match((await turn('yes', 'change_booking', args)).say, /can't say yet/);
    const broken = phoneCall({ list });
    broken.desk.add();
    broken.desk.broken = new StoreError('STORE_BUSY', 'locked');
    assert.match((await broken.turn('.', 'change_booking', args)).say, /it stands as it was/);
  });
});

describe('bringing it back early', () => {
  const early = { code, end: '2026-11-22' };

  test('has the price of the shorter term; the rest is for staff, and no refund is named', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add({ ...out, end: '2026-11-26' });
    const { say } = await turn('I bring it back today', 'change_booking', early);
    assert.equal(
      say,
      "I'd note the Mini Excavator back on Sunday, November 22nd: 3 days come to $975, and the yard " +
        'settles the rest. Shall I change it?',
    );
    assert.doesNotMatch(say, /refund|back to you|credit/);
    assert.match((await turn('hold on', 'change_booking', early)).say, /stays as it is/);
    await turn('yes I do bring it back today', 'change_booking', early);
    await turn('yes', 'change_booking', early);
    assert.partialDeepStrictEqual(desk.bookings, [{ end: '2026-11-22', totalCents: 97_500 }]);
    assert.match(desk.messages[0]?.text ?? '', /comes back early.*Agreed 1250.*is 975/);
  });
});

describe('off rent', () => {
  const off = { code, address: '12 Mill Road, Springfield' };

  test('has a number, the time of the call and the address for staff, after a yes', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add(out);
    const where = await turn("I'm done with it", 'call_off_rent', { code });
    assert.equal(where.problem, 'address-missing');
    const asked = await turn('12 Mill Road', 'call_off_rent', off);
    assert.equal(
      asked.say,
      "I'd call the Mini Excavator off rent as of now, to be picked up at 12 Mill Road, Springfield. " +
        'Shall I call it off rent?',
    );
    assert.ok(words(asked.say) <= 35);
    const done = await turn('yes, come pick it up', 'call_off_rent', off);
    assert.equal(
      done.say,
      'The Mini Excavator is called off rent, at 2:00 PM today. Your off-rent number is Q R T, 2 3 4. ' +
        'Is there anything else?',
    );
    assert.equal(done['offRent'], 'QRT234');
    assert.deepEqual(
      desk.messages.map(({ text }) => text),
      ['EX-1 Mini Excavator (K7M4Q2). Please pick it up at: 12 Mill Road, Springfield'],
    );
  });

  test('the same rental has the same number, whoever asks again', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add(out);
    await turn('.', 'call_off_rent', off);
    await turn('yes', 'call_off_rent', off);
    const again = await turn('yes', 'call_off_rent', { ...off, address: '9 Oak Lane' });
    assert.match(
      again.say,
      /^The Mini Excavator is called off rent already, .* Your off-rent number is Q R T, 2 3 4/,
    );
    assert.equal(desk.messages.length, 1);
    assert.match(
      (await turn('.', 'find_booking', { code })).say,
      /^The Mini Excavator is called off rent\. Your off-rent number is Q R T, 2 3 4\.$/,
    );
    const longer = await turn('.', 'change_booking', { code, end: '2026-11-25' });
    assert.equal(longer.problem, 'off-rent');
  });

  for (const answer of ['no wait', 'not yet', 'it is at 9 Oak Lane', 'keep it', 'yes, extend it']) {
    test(`"${answer}" is no yes to it`, async () => {
      const { desk, turn } = phoneCall({ list });
      desk.add(out);
      await turn('.', 'call_off_rent', off);
      await turn(answer, 'call_off_rent', off);
      assert.deepEqual(desk.offRents, []);
    });
  }

  test('a yes to another address, or to an extension, is none to it', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add(out);
    await turn('.', 'call_off_rent', off);
    const moved = { code, address: '9 Oak Lane' };
    assert.equal((await turn('yes', 'call_off_rent', moved)).problem, 'not-confirmed');
    await turn('.', 'change_booking', { code, end: '2026-11-25' });
    assert.equal((await turn('yes', 'call_off_rent', moved)).problem, 'not-confirmed');
    assert.deepEqual(desk.offRents, []);
  });

  test('one machine of a booking is called off, and the other stays out', async () => {
    const { desk, turn } = phoneCall({ list: inventory([machine, trailer]) });
    desk.add({ ...out, bookingId: `${code}-1` });
    desk.add({ ...out, bookingId: `${code}-2`, itemId: 'TR-1', itemName: 'Trailer' });
    const args = { ...off, machine: 'Trailer' };
    await turn('.', 'call_off_rent', args);
    await turn('yes', 'call_off_rent', args);
    assert.deepEqual(
      desk.offRents.map(({ rentalKey }) => rentalKey),
      [`${code}-2`],
    );
    const longer = await turn('.', 'change_booking', { code, end: '2026-11-24' });
    assert.match(longer.say, /^I'd extend the Mini Excavator through/);
  });

  test('what has not begun is cancelled instead, and what is out is not cancelled', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add();
    assert.equal((await turn('.', 'call_off_rent', off)).problem, 'not-begun');
    const next = phoneCall({ list });
    next.desk.add(out);
    assert.equal((await next.turn('.', 'cancel_booking', { code })).problem, 'already-out');
    assert.equal(next.desk.bookings[0]?.state, 'confirmed');
  });

  test('one that may be called off is neither said to be nor not to be', async () => {
    const { desk, turn } = phoneCall({ list });
    desk.add(out);
    await turn('.', 'call_off_rent', off);
    desk.callOffRent = async () => {
      throw new UnsureError('the reply was lost');
    };
    const answer = await turn('yes', 'call_off_rent', off);
    assert.match(answer.say, /can't say yet whether that is noted/);
    assert.equal(answer['offRent'], undefined);
  });
});

describe('whose rental it is', () => {
  for (const tool of ['change_booking', 'call_off_rent'] as const) {
    const args = { end: '2026-11-25', address: '12 Mill Road' };

    test(`a code alone is no proof for ${tool} from another number; with the name it is`, async () => {
      const { desk, turn } = phoneCall({ list, ...stranger });
      desk.add(out);
      assert.equal((await turn('.', tool, { ...args, code })).problem, 'not-found');
      const named = { ...args, code, customer: 'Maria Lopez' };
      assert.equal((await turn('.', tool, named)).problem, 'not-confirmed');
    });

    test(`${tool} takes no number that is dictated for the one that it is called from`, async () => {
      for (const from of [stranger, { caller: { phoneNumber: null } }]) {
        const { desk, turn } = phoneCall({ list, ...from });
        desk.add(out);
        const dictated = { ...args, customer: 'Maria Lopez', phone: '312 555 0142' };
        for (const used of ['find_booking', tool] as const) {
          const answer = await turn('It is Maria Lopez, 312 555 0142.', used, dictated);
          assert.equal(answer.problem, 'not-found', used);
          assert.doesNotMatch(JSON.stringify(answer), /excavator|K7M/i);
        }
      }
    });

    test(`guesses of ${tool} have an end`, async () => {
      const { desk, turn } = phoneCall({ list, ...stranger });
      desk.add(out);
      for (const guess of ['AAAAAA', 'BBBBBB', 'CCCCCC']) {
        await turn('.', tool, { ...args, code: guess, customer: 'Maria Lopez' });
      }
      const right = { ...args, code, customer: 'Maria Lopez' };
      assert.equal((await turn('.', tool, right)).problem, 'not-found');
    });
  }
});

describe('a rental that staff wrote', () => {
  const row: StaffRental = {
    bookingId: 'R-1042',
    itemId: 'EX-1',
    start: out.start,
    end: out.end,
    customer: 'Lopez, Maria',
    phone: '(312) 555-0142',
    totalCents: 125_000,
  };
  const bookings = [booking(row.start, row.end, { bookingId: row.bookingId })];
  const written = { list: inventory([machine], { bookings, rentals: [row] }) };
  const mine = { customer: 'Maria Lopez' };

  test('is found by number and name, or by its id with either', async () => {
    const { turn } = phoneCall(written);
    const due =
      /^The Mini Excavator is due back on Monday, November 23rd: 4 days in all, for \$1,250/;
    assert.match((await turn('.', 'find_booking', mine)).say, due);
    assert.match((await turn('.', 'find_booking', { code: 'r1042' })).say, due);
    const other = phoneCall({ ...written, ...stranger });
    const alone = await other.turn('.', 'find_booking', { code: 'R-1042' });
    assert.equal(alone.problem, 'not-found');
    assert.match((await other.turn('.', 'find_booking', { code: 'R-1042', ...mine })).say, due);
  });

  test('a row that Pickup wrote is no second rental', async () => {
    const { desk, turn } = phoneCall({
      list: inventory([machine], { rentals: [{ ...row, bookingId: code }] }),
    });
    desk.add(out);
    const { bookings: told } = await turn('.', 'find_booking', mine);
    assert.equal(Array.isArray(told) && told.length, 1);
  });

  test('an extension holds its days, and is for staff to confirm', async () => {
    const { desk, turn } = phoneCall(written);
    const args = { ...mine, end: '2026-11-25' };
    const asked = await turn('two more days', 'change_booking', args);
    assert.equal(
      asked.say,
      "I'd ask the yard to leave the Mini Excavator with you through Wednesday, November 25th: " +
        '6 days in all, for $1,250, nothing more. Shall I ask them?',
    );
    await turn('hang on', 'change_booking', args);
    assert.equal(desk.commits, 0);
    await turn('.', 'change_booking', args);
    const done = await turn('yes, ask them', 'change_booking', args);
    assert.match(
      done.say,
      /^I've asked the yard, and they'll confirm\. Your request is under K 7 M/,
    );
    assert.partialDeepStrictEqual(desk.bookings, [
      { itemId: 'EX-1', start: '2026-11-24', end: '2026-11-25', totalCents: 0 },
    ]);
    const taken = phoneCall({
      list: inventory([machine], {
        bookings: [...bookings, booking('2026-11-25', '2026-11-26')],
        rentals: [row],
      }),
    });
    const refused = await taken.turn('.', 'change_booking', args);
    assert.match(refused.say, /free only through Tuesday, November 24th\. Shall I take a message/);
  });

  test('off rent it has its one number; all else is a message, after a yes', async () => {
    const { desk, turn } = phoneCall(written);
    const off = { ...mine, address: '12 Mill Road' };
    await turn('.', 'call_off_rent', off);
    assert.match((await turn('yes', 'call_off_rent', off)).say, /off-rent number is Q R T, 2 3 4/);
    assert.match(
      (await turn('yes', 'call_off_rent', off)).say,
      /^The Mini Excavator is called off rent already/,
    );
    assert.equal(desk.messages.length, 1);
    const early = phoneCall(written);
    const sooner = { ...mine, end: '2026-11-22' };
    assert.match(
      (await early.turn('.', 'change_booking', sooner)).say,
      /^The yard wrote that rental up itself, so I'd ask them to change your Mini Excavator .* Shall I ask them\?$/,
    );
    await early.turn('yes', 'change_booking', sooner);
    const cancel = { code: 'R-1042' };
    assert.match((await early.turn('.', 'cancel_booking', cancel)).say, /Shall I ask them\?$/);
    await early.turn('yes please', 'cancel_booking', cancel);
    assert.deepEqual(
      early.desk.messages.map(({ text }) => /asks (?:for|to cancel)/.exec(text)?.[0]),
      ['asks for', 'asks to cancel'],
    );
  });
});
