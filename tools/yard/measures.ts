import { inDigits } from '../guardrail/numbers.ts';

/** A size as a sheet writes or a caller says it. `value` is in the dimension's own unit, see `units`. */
export type Measure = {
  /** `length` (inches), `weight` (pounds), `power` (watts), `size` (`7x14`), and others by their unit. */
  readonly dimension: string;
  readonly value: number;
  /** The number as it was written: `19` of `19 ft`. */
  readonly written: number;
  readonly bound: 'equal' | 'least' | 'most';
};

/** A text's sizes, and the text without them; each leaves `#dimension` behind. */
export type Measured = { readonly measures: readonly Measure[]; readonly rest: string };

type UnitOfMeasure = {
  readonly dimension: string;
  readonly factor: number;
  readonly pattern: string;
  /** After a number, in a name that is spoken. */
  readonly spoken: string;
};

/** The longest first: a cubic foot is no foot. */
const units: readonly UnitOfMeasure[] = [
  {
    dimension: 'air',
    factor: 1,
    pattern: 'cfm|c\\.? ?f\\.? ?m\\b|cubic f(?:ee|oo)t (?:per|a) minute',
    spoken: 'CFM',
  },
  {
    dimension: 'flow',
    factor: 1,
    pattern: 'gpm|gallons? (?:per|a) minute',
    spoken: 'gallon a minute',
  },
  {
    dimension: 'cubic feet',
    factor: 1,
    pattern: 'cubic[ -]f(?:ee|oo)?t|cu\\.? ?-?f(?:ee|oo)?t\\b\\.?|cf',
    spoken: 'cubic foot',
  },
  {
    dimension: 'yards',
    factor: 1,
    pattern: 'cubic[ -]yards?|cu\\.? ?yds?\\.?|yards?|yds?|cy',
    spoken: 'yard',
  },
  {
    dimension: 'pressure',
    factor: 1,
    pattern: 'psi|p\\.? s\\.? i\\b|pounds? per square inch',
    spoken: 'PSI',
  },
  {
    dimension: 'length',
    factor: 12,
    pattern: "feet|footers?|foot|ft\\b\\.?|'(?!')",
    spoken: 'foot',
  },
  { dimension: 'length', factor: 0.0394, pattern: 'millimet(?:er|re)s?|mm', spoken: 'millimeter' },
  { dimension: 'length', factor: 0.394, pattern: 'centimet(?:er|re)s?|cm', spoken: 'centimeter' },
  { dimension: 'length', factor: 39.37, pattern: 'met(?:er|re)s?|m', spoken: 'meter' },
  {
    dimension: 'length',
    factor: 1,
    pattern: "inch(?:es|er)?|in\\b\\.?(?! (?:the|a|an|all|total|stock|my|our|your|one)\\b)|''|\"",
    spoken: 'inch',
  },
  { dimension: 'weight', factor: 1, pattern: 'pound(?:er)?s?|lbs?\\b\\.?|#', spoken: 'pound' },
  { dimension: 'weight', factor: 2000, pattern: 'tonn?e?s?|t', spoken: 'ton' },
  { dimension: 'weight', factor: 2.2, pattern: 'kilograms?|kilos?|kgs?', spoken: 'kilo' },
  { dimension: 'power', factor: 1000, pattern: 'kilowatts?|kws?|kva|k ?w', spoken: 'kilowatt' },
  { dimension: 'power', factor: 1, pattern: 'watts?|w', spoken: 'watt' },
  {
    dimension: 'horsepower',
    factor: 1,
    pattern: 'horse ?powers?|horses?|hp',
    spoken: 'horsepower',
  },
  { dimension: 'gallons', factor: 1, pattern: 'gallons?|gals?\\b\\.?', spoken: 'gallon' },
  { dimension: 'amps', factor: 1, pattern: 'amperes?|amps?', spoken: 'amp' },
  { dimension: 'volts', factor: 1, pattern: 'volts?|v', spoken: 'volt' },
  { dimension: 'btu', factor: 1, pattern: "btu'?s?|b\\.?t\\.?u\\.?", spoken: 'BTU' },
  { dimension: 'pints', factor: 1, pattern: 'pints?', spoken: 'pint' },
  { dimension: 'cups', factor: 1, pattern: 'cups?', spoken: 'cup' },
  {
    dimension: 'people',
    factor: 1,
    pattern: 'man|men|persons?|people|passengers?|seaters?',
    spoken: 'man',
  },
];

