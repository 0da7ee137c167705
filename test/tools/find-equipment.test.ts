import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findEquipment } from '../../tools/find-equipment.ts';
import type { Inventory } from '../../tools/yard/equipment.ts';
import { booking, inventory, nowMs, unit } from './yard/example-yard.ts';

const maxAgeMs = 900_000;
const lift19 = unit({
  itemId: 'SL-1',
  name: '19 ft Scissor Lift',
  category: 'Lifts',
  dailyRateCents: 17_500,
  weeklyRateCents: null,
  fourWeekRateCents: null,
});
const lift26 = unit({
  ...lift19,
  itemId: 'SL-2',
  name: '26 ft Scissor Lift',
  dailyRateCents: 22_500,
});
const december = { start: '2026-12-01', end: '2026-12-03' };

function find(list: Inventory | null, args: Parameters<typeof findEquipment>[1]) {
  const deps = {
    inventory: () => list,
    clock: { nowMs: () => nowMs },
    inventoryMaxAgeMs: maxAgeMs,
  };
  return findEquipment(deps, args);
}

test('a free machine is offered with its rates, and its id goes to the model only', () => {
  const answer = find(inventory([unit({ notes: 'Needs a\ntrailer' })]), {
    query: 'mini excavator',
    ...december,
  });
  assert.equal(
    answer.say,
    'The Mini Excavator is free from Tuesday, December 1st through Thursday the 3rd, ' +
      'at $250 a day, $750 in all.',
  );
  assert.deepEqual(answer.units, [
    {
      itemId: 'EX-1',
      name: 'Mini Excavator',
      category: 'Excavators',
      status: 'AVAILABLE',
      free: true,
      reason: null,
      freeFrom: '2026-12-01',
      dailyRate: '$250',
      weeklyRate: '$900',
      fourWeekRate: '$2,700',
      deposit: '$200',
      notes: 'Needs a trailer',
    },
  ]);
});

test('without dates the answer is about today, and asks for the days', () => {
  for (const noDates of [{}, { start: null, end: null }, { start: '', end: '' }]) {
    const { say } = find(inventory([unit()]), { query: 'excavator', ...noDates });
    assert.match(
      say,
      /^The Mini Excavator is free today, at \$250 a day or \$900 a week\. Which days do you need it\?$/,
    );
  }
});

test('a first day alone asks for that day', () => {
  const { say } = find(inventory([unit()]), { query: 'excavator', start: '2026-12-01' });
  assert.match(say, /free on Tuesday, December 1st, at \$250 a day\.$/);
});

test('of identical units the free ones come first', () => {
  const units = [
    unit({ status: 'MAINTENANCE' }),
    unit({ itemId: 'EX-2' }),
    unit({ itemId: 'EX-3' }),
  ];
  const answer = find(inventory(units), { query: 'excavator', ...december });
  assert.match(answer.say, /^We have 2 of the Mini Excavator free from/);
  assert.deepEqual(
    answer.units.map((u) => [u.itemId, u.free]),
    [
      ['EX-2', true],
      ['EX-3', true],
      ['EX-1', false],
    ],
  );
});

test('several machines are offered by name and daily rate, as far as an answer can be kept in mind', () => {
  const { say: today } = find(inventory([lift19, unit()]), { query: 'scissor lift or excavator' });
  assert.equal(
    today,
    'The nineteen foot Scissor Lift at $175 a day and the Mini Excavator at $250 a day ' +
      'are free today. Which one would you like?',
  );
  const { say } = find(inventory([lift19, lift26]), { query: 'scissor lift', ...december });
  assert.equal(
    say,
    'The nineteen foot Scissor Lift and the twenty-six foot Scissor Lift are free ' +
      'from Tuesday, December 1st through Thursday the 3rd. Which one?',
  );
});

test('of several machines those that are not free are named as such', () => {
  const list = inventory([{ ...lift19, status: 'RENTED' }, lift26]);
  const { say } = find(list, { query: 'scissor lift', start: '2026-12-01' });
  assert.equal(
    say,
    'The twenty-six foot Scissor Lift at $225 a day is free on Tuesday, December 1st. ' +
      "The nineteen foot Scissor Lift isn't free then.",
  );
});

test('of several machines none of which is free the soonest is named', () => {
  const list = inventory([
    { ...lift19, status: 'RENTED', dueBack: '2026-12-09' },
    { ...lift26, status: 'RENTED', dueBack: '2026-12-03' },
  ]);
  const { say } = find(list, { query: 'scissor lift', start: '2026-12-01' });
  assert.match(say, /^None of them is free on Tuesday, December 1st\./);
  assert.match(say, /You could have the twenty-six foot Scissor Lift from Friday, December 4th\./);
});

test('a machine that is booked comes with the reason and the next date', () => {
  const list = inventory([unit()], { bookings: [booking('2026-12-02', '2026-12-07')] });
  const answer = find(list, { query: 'excavator', ...december });
  assert.match(answer.say, /isn't free then: it's booked through Monday, December 7th\./);
  assert.match(answer.say, /For 3 days you could have it from Tuesday, December 8th\./);
  assert.equal(answer.units[0]?.freeFrom, '2026-12-08');
});

