/** Words of a request that say nothing about which machine is meant. */
export const fillerWords: ReadonlySet<string> = new Set(
  (
    'a about an any anything are at available be big bit can could d day do does equipment ' +
    'for free get got gotta have heavy hello hey hi hire how i if in is it item just kind ' +
    'large like little ll long looking m machine machinery maybe me month my need of okay on ' +
    'one or our please re rent rental rentals renting right s size small some something sort ' +
    'sure tall that the them there these thing think this those to today tomorrow type um ' +
    'unit us ve want we week weekend what when which with would yeah yes you your'
  ).split(' '),
);

/** After one of these a request no longer names the machine, but says what it is for. */
export const purposeWords: ReadonlySet<string> = new Set(['for', 'to', 'with', 'that', 'on', 'in']);

/** Callers' words -> the yards' words for it. Both in the form that `words()` of search.ts gives. */
export const tradeSynonyms: readonly (readonly [said: string, meant: string])[] = [
  ['bobcat', 'skid steer'],
  ['skid loader', 'skid steer'],
  ['track loader', 'skid steer'],
  ['digger', 'excavator'],
  ['trackhoe', 'excavator'],
  ['track hoe', 'excavator'],
  ['cherry picker', 'boom lift'],
  ['man lift', 'boom lift'],
  ['jlg', 'boom lift'],
  ['fork truck', 'forklift'],
  ['forklift truck', 'forklift'],
  ['lull', 'telehandler'],
  ['reach forklift', 'telehandler'],
  ['jackhammer', 'breaker'],
  ['demolition hammer', 'breaker'],
  ['jumping jack', 'rammer'],
  ['tamper', 'compactor'],
  ['whacker', 'compactor'],
  ['wacker', 'compactor'],
  ['plate tamper', 'plate compactor'],
  ['genset', 'generator'],
  ['gen set', 'generator'],
  ['light plant', 'light tower'],
  ['power washer', 'pressure washer'],
  ['cement mixer', 'concrete mixer'],
  ['dozer', 'bulldozer'],
];

const measuresAndNumbers = {
  foot: 'feet ft',
  inch: 'inches',
  pound: 'lb lbs',
  kilowatt: 'kw',
  horsepower: 'hp',
  ton: 't tonne tonnes',
  gallon: 'gal',
  yard: 'yd yds',
  2: 'two',
  3: 'three',
  4: 'four',
  5: 'five',
  6: 'six',
  7: 'seven',
  8: 'eight',
  9: 'nine',
  10: 'ten',
  12: 'twelve',
  15: 'fifteen',
  19: 'nineteen',
  20: 'twenty',
  30: 'thirty',
  40: 'forty',
  50: 'fifty',
  60: 'sixty',
  80: 'eighty',
};

/** Measures and numbers, as typed in a sheet or heard -> the one spelling to compare. */
export const oneSpelling: ReadonlyMap<string, string> = new Map(
  Object.entries(measuresAndNumbers).flatMap(([spelling, others]) =>
    [spelling, ...others.split(' ')].map((other) => [other, spelling] as const),
  ),
);
