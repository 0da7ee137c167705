import { distance } from 'fastest-levenshtein';
import { setImmediate } from 'node:timers/promises';
import type { Unit } from './equipment.ts';
import { readMeasures, type Measure } from './measures.ts';
import {
  brands,
  isKindOf,
  keysOf,
  phrasesByRarest,
  phraseWords,
  properties,
  soundOf,
  stemOf,
  tradePhrases,
  tradeStems,
  wordsOf,
  type Phrase,
} from './trade-words.ts';

/** Units that a caller cannot tell apart: the same name, whatever its case and spacing. */
export type UnitGroup = { readonly name: string; readonly units: readonly Unit[] };

/** What one row's text says of the machine. */
type Described = {
  readonly machines: ReadonlySet<string>;
  /** The machines that it is made for: a skid steer's auger. */
  readonly fits: ReadonlySet<string>;
  readonly isAttachment: boolean;
  /** The stems of its name, category and other names. */
  readonly stems: ReadonlySet<string>;
  readonly properties: ReadonlySet<string>;
  readonly measures: readonly Measure[];
  /** The owner's other names for it. */
  readonly alsoCalled: readonly (readonly string[])[];
};

/** A group as the search knows it, in the order of the sheet. */
export type Entry = Described & { readonly group: UnitGroup; readonly at: number };

/** All that a search needs of a list of units. */
export type SearchIndex = {
  readonly entries: readonly Entry[];
  readonly entryOf: ReadonlyMap<Unit, Entry>;
  /** By `categoryKey`, in the order of the sheet; rows without a category are in none. */
  readonly ofCategory: ReadonlyMap<string, readonly Unit[]>;
  /** By machine, each under its wider kinds too. */
  readonly byMachine: ReadonlyMap<string, readonly Entry[]>;
  /** By a word of the name, its sizes' figures included. */
  readonly byStem: ReadonlyMap<string, readonly Entry[]>;
  readonly byCategory: ReadonlyMap<string, readonly Entry[]>;
  /** By the key of another name that the owner wrote. */
  readonly byOtherName: ReadonlyMap<string, readonly Entry[]>;
  /** The words that a caller may have been misheard to say, by their sound and by their first letter. */
  readonly hearable: Hearable;
};

type Heard = { readonly joined: string; readonly sound: string; readonly phrase: Phrase | null };
type Hearable = {
  readonly bySound: ReadonlyMap<string, readonly Heard[]>;
  readonly byLetter: ReadonlyMap<string, readonly Heard[]>;
};

const indexes = new WeakMap<readonly Unit[], SearchIndex>();
const making = new WeakMap<readonly Unit[], Promise<void>>();

/** The index of a list of units, made once for each list. */
export function indexOf(units: readonly Unit[]): SearchIndex {
  const known = indexes.get(units);
  if (known) return known;
  const steps = indexSteps(units);
  let step = steps.next();
  while (!step.done) step = steps.next();
  indexes.set(units, step.value);
  return step.value;
}

/** Making the index of thousands of machines takes a tenth of a second: a call's sound must not wait. */
const sliceMs = 4;

/** Makes the index of a list little by little, so that the event loop is never held for long. */
export async function prepareSearch(units: readonly Unit[]): Promise<void> {
  if (indexes.has(units)) return;
  const made = making.get(units) ?? inSlices(units);
  making.set(units, made);
  await made;
}

async function inSlices(units: readonly Unit[]): Promise<void> {
  const steps = indexSteps(units);
  for (;;) {
    const untilMs = performance.now() + sliceMs;
    let step = steps.next();
    while (!step.done && performance.now() < untilMs) step = steps.next();
    if (step.done) {
      indexes.set(units, step.value);
      return;
    }
    await setImmediate();
  }
}

/** Units with the same name, together, in the order of the sheet. */
export function groupByName(units: readonly Unit[]): UnitGroup[] {
  const groups = Map.groupBy(units, (unit) => unit.name.trim().replace(/\s+/g, ' ').toLowerCase());
  return [...groups.values()].map((members) => ({ name: members[0]?.name ?? '', units: members }));
}

/** A category for comparing, whatever its case and spacing; empty for none. */
export function categoryKey({ category }: Pick<Unit, 'category'>): string {
  return (category ?? '').trim().replaceAll(/\s+/g, ' ').toLowerCase();
}

