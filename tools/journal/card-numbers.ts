const numberRemoved = '[card number removed]';
const codeRemoved = '[card code removed]';

const units = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'];
const teens =
  'ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(' ');
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const digitsOf = new Map<string, string>([
  ...units.map((word, value) => [word, String(value)] as const),
  ...teens.map((word, value) => [word, String(value + 10)] as const),
  ...tens.map((word, value) => [word, String(value * 10 + 20)] as const),
  ...['oh', 'o', 'nought'].map((word) => [word, '0'] as const),
]);
const unit = `(?:${units.join('|')}|oh|o|nought)`;
const words = `(?:(?:double|triple)[\\s-]+(?:${unit}|\\d)|(?:${tens.join('|')})(?:[\\s-]+${unit})?|${teens.join('|')}|${unit})`;
/** Digits, full-width ones too, or a word for some: `4111`, `forty-one`, `double one`. */
const spokenDigits = new RegExp(`\\p{Nd}+|(?<![\\p{L}'])${words}(?![\\p{L}'])`, 'giu');
/** Callers and recognisers put these between the groups of one number. */
const between =
  /^[\s.,;:–—-]{0,4}(?:(?:and|then|next|dash|hyphen|space|comma|um|uh|er)[\s.,;:–—-]{1,4})*$/i;

const cardWords =
  '(?:card|visa|master ?card|amex|american express|discover|maestro|debit|credit)s?';
const codeWords =
  '(?:c\\W?v\\W?[cv]2?|c\\W?i\\W?d|security (?:code|number)|verification (?:code|value|number)|' +
  '(?:code|numbers?|digits?)(?: (?:that is|printed))? on the back|pin)';
const linking =
  "(?:\\W+(?:(?:the|my|its?|it's) )?(?:number|numbers|no|code|digits?|is|are|it's|its|ending|ends|in|with|here|goes|of|last|four|three)(?!\\p{L}))*\\W*$";
const namesCard = new RegExp(`\\b${cardWords}${linking}`, 'iu');
const namesCode = new RegExp(`\\b${codeWords}${linking}`, 'iu');
/** Beside a card, any code is its code; a booking's has letters. */
const namesAnyCode = new RegExp(`\\bcode${linking}`, 'iu');

/** Card lengths, the common ones first: other numbers beside it may make up a rare one. */
const lengths = [16, 15, 14, 19, 13, 18, 17];

type Group = { readonly start: number; readonly end: number; readonly digits: string };

/**
 * The text without payment card numbers (ISO/IEC 7812) and their codes, in figures or in words:
 * nobody here may keep them. Digits that are said to be a card's need not add up: one may have been
 * heard wrong, or the rest is still to come.
 */
export function withoutCardNumbers(text: string): string {
  let kept = '';
  let from = 0;
  for (const run of runsOf(text)) {
    for (const { start, end, label } of cardParts(run, (at) => kept + text.slice(from, at))) {
      kept += text.slice(from, start) + label;
      from = end;
    }
  }
  return kept + text.slice(from);
}

/** The groups of digits that make up one spoken number each. */
function runsOf(text: string): readonly Group[][] {
  const runs: Group[][] = [];
  let last: Group | undefined;
  for (const { 0: said, index } of text.matchAll(spokenDigits)) {
    const group = { start: index, end: index + said.length, digits: asDigits(said) };
    const goesOn = last && between.test(text.slice(last.end, index));
    if (goesOn) runs.at(-1)?.push(group);
    else runs.push([group]);
    last = group;
  }
  return runs;
}

function asDigits(said: string): string {
  const plain = said.normalize('NFKC').toLowerCase();
  if (/^\d+$/.test(plain)) return plain;
  const [first = '', second] = plain.split(/[\s-]+/);
  const times = first === 'double' ? 2 : first === 'triple' ? 3 : 0;
  const rest = second === undefined ? '' : (digitsOf.get(second) ?? second);
  if (times > 0) return rest.repeat(times);
  const value = digitsOf.get(first) ?? '';
  return rest === '' ? value : value.slice(0, 1) + rest;
}

type Part = { readonly start: number; readonly end: number; readonly label: string };

/** The parts of a run of groups that must go; `before` gives the text kept up to a place. */
function cardParts(run: readonly Group[], before: (at: number) => string): readonly Part[] {
  const [first] = run;
  const last = run.at(-1);
  if (!first || !last) return [];
  const found = findCardNumber(run);
  if (found) {
    const [from, to] = found;
    const whole = { start: run[from]?.start ?? 0, end: run[to]?.end ?? 0, label: numberRemoved };
    return [
      ...cardParts(run.slice(0, from), before),
      whole,
      ...cardParts(run.slice(to + 1), () => ''),
    ];
  }
  const count = run.reduce((sum, { digits }) => sum + digits.length, 0);
  const said = before(first.start).slice(-120);
  const { start } = first;
  const { end } = last;
  if (count >= 4 && namesCard.test(said)) return [{ start, end, label: numberRemoved }];
  const isCode = namesCode.test(said) || (/\bcard\b/i.test(said) && namesAnyCode.test(said));
  return isCode && (count === 3 || count === 4) ? [{ start, end, label: codeRemoved }] : [];
}

/** The groups that make up a card number; null when none do. */
function findCardNumber(run: readonly Group[]): readonly [from: number, to: number] | null {
  const digits = run.map((group) => group.digits).join('');
  // By how many digits come before: which group begins there, and which one ends there.
  const starts = new Map<number, number>();
  const ends = new Map<number, number>();
  let before = 0;
  for (const [at, group] of run.entries()) {
    starts.set(before, at);
    before += group.digits.length;
    ends.set(before, at);
  }
  for (const length of lengths) {
    for (const [first, from] of starts) {
      const to = ends.get(first + length);
      if (to !== undefined && isCardNumber(digits.slice(first, first + length))) return [from, to];
    }
  }
  return null;
}

/** The first digit names the network. */
function isCardNumber(digits: string): boolean {
  return /^[2-6]/.test(digits) && passesLuhn(digits);
}

/** Every second digit from the right counts double, less 9 above 9; the sum must end in 0. */
function passesLuhn(digits: string): boolean {
  const sum = Array.from(digits, Number)
    .toReversed()
    .map((digit, place) => digit * (1 + (place % 2)))
    .reduce((total, value) => total + (value > 9 ? value - 9 : value), 0);
  return sum % 10 === 0;
}
