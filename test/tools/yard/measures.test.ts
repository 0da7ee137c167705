import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withheldAs } from '../../../tools/guardrail/guardrail.ts';
import { readMeasures, spokenSizes } from '../../../tools/yard/measures.ts';
import { spokenName } from '../../../tools/yard/unit-facts.ts';

const spoken: Readonly<Record<string, string>> = {
  "19' Electric Scissor Lift": 'nineteen foot Electric Scissor Lift',
  'Scissor Lift 26 ft': 'twenty-six foot Scissor Lift',
  'Walk-Behind Trencher 24"': 'twenty-four inch Walk-Behind Trencher',
  'Concrete Mixer 9 cu ft': 'nine cubic foot Concrete Mixer',
  'Concrete mixer 6 cf tow': 'six cubic foot Concrete mixer tow',
  'Pressure Washer 4000 psi': '4000 PSI Pressure Washer',
  'Dump Trailer 7x14': 'seven by fourteen Dump Trailer',
  "Frame Tent 20' x 40'": 'twenty by forty Frame Tent',
  '185 CFM Air Compressor': '185 CFM Air Compressor',
  'Electric Jackhammer 60 lb': 'sixty pound Electric Jackhammer',
  'Stump Grinder 25 hp': 'twenty-five horsepower Stump Grinder',
  '20 kW Towable Generator': 'twenty kilowatt Towable Generator',
  'Towable Generator 20kW': 'twenty kilowatt Towable Generator',
  '6,000 lb Telehandler': '6,000 pound Telehandler',
  'Post Hole Auger 2-man': 'two man Post Hole Auger',
  'Mini Digger 1.5t': '1.5 ton Mini Digger',
  '3" Trash Pump': 'three inch Trash Pump',
  'Aerator, core': 'core Aerator',
  'Kubota KX040 Mini Excavator': 'Kubota KX040 Mini Excavator',
  'Backhoe Loader Cat 420': 'Backhoe Loader Cat 420',
  'Dozer D4': 'Dozer D4',
  'One Man Lift': 'One Man Lift',
};

test('a name is spoken as people say it', () => {
  for (const [name, says] of Object.entries(spoken)) {
    assert.equal(spokenSizes(name), says);
    assert.equal(spokenName({ name, category: null }), says);
  }
});

test("a machine's name is heard when the model says it again, its sizes in words or in figures", () => {
  const sentences: Readonly<Record<string, readonly string[]>> = {
    "19' Electric Scissor Lift": ['nineteen foot', '19 foot', '19-foot'],
    'Trencher 24"': ['twenty-four inch', '24 inch', '24-inch'],
    'Pressure Washer 4000 psi': ['4000 PSI', 'four thousand PSI', '4,000 psi'],
    'Mixer 9 cu ft': ['nine cubic foot', '9 cubic foot'],
    'Dump Trailer 7x14': ['seven by fourteen', '7 by 14', '7x14'],
    'Air Compressor 185 CFM': ['185 CFM', 'one eighty five CFM'],
    'Jackhammer 60 lb': ['sixty pound', '60 pound', '60 lb'],
    'Stump Grinder 25 hp': ['twenty-five horsepower', '25 horsepower', '25 hp'],
    'Generator 20 kW': ['twenty kilowatt', '20 kilowatt', '20 kW'],
    'Telehandler 6,000 lb': ['6,000 pound', 'six thousand pound', '6000 lb'],
  };
  for (const [name, forms] of Object.entries(sentences)) {
    const says = spokenSizes(name);
    const facts = {
      tools: [`The ${says} is free today, at $140 a day. Which days do you need it?`],
      yard: [],
      caller: [],
      machines: [name],
      today: '2026-12-02',
    };
    const rest = name.replace(/ [\d,.x]+.*$|^[\d']+ /, '');
    for (const form of forms) {
      for (const sentence of [
        `The ${form} ${rest} is free today at $140 a day.`,
        `We have the ${form} ${rest}.`,
        `Would you like the ${form} ${rest}?`,
      ]) {
        assert.equal(withheldAs(sentence, facts), null, sentence);
      }
      assert.equal(withheldAs(`The ${form} ${rest} is $99 a day.`, facts), 'price');
    }
  }
});

test('a number behind a make is a model, and no price', () => {
  const facts = {
    tools: ['The Backhoe Loader Cat 420 is free today, at $350 a day.'],
    yard: [],
    caller: [],
    today: '2026-12-02',
  };
  assert.equal(withheldAs('We have the Backhoe Loader Cat 420.', facts), null);
  assert.equal(withheldAs("It's 420.", facts), 'price');
});

test('sizes are read in words and in figures, with what bounds them', () => {
  const sizes: Readonly<Record<string, readonly [string, number, string]>> = {
    'nineteen foot': ['length', 228, 'equal'],
    "19'": ['length', 228, 'equal'],
    '24"': ['length', 24, 'equal'],
    'two ton': ['weight', 4_000, 'equal'],
    '7 by 14': ['area', 7_014, 'equal'],
    '185 CFM': ['air', 185, 'equal'],
    'one eighty five cfm': ['air', 185, 'equal'],
    'four thousand psi': ['pressure', 4_000, 'equal'],
    '9 cubic foot': ['cubic feet', 9, 'equal'],
    'a lift to reach 30 feet': ['length', 360, 'least'],
    'at least 20 kilowatts': ['power', 20_000, 'least'],
    'under 3 tons': ['weight', 6_000, 'most'],
    'through a 36 inch gate': ['length', 36, 'most'],
  };
  for (const [text, [dimension, value, bound]] of Object.entries(sizes)) {
    const [measure] = readMeasures(text).measures;
    assert.deepEqual(
      [measure?.dimension, measure?.value, measure?.bound],
      [dimension, value, bound],
    );
  }
});
