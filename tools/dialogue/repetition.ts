import type { IsoDate } from '../yard/equipment.ts';
import { addDays, daysIn, weekday, type RentalRange } from '../yard/rental-dates.ts';

/** The parts of a read-back that the caller may say again. */
export type ReadBack = {
  /** One line for each machine. */
  readonly lines: readonly {
    readonly machine: string;
    readonly start: IsoDate;
    readonly end: IsoDate;
  }[];
  readonly totalCents?: number | null | undefined;
  readonly depositCents?: number | null | undefined;
  readonly customer?: string | null | undefined;
  /** The number read back; null for the one that the caller rings from. */
  readonly phone?: string | null | undefined;
};

const contractions: readonly (readonly [RegExp, string])[] = [
  [/\bma(?:'?a)?m\b/g, 'maam'],
  [/\bcan(?:'?t|not)\b/g, 'can not'],
  [/\bwon't\b/g, 'will not'],
  [/\b(do|does|did|is|was|would|could|should|have|has)n'?t\b/g, '$1 not'],
  [/\blet'?s\b/g, 'let us'],
  [/\b(that|it|what|there|everything|all|price|who|he|she)'s\b/g, '$1 is'],
  [/\b(that|it|what)s\b/g, '$1 is'],
  [/\b(that|it|i|we|you)'ll\b|\b(that|it)ll\b/g, '$1$2 will'],
  [/\bi'?m\b/g, 'i am'],
  [/\bill (?=take|have|go|book)/g, 'i will '],
  [/\b(i|we|you)'?ve\b/g, '$1 have'],
  [/\b(you|we)'re\b|\byoure\b/g, '$1 are'],
  [/\b(i|we|that|it|you)'d\b/g, '$1 would'],
];

/** The words alone, as a recogniser with or without punctuation would write them. */
export function plainWords(text: string): string {
  let words = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[’‘`]/g, "'")
    .replaceAll('%', ' percent ')
    .replaceAll('&', ' and ')
    .replaceAll(/(?<=\d),(?=\d{3}\b)/g, '')
    .replaceAll(
      /(?<![\d-])(\d{1,2}(?:st|nd|rd|th)?)\s?[-–]\s?(\d{1,2}(?:st|nd|rd|th)?)(?![\d-])/g,
      '$1 to $2',
    );
  for (const [written, spoken] of contractions) words = words.replaceAll(written, spoken);
  return words
    .replaceAll(/(?<!\d)[.:/]|[.:/](?!\d)/g, ' ')
    .replaceAll("'", '')
    .replaceAll(/[^\p{L}\p{N}.:/]+/gu, ' ')
    .trim();
}

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const irregular = [
  '',
  'first',
  'second',
  'third',
  '',
  'fifth',
  '',
  '',
  'eighth',
  'ninth',
  '',
  '',
  'twelfth',
];
const numberWords = new Map<string, number>([
  ...ones.map((word, n) => [word, n] as const),
  ...tens.map((word, n) => [word, n * 10 + 20] as const),
  ['oh', 0],
  ['o', 0],
]);

/** A number, or a part of one, means something else said twice than once. */
export function isNumberWord(word: string): boolean {
  return numberWords.has(word) || /\d/.test(word);
}

/** `thirty one`, from 0 to 99. */
function inWords(n: number): string {
  if (n < 20) return ones[n] ?? '';
  return [tens[Math.floor(n / 10) - 2], n % 10 > 0 ? ones[n % 10] : []].flat().join(' ');
}

function ordinalInWords(n: number): string {
  if (n > 20 && n % 10 > 0) return `${tens[Math.floor(n / 10) - 2]} ${ordinalInWords(n % 10)}`;
  return irregular[n] || inWords(n).replace(/y$/, 'ie') + 'th';
}

/** All values that the words may stand for: `seven fifty` is 750, `twelve hundred` 1200. */
function valuesOf(words: string): number[] {
  const typed = /^(\d+)[.:](\d\d)$/.exec(words);
  if (typed) return [Number(`${typed[1]}.${typed[2]}`), Number(`${typed[1]}${typed[2]}`)];
  const tokens = words
    .replace(/^an? (?=hundred|thousand|grand)/, '1 ')
    .replace(/(?<=\d)k$/, ' thousand')
    .split(' ');
  return [cardinal(tokens), concatenated(tokens)].filter((value) => value !== null);
}

function numberOf(token: string): number | null {
  return /^\d+$/.test(token) ? Number(token) : (numberWords.get(token) ?? null);
}

/** `one thousand two hundred and fifty`; null when the words are no such number. */
function cardinal(tokens: readonly string[]): number | null {
  let total = 0;
  let below = 0;
  let isEmpty = true;
  for (const [at, token] of tokens.entries()) {
    if (token === 'and' && at > 0 && at < tokens.length - 1) continue;
    if (token === 'hundred' && below < 100) below = (below || 1) * 100;
    else if (token === 'thousand' || token === 'grand') {
      total += (below || 1) * 1_000;
      below = 0;
    } else {
      const value = numberOf(token);
      const isUnit = value !== null && value < 10 && below % 100 >= 20 && below % 10 === 0;
      if (
        value === null ||
        !(isEmpty || below % 100 === 0 || isUnit) ||
        (value >= 100 && below > 0)
      ) {
        return null;
      }
      below += value;
    }
    isEmpty = false;
  }
  return total + below;
}

/** `seven fifty`, `one oh five`: the digits one after the other; null when the words are none. */
function concatenated(tokens: readonly string[]): number | null {
  let digits = '';
  let previous = 0;
  for (const token of tokens) {
    const value = numberOf(token);
    if (value === null || value > 99) return null;
    if (previous >= 20 && previous % 10 === 0 && value < 10 && value > 0) {
      digits = digits.slice(0, -1);
    }
    digits += value;
    previous = value;
  }
  return Number(digits);
}

const currency = '(?:dollars?|bucks?|usd|pounds?|euros?|quid)';
const amountIs = (words: string, cents: number): boolean => {
  const parts = new RegExp(`^(.+?) ${currency} (?:and )?(.+?)(?: cents)?$`).exec(words);
  if (parts) {
    const [, whole = '', rest = ''] = parts;
    return valuesOf(whole).some((w) => valuesOf(rest).some((c) => w * 100 + c === cents));
  }
  const values = valuesOf(words.replace(new RegExp(` ${currency}$`), ''));
  // With its cents an amount may be said as its digits: `eighty nine fifty`.
  return values.some((v) => Math.round(v * 100) === cents || (cents % 100 > 0 && v === cents));
};

const months =
  'january february march april may june july august september october november december'.split(
    ' ',
  );
const monthWord = months.map((month) => `${month}|${month.slice(0, 3)}`).join('|') + '|sept';
const dayWord =
  'mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|saturdays?|sundays?|mon|tues?|weds?|thurs?|thur|fri|sat|sun';
const dayNumbers = new Map<string, { n: number; isOrdinal: boolean }>();
for (let n = 1; n <= 31; n += 1) {
  dayNumbers.set(String(n), { n, isOrdinal: false }).set(inWords(n), { n, isOrdinal: false });
  for (const end of ['st', 'nd', 'rd', 'th']) dayNumbers.set(`${n}${end}`, { n, isOrdinal: true });
  dayNumbers.set(ordinalInWords(n), { n, isOrdinal: true });
}
const dateWord = [...dayNumbers.keys()].toSorted((a, b) => b.length - a.length).join('|');
const dateShape = new RegExp(
  `^(?:(?:on )?(?<day>${dayWord}))?(?: ?(?:(?<month>${monthWord})(?: (?<the>the))? (?<date>${dateWord})|` +
    `(?<the2>the )?(?<date2>${dateWord})(?:(?: of)? (?<month2>${monthWord}))?))?(?: (?<year>\\d{4}|twenty twenty \\w+))?$`,
);

/** The words name this day and nothing that differs from it; a bare number names none. */
function isDay(words: string, iso: IsoDate): boolean {
  const [year = 0, month = 0, date = 0] = iso.split('-').map(Number);
  const slashed = /^(\d{1,2})\/(\d{1,2})(?:\/(\d{2}|\d{4}))?$/.exec(words);
  if (slashed) {
    const [, m, d, y] = slashed;
    return Number(m) === month && Number(d) === date && (!y || String(year).endsWith(y));
  }
  const said = dateShape.exec(words)?.groups;
  if (!said) return false;
  const day = said['day']?.slice(0, 3);
  const monthSaid = (said['month'] ?? said['month2'])?.slice(0, 3);
  const dateSaid = dayNumbers.get(said['date'] ?? said['date2'] ?? '');
  const isNamed = Boolean(day ?? monthSaid ?? said['the2']) || dateSaid?.isOrdinal === true;
  const yearSaid = said['year'];
  return (
    isNamed &&
    (day === undefined || weekday(iso).toLowerCase().startsWith(day)) &&
    (monthSaid === undefined || months[month - 1]?.startsWith(monthSaid) === true) &&
    (dateSaid === undefined || dateSaid.n === date) &&
    (yearSaid === undefined || [String(year), `twenty ${inWords(year % 100)}`].includes(yearSaid))
  );
}

/** A week later the same day of the week is another day: then its name alone is not enough. */
const weekdayNamesHoldFor = 7;

function isRange(words: string, range: RentalRange): boolean {
  const said = words.replace(
    /^(?:(?:for|its|it is|that is|from|starting|start|beginning|on|out) )+/,
    '',
  );
  const namesOnly = new RegExp(`^(?:${dayWord}|through|thru|threw|to|till?|until|and| )+$`).test(
    said,
  );
  const days = daysIn(range);
  if (namesOnly && days > weekdayNamesHoldFor) return false;
  // The last day alone may be another first day.
  if (isDay(said, range.start)) return days === 1 || !/^(?:for|on) /.test(words);
  const ends = said.split(
    / ?\b(?:through|thru|threw|to|till?|until|up to)(?: (?:and including|to))?(?: and including)? /,
  );
  const [first = '', last = ''] = ends;
  if (ends.length === 2 && isDay(last, range.end)) return first === '' || isDay(first, range.start);
  const names = said.split(/ (?:and )?/);
  return (
    days > 1 &&
    names.length === days &&
    days <= weekdayNamesHoldFor &&
    names.every(
      (name, at) =>
        new RegExp(`^(?:${dayWord})$`).test(name) && isDay(name, addDays(range.start, at)),
    )
  );
}

function isLength(words: string, range: RentalRange): boolean {
  const said =
    /^(?:(?:for|it is|that is|all|the|just|a total of|those|full) )*(\w+(?: \w+)?) (days?|weeks?)(?: (?:total|rental|long|in all))?$/.exec(
      words,
    ) ?? /^(?:for )?(?:just )?(a|the) (day|week)$/.exec(words);
  const [, count = '', unit = ''] = said ?? [];
  const number = /^(?:a|an|the|single|one single|a single)$/.test(count) ? [1] : valuesOf(count);
  return number.includes(daysIn(range) / (unit.startsWith('week') ? 7 : 1));
}

/** A caller says the name, or its end from any word on: `that excavator` is a mini excavator. */
function isMachine(words: string, machine: string): boolean {
  const said = words.replace(/^(?:(?:for|it is|the|that|this|a|an|one|your|my) )+/, '');
  const name = plainWords(machine).split(' ');
  const ofName = (parts: readonly string[]) =>
    parts.some((_, at) => withDigits(parts.slice(at).join(' ')) === withDigits(said));
  // `with` begins what goes with it, and signs of a model after the name need not be said.
  const head = name.slice(
    0,
    name.findIndex((word, at) => at > 0 && /^(?:with|and|plus|w)$/.test(word)) >>> 0,
  );
  const noModel = head.slice(0, head.findLastIndex((word) => !isMeasure.test(word)) + 1);
  return said !== '' && (ofName(name) || ofName(head) || ofName(noModel));
}

const measures: Readonly<Record<string, string>> = {
  foot: 'ft',
  feet: 'ft',
  pound: 'lb',
  pounds: 'lb',
  lbs: 'lb',
  kilowatt: 'kw',
  kilowatts: 'kw',
  inch: 'in',
  inches: 'in',
  gallon: 'gal',
  gallons: 'gal',
  tons: 'ton',
};
const isMeasure = new RegExp(`\\d|^(?:${Object.entries(measures).flat().join('|')}|hp|cfm|psi|k)$`);

/** `nineteen foot` is `19 ft`. */
function withDigits(words: string): string {
  return words
    .split(' ')
    .map((word) => numberWords.get(word) ?? measures[word] ?? word)
    .join(' ');
}

function areMachines(words: string, lines: ReadBack['lines']): boolean {
  const names = lines.map(({ machine }) => machine);
  const [first = '', ...others] = names;
  if (others.length === 0) return isMachine(words, first);
  if (names.length === 2 && /^both(?: of (?:them|those))?$/.test(words)) return true;
  if (others.every((name) => name === first)) {
    const alike = /^(?:both(?: of)?|(\w+)(?: of)?) (?:the |them$)?(.*?)s?$/.exec(words);
    const [, count, rest = ''] = alike ?? [];
    const isCount =
      count === undefined ? names.length === 2 : valuesOf(count).includes(names.length);
    return alike !== null && isCount && (rest === '' || isMachine(rest, first));
  }
  const open = [...names];
  for (const said of words.split(/ (?:and|plus|with) /)) {
    const at = open.findIndex((name) => isMachine(said, name));
    if (at === -1) return false;
    open.splice(at, 1);
  }
  return open.length === 0;
}

function isTotal(words: string, cents: number): boolean {
  const amount =
    /^(?:(?:and|for|at|it is|that is|a|the|my|total|price|cost|rental|comes to|of|is) )*(.+?)(?: (?:total|even|flat|altogether|in total|exactly))*$/.exec(
      words,
    )?.[1] ?? '';
  return amountIs(amount, cents);
}

function isDeposit(words: string, cents: number): boolean {
  if (/^plus (?:the|a) deposit$/.test(words)) return true;
  const said =
    /^(?:(?:and|plus|with|a|the|for) )*(?:deposit(?: of| is)? (.+)|(.+?)(?: for the)? deposit|(?<=plus )(.+))$/.exec(
      words,
    );
  const amount = said?.slice(1).find((part) => part !== undefined);
  return amount !== undefined && amountIs(amount.replace(/ (?:down|security)$/, ''), cents);
}

/** A caller says the whole name or one word of it, with a title, or spells it. */
function isCustomer(words: string, customer: string): boolean {
  const said = words
    .replace(
      /^(?:(?:and|for|under|in|with|book it|put it|it is|that is|this is|i am|the|my|your|last|first|full|name|is|of) )+/,
      '',
    )
    .replace(/^(?:mr|mrs|ms|miss|mister|doctor|dr) /, '');
  const name = plainWords(customer);
  const parts = name.split(' ');
  const spelled = [name, ...parts].map((part) => part.replaceAll(' ', '').split('').join(' '));
  return [
    name,
    ...parts,
    ...spelled,
    ...parts.map((part, at) => `${part} ${spelled[at + 1]}`),
  ].includes(said);
}

function isPhone(words: string, phone: string | null): boolean {
  const number =
    /^(?:(?:and|at|on|use|to|with|for) )*(?:this|that|the|the same|same)(?: phone)? number(?: (?:that )?i am calling (?:from|on))?(?: is (?:fine|good|right|correct|okay))?$/;
  if (number.test(words)) return phone === null || !words.includes('i am calling');
  if (phone === null) return false;
  const said = words.replace(/^(?:(?:and|at|on|use|my|number|phone|is|the) )+/, '').split(' ');
  const digits = said
    .map((word) =>
      numberOf(word) === null ? 'x' : /^\d+$/.test(word) ? word : String(numberOf(word)),
    )
    .join('');
  return (
    /^\d{7,}$/.test(digits) &&
    phone.replaceAll(/\D/g, '').endsWith(digits.replace(/^1(?=\d{10}$)/, ''))
  );
}

/** The `plainWords` say again a part of the read-back, with the value that it had. */
export function isRepetition(words: string, readBack: ReadBack): boolean {
  const { lines, totalCents, depositCents, customer, phone } = readBack;
  const [first] = lines;
  const isOneRange = lines.every(({ start, end }) => start === first?.start && end === first.end);
  return (
    areMachines(words, lines) ||
    (first !== undefined && isOneRange && (isRange(words, first) || isLength(words, first))) ||
    (typeof totalCents === 'number' && isTotal(words, totalCents)) ||
    (typeof depositCents === 'number' && depositCents > 0 && isDeposit(words, depositCents)) ||
    (typeof customer === 'string' && isCustomer(words, customer)) ||
    (phone !== undefined && isPhone(words, phone))
  );
}
