import { confirmationFaults } from './bookings-confirmations.ts';
import { classFaults } from './bookings-classes.ts';
import { personFaults } from './bookings-person.ts';
import { lifeFaults } from './bookings-life.ts';
import { modelFaults } from './bookings-model.ts';
import { processFaults } from './bookings-process.ts';
import { sheetFaults } from './bookings-sheet.ts';
import type { FaultCase } from './fault-case.ts';
import { brokenOutcome } from './fault-suite.ts';
import type { FaultSuite } from './fault-suite.ts';

/**
 * Bookings under faults: real supervisors, real processes with calls, the real store and line, and
 * the sheet on a socket. Each case has all of these to itself.
 */
export const bookingFaults: readonly FaultCase[] = [
  ...sheetFaults,
  ...processFaults,
  ...personFaults,
  ...modelFaults,
  ...lifeFaults,
  ...classFaults,
  ...confirmationFaults,
];

/** Two at a time: most of a case is waiting for a back-off, or for a process to start. */
const together = 2;

/** The faults of bookings, as `npm run faults` runs them. */
export const bookingSuite: FaultSuite = {
  names: bookingFaults.map(({ name }) => name),
  figures: ['spoken', 'rowsInSheet', 'inJournal', 'ms'],
  tellsWhy: true,
  run: async (names, tell) => {
    const queue = [...names];
    const lanes = Array.from({ length: together }, async () => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        const fault = bookingFaults.find((candidate) => candidate.name === name);
        if (fault) tell(name, await fault.run().catch(brokenOutcome));
      }
    });
    await Promise.all(lanes);
  },
};
