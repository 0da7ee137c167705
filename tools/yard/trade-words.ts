import { doubleMetaphone } from 'double-metaphone';
import { stemmer } from 'stemmer';
import trade from './trade-words.json' with { type: 'json' };

/** A kind of machine, as trade-words.json has it; all but `said` may be missing there. */
type Machine = {
  readonly said: string;
  readonly bare?: string;
  readonly spanish?: string;
  readonly kind?: string;
  readonly near?: string;
  readonly size?: string;
};

/** Words that mean a kind of machine. */
export type Phrase = {
  /** Each means it: a tamper is a rammer or a plate compactor. */
  readonly machines: ReadonlySet<string>;
  /** Means it only when no unknown word stands beside it: a mixer may be one for a band. */
  readonly isBare: boolean;
};

/** A job, and the machines that do it, the best first. */
type Task = {
  readonly words: readonly ReadonlySet<string>[];
  readonly machines: readonly string[];
};

const machines: Readonly<Record<string, Machine>> = trade.machines;

/** Lower-case words of a text without accents: letters, or letters and figures as in `kx040`. */
export function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/(?<=\p{L})['’](?:s|m|re|ve|ll|d|t)\b/gu, '')
    .replaceAll(/\b(\p{L}{1,2})-(?=\d)/gu, '$1');
  return plain.match(/#\w+|[\p{L}\d]+(?:\.\d+)?/gu) ?? [];
}

const stems = new Map<string, string>();

/** The word without its ending, so that `excavators` and `excavator` are one. */
export function stemOf(word: string): string {
  const known = stems.get(word);
  if (known !== undefined) return known;
  const stem = /^\p{L}+$/u.test(word) ? stemmer(word) : word;
  // Words come from sheets and callers without end.
  if (stems.size < 20_000) stems.set(word, stem);
  return stem;
}

/** The keys under which a run of words is looked up: `skid steers` and `skidsteer` have one in common. */
export function keysOf(run: readonly string[]): readonly string[] {
  return [...new Set([run.map(stemOf).join(''), stemOf(run.join(''))])];
}

/** The sound of words, by double metaphone. */
export function soundOf(joined: string): string {
  return doubleMetaphone(joined)[0];
}

function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Little words that say nothing: they may stand inside a phrase in Spanish. */
const within = new Set(['de', 'para', 'la', 'el', 'of']);

/** A phrase's words as they are compared. */
export function phraseWords(phrase: string): string[] {
  return wordsOf(phrase).filter((word) => !within.has(word));
}

const phrases = new Map<
  string,
  { machines: Set<string>; isBare: boolean; words: readonly string[] }
>();
for (const [name, { said, bare, spanish }] of Object.entries(machines)) {
  for (const [list, isBare] of [
    [[name, ...listOf(said), ...listOf(spanish)], false],
    [listOf(bare), true],
  ] as const) {
    for (const text of list) {
      const words = phraseWords(text);
      for (const key of keysOf(words)) {
        // The machine's own name never is a phrase when its words need others beside them.
        if (!isBare && text === name && listOf(bare).includes(name)) continue;
        const phrase = phrases.get(key) ?? { machines: new Set(), isBare, words };
        phrase.machines.add(name);
        phrases.set(key, { ...phrase, isBare: phrase.isBare && isBare });
      }
    }
  }
}

/** The trade's phrases by their keys. */
export const tradePhrases: ReadonlyMap<string, Phrase & { readonly words: readonly string[] }> =
  phrases;

/** How many phrases have the stem. */
const uses = new Map<string, number>();
const byStems = [...new Set(phrases.values())].map((phrase) => ({
  phrase,
  stems: [...new Set(phrase.words.map(stemOf))],
}));
for (const stem of byStems.flatMap(({ stems: of }) => of))
  uses.set(stem, (uses.get(stem) ?? 0) + 1);

/** The phrases by the rarest of their stems: in a name they stand in any order. */
export const phrasesByRarest: ReadonlyMap<
  string,
  readonly { readonly phrase: Phrase; readonly stems: readonly string[] }[]
> = Map.groupBy(byStems, ({ stems: of }) =>
  of.reduce((a, b) => ((uses.get(b) ?? 0) < (uses.get(a) ?? 0) ? b : a)),
);

/** The stems that stand in a phrase of the trade. */
export const tradeStems: ReadonlySet<string> = new Set(
  [...phrases.values()].flatMap(({ words }) => words.map(stemOf)),
);

const parents = new Map(Object.entries(machines).map(([name, { kind }]) => [name, listOf(kind)]));

/** The kinds that a machine is one of; none for one that is a kind by itself. */
export function widerThan(machine: string): readonly string[] {
  return parents.get(machine) ?? [];
}

/** True when the machine is the kind asked for, or one of its kinds: a scissor lift is a lift. */
export function isKindOf(machine: string, kind: string): boolean {
  return machine === kind || widerThan(machine).some((wider) => isKindOf(wider, kind));
}

/** What may be offered, as near only, in place of a machine. */
export function nearTo(machine: string): readonly string[] {
  return listOf(machines[machine]?.near);
}

/** The dimensions that tell a machine's size, the likeliest first; those of its wider kind without own. */
export function sizesOf(machine: string): readonly string[] {
  const own = listOf(machines[machine]?.size);
  return own.length > 0 ? own : widerThan(machine).flatMap(sizesOf);
}

/** What callers wish to do -> what does it. */
export const tasks: readonly Task[] = trade.tasks.map(([words = '', does]) => ({
  words: words.split(' ').map((group) => new Set(group.split('/').map(stemOf))),
  machines: listOf(does),
}));

/** Brands by the stems of their words -> the machine that callers mean by it; empty for none. */
export const brands: ReadonlyMap<string, string> = new Map(
  Object.entries(trade.brands as Readonly<Record<string, string>>).flatMap(([brand, machine]) =>
    keysOf(wordsOf(brand)).map((key) => [key, machine] as const),
  ),
);

/** The keys of a property's words -> its name. */
export const properties: ReadonlyMap<string, string> = new Map(
  Object.entries(trade.properties).flatMap(([property, said]) =>
    listOf(said).flatMap((text) =>
      keysOf(phraseWords(text)).map((key) => [key, property] as const),
    ),
  ),
);

const rivals = trade.contradictions.map(listOf);

/** True when a machine of the one property cannot be meant by the other. */
export function contradicts(property: string, other: string): boolean {
  return (
    property !== other && rivals.some((group) => group.includes(property) && group.includes(other))
  );
}

/** Words that say nothing about which machine is meant. */
export const fillers: ReadonlySet<string> = new Set(trade.fillers.split(' '));

/** Words that ask for little, or for big, machines. */
export const sizeWords = { small: new Set(listOf(trade.small)), big: new Set(listOf(trade.big)) };
