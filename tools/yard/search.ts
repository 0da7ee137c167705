import type { Unit } from './equipment.ts';
import type { Measure } from './measures.ts';
import {
  categoryKey,
  indexOf,
  propertiesOf,
  type Entry,
  type SearchIndex,
  type UnitGroup,
} from './search-index.ts';
import { nothing, readRequest, type SearchRequest, type Wish } from './search-request.ts';
import { contradicts, isKindOf, nearTo, widerThan, sizesOf, stemOf, tasks } from './trade-words.ts';

/** A group with its place: those of one rank are as good as each other. */
export type FoundGroup = UnitGroup & { readonly rank: number };

/** The units found. */
export type SearchResult =
  | { readonly kind: 'exact'; readonly groups: readonly FoundGroup[] }
  /** Something of the request was not found: it is offered as the closest, not as the thing. */
  | { readonly kind: 'closest'; readonly groups: readonly FoundGroup[] }
  | { readonly kind: 'none' }
  /** The words name no machine: "what do you have?" */
  | { readonly kind: 'unnamed' };

/**
 * Finds units by the words of a caller: by name, nickname, job, size, make, in any order, misheard
 * or misspelt, in English or Spanish. Best match first, then in the order of the sheet.
 */
export function searchUnits(units: readonly Unit[], request: string): SearchResult {
  const index = indexOf(units);
  const asked = readRequest(request, index);
  const wishes = asked.wishes.length > 0 ? asked.wishes : [nothing];
  const found = wishes.map((wish) => findWish(wish, asked, index));
  const groups = found.flatMap(({ entries }) => entries);
  if (groups.length === 0) {
    return { kind: found.every(({ isNamed }) => isNamed) ? 'none' : 'unnamed' };
  }
  const first = new Map<Entry, number>();
  for (const { entry, rank } of groups) if (!first.has(entry)) first.set(entry, rank);
  return {
    kind: found.every(({ isExact }) => isExact) ? 'exact' : 'closest',
    groups: [...first].map(([{ group }, rank]) => ({ ...group, rank })),
  };
}

/** The yard's categories, each once, in the order of the sheet. */
export function categoriesOf(units: readonly Unit[]): readonly string[] {
  return [...indexOf(units).ofCategory.values()].flatMap(
    ([first]) => first?.category?.trim() ?? [],
  );
}

/**
 * Other machines that do what this one does, in the order of the sheet: of its kind, or of the next
 * wider one; of its category when nothing tells its kind.
 */
export function alikeUnits(unit: Unit, units: readonly Unit[]): readonly Unit[] {
  const index = indexOf(units);
  const entry = index.entryOf.get(unit);
  const kinds = [...(entry?.machines ?? [])].flatMap((machine) => [machine, ...widerThan(machine)]);
  const alike =
    kinds.length > 0
      ? union(kinds, index).flatMap(({ group }) => group.units)
      : (index.ofCategory.get(categoryKey(unit)) ?? []);
  return alike.filter((other) => other !== unit);
}

type Ranked = { readonly entry: Entry; readonly rank: number };
type Found = {
  readonly entries: readonly Ranked[];
  readonly isExact: boolean;
  /** False when the words told no machine at all. */
  readonly isNamed: boolean;
};
/** Narrowed step by step: what no candidate meets makes them near only. */
type Candidates = {
  readonly entries: readonly Ranked[];
  readonly isExact: boolean;
  /** They are for the job: its words say nothing more of the machine. */
  readonly isByJob?: boolean;
};

const none: Found = { entries: [], isExact: false, isNamed: true };

function findWish(wish: Wish, asked: SearchRequest, index: SearchIndex): Found {
  const start = startOf(wish, asked, index);
  if (start === 'unnamed') return { ...none, isNamed: false };
  if (start === null || start.entries.length === 0) return none;
  const steps: readonly ((from: Candidates) => Candidates)[] = [
    ...(start.isByJob
      ? []
      : [
          (from: Candidates) => byBeside(from, wish),
          (from: Candidates) => byBrand(from, wish),
          (from: Candidates) => byOwnWords(from, wish),
        ]),
    (from) => byProperties(from, wish),
    (from) => byMeasures(from, wish),
    (from) => byPrice(from, asked),
  ];
  const narrowed = steps.reduce((from, step) => step(from), start);
  const isExact = narrowed.isExact && !wish.isUnknownBefore;
  return { entries: ranked(narrowed.entries, wish, asked), isExact, isNamed: true };
}