test('a machine that is out with no return date is said to be so', () => {
  const answer = find(inventory([unit({ status: 'RENTED' })]), { query: 'excavator', ...december });
  assert.match(answer.say, /it's out, and I have no return date for it\./);
  assert.doesNotMatch(answer.say, /soonest/);
  assert.deepEqual([answer.units[0]?.reason, answer.units[0]?.freeFrom], ['rented-no-date', null]);
});

test('a machine that is overdue is offered only with a word about it', () => {
  const overdue = unit({ status: 'RENTED', dueBack: '2026-11-20' });
  const { say } = find(inventory([overdue]), { query: 'excavator', ...december });
  assert.match(
    say,
    /The Mini Excavator was due back Friday, November 20th, and is still out, so someone/,
  );
});

test('when nothing asked for is free, others that do the same are offered', () => {
  const list = inventory([
    { ...lift19, status: 'MAINTENANCE' },
    lift26,
    unit({ category: 'Lifts' }),
  ]);
  const answer = find(list, { query: '19 foot scissor lift', ...december });
  assert.match(
    answer.say,
    /in the shop.* You could have the twenty-six foot Scissor Lift instead\./,
  );
  assert.deepEqual(
    answer.alternatives?.map((u) => u.itemId),
    ['SL-2'],
  );
});

test('what the yard does not have is told with what it has', () => {
  const answer = find(inventory([unit(), lift19]), { query: 'wedding tent' });
  assert.equal(answer.problem, 'no-match');
  assert.match(
    answer.say,
    /don't see anything like that in our list\. We have Excavators and Lifts\./,
  );
  assert.deepEqual(answer.categories, ['Excavators', 'Lifts']);
});

test('a near match is not passed off as the thing asked for', () => {
  const { say } = find(inventory([unit()]), { query: '20 ton excavator', ...december });
  assert.match(
    say,
    /^I don't see exactly that, but this comes closest\. The Mini Excavator is free/,
  );
});

test('a question for everything is answered with the categories', () => {
  const answer = find(inventory([unit(), lift19]), { query: 'what do you have' });
  assert.equal(answer.say, 'We have Excavators and Lifts. What do you need?');
});

test('dates that cannot be are told to the caller, not looked up', () => {
  const answer = find(inventory([unit()]), { query: 'excavator', start: '2026-11-01' });
  assert.equal(answer.problem, 'past');
  assert.deepEqual(answer.units, []);
});

test('a list that cannot be read, or is empty, is said to be out of reach', () => {
  for (const list of [null, inventory([])]) {
    const answer = find(list, { query: 'excavator' });
    assert.equal(answer.problem, 'list-unreachable');
    assert.match(answer.say, /can't reach our equipment list .* call you back/);
  }
});

test('what comes from a list that is too old will be confirmed by someone', () => {
  const list = inventory([unit()]);
  const at = (ageMs: number) =>
    find({ ...list, fetchedAtMs: nowMs - ageMs }, { query: 'excavator', ...december });
  assert.equal(at(maxAgeMs).problem, undefined);
  assert.equal(at(maxAgeMs + 1).problem, 'list-outdated');
  assert.match(at(maxAgeMs + 1).say, /someone will confirm that and call you back\.$/);
});

test('what is said never has an item id or a line break from the sheet in it', () => {
  const odd = unit({ itemId: 'ZX-99', name: `Mini\nExcavator\u0000 ${'very '.repeat(40)}long` });
  const answer = find(inventory([odd]), { query: 'mini excavator', ...december });
  assert.doesNotMatch(answer.say, /ZX-99|\p{Cc}/u);
  assert.ok(answer.say.length < 300);
});

test('what was asked for is named first, though another that would do is free', () => {
  const list = inventory([
    unit({ itemId: 'TR-1', name: 'Trencher 24"', status: 'MAINTENANCE' }),
    unit(),
  ]);
  const answer = find(list, { query: 'something to dig a trench' });
  assert.equal(
    answer.say,
    "The twenty-four inch Trencher isn't free today: it's in the shop for maintenance. " +
      'The Mini Excavator at $250 a day is free today.',
  );
  assert.deepEqual(
    answer.units.map(({ itemId }) => itemId),
    ['TR-1', 'EX-1'],
  );
});

test('of many machines, and of many categories, it is said that there are more', () => {
  const many = Array.from({ length: 9 }, (_, n) =>
    unit({ itemId: `L${n}`, name: `${19 + n}' Electric Scissor Lift`, category: `Sort ${n}` }),
  );
  const asked = ['scissor lift', 'what do you have', 'a fishing rod'];
  for (const query of asked) {
    const { say } = find(inventory(many), { query });
    assert.match(say, /\bmore\b/, query);
    assert.ok(say.split(' ').length <= 25, say);
  }
});
