import type { Unit } from './equipment.ts';
import { fillerWords, oneSpelling, purposeWords, tradeSynonyms } from './trade-words.ts';

/** Units that a caller cannot tell apart: the same name, whatever its case and spacing. */
export type UnitGroup = { readonly name: string; readonly units: readonly Unit[] };

/** The units found. */
export type SearchResult =
  | { readonly kind: 'exact'; readonly groups: readonly UnitGroup[] }
  /** Something of the request was not found: it is offered as the closest, not as the thing. */
  | { readonly kind: 'closest'; readonly groups: readonly UnitGroup[] }
  | { readonly kind: 'none' }
  /** The words name no machine: "what do you have?" */
  | { readonly kind: 'unnamed' };

/** A word found only in the category counts a little less than one in the name. */
const categoryWeight = 0.9;
/** A word that is only nearly right counts a little less than the word itself. */
const misspeltWeight = 0.8;
const measures = new Set(oneSpelling.values());
/** Groups this close to the best one are offered with it. */
const nearBest = 0.75;

/**
 * Finds units by the words of a caller, in any order and case, with plurals, simple misspellings
 * and the names of the trade. Best match first, then in the order of the sheet.
 */
export function searchUnits(units: readonly Unit[], request: string): SearchResult {
  const asked = requestWords(request, vocabulary(units));
  if (asked.length === 0) return { kind: 'unnamed' };
  const scored = groupByName(units)
    .map((group) => ({ group, ...score(group, asked) }))
    // A "honda generator" may be any generator, but a "tower crane" is no light tower.
    .filter(({ coverage, nounFound }) => coverage > 0.5 || nounFound)
    .sort((a, b) => b.coverage - a.coverage);
  const best = scored[0];
  if (!best) return { kind: 'none' };
  const groups = scored
    .filter(({ coverage }) => coverage >= best.coverage * nearBest)
    // "19 foot lift" is not answered with the 26 foot one when there is one of 19 feet.
    .filter(({ isWhole }) => isWhole || !best.isWhole)
    .map(({ group }) => group);
  return { kind: best.isWhole ? 'exact' : 'closest', groups };
}

/** Units with the same name, together, in the order of the sheet. */
export function groupByName(units: readonly Unit[]): UnitGroup[] {
  const groups = Map.groupBy(units, (unit) => unit.name.trim().replace(/\s+/g, ' ').toLowerCase());
  return [...groups.values()].map((members) => ({ name: members[0]?.name ?? '', units: members }));
}

/** The yard's categories, each once, in the order of the sheet. */
export function categoriesOf(units: readonly Unit[]): string[] {
  const byKey = new Map<string, string>();
  for (const { category } of units) {
    const key = category?.trim().toLowerCase();
    if (category && key && !byKey.has(key)) byKey.set(key, category.trim());
  }
  return [...byKey.values()];
}

/** The request's words that may name a machine, with the yard's own words for what it calls so. */
function requestWords(request: string, known: ReadonlySet<string>): string[] {
  const said = words(request);
  const firstName = said.findIndex((word) => !fillerWords.has(word));
  const purpose = said.findIndex(
    (word, i) => firstName !== -1 && i > firstName && purposeWords.has(word),
  );
  const naming = (purpose === -1 ? said : said.slice(0, purpose)).filter(
    (word, i) => !fillerWords.has(word) && !isCount(word, said[i + 1], known),
  );
  return naming.length === 0 ? [] : joinKnownPairs(inYardsWords(naming, known), known);
}

/** "two generators" asks for any generator; "two ton" does not, nor "350" where a name has it. */
function isCount(word: string, next: string | undefined, known: ReadonlySet<string>): boolean {
  return /\d/.test(word) && !known.has(word) && !measures.has(next ?? '');
}

/** Puts the yard's word for the caller's, unless the yard uses the caller's word itself. */
function inYardsWords(asked: readonly string[], known: ReadonlySet<string>): string[] {
  const text = ` ${asked.join(' ')} `;
  // The longest first: "plate tamper" is more than a "tamper".
  const synonym = [...tradeSynonyms]
    .sort((a, b) => b[0].length - a[0].length)
    .find(([said, meant]) => {
      return text.includes(` ${said} `) && !isKnown(said, known) && isKnown(meant, known);
    });
  return (synonym ? text.replace(` ${synonym[0]} `, ` ${synonym[1]} `) : text).trim().split(' ');
}

/** True when the yard uses the word, or the two words side by side. */
function isKnown(phrase: string, known: ReadonlySet<string>): boolean {
  return known.has(phrase.replace(' ', ''));
}

/** "back hoe" becomes one word when the yard writes "backhoe". */
function joinKnownPairs(asked: readonly string[], known: ReadonlySet<string>): string[] {
  const joined: string[] = [];
  for (let i = 0; i < asked.length; i += 1) {
    const word = asked[i] ?? '';
    const next = asked[i + 1] ?? '';
    const isPair = known.has(word + next) && !(known.has(word) && known.has(next));
    joined.push(isPair ? word + next : word);
    if (isPair) i += 1;
  }
  return joined;
}

/** The part of the request that a group answers, and if its noun, the last plain word, is found. */
function score(group: UnitGroup, asked: readonly string[]) {
  const name = withPairs(words(group.name));
  const category = withPairs(words(group.units[0]?.category ?? ''));
  const found = asked.map((word) =>
    Math.max(matchWord(word, name), matchWord(word, category) * categoryWeight),
  );
  const noun = asked.findLastIndex((word) => !/\d/.test(word) && !measures.has(word));
  return {
    coverage: found.reduce((sum, weight) => sum + weight, 0) / asked.length,
    isWhole: found.every((weight) => weight > 0),
    nounFound: (found[noun] ?? 0) > 0,
  };
}

function matchWord(asked: string, candidates: readonly string[]): number {
  if (candidates.includes(asked)) return 1;
  return candidates.some((candidate) => isMisspelling(asked, candidate)) ? misspeltWeight : 0;
}

/** One slip in a word of five letters, two in one of eight; never in the first, never in a number. */
function isMisspelling(a: string, b: string): boolean {
  const shorter = Math.min(a.length, b.length);
  // A "mower" is no misspelt "tower".
  if (shorter < 5 || a[0] !== b[0] || /\d/.test(a + b)) return false;
  return editDistance(a, b) <= (shorter < 8 ? 1 : 2);
}

/** Letters to insert, delete, change, or swap with their neighbour, to make `b` of `a`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(at(last, j) + 1, at(row, j - 1) + 1, change, swap));
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Infinity;
}

function vocabulary(units: readonly Unit[]): Set<string> {
  return new Set(
    units.flatMap(({ name, category }) => [
      ...withPairs(words(name)),
      ...withPairs(words(category ?? '')),
    ]),
  );
}

/** The words, and each two neighbours as one: "skid steer" also answers to "skidsteer". */
function withPairs(single: readonly string[]): string[] {
  return [...single, ...single.slice(1).map((word, i) => `${single[i]}${word}`)];
}

/** Lower-case words in one spelling: without accents, singular, "19ft" as "19 foot". */
function words(text: string): string[] {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const found = plain.match(/\d+(?:\.\d+)?|\p{L}+/gu) ?? [];
  return found.map((word) => oneSpelling.get(word) ?? singular(word));
}

function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s') || /(?:ss|us|is)$/.test(word)) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  return word.replace(/(?<=ch|sh|x|z)es$|s$/, '');
}