// ---- Which kind of machine ----

function startOf(
  wish: Wish,
  asked: SearchRequest,
  index: SearchIndex,
): Candidates | 'unnamed' | null {
  const model = byModel(wish, index);
  if (model) return model;
  if (wish.head && !wish.isHeadInPurpose) return byHead(wish, asked, index);
  const job = byJob(asked, index);
  if (job) return job;
  if (jobsOf(asked.stems).length > 0) return null;
  if (wish.head) return byHead(wish, asked, index);
  const { brand, own, measures } = wish;
  if (brand && own.length === 0 && !wish.isUnknown) {
    const made = (index.byStem.get(brand.stem) ?? []).filter(
      (entry) => brand.means === '' || isMachine(entry, brand.means),
    );
    if (made.length > 0) return all(made);
    return brand.means === '' ? null : all(index.byMachine.get(brand.means) ?? []);
  }
  if (wish.isUnknown) return null;
  if (own.length > 0) return byWords(wish, index);
  if (measures.length > 0) return bySizeAlone(measures, index);
  return wish.properties.length > 0 || wish.numbers.length === 0
    ? 'unnamed'
    : (byWords(wish, index) ?? 'unnamed');
}

function all(entries: readonly Entry[], isExact = true): Candidates {
  // A machine comes before what is put on it.
  return {
    entries: entries.map((entry) => ({ entry, rank: entry.isAttachment ? 1 : 0 })),
    isExact,
  };
}

/** A model's name is enough: `KX040`, with its maker or without. */
function byModel({ own, brand, head }: Wish, { byStem }: SearchIndex): Candidates | null {
  const models = own.filter((stem) => /\d/.test(stem) && /[a-z]|\d{3}/.test(stem));
  const [model] = models;
  if (model === undefined) return null;
  const stems = [...models, ...(brand ? [brand.stem] : [])];
  const named = (byStem.get(model) ?? []).filter(({ stems: of, measures }) =>
    stems.every((stem) => of.has(stem) || measures.some(({ written }) => String(written) === stem)),
  );
  const asked =
    head?.kind === 'machine'
      ? named.filter((entry) => isAnyOf(entry, head.phrase.machines))
      : named;
  return asked.length > 0 ? all(asked) : null;
}

function isMachine({ machines }: Entry, kind: string): boolean {
  return [...machines].some((machine) => isKindOf(machine, kind));
}

function isAnyOf(entry: Entry, machines: ReadonlySet<string>): boolean {
  return [...machines].some((machine) => isMachine(entry, machine));
}

function byHead(
  { head, isUnknown, isUnknownBefore, beside }: Wish,
  asked: SearchRequest,
  index: SearchIndex,
): Candidates | null {
  if (isUnknown || !head) return null;
  if (head.kind === 'other-name') return all(head.entries);
  const { machines, isBare } = head.phrase;
  if (isBare && isUnknownBefore) return null;
  const kinds = isBare ? [...narrowedByJob(machines, asked)] : [...machines];
  const exact = union(kinds, index);
  if (exact.length > 0) return all(exact);
  // An auger for a skid steer is one of its attachments, whatever else it is called.
  const fitting = index.entries.filter(
    (entry) =>
      beside.some((phrase) => [...phrase.machines].some((machine) => entry.fits.has(machine))) &&
      kinds.some((kind) => isMachine(entry, kind)),
  );
  if (fitting.length > 0) return all(fitting);
  const near = kinds.flatMap(nearTo);
  return near.length === 0
    ? null
    : all(
        near.flatMap((kind) => index.entries.filter(({ machines: of }) => of.has(kind))),
        false,
      );
}

/** The machines of these kinds, in the order of the sheet. */
function union(kinds: readonly string[], { byMachine }: SearchIndex): Entry[] {
  return [...new Set(kinds.flatMap((kind) => byMachine.get(kind) ?? []))].sort(
    (a, b) => a.at - b.at,
  );
}

/** A saw to cut down trees is no concrete saw. */
function narrowedByJob(
  machines: ReadonlySet<string>,
  { stems }: SearchRequest,
): ReadonlySet<string> {
  const does = jobsOf(stems);
  if (does.length === 0) return machines;
  const fitting = does.filter((machine) => [...machines].some((kind) => isKindOf(machine, kind)));
  return new Set(fitting.length > 0 ? fitting : does);
}

