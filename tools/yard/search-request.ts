import { readMeasures, type Measure } from './measures.ts';
import { exactPhrase, misheard, type Entry, type SearchIndex } from './search-index.ts';
import {
  brands,
  fillers,
  keysOf,
  properties,
  sizeWords,
  stemOf,
  wordsOf,
  type Phrase,
} from './trade-words.ts';

/** A piece of what a caller said, as far as it tells which machine is meant. */
type Segment =
  | { readonly kind: 'machine'; readonly phrase: Phrase; readonly words: readonly string[] }
  /** Another name that the owner wrote for these. */
  | { readonly kind: 'other-name'; readonly entries: readonly Entry[] }
  | { readonly kind: 'property'; readonly property: string }
  | { readonly kind: 'brand'; readonly stem: string; readonly means: string }
  /** A word of some name in the list. */
  | { readonly kind: 'own'; readonly stem: string }
  | { readonly kind: 'number'; readonly value: string }
  | { readonly kind: 'unknown'; readonly word: string }
  | { readonly kind: 'purpose' | 'gap'; readonly word: string }
  | { readonly kind: 'and' | 'measure' };

/** One thing asked for. */
export type Wish = {
  /** What it is called; null when only a job, a size or a model is told. */
  readonly head: Extract<Segment, { kind: 'machine' | 'other-name' }> | null;
  /** The head stands in what it is for: "something to haul a skid steer". */
  readonly isHeadInPurpose: boolean;
  /** Words beside the head that mean another machine: a skid steer's auger. */
  readonly beside: readonly Phrase[];
  readonly properties: readonly string[];
  readonly brand: Extract<Segment, { kind: 'brand' }> | null;
  readonly own: readonly string[];
  readonly numbers: readonly string[];
  /** An unknown word right before the head: "tower" of "tower speaker". */
  readonly isUnknownBefore: boolean;
  /** The thing itself is unknown: "bulb" of "light bulb". */
  readonly isUnknown: boolean;
  readonly measures: readonly Measure[];
};

/** All that a caller asked for at once. */
export type SearchRequest = {
  /** Empty when the words name nothing. */
  readonly wishes: readonly Wish[];
  /** The stems of all that was said, for the job that is to be done. */
  readonly stems: ReadonlySet<string>;
  readonly rank: 'smallest' | 'biggest' | 'cheapest' | null;
  /** Of "small" and "big" all are meant, in that order; of "smallest" and "biggest" the first. */
  readonly isStrict: boolean;
  readonly mostCents: number | null;
};

const purposeWords = new Set(
  'for to with that on in so because which who while behind into inside through para'.split(' '),
);
const andWords = new Set(['and', 'or', 'plus', 'y', 'also']);

const price =
  /(?:under|below|less than|at most|no more than|up to|cheaper than|within|for|around|about|max(?:imum)?(?: of)?) \$? ?(\d+(?:\.\d+)?) ?(?:(?:dollars|bucks)(?: ?(?:a|per|each|\/) ?day)?|(?:a|per|each|\/) ?day)|(?:under|below|less than|at most|no more than|up to|cheaper than|within|for) \$ ?(\d+(?:\.\d+)?)(?: ?(?:a|per|each|\/) ?day)?/;
const cheapest =
  /\b(?:cheap(?:est)?|least expensive|lowest (?:price|rate|cost)\w*|most affordable|affordable|mas barat[oa]|barat[oa])\b/;
/** How long is no size. */
const spans = /\b\d+ (?:days?|weeks?|weekends?|months?|hours?|minutes?|people|guests)\b/g;

/** Reads what a caller asked for, by the words of the trade and those of the list. */
export function readRequest(request: string, index: SearchIndex): SearchRequest {
  const { measures, rest } = readMeasures(request.replace(/(?<=\d),(?=\d{3}\b)/g, ''));
  const [priceText, cents, dollars] = price.exec(rest) ?? [];
  const text = rest.replace(priceText ?? /$^/, ' ').replaceAll(spans, ' ');
  const words = wordsOf(text.replace(cheapest, ' '));
  const wishes = wishesOf(
    segmentsOf(words, index),
    measures.filter((_, at) => measures[at - 1]?.dimension !== 'area'),
  );
  const size = words.find((word) => sizeWords.small.has(word) || sizeWords.big.has(word));
  const mostDollars = cents ?? dollars;
  const isCheapest = cheapest.test(rest);
  const isSmall = size !== undefined && sizeWords.small.has(size);
  return {
    wishes,
    stems: new Set([
      ...words.map(stemOf),
      ...(measures.some(({ dimension }) => dimension === 'length') ? ['#height'] : []),
    ]),
    rank: isCheapest ? 'cheapest' : size === undefined ? null : isSmall ? 'smallest' : 'biggest',
    isStrict: isCheapest
      ? /est\b|least|lowest|most|mas\b/.test(cheapest.exec(rest)?.[0] ?? '')
      : /(?:est|er)$/.test(size ?? ''),
    mostCents: mostDollars === undefined ? null : Number(mostDollars) * 100,
  };
}

