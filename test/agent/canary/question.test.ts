import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRight, questionOf } from '../../../agent/canary/question.ts';
import { inventory, unit } from '../../tools/yard/example-yard.ts';

const lift = unit({ itemId: 'L-1', name: "19' Scissor Lift", dailyRateCents: 14_900 });
const list = inventory([
  lift,
  unit({ itemId: 'D-1', name: 'Dozer', dailyRateCents: null }),
  unit({ itemId: 'T-1', name: 'Trencher', dailyRateCents: 20_000 }),
  unit({ itemId: 'T-2', name: 'Trencher', dailyRateCents: 22_000 }),
  unit({ itemId: 'P-1', name: 'Pump', dailyRateCents: 5_000, status: 'MAINTENANCE' }),
  unit({ itemId: 'R-1', name: 'Roller', dailyRateCents: 125_050, status: 'RENTED' }),
]);

test('asks in turn for machines that have one price, and that somebody may rent', () => {
  const asked = [0, 1, 2].map((nth) => questionOf(list, nth)?.itemName);
  assert.deepEqual(asked, ["19' Scissor Lift", 'Roller', "19' Scissor Lift"]);
});

test('a sheet without any price has no question', () => {
  assert.equal(questionOf(inventory([{ ...lift, dailyRateCents: null }]), 0), null);
});

test('only the price of the sheet is the answer', () => {
  const question = questionOf(list, 1);
  assert.ok(question);
  assert.ok(isRight(list, question, 'The Roller is $1,250.50 a day.'));
  assert.ok(!isRight(list, question, 'The Roller is $1,250 a day.'));
  assert.ok(!isRight(inventory([lift]), question, 'The Roller is $1,250.50 a day.'));
});
