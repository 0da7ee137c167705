import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withheldAs } from '../../tools/guardrail/guardrail.ts';
import { phoneCall } from './phone-call.ts';

const wish = { itemId: 'EX-1', start: '2026-12-01', end: '2026-12-03', customer: 'Maria Lopez' };
const own = '+13125550142';

async function booked(overrides: Parameters<typeof phoneCall>[0] = {}) {
  const call = phoneCall({ sendsTexts: true, ...overrides });
  await call.turn('book it', 'book_equipment', wish);
  const made = await call.turn('yes', 'book_equipment', wish);
  return { ...call, made };
}

test('a booking asks whether a text is welcome, and one is promised after a yes to just that', async () => {
  const { desk, turn, made } = await booked();
  assert.match(
    made.say,
    /^You're booked\. Your code is .+ Shall I text the confirmation to the number you're calling from\?$/,
  );
  assert.ok(made.say.split(/\s+/).length <= 35, made.say);
  assert.deepEqual(desk.consents, [], 'nothing before the answer');
  const { say } = await turn('Yes please.', 'text_confirmations', { welcome: true });
  assert.equal(say, "You'll get a text at the number you're calling from. Is there anything else?");
  assert.deepEqual(desk.consents, [{ phone: own, code: desk.bookings[0]?.code, isWelcome: true }]);
});

test('without a receiver nothing is asked, and there is no such tool', async () => {
  const { made, created } = await booked({ sendsTexts: false });
  assert.match(made.say, /Is there anything else\?$/);
  assert.equal(created.text_confirmations, undefined);
});

test('a no is kept, and not asked again in this call or a later one', async () => {
  const { desk, turn } = await booked();
  const { say } = await turn('No thanks.', 'text_confirmations', { welcome: false });
  assert.equal(say, 'All right, no texts. Is there anything else?');
  assert.equal(desk.consents[0]?.isWelcome, false);
  const again = { ...wish, start: '2026-12-08', end: '2026-12-09' };
  await turn('I also need it the week after', 'book_equipment', again);
  const made = await turn('yes', 'book_equipment', again);
  assert.match(made.say, /Is there anything else\?$/);
  assert.doesNotMatch(made.say, /text/);
});

test('whatever the model makes of the answer, no more than a clear yes is one', async () => {
  const { desk, turn } = await booked();
  const unclear = await turn('What does that cost?', 'text_confirmations', { welcome: true });
  assert.match(unclear.say, /Shall I text the confirmation/);
  assert.equal(desk.consents.length, 0);
  const no = await turn('No.', 'text_confirmations', { welcome: true });
  assert.match(no.say, /no texts/);
  assert.equal(desk.consents.at(-1)?.isWelcome, false);
});

test('a yes that the question was not heard for is none', async () => {
  const call = phoneCall({ sendsTexts: true });
  call.desk.add({ callId: 'call-1' });
  call.said.push('Text me the confirmation.');
  const asked = await call.use('text_confirmations', { welcome: true });
  assert.match(asked.say, /Shall I text the confirmation to the number you're calling from\?/);
  call.heard.push(asked.say.slice(0, 30));
  call.said.push('Yes.');
  await call.use('text_confirmations', { welcome: true });
  assert.deepEqual(call.desk.consents, []);
});

test('texts that were agreed to are promised with the next booking, until they are withdrawn', async () => {
  const call = phoneCall({ sendsTexts: true });
  call.desk.consents.push({ phone: own, code: 'K7M4QX', isWelcome: true });
  await call.turn('book it', 'book_equipment', wish);
  const made = await call.turn('yes', 'book_equipment', wish);
  assert.match(made.say, /You'll get a text\. Is there anything else\?$/);
  await call.turn('Please stop texting me.', 'text_confirmations', { welcome: false });
  assert.equal(call.desk.consents.at(-1)?.isWelcome, false);
});

test('an answer that no tool has taken is kept when the call ends', async () => {
  const { desk, said, use } = await booked();
  said.push('No, thank you.');
  await use('end_call');
  assert.equal(desk.consents[0]?.isWelcome, false);
});

test('a store that fails costs the question, not the booking', async () => {
  const call = phoneCall({ sendsTexts: true });
  call.desk.texts = () => Promise.reject(new Error('gone'));
  await call.turn('book it', 'book_equipment', wish);
  const made = await call.turn('yes', 'book_equipment', wish);
  assert.match(made.say, /^You're booked\. .*Is there anything else\?$/);
});

test('the model promises a text only after the tool has, and never an e-mail', () => {
  const none = { tools: ["You're booked. Shall I text the confirmation?"], yard: [], caller: [] };
  const said = { ...none, tools: ["You'll get a text at the number you're calling from."] };
  for (const claim of [
    "You'll get a text.",
    "You'll get a confirmation by text.",
    'Expect a text from us.',
    'You will receive a text message shortly.',
  ]) {
    assert.equal(withheldAs(claim, none), 'result', claim);
    assert.equal(withheldAs(claim, said), null, claim);
  }
  assert.equal(withheldAs("You'll get an e-mail.", said), 'result');
  assert.equal(withheldAs("We won't text you.", none), null);
});