/** The machines for the job that was told in the most words, the best first. */
function jobsOf(stems: ReadonlySet<string>): string[] {
  const fitting = tasks.filter(({ words }) =>
    words.every((group) => [...group].some((stem) => stems.has(stem))),
  );
  const most = Math.max(0, ...fitting.map(({ words }) => words.length));
  return [
    ...new Set(
      fitting.filter(({ words }) => words.length === most).flatMap(({ machines }) => machines),
    ),
  ];
}

function byJob({ stems }: SearchRequest, index: SearchIndex): Candidates | null {
  const does = jobsOf(stems);
  if (does.length === 0) return null;
  const entries = does.flatMap((machine, rank) =>
    union([machine], index).map((entry) => ({ entry, rank })),
  );
  const seen = new Set<Entry>();
  const once = entries.filter(({ entry }) => !seen.has(entry) && seen.add(entry));
  return once.length === 0 ? null : { entries: once, isExact: true, isByJob: true };
}

/** All of the words stand in the name, or in the category. */
function byWords(
  { own, brand, numbers }: Wish,
  { byStem, byCategory }: SearchIndex,
): Candidates | null {
  const stems = [...own, ...(brand ? [brand.stem] : []), ...(own.length === 0 ? numbers : [])];
  const [first = ''] = stems;
  const inAll = (of: ReadonlyMap<string, readonly Entry[]>) =>
    (of.get(first) ?? []).filter((entry) => stems.every((stem) => of.get(stem)?.includes(entry)));
  const named = inAll(byStem);
  if (named.length > 0) return all(named);
  const listed = inAll(byCategory);
  return listed.length > 0 ? all(listed) : null;
}

function bySizeAlone(measures: readonly Measure[], { entries }: SearchIndex): Candidates | null {
  const fitting = entries.filter((entry) =>
    measures.every((measure) =>
      entry.measures.some((of) => meets(of, measure) && of.value === measure.value),
    ),
  );
  return fitting.length > 0 ? all(fitting) : null;
}

// ---- Which of them ----

/** Keeps those that meet it; when none does, all stay, but are near only. */
function keep(from: Candidates, meetsIt: (entry: Entry) => boolean): Candidates {
  const kept = from.entries.filter(({ entry }) => meetsIt(entry));
  return kept.length > 0 ? { ...from, entries: kept } : { ...from, isExact: false };
}

function byBeside(from: Candidates, { beside, head }: Wish): Candidates {
  const others = beside.filter(
    (phrase) =>
      head?.kind !== 'machine' ||
      ![...phrase.machines].some((machine) => head.phrase.machines.has(machine)),
  );
  return others.reduce((left, { machines }) => {
    const fitting = left.entries.filter(
      ({ entry }) =>
        isAnyOf(entry, machines) ||
        [...machines].some((machine) => [...entry.fits].some((fit) => isKindOf(fit, machine))),
    );
    return fitting.length > 0 ? { ...left, entries: fitting } : left;
  }, from);
}

function byBrand(from: Candidates, { brand, head }: Wish): Candidates {
  if (!brand) return from;
  const made = from.entries.filter(({ entry }) => entry.stems.has(brand.stem));
  // "A Bobcat" may be any skid steer, but a "Bobcat excavator" is one of theirs.
  return made.length > 0
    ? { ...from, entries: made }
    : { ...from, isExact: from.isExact && head === null };
}

function byOwnWords(from: Candidates, { own, numbers, head }: Wish): Candidates {
  const byOwn = own.reduce((left, stem) => {
    const kept = left.entries.filter(({ entry }) => hasWord(entry, stem));
    return kept.length > 0
      ? { ...left, entries: kept }
      : { ...left, isExact: left.isExact && head === null };
  }, from);
  // A number is how many, unless a name has it.
  return numbers.reduce((left, value) => {
    const kept =
      Number(value) <= 12 ? [] : left.entries.filter(({ entry }) => hasWord(entry, value));
    return kept.length > 0 ? { ...left, entries: kept } : left;
  }, byOwn);
}

function hasWord({ stems, measures }: Entry, word: string): boolean {
  return stems.has(word) || measures.some(({ written }) => String(written) === word);
}

function byProperties(from: Candidates, { properties, head }: Wish): Candidates {
  // "Electric" of "electric breaker" is told with the machine: the yard need not say it again.
  const told = head?.kind === 'machine' ? [...propertiesOf(head.words)] : [];
  return [...told, ...properties].reduce((left, property) => {
    const having = left.entries.filter(({ entry }) => entry.properties.has(property));
    if (having.length > 0) return { ...left, entries: having };
    const possible = left.entries.filter(
      ({ entry }) => ![...entry.properties].some((of) => contradicts(of, property)),
    );
    const isTold = told.includes(property) && possible.length > 0;
    return {
      entries: possible.length > 0 ? possible : left.entries,
      isExact: left.isExact && isTold,
    };
  }, from);
}