function* indexSteps(units: readonly Unit[]): Generator<void, SearchIndex> {
  const byMachine = new Map<string, Entry[]>();
  const byStem = new Map<string, Entry[]>();
  const byCategory = new Map<string, Entry[]>();
  const byOtherName = new Map<string, Entry[]>();
  const entries: Entry[] = [];
  for (const group of groupByName(units)) {
    const entry = { ...describe(group), group, at: entries.length };
    entries.push(entry);
    for (const machine of widerKinds(entry.machines)) add(byMachine, machine, entry);
    for (const stem of entry.stems) add(byStem, stem, entry);
    for (const { written } of entry.measures) {
      if (!entry.stems.has(String(written))) add(byStem, String(written), entry);
    }
    for (const stem of new Set(stemsOf(group.units[0]?.category ?? ''))) {
      add(byCategory, stem, entry);
    }
    for (const key of new Set(entry.alsoCalled.flatMap(keysOf))) add(byOtherName, key, entry);
    yield;
  }
  const entryOf = new Map(
    entries.flatMap((entry) => entry.group.units.map((unit) => [unit, entry] as const)),
  );
  const ofCategory = Map.groupBy(units, categoryKey);
  ofCategory.delete('');
  yield;
  const own = [...byStem.keys(), ...byOtherName.keys()];
  const hearable = yield* hearableSteps(new Set(byMachine.keys()), own);
  return { entries, entryOf, ofCategory, byMachine, byStem, byCategory, byOtherName, hearable };
}

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

const kinds = new Map<string, readonly string[]>();
const allMachines = new Set([...tradePhrases.values()].flatMap(({ machines }) => [...machines]));

function widerKinds(machines: ReadonlySet<string>): ReadonlySet<string> {
  return new Set(
    [...machines].flatMap((machine) => {
      const known = kinds.get(machine);
      if (known) return known;
      const wider = [...allMachines].filter((kind) => isKindOf(machine, kind));
      kinds.set(machine, wider);
      return wider;
    }),
  );
}

// ---- What a name says ----

const described = new Map<string, Described>();

/** The same rows come back with each reading of the sheet: what they say is worked out once. */
function describe({ name, units }: UnitGroup): Described {
  const category = units[0]?.category ?? '';
  const notes = [...new Set(units.flatMap((unit) => unit.notes ?? []))].join('; ');
  const alsoCalled = [...new Set(units.flatMap((unit) => unit.alsoCalled ?? []))].join(',');
  const key = [name, category, notes, alsoCalled].join('\n');
  const known = described.get(key);
  if (known) return known;
  const fresh = describeText({ name, category, notes, alsoCalled });
  if (described.size < 20_000) described.set(key, fresh);
  return fresh;
}

type RowText = Readonly<Record<'name' | 'category' | 'notes' | 'alsoCalled', string>>;

function describeText({ name, category, notes, alsoCalled }: RowText): Described {
  const named = readMeasures(name);
  // "Auger Attachment for Skid Steer" is no skid steer.
  const [head = '', ...fitting] = named.rest.split(/\b(?:for|with|w\/)(?=\s)/);
  const others = alsoCalled
    .split(/[,;/\n]/)
    .map(phraseWords)
    .filter((words) => words.length > 0);
  const own = machinesNamed(wordsOf(head.replaceAll(/\b\w+[ -]mounted\b/g, ' ')));
  const byOthers = others.flatMap((words) => [...(exactPhrase(words)?.machines ?? [])]);
  const byCategory =
    own.length + byOthers.length > 0 ? [] : onlyOne(machinesNamed(wordsOf(category)));
  const found = [...own, ...byOthers, ...byCategory];
  const isAttachment =
    /\battachments?\b/i.test(`${name} ${category}`) ||
    (own.length > 0 && own.every((machine) => isKindOf(machine, 'attachment')));
  const parts = found.filter((machine) => isKindOf(machine, 'attachment'));
  const machines =
    isAttachment && parts.length > 0 ? [...parts, ...found.filter(isNoCarrier)] : found;
  const words = wordsOf(`${named.rest} ${category} ${alsoCalled}`);
  const noted = readMeasures(notes);
  return {
    machines: new Set(machines),
    fits: new Set([
      ...found.filter((machine) => !machines.includes(machine)),
      ...fitting.flatMap((part) => machinesNamed(wordsOf(part))),
    ]),
    isAttachment,
    stems: new Set([...words, ...wordsOf(noted.rest)].map(stemOf)),
    properties: propertiesOf([...words, ...wordsOf(noted.rest)]),
    measures: [...named.measures, ...noted.measures],
    alsoCalled: others,
  };
}

/** An attachment's name also tells which machine it is for. */
function isNoCarrier(machine: string): boolean {
  return !['loader', 'excavator', 'telehandler', 'forklift', 'tractor', 'attachment'].some((kind) =>
    isKindOf(machine, kind),
  );
}

function onlyOne<T>(found: readonly T[]): readonly T[] {
  return found.length === 1 ? found : [];
}

function stemsOf(text: string): string[] {
  return wordsOf(text).map(stemOf);
}

