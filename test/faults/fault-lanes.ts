import { CallPlace } from './call-place.ts';
import type { CallSetting } from './call-place.ts';
import { keepStory } from '../harness/yard/story.ts';
import { brokenOutcome } from './fault-suite.ts';
import type { FaultSuite, Outcome } from './fault-suite.ts';

/**
 * A fault that is shown at a place of this setting; `run` rejects when it cannot be shown at all.
 * `mostSilenceMs` is the most that a caller may be left in silence, where the case has no limit of its
 * own: the goal of the suite, if left out. */
export type PlacedFault = {
  readonly name: string;
  readonly setting: CallSetting;
  readonly run: (place: CallPlace, seed: number, mostSilenceMs?: number) => Promise<Outcome>;
};

type Row = { readonly setting: CallSetting; readonly cases: readonly PlacedFault[] };

/**
 * Cases side by side where they do not disturb each other: those that share a setting of the service
 * share the service too, one after another, in rows of at most `mostInARow`.
 */
export function suiteInLanes(options: {
  readonly faults: readonly PlacedFault[];
  readonly figures: readonly string[];
  readonly mostInARow: number;
  /** How many rows at once: with too many for the cores, the sound of a call breaks up. */
  readonly together: number;
}): FaultSuite {
  const { faults, figures, mostInARow, together } = options;
  return {
    names: faults.map(({ name }) => name),
    figures,
    tellsWhy: false,
    run: async (names, tell, asked) => {
      const cases = names.flatMap((name) => faults.find((fault) => fault.name === name) ?? []);
      const all = rows(cases, mostInARow);
      const crowded = all.filter(({ setting }) => setting.alone);
      const queue = all.filter(({ setting }) => !setting.alone);
      const lanes = Array.from({ length: together }, async () => {
        for (let row = queue.shift(); row; row = queue.shift()) await runRow(row, tell, asked);
      });
      await Promise.all(lanes);
      for (const row of crowded) await runRow(row, tell, asked);
    },
  };
}

function rows(cases: readonly PlacedFault[], mostInARow: number): Row[] {
  return [...Map.groupBy(cases, ({ setting }) => setting)].flatMap(([setting, all]) => {
    const count = Math.ceil(all.length / mostInARow);
    return Array.from({ length: count }, (_, nth) => ({
      setting,
      cases: all.filter((_case, at) => at % count === nth),
    }));
  });
}

async function runRow(
  { setting, cases }: Row,
  tell: Parameters<FaultSuite['run']>[1],
  { seed, logsDir: folder }: Parameters<FaultSuite['run']>[2],
): Promise<void> {
  const left = [...cases];
  try {
    await using place = await CallPlace.open(setting);
    for (let fault = left.shift(); fault; fault = left.shift()) {
      const { name } = fault;
      const sinceMs = Date.now();
      const outcome = await fault.run(place, seed).catch(brokenOutcome);
      if (folder && !outcome.ok) await keepStory(place.yard, { folder, name, sinceMs });
      tell(name, outcome);
    }
  } catch (error) {
    // There is no service for the rest of them.
    for (const { name } of left) tell(name, brokenOutcome(error));
  }
}