function byMeasures(from: Candidates, { measures, head }: Wish): Candidates {
  return measures.reduce((left, measure) => {
    const measured = left.entries.filter(({ entry }) =>
      entry.measures.some(({ dimension }) => dimension === measure.dimension),
    );
    // How deep a trench is to be says nothing of a machine that lists no depth.
    if (measured.length === 0) return { ...left, isExact: left.isExact && head === null };
    const fitting = measured.filter(({ entry }) => entry.measures.some((of) => meets(of, measure)));
    const nearest = (of: readonly Ranked[]) => byDistance(of, measure);
    if (fitting.length > 0)
      return { ...left, entries: measure.bound === 'equal' ? fitting : nearest(fitting) };
    return { entries: nearest(measured).slice(0, 2), isExact: false };
  }, from);
}

function meets({ dimension, value }: Measure, asked: Measure): boolean {
  if (dimension !== asked.dimension) return false;
  if (asked.bound === 'least') return value >= asked.value * 0.99;
  if (asked.bound === 'most') return value <= asked.value * 1.01;
  return Math.abs(value - asked.value) <= (dimension === 'area' ? 0 : asked.value * 0.02);
}

/** The nearest first; what is enough before what is too little. */
function byDistance(entries: readonly Ranked[], { dimension, value }: Measure): Ranked[] {
  const distanceOf = ({ entry }: Ranked) =>
    Math.min(
      ...entry.measures
        .filter((of) => of.dimension === dimension && of.value > 0)
        .map((of) =>
          of.value >= value * 0.99 ? Math.log(of.value / value) / 2 : Math.log(value / of.value),
        ),
    );
  return entries
    .map((of) => ({ of, away: distanceOf(of) }))
    .sort((a, b) => a.away - b.away)
    .map(({ of: { entry } }, rank) => ({ entry, rank }));
}

function byPrice(from: Candidates, { mostCents }: SearchRequest): Candidates {
  if (mostCents === null) return from;
  return keep(from, (entry) => (rateOf(entry) ?? Infinity) <= mostCents);
}

function rateOf({ group }: Entry): number | null {
  return group.units[0]?.dailyRateCents ?? null;
}

// ---- In which order ----

function ranked(
  entries: readonly Ranked[],
  wish: Wish,
  { rank, isStrict, stems }: SearchRequest,
): Ranked[] {
  const inHead = new Set(wish.head?.kind === 'machine' ? wish.head.words.map(stemOf) : []);
  const words = (entry: Entry) =>
    [...entry.stems].filter((stem) => stems.has(stem) && !inHead.has(stem)).length;
  const sorted = entries
    .map((of) => ({ ...of, words: words(of.entry) }))
    .sort((a, b) => a.rank - b.rank || b.words - a.words);
  if (rank === null) return sorted;
  const machines = wish.head?.kind === 'machine' ? wish.head.phrase.machines : new Set<string>();
  const sizeOf = rank === 'cheapest' ? rateOf : sizeBy(sorted, machines);
  const sign = rank === 'biggest' ? -1 : 1;
  const bySize = sorted
    .filter(({ entry }) => sizeOf(entry) !== null)
    .sort((a, b) => sign * ((sizeOf(a.entry) ?? 0) - (sizeOf(b.entry) ?? 0)))
    .map(({ entry }, at) => ({ entry, rank: at }));
  if (bySize.length === 0) return sorted;
  return isStrict ? bySize.slice(0, 1) : bySize;
}

/** A measure that tells the size of all of them; their price when nothing else does. */
function sizeBy(
  entries: readonly Ranked[],
  machines: ReadonlySet<string>,
): (entry: Entry) => number | null {
  const kinds =
    machines.size > 0 ? machines : new Set(entries.flatMap(({ entry }) => [...entry.machines]));
  const valueOf = (entry: Entry, dimension: string) =>
    entry.measures.find((of) => of.dimension === dimension)?.value ?? null;
  const shared = [...kinds]
    .flatMap(sizesOf)
    .find((dimension) => entries.every(({ entry }) => valueOf(entry, dimension) !== null));
  return shared === undefined ? rateOf : (entry) => valueOf(entry, shared);
}
