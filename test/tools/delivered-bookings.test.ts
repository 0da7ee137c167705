import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withheldAs } from '../../tools/guardrail/guardrail.ts';
import { phoneCall } from './phone-call.ts';
import { inventory, unit, yard } from './yard/example-yard.ts';

const wish = { itemId: 'EX-1', start: '2026-12-01', end: '2026-12-03', customer: 'Maria Lopez' };
const deliverTo = '12 Mill Road, Springfield, 62701';
const delivered = { ...wish, deliverTo };

function call(
  deliveryRules: object = {
    zones: [{ place: { town: 'Springfield' }, cents: 9_500 }],
    isEachWay: true,
  },
) {
  return phoneCall({ list: inventory([unit()], { yard: { ...yard, deliveryRules } }) });
}

const words = (say: string) => say.split(/\s+/).length;

test('an address is agreed to in a turn of its own, and is no yes to the booking', async () => {
  const { desk, turn } = call();
  const address = await turn('Book it for Maria Lopez, delivered', 'book_equipment', delivered);
  assert.equal(address.say, `I have ${deliverTo} for the delivery. Shall I put that down?`);
  const readBack = await turn('Yes.', 'book_equipment', delivered);
  assert.equal(desk.commits, 0, 'the yes was to the address');
  assert.match(
    readBack.say,
    /for \$940 including delivery for \$190, plus a \$200 deposit, for Maria/,
  );
  assert.ok(words(readBack.say) <= 47, readBack.say);
  const booked = await turn('Yes, book it.', 'book_equipment', delivered);
  assert.ok(booked['booking']);
  assert.deepEqual(desk.bookings[0]?.details, {
    delivery: { address: deliverTo, feeCents: 19_000, window: null },
  });
  assert.equal(desk.bookings[0]?.totalCents, 94_000, 'the total that was read back');
  const found = await turn('What do I have?', 'find_booking', { customer: 'Maria Lopez' });
  assert.match(found.say, /for \$940/);
});

test('an address said again with the yes is a yes, another one is not', async () => {
  const { turn } = call();
  await turn('delivered', 'book_equipment', delivered);
  const said = await turn('Yes, 12 Mill Road, Springfield.', 'book_equipment', delivered);
  assert.match(said.say, /Shall I book it\?/);
  const other = call();
  await other.turn('delivered', 'book_equipment', delivered);
  const unclear = await other.turn('Yes, 14 Mill Road.', 'book_equipment', delivered);
  assert.match(unclear.say, /Shall I put that down\?/);
});

test('another address before the yes is asked for and read back anew', async () => {
  const { desk, turn } = call();
  await turn('delivered', 'book_equipment', delivered);
  await turn('yes', 'book_equipment', delivered);
  const elsewhere = { ...wish, deliverTo: '9 Oak Street, Peoria' };
  const address = await turn('Yes, but to 9 Oak Street in Peoria', 'book_equipment', elsewhere);
  assert.match(address.say, /9 Oak Street, Peoria/);
  const readBack = await turn('yes', 'book_equipment', elsewhere);
  assert.match(readBack.say, /\$750, delivered for a fee that the yard will confirm/);
  assert.equal(desk.commits, 0);
  await turn('yes', 'book_equipment', elsewhere);
  assert.equal(desk.bookings[0]?.details?.delivery?.feeCents, null, 'never a guessed one');
});

test('a no to the address asks for the right one', async () => {
  const { turn } = call();
  await turn('delivered', 'book_equipment', delivered);
  const asked = await turn("No, that's wrong.", 'book_equipment', delivered);
  assert.equal(asked.say, 'What is the right address?');
});

test('miles are asked for once, where the table goes by miles', async () => {
  const { turn } = call({
    baseCents: 9_500,
    includedMiles: 25,
    perMileCents: 400,
    isEachWay: true,
  });
  const miles = await turn('delivered', 'book_equipment', delivered);
  assert.match(miles.say, /About how many miles/);
  const far = { ...delivered, deliveryMiles: 40 };
  await turn('About forty', 'book_equipment', far);
  assert.match(
    (await turn('yes', 'book_equipment', far)).say,
    /\$1,060 including delivery for \$310/,
  );
});

