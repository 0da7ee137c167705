import { amountsIn } from './amounts.ts';
import { inDigits } from './numbers.ts';

/** A row of the `Yard` tab, its key and its text. */
type Row = readonly [key: string, text: string];

/**
 * The verdict of the yard's own rows on a sentence in digits (`inDigits`): `said` when one row says
 * all of it, figures and "not" included; `denied` when it speaks of a row's matter and has another
 * figure, or says the contrary; else null.
 */
export function rowVerdict(
  text: string,
  rows: readonly Row[],
  tools: string,
): 'said' | 'denied' | null {
  if (unknowing.test(text)) return null;
  const clauses = clausesOf(
    text.replaceAll(filling, 'return it full of fuel').replaceAll(fullTank, 'full of fuel'),
  ).filter((clause) => !clause.includes('?'));
  if (clauses.length === 0) return null;
  const own = rows.filter(([key]) => !readElsewhere.has(key)).map(readRow);
  if (own.some((row) => isSaidBy(clauses, row))) return 'said';
  return own.some((row) => isDeniedBy(clauses, row, tools)) ? 'denied' : null;
}

/** True when a sentence shares a word of meaning with a row whose figures it takes. */
export function isOfRow(text: string, row: Row): boolean {
  if (readElsewhere.has(row[0])) return true;
  const known = wordsOf(inDigits(row.join(' ')));
  return wordsOf(text).some((word) => known.includes(word));
}

/** Rows with a check of their own, which knows more of their matter. */
const readElsewhere = new Set([
  'Name',
  'Opening hours',
  'Address',
  'Delivery',
  'Deposit',
  'Identification',
]);

const filling =
  /\b(?:(?:fill|gas|fuel|top) (?:it|them|the tank|the machine) (?:back )?(?:up|off)|refuel(?: it)?|fill up the tank)\b/g;