/** The machines that the words name in any order: the phrases with the most of the words win. */
function machinesNamed(words: readonly string[]): string[] {
  const stems = words.map(stemOf);
  const found = [...inAnyOrder(stems), ...inOneWord(words)];
  const whole = found.filter(
    ({ some }) =>
      !found.some(
        (other) =>
          other.some.length > some.length && some.every((stem) => other.some.includes(stem)),
      ),
  );
  const isPart = ({ phrase }: (typeof whole)[number]) =>
    [...phrase.machines].some((machine) => isKindOf(machine, 'attachment'));
  const most = Math.max(0, ...whole.map(({ some }) => some.length));
  const longest = whole.filter(({ some }) => some.length === most);
  // Of "backhoe tractor" the last says what it is, unless more words say it.
  const last = Math.max(...longest.map(({ at }) => at));
  const named =
    most > 1 || longest.every(isPart) ? longest : longest.filter(({ at }) => at === last);
  const machines = [
    ...new Set([...named, ...whole.filter(isPart)].flatMap(({ phrase }) => [...phrase.machines])),
  ];
  // A scissor lift is told by that word, and not by the wider one beside it.
  return machines.filter(
    (machine) => !machines.some((other) => other !== machine && isKindOf(other, machine)),
  );
}

type Named = { readonly some: readonly string[]; readonly phrase: Phrase; readonly at: number };

function inAnyOrder(stems: readonly string[]): Named[] {
  const all = new Set(stems);
  return [...all].flatMap((stem) =>
    (phrasesByRarest.get(stem) ?? [])
      .filter((of) => of.stems.every((other) => all.has(other)))
      .map(({ phrase, stems: some }) => ({
        some,
        phrase,
        at: stems.lastIndexOf(some.at(-1) ?? ''),
      })),
  );
}

/** `skidsteer`, and `jack hammer`. */
function inOneWord(words: readonly string[]): Named[] {
  return words.flatMap((_, at) =>
    [1, 2].flatMap((length) => {
      const run = words.slice(at, at + length);
      const phrase = run.length === length ? exactPhrase(run) : undefined;
      return phrase ? [{ some: run.map(stemOf), phrase, at: at + length - 1 }] : [];
    }),
  );
}

/** The properties that words name. */
export function propertiesOf(words: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (let from = 0; from < words.length; from += 1) {
    for (let length = 1; length <= 3; length += 1) {
      for (const key of keysOf(words.slice(from, from + length))) {
        const property = properties.get(key);
        if (property !== undefined) found.add(property);
      }
    }
  }
  return found;
}

/** The trade's phrase that these words are. */
export function exactPhrase(words: readonly string[]): Phrase | undefined {
  for (const key of keysOf(words)) {
    const phrase = tradePhrases.get(key);
    if (phrase) return phrase;
  }
  return undefined;
}

// ---- What may have been misheard ----

const sounds = new Map<string, string>();

function sound(joined: string): string {
  const known = sounds.get(joined);
  if (known !== undefined) return known;
  const fresh = soundOf(joined);
  if (sounds.size < 20_000) sounds.set(joined, fresh);
  return fresh;
}

/** Only what the yard has can be misheard: of all else it is true that there is none. */
function* hearableSteps(
  carried: ReadonlySet<string>,
  own: readonly string[],
): Generator<void, Hearable> {
  const bySound = new Map<string, Heard[]>();
  const byLetter = new Map<string, Heard[]>();
  const put = (joined: string, phrase: Phrase | null) => {
    if (joined.length < 5 || /[^a-z]/.test(joined)) return;
    const heard = { joined, sound: sound(joined), phrase };
    add(bySound, heard.sound, heard);
    add(byLetter, joined.charAt(0), heard);
  };
  for (const phrase of tradePhrases.values()) {
    if ([...phrase.machines].some((machine) => carried.has(machine))) {
      put(phrase.words.join(''), phrase);
      yield;
    }
  }
  for (const key of own) {
    if (!tradeStems.has(key) && !brands.has(key)) put(key, null);
    yield;
  }
  return { bySound, byLetter };
}

/** A likely meaning of words that are none: by their sound, or by a slip or two in the letters. */
export function misheard(
  { bySound, byLetter }: Hearable,
  words: readonly string[],
): { readonly key: string; readonly phrase: Phrase | null; readonly slips: number } | null {
  const joined = words.join('');
  if (joined.length < (words.length > 1 ? 7 : 5) || /[^a-z]/.test(joined)) return null;
  const bare = joined.replace(/s$/, '');
  const close = (heard: readonly Heard[] | undefined, most: (length: number) => number) =>
    (heard ?? []).flatMap((candidate) => {
      const longer = Math.max(candidate.joined.length, joined.length);
      if (Math.abs(candidate.joined.length - joined.length) > most(longer)) return [];
      const slips = Math.min(distance(joined, candidate.joined), distance(bare, candidate.joined));
      return slips <= most(longer) ? [{ ...candidate, slips }] : [];
    });
  const found = [
    ...close(bySound.get(sound(joined)), (length) => Math.floor(length * 0.4)),
    ...close(bySound.get(sound(bare)), (length) => Math.floor(length * 0.4)),
    ...close(byLetter.get(joined.charAt(0)), (length) => (length < 8 ? 1 : 2)),
  ].sort((a, b) => a.slips - b.slips);
  const [best] = found;
  return best ? { key: best.joined, phrase: best.phrase, slips: best.slips } : null;
}
