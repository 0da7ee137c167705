import type { CallFault } from './call-case.ts';
import { gapFaults } from './call-gaps.ts';
import { handOvers } from './call-hand-overs.ts';
import { hangUps } from './call-hang-ups.ts';
import { hearingFaults } from './call-hearing.ts';
import { limitFaults } from './call-limits.ts';
import { outageFaults } from './call-outages.ts';
import { CallPlace } from './call-place.ts';
import type { CallSetting } from './call-place.ts';
import { speakingFaults } from './call-speaking.ts';
import { thinkingFaults } from './call-thinking.ts';
import { brokenOutcome } from './fault-suite.ts';
import type { FaultSuite } from './fault-suite.ts';

/**
 * Calls under faults: whole calls on the real stack. The cases that share a setting of the service
 * share the service too, one after another; each has the providers to itself.
 */
export const callFaults: readonly CallFault[] = [
  ...gapFaults,
  ...handOvers,
  ...limitFaults,
  ...hearingFaults,
  ...thinkingFaults,
  ...speakingFaults,
  ...outageFaults,
  ...hangUps,
];

/** What two cores hold: with more, the sound of a call breaks up. */
const together = 3;
/** A longer row of cases is shared out among the lanes. */
const mostInARow = 8;

/** The faults of calls, as `npm run faults` runs them. */
export const callSuite: FaultSuite = {
  names: callFaults.map(({ name }) => name),
  figures: ['result', 'reason', 'silenceMs', 'recoveredMs', 'attempts', 'turnsAfter'],
  tellsWhy: false,
  run: async (names, tell) => {
    const queue = rows(names);
    const lanes = Array.from({ length: together }, async () => {
      for (let row = queue.shift(); row; row = queue.shift()) await runRow(row, tell);
    });
    await Promise.all(lanes);
  },
};

type Row = { readonly setting: CallSetting; readonly cases: readonly CallFault[] };

function rows(names: readonly string[]): Row[] {
  const cases = names.flatMap((name) => callFaults.find((fault) => fault.name === name) ?? []);
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
): Promise<void> {
  const left = [...cases];
  try {
    await using place = await CallPlace.open(setting);
    for (let fault = left.shift(); fault; fault = left.shift()) {
      tell(fault.name, await fault.run(place).catch(brokenOutcome));
    }
  } catch (error) {
    // There is no service for the rest of them.
    for (const { name } of left) tell(name, brokenOutcome(error));
  }
}