const number = '\\d+(?:\\.\\d+)?(?:[ -]\\d/\\d)?|\\d/\\d';
const area = new RegExp(
  `(${number}) ?(?:feet|foot|ft|')? ?(?:x|by|×) ?(${number})(?: ?(?:feet|foot|ft)\\b|')?(?![\\w.])`,
  'g',
);
const measure = new RegExp(
  `(?<![\\w.])(${number}|one(?! ?-?(?:man|person)))( ?k(?![a-z ]*w))?[ -]?(?:${units.map(({ pattern }) => `((?:${pattern})(?![a-z0-9]))`).join('|')})`,
  'g',
);
/** `6k` is six thousand of whatever the machine is measured in. */
const thousands = /(?<![\w.])(\d+(?:\.\d+)?) ?k\b/g;

const least =
  /(?:at least|minimum(?: of)?|\bmin|\bover|more than|above|(?:bigg|larg|great|tall|high|heavi|strong|long)er than|no less than|past|(?:can|could|to|will|'ll|that|it) (?:lift|carry|hold|handle|pick up)|\b(?:lifts|holds|carries|handles|reach|reaches|reaching|goes|go|going|get|gets)|up to|platform at|platform height of|working height of|reach of|height of)(?: (?:to|up|at|about|around|out|a|an|it|me|us|is|of|like|over|like|almost|nearly|past))* ?$/;
const leastAfter =
  /^ ?(?:or (?:more|higher|taller|bigger|better|up|above|greater|over|so up|larger|longer)|plus\b|\+|and (?:up|above|over)|minimum|at least|(?:of )?(?:reach|height)|high\b|up\b|tall\b|off the ground|in the air)/;
const most =
  /(?:under|below|less than|at most|no more than|(?:small|short|low|narrow|light)er than|maximum(?: of)?|\bmax|not over|fits? (?:through|in|into)|through|narrow enough for|small enough for|no (?:bigger|wider|taller|larger|longer) than|within)(?: (?:a|an|my|the|only))* ?$/;
const mostAfter =
  /^ ?(?:or (?:less|smaller|under|below|shorter|lower|narrower)|max(?:imum)?\b|(?:wide )?(?:gate|door|doorway|opening)\b)/;

/** Reads the sizes of a text, in words or in figures: `nineteen foot`, `19'`, `7 by 14`, `6k`. */
export function readMeasures(text: string): Measured {
  const measures: Measure[] = [];
  const boundOf = (whole: string, from: number, to: number): Measure['bound'] => {
    const [before, after] = [whole.slice(0, from), whole.slice(to)];
    if (most.test(before) || mostAfter.test(after)) return 'most';
    return least.test(before) || leastAfter.test(after) ? 'least' : 'equal';
  };
  const rest = plainText(text)
    .replaceAll(area, (_, a: string, b: string) => {
      const sides = [valueOf(a), valueOf(b)];
      const [shorter = 0, longer = 0] = sides.toSorted((x, y) => x - y);
      measures.push(
        { dimension: 'area', value: shorter * 1_000 + longer, written: longer, bound: 'equal' },
        { dimension: 'length', value: longer * 12, written: longer, bound: 'equal' },
      );
      return ' #area ';
    })
    .replaceAll(measure, (...found: readonly (string | number | undefined)[]) => {
      const [matched = '', digits, thousand, ...others] = found;
      const unit = units.find((_unit, at) => others[at] !== undefined);
      const [at, whole] = others.slice(units.length) as [number, string];
      const written = valueOf(String(digits)) * (thousand === undefined ? 1 : 1_000);
      if (!unit) return String(matched);
      measures.push({
        dimension: unit.dimension,
        value: written * unit.factor,
        written,
        bound: boundOf(whole, at, at + String(matched).length),
      });
      return ` #${unit.dimension.replace(' ', '')} `;
    })
    .replaceAll(thousands, (_, digits: string) => ` ${Number(digits) * 1_000} `);
  return { measures, rest };
}

/** Lower case, without accents, figures for numbers, one kind of quotes. */
function plainText(text: string): string {
  return inDigits(text.normalize('NFKD').replaceAll(/\p{M}/gu, ''))
    .replaceAll(/[’‘′]/g, "'")
    .replaceAll(/[”“″]/g, '"')
    .replaceAll(/(\d+|one) and (?:a )?half\b/g, (_, whole: string) => `${valueOf(whole) + 0.5}`)
    .replaceAll(/\bhalf[ -](?:a[ -])?(?=tonn?e?s?\b|inch\b|yards?\b)/g, '0.5 ')
    .replaceAll(/(?<![\d.])\b(\d) (\d\d)(?= (?:cfm|c f m|psi|amps?)\b)/g, '$1$2');
}

function valueOf(digits: string): number {
  if (digits === 'one') return 1;
  const [whole = '0', part] =
    digits.includes('/') && !/[ -]/.test(digits) ? ['0', digits] : digits.split(/[ -]/);
  const [top, bottom] = (part ?? '0/1').split('/').map(Number);
  return Number(whole) + (top ?? 0) / (bottom ?? 1);
}

const small = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen ' +
  'sixteen seventeen eighteen nineteen'
).split(' ');
const tens = ' ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/** `nineteen`, `twenty-four`; from a hundred on, and with a fraction, the figures as typed. */
function spokenNumber(digits: string): string {
  const value = Number(digits);
  if (!/^\d{1,2}$/.test(digits)) return digits;
  if (value < 20) return small[value] ?? digits;
  const ten = tens[Math.floor(value / 10)] ?? '';
  return value % 10 === 0 ? ten : `${ten}-${small[value % 10]}`;
}

const typedNumber = '\\d{1,3}(?:,\\d{3})+|\\d+(?:\\.\\d+)?';
const typedArea = new RegExp(
  `(?<![\\w.])(${typedNumber}) ?(?:feet|foot|ft\\b|['’′])? ?[x×] ?(${typedNumber})(?: ?(?:feet|foot|ft)\\b|['’′])?(?![\\w.])`,
  'gi',
);
const typedMeasure = new RegExp(
  `(?<![\\w.])(${typedNumber})[ -]?(?:${units.map(({ pattern }) => `((?:${pattern.replaceAll("'", "['’′]").replaceAll('"', '["”″]')})(?![a-z0-9]))`).join('|')})`,
  'gi',
);

/**
 * A machine's name as people say it: sizes in words, and before the rest. `Trencher 24"` is a
 * `twenty-four inch Trencher`, and an `Aerator, core` a `core Aerator`.
 */
export function spokenSizes(name: string): string {
  const sizes: string[] = [];
  const rest = name
    .replaceAll(typedArea, (_, a: string, b: string) => {
      sizes.push(`${spokenNumber(a)} by ${spokenNumber(b)}`);
      return ' ';
    })
    .replaceAll(typedMeasure, (...found: readonly (string | undefined)[]) => {
      const [, digits = '', ...others] = found;
      const unit = units.find((_unit, at) => others[at] !== undefined);
      sizes.push(`${spokenNumber(digits)} ${unit?.spoken ?? ''}`);
      return ' ';
    })
    .replaceAll(/\s+/g, ' ')
    .replace(/[\s,(-]+$/, '')
    .trim();
  const [head = '', detail, more] = rest.split(/, ?/);
  const inOrder =
    detail !== undefined && more === undefined && /^[^\d()]+$/.test(rest)
      ? `${detail} ${head}`
      : rest;
  return [...sizes, inOrder].join(' ').trim();
}
