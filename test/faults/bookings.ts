import type { FaultCase } from './fault-case.ts';
import { personFaults } from './bookings-person.ts';
import { modelFaults } from './bookings-model.ts';
import { processFaults } from './bookings-process.ts';
import { sheetFaults } from './bookings-sheet.ts';

/**
 * Bookings under faults: real supervisors, real processes with calls, the real store and line, and
 * the sheet on a socket. Each case has all of these to itself.
 */
export const bookingFaults: readonly FaultCase[] = [
  ...sheetFaults,
  ...processFaults,
  ...personFaults,
  ...modelFaults,
];
