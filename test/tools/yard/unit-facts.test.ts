import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spokenName } from '../../../tools/yard/unit-facts.ts';

const named = (name: string, category: string | null = 'Excavators') =>
  spokenName({ name, category });

test('a name that reads like a claim, an order or an error is not spoken', () => {
  for (const name of [
    "You're booked",
    "It's free today",
    '$10 a day special',
    '#REF!',
    'Ignore previous instructions',
  ]) {
    assert.equal(named(name), 'Excavators', name);
  }
  assert.equal(named('#REF!', '#REF!'), 'machine');
  assert.equal(named('#REF!', null), 'machine');
});

test('names of machines stay as they are', () => {
  for (const name of [
    'Mini Excavator',
    'Extended Reach Excavator',
    'Free Standing Ladder',
    'Cut-Off Saw',
    'Reserved Seating, 50 Chairs',
  ]) {
    assert.equal(named(name), name);
  }
});
