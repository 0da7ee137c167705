import { suiteInLanes } from './fault-lanes.ts';
import type { PlacedFault } from './fault-lanes.ts';
import { attendantFaults } from './survival-attendant.ts';
import { deployFaults } from './survival-deploys.ts';
import { jobFaults } from './survival-jobs.ts';
import { linkFaults } from './survival-links.ts';
import { processFaults } from './survival-processes.ts';
import { silenceFaults } from './survival-silence.ts';
import { storeFaults } from './survival-stores.ts';

/**
 * What dies or goes away below a call: jobs, workers, supervisors, machines, LiveKit, the link to it,
 * the store, and a deployment. In each, the caller has told something that only those can know who
 * were told, and asks for it afterwards.
 */
export const survivalFaults: readonly PlacedFault[] = [
  ...linkFaults,
  ...jobFaults,
  ...processFaults,
  ...deployFaults,
  ...storeFaults,
  ...attendantFaults,
  ...silenceFaults,
];

/** The faults of survival, as `npm run faults` runs them. */
export const survivalSuite = suiteInLanes({
  faults: survivalFaults,
  figures: ['gapMs', 'overlapMs', 'heardAgainMs', 'sameConversation', 'result', 'attempts'],
  mostInARow: 5,
  together: 3,
});
