import type { CallFault } from './call-case.ts';
import { gapFaults } from './call-gaps.ts';
import { handOvers } from './call-hand-overs.ts';
import { hangUps } from './call-hang-ups.ts';
import { hearingFaults } from './call-hearing.ts';
import { keypadFaults } from './call-keypad.ts';
import { limitFaults } from './call-limits.ts';
import { networkFaults } from './call-network.ts';
import { outageFaults } from './call-outages.ts';
import { speakingFaults } from './call-speaking.ts';
import { thinkingFaults } from './call-thinking.ts';
import { transferFaults } from './call-transfers.ts';
import { suiteInLanes } from './fault-lanes.ts';

/**
 * Calls under faults: whole calls on the real stack. The cases that share a setting of the service
 * share the service too, one after another; each has the providers to itself.
 */
export const callFaults: readonly CallFault[] = [
  ...gapFaults,
  ...handOvers,
  ...networkFaults,
  ...limitFaults,
  ...transferFaults,
  ...keypadFaults,
  ...hearingFaults,
  ...thinkingFaults,
  ...speakingFaults,
  ...outageFaults,
  ...hangUps,
];

/** The faults of calls, as `npm run faults` runs them. */
export const callSuite = suiteInLanes({
  faults: callFaults,
  figures: ['result', 'reason', 'silenceMs', 'recoveredMs', 'attempts', 'turnsAfter'],
  mostInARow: 8,
  // Three leave two cores nothing to spare: a loop that waits half a second for one is heard.
  together: 2,
});