test('no hour is promised that the yard does not offer', async () => {
  const windows = ['7-10 am', '10 am-2 pm'];
  const { turn } = call({ baseCents: 9_500, windows });
  const asked = await turn('at six', 'book_equipment', { ...delivered, deliveryWindow: '6 am' });
  assert.equal(asked.say, 'We deliver 7 to 10 am or 10 am to 2 pm. Which suits you?');
  const early = { ...delivered, deliveryWindow: 'between 7 and 10' };
  await turn('seven to ten', 'book_equipment', early);
  assert.match((await turn('yes', 'book_equipment', early)).say, /delivery 7 to 10 am for \$95/);
  const free = call({ baseCents: 9_500 });
  const wished = { ...delivered, deliveryWindow: '6 am', purchaseOrder: 'PO 77', job: 'Mill site' };
  await free.turn('at six', 'book_equipment', wished);
  const readBack = await free.turn('yes', 'book_equipment', wished);
  assert.doesNotMatch(readBack.say, /6 am/);
  await free.turn('yes', 'book_equipment', wished);
  assert.partialDeepStrictEqual(free.desk.bookings[0]?.details, {
    job: 'Mill site',
    po: 'PO 77',
    notes: 'Wishes delivery: 6 am',
  });
});

test('a yard that does not deliver says so, and without an address nothing changes', async () => {
  const list = inventory([unit()], { yard: { ...yard, delivery: 'Pick-up only' } });
  const { turn } = phoneCall({ list });
  assert.match((await turn('delivered', 'book_equipment', delivered)).say, /We don't deliver/);
  const plain = await turn('then pick-up', 'book_equipment', { ...wish, deliverTo: 'null' });
  assert.match(plain.say, /for \$750 plus a \$200 deposit/);
});

test('a delivery is added to what this call has booked, after its address and price were agreed to', async () => {
  const { desk, turn } = call();
  await turn('book it', 'book_equipment', wish);
  await turn('yes', 'book_equipment', wish);
  await turn('and deliver it', 'book_equipment', delivered);
  const readBack = await turn('yes', 'book_equipment', delivered);
  assert.equal(
    readBack.say,
    "I'd change your booking of the Mini Excavator to be delivered, for $940 including delivery " +
      'for $190, plus a $200 deposit. Shall I change it?',
  );
  assert.equal(desk.changes, 0, 'the yes was to the address');
  await turn('yes', 'book_equipment', delivered);
  assert.deepEqual([desk.commits, desk.changes], [1, 1]);
  assert.equal(desk.bookings[0]?.details?.delivery?.address, deliverTo);
  assert.equal(desk.bookings[0]?.totalCents, 94_000);
});

test('a delivery of an earlier booking is added, moved and given up, each after a yes of its own', async () => {
  const { desk, turn } = call();
  desk.add({ bookingId: 'K7M4QX' });
  const own = { customer: 'Maria Lopez' };
  const change = (args: object) => ({ ...own, ...args });
  await turn('deliver it', 'change_booking', change({ deliverTo }));
  const added = await turn('yes', 'change_booking', change({ deliverTo }));
  assert.match(added.say, /to be delivered, for \$940 including delivery for \$190/);
  await turn('yes', 'change_booking', change({ deliverTo }));
  assert.equal(desk.bookings[0]?.totalCents, 94_000);

  const elsewhere = change({ deliverTo: '9 Oak Street, Peoria' });
  await turn('to Peoria instead', 'change_booking', elsewhere);
  const moved = await turn('yes', 'change_booking', elsewhere);
  assert.match(moved.say, /for \$750, delivered for a fee that the yard will confirm/);
  await turn('yes', 'change_booking', elsewhere);
  assert.equal(desk.bookings[0]?.details?.delivery?.feeCents, null, 'never a guessed one');

  const none = change({ noDelivery: true });
  const dropped = await turn("I'll pick it up", 'change_booking', none);
  assert.match(dropped.say, /to be picked up at the yard, for \$750/);
  assert.equal(desk.changes, 2, 'nothing before the yes');
  assert.ok(desk.bookings[0]?.details?.delivery);
  await turn('yes', 'change_booking', none);
  assert.equal(desk.bookings[0]?.details?.delivery, undefined);
  assert.equal(desk.bookings[0]?.totalCents, 75_000);
});

test('an extension keeps the delivery in its total, and the difference is the rent alone', async () => {
  const { desk, turn } = call();
  desk.add({
    bookingId: 'K7M4QX',
    totalCents: 94_000,
    details: { delivery: { address: deliverTo, feeCents: 19_000, window: null } },
  });
  const longer = { customer: 'Maria Lopez', end: '2026-12-04' };
  const { say } = await turn('one more day', 'change_booking', longer);
  assert.match(say, /4 days in all, for \$1,090, \$150 more/);
  await turn('yes', 'change_booking', longer);
  assert.equal(desk.bookings[0]?.totalCents, 109_000);
});

test('times that were named are kept by a change of days, said when found, and changed by themselves', async () => {
  const { desk, turn } = call();
  const timed = { ...wish, pickUpAt: '07:00', returnBy: '16:00' };
  await turn('book it', 'book_equipment', timed);
  await turn('yes', 'book_equipment', timed);
  assert.partialDeepStrictEqual(desk.bookings[0], { pickUpAt: 420, returnBy: 960 });
  const own = { customer: 'Maria Lopez' };
  const found = await turn('what do I have?', 'find_booking', own);
  assert.match(found.say, /, 7 AM, to Thursday the 3rd, 4 PM/);
  await turn('a day later', 'change_booking', { ...own, start: '2026-12-02', end: '2026-12-04' });
  await turn('yes', 'change_booking', { ...own, start: '2026-12-02', end: '2026-12-04' });
  assert.partialDeepStrictEqual(desk.bookings[0], { pickUpAt: 420, returnBy: 960 });
  const noon = await turn('at noon', 'change_booking', { ...own, pickUpAt: '12:00' });
  assert.match(noon.say, /12 PM|noon/i);
  await turn('yes', 'change_booking', { ...own, pickUpAt: '12:00' });
  assert.partialDeepStrictEqual(desk.bookings[0], {
    start: '2026-12-02',
    pickUpAt: 720,
    returnBy: 960,
  });
});

test('a delivery is priced without a booking, and its fee may be said', async () => {
  const { turn } = call({
    baseCents: 9_500,
    includedMiles: 25,
    perMileCents: 400,
    isEachWay: true,
  });
  const asked = await turn('what is delivery?', 'quote_delivery', {});
  assert.match(asked.say, /how many miles/);
  const { say } = await turn('forty', 'quote_delivery', { miles: 40 });
  assert.equal(say, 'Delivery there is $155 each way, $310 in all.');
  const facts = { tools: [say], yard: [], caller: ['It is 40 miles'] };
  assert.equal(withheldAs('Delivery is $310 in all.', facts), null);
  assert.equal(withheldAs('Delivery is $155 each way.', facts), null);
  assert.notEqual(withheldAs('Delivery is $250 in all.', facts), null);
  assert.notEqual(withheldAs('Delivery is $310 in all.', { ...facts, tools: [] }), null);
  assert.notEqual(withheldAs("We'll deliver it between 7 and 10 am.", facts), null);
  const window = 'Delivery there is $95. We deliver 7 to 10 am or 10 am to 2 pm.';
  assert.equal(withheldAs('We deliver 7 to 10 am.', { ...facts, tools: [window] }), null);
});