// ---- From words to segments ----

type Choice = { readonly score: number; readonly length: number; readonly segment: Segment };

/** The words cut into what they most likely mean: the most words explained, the longest names first. */
function segmentsOf(said: readonly string[], index: SearchIndex): Segment[] {
  const words = said.filter((word) => !/^(?:de|la|el|of)$/.test(word));
  const best: { score: number; choice: Choice | null }[] = [];
  best[words.length] = { score: 0, choice: null };
  for (let from = words.length - 1; from >= 0; from -= 1) {
    const options = choicesAt(words, from, index).map((choice) => ({
      score: choice.score + (best[from + choice.length]?.score ?? 0),
      choice,
    }));
    best[from] = options.reduce((a, b) => (b.score > a.score ? b : a));
  }
  const segments: Segment[] = [];
  for (let at = 0; at < words.length;) {
    const choice = best[at]?.choice;
    if (!choice) break;
    segments.push(choice.segment);
    at += choice.length;
  }
  return segments;
}

function choicesAt(words: readonly string[], from: number, index: SearchIndex): Choice[] {
  const first = words[from] ?? '';
  const choices: Choice[] = [singleChoice(first, index)];
  for (let length = 1; length <= 4 && from + length <= words.length; length += 1) {
    const run = words.slice(from, from + length);
    const put = (score: number, segment: Segment) => choices.push({ score, length, segment });
    const keys = keysOf(run);
    const phrase = exactPhrase(run) ?? (length === 2 ? exactPhrase(run.toReversed()) : undefined);
    if (phrase)
      put(3 * length - (phrase.isBare ? 1 : 0.5), { kind: 'machine', phrase, words: run });
    const entries = keys.flatMap((key) => index.byOtherName.get(key) ?? []);
    if (entries.length > 0) put(3.5 * length, { kind: 'other-name', entries });
    const property = keys.flatMap((key) => properties.get(key) ?? [])[0];
    if (property !== undefined) put(2 * length - 0.5, { kind: 'property', property });
    const brand = keys.find((key) => brands.has(key));
    if (brand !== undefined)
      put(2.4 * length - 0.3, {
        kind: 'brand',
        stem: stemOf(run.join('')),
        means: brands.get(brand) ?? '',
      });
    const joined = run.join('');
    if (length === 2 && /\d/.test(joined)) {
      const own = [joined, joined.replace(/(?<=[a-z])(?=\d)/, '0')].find((word) =>
        index.byStem.has(word),
      );
      if (own !== undefined) put(3, { kind: 'own', stem: own });
    }
    if (length <= 3 && run.some((word) => isUnknown(word, index)) && !run.some(isLittle)) {
      const heard = misheard(index.hearable, run);
      if (heard) {
        const segment: Segment = heard.phrase
          ? { kind: 'machine', phrase: heard.phrase, words: run }
          : { kind: 'own', stem: heard.key };
        put((heard.phrase ? 3 * length - 1.2 : 1.2) - heard.slips * 0.25, segment);
      }
    }
  }
  return choices;
}

/** The word by itself, when it belongs to no name. */
function singleChoice(word: string, index: SearchIndex): Choice {
  const one = (score: number, segment: Segment): Choice => ({ score, length: 1, segment });
  if (word.startsWith('#')) return one(0.4, { kind: 'measure' });
  if (purposeWords.has(word)) return one(0.4, { kind: 'purpose', word });
  if (andWords.has(word)) return one(0.4, { kind: 'and' });
  if (fillers.has(word) || sizeWords.small.has(word) || sizeWords.big.has(word))
    return one(0.4, { kind: 'gap', word });
  if (/^\d/.test(word)) return one(0.3, { kind: 'number', value: word });
  const stem = stemOf(word);
  return index.byStem.has(stem) ? one(1, { kind: 'own', stem }) : one(0, { kind: 'unknown', word });
}

function isLittle(word: string): boolean {
  return word.startsWith('#') || purposeWords.has(word) || andWords.has(word) || fillers.has(word);
}

function isUnknown(word: string, index: SearchIndex): boolean {
  const { kind } = singleChoice(word, index).segment;
  if (kind !== 'unknown') return false;
  return (
    ![properties, brands].some((of) => keysOf([word]).some((key) => of.has(key))) &&
    !exactPhrase([word])
  );
}

// ---- From segments to wishes ----

