import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { indexOf, prepareSearch } from '../../../tools/yard/search-index.ts';
import { categoriesOf, searchUnits } from '../../../tools/yard/search.ts';
import { unit } from './example-yard.ts';

const units = [
  ['EX-1', 'Mini Excavator', 'Excavators'],
  ['EX-2', 'mini  excavator', 'Excavators'],
  ['EX-3', 'Kubota KX080 8 Ton', 'Excavators'],
  ['SL-1', '19 ft Scissor Lift', 'Aerial Lifts'],
  ['SL-2', '26 ft Scissor Lift', 'Aerial Lifts'],
  ['BL-1', '45 ft Boom Lift', 'Aerial Lifts'],
  ['SS-1', 'Skid Steer', 'Earthmoving'],
  ['BH-1', 'Backhoe Loader', 'Earthmoving'],
  ['GE-1', 'Generator 20 kW', 'Power'],
  ['LT-1', 'Light Tower', 'Power'],
  ['PC-1', 'Plate Compactor', 'Compaction'],
  ['PW-1', 'Pressure Washer'],
].map(([itemId = '', name = '', category = '']) =>
  unit({ itemId, name, category: category || null }),
);

function found(request: string) {
  const result = searchUnits(units, request);
  return 'groups' in result
    ? { [result.kind]: result.groups.map((group) => group.units[0]?.itemId) }
    : result.kind;
}

test('a machine is found by its name, in any case, order and number', () => {
  for (const request of ['mini excavator', 'MINI EXCAVATORS', 'excavator, mini']) {
    assert.deepEqual(found(request), { exact: ['EX-1'] }, request);
  }
});

test('identical units are one group, whatever the case and spaces of their names', () => {
  const result = searchUnits(units, 'mini excavator');
  assert.ok(result.kind === 'exact');
  assert.deepEqual(
    result.groups.map((group) => [group.name, group.units.map((u) => u.itemId)]),
    [['Mini Excavator', ['EX-1', 'EX-2']]],
  );
});

test('a category finds what is in it, names first', () => {
  assert.deepEqual(found('excavator'), { exact: ['EX-1', 'EX-3'] });
  assert.deepEqual(found('lift'), { exact: ['SL-1', 'SL-2', 'BL-1'] });
});

test('a whole sentence is searched for the machine in it', () => {
  assert.deepEqual(found("Hi, I'm looking to rent a skid steer for a weekend"), {
    exact: ['SS-1'],
  });
  assert.deepEqual(found('do you have two generators for my wedding tent'), { exact: ['GE-1'] });
});

test('a simple misspelling is forgiven', () => {
  assert.deepEqual(found('excavater'), { exact: ['EX-1', 'EX-3'] });
  assert.deepEqual(found('genrator'), { exact: ['GE-1'] });
  assert.deepEqual(found('scisor lift'), { exact: ['SL-1', 'SL-2'] });
});

test('one word or two is the same machine', () => {
  assert.deepEqual(found('skidsteer'), { exact: ['SS-1'] });
  assert.deepEqual(found('back hoe'), { exact: ['BH-1'] });
});

test('sizes are heard as they are typed', () => {
  for (const request of [
    '19 foot scissor lift',
    '19ft scissor lift',
    'nineteen foot scissor lift',
  ]) {
    assert.deepEqual(found(request), { exact: ['SL-1'] }, request);
  }
  assert.deepEqual(found('32 foot scissor lift'), { closest: ['SL-2', 'SL-1'] });
});

test('the names of the trade find what the yard calls otherwise', () => {
  assert.deepEqual(found('bobcat'), { exact: ['SS-1'] });
  assert.deepEqual(found('cherry picker'), { exact: ['BL-1'] });
  assert.deepEqual(found('digger'), { exact: ['EX-1', 'EX-3'] });
  assert.deepEqual(found('plate tamper'), { exact: ['PC-1'] });
  assert.deepEqual(found('power washer'), { exact: ['PW-1'] });
});

test('another make of the same machine is offered as the closest', () => {
  assert.deepEqual(found('honda generator'), { closest: ['GE-1'] });
});

test('a word in common does not make another machine of it', () => {
  for (const request of [
    'tower crane',
    'lawn mower',
    'helicopter',
    'bouncy castle',
    'light bulb',
  ]) {
    assert.equal(found(request), 'none', request);
  }
});

test('words that name no machine are no miss', () => {
  for (const request of ['', 'what do you have', 'any equipment', '???']) {
    assert.equal(found(request), 'unnamed', request);
  }
});

test("the owner's other names find a machine, misheard too", () => {
  const list = [
    unit({
      itemId: 'PC-1',
      name: 'Plate Compactor',
      category: null,
      alsoCalled: 'thumper, vibraslam',
    }),
    unit({ itemId: 'ZZ-1', name: 'Zephyr 200', category: null, alsoCalled: 'wind maker' }),
    unit({ itemId: 'JJ-1', name: 'Jumping Jack', category: null }),
  ];
  const asked = { thumper: 'PC-1', 'vibra slam': 'PC-1', thumber: 'PC-1', 'a wind maker': 'ZZ-1' };
  for (const [request, itemId] of Object.entries(asked)) {
    const result = searchUnits(list, request);
    assert.ok(result.kind === 'exact', request);
    assert.deepEqual(
      result.groups.map(({ units: [first] }) => first?.itemId),
      [itemId],
      request,
    );
  }
});

test('the index of a huge list is made without holding the event loop, and only once', async () => {
  const huge = Array.from({ length: 3_000 }, (_, n) =>
    unit({ itemId: `U-${n}`, name: `Mini Excavator ${n}`, category: `Row ${n}` }),
  );
  let turns = 0;
  const counting = setInterval(() => (turns += 1), 0);
  await Promise.all([prepareSearch(huge), prepareSearch(huge)]);
  clearInterval(counting);
  assert.ok(turns > 0, 'others had their turn meanwhile');
  assert.equal(indexOf(huge), indexOf(huge));
  assert.equal(searchUnits(huge, 'mini excavator').kind, 'exact');
});

test('every unit is found by its own name, however its words are ordered', () => {
  fc.assert(
    fc.property(
      fc
        .constantFrom(...units)
        .chain((u) =>
          fc.tuple(
            fc.constant(u),
            fc.shuffledSubarray(u.name.split(/\s+/), { minLength: u.name.split(/\s+/).length }),
            fc.boolean(),
          ),
        ),
      ([sought, words, isLoud]) => {
        // "ft 19" is no size: only words that are not numbers may change places.
        const request = /\d/.test(sought.name) ? sought.name : words.join(' ');
        const result = searchUnits(units, isLoud ? request.toUpperCase() : request);
        assert.ok(result.kind === 'exact');
        assert.ok(result.groups[0]?.units.includes(sought));
      },
    ),
  );
});

test('no request makes the search fail', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (request) => {
      searchUnits(units, request);
    }),
  );
});

test('categories are listed once, as first typed', () => {
  const typed = ['Power', 'power ', null, 'Lifts'].map((category) => unit({ category }));
  assert.deepEqual(categoriesOf(typed), ['Power', 'Lifts']);
});
