import { llm } from '@livekit/agents';
import { z } from 'zod';
import { modelArguments } from './model-arguments.ts';
import { runTool, type ToolAnswer, type ToolDeps } from './tool.ts';
import { foundSentence, nothingFoundSentence } from './yard/found-words.ts';
import { rentalDates, type RentalRange } from './yard/rental-dates.ts';
import { groupByName, prepareSearch, type UnitGroup } from './yard/search-index.ts';
import { alikeUnits, categoriesOf, searchUnits, type FoundGroup } from './yard/search.ts';
import { maxNameLength, sheetText } from './yard/sheet-text.ts';
import { regionOf } from './yard/phone.ts';
import { listUnreachable, readSnapshot, staleListCaveat, type Snapshot } from './yard/snapshot.ts';
import { checkUnit, unitFacts, type CheckedUnit, type UnitFacts } from './yard/unit-facts.ts';

/** The model's request. Dates are text: the caller is told in words what is wrong with them. */
const findEquipmentArgs = modelArguments({
  query: z.string().max(200).describe("The machine, in the caller's own words."),
  start: z.string().max(40).nullish().describe('First day, YYYY-MM-DD, if the caller named one.'),
  end: z.string().max(40).nullish().describe('Last day, YYYY-MM-DD, included.'),
});

/** The findings: `units` match the request, `alternatives` are free when none of those is. */
export type FindEquipmentAnswer = ToolAnswer & {
  readonly units: readonly UnitFacts[];
  readonly alternatives?: readonly UnitFacts[];
  readonly categories?: readonly string[];
};

/** The model needs to choose, not to know the whole sheet. */
const maxGroups = 4;
/** Of those that match as well, so many are looked up for one that is free. */
const maxChecked = 8;
const maxUnitsPerGroup = 5;
const maxAlternatives = 2;

/** Finds units by the caller's words, with their rates, and whether they are free on the days. */
export function findEquipment(
  deps: Pick<ToolDeps, 'inventory' | 'clock' | 'inventoryMaxAgeMs'>,
  args: z.infer<typeof findEquipmentArgs>,
): FindEquipmentAnswer {
  const snapshot = readSnapshot(deps);
  if (!snapshot) return { ...listUnreachable, units: [] };
  const found = searchUnits(snapshot.units, args.query);
  if (found.kind === 'none' || found.kind === 'unnamed') {
    const wasNamed = found.kind === 'none';
    const categories = categoryNames(snapshot);
    const say = nothingFoundSentence(categories, { wasNamed });
    return { say, problem: wasNamed ? 'no-match' : 'no-machine-named', units: [], categories };
  }
  const asked = askedDates(args, snapshot);
  if (asked && !asked.ok) return { say: asked.say, problem: asked.problem, units: [] };
  return describe(found.groups, {
    snapshot,
    isClosest: found.kind === 'closest',
    range: asked?.range ?? null,
  });
}

function describe(
  matches: readonly FoundGroup[],
  about: {
    readonly snapshot: Snapshot;
    readonly isClosest: boolean;
    readonly range: RentalRange | null;
  },
): FindEquipmentAnswer {
  const { snapshot, isClosest, range } = about;
  const check = (group: UnitGroup) => checkGroup(group, snapshot, range);
  const groups = matches
    .slice(0, maxChecked)
    .map((group) => ({ rank: group.rank, units: check(group) }))
    .sort((a, b) => a.rank - b.rank || Number(hasFree(b.units)) - Number(hasFree(a.units)))
    .slice(0, maxGroups)
    .map(({ units }) => units);
  const noneFree = !groups.some(hasFree);
  const alternatives = noneFree && range ? alikeGroups(matches, snapshot).map(check) : [];
  const free = alternatives.filter(hasFree).slice(0, maxAlternatives);
  const say = foundSentence(groups, {
    alternatives: free,
    range,
    today: snapshot.today,
    currency: snapshot.currency,
    rules: snapshot.yard.rules,
    isClosest,
    matches: matches.length,
  });
  return {
    say: snapshot.isStale ? `${say} ${staleListCaveat}` : say,
    ...(snapshot.isStale ? { problem: 'list-outdated' } : {}),
    units: firstOf(groups).map((checked) => unitFacts(checked, snapshot.currency)),
    ...(free.length > 0
      ? { alternatives: firstOf(free).map((checked) => unitFacts(checked, snapshot.currency)) }
      : {}),
  };
}

/** The dates asked for; null when none were. A first day alone asks for that one day. */
function askedDates({ start, end }: z.infer<typeof findEquipmentArgs>, { today, yard }: Snapshot) {
  if (!start && !end) return null;
  return rentalDates(start ?? '', end || (start ?? ''), today, undefined, regionOf(yard));
}

/** So many of each group as the model may choose from: those that are free come first. */
function firstOf(groups: readonly (readonly CheckedUnit[])[]): readonly CheckedUnit[] {
  return groups.flatMap((group) => group.slice(0, maxUnitsPerGroup));
}

/** The group's units, free ones first; without dates the question is whether they are free today. */
function checkGroup(
  { units }: UnitGroup,
  snapshot: Snapshot,
  range: RentalRange | null,
): CheckedUnit[] {
  const days = range ?? { start: snapshot.today, end: snapshot.today };
  return units
    .map((unit) => checkUnit(unit, snapshot, days))
    .sort((a, b) => Number(b.availability.free) - Number(a.availability.free));
}

function hasFree(group: readonly CheckedUnit[]): boolean {
  return group.some(({ availability }) => availability.free);
}

/** Other machines that do what those asked for do. */
function alikeGroups(matches: readonly UnitGroup[], { units }: Snapshot): UnitGroup[] {
  const matched = new Set(matches.flatMap((group) => group.units));
  const [first] = matches[0]?.units ?? [];
  const alike = first ? alikeUnits(first, units).filter((unit) => !matched.has(unit)) : [];
  return groupByName(alike).slice(0, maxChecked);
}

function categoryNames({ units }: Snapshot): string[] {
  return categoriesOf(units).map((name) => sheetText(name, maxNameLength));
}

/** `find_equipment`, as the model sees it. */
export function findEquipmentTool(deps: ToolDeps) {
  // While the greeting is spoken; what fails is tried again, and told, when a machine is asked for.
  const prepare = async () => prepareSearch(deps.inventory()?.units ?? []);
  void prepare().catch(() => undefined);
  return llm.tool({
    description:
      'Looks up equipment in the yard: what there is, what it costs, and whether it is free. ' +
      'Use it whenever the caller names a machine or asks what the yard has. ' +
      "Tell the caller what `say` says; use a unit's `itemId` for the other tools, never aloud.",
    parameters: findEquipmentArgs,
    execute: (args, { abortSignal }) =>
      runTool(deps, { name: 'find_equipment', abortSignal }, async () => {
        await prepare();
        return findEquipment(deps, args);
      }),
  });
}