const fullTank = /\b(?:a |the )?full tank(?: of (?:gas|fuel|diesel))?/g;
const unknowing =
  /\bi (?:can't|cannot|don't|do not|couldn't|can not)\b|\bi'm not\b|\bnot sure\b|\blet me\b|\bsomeone\b/;
const negative =
  /n't\b|\b(?:not|no|none|never|nothing|without|excluding|except|excludes?|cannot|prohibited|forbidden|closed)\b/;
const condition = /\b(?:if|unless|when|as long as|otherwise)\b.*$/;

type ReadRow = {
  readonly keyWords: readonly string[];
  readonly clauses: readonly Clause[];
  readonly isDenial: boolean;
};
type Clause = {
  readonly text: string;
  readonly words: readonly string[];
  readonly numbers: readonly string[];
  readonly isNegative: boolean;
};

function readRow([key, text]: Row): ReadRow {
  const value = inDigits(text);
  return {
    keyWords: wordsOf(inDigits(key)),
    clauses: clausesOf(value).map((clause) => readClause(clause, inDigits(key))),
    isDenial: /^(?:no|none|never|not)\b/.test(value),
  };
}

function readClause(text: string, about = ''): Clause {
  // "If it isn't returned full" denies nothing.
  const isNegative = negative.test(text.replace(condition, ''));
  return { text: `${about}: ${text}`, words: wordsOf(text), numbers: numbersOf(text), isNegative };
}

/** In "no cash or checks" and "closed Thanksgiving and Christmas" the list shares its first word. */
function clausesOf(text: string): string[] {
  const parts = text.split(/([,;:]\s+|[.!?](?:\s+|$)|\s+(?:but|and|or|so|though|because)\s+)/);
  const clauses: string[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const part = (parts[at] ?? '').replace(/^(?:yes|no|sure|right|okay|sorry|well)$/, '').trim();
    const isListed = /^\s+(?:and|or)\s+$/.test(parts[at - 1] ?? '') && !hasVerb.test(part);
    const shared = isListed ? (negative.exec(clauses.at(-1) ?? '')?.[0] ?? '') : '';
    if (part !== '') clauses.push(`${shared} ${part}`.trim());
  }
  return clauses;
}

const hasVerb =
  /\b(?:is|are|isn't|aren't|covers?|takes?|includes?|accepts?|open|opens|need|needs|must|can)\b/;

function isSaidBy(said: readonly string[], { keyWords, clauses, isDenial }: ReadRow): boolean {
  const all = clauses.flatMap(({ words }) => words);
  const priced = clauses.filter(({ numbers }) => numbers.length > 0);
  const read = said.map((clause) => readClause(clause));
  const isLinked = read.some(({ words }) =>
    words.some((word) => keyWords.includes(word) || all.includes(word)),
  );
  return (
    isLinked &&
    read.every(({ text, words, numbers, isNegative }) => {
      const own = words.filter((word) => !keyWords.includes(word));
      if (!own.every((word) => all.includes(word))) return false;
      const isOf = (clause: Clause) => own.some((word) => clause.words.includes(word));
      const near = clauses.filter(isOf);
      const isLike = (clause: Clause) => clause.isNegative === isNegative;
      if (near.length > 0 ? !near.every((clause) => isLike(clause)) : isNegative !== isDenial) {
        return false;
      }
      if (numbers.length === 0) return true;
      return priced.some(
        (clause) =>
          numbers.every((number) => clause.numbers.includes(number)) &&
          (priced.length === 1 || near.every((other) => other === clause)) &&
          hasSamePeriods(text, clause.text),
      );
    })
  );
}

const periods = ['day', 'week', 'month', 'hour', 'mile', 'gallon'];

function hasSamePeriods(text: string, row: string): boolean {
  const known = amountsIn(row);
  return amountsIn(text).every(
    ({ value, role }) =>
      !periods.includes(role) || known.some((by) => by.value === value && by.role === role),
  );
}

/** A key's last word that is a matter by itself. */
const matters = new Set(['waiver', 'insurance', 'fuel', 'tax', 'clean', 'smok', 'pet']);

function isDeniedBy(
  said: readonly string[],
  { keyWords, clauses, isDenial }: ReadRow,
  tools: string,
): boolean {
  const all = clauses.flatMap(({ words }) => words);
  const numbers = clauses.flatMap((clause) => clause.numbers);
  return said
    .map((clause) => readClause(clause))
    .some((clause) => {
      const isTopic =
        keyWords.length > 0 &&
        (keyWords.every((word) => clause.words.includes(word)) ||
          keyWords.some((word) => matters.has(word) && clause.words.includes(word)));
      const matter = clause.words.filter(
        (word) => all.includes(word) && !says.has(word) && !keyWords.includes(word),
      );
      // "Covers damage, not theft": of theft the "covers" says nothing.
      const contrary = (matter.length > 0 ? matter : clause.words).some((word) => {
        const near = clauses.filter(({ words }) => words.includes(word));
        return near.length > 0 && near.every((of) => of.isNegative !== clause.isNegative);
      });
      const isItsMatter =
        matter.length > 0 && clause.words.every((word) => [...keyWords, ...all].includes(word));
      if (contrary && isItsMatter && !condition.test(clause.text)) return true;
      if (isTopic && opposites.some(([one, other]) => isOpposite(clause, clauses, one, other))) {
        return true;
      }
      if (contrary && (takes.test(clause.text) || (isTopic && !clause.isNegative))) return true;
      if (!isTopic) return false;
      const told = numbersOf(tools);
      if (clause.numbers.some((number) => !numbers.includes(number) && !told.includes(number))) {
        return true;
      }
      const terms = wordsOf(condition.exec(clause.text)?.[0] ?? '');
      const isTermed =
        terms.length > 0 && terms.every((word) => [...keyWords, ...all].includes(word));
      if (clause.isNegative && !isTermed) return clauses.every((of) => !of.isNegative);
      return isDenial && !clause.isNegative;
    });
}

const opposites: readonly (readonly [RegExp, RegExp])[] = [
  [/\boptional\b|\bup to you\b/, /\b(?:mandatory|required|compulsory|must|have to|obligatory)\b/],
  [/\bincluded\b/, /\b(?:extra|excluded|on top)\b/],
];

function isOpposite(
  { text, isNegative }: Clause,
  clauses: readonly Clause[],
  one: RegExp,
  other: RegExp,
): boolean {
  if (isNegative) return false;
  const row = clauses.map((of) => of.text).join(' ');
  return (
    (one.test(text) && other.test(row) && !one.test(row)) ||
    (other.test(text) && one.test(row) && !other.test(row))
  );
}

/** Verbs by which a row says something of its matters, whichever they are. */
const says = new Set('cover includ allow accept'.split(' '));

const takes =
  /\b(?:take|takes|accept|accepts|allow|allows|allowed|covers?|includes?|fine|okay|open)\b/;

/** Figures, a percentage as one. */
function numbersOf(text: string): string[] {
  return [...text.matchAll(/(\d+(?:\.\d+)?)(?: ?(%|percent\b))?/g)].map(
    ([, number = '', percent]) => `${Number(number)}${percent ? '%' : ''}`,
  );
}

/** Words that say nothing of a matter by themselves. */
const empty = new Set(
  (
    'a an the our your my their his her its this that these those it he she they we you i us them there here and or but so as if unless when then than ' +
    "is are was were be been being isn't aren't am it's that's there's we're you're they're you'll we'll i'm you'd " +
    "do does did don't doesn't didn't have has had haven't hasn't can can't cannot could will would won't should must may might need needs needed required require requires " +
    'to of for from on at in by with within per about up out off over under after before until through on top plus extra also just only too even all any some each every both ' +
    "yes no not none never sure sorry right okay well please n't otherwise as long instead " +
    'return returns returned returning take takes accept accepts pay paid pays charge charged charges cost costs price fee fees run runs add added adds apply applies get gets give come comes bring back ' +
    'percent dollar dollars day days week weeks hour hours mile miles month months least old older years year age minimum person allowed allow rule policy'
  ).split(' '),
);

function wordsOf(text: string): string[] {
  const words = text.match(/[a-z][a-z']+/g) ?? [];
  return words.filter((word) => !empty.has(word)).map(stemOf);
}

function stemOf(word: string): string {
  return word
    .replace(/'s$/, '')
    .replace(/n't$/, '')
    .replace(/(?:ies|y)$/, 'i')
    .replace(/(?<=[^s])s$/, '')
    .replace(/(?:ed|ing)$/, '')
    .replace(/e$/, '');
}