function wishesOf(segments: readonly Segment[], measures: readonly Measure[]): Wish[] {
  const parts: Segment[][] = [[]];
  for (const segment of segments) {
    if (segment.kind === 'and') parts.push([]);
    else parts.at(-1)?.push(segment);
  }
  const named = parts.filter((part) => part.some(isHead));
  const asked = named.length > 0 ? named : [parts.flat()];
  return asked.flatMap((part) => {
    const wish = wishOf(part);
    return wish || measures.length > 0 ? [{ ...(wish ?? nothing), measures }] : [];
  });
}

/** A wish that names no machine. */
export const nothing: Wish = {
  head: null,
  isHeadInPurpose: false,
  beside: [],
  properties: [],
  brand: null,
  own: [],
  numbers: [],
  isUnknownBefore: false,
  isUnknown: false,
  measures: [],
};

function isHead(segment: Segment): segment is NonNullable<Wish['head']> {
  return segment.kind === 'machine' || segment.kind === 'other-name';
}

function isContent({ kind }: Segment): boolean {
  return kind !== 'gap' && kind !== 'purpose' && kind !== 'measure' && kind !== 'number';
}

/** One wish; null when nothing in it tells a machine. */
function wishOf(part: readonly Segment[]): Wish | null {
  const start = part.findIndex(isContent);
  if (start === -1)
    return part.some(({ kind }) => kind === 'number') ? withNumbers(nothing, part) : null;
  const end = part.findIndex(({ kind }, at) => at > start && kind === 'purpose');
  const main = end === -1 ? part : part.slice(0, end);
  const purpose = end === -1 ? [] : part.slice(end);
  const isHeadInPurpose = tellsJob(part, start);
  const headAt = headOf(main);
  const head = main[headAt];
  const known = withNumbers({ ...nothing, ...detailsOf(part) }, part);
  if (!head || !isHead(head)) {
    const rest = purpose.find(isHead);
    const isNothingKnown = main.some(({ kind }) => kind === 'unknown');
    // "I'm building a deck, for which I need an auger".
    return {
      ...known,
      head: isNothingKnown ? null : (rest ?? null),
      isHeadInPurpose: true,
      isUnknown: isNothingKnown,
    };
  }
  const compound = head.kind === 'machine' ? compoundOf(head, purpose) : null;
  return {
    ...known,
    head: compound ?? head,
    beside: [...main.slice(0, headAt), ...purpose].flatMap((of) =>
      of.kind === 'machine' ? [of.phrase] : [],
    ),
    isUnknownBefore: main[headAt - 1]?.kind === 'unknown',
    isHeadInPurpose,
    isUnknown: main[headAt + 1]?.kind === 'unknown' && !isHeadInPurpose,
  };
}

/** The last of the machines that stand side by side: a skid steer auger is an auger. */
function headOf(main: readonly Segment[]): number {
  let at = main.findIndex(isHead);
  for (let next = at + 1; next < main.length && at !== -1; next += 1) {
    const segment = main[next];
    if (!segment || segment.kind === 'gap' || segment.kind === 'unknown') break;
    if (isHead(segment)) at = next;
  }
  return at;
}

/** "Something to light a field", "I need to haul a skid steer": the job is told, and no machine. */
function tellsJob(part: readonly Segment[], start: number): boolean {
  const purpose = part.slice(0, start).findLastIndex(({ kind }) => kind === 'purpose');
  if (purpose === -1) return false;
  const isThing = part
    .slice(0, purpose)
    .some(
      (of) =>
        of.kind === 'gap' &&
        /^(?:some|any)?things?$|^(?:machine|equipment|tool|what)s?$/.test(of.word),
    );
  const verb = part[start];
  return isThing || verb?.kind === 'unknown' || (verb?.kind === 'own' && start === purpose + 1);
}

function detailsOf(part: readonly Segment[]): Pick<Wish, 'properties' | 'brand' | 'own'> {
  return {
    properties: part.flatMap((of) => (of.kind === 'property' ? [of.property] : [])),
    brand: part.find((of) => of.kind === 'brand') ?? null,
    own: part.flatMap((of) => (of.kind === 'own' ? [of.stem] : [])),
  };
}

function withNumbers(wish: Wish, part: readonly Segment[]): Wish {
  return { ...wish, numbers: part.flatMap((of) => (of.kind === 'number' ? [of.value] : [])) };
}

/** A "saw for tile" is a tile saw. */
function compoundOf(
  { words }: Extract<Segment, { kind: 'machine' }>,
  purpose: readonly Segment[],
): Extract<Segment, { kind: 'machine' }> | null {
  if (
    purpose[0]?.kind !== 'purpose' ||
    purpose[0].word !== 'for' ||
    purpose.filter(isContent).length > 1
  )
    return null;
  for (const of of purpose) {
    const word = of.kind === 'unknown' ? of.word : of.kind === 'own' ? of.stem : null;
    const phrase = word === null ? undefined : exactPhrase([word, ...words]);
    if (phrase) return { kind: 'machine', phrase, words: [word ?? '', ...words] };
  }
  return null;
}
