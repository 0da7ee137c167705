import assert from 'node:assert/strict';
import { test } from 'node:test';
import { llm } from '@livekit/agents';
import { phoneCall } from './phone-call.ts';
import { readDutyHours } from '../../tools/yard/on-duty.ts';
import { inventory, unit, yard } from './yard/example-yard.ts';

const numbers = ['+13125550188', '+13125550189'];
const staffed = inventory([unit()], { yard: { ...yard, transferTo: numbers } });

/** A call that may be transferred, with what was begun. */
function transferable(list: typeof staffed | null = staffed) {
  const begun: (readonly string[])[] = [];
  const abouts: (string | undefined)[] = [];
  const transfer = (to: readonly string[], about?: string) => {
    begun.push(to);
    abouts.push(about);
  };
  return { ...phoneCall({ list, transfer }), begun, abouts };
}

test("a transfer to the yard's numbers begins, and the model is asked for no words", async () => {
  const { use, begun, used } = transferable();
  assert.equal(await use('transfer_to_human'), undefined);
  assert.deepEqual(begun, [numbers]);
  assert.equal(used[0]?.[1].ok, true);
});

test('no number can be named: not in the schema, and not beside it', async () => {
  const { created, use, begun } = transferable();
  const schema = llm.toJsonSchema(created.transfer_to_human.parameters);
  assert.deepEqual(Object.keys(schema.properties ?? {}), ['about']);
  await use('transfer_to_human', { number: '+19005550100', to: 'tel:+19005550100' });
  assert.deepEqual(begun, [numbers]);
});

test('who takes the call is told what it is about, and only who is on duty is rung', async () => {
  const transferTo = [{ number: '+13125550188', hours: readDutyHours('Mon-Fri 7-17') ?? [] }, '+1'];
  const { use, begun, abouts } = transferable(
    inventory([unit()], { yard: { ...yard, transferTo } }),
  );
  await use('transfer_to_human', { about: '  Wants a crane\nfor two weeks. ' });
  assert.deepEqual(begun, [['+1']], 'it is a Sunday');
  assert.deepEqual(abouts, ['Wants a crane for two weeks.']);
});

test('out of hours a message is offered', async () => {
  const transferTo = [{ number: '+13125550188', hours: readDutyHours('Mon-Fri 7-17') ?? [] }];
  const { use, begun } = transferable(inventory([unit()], { yard: { ...yard, transferTo } }));
  const answer = await use('transfer_to_human');
  assert.equal(answer.problem, 'nobody-on-duty');
  assert.match(answer.say, /at this hour\. Shall I take a message\?$/);
  assert.deepEqual(begun, []);
});

test('where there is nobody to transfer to, a message is offered', async () => {
  const cases = [
    transferable(inventory([unit()])),
    transferable(null),
    { ...phoneCall({ list: staffed }), begun: [] },
  ];
  for (const { use, begun } of cases) {
    const answer = await use('transfer_to_human');
    assert.equal(answer.problem, 'nobody-to-transfer-to');
    assert.match(answer.say, /take a message\?$/);
    assert.deepEqual(begun, []);
  }
});

test('a transfer that cannot be begun is answered with the offer of a message, too', async () => {
  const { use, used } = phoneCall({
    list: staffed,
    transfer: () => {
      throw new Error('broken');
    },
  });
  const answer = await use('transfer_to_human');
  assert.match(answer.say, /take a message\?$/);
  assert.equal(used[0]?.[1].ok, false);
});
